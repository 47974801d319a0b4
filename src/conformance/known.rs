//! What a recording is held against.

use std::sync::Arc;

use pyprior_core::{Language, Vocab};

use super::prior::Priors;
use super::witness::Witness;

/// A configuration as far as it makes sense to the engine.
pub(crate) struct Known {
    pub(crate) vocab: Vocab,
    /// `None` where the exact rules refuse it.
    pub(crate) language: Option<Arc<Language>>,
    /// For rendering, which needs no decoding: the same vocabulary without bounds.
    pub(crate) renders: Option<Arc<Language>>,
    pub(crate) witness: Witness,
    /// `None` where no prior is recorded, or one that ours refuses.
    pub(crate) priors: Option<Priors>,
}
