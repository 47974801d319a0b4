//! Philox4x32-10: random numbers as a function of a key and a counter.
//!
//! Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

use crate::words::Words;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// One block: four random words of a counter under a key.
#[inline(always)]
pub fn philox4x32_10(counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    for _ in 0..ROUNDS {
        let p = u64::from(a) * u64::from(MULTIPLIERS[0]);
        let q = u64::from(c) * u64::from(MULTIPLIERS[1]);
        a = (q >> 32) as u32 ^ b ^ key[0];
        c = (p >> 32) as u32 ^ d ^ key[1];
        b = q as u32;
        d = p as u32;
        key[0] = key[0].wrapping_add(WEYL[0]);
        key[1] = key[1].wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

/// One block for each of some rows: words of counters, and so of results.
#[inline(always)]
pub(crate) fn philox4x32_10_each<W: Words>(counter: [W; 4], mut key: [u32; 2]) -> [W; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let multipliers = MULTIPLIERS.map(|multiplier| a.all(multiplier));
    for _ in 0..ROUNDS {
        let [p_high, p_low] = a.product(multipliers[0]);
        let [q_high, q_low] = c.product(multipliers[1]);
        a = q_high.xor(b).xor(a.all(key[0]));
        c = p_high.xor(d).xor(a.all(key[1]));
        b = q_low;
        d = p_low;
        key[0] = key[0].wrapping_add(WEYL[0]);
        key[1] = key[1].wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

/// `N` blocks side by side; `counters[w][i]` is word w of counter i, and so is the result.
///
/// One block after the other as written; compiled, as many at a time as the vector registers hold. With the rounds
/// outside, the compiler unrolls both loops and finds no order in what remains.
#[inline(always)]
pub(crate) fn blocks<const N: usize>(counters: &[[u32; N]; 4], key: [u32; 2]) -> [[u32; N]; 4] {
    let mut out = [[0; N]; 4];
    for i in 0..N {
        let words = philox4x32_10([counters[0][i], counters[1][i], counters[2][i], counters[3][i]], key);
        for (out, word) in out.iter_mut().zip(words) {
            out[i] = word;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the authors' Random123 distribution (`kat_vectors`, philox4x32 10).
    #[test]
    fn known_answers() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, answer) in cases {
            assert_eq!(philox4x32_10(counter, key), answer);
        }
    }

    #[test]
    fn side_by_side_is_one_by_one() {
        let counters: [[u32; 8]; 4] =
            std::array::from_fn(|word| std::array::from_fn(|i| (word * 8 + i) as u32 * 0x0123_4567));
        let all = blocks(&counters, [7, 9]);
        for i in 0..8 {
            assert_eq!(all.map(|word| word[i]), philox4x32_10(counters.map(|word| word[i]), [7, 9]));
        }
    }
}
