//! A model that knows nothing: for demonstrations, tests, and to see what the rest of the loop costs.

use candle_core::{Device, Tensor};
use pyprior_core::philox4x32_10;

use crate::batch::Batch;
use crate::cache::{CacheError, KvCache, ModelId};
use crate::error::Error;
use crate::model::{CausalModel, check_capacity};

/// Random logits, evenly spread over [-1, 1): a function of the seed and of the row's tokens so far, and of nothing else.
#[derive(Debug, Clone)]
pub struct RandomModel {
    seed: u64,
    vocab_size: usize,
    device: Device,
    id: ModelId,
}

/// A digest of the tokens up to each position, [slot, position].
struct Digests {
    capacity: usize,
    digests: Vec<u64>,
}

impl RandomModel {
    /// The model of a seed, for tokens below `vocab_size`, whose logits are on `device`.
    pub fn new(seed: u64, vocab_size: usize, device: Device) -> Self {
        Self { seed, vocab_size, device, id: ModelId::default() }
    }

    /// The digest of one more token.
    fn digest(&self, before: u64, token: u32) -> u64 {
        let block = philox4x32_10([before as u32, (before >> 32) as u32, token, 1], self.key());
        u64::from(block[0]) | u64::from(block[1]) << 32
    }

    fn key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    fn logits(&self, digest: u64, into: &mut Vec<f32>) {
        let end = into.len() + self.vocab_size;
        for quad in 0..self.vocab_size.div_ceil(4) {
            let block = philox4x32_10([digest as u32, (digest >> 32) as u32, quad as u32, 0], self.key());
            // 24 bits are what an f32 of this range can tell apart.
            into.extend(block.map(|word| (word >> 8) as f32 * (2.0 / 16_777_216.0) - 1.0));
        }
        into.truncate(end);
    }
}

impl CausalModel for RandomModel {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn max_positions(&self) -> usize {
        usize::MAX
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        capacity.saturating_mul(size_of::<u64>())
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        check_capacity(capacity, self.max_positions())?;
        let bytes = self.bytes_per_slot(capacity);
        let memory = CacheError::Memory { slots, bytes };
        let count = slots.checked_mul(capacity).ok_or(memory.clone())?;
        let mut digests = Vec::new();
        digests.try_reserve_exact(count).map_err(|_| memory)?;
        digests.resize(count, 0);
        Ok(KvCache::new(self.id.clone(), (slots, capacity), bytes, Box::new(Digests { capacity, digests })))
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        cache.check(&self.id, batch, self.vocab_size)?;
        let (lens, Digests { capacity, digests }) = cache.parts()?;
        let mut logits = Vec::new();
        let count = batch.rows().saturating_mul(self.vocab_size).saturating_add(3);
        let bytes = self.vocab_size.saturating_mul(size_of::<f32>());
        logits.try_reserve_exact(count).map_err(|_| CacheError::Memory { slots: batch.rows(), bytes })?;
        for (slot, tokens) in batch.iter() {
            let len = lens.get(slot).copied().unwrap_or(0);
            let row = digests.get_mut(slot * *capacity..(slot + 1) * *capacity).unwrap_or_default();
            let (before, after) = row.split_at_mut(len);
            let mut digest = before.last().copied().unwrap_or(0);
            for (place, &token) in after.iter_mut().zip(tokens) {
                digest = self.digest(digest, token);
                *place = digest;
            }
            self.logits(digest, &mut logits);
        }
        let logits = Tensor::from_vec(logits, (batch.rows(), self.vocab_size), &self.device)?;
        cache.advance(batch);
        Ok(logits)
    }
}
