//! Inputs worth trying: a stream that is a function of the seed and the number of the program.

use pyprior_core::exec::Value;
use pyprior_core::{Symbol, Vocab, philox4x32_10};

/// What sets this stream apart from the one that programs are drawn from.
const STREAM: u32 = 0x696e_7075;

/// Arguments that bring out most mistakes.
const SMALL: [i64; 12] = [0, 1, -1, 2, -2, 3, 4, 5, -3, 7, 10, -10];

/// Draws arguments of one program.
#[derive(Debug, Clone)]
pub(super) struct Candidates {
    seed: u64,
    row: u64,
    range: (i64, i64),
    /// Numbers of the program and their neighbours, ascending, each once, within the range.
    literals: Vec<i64>,
}

impl Candidates {
    pub(super) fn new(vocab: &Vocab, tokens: &[u32], seed: u64, row: u64, range: (i64, i64)) -> Self {
        let constants = tokens.iter().filter_map(|&token| match vocab.symbol(token) {
            Some(Symbol::Const(value)) => Some(value),
            _ => None,
        });
        let near = constants.flat_map(|value| [value.saturating_sub(1), value, value.saturating_add(1)]);
        let mut literals = near.filter(|value| (range.0..=range.1).contains(value)).collect::<Vec<_>>();
        literals.sort_unstable();
        literals.dedup();
        Self { seed, row, range, literals }
    }

    /// The `nth` input: an argument for each of `arity` parameters. A quarter each is small, near a number of the program,
    /// at an end of the range, or anywhere in it.
    pub(super) fn input(&self, nth: u32, arity: u8) -> Vec<Value> {
        let argument = |parameter: u32| {
            let counter = [nth, parameter, self.row as u32, (self.row >> 32) as u32];
            let key = [self.seed as u32 ^ STREAM, (self.seed >> 32) as u32];
            let [which, word, high, _] = philox4x32_10(counter, key);
            self.argument(which, word, u64::from(word) | u64::from(high) << 32)
        };
        (0..u32::from(arity)).map(|parameter| Value::Int(argument(parameter))).collect()
    }

    fn argument(&self, which: u32, word: u32, wide: u64) -> i64 {
        let (low, high) = self.range;
        let below = |count: usize| ((u64::from(word) * count as u64) >> 32) as usize;
        let any = || {
            let offset = (u128::from(wide) * (u128::from(high.abs_diff(low)) + 1)) >> 64;
            low.saturating_add_unsigned(u64::try_from(offset).unwrap_or(0))
        };
        match which >> 30 {
            0 => SMALL[below(SMALL.len())].clamp(low, high),
            1 if !self.literals.is_empty() => self.literals[below(self.literals.len())],
            2 => [low, high][below(2)],
            _ => any(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn lie_in_the_range_and_reach_all_of_it() {
        for (range, literals) in [((-3, 3), vec![2]), ((i64::MIN / 2, i64::MAX / 2), vec![]), ((7, 7), vec![7])] {
            let candidates = Candidates { seed: 5, row: 1 << 40, range, literals };
            let mut seen = HashSet::new();
            for nth in 0..500 {
                for value in candidates.input(nth, 3) {
                    let Value::Int(value) = value else { panic!("{value}") };
                    assert!((range.0..=range.1).contains(&value));
                    seen.insert(value);
                }
            }
            assert!(seen.contains(&range.0) && seen.contains(&range.1));
            assert!(seen.len() as u64 == range.1.abs_diff(range.0) + 1 || seen.len() > 300, "{}", seen.len());
        }
    }
}
