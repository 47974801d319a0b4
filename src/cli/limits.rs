//! A flag for every limit of a run.

use clap::Args;
use pyprior_core::exec::Limits;

/// What a run may take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of a run")]
pub(crate) struct LimitArgs {
    /// Most steps
    #[arg(long, value_name = "STEPS", default_value_t = Limits::default().fuel)]
    fuel: u64,
    /// Most bytes of output
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().output_bytes)]
    output_limit: usize,
    /// Most bits of an integer
    #[arg(long, value_name = "BITS", default_value_t = Limits::default().integer_bits)]
    integer_bits: u64,
    /// Most work on integers beyond 64 bits, in products of two 64-bit digits
    #[arg(long, value_name = "PRODUCTS", default_value_t = Limits::default().integer_work)]
    integer_work: u64,
}

impl LimitArgs {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            fuel: self.fuel,
            output_bytes: self.output_limit,
            integer_bits: self.integer_bits,
            integer_work: self.integer_work,
        }
    }
}
