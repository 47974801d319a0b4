//! What runs candidates, and how far.

use pyprior_core::Language;
use pyprior_core::exec::{Compiler, Limits, Machine};

/// What a run of a candidate may take: of programs that take longer it is not known what they do.
pub(crate) const LIMITS: Limits =
    Limits { fuel: 100_000, output_bytes: 1 << 16, integer_bits: 1 << 12, integer_work: 1 << 22 };
/// Steps that all runs of one check may take together.
pub(crate) const CHECK_STEPS: u64 = 10_000_000;

/// What runs programs, kept for its memory.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) compiler: Compiler,
    pub(crate) machine: Machine,
}

impl Runner {
    pub(crate) fn new(language: &Language) -> Self {
        Self { compiler: Compiler::new(language.config().comparison_values), machine: Machine::new(LIMITS) }
    }
}
