//! What a dataset's rows are like: counted while they are written, told when all are there.

mod distinct;
mod distribution;
mod histogram;
mod outputs;
mod page;
mod plot;
mod statistics;
mod summary;

pub use distinct::Distinct;
pub use distribution::Distribution;
pub use histogram::{Bin, Histogram};
pub use outputs::{Frequent, OutputCounts};
pub(crate) use page::page;
pub(crate) use statistics::Counting;
pub use statistics::{Statistics, Texts};
pub use summary::{Report, TableSize};
