//! The loop: a model's logits, masked and drawn from, for many programs at once.
//!
//! Every row of the batch is a program at its own position, with a slot of the model's cache. A row that finishes hands
//! its slot to the next program while the others go on. Each step: the model sees what is new in every row; while
//! a device works on that, the legal sets are filled; then a token is drawn for every row, and followed in its matcher.
//! A token that is the only legal one is taken at once, and the model sees it together with the next one that is drawn.
//!
//! What a program becomes depends on its number, the seed, the prompt and the model's logits, not on the rows beside
//! it: its random numbers are those of its number and position. On one machine the CPU's logits have the same bits in every
//! batch, with the cache or without, so programs are the same too. Processors with and without fused multiplication, and
//! other devices, give logits that differ in their last bits: programs can then differ where two tokens score alike to
//! within rounding.
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::sync::atomic::AtomicBool;
//!
//! use candle_core::Device;
//! use pyprior_candle::{Budget, GenerateConfig, Generator, RandomModel};
//! use pyprior_core::{Language, LanguageConfig, Renderer};
//!
//! let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
//! let model = RandomModel::new(1, language.vocab().len(), Device::Cpu);
//! let mut generator = Generator::new(&model, &language, &[], GenerateConfig { rows: 8, ..GenerateConfig::default() })?;
//! let mut renderer = Renderer::new(&language);
//! let budget = Budget { programs: Some(20), ..Budget::default() };
//! let stats = generator.run(0, &budget, &AtomicBool::new(false), &mut |program| {
//!     println!("{}\n", renderer.render(program.tokens).unwrap_or_default());
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(stats.programs, 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blocks;
mod budget;
mod error;
mod prompt;
mod row;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pyprior_core::{Frontier, Language, Matcher, Prior, PriorConfig, TokenBitmask, TruncationConfig};

pub use self::blocks::{Block, BlockConfig, Blocks, BlocksError};
pub use self::budget::{Budget, Stats};
pub use self::error::GenerateError;
pub use self::prompt::Prompt;
use self::prompt::Start;
use self::row::Row;
use crate::batch::Batch;
use crate::bitmask::BitmaskTensor;
use crate::cache::KvCache;
use crate::model::CausalModel;
use crate::sample::{Draw, PriorRows, SampleError, Sampled, TensorSampler};

/// Alternatives of a prompt that are weighed side by side at most.
const WEIGHED: usize = 64;

/// How to generate.
#[derive(Debug, Clone)]
pub struct GenerateConfig {
    /// Seed of the random numbers.
    pub seed: u64,
    /// Programs at a time: rows of the batch and slots of the cache.
    pub rows: usize,
    /// The symbolic prior with its apply mode; none for the model's logits as they are.
    pub prior: Option<PriorConfig>,
    /// Temperature and filters.
    pub truncation: TruncationConfig,
}

impl Default for GenerateConfig {
    /// 64 rows, seed 0, no prior, temperature 1.
    fn default() -> Self {
        Self { seed: 0, rows: 64, prior: None, truncation: TruncationConfig::default() }
    }
}

/// A finished program.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Generated<'a> {
    /// Its number: programs are numbered in the order in which they are begun, and finish in any order.
    pub number: u64,
    /// Its tokens, the prompt included.
    pub tokens: &'a [u32],
    /// Tokens of the prompt.
    pub prompt: usize,
    /// Tokens that were drawn: those behind the prompt that were not the only legal ones.
    pub drawn: u32,
    /// Natural logarithm of the probability with which they were drawn, all together.
    pub log_probability: f64,
    /// Sum of the entropies that they were drawn from, in nats.
    pub entropy: f64,
}

/// What is told of every step.
type StepHook<'m> = Box<dyn FnMut(&Stats) + 'm>;

/// Generates programs of a language with a model.
pub struct Generator<'m> {
    model: &'m dyn CausalModel,
    language: Arc<Language>,
    starts: Vec<Start>,
    /// Where alternatives are weighed.
    weighing: Option<KvCache>,
    greedy: bool,
    on_step: Option<StepHook<'m>>,
    bos: u32,
    prior: Option<Prior>,
    sampler: TensorSampler,
    seed: u64,
    slots: usize,
    cache: KvCache,
}

impl std::fmt::Debug for Generator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator").field("slots", &self.slots).field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl<'m> Generator<'m> {
    /// A generator. Program number i starts with prompt i modulo their number; without prompts, with nothing. All of
    /// the cache's memory is taken here: `rows` slots of `max_len` + 1 positions, and as many as a prompt has
    /// alternatives, if one has several (64 at most).
    ///
    /// # Errors
    ///
    /// [`GenerateError`] if there is no row, if programs may be longer than the model takes, if it has no logits for
    /// some tokens, if a prompt is no start of a program, if settings are out of range, or if there is no memory.
    pub fn new(
        model: &'m dyn CausalModel,
        language: &Arc<Language>,
        prompts: &[Prompt],
        config: GenerateConfig,
    ) -> Result<Self, GenerateError> {
        let vocab = language.vocab();
        if config.rows == 0 {
            return Err(GenerateError::NoRows);
        }
        if model.vocab_size() < vocab.len() {
            return Err(GenerateError::Vocab { vocab: vocab.len(), model: model.vocab_size() });
        }
        let most = model.max_positions().saturating_sub(1);
        let max_len = language.config().max_len.ok_or(GenerateError::NoMaxLen { most })?;
        if max_len as usize > most {
            return Err(GenerateError::TooLong { max_len, most });
        }
        let prior = config.prior.map(|prior| Prior::new(vocab, prior)).transpose()?;
        let sampler = TensorSampler::new(vocab.len(), prior.clone(), config.truncation);
        let sampler = sampler.map_err(GenerateError::Sampling)?;
        let prior = prior.filter(|_| sampler.needs_prior_rows());
        let capacity = max_len as usize + 1;
        let cache = model.new_cache(config.rows, capacity)?;
        // Every vocabulary has it; a model without use for it gets what comes first.
        let bos = vocab.id_of("BOS").unwrap_or(0);
        let nothing = [Prompt::from(Vec::new())];
        let prompts = if prompts.is_empty() { &nothing } else { prompts };
        let starts = prompts.iter().enumerate().map(|prompt| Start::new(language, prompt));
        let starts = starts.collect::<Result<Vec<_>, _>>()?;
        let most = starts.iter().map(Start::alternatives).max().unwrap_or(1);
        let weighing = (most > 1).then(|| model.new_cache(most.min(WEIGHED), capacity)).transpose()?;
        let greedy = config.truncation.temperature == 0.0;
        let (language, seed, slots) = (Arc::clone(language), config.seed, config.rows);
        Ok(Self { model, language, starts, weighing, greedy, on_step: None, bos, prior, sampler, seed, slots, cache })
    }

    /// Has `hook` called once a step with what the run has taken so far: for progress.
    pub fn on_step(&mut self, hook: impl FnMut(&Stats) + 'm) {
        self.on_step = Some(Box::new(hook));
    }

    /// Generates programs from number `first` on until the budget is used up, `each` breaks, or `cancel` is set, which
    /// is looked at once a step. `each` gets every finished program. Programs that are unfinished at the end are
    /// dropped, and those that finish in the step in which `each` breaks, behind that one.
    ///
    /// If all prompts are whole programs, a budget of tokens alone is never used up: each prompt is then taken once.
    ///
    /// # Errors
    ///
    /// [`GenerateError`] if the model fails or its logits cannot be drawn from.
    pub fn run(
        &mut self,
        first: u64,
        budget: &Budget,
        cancel: &AtomicBool,
        each: &mut dyn FnMut(Generated<'_>) -> ControlFlow<()>,
    ) -> Result<Stats, GenerateError> {
        let start = Instant::now();
        let no_end = budget.tokens.is_some() && self.starts.iter().all(Start::is_whole);
        let once = no_end.then_some(self.starts.len() as u64);
        let end = budget.programs.or(once).map_or(u64::MAX, |programs| first.saturating_add(programs));
        let mut run =
            Run { next: first..end, rows: Vec::with_capacity(self.slots), free: Vec::new(), stats: Stats::default() };
        run.free.extend((0..self.slots).rev().map(|slot| (Matcher::new(&self.language), slot)));
        let mut step = Step::new(&self.language);
        let mut go_on = ControlFlow::Continue(());
        while go_on.is_continue() {
            self.refill(&mut run)?;
            go_on = run.hand_out(each);
            run.stats.total = start.elapsed();
            if let Some(hook) = &mut self.on_step {
                hook(&run.stats);
            }
            if go_on.is_break() || cancel.load(Ordering::Relaxed) || !budget.lasts(&run.stats) {
                break;
            }
            if run.rows.is_empty() {
                // Prompts may be whole programs; then others follow at once.
                match run.next.is_empty() {
                    true => break,
                    false => continue,
                }
            }
            self.step(&mut step, &mut run)?;
        }
        run.stats.total = start.elapsed();
        Ok(run.stats)
    }

    /// Begins programs in the slots that are free.
    fn refill(&mut self, run: &mut Run) -> Result<(), GenerateError> {
        while let Some(number) = (!run.free.is_empty()).then(|| run.next.next()).flatten() {
            let Some((matcher, slot)) = run.free.pop() else { break };
            self.cache.reset(slot)?;
            let prompt = (number % self.starts.len() as u64) as usize;
            let start = &mut self.starts[prompt];
            if let Some(cache) = self.weighing.as_mut().filter(|_| !start.is_weighed()) {
                start.weigh((self.model, cache), &self.language, (self.bos, self.greedy))?;
            }
            let row = Row::start(number, (matcher, slot), self.bos, start.of(self.seed, number));
            let row = row.map_err(|source| GenerateError::Prompt { prompt, source })?;
            run.count(row.pending.len() - 1 - row.prompt, 0);
            run.rows.push(row);
        }
        Ok(())
    }

    /// Draws a token for every row.
    fn step(&mut self, step: &mut Step, run: &mut Run) -> Result<(), GenerateError> {
        let started = Instant::now();
        let Step { batch, bitmask, prior_rows, frontiers, numbers, positions, sampled } = step;
        batch.clear();
        run.rows.iter().for_each(|row| batch.push(row.slot, &row.pending));
        let logits = self.model.forward(&mut self.cache, batch)?;
        let modelled = Instant::now();

        let vocab = self.language.vocab().len();
        if bitmask.rows() != run.rows.len() {
            *bitmask = TokenBitmask::new(run.rows.len(), vocab);
        }
        frontiers.clear();
        numbers.clear();
        positions.clear();
        for (nth, row) in run.rows.iter().enumerate() {
            row.matcher.fill_next_token_bitmask(bitmask, nth)?;
            frontiers.push(row.matcher.frontier());
            numbers.push(row.number);
            positions.push(row.matcher.tokens().len() as u32);
        }
        if let Some(prior) = &self.prior {
            prior_rows.fill(prior, frontiers, bitmask).map_err(GenerateError::Sampling)?;
        }
        let masked = Instant::now();

        let legal = BitmaskTensor::new(bitmask, self.model.device()).map_err(GenerateError::Sampling)?;
        let logits = match logits.dims2() {
            Ok((_, width)) if width > vocab => logits.narrow(1, 0, vocab).and_then(|logits| logits.contiguous()),
            _ => Ok(logits),
        };
        let logits = logits.map_err(crate::error::Error::Candle)?;
        let draw = Draw { seed: self.seed, rows: numbers, steps: positions };
        let drawn = self.sampler.sample(&logits, &legal, self.prior.is_some().then_some(&*prior_rows), draw, sampled);
        drawn.map_err(|source| match row_of(&source).and_then(|row| run.rows.get(row)) {
            Some(row) => GenerateError::Sample { program: row.number, position: row.matcher.tokens().len(), source },
            None => GenerateError::Sampling(source),
        })?;
        let chosen = Instant::now();

        for (nth, row) in run.rows.iter_mut().enumerate() {
            row.take(sampled.tokens[nth]).map_err(|source| GenerateError::Illegal { program: row.number, source })?;
            row.drawn += 1;
            row.log_probability += f64::from(sampled.log_probabilities[nth]);
            row.entropy += f64::from(sampled.entropies[nth]);
        }
        let forced = run.rows.iter().map(|row| row.pending.len() - 1).sum();
        run.count(forced, run.rows.len());
        run.stats.steps += 1;
        run.stats.model += modelled - started;
        run.stats.mask += (masked - modelled) + chosen.elapsed();
        run.stats.sample += chosen - masked;
        Ok(())
    }
}

/// Programs on their way.
struct Run {
    next: std::ops::Range<u64>,
    rows: Vec<Row>,
    /// Slots of the cache that no row has, each with a matcher to be used again.
    free: Vec<(Matcher, usize)>,
    stats: Stats,
}

impl Run {
    fn count(&mut self, forced: usize, drawn: usize) {
        self.stats.forced += forced as u64;
        self.stats.tokens += (forced + drawn) as u64;
    }

    /// Hands out the programs that are finished, and frees their slots.
    fn hand_out(&mut self, each: &mut dyn FnMut(Generated<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut nth = 0;
        while let Some(row) = self.rows.get(nth) {
            if !row.matcher.is_terminated() {
                nth += 1;
                continue;
            }
            let row = self.rows.remove(nth);
            self.stats.programs += 1;
            let program = Generated {
                number: row.number,
                tokens: row.matcher.tokens(),
                prompt: row.prompt,
                drawn: row.drawn,
                log_probability: row.log_probability,
                entropy: row.entropy,
            };
            let go_on = each(program);
            self.free.push((row.matcher, row.slot));
            go_on?;
        }
        ControlFlow::Continue(())
    }
}

/// The row that cannot be drawn from, if it is a single one.
fn row_of(error: &SampleError) -> Option<usize> {
    match error {
        SampleError::Empty { row } | SampleError::Nan { row, .. } => Some(*row),
        _ => None,
    }
}

/// What a step works with, kept from one to the next.
struct Step {
    batch: Batch,
    bitmask: TokenBitmask,
    prior_rows: PriorRows,
    frontiers: Vec<Option<Frontier>>,
    numbers: Vec<u64>,
    positions: Vec<u32>,
    sampled: Sampled,
}

impl Step {
    fn new(language: &Language) -> Self {
        Self {
            batch: Batch::new(),
            bitmask: TokenBitmask::new(0, language.vocab().len()),
            prior_rows: PriorRows::default(),
            frontiers: Vec::new(),
            numbers: Vec::new(),
            positions: Vec::new(),
            sampled: Sampled::default(),
        }
    }
}
