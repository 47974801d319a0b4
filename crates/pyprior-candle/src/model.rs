//! What the generation loop asks of a model.

use candle_core::{Device, Tensor};

use crate::batch::Batch;
use crate::cache::{CacheError, KvCache};
use crate::error::Error;

/// A model that gives logits behind every row's tokens so far.
///
/// To write one of your own: keep what you remember of a row in a storage indexed by slot and position, hand it to
/// [`KvCache::new`], and in `forward` call [`KvCache::check`] first and [`KvCache::advance`] last.
pub trait CausalModel: Send + Sync {
    /// Number of tokens that have a logit. May exceed the vocabulary of the language: what is beyond is never legal.
    fn vocab_size(&self) -> usize;

    /// Where the logits are.
    fn device(&self) -> &Device;

    /// The longest sequence that the model takes, in tokens.
    fn max_positions(&self) -> usize;

    /// Bytes that a cache takes for one slot of `capacity` positions.
    fn bytes_per_slot(&self, capacity: usize) -> usize;

    /// A cache of `slots` empty slots, each for `capacity` positions. All of its memory is taken here.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLong`], [`CacheError::Memory`], or what the device says.
    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error>;

    /// Takes the new tokens of every row into its slot, and gives the logits behind the last one of each: f32, shape
    /// [rows of the batch, [`vocab_size`](Self::vocab_size)].
    ///
    /// # Errors
    ///
    /// [`CacheError`], or what the device says. The cache is then as it was.
    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error>;
}

/// Refuses slots that are longer than a model's longest sequence.
pub(crate) fn check_capacity(capacity: usize, longest: usize) -> Result<(), CacheError> {
    if capacity > longest { Err(CacheError::TooLong { capacity, longest }) } else { Ok(()) }
}
