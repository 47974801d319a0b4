//! How numbers are spread.

use serde::Serialize;

/// Mean, spread and quantiles of some numbers.
///
/// The quantile q of n numbers in order lies at place (n - 1) q, between two numbers in proportion: what numpy's
/// `quantile` and R's type 7 do (Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample (n - 1 below the line); 0 for a single number.
    pub deviation: f64,
    /// Least.
    pub least: f64,
    /// 5% are below.
    pub p5: f64,
    /// A quarter is below.
    pub p25: f64,
    /// Half are below.
    pub median: f64,
    /// Three quarters are below.
    pub p75: f64,
    /// 95% are below.
    pub p95: f64,
    /// Largest.
    pub most: f64,
}

impl Spread {
    /// The spread of finite numbers; `None` where there is none.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let (&least, &most) = (numbers.first()?, numbers.last()?);
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let squares = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let at = |q| quantile(&numbers, q);
        Some(Self {
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
            least,
            p5: at(0.05),
            p25: at(0.25),
            median: at(0.5),
            p75: at(0.75),
            p95: at(0.95),
            most,
        })
    }
}

/// A quantile of numbers in order; 0 where there is none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = sorted.len().saturating_sub(1) as f64 * q;
    let below = place.floor();
    let at = |place: f64| sorted.get(place as usize).copied();
    let low = at(below).unwrap_or(0.0);
    low + (at(below + 1.0).unwrap_or(low) - low) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_numpy_has_it() {
        // numpy 2.4.6: mean, std(ddof=1), quantile of [2, 3.5, 3.5, 7, 1, 11, 4].
        let spread = Spread::of([2.0, 3.5, 3.5, 7.0, 1.0, 11.0, 4.0]).unwrap();
        let wanted = Spread {
            mean: 4.571_428_571_428_571,
            deviation: 3.396_426_693_705_354_4,
            least: 1.0,
            p5: 1.3,
            p25: 2.75,
            median: 3.5,
            p75: 5.5,
            p95: 9.799_999_999_999_997,
            most: 11.0,
        };
        let numbers = |of: Spread| [of.mean, of.deviation, of.least, of.p5, of.p25, of.median, of.p75, of.p95, of.most];
        for (found, wanted) in numbers(spread).into_iter().zip(numbers(wanted)) {
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
        assert_eq!(Spread::of([]), None);
        let one = Spread::of([3.0]).unwrap();
        assert_eq!((one.mean, one.deviation, one.p5, one.most), (3.0, 0.0, 3.0, 3.0));
    }
}
