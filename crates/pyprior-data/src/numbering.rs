//! How candidates and shards are numbered.

/// Candidates that a shard may look at: those of shard s have the numbers from s times this on.
pub const CANDIDATES: u64 = 1 << 32;

/// Shards that a dataset may have: rows are numbered below 2⁵³, which is what JSON readers take for sure.
pub(crate) const MAX_SHARDS: u64 = 1 << 21;
