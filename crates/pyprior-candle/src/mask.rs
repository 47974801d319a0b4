//! Logits masked where they are.

use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Result, Tensor, WithDType};
use half::{bf16, f16};
use rayon::prelude::*;

use crate::bitmask::{BitPlaces, BitmaskTensor};
use crate::ops::span;
use crate::sample_error::SampleError;

/// Name of the operation.
const NAME: &str = "token-bitmask";
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

/// Makes the logits of all tokens that are not legal negative infinity, in place: those of every tensor that shares
/// their memory.
///
/// Logits are `[rows, vocab]` of `f32`, `f16` or `bf16`, contiguous, on the bitmask's device. Legal ones keep their
/// bits, NaN included; a row without legal tokens becomes negative infinity throughout. On the CPU this is one pass,
/// shared out among rayon's threads from 65,536 logits on; on CUDA devices (feature `cuda`) one kernel; on others it is made of
/// candle's operations.
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
pub fn apply_token_bitmask(logits: &Tensor, bitmask: &BitmaskTensor) -> std::result::Result<(), SampleError> {
    bitmask.check(logits)?;
    match has_operation(logits.device()) {
        true => Ok(logits.inplace_op2(bitmask.tensor(), &Mask { rows: None })?),
        false => mask_by_operations(logits, bitmask),
    }
}

/// [`apply_token_bitmask`] to some rows of the logits: row i of the bitmask is for row `rows[i]` of `[any, vocab]`
/// logits. Rows are named once each.
///
/// # Errors
///
/// [`SampleError`] if shape, type or device do not fit, if there are not as many rows as in the bitmask, or if one is
/// beyond the logits or named twice; these are as they were.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use pyprior_candle::{BitmaskTensor, apply_token_bitmask_to};
/// use pyprior_core::TokenBitmask;
///
/// let mut legal = TokenBitmask::new(1, 2);
/// legal.data_mut()[0] = 0b10;
/// let logits = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu)?;
/// apply_token_bitmask_to(&logits, &BitmaskTensor::new(&legal, &Device::Cpu)?, &[1])?;
/// assert_eq!(logits.to_vec2::<f32>()?, [[1.0, 2.0], [f32::NEG_INFINITY, 4.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn apply_token_bitmask_to(
    logits: &Tensor,
    bitmask: &BitmaskTensor,
    rows: &[u32],
) -> std::result::Result<(), SampleError> {
    let all = logits.dims().first().copied().unwrap_or(0);
    bitmask.check_rows(logits, all)?;
    if rows.len() != bitmask.rows() {
        return Err(SampleError::Count { what: "places of rows", found: rows.len(), rows: bitmask.rows() });
    }
    if let Some(&row) = rows.iter().find(|&&row| row as usize >= all) {
        return Err(SampleError::NoRow { row, rows: all });
    }
    let mut is_named = vec![false; all];
    if let Some(&row) = rows.iter().find(|&&row| std::mem::replace(&mut is_named[row as usize], true)) {
        return Err(SampleError::RowTwice { row });
    }
    if has_operation(logits.device()) {
        return Ok(logits.inplace_op2(bitmask.tensor(), &Mask { rows: Some(rows) })?);
    }
    for (nth, &row) in rows.iter().enumerate() {
        mask_by_operations(&logits.narrow(0, row as usize, 1)?, &bitmask.row(nth)?)?;
    }
    Ok(())
}

/// Whether there is an operation of our own for a device.
fn has_operation(device: &Device) -> bool {
    device.is_cpu() || cfg!(feature = "cuda") && device.is_cuda()
}

/// What masking is on devices without an operation of their own.
pub(crate) fn mask_by_operations(logits: &Tensor, bitmask: &BitmaskTensor) -> std::result::Result<(), SampleError> {
    let legal = bitmask.expand(&BitPlaces::new(bitmask.vocab(), logits.device())?)?;
    let out = Tensor::new(f32::NEG_INFINITY, logits.device())?.to_dtype(logits.dtype())?;
    let masked = legal.where_cond(logits, &out.broadcast_as(logits.shape())?)?;
    Ok(logits.slice_set(&masked, 0, 0)?)
}

/// The operation: logits `[any, vocab]`, words `[rows, ceil(vocab / 32)]`, which rows of the logits are meant. All has
/// been checked.
struct Mask<'a> {
    rows: Option<&'a [u32]>,
}

impl InplaceOp2 for Mask<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        logits: &mut CpuStorage,
        layout: &Layout,
        words: &CpuStorage,
        words_layout: &Layout,
    ) -> Result<()> {
        let (_, vocab) = layout.shape().dims2()?;
        let words = words.as_slice::<u32>()?.get(span(NAME, words_layout)?).unwrap_or_default();
        let place = span(NAME, layout)?;
        match logits {
            CpuStorage::F32(logits) => mask(&mut logits[place], vocab, words, self.rows, f32::NEG_INFINITY),
            CpuStorage::F16(logits) => mask(&mut logits[place], vocab, words, self.rows, f16::NEG_INFINITY),
            CpuStorage::BF16(logits) => mask(&mut logits[place], vocab, words, self.rows, bf16::NEG_INFINITY),
            other => {
                let dtype = candle_core::backend::BackendStorage::dtype(other);
                return Err(candle_core::Error::UnsupportedDTypeForOp(dtype, NAME));
            }
        }
        Ok(())
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        logits: &mut candle_core::CudaStorage,
        layout: &Layout,
        words: &candle_core::CudaStorage,
        words_layout: &Layout,
    ) -> Result<()> {
        use candle_core::backend::BackendStorage;
        use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
        use candle_core::cuda_backend::{CudaStorageSlice, WrapErr};

        use crate::cuda::{NULL, element, prepare};

        let (count, vocab) = (words_layout.shape().dims2()?.0, layout.shape().dims2()?.1);
        let device = logits.device().clone();
        let launch = pyprior_kernels::token_bitmask(element(logits.dtype())?, count, vocab);
        let (function, grid) = prepare(&device, launch)?;
        let words = words.as_cuda_slice::<u32>()?.slice(span(NAME, words_layout)?);
        let rows = self.rows.map(|rows| device.clone_htod(rows)).transpose()?;
        let (count, vocab, place) = (count as u32, vocab as u32, span(NAME, layout)?);
        macro_rules! launch {
            ($logits:expr) => {{
                let mut logits = $logits.slice_mut(place);
                let mut launch = function.builder();
                launch.arg(&mut logits).arg(&words);
                match &rows {
                    Some(rows) => launch.arg(rows),
                    None => launch.arg(&NULL),
                };
                launch.arg(&count).arg(&vocab);
                // SAFETY: these are the kernel's arguments. It writes to rows of `logits` that there are, each `vocab`
                // numbers, and reads `count` rows of words.
                #[allow(unsafe_code)]
                unsafe { launch.launch(grid) }.w()?;
            }};
        }
        match &mut logits.slice {
            CudaStorageSlice::F32(logits) => launch!(logits),
            CudaStorageSlice::F16(logits) => launch!(logits),
            CudaStorageSlice::BF16(logits) => launch!(logits),
            _ => return Err(candle_core::Error::UnsupportedDTypeForOp(logits.dtype(), NAME).bt()),
        }
        Ok(())
    }
}

fn mask<T: WithDType + Copy + Send + Sync>(
    logits: &mut [T],
    vocab: usize,
    words: &[u32],
    rows: Option<&[u32]>,
    out: T,
) {
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
    if let Some(rows) = rows {
        for (words, &place) in words.chunks_exact(words_a_row).zip(rows) {
            row((&mut logits[place as usize * vocab..][..vocab], words));
        }
    } else if logits.len() < PARALLEL {
        logits.chunks_exact_mut(vocab).zip(words.chunks_exact(words_a_row)).for_each(row);
    } else {
        logits.par_chunks_exact_mut(vocab).zip(words.par_chunks_exact(words_a_row)).for_each(row);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use candle_core::DType;
    use pyprior_core::TokenBitmask;

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
