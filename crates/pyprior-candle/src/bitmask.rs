//! Token bitmasks on a device.

use candle_core::{CpuStorage, DType, Device, Storage, Tensor};
use pyprior_core::TokenBitmask;

use crate::sample_error::SampleError;

/// A [`TokenBitmask`] on a device: a tensor `[rows, ceil(vocab / 32)]` of `u32`, copied once.
///
/// Bit t mod 32 of word t / 32 is set where token t is legal; bits beyond the vocabulary are zero.
#[derive(Debug, Clone)]
pub struct BitmaskTensor {
    words: Tensor,
    vocab: usize,
    counts: Vec<u32>,
    /// The words once more where the device is not the CPU: what the host needs of them is not copied back.
    on_host: Vec<u32>,
}

impl BitmaskTensor {
    /// Copies a bitmask to a device.
    ///
    /// # Errors
    ///
    /// [`SampleError::NoRows`]; [`SampleError::Padding`] names the first row with bits beyond the vocabulary; otherwise what
    /// the device says.
    pub fn new(bitmask: &TokenBitmask, device: &Device) -> Result<Self, SampleError> {
        let (rows, vocab, words) = (bitmask.rows(), bitmask.vocab(), bitmask.words());
        if rows == 0 {
            return Err(SampleError::NoRows);
        }
        let beyond = if vocab.is_multiple_of(32) { 0 } else { u32::MAX << (vocab % 32) };
        let last = |row: usize| bitmask.row(row).and_then(<[u32]>::last).copied().unwrap_or_default();
        if let Some(row) = (0..rows).find(|&row| last(row) & beyond != 0) {
            return Err(SampleError::Padding { row, vocab });
        }
        let counts = (0..rows).map(|row| bitmask.count(row)).collect();
        let on_host = if device.is_cpu() { Vec::new() } else { bitmask.data().to_vec() };
        Ok(Self { words: Tensor::from_slice(bitmask.data(), (rows, words), device)?, vocab, counts, on_host })
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
        self.check_rows(logits, self.rows())
    }

    /// The same of logits `[rows, vocab]`, whatever number of rows the bitmask has.
    pub(crate) fn check_rows(&self, logits: &Tensor, rows: usize) -> Result<(), SampleError> {
        let expected = [rows, self.vocab];
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

    /// One row by itself.
    pub(crate) fn row(&self, row: usize) -> candle_core::Result<Self> {
        let words = self.vocab.div_ceil(32);
        let on_host = self.on_host.chunks_exact(words).nth(row).unwrap_or_default().to_vec();
        let counts = self.counts.get(row).copied().into_iter().collect();
        Ok(Self { words: self.words.narrow(0, row, 1)?, vocab: self.vocab, counts, on_host })
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

/// Runs `read` on the words of a bitmask, without a copy from its device.
pub(crate) fn with_words<R>(bitmask: &BitmaskTensor, read: impl FnOnce(&[u32]) -> R) -> Result<R, SampleError> {
    if !bitmask.words.device().is_cpu() {
        return Ok(read(&bitmask.on_host));
    }
    let (storage, layout) = bitmask.words.storage_and_layout();
    let Storage::Cpu(CpuStorage::U32(words)) = &*storage else {
        return Err(SampleError::Type { found: bitmask.words.dtype() });
    };
    let (start, end) = layout.contiguous_offsets().unwrap_or_default();
    Ok(read(words.get(start..end).unwrap_or_default()))
}
