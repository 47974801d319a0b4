//! Tokens drawn from a model's logits where they are: mask, symbolic prior, temperature, filters and choice in one
//! operation.
//!
//! ```text
//! prior.rs      PriorRows: what the prior needs of a row, as plain numbers
//! arrays.rs     the prior's table, and how it is put together with a model, as kernels take them
//! cpu.rs        the CPU: one pass a row, rayon over rows
//! fused.rs      CUDA devices: one kernel
//! composed.rs   any other device, and calls with filters: candle's operations
//! cut.rs        top-k, top-p and min-p by those
//! ```
//!
//! # What is computed
//!
//! For a row with logits m, legal tokens L and prior logits p (up to a number that is the same for all tokens):
//!
//! 1. C, the tokens in question: those of L whose prior weight is not 0; L if there is none such, where all then
//!    weigh 1, or if the prior has no say.
//! 2. x = m (mode off), m + a p (additive), (1 - a) m + a p (fixed), (1 - l) m + l p (entropy), with a = alpha and
//!    l = H / ln(max(2, |C|)) within 0 and 1, H the entropy of softmax(m) over C.
//! 3. x / temperature, then top-k, top-p and min-p, each over what the one before has left: K.
//! 4. The token of K at which x + Gumbel noise is largest, the lowest id of equals. Its log-probability and the
//!    entropy are those of softmax(x) over K, in nats: of the distribution that is drawn from.
//!
//! Temperature 0 is greedy: the lowest id of those at which x is largest, with probability 1, hence log-probability
//! and entropy 0. A row with a single legal token has these too, whatever the model says. The number of legal tokens
//! is |L|. Logits outside C are not looked at. Positive infinity counts as the largest finite number of the type,
//! negative infinity as the least; if all of C is at negative infinity, m counts as 0. NaN in C is an error.
//!
//! # Randomness
//!
//! The noise of token t of a row is -ln(-ln((w + ½) 2⁻³²)), where w is word (t mod 32) / 8 of the Philox4x32-10 block
//! with key `[seed low, seed high]` and counter `[row low, row high, step, 3·2³⁰ + 8 (t / 32) + t mod 8]`: the same
//! integers on every device, for any batch, any order of rows and any number of threads. Devices round differently: they choose the
//! same token save where the two best of x + noise are within rounding.
//!
//! # On a CUDA device
//!
//! With feature `cuda`, calls without top-k, top-p and min-p are one kernel of `pyprior-kernels`, which reads the logits
//! once ([`pyprior_kernels::sample`] lists its arguments). The words of the bitmask are copied to the device, and one
//! piece of memory with the numbers of the rows; what comes back is 16 bytes a row, the only copy that waits. Depth damping
//! and the division among legal tokens are in the shifts of [`PriorRows`]: what depends on a hole is 17 numbers a row,
//! written by the host while the forward pass runs. The kernel computes in `f32`, in pairs of them where logits are added, and
//! in `f64` the entropy that mode entropy weighs by: results are within 1e-6 of the CPU's, relative to themselves.
//!
//! Candle's stream of a device is one for each thread of the host: a sampler, its bitmasks and its logits are used from one
//! thread, or `device.synchronize()` stands between two.

pub mod arrays;
mod composed;
mod cpu;
mod cut;
#[cfg(feature = "cuda")]
mod fused;
mod prior;

use candle_core::{Device, Tensor};
use pyprior_core::{ApplyMode, GumbelSampler, Prior, Truncation, TruncationConfig};

use crate::bitmask::BitmaskTensor;
use composed::Composed;
use cpu::Pass;

pub use crate::sample_error::SampleError;
pub use prior::PriorRows;

/// What the random numbers of a step depend on.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The seed of the run.
    pub seed: u64,
    /// Number of the program in each row.
    pub rows: &'a [u64],
    /// Step of each row: the number of its tokens so far.
    pub steps: &'a [u32],
}

/// Tokens of the rows of a batch, and what they were drawn from ([module](self)).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampled {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// Natural logarithms of the probabilities with which they were drawn; at most 0.
    pub log_probabilities: Vec<f32>,
    /// Entropies, in nats, of the distributions that they were drawn from.
    pub entropies: Vec<f32>,
    /// Numbers of legal tokens.
    pub legal_counts: Vec<u32>,
}

/// Draws a token for every row of a batch. Holds the memory that this takes: on the CPU nothing is allocated once
/// batches have been as large.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use pyprior_candle::{BitmaskTensor, Draw, PriorRows, Sampled, TensorSampler};
/// use pyprior_core::{BatchMatcher, Language, LanguageConfig, Prior, PriorConfig, TokenBitmask, TruncationConfig};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let (rows, vocab) = (4, language.vocab().len());
/// let prior = Prior::new(language.vocab(), PriorConfig::default())?;
/// let mut sampler = TensorSampler::new(vocab, Some(prior.clone()), TruncationConfig::default())?;
/// let mut batch = BatchMatcher::new(&language, rows);
/// let (mut bitmask, mut prior_rows, mut sampled) = (TokenBitmask::new(rows, vocab), PriorRows::default(), Sampled::default());
/// for step in 0..30 {
///     let logits = Tensor::zeros((rows, vocab), candle_core::DType::F32, &Device::Cpu)?; // a model's stand here
///     batch.fill_next_token_bitmask(&mut bitmask)?;
///     let frontiers = (0..rows).map(|row| batch.frontier(row)).collect::<Result<Vec<_>, _>>()?;
///     prior_rows.fill(&prior, &frontiers, &bitmask)?;
///     let legal = BitmaskTensor::new(&bitmask, &Device::Cpu)?;
///     let draw = Draw { seed: 7, rows: &[0, 1, 2, 3], steps: &[step; 4] };
///     sampler.sample(&logits, &legal, Some(&prior_rows), draw, &mut sampled)?;
///     batch.accept_tokens(&sampled.tokens)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TensorSampler {
    vocab: usize,
    prior: Option<Prior>,
    truncation: Truncation,
    pass: Pass,
    /// What the composed operations keep on their device, made when first needed.
    composed: Option<Composed>,
    /// What the kernel keeps there.
    #[cfg(feature = "cuda")]
    fused: Option<fused::Fused>,
    always_composed: bool,
}

/// The arguments of one call, checked.
struct Call<'a> {
    logits: &'a Tensor,
    bitmask: &'a BitmaskTensor,
    /// Where the prior has a say.
    prior: Option<(&'a Prior, &'a PriorRows)>,
    sampler: GumbelSampler,
    draw: Draw<'a>,
}

impl TensorSampler {
    /// A sampler for `vocab` tokens. The prior brings mode and alpha; without one the mode is off.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if temperature or filters are out of range, if the prior is for another vocabulary, or if
    /// there are more than 2²⁴ tokens.
    pub fn new(vocab: usize, prior: Option<Prior>, truncation: TruncationConfig) -> Result<Self, SampleError> {
        if vocab > 1 << 24 {
            return Err(SampleError::VocabTooLarge { vocab });
        }
        if let Some(prior) = prior.as_ref().filter(|prior| prior.vocab_len() != vocab) {
            return Err(SampleError::Vocab { found: vocab, expected: prior.vocab_len() });
        }
        let prior = prior.filter(|prior| prior.mode() != ApplyMode::Off);
        let truncation = Truncation::new(truncation)?;
        Ok(Self {
            vocab,
            prior,
            truncation,
            pass: Pass::default(),
            composed: None,
            #[cfg(feature = "cuda")]
            fused: None,
            always_composed: false,
        })
    }

    /// The same sampler, which uses composed operations on every device: to compare them with the others.
    #[must_use]
    pub fn always_composed(mut self) -> Self {
        self.always_composed = true;
        self
    }

    /// Whether [`sample`](Self::sample) needs [`PriorRows`].
    pub fn needs_prior_rows(&self) -> bool {
        self.prior.is_some()
    }

    /// Draws a token for each row of `[rows, vocab]` logits (`f32`, `f16` or `bf16`, contiguous, on the bitmask's
    /// device) into `out`, whose vectors get one number a row.
    ///
    /// `prior_rows` are those of the same bitmask; where the prior has no say they may be missing.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if shapes, types or devices do not fit, if no token is legal in a row, or if a logit that
    /// counts is NaN; `out` is as it was.
    pub fn sample(
        &mut self,
        logits: &Tensor,
        bitmask: &BitmaskTensor,
        prior_rows: Option<&PriorRows>,
        draw: Draw<'_>,
        out: &mut Sampled,
    ) -> Result<(), SampleError> {
        let rows = bitmask.rows();
        bitmask.check(logits)?;
        if bitmask.vocab() != self.vocab {
            return Err(SampleError::Vocab { found: bitmask.vocab(), expected: self.vocab });
        }
        let count = |what, found| if found == rows { Ok(()) } else { Err(SampleError::Count { what, found, rows }) };
        count("row numbers", draw.rows.len())?;
        count("steps", draw.steps.len())?;
        if let Some(row) = bitmask.counts().iter().position(|&count| count == 0) {
            return Err(SampleError::Empty { row });
        }
        let prior = match (&self.prior, prior_rows) {
            (None, _) => None,
            (Some(prior), Some(prior_rows)) => Some((prior, prior_rows)),
            (Some(_), None) => return Err(SampleError::Count { what: "rows of the prior", found: 0, rows }),
        };
        if let Some((_, prior_rows)) = prior {
            count("rows of the prior", prior_rows.shifts().len())?;
        }
        let sampler = GumbelSampler::new(self.truncation, draw.seed);
        let call = Call { logits, bitmask, prior, sampler, draw };
        match logits.device() {
            Device::Cpu if !self.always_composed => self.pass.run(&call, out),
            #[cfg(feature = "cuda")]
            Device::Cuda(_) if !self.always_composed && !self.truncation.filters() => {
                fused::Fused::prepared(&mut self.fused, &call)?.run(&call, out)
            }
            _ => Composed::prepared(&mut self.composed, &call)?.run(&call, out),
        }
    }
}
