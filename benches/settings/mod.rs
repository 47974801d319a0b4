//! How the short benchmarks measure.

use std::time::Duration;

use criterion::Criterion;

/// Fifty samples in this time, after a start that is as short: their bodies are the same every time.
pub(crate) fn short(measurement: Duration) -> Criterion {
    Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(measurement)
        .without_plots()
}
