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

/// More than a grid can be numbered by 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kernel}: {rows} rows of {width} are more than 2³² threads")]
pub struct TooLarge {
    /// The kernel.
    pub kernel: &'static str,
    /// Rows asked for.
    pub rows: usize,
    /// Their width.
    pub width: usize,
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
) -> Result<Launch, TooLarge> {
    const THREADS: u32 = 256;
    let all = rows.checked_mul(each).and_then(|all| u32::try_from(all).ok());
    // The last block's threads are counted too.
    let all = all.filter(|&all| all <= u32::MAX - THREADS).ok_or(TooLarge { kernel, rows, width })?;
    Ok(Launch { kernel, module, blocks: all.div_ceil(THREADS).max(1), threads: THREADS })
}

/// The launch that masks `rows` rows of `vocab` logits in place.
///
/// Arguments: logits, words `u32` `[rows, ceil(vocab / 32)]`, row of logits of each row of words `u32` `[rows]` or null,
/// `rows` and `vocab` as `u32`.
///
/// # Errors
///
/// [`TooLarge`].
pub fn token_bitmask(element: Element, rows: usize, vocab: usize) -> Result<Launch, TooLarge> {
    let kernel = element.of(["token_bitmask_f32", "token_bitmask_f16", "token_bitmask_bf16"]);
    flat(("mask", kernel), rows, vocab, vocab / (16 / element.size()) + 2)
}

/// The launch that draws a token for each of `rows` rows of `vocab` logits: a warp a row up to 1,024 tokens, a block a
/// row above.
///
/// Arguments, null where there is no prior: logits; words `u32` `[rows, ceil(vocab / 32)]`; base [`Pair`](crate::Pair)
/// `[vocab]`; group `u8` `[vocab]`; positive `u32` `[ceil(vocab / 32)]`; shifts `f32` `[rows, 17]`; row numbers `u64`
/// `[rows]`; steps `u32` `[rows]`; out `u32` `[rows, 4]`, aligned to 16 bytes; `rows` and `vocab` as `u32`; the numbers of
/// [`Mixing`](crate::Mixing) in its order; seed `u64`.
///
/// # Errors
///
/// [`TooLarge`].
pub fn sample(element: Element, rows: usize, vocab: usize) -> Result<Launch, TooLarge> {
    const ROWS: u32 = 4;
    let of = |names| element.of(names);
    let kernel = match vocab {
        0..=128 => of(["sample_128_f32", "sample_128_f16", "sample_128_bf16"]),
        129..=384 => of(["sample_384_f32", "sample_384_f16", "sample_384_bf16"]),
        385..=1024 => of(["sample_1024_f32", "sample_1024_f16", "sample_1024_bf16"]),
        _ => of(["sample_any_f32", "sample_any_f16", "sample_any_bf16"]),
    };
    let too_large = TooLarge { kernel, rows, width: vocab };
    let count = u32::try_from(rows).ok().filter(|&count| count <= i32::MAX as u32).ok_or(too_large)?;
    u32::try_from(vocab).map_err(|_| too_large)?;
    let (blocks, threads) = if vocab > 1024 { (count, 512) } else { (count.div_ceil(ROWS), 32 * ROWS) };
    Ok(Launch { kernel, module: "sample", blocks: blocks.max(1), threads })
}

/// The launch that writes `count` lines of `bytes` bytes to places of another tensor, and how many units a line has.
/// Lines whose width and both of whose addresses are multiples of 16 bytes are moved by 16 bytes at a time, others by 2.
///
/// Arguments: into, from `[count, bytes]`, lines `u32` `[count]`, all different; `count` and units as `u32`.
///
/// # Errors
///
/// [`TooLarge`].
pub fn write_lines(count: usize, bytes: usize, is_aligned: bool) -> Result<(Launch, u32), TooLarge> {
    let (kernel, unit) = match is_aligned && bytes.is_multiple_of(16) {
        true => ("write_lines_16", 16),
        false => ("write_lines_2", 2),
    };
    let launch = flat(("lines", kernel), count, bytes, bytes / unit)?;
    Ok((launch, u32::try_from(bytes / unit).map_err(|_| TooLarge { kernel, rows: count, width: bytes })?))
}

/// The launch that writes the random words of `rows` rows: for tests.
///
/// Arguments: out `u32` `[rows, vocab]`, row numbers `u64` `[rows]`, steps `u32` `[rows]`, `vocab` `u32`, seed `u64`.
pub fn random_words(rows: u32) -> Launch {
    Launch { kernel: "random_words", module: "words", blocks: rows.max(1), threads: 64 }
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
        assert!(token_bitmask(Element::F32, 200_000, 151_936).is_err());
        assert!(sample(Element::F32, 1 << 31, 10).is_err());
        assert_eq!(write_lines(7, 64, true).unwrap(), (flat(("lines", "write_lines_16"), 7, 64, 4).unwrap(), 4));
        assert_eq!(write_lines(7, 64, false).unwrap().1, 32);
        assert_eq!(write_lines(7, 10, true).unwrap().1, 5);
    }
}
