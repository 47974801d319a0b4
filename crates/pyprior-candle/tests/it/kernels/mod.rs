//! The kernels against the operations in Rust: emulated on the host and, with feature `cuda`, on a device.

#[cfg(feature = "cuda")]
mod device;
mod draws;
mod masks;
mod words;

use candle_core::{DType, Tensor};
use pyprior_candle::sample::arrays::{PriorTable, mixing};
use pyprior_candle::{Draw, Sampled};
use pyprior_core::{Prior, TokenBitmask, TruncationConfig};
use pyprior_kernels::Refused;
use pyprior_kernels::emulation::{Logits, PriorArrays, Sample, Schedule, sample};

use super::tensors::batch::Batch;

pub(super) const SCHEDULES: [Schedule; 3] = [Schedule::InOrder, Schedule::Reversed, Schedule::Shuffled(7)];

/// What runs the kernels.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// The host, in one thread.
    Emulated(Schedule),
    /// A GPU.
    #[cfg(feature = "cuda")]
    Device(candle_core::Device),
}

/// Why a row has no token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NoToken {
    pub(super) row: usize,
    pub(super) refused: Refused,
}

impl Subject {
    /// Draws a token for each row of a batch.
    pub(super) fn draw(
        &self,
        batch: &Batch,
        has_prior: bool,
        truncation: TruncationConfig,
        draw: Draw<'_>,
    ) -> Result<Sampled, NoToken> {
        match self {
            Self::Emulated(schedule) => emulated(batch, has_prior, truncation, draw, *schedule),
            #[cfg(feature = "cuda")]
            Self::Device(device) => device::draw(device, batch, has_prior, truncation, draw),
        }
    }
}

/// The bits of a tensor of half precision.
pub(super) fn bits(tensor: &Tensor) -> Vec<u16> {
    let flat = tensor.flatten_all().unwrap();
    match tensor.dtype() {
        DType::F16 => flat.to_vec1::<half::f16>().unwrap().iter().map(|x| x.to_bits()).collect(),
        _ => flat.to_vec1::<half::bf16>().unwrap().iter().map(|x| x.to_bits()).collect(),
    }
}

fn emulated(
    batch: &Batch,
    has_prior: bool,
    truncation: TruncationConfig,
    draw: Draw<'_>,
    schedule: Schedule,
) -> Result<Sampled, NoToken> {
    let prior = Some(&batch.prior).filter(|prior| has_prior && says(prior));
    let table = prior.map(PriorTable::new);
    let arrays = table.as_ref().map(|table| PriorArrays {
        base: &table.base,
        group: &table.group,
        positive: &table.positive,
        shifts: batch.rows.shifts(),
    });
    let (singles, halves) = match batch.tensor.dtype() {
        DType::F32 => (batch.tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap(), Vec::new()),
        _ => (Vec::new(), bits(&batch.tensor)),
    };
    let logits = match batch.tensor.dtype() {
        DType::F32 => Logits::F32(&singles),
        DType::F16 => Logits::F16(&halves),
        _ => Logits::Bf16(&halves),
    };
    let call = Sample {
        logits,
        vocab: batch.bitmask.vocab(),
        words: batch.bitmask.data(),
        prior: arrays,
        row_numbers: draw.rows,
        steps: draw.steps,
        mixing: mixing(prior, truncation.temperature),
        seed: draw.seed,
    };
    let mut sampled = Sampled::default();
    for (row, words) in sample(&call, schedule).unwrap().into_iter().enumerate() {
        let drawn = pyprior_kernels::Sampled::read(words).map_err(|refused| NoToken { row, refused })?;
        sampled.tokens.push(drawn.token);
        sampled.log_probabilities.push(drawn.log_probability);
        sampled.entropies.push(drawn.entropy);
        sampled.legal_counts.push(drawn.legal);
    }
    Ok(sampled)
}

fn says(prior: &Prior) -> bool {
    prior.mode() != pyprior_core::ApplyMode::Off
}

/// Words of a bitmask in which about one token in `rarity` is legal, none if that is 0, and row 0 has all.
pub(super) fn bitmask(random: &mut super::tensors::Random, rows: usize, vocab: usize, rarity: u64) -> TokenBitmask {
    let mut bitmask = TokenBitmask::new(rows, vocab);
    let words = bitmask.words();
    for row in 0..rows {
        for token in 0..vocab {
            if row == 0 || rarity > 0 && random.one_in(rarity) {
                bitmask.data_mut()[row * words + token / 32] |= 1 << (token % 32);
            }
        }
    }
    bitmask
}
