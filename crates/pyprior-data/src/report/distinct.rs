//! About how many different things there are, in little memory.
//!
//! Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007.

use serde::{Deserialize, Serialize};

/// Registers, as a power of two. The standard error is 1.04 / √4096 = 1.6 %.
const BITS: u32 = 12;

/// An estimate of how many different hashes there are; two of them add up to that of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { registers: vec![0; 1 << BITS] }
    }
}

impl Distinct {
    /// Counts a hash.
    pub fn add(&mut self, hash: u64) {
        let register = (hash >> (64 - BITS)) as usize;
        // The bit at the end keeps zeros from being counted beyond the hash.
        let zeros = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() as u8 + 1;
        self.registers[register] = self.registers[register].max(zeros);
    }

    /// Counts all that another one has.
    pub fn merge(&mut self, other: &Self) {
        self.registers.iter_mut().zip(&other.registers).for_each(|(own, &other)| *own = (*own).max(other));
    }

    /// About how many different hashes there are; with a few thousand of them the error is a few.
    pub fn estimate(&self) -> u64 {
        let count = self.registers.len() as f64;
        let sum = self.registers.iter().map(|&zeros| 0.5_f64.powi(zeros.into())).sum::<f64>();
        let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        let empty = self.registers.iter().filter(|&&zeros| zeros == 0).count();
        let estimate = match empty {
            // So few that registers are empty by chance alone: as boxes are into which balls are thrown.
            1.. if raw <= 2.5 * count => count * (count / empty as f64).ln(),
            _ => raw,
        };
        estimate.round() as u64
    }
}

/// Registers as characters from `0` on.
impl Serialize for Distinct {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.registers.iter().map(|&zeros| char::from(b'0' + zeros)).collect::<String>().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let registers = text.bytes().map(|byte| byte.wrapping_sub(b'0')).collect::<Vec<_>>();
        if registers.len() != 1 << BITS || registers.iter().any(|&zeros| zeros > 64) {
            return Err(serde::de::Error::custom("not the registers of an estimate"));
        }
        Ok(Self { registers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: Steele, Lea, Flood, 2014.
    fn hash(value: u64) -> u64 {
        let mut mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[test]
    fn estimates() {
        for count in [0, 1, 10, 1_000, 8_000, 12_000, 100_000, 3_000_000_u64] {
            let mut parts = [Distinct::default(), Distinct::default()];
            for value in 0..count {
                parts[(value % 2) as usize].add(hash(value));
                parts[(value % 3 / 2) as usize].add(hash(value));
            }
            let mut merged = parts[0].clone();
            merged.merge(&parts[1]);
            let text = serde_json::to_string(&merged).unwrap();
            assert_eq!(serde_json::from_str::<Distinct>(&text).unwrap(), merged);
            // Four standard errors; hashes are fixed, so this does not come and go.
            let error = merged.estimate().abs_diff(count) as f64;
            assert!(error <= 0.065 * count as f64, "{count}: {}", merged.estimate());
            assert!(count > 1_000 || error <= 0.02 * count as f64 + 1.0, "{count}: {}", merged.estimate());
        }
        assert!(serde_json::from_str::<Distinct>("\"000\"").is_err());
    }
}
