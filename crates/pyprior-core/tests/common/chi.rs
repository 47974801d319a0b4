//! Whether draws fit a distribution.

/// The 1 - 1e-5 quantile of chi-squared, by Wilson and Hilferty's approximation (PNAS 17, 1931).
fn limit(degrees: usize) -> f64 {
    let (k, z) = (degrees as f64, 4.2649);
    k * (1.0 - 2.0 / (9.0 * k) + z * (2.0 / (9.0 * k)).sqrt()).powi(3)
}

/// Chi-squared of counts, and its degrees of freedom; outcomes expected fewer than 8 times are taken together.
pub(crate) fn chi_squared(counts: &[u64], probabilities: &[f64]) -> (f64, usize) {
    let draws = counts.iter().sum::<u64>() as f64;
    let (mut chi, mut cells, mut rare) = (0.0, 0, (0.0, 0.0));
    for (&count, &probability) in counts.iter().zip(probabilities) {
        let expected = probability * draws;
        if expected < 8.0 {
            assert!(probability > 0.0 || count == 0, "drawn {count} times, but impossible");
            rare = (rare.0 + count as f64, rare.1 + expected);
        } else {
            chi += (count as f64 - expected).powi(2) / expected;
            cells += 1;
        }
    }
    if rare.1 > 0.5 {
        chi += (rare.0 - rare.1).powi(2) / rare.1;
        cells += 1;
    }
    (chi, cells - 1)
}

pub(crate) fn fits(counts: &[u64], probabilities: &[f64]) -> bool {
    let (chi, degrees) = chi_squared(counts, probabilities);
    degrees == 0 || chi < limit(degrees)
}
