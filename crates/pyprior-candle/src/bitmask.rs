//! Token bitmasks on a device, and logits masked where they are.

use candle_core::{CpuStorage, DType, Device, InplaceOp2, Layout, Storage, Tensor, WithDType};
use half::{bf16, f16};
use pyprior_core::TokenBitmask;
use rayon::prelude::*;

use crate::sample::SampleError;

/// Logits from which on rows are shared out among threads.
const PARALLEL: usize = 1 << 16;

/// The bits of a word, from a table: vectors of words are compared, but on plain x86-64 not shifted by different
/// amounts.
const BITS: [u32; 32] = {
    let (mut bits, mut bit) = ([0; 32], 0);
    while bit < 32 {
        bits[bit] = 1 << bit;
        bit += 1;
    }
    bits
};

/// A [`TokenBitmask`] on a device: a tensor `[rows, ceil(vocab / 32)]` of `u32`, copied once.
///
/// Bit t mod 32 of word t / 32 is set where token t is legal; bits beyond the vocabulary are zero.
#[derive(Debug, Clone)]
pub struct BitmaskTensor {
    words: Tensor,
    vocab: usize,
    counts: Vec<u32>,
}

impl BitmaskTensor {
    /// Copies a bitmask to a device.
    ///
    /// # Errors
    ///
    /// [`SampleError::Padding`] names the first row with bits beyond the vocabulary; otherwise what the device says.
    pub fn new(bitmask: &TokenBitmask, device: &Device) -> Result<Self, SampleError> {
        let (rows, vocab, words) = (bitmask.rows(), bitmask.vocab(), bitmask.words());
        let beyond = if vocab.is_multiple_of(32) { 0 } else { u32::MAX << (vocab % 32) };
        let last = |row: usize| bitmask.row(row).and_then(<[u32]>::last).copied().unwrap_or_default();
        if let Some(row) = (0..rows).find(|&row| last(row) & beyond != 0) {
            return Err(SampleError::Padding { row, vocab });
        }
        let counts = (0..rows).map(|row| bitmask.count(row)).collect();
        Ok(Self { words: Tensor::from_slice(bitmask.data(), (rows, words), device)?, vocab, counts })
    }

    /// The words: `u32`, `[rows, ceil(vocab / 32)]`, contiguous.
    pub fn tensor(&self) -> &Tensor {
        &self.words
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.counts.len()
    }

    /// Number of tokens of the vocabulary.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// Number of legal tokens of each row.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Checks that logits are `[rows, vocab]` of a type that this crate works on, contiguous, on the same device.
    pub(crate) fn check(&self, logits: &Tensor) -> Result<(), SampleError> {
        let expected = [self.rows(), self.vocab];
        if logits.dims() != expected {
            return Err(SampleError::Shape { found: logits.dims().to_vec(), expected });
        }
        if !matches!(logits.dtype(), DType::F32 | DType::F16 | DType::BF16) {
            return Err(SampleError::Type { found: logits.dtype() });
        }
        if !logits.is_contiguous() {
            return Err(SampleError::Strided { stride: logits.stride().to_vec() });
        }
        if !logits.device().same_device(self.words.device()) {
            let [logits, bitmask] = [logits, &self.words].map(|tensor| tensor.device().location());
            return Err(SampleError::Device { logits, bitmask });
        }
        Ok(())
    }

    /// The legal tokens as a `u8` tensor `[rows, vocab]` of 0 and 1, by candle's operations.
    pub(crate) fn expand(&self, places: &BitPlaces) -> candle_core::Result<Tensor> {
        let words = self.words.index_select(&places.word, 1)?.broadcast_div(&places.power)?;
        let halves = words.broadcast_div(&places.two)?;
        (words - halves.broadcast_mul(&places.two)?)?.to_dtype(DType::U8)
    }
}

/// Where the bits of a vocabulary's tokens are, on a device.
#[derive(Debug)]
pub(crate) struct BitPlaces {
    /// Word of each token.
    word: Tensor,
    /// 2 to the power of its bit: candle divides, but does not shift.
    power: Tensor,
    two: Tensor,
}

impl BitPlaces {
    pub(crate) fn new(vocab: usize, device: &Device) -> candle_core::Result<Self> {
        let tokens = 0..vocab as u32;
        let word = Tensor::from_iter(tokens.clone().map(|token| token / 32), device)?;
        let power = Tensor::from_iter(tokens.map(|token| 1_u32 << (token % 32)), device)?;
        Ok(Self { word, power, two: Tensor::new(&[2_u32], device)? })
    }
}

/// Makes the logits of all tokens that are not legal negative infinity, in place: those of every tensor that shares
/// their memory.
///
/// Logits are `[rows, vocab]` of `f32`, `f16` or `bf16`, contiguous, on the bitmask's device. Legal ones keep their
/// bits, NaN included; a row without legal tokens becomes negative infinity throughout. On the CPU this is one pass,
/// shared out among rayon's threads from 65,536 logits on; on other devices it is made of candle's operations.
///
/// # Errors
///
/// [`SampleError`] if shape, type or device do not fit; the logits are as they were.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use pyprior_candle::{BitmaskTensor, apply_token_bitmask};
/// use pyprior_core::TokenBitmask;
///
/// let mut legal = TokenBitmask::new(1, 3);
/// legal.data_mut()[0] = 0b101;
/// let logits = Tensor::new(&[[1.0_f32, 2.0, 3.0]], &Device::Cpu)?;
/// apply_token_bitmask(&logits, &BitmaskTensor::new(&legal, &Device::Cpu)?)?;
/// assert_eq!(logits.to_vec2::<f32>()?, [[1.0, f32::NEG_INFINITY, 3.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn apply_token_bitmask(logits: &Tensor, bitmask: &BitmaskTensor) -> Result<(), SampleError> {
    bitmask.check(logits)?;
    if logits.elem_count() == 0 {
        return Ok(());
    }
    match logits.device() {
        Device::Cpu => Ok(logits.inplace_op2(bitmask.tensor(), &Mask)?),
        _ => mask_by_operations(logits, bitmask),
    }
}

/// What [`apply_token_bitmask`] does on devices without an operation of their own.
pub(crate) fn mask_by_operations(logits: &Tensor, bitmask: &BitmaskTensor) -> Result<(), SampleError> {
    let legal = bitmask.expand(&BitPlaces::new(bitmask.vocab, logits.device())?)?;
    let out = Tensor::new(f32::NEG_INFINITY, logits.device())?.to_dtype(logits.dtype())?;
    let masked = legal.where_cond(logits, &out.broadcast_as(logits.shape())?)?;
    Ok(logits.slice_set(&masked, 0, 0)?)
}

/// The pass on the CPU.
struct Mask;

impl InplaceOp2 for Mask {
    fn name(&self) -> &'static str {
        "token-bitmask"
    }

    fn cpu_fwd(
        &self,
        logits: &mut CpuStorage,
        layout: &Layout,
        words: &CpuStorage,
        words_layout: &Layout,
    ) -> candle_core::Result<()> {
        let vocab = layout.dims().last().copied().unwrap_or_default();
        let strided = || candle_core::Error::RequiresContiguous { op: "token-bitmask" };
        let (start, end) = layout.contiguous_offsets().ok_or_else(strided)?;
        let (first, last) = words_layout.contiguous_offsets().ok_or_else(strided)?;
        let words = words.as_slice::<u32>()?.get(first..last).unwrap_or_default();
        match logits {
            CpuStorage::F32(logits) => mask(&mut logits[start..end], vocab, words, f32::NEG_INFINITY),
            CpuStorage::F16(logits) => mask(&mut logits[start..end], vocab, words, f16::NEG_INFINITY),
            CpuStorage::BF16(logits) => mask(&mut logits[start..end], vocab, words, bf16::NEG_INFINITY),
            other => {
                let dtype = candle_core::backend::BackendStorage::dtype(other);
                return Err(candle_core::Error::UnsupportedDTypeForOp(dtype, "token-bitmask"));
            }
        }
        Ok(())
    }
}

fn mask<T: WithDType + Copy + Send + Sync>(logits: &mut [T], vocab: usize, words: &[u32], out: T) {
    let row = |(logits, words): (&mut [T], &[u32])| {
        for (logits, &word) in logits.chunks_mut(32).zip(words) {
            if word != u32::MAX {
                for (logit, bit) in logits.iter_mut().zip(BITS) {
                    *logit = if word & bit != 0 { *logit } else { out };
                }
            }
        }
    };
    let words_a_row = vocab.div_ceil(32);
    if logits.len() < PARALLEL {
        logits.chunks_exact_mut(vocab).zip(words.chunks_exact(words_a_row)).for_each(row);
    } else {
        logits.par_chunks_exact_mut(vocab).zip(words.par_chunks_exact(words_a_row)).for_each(row);
    }
}

/// Runs `read` on the words of a bitmask on the CPU.
pub(crate) fn with_words<R>(bitmask: &BitmaskTensor, read: impl FnOnce(&[u32]) -> R) -> Result<R, SampleError> {
    let (storage, layout) = bitmask.words.storage_and_layout();
    let Storage::Cpu(CpuStorage::U32(words)) = &*storage else {
        return Err(SampleError::Type { found: bitmask.words.dtype() });
    };
    let (start, end) = layout.contiguous_offsets().unwrap_or_default();
    Ok(read(words.get(start..end).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Any bits, infinities and NaN among them.
    fn bits(len: usize) -> Vec<f32> {
        let bits = |i: usize| (i as u32).wrapping_mul(0x9E37_79B9).rotate_left(i as u32 % 31);
        (0..len).map(|i| f32::from_bits(bits(i))).collect()
    }

    /// Bits of logits that stay as they are, type and all.
    fn bits_of(logits: &Tensor) -> Vec<u32> {
        match logits.dtype() {
            DType::F32 => logits.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|x| x.to_bits()).collect(),
            DType::F16 => {
                logits.flatten_all().unwrap().to_vec1::<f16>().unwrap().iter().map(|x| x.to_bits().into()).collect()
            }
            _ => logits.flatten_all().unwrap().to_vec1::<bf16>().unwrap().iter().map(|x| x.to_bits().into()).collect(),
        }
    }

    #[test]
    fn masks_are_those_of_one_token_at_a_time() {
        for (rows, vocab) in [(1, 1), (3, 31), (4, 32), (5, 33), (7, 79), (300, 268), (2, 50_257)] {
            let mut bitmask = TokenBitmask::new(rows, vocab);
            for row in 0..rows {
                for token in (0..vocab).filter(|token| row % 5 == 1 || (row * 7 + token * token) % 3 == 0) {
                    bitmask.data_mut()[row * vocab.div_ceil(32) + token / 32] |= 1 << (token % 32);
                }
            }
            let legal = BitmaskTensor::new(&bitmask, &Device::Cpu).unwrap();
            assert_eq!((legal.rows(), legal.vocab()), (rows, vocab));
            for dtype in [DType::F32, DType::F16, DType::BF16] {
                // One row more in the same memory, which must stay.
                let memory = Tensor::from_vec(bits((rows + 1) * vocab), (rows + 1, vocab), &Device::Cpu).unwrap();
                let memory = memory.to_dtype(dtype).unwrap();
                let before = bits_of(&memory);
                let by_operations = memory.copy().unwrap();
                apply_token_bitmask(&memory.narrow(0, 1, rows).unwrap(), &legal).unwrap();
                mask_by_operations(&by_operations.narrow(0, 1, rows).unwrap(), &legal).unwrap();
                let out = match dtype {
                    DType::F32 => f32::NEG_INFINITY.to_bits(),
                    DType::F16 => f16::NEG_INFINITY.to_bits().into(),
                    _ => bf16::NEG_INFINITY.to_bits().into(),
                };
                let keeps =
                    |place: usize| place < vocab || bitmask.is_allowed(place / vocab - 1, (place % vocab) as u32);
                let expected = before.iter().enumerate().map(|(place, &bits)| if keeps(place) { bits } else { out });
                let expected = expected.collect::<Vec<_>>();
                assert!(bits_of(&memory) == expected, "{rows} {vocab} {dtype:?}");
                assert!(bits_of(&by_operations) == expected, "{rows} {vocab} {dtype:?}");
            }
        }
    }
}
