//! Scores of one query to weights.

use super::super::lanes::{LANES, Lanes, exp, total};

/// Turns the scores of positions up to `position` into e^(score - greatest), those beyond into 0, and gives their sum.
#[inline(always)]
pub(crate) fn weigh(scores: &mut [Lanes], position: usize) -> f32 {
    if let Some(last) = scores.last_mut() {
        for (lane, score) in last.iter_mut().enumerate() {
            // What lies beyond is left over from a row before.
            if lane > position % LANES {
                *score = f32::NEG_INFINITY;
            }
        }
    }
    let mut greatest = [f32::NEG_INFINITY; LANES];
    for scores in &*scores {
        for (greatest, &score) in greatest.iter_mut().zip(scores) {
            *greatest = if score > *greatest { score } else { *greatest };
        }
    }
    let greatest = most(greatest);
    let mut sums = [0.0; LANES];
    for scores in scores {
        for (sum, score) in sums.iter_mut().zip(scores) {
            *score = exp(*score - greatest);
            *sum += *score;
        }
    }
    total(sums)
}

/// The greatest of all lanes.
#[inline(always)]
fn most(mut lanes: Lanes) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] = if lanes[lane] > lanes[lane + half] { lanes[lane] } else { lanes[lane + half] };
        }
        half /= 2;
    }
    lanes[0]
}
