//! Random words, bit for bit.

use pyprior_core::philox4x32_10;
use pyprior_kernels::emulation::random_words;

use super::SCHEDULES;

#[test]
fn words_are_those_of_their_counters() {
    let rows = [0, 1, 77, u64::MAX - 5, 1 << 40];
    let steps = [0, 3, u32::MAX, 12, 59];
    for (seed, vocab) in [(0, 1), (1 << 63 | 5, 33), (u64::MAX, 268), (12_345_678_901, 4000)] {
        for schedule in SCHEDULES {
            let words = random_words(&rows, &steps, vocab, seed, schedule).unwrap();
            for (nth, words) in words.chunks_exact(vocab).enumerate() {
                for (token, &word) in words.iter().enumerate() {
                    let lane = 0xC000_0000 + (token / 32 * 8 + token % 8) as u32;
                    let counter = [rows[nth] as u32, (rows[nth] >> 32) as u32, steps[nth], lane];
                    assert_eq!(word, philox4x32_10(counter, [seed as u32, (seed >> 32) as u32])[token % 32 / 8]);
                }
            }
        }
    }
}
