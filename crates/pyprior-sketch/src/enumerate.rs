//! All fillings in the order of their size.

use std::sync::Arc;

use pyprior_core::Language;

use crate::error::SketchError;
use crate::filling::Filling;
use crate::interrupt::Interruption;
use crate::matcher::{SketchMatcher, SketchTokenError};
use crate::sample::DEFAULT_STEPS;
use crate::sketch::{DEFAULT_MEMORY, DEFAULT_WORK, FillError, MAX_SIZE, Sketch, SketchSource};
use crate::tally::Tally;

/// Enumerates the fillings of a sketch: shorter programs before longer ones, those of one length by their token ids;
/// every one once. When it ends, there is no other.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig};
/// use pyprior_sketch::{Enumerator, SketchSource};
///
/// let source = SketchSource::parse("print(X * Y)\n---\nX, Y in 1..20\nX < Y\nprints == \"12\\n\"")?;
/// let language = Language::new(LanguageConfig::default())?;
/// let fillings = Enumerator::new(&language, &source)?.map(|found| found.unwrap().source()).collect::<Vec<_>>();
/// assert_eq!(fillings, ["print(1 * 12)", "print(2 * 6)", "print(3 * 4)"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Enumerator {
    language: Arc<Language>,
    source: SketchSource,
    work: u64,
    memory: usize,
    /// Programs of the sizes under way, and the largest of them.
    sketch: Option<Arc<Sketch>>,
    cap: u32,
    size: u32,
    high: Option<u32>,
    /// Rows on the way, each with the tokens that are still to be tried, the next at the end.
    stack: Vec<(SketchMatcher, Vec<u32>)>,
    nodes: u64,
    node_limit: Option<u64>,
    step_limit: u64,
    interruption: Interruption,
    done: bool,
}

/// Why an enumeration has ended before it was complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnumerateError {
    /// The limit of tokens is reached.
    #[error("the limit of {limit} tokens is reached; there may be other fillings")]
    Nodes {
        /// The limit.
        limit: u64,
    },
    /// Running candidates took as many steps as it may since the last filling.
    #[error("{limit} steps of running candidates have been taken since the last filling; there may be others")]
    Steps {
        /// The limit.
        limit: u64,
    },
    /// A question about the sketch takes more work than allowed.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// Programs of more tokens than are counted.
    #[error("programs of more than {limit} tokens are not enumerated; there may be other fillings")]
    Size {
        /// The largest size.
        limit: u32,
    },
    /// Somebody [wanted](Enumerator::interrupt) it to end.
    #[error("the enumeration was interrupted; there may be other fillings")]
    Interrupted,
    /// The decoder refuses a token that the sketch allows: a mistake of this crate.
    #[error(transparent)]
    Token(#[from] SketchTokenError),
    /// The sketch cannot be compiled for its next sizes.
    #[error(transparent)]
    Sketch(#[from] SketchError),
}

/// The first sizes, where nothing bounds them.
const FIRST_CAP: u32 = 64;

impl Enumerator {
    /// The fillings of a sketch in a language.
    ///
    /// # Errors
    ///
    /// As [`Sketch::new`].
    pub fn new(language: &Arc<Language>, source: &SketchSource) -> Result<Self, SketchError> {
        let sketch = Sketch::sized(language, source, None, DEFAULT_WORK)?;
        let (low, high) = sketch.program.tokens;
        let done = high.is_some_and(|high| high < low);
        Ok(Self {
            language: Arc::clone(language),
            source: source.clone(),
            work: DEFAULT_WORK,
            memory: DEFAULT_MEMORY,
            sketch: None,
            cap: FIRST_CAP.max(low).min(high.unwrap_or(MAX_SIZE)).min(MAX_SIZE),
            size: low.max(1),
            high,
            stack: Vec::new(),
            nodes: 0,
            node_limit: None,
            step_limit: DEFAULT_STEPS,
            interruption: Interruption::default(),
            done,
        })
    }

    /// The same, which ends with an error after so many tokens, see [`Enumerator::nodes`].
    #[must_use]
    pub fn with_node_limit(mut self, limit: u64) -> Self {
        self.node_limit = Some(limit);
        self
    }

    /// The same with a limit of one's own to the work that a question about the sketch may take.
    #[must_use]
    pub fn with_work(mut self, work: u64) -> Self {
        self.work = work;
        self
    }

    /// The same with a limit of one's own to the steps of running candidates between two fillings.
    #[must_use]
    pub fn with_steps(mut self, limit: u64) -> Self {
        self.step_limit = limit;
        self
    }

    /// The same with a limit of one's own to the sizes that are compiled together at first.
    #[must_use]
    pub fn with_first_sizes(mut self, tokens: u32) -> Self {
        let least = tokens.max(self.size);
        self.cap = least.min(self.high.unwrap_or(MAX_SIZE)).min(MAX_SIZE);
        self
    }

    /// The same with a limit of one's own to the bytes of answers that are kept about the sketch.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The same, which ends when this says so. It is asked at every step; what a step asks about the sketch is not interrupted.
    #[must_use]
    pub fn interrupt(mut self, enough: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.interruption = Interruption::new(enough);
        self
    }

    /// Tokens that have been taken so far, those that led nowhere included.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Whether some program has more tokens than the sizes under way.
    fn is_more(&self) -> Result<bool, EnumerateError> {
        if self.high.is_some_and(|high| high <= self.cap) {
            return Ok(false);
        }
        let mut longer = self.source.clone();
        longer.at_least(self.cap + 1);
        let sketch = Sketch::sized(&self.language, &longer, None, self.work)?;
        Ok(sketch.can_be_filled()?)
    }

    /// A row of the next size that has programs.
    fn next_size(&mut self) -> Result<Option<SketchMatcher>, EnumerateError> {
        loop {
            while self.size > self.cap {
                if !self.is_more()? {
                    return Ok(None);
                }
                if self.cap >= MAX_SIZE {
                    return Err(EnumerateError::Size { limit: MAX_SIZE });
                }
                self.cap = (self.cap * 2).max(self.size).min(self.high.unwrap_or(MAX_SIZE)).min(MAX_SIZE);
                self.sketch = None;
            }
            let sketch = match &self.sketch {
                Some(sketch) => Arc::clone(sketch),
                None => {
                    let cap = self.cap as u16;
                    let sketch = Sketch::sized(&self.language, &self.source, Some(cap), self.work)?;
                    let sketch = Arc::new(sketch.with_memory(self.memory));
                    self.sketch = Some(Arc::clone(&sketch));
                    sketch
                }
            };
            // The counter of tokens, which is the first, has to end at the largest size.
            let mut tally = Tally::default();
            tally.0[0] = self.cap.saturating_sub(self.size) as u16;
            self.size += 1;
            match SketchMatcher::begin(&sketch, tally) {
                Ok(row) => return Ok(Some(row)),
                Err(FillError::NoFilling) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Filling>, EnumerateError> {
        let mut left = self.step_limit;
        loop {
            let Some((row, open)) = self.stack.last_mut() else {
                let Some(row) = self.next_size()? else { return Ok(None) };
                let open = descending(&row)?;
                self.stack.push((row, open));
                continue;
            };
            let Some(token) = open.pop() else {
                self.stack.pop();
                continue;
            };
            if let Some(limit) = self.node_limit.filter(|&limit| self.nodes >= limit) {
                return Err(EnumerateError::Nodes { limit });
            }
            if self.interruption.is_wanted() {
                return Err(EnumerateError::Interrupted);
            }
            self.nodes += 1;
            // The last way on needs no copy.
            let mut next = if open.is_empty() {
                match self.stack.pop() {
                    Some((row, _)) => row,
                    None => continue,
                }
            } else {
                row.clone()
            };
            let before = next.steps();
            next.take(token)?;
            let limit = self.step_limit;
            left = left.checked_sub(next.steps() - before).ok_or(EnumerateError::Steps { limit })?;
            if next.is_violated() {
                continue;
            }
            if next.is_terminated() {
                return Ok(Some(Filling::new(next)));
            }
            let open = descending(&next)?;
            self.stack.push((next, open));
        }
    }
}

/// The legal tokens, the first at the end.
fn descending(row: &SketchMatcher) -> Result<Vec<u32>, FillError> {
    let mut tokens = row.legal_tokens()?;
    tokens.reverse();
    Ok(tokens)
}

impl Iterator for Enumerator {
    type Item = Result<Filling, EnumerateError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.advance() {
            Ok(Some(filling)) => Some(Ok(filling)),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}
