//! Which kernel is launched, and with how many threads.

use thiserror::Error;

/// Types of logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
}

/// A kernel and its grid, in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launch {
    /// Name of the function.
    pub kernel: &'static str,
    /// Source that it stands in, without ending; a module on a device.
    pub module: &'static str,
    /// Number of blocks; at least 1.
    pub blocks: u32,
    /// Threads of a block.
    pub threads: u32,
}

/// Why nothing can be launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// No rows, or rows of no width.
    #[error("{kernel}: {rows} rows of {width} are nothing to do")]
    Empty {
        /// The kernel.
        kernel: &'static str,
        /// Rows asked for.
        rows: usize,
        /// Their width.
        width: usize,
    },
    /// More than threads can be numbered by 32 bits, or tokens.
    #[error("{kernel}: {rows} rows of {width} are too many")]
    TooLarge {
        /// The kernel.
        kernel: &'static str,
        /// Rows asked for.
        rows: usize,
        /// Their width.
        width: usize,
    },
}

impl Element {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// One of three names.
    fn of(self, [f32, f16, bf16]: [&'static str; 3]) -> &'static str {
        match self {
            Self::F32 => f32,
            Self::F16 => f16,
            Self::Bf16 => bf16,
        }
    }
}

/// A thread for each of `rows` times `each` pieces of work.
fn flat(
    (module, kernel): (&'static str, &'static str),
    rows: usize,
    width: usize,
    each: usize,
) -> Result<Launch, LaunchError> {
    const THREADS: u32 = 256;
    check(kernel, rows, width)?;
    let all = rows.checked_mul(each).and_then(|all| u32::try_from(all).ok());
    // The last block's threads are counted too.
    let all = all.filter(|&all| all <= u32::MAX - THREADS).ok_or(LaunchError::TooLarge { kernel, rows, width })?;
    Ok(Launch { kernel, module, blocks: all.div_ceil(THREADS), threads: THREADS })
}

/// Checks that there is something to do, and that rows and their width are numbers of 31 bits.
fn check(kernel: &'static str, rows: usize, width: usize) -> Result<(), LaunchError> {
    const MOST: usize = i32::MAX as usize;
    match (rows, width) {
        (0, _) | (_, 0) => Err(LaunchError::Empty { kernel, rows, width }),
        (..=MOST, ..=MOST) => Ok(()),
        _ => Err(LaunchError::TooLarge { kernel, rows, width }),
    }
}

/// The launch that masks `rows` rows of `vocab` logits in place.
///
/// Arguments: logits, words `u32` `[rows, ceil(vocab / 32)]`, row of logits of each row of words `u32` `[rows]` or null,
/// `rows` and `vocab` as `u32`.
///
/// # Errors
///
/// [`LaunchError`].
pub fn token_bitmask(element: Element, rows: usize, vocab: usize) -> Result<Launch, LaunchError> {
    let kernel = element.of(["token_bitmask_f32", "token_bitmask_f16", "token_bitmask_bf16"]);
    flat(("mask", kernel), rows, vocab, vocab / (16 / element.size()) + 2)
}

/// The launch that draws a token for each of `rows` rows of `vocab` logits: a warp a row up to 1,024 tokens, a block a
/// row above.
///
/// Arguments, null where there is no prior: logits; words `u32` `[rows, ceil(vocab / 32)]`; base [`Pair`](crate::Pair)
/// `[vocab]`; group `u8` `[vocab]`; positive `u32` `[ceil(vocab / 32)]`; shifts `f32` `[rows, 17]`; row numbers `u64`
/// `[rows]`; steps `u32` `[rows]`; out `u32` `[rows, 4]`, aligned to 16 bytes; `rows` and `vocab` as `u32`; the numbers of
/// [`Mixing`](crate::Mixing) in its order, those that are true or not as `u32`; seed `u64`.
///
/// # Errors
///
/// [`LaunchError`].
pub fn sample(element: Element, rows: usize, vocab: usize) -> Result<Launch, LaunchError> {
    const ROWS: u32 = 4;
    let of = |names| element.of(names);
    let kernel = match vocab {
        0..=128 => of(["sample_128_f32", "sample_128_f16", "sample_128_bf16"]),
        129..=384 => of(["sample_384_f32", "sample_384_f16", "sample_384_bf16"]),
        385..=1024 => of(["sample_1024_f32", "sample_1024_f16", "sample_1024_bf16"]),
        _ => of(["sample_any_f32", "sample_any_f16", "sample_any_bf16"]),
    };
    check(kernel, rows, vocab)?;
    let count = rows as u32;
    let (blocks, threads) = if vocab > 1024 { (count, 512) } else { (count.div_ceil(ROWS), 32 * ROWS) };
    Ok(Launch { kernel, module: "sample", blocks, threads })
}

/// The launch that writes `count` lines of `bytes` bytes to places of another tensor, and how many units a line has.
/// Lines whose width and both of whose addresses are multiples of 16 bytes are moved by 16 bytes at a time, others by 2.
///
/// Arguments: into, from `[count, bytes]`, lines `u32` `[count]`, all different; `count` and units as `u32`.
///
/// # Errors
///
/// [`LaunchError`].
pub fn write_lines(count: usize, bytes: usize, is_aligned: bool) -> Result<(Launch, u32), LaunchError> {
    let (kernel, unit) = match is_aligned && bytes.is_multiple_of(16) {
        true => ("write_lines_16", 16),
        false => ("write_lines_2", 2),
    };
    let launch = flat(("lines", kernel), count, bytes, bytes / unit)?;
    Ok((launch, (bytes / unit) as u32))
}

/// The launch that writes the random words of `rows` rows: for tests.
///
/// Arguments: out `u32` `[rows, vocab]`, row numbers `u64` `[rows]`, steps `u32` `[rows]`, `vocab` `u32`, seed `u64`.
///
/// # Errors
///
/// [`LaunchError`].
pub fn random_words(rows: usize, vocab: usize) -> Result<Launch, LaunchError> {
    const KERNEL: &str = "random_words";
    check(KERNEL, rows, vocab)?;
    Ok(Launch { kernel: KERNEL, module: "words", blocks: rows as u32, threads: 64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hold_every_piece_of_work() {
        for element in [Element::F32, Element::F16, Element::Bf16] {
            for (rows, vocab) in [(1, 1), (3, 79), (4096, 268), (17, 50_257), (512, 151_936)] {
                let launch = token_bitmask(element, rows, vocab).unwrap();
                let groups = vocab / (16 / element.size()) + 2;
                assert!(u64::from(launch.blocks) * u64::from(launch.threads) >= (rows * groups) as u64);
                let launch = sample(element, rows, vocab).unwrap();
                let a_row = if vocab > 1024 { 512 } else { 32 };
                assert!(launch.blocks * launch.threads >= rows as u32 * a_row);
            }
        }
        for (rows, width) in [(0, 10), (10, 0)] {
            assert!(matches!(token_bitmask(Element::F32, rows, width), Err(LaunchError::Empty { .. })));
            assert!(matches!(sample(Element::F16, rows, width), Err(LaunchError::Empty { .. })));
            assert!(matches!(write_lines(rows, width, true), Err(LaunchError::Empty { .. })));
            assert!(matches!(random_words(rows, width), Err(LaunchError::Empty { .. })));
        }
        let too_large = [
            token_bitmask(Element::F32, 200_000, 151_936),
            token_bitmask(Element::F32, 1, 1 << 32),
            sample(Element::F32, 1 << 31, 10),
            sample(Element::F32, 1, 1 << 31),
        ];
        assert!(too_large.iter().all(|launch| matches!(launch, Err(LaunchError::TooLarge { .. }))));
        assert_eq!(write_lines(7, 64, true).unwrap(), (flat(("lines", "write_lines_16"), 7, 64, 4).unwrap(), 4));
        assert_eq!(write_lines(7, 64, false).unwrap().1, 32);
        assert_eq!(write_lines(7, 10, true).unwrap().1, 5);
    }
}
