//! Fillings at random.

use std::collections::HashSet;
use std::sync::Arc;

use pyprior_core::{Matcher, Prior, PriorConfig, PriorError, UniformSampler};
use thiserror::Error;

use crate::filling::Filling;
use crate::interrupt::Interruption;
use crate::matcher::{SketchMatcher, SketchTokenError};
use crate::sketch::{FillError, Sketch};

/// Chooses among legal tokens: uniformly, by the prior, or as a model would have it.
pub trait Chooser {
    /// One of `legal`, which is not empty, for step `step` of try `row`; `matcher` is the core's.
    ///
    /// What is not one of them counts as the first. A choice should hang on nothing else, so that samples can be made again.
    fn choose(&mut self, matcher: &Matcher, legal: &[u32], row: u64, step: u32) -> u32;
}

impl<C: Chooser + ?Sized> Chooser for Box<C> {
    fn choose(&mut self, matcher: &Matcher, legal: &[u32], row: u64, step: u32) -> u32 {
        (**self).choose(matcher, legal, row, step)
    }
}

/// Every legal token alike.
#[derive(Debug, Clone, Copy)]
pub struct Uniform(UniformSampler);

impl Uniform {
    /// The chooser of a seed.
    pub fn new(seed: u64) -> Self {
        Self(UniformSampler::new(seed))
    }
}

impl Chooser for Uniform {
    fn choose(&mut self, _: &Matcher, legal: &[u32], row: u64, step: u32) -> u32 {
        legal.get(self.0.index(row, step, legal.len() as u32) as usize).copied().unwrap_or_default()
    }
}

/// By the weights of the symbolic prior among the legal tokens.
#[derive(Debug, Clone)]
pub struct ByPrior {
    prior: Prior,
    sampler: UniformSampler,
    sums: Vec<f64>,
}

impl ByPrior {
    /// The chooser of a seed.
    ///
    /// # Errors
    ///
    /// [`PriorError`] if the configuration is out of range.
    pub fn new(sketch: &Sketch, config: PriorConfig, seed: u64) -> Result<Self, PriorError> {
        let prior = Prior::new(sketch.language().vocab(), config)?;
        Ok(Self { prior, sampler: UniformSampler::new(seed), sums: Vec::new() })
    }
}

impl Chooser for ByPrior {
    fn choose(&mut self, matcher: &Matcher, legal: &[u32], row: u64, step: u32) -> u32 {
        let (expr_depth, control_depth) =
            matcher.frontier().map_or((0, 0), |frontier| (frontier.expr_depth, frontier.control_depth));
        let vocab = matcher.language().vocab();
        let mut total = 0.0;
        self.sums.clear();
        for &token in legal {
            let form = vocab.form(token);
            // Under one of the two ways to divide, a form's weight is divided among its legal tokens.
            let alike = legal.iter().filter(|other| vocab.form(**other) == form).count() as u32;
            total += self.prior.weight(token, alike, expr_depth, control_depth);
            self.sums.push(total);
        }
        // 31 bits are as fine as weights need; no rounding brings the draw to the total.
        let draw = f64::from(self.sampler.index(row, step, 1 << 31)) / f64::from(1_u32 << 31);
        if total <= 0.0 {
            return legal.get(self.sampler.index(row, step, legal.len() as u32) as usize).copied().unwrap_or_default();
        }
        let nth = self.sums.partition_point(|&sum| sum <= draw * total);
        legal.get(nth).or(legal.last()).copied().unwrap_or_default()
    }
}

/// Why there is no sample.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SampleError {
    /// As many tries in a row as are allowed did not behave as the sketch asks for.
    #[error("{tries} tries in a row do not behave as the sketch asks for{}", if *distinct { ", or were there before" } else { "" })]
    Tries {
        /// The limit.
        tries: u64,
        /// Whether none may come twice.
        distinct: bool,
    },
    /// Running candidates took as many steps as it may.
    #[error("{steps} steps of running candidates have been taken, and none of them behaves as the sketch asks for{}", if *distinct { " and is new" } else { "" })]
    Steps {
        /// The limit.
        steps: u64,
        /// Whether none may come twice.
        distinct: bool,
    },
    /// Somebody [wanted](Sampler::interrupt) it to end.
    #[error("the sampling was interrupted")]
    Interrupted,
    /// The decoder refuses a token that the sketch allows: a mistake of this crate, or the work limit.
    #[error(transparent)]
    Token(#[from] SketchTokenError),
    /// The sketch cannot be filled, or nobody knows.
    #[error(transparent)]
    Fill(#[from] FillError),
}

/// Tries for one filling unless told otherwise.
pub const DEFAULT_TRIES: u64 = 100_000;

/// Steps of running candidates for one filling unless told otherwise: seconds.
pub const DEFAULT_STEPS: u64 = 1_000_000_000;

/// Samples fillings: token by token among the legal ones; a try that behaves otherwise than the sketch asks for is
/// given up as soon as that is known, and another is begun. The stream of a seed is always the same.
///
/// ```
/// use pyprior_sketch::{Sampler, Sketch, Uniform};
///
/// let sketch = Sketch::parse("def f(n):\n    return E\nprint(f(6))\n---\nE in expr(depth<=1)\nuses(n)\nf(2) == 4")?;
/// let mut sampler = Sampler::new(&sketch, Uniform::new(1))?;
/// let filling = sampler.sample()?;
/// let result = filling.source().lines().nth(1).unwrap().trim().to_owned();
/// assert!(["return n + 2", "return 2 + n", "return n * 2", "return 2 * n", "return n + n", "return n * n"].contains(&&*result));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sampler<C> {
    /// Where every try begins: behind the tokens that are the same in all.
    start: SketchMatcher,
    row: SketchMatcher,
    chooser: C,
    tries: u64,
    limit: u64,
    steps: u64,
    legal: Vec<u32>,
    /// Fillings so far, if none may come twice.
    seen: Option<HashSet<Box<[u32]>>>,
    interruption: Interruption,
}

impl<C: Chooser> Sampler<C> {
    /// A sampler of a sketch.
    ///
    /// # Errors
    ///
    /// [`FillError`] if the sketch cannot be filled, or the work limit was reached before that was known.
    pub fn new(sketch: &Arc<Sketch>, chooser: C) -> Result<Self, FillError> {
        let mut start = SketchMatcher::new(sketch)?;
        let mut legal = Vec::new();
        while !start.is_terminated() {
            start.legal_tokens_into(&mut legal)?;
            let &[token] = legal.as_slice() else { break };
            // What goes wrong here goes wrong in every try.
            if start.take(token).is_err() {
                break;
            }
        }
        Ok(Self {
            row: start.clone(),
            start,
            chooser,
            tries: 0,
            limit: DEFAULT_TRIES,
            steps: DEFAULT_STEPS,
            legal,
            seen: None,
            interruption: Interruption::default(),
        })
    }

    /// The same with a limit of one's own to the tries for one filling.
    #[must_use]
    pub fn with_tries(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// The same with a limit of one's own to the steps of running candidates for one filling.
    #[must_use]
    pub fn with_steps(mut self, limit: u64) -> Self {
        self.steps = limit;
        self
    }

    /// The same without any filling a second time: one that was there counts as a try that fails. Takes memory for each.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.seen = Some(HashSet::new());
        self
    }

    /// The same, which ends when this says so. It is asked at every token; what a token asks about the sketch is not interrupted.
    #[must_use]
    pub fn interrupt(mut self, enough: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.interruption = Interruption::new(enough);
        self
    }

    /// Tries so far.
    pub fn tries(&self) -> u64 {
        self.tries
    }

    /// The next filling.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if too many tries fail, or at a limit of work or steps.
    pub fn sample(&mut self) -> Result<Filling, SampleError> {
        let mut left = self.steps;
        for _ in 0..self.limit {
            let number = self.tries;
            self.tries += 1;
            self.row.clone_from(&self.start);
            while !self.row.is_terminated() && !self.row.is_violated() {
                if self.interruption.is_wanted() {
                    return Err(SampleError::Interrupted);
                }
                let token = match self.row.only_token()? {
                    Some(token) => token,
                    None => self.choose(number)?,
                };
                self.row.take(token)?;
            }
            let taken = self.row.steps() - self.start.steps();
            let tokens = self.row.tokens();
            if !self.row.is_violated() && self.seen.as_mut().is_none_or(|seen| seen.insert(tokens.into())) {
                return Ok(Filling::new(self.row.clone()));
            }
            let distinct = self.seen.is_some();
            left = left.checked_sub(taken).ok_or(SampleError::Steps { steps: self.steps, distinct })?;
        }
        Err(SampleError::Tries { tries: self.limit, distinct: self.seen.is_some() })
    }

    /// One of the legal tokens.
    fn choose(&mut self, number: u64) -> Result<u32, FillError> {
        self.row.legal_tokens_into(&mut self.legal)?;
        Ok(match self.legal.as_slice() {
            &[token] => token,
            legal => {
                let step = self.row.tokens().len() as u32;
                let token = self.chooser.choose(self.row.matcher(), legal, number, step);
                if legal.contains(&token) { token } else { legal.first().copied().unwrap_or_default() }
            }
        })
    }
}
