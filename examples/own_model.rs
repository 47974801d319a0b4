//! A model of one's own behind the trait: counts of which token follows which, learnt from a thousand programs.
//!
//! ```text
//! cargo run --release --example own_model
//! ```
//!
//! It knows nothing of syntax, scopes or lengths. The masks do, and so every program that it makes is one.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use candle_core::{Device, Tensor};
use pyprior_candle::{Batch, Budget, CacheError, CausalModel, Error, GenerateConfig, Generator, KvCache, ModelId};
use pyprior_core::{Language, LanguageConfig, ProgramSampler, Renderer};

/// Which token follows which.
struct Bigrams {
    /// Logarithms of the counts, [token before, token].
    logits: Vec<Vec<f32>>,
    id: ModelId,
}

/// What it remembers of the rows: all of their tokens, so that they can be taken back.
struct Seen {
    /// [slot, position]
    tokens: Vec<Vec<u32>>,
}

impl Bigrams {
    fn learn<'a>(vocab: usize, bos: u32, programs: impl Iterator<Item = &'a [u32]>) -> Self {
        // Everything has been seen a little, or a token that is legal could be impossible.
        let mut counts = vec![vec![0.1_f32; vocab]; vocab];
        for program in programs {
            for (&before, &token) in std::iter::once(&bos).chain(program).zip(program) {
                counts[before as usize][token as usize] += 1.0;
            }
        }
        counts.iter_mut().flatten().for_each(|count| *count = count.ln());
        Self { logits: counts, id: ModelId::default() }
    }
}

impl CausalModel for Bigrams {
    fn vocab_size(&self) -> usize {
        self.logits.len()
    }

    fn device(&self) -> &Device {
        &Device::Cpu
    }

    fn max_positions(&self) -> usize {
        1 << 20
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        capacity * size_of::<u32>()
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        if capacity > self.max_positions() {
            return Err(CacheError::TooLong { capacity, longest: self.max_positions() }.into());
        }
        let seen = Seen { tokens: vec![vec![0; capacity]; slots] };
        Ok(KvCache::new(self.id.clone(), (slots, capacity), self.bytes_per_slot(capacity), Box::new(seen)))
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        // First: refuses what does not fit. Behind it, slots, tokens and room are known to be there.
        cache.check(&self.id, batch, self.vocab_size())?;
        let (lens, seen) = cache.parts::<Seen>()?;
        let mut logits = Vec::with_capacity(batch.rows() * self.vocab_size());
        for (slot, tokens) in batch.iter() {
            seen.tokens[slot][lens[slot]..][..tokens.len()].copy_from_slice(tokens);
            let last = seen.tokens[slot][lens[slot] + tokens.len() - 1];
            logits.extend_from_slice(&self.logits[last as usize]);
        }
        let logits = Tensor::from_vec(logits, (batch.rows(), self.vocab_size()), self.device())?;
        // Last: from now on the slots hold these tokens.
        cache.advance(batch);
        Ok(logits)
    }
}

fn main() -> Result<()> {
    let language = Language::new(LanguageConfig { max_len: Some(40), ..LanguageConfig::default() })?;
    let vocab = language.vocab();
    let programs = ProgramSampler::with_prior(&language, Default::default(), 0)?.sample(0..1000)?;
    let model = Bigrams::learn(vocab.len(), vocab.id_of("BOS").unwrap_or(0), programs.iter());

    let mut generator = Generator::new(&model, &language, &[], GenerateConfig::default())?;
    let mut renderer = Renderer::new(&language);
    let budget = Budget { programs: Some(5), ..Budget::default() };
    generator.run(0, &budget, &AtomicBool::new(false), &mut |program| {
        println!("# program {}, {:.1} nats", program.number, -program.log_probability);
        println!("{}", renderer.render(program.tokens).unwrap_or_default());
        ControlFlow::Continue(())
    })?;
    Ok(())
}
