//! A run, as it is recorded.

use serde::Deserialize;

/// A recorded run, of a program or of one of its functions.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(super) ok: bool,
    pub(super) err: Option<String>,
    pub(super) out: Option<String>,
    pub(super) out_len: Option<usize>,
    pub(super) out_sha256: Option<String>,
    #[serde(default)]
    pub(super) slow: bool,
    #[serde(default)]
    pub(super) calls: Vec<Call>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Call {
    pub(super) f: String,
    pub(super) args: Vec<i64>,
    pub(super) value: Option<String>,
    /// Its own calls are none.
    #[serde(flatten)]
    pub(super) run: Run,
}
