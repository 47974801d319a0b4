//! CUDA devices: one kernel, which reads the logits once. With the bitmask's, two small copies to the device, one back.

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, PushKernelArg};
use candle_core::cuda_backend::{CudaDevice, CudaStorage, CudaStorageSlice, WrapErr};
use candle_core::{Device, Layout, Result, Storage};
use pyprior_core::Prior;
use pyprior_kernels::{Mixing, Refused};

use super::arrays::{PriorTable, mixing};
use super::{Call, SampleError, Sampled};
use crate::cuda::{NULL, element, prepare};
use crate::ops::span;

/// What stays on the device from call to call.
#[derive(Debug)]
pub(super) struct Fused {
    device: Device,
    prior: Option<OnDevice>,
    /// The numbers of the rows on their way to the device.
    packed: Vec<u32>,
}

/// The prior's table.
#[derive(Debug)]
struct OnDevice {
    /// Two words a token.
    base: CudaSlice<f32>,
    group: CudaSlice<u8>,
    positive: CudaSlice<u32>,
}

impl OnDevice {
    fn new(prior: &Prior, device: &CudaDevice) -> Result<Self> {
        let PriorTable { base, group, positive } = PriorTable::new(prior);
        let base = base.iter().flat_map(|pair| [pair.high, pair.low]).collect::<Vec<_>>();
        Ok(Self {
            base: device.clone_htod(&base)?,
            group: device.clone_htod(&group)?,
            positive: device.clone_htod(&positive)?,
        })
    }
}

/// The memory of a tensor on a CUDA device, and where in it the tensor lies.
fn place<'a>(storage: &'a Storage, layout: &Layout) -> Result<(&'a CudaStorage, std::ops::Range<usize>)> {
    let Storage::Cuda(storage) = storage else { candle_core::bail!("a tensor that is not on a CUDA device") };
    Ok((storage, span("sample", layout)?))
}

impl Fused {
    /// What a call needs, from the last one if that was on the same device.
    pub(super) fn prepared<'a>(slot: &'a mut Option<Self>, call: &Call<'_>) -> Result<&'a mut Self> {
        let device = call.logits.device();
        let fused = match slot.take().filter(|fused| fused.device.same_device(device)) {
            Some(fused) => fused,
            None => {
                let Device::Cuda(cuda) = device else { candle_core::bail!("no CUDA device") };
                let prior = call.prior.map(|(prior, _)| OnDevice::new(prior, cuda)).transpose()?;
                Self { device: device.clone(), prior, packed: Vec::new() }
            }
        };
        Ok(slot.insert(fused))
    }

    /// Draws a token for each row; writes `out` if all rows have one.
    pub(super) fn run(&mut self, call: &Call<'_>, out: &mut Sampled) -> std::result::Result<(), SampleError> {
        let drawn = self.launch(call)?;
        let rows = drawn.chunks_exact(4).map(|words| std::array::from_fn(|i| words[i]));
        let rows = rows.map(pyprior_kernels::Sampled::read).enumerate().map(|(row, drawn)| match drawn {
            Ok(drawn) => Ok(drawn),
            Err(Refused::Empty) => Err(SampleError::Empty { row }),
            Err(Refused::Nan { token }) => Err(SampleError::Nan { row, token }),
        });
        let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        *out = Sampled {
            tokens: rows.iter().map(|row| row.token).collect(),
            log_probabilities: rows.iter().map(|row| row.log_probability).collect(),
            entropies: rows.iter().map(|row| row.entropy).collect(),
            legal_counts: rows.iter().map(|row| row.legal).collect(),
        };
        Ok(())
    }

    /// The kernel's `[rows, 4]` words.
    fn launch(&mut self, call: &Call<'_>) -> Result<Vec<u32>> {
        let (count, vocab) = (call.bitmask.rows(), call.bitmask.vocab());
        let (logits, layout) = call.logits.storage_and_layout();
        let (logits, span) = place(&logits, layout)?;
        let (words, layout) = call.bitmask.tensor().storage_and_layout();
        let (words, words_span) = place(&words, layout)?;
        let words = words.as_cuda_slice::<u32>()?.slice(words_span);
        let device = logits.device();

        // One copy for all numbers of the rows; the 8 bytes wide ones come first.
        self.packed.clear();
        self.packed.extend(call.draw.rows.iter().flat_map(|&row| [row as u32, (row >> 32) as u32]));
        self.packed.extend_from_slice(call.draw.steps);
        if let Some((_, rows)) = call.prior {
            self.packed.extend(rows.shifts().as_flattened().iter().map(|shift| shift.to_bits()));
        }
        let packed = device.clone_htod(&self.packed)?;
        let (row_numbers, steps, shifts) =
            (packed.slice(..2 * count), packed.slice(2 * count..3 * count), packed.slice(3 * count..));
        // SAFETY: the kernel writes all of it.
        #[allow(unsafe_code)]
        let mut out = unsafe { device.alloc::<u32>(4 * count)? };

        let (function, grid) = prepare(device, pyprior_kernels::sample(element(logits.dtype())?, count, vocab))?;
        let mixing = mixing(call.prior.map(|(prior, _)| prior), call.sampler.truncation().config().temperature);
        let Mixing { is_entropy, is_greedy, model, prior: factor, scale } = mixing;
        let (is_entropy, is_greedy) = (u32::from(is_entropy), u32::from(is_greedy));
        let (count, vocab, seed) = (count as u32, vocab as u32, call.draw.seed);
        macro_rules! launch {
            ($logits:expr) => {{
                let logits = $logits.slice(span);
                let mut launch = function.builder();
                launch.arg(&logits).arg(&words);
                match &self.prior {
                    Some(prior) => launch.arg(&prior.base).arg(&prior.group).arg(&prior.positive).arg(&shifts),
                    None => launch.arg(&NULL).arg(&NULL).arg(&NULL).arg(&NULL),
                };
                launch.arg(&row_numbers).arg(&steps).arg(&mut out).arg(&count).arg(&vocab);
                launch.arg(&is_entropy).arg(&is_greedy).arg(&model).arg(&factor);
                launch.arg(&scale).arg(&seed);
                // SAFETY: these are the kernel's arguments, and all of them have `count` rows of `vocab` tokens: the call has
                // been checked, the prior's table is that of the sampler's vocabulary.
                #[allow(unsafe_code)]
                unsafe { launch.launch(grid) }.w()?;
            }};
        }
        match &logits.slice {
            CudaStorageSlice::F32(logits) => launch!(logits),
            CudaStorageSlice::F16(logits) => launch!(logits),
            CudaStorageSlice::BF16(logits) => launch!(logits),
            _ => return Err(candle_core::Error::UnsupportedDTypeForOp(logits.dtype(), "sample").bt()),
        }
        // What a step waits for.
        device.clone_dtoh(&out)
    }
}
