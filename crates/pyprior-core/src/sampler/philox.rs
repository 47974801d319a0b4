//! Philox4x32-10: random numbers as a function of a key and a counter.
//!
//! Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// One block: four random words of a counter under a key.
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [[a], [b], [c], [d]] = blocks(counter.map(|word| [word]), key);
    [a, b, c, d]
}

/// `N` blocks side by side; `counters[w][i]` is word w of counter i, and so is the result.
///
/// Words are kept in 64 bits whose upper halves are never read: that is the shape of the vector units' widening
/// multiplication, and saves clearing them.
#[inline(always)]
pub(crate) fn blocks<const N: usize>(counters: [[u32; N]; 4], key: [u32; 2]) -> [[u32; N]; 4] {
    const LOW: u64 = u32::MAX as u64;
    let [mut a, mut b, mut c, mut d] = counters.map(|words| words.map(u64::from));
    let mut key = key.map(u64::from);
    for _ in 0..ROUNDS {
        for i in 0..N {
            let p = (a[i] & LOW) * u64::from(MULTIPLIERS[0]);
            let q = (c[i] & LOW) * u64::from(MULTIPLIERS[1]);
            a[i] = q >> 32 ^ b[i] ^ key[0];
            c[i] = p >> 32 ^ d[i] ^ key[1];
            b[i] = q;
            d[i] = p;
        }
        key[0] = (key[0] + u64::from(WEYL[0])) & LOW;
        key[1] = (key[1] + u64::from(WEYL[1])) & LOW;
    }
    [a, b, c, d].map(|words| words.map(|word| word as u32))
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
        let all = blocks(counters, [7, 9]);
        for i in 0..8 {
            assert_eq!(all.map(|word| word[i]), philox4x32_10(counters.map(|word| word[i]), [7, 9]));
        }
    }
}
