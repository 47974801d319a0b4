//! Iterative proportional fitting ("raking"): factors, one for each bin of each dimension, whose products as weights give
//! every dimension the shares that it is to have.
//!
//! Among all weights that do so these are nearest to the unweighted sample in relative entropy: what the shares say nothing of
//! stays as it was. Only `+ * /` on numbers of 64 bits in one order, so that every machine finds the same.
//!
//! Source: W. E. Deming, F. F. Stephan, "On a least squares adjustment of a sampled frequency table when the expected marginal
//! totals are known", Annals of Mathematical Statistics 11(4), 1940; I. Csiszár, "I-divergence geometry of probability
//! distributions and minimization problems", Annals of Probability 3(1), 1975.

/// Rounds over all dimensions that are enough, or nothing is.
pub(super) const MAX_ROUNDS: u32 = 500;
/// Difference of shares at which it is good.
const GOOD: f64 = 1e-9;

/// Programs with the same bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    /// The bin in each dimension.
    pub(super) bins: Vec<u8>,
    /// How many there are.
    pub(super) count: u64,
}

/// What fitting has come to.
#[derive(Debug)]
pub(super) struct Raked {
    /// Of each bin of each dimension.
    pub(super) factors: Vec<Vec<f64>>,
    /// The dimension and bin whose share is furthest from what it is to be, with its share.
    pub(super) worst: (usize, usize, f64),
    /// How far it is.
    pub(super) off: f64,
}

/// Fits factors to shares, of which each dimension's add up to 1, in so many rounds over all at most. A bin that no cell is in
/// keeps the factor 1.
pub(super) fn rake(cells: &[Cell], shares: &[&[f64]], rounds: u32) -> Raked {
    let total = cells.iter().map(|cell| cell.count as f64).sum::<f64>();
    let mut weights = cells.iter().map(|cell| cell.count as f64).collect::<Vec<_>>();
    let mut factors = shares.iter().map(|shares| vec![1.0; shares.len()]).collect::<Vec<_>>();
    let mut raked = (0, 0, 0.0);
    let mut off = 0.0;
    for _ in 0..rounds {
        off = 0.0;
        for (nth, (shares, factors)) in shares.iter().zip(&mut factors).enumerate() {
            let mut sums = vec![0.0; shares.len()];
            for (cell, weight) in cells.iter().zip(&weights) {
                sums[usize::from(cell.bins[nth])] += weight;
            }
            let mut ratios = vec![1.0; shares.len()];
            for (bin, (&share, &sum)) in shares.iter().zip(&sums).enumerate() {
                let far = (sum / total - share).abs();
                if far > off {
                    (off, raked) = (far, (nth, bin, sum / total));
                }
                if sum > 0.0 {
                    ratios[bin] = share * total / sum;
                    factors[bin] *= ratios[bin];
                }
            }
            for (cell, weight) in cells.iter().zip(&mut weights) {
                *weight *= ratios[usize::from(cell.bins[nth])];
            }
        }
        if off < GOOD {
            break;
        }
    }
    Raked { factors, worst: raked, off }
}

/// The weight of bins.
pub(super) fn weight(factors: &[Vec<f64>], bins: &[u8]) -> f64 {
    let factor = |(factors, &bin): (&Vec<f64>, &u8)| factors.get(usize::from(bin)).copied().unwrap_or(0.0);
    factors.iter().zip(bins).map(factor).product()
}

/// The weight that is accepted for sure, so small that what heavier cells lose by it is at most `clipped` of all; and the share
/// of programs that is accepted.
pub(super) fn scale(cells: &[Cell], factors: &[Vec<f64>], clipped: f64) -> (f64, f64) {
    let mut weights = cells.iter().map(|cell| (weight(factors, &cell.bins), cell.count as f64)).collect::<Vec<_>>();
    weights.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total = weights.iter().map(|(weight, count)| weight * count).sum::<f64>();
    let (mut mass, mut count, mut most) = (0.0, 0.0, 0.0);
    for (nth, &(weight, of)) in weights.iter().enumerate() {
        mass += weight * of;
        count += of;
        most = (mass - clipped * total) / count;
        if weights.get(nth + 1).is_none_or(|&(next, _)| most >= next) {
            break;
        }
    }
    let programs = weights.iter().map(|(_, count)| count).sum::<f64>();
    let accepted = weights.iter().map(|(weight, count)| count * (weight / most).min(1.0)).sum::<f64>();
    (most, accepted / programs)
}
