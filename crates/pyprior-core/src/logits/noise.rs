//! One random word for each token of a step of a row, and the exponential and Gumbel variates made of them.
//!
//! The word of token t is word (t mod 32) / 8 of the Philox block of counter `[row low, row high, step, lane]`, with
//! lane 3·2³⁰ + 8 (t / 32) + t mod 8: it depends on no other token, so that a device may compute it where it needs it.
//! The tokens of a word of the bitmask take eight blocks side by side, whose words then are in the order of tokens.

use super::math;
use crate::isa;
use crate::sampler::philox;

/// Lanes from here on are those of the choice by noise. The uniform choice counts its lanes from 0, and 2³¹ and the
/// next are taken by the weighted choices.
const LANE: u32 = 3 << 30;
/// Blocks of a word of a bitmask.
const BLOCKS: usize = 8;
/// Tokens whose words are made at a time: those of two words of a bitmask, since one alone would leave the processor
/// waiting for its own multiplications.
const GROUP: u32 = 64;

/// Where random words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) key: [u32; 2],
    pub(crate) row: u64,
    pub(crate) step: u32,
}

struct Fill<'a> {
    source: Source,
    tokens: &'a [u32],
    out: &'a mut [f64],
}

impl isa::Task for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: isa::Isa>(self, _: I) {
        let Source { key, row, step } = self.source;
        let (mut tokens, mut out) = (self.tokens, self.out);
        while let Some(&first) = tokens.first() {
            let group = first / GROUP;
            let lane = LANE + group * (GROUP / 4);
            let lanes = std::array::from_fn(|i| lane + i as u32);
            let counters = [[row as u32; 2 * BLOCKS], [(row >> 32) as u32; 2 * BLOCKS], [step; 2 * BLOCKS], lanes];
            let random = philox::blocks(&counters, key);
            let here = tokens.iter().take_while(|&token| token / GROUP == group).count();
            let (these, others) = out.split_at_mut(here);
            for (complement, token) in these.iter_mut().zip(tokens) {
                let [half, word, block] = [token / 32 % 2, token % 32 / 8, token % 8].map(|place| place as usize);
                *complement = complement_of(random[word][BLOCKS * half + block]);
            }
            (tokens, out) = (&tokens[here..], others);
        }
    }
}

/// Writes, for each of some tokens, ascending, 1 - v for the fraction v = (word + ½) 2⁻³² of 1; exact.
pub(super) fn complements(source: Source, tokens: &[u32], out: &mut Vec<f64>) {
    out.resize(tokens.len(), 0.0);
    isa::run(Fill { source, tokens, out });
}

#[inline(always)]
fn complement_of(word: u32) -> f64 {
    (f64::from(!word) + 0.5) * (1.0 / (1_u64 << 32) as f64)
}

/// The exponential variate -ln v, 2⁻³³ to 23, of a complement 1 - v.
fn exponential(complement: f64) -> f64 {
    -math::ln(1.0 - complement)
}

/// The Gumbel variate -ln(-ln v), -3.2 to 22.9, of a complement 1 - v.
pub(super) fn gumbel(complement: f64) -> f64 {
    -math::ln(exponential(complement))
}

/// Upper bounds of weight / exponential.
struct Bounds<'a> {
    weights: &'a [f64],
    complements: &'a [f64],
    out: &'a mut [f64],
}

impl isa::Task for Bounds<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: isa::Isa>(self, _: I) {
        for ((bound, weight), q) in self.out.iter_mut().zip(self.weights).zip(self.complements) {
            *bound = weight / (q + 0.5 * q * q);
        }
    }
}

/// Bounds count as this much worse than they are said to be: more than what rounding takes from them.
const SLACK: f64 = 1.0 - 1e-14;

/// The place at which weight / exponential is largest, the first of equals: i with probability weights[i] / sum of
/// all. `None` if no weight is positive.
///
/// That place is the one where ln(weight) + Gumbel is largest. With q = 1 - v, the first two terms of
/// -ln v = q + q²/2 + q³/3 + … bound that ratio from above without a logarithm, and replacing the others by a geometric
/// series bounds it from below: mostly one token is left.
pub(super) fn race(weights: &[f64], complements: &[f64], bounds: &mut Vec<f64>) -> Option<usize> {
    bounds.resize(weights.len(), 0.0);
    isa::run(Bounds { weights, complements, out: bounds });
    let highest = math::max(bounds);
    let first = places_from(bounds, highest).next()?;
    let (weight, q) = (*weights.get(first)?, *complements.get(first)?);
    if weight <= 0.0 {
        return None;
    }
    let least = SLACK * weight / (q + 0.5 * q * q + q * q * q / (3.0 * (1.0 - q)));
    let mut rivals = places_from(bounds, least).filter(|&place| place != first).peekable();
    if rivals.peek().is_none() {
        return Some(first);
    }
    let speed = |place: usize| Some(weights.get(place)? / exponential(*complements.get(place)?));
    let mut best = (first, speed(first)?);
    for place in rivals {
        let speed = speed(place)?;
        if speed > best.1 || speed == best.1 && place < best.0 {
            best = (place, speed);
        }
    }
    Some(best.0)
}

/// The places of values that are at least so large, ascending.
fn places_from(values: &[f64], least: f64) -> impl Iterator<Item = usize> + '_ {
    const AT_ONCE: usize = 16;
    let chunks = values.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE));
    let chunks = chunks.filter(move |(chunk, _)| chunk.iter().fold(false, |any, &value| any | (value >= least)));
    chunks.flat_map(move |(chunk, base)| {
        chunk.iter().zip(base..).filter(move |&(&value, _)| value >= least).map(|(_, place)| place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::philox::philox4x32_10;

    #[test]
    fn words_are_those_of_their_counters() {
        let source = Source { key: [3, 9], row: (7 << 32) + 5, step: 11 };
        let all = (0..400).collect::<Vec<u32>>();
        for tokens in [&[0, 3, 31, 64, 65, 99, 127, 128, 50_256][..], &all, &[]] {
            let mut complements_ = Vec::new();
            complements(source, tokens, &mut complements_);
            assert_eq!(complements_.len(), tokens.len());
            for (&token, complement) in tokens.iter().zip(complements_) {
                let block = philox4x32_10([5, 7, 11, LANE + token / 32 * 8 + token % 8], source.key);
                let word = block[token as usize % 32 / 8];
                assert_eq!(complement, 1.0 - (f64::from(word) + 0.5) / 2_f64.powi(32), "{token}");
            }
        }
    }

    #[test]
    fn variates_are_those_of_the_standard_library() {
        for word in (0..=u32::MAX).step_by(65_521).chain([0, 1, u32::MAX - 1, u32::MAX]) {
            let [v, q] = [word, !word].map(|word| (f64::from(word) + 0.5) / 2_f64.powi(32));
            let theirs = if word < 1 << 31 { -v.ln() } else { -(-q).ln_1p() };
            assert_eq!(complement_of(word), q);
            assert!((exponential(q) / theirs - 1.0).abs() < 1e-15, "{word}: {} {theirs}", exponential(q));
            assert!((gumbel(q) + theirs.ln()).abs() < 1e-14);
            let bounds = [q + 0.5 * q * q, q + 0.5 * q * q + q * q * q / (3.0 * (1.0 - q))];
            assert!(bounds[0] * SLACK <= exponential(q) && exponential(q) * SLACK <= bounds[1]);
        }
    }

    #[test]
    fn the_race_is_won_by_the_largest_score() {
        let (mut complements_, mut bounds) = (Vec::new(), Vec::new());
        for step in 0..4000 {
            let source = Source { key: [1, 2], row: 3, step };
            let tokens = (0..300).filter(|token| token % (1 + step % 7) == 0).collect::<Vec<u32>>();
            let weights = tokens.iter().map(|&token| f64::from(token % 11) / 10.0).collect::<Vec<_>>();
            complements(source, &tokens, &mut complements_);
            let score = |place: &usize| weights[*place].ln() + gumbel(complements_[*place]);
            let best = (0..tokens.len()).max_by(|a, b| score(a).total_cmp(&score(b)));
            assert_eq!(race(&weights, &complements_, &mut bounds), best, "{step}");
        }
        assert_eq!(race(&[0.4, 1.0, 1.0], &[0.1, 0.2, 0.2], &mut bounds), Some(1));
        assert_eq!(race(&[1.0, 1.0, 1.0], &[0.9, 0.2, 0.2], &mut bounds), Some(1));
        assert_eq!(race(&[0.0, 0.0], &[0.2, 0.3], &mut bounds), None);
        assert_eq!(race(&[], &[], &mut bounds), None);
    }
}
