//! PyPrior.
fn main() {}
