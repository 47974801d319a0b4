//! What a model remembers of many rows at different positions.

use std::any::Any;
use std::sync::Arc;

use thiserror::Error;

use crate::batch::Batch;

/// Which model made a cache: equal only to its own clones.
#[derive(Debug, Clone, Default)]
pub struct ModelId(Arc<u8>);

impl PartialEq for ModelId {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Slots of equal capacity, each with what a model remembers of one row: made by
/// [`CausalModel::new_cache`](crate::CausalModel::new_cache), filled by its forward pass.
///
/// A slot holds its first [`len`](Self::len) positions; what the model has stored beyond them counts for nothing. So
/// taking a slot back ([`reset`](Self::reset)) or some of its tokens ([`truncate`](Self::truncate)) moves one number,
/// and a forward pass that fails leaves every slot as it was.
#[derive(Debug)]
pub struct KvCache {
    lens: Vec<usize>,
    /// Marks slots while a batch is checked; all false in between.
    named: Vec<bool>,
    capacity: usize,
    bytes_per_slot: usize,
    model: ModelId,
    storage: Box<dyn Any + Send>,
}

impl KvCache {
    /// A cache of `slots` empty slots of `capacity` positions around a model's own `storage`, which takes
    /// `bytes_per_slot` for each. For those who implement [`CausalModel`](crate::CausalModel).
    pub fn new(
        model: ModelId,
        (slots, capacity): (usize, usize),
        bytes_per_slot: usize,
        storage: Box<dyn Any + Send>,
    ) -> Self {
        Self { lens: vec![0; slots], named: vec![false; slots], capacity, bytes_per_slot, model, storage }
    }

    /// Number of slots.
    pub fn slots(&self) -> usize {
        self.lens.len()
    }

    /// Positions that one slot can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes that one slot takes, however full it is.
    pub fn bytes_per_slot(&self) -> usize {
        self.bytes_per_slot
    }

    /// Positions that a slot holds.
    ///
    /// # Errors
    ///
    /// [`CacheError::NoSlot`].
    pub fn len(&self, slot: usize) -> Result<usize, CacheError> {
        self.lens.get(slot).copied().ok_or(CacheError::NoSlot { slot, slots: self.slots() })
    }

    /// Whether no slot holds anything.
    pub fn is_empty(&self) -> bool {
        self.lens.iter().all(|&len| len == 0)
    }

    /// Empties a slot, so that another row can take it.
    ///
    /// # Errors
    ///
    /// [`CacheError::NoSlot`].
    pub fn reset(&mut self, slot: usize) -> Result<(), CacheError> {
        self.truncate(slot, 0)
    }

    /// Keeps the first `len` positions of a slot: rollback.
    ///
    /// # Errors
    ///
    /// [`CacheError::NoSlot`]; [`CacheError::Longer`] if the slot holds fewer than `len`.
    pub fn truncate(&mut self, slot: usize, len: usize) -> Result<(), CacheError> {
        let held = self.len(slot)?;
        if len > held {
            return Err(CacheError::Longer { slot, held, len });
        }
        if let Some(place) = self.lens.get_mut(slot) {
            *place = len;
        }
        Ok(())
    }

    /// Checks that a batch can be taken: its slots are here, each once, its tokens are below `vocab_size`, and there
    /// is room for them. A model calls this first.
    ///
    /// # Errors
    ///
    /// The first [`CacheError`] in the order of rows.
    pub fn check(&mut self, model: &ModelId, batch: &Batch, vocab_size: usize) -> Result<(), CacheError> {
        if self.model != *model {
            return Err(CacheError::OtherModel);
        }
        let checked = self.check_rows(batch, vocab_size);
        self.named.fill(false);
        checked
    }

    fn check_rows(&mut self, batch: &Batch, vocab_size: usize) -> Result<(), CacheError> {
        for (row, (slot, tokens)) in batch.iter().enumerate() {
            let len = self.len(slot)?;
            if self.named.get_mut(slot).is_some_and(|named| std::mem::replace(named, true)) {
                return Err(CacheError::SlotTwice { row, slot });
            }
            if tokens.is_empty() {
                return Err(CacheError::NoTokens { row });
            }
            if tokens.len() > self.capacity - len {
                return Err(CacheError::Full { row, slot, len, tokens: tokens.len(), capacity: self.capacity });
            }
            if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocab_size) {
                return Err(CacheError::Token { row, token, vocab_size });
            }
        }
        Ok(())
    }

    /// Counts a batch as taken: its slots hold its tokens from now on. A model calls this last, when all went well.
    pub fn advance(&mut self, batch: &Batch) {
        for (slot, tokens) in batch.iter() {
            if let Some(len) = self.lens.get_mut(slot) {
                *len += tokens.len();
            }
        }
    }

    /// The lengths of all slots, and the storage given to [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// [`CacheError::OtherModel`] if the storage is not a `T`.
    pub fn parts<T: Any>(&mut self) -> Result<(&[usize], &mut T), CacheError> {
        let storage = self.storage.downcast_mut::<T>().ok_or(CacheError::OtherModel)?;
        Ok((&self.lens, storage))
    }
}

/// How a cache was used wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CacheError {
    /// There is no such slot.
    #[error("there is no slot {slot}: the cache has {slots}")]
    NoSlot {
        /// What was asked for.
        slot: usize,
        /// How many there are.
        slots: usize,
    },
    /// Two rows of a batch name the same slot.
    #[error("row {row} names slot {slot}, as does a row before it")]
    SlotTwice {
        /// The second of the rows.
        row: usize,
        /// The slot.
        slot: usize,
    },
    /// A row of a batch brings no token.
    #[error("row {row} has no new token")]
    NoTokens {
        /// The row.
        row: usize,
    },
    /// A slot has no room for a row's tokens.
    #[error("row {row} brings {tokens} tokens to slot {slot}, which holds {len} of at most {capacity}")]
    Full {
        /// The row.
        row: usize,
        /// Its slot.
        slot: usize,
        /// What the slot holds.
        len: usize,
        /// What the row brings.
        tokens: usize,
        /// What a slot can hold.
        capacity: usize,
    },
    /// A token has no place in the model's vocabulary.
    #[error("row {row} has token {token}, but the model's vocabulary ends at {vocab_size}")]
    Token {
        /// The row.
        row: usize,
        /// The token.
        token: u32,
        /// Number of tokens in the vocabulary.
        vocab_size: usize,
    },
    /// A slot was to be cut to a length beyond its own.
    #[error("slot {slot} holds {held} positions and cannot be cut to {len}")]
    Longer {
        /// The slot.
        slot: usize,
        /// What it holds.
        held: usize,
        /// What was asked for.
        len: usize,
    },
    /// A cache was given to another model than the one that made it.
    #[error("this cache was made by another model")]
    OtherModel,
    /// A cache was asked for whose slots are longer than the model's longest sequence.
    #[error("slots of {capacity} positions: the model takes sequences of at most {longest}")]
    TooLong {
        /// What was asked for.
        capacity: usize,
        /// What the model takes.
        longest: usize,
    },
    /// There is not enough memory.
    #[error("no memory for {slots} slots of {bytes} bytes")]
    Memory {
        /// Slots asked for.
        slots: usize,
        /// Bytes of each.
        bytes: usize,
    },
}
