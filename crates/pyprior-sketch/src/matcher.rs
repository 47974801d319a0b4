//! One row of a sketch: what the core's matcher is for the language.

use std::sync::Arc;

use pyprior_core::{BitmaskShapeError, Matcher, RollbackError, Symbol, TokenBitmask, TokenError};
use thiserror::Error;

use crate::behaviour::{self, Checked, Subject};
use crate::fill::Stop;
use crate::fill::row::{Asked, Legal, Row};
use crate::program::{Op, Reg};
use crate::sketch::{FillError, Sketch};
use crate::tally::Tally;

/// A token that cannot be taken. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SketchTokenError {
    /// The language forbids it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The sketch forbids it: no filling goes on with it.
    #[error("token {token} ({name}) at position {position}: no filling of the sketch goes on with it")]
    Sketch {
        /// The token.
        token: u32,
        /// Its name.
        name: String,
        /// Number of tokens before it.
        position: usize,
    },
    /// The work limit was reached before it was known.
    #[error(transparent)]
    Fill(#[from] FillError),
}

/// The decoder of one row of a sketch.
///
/// A token is legal if and only if a filling goes on with it that satisfies every constraint but those of behaviour,
/// which [`SketchMatcher::is_violated`] tells of as soon as it is known.
///
/// ```
/// use pyprior_sketch::{Sketch, SketchMatcher};
///
/// let sketch = Sketch::parse("print(X + Y)\n---\nX, Y in 1..9\nX + Y == 17")?;
/// let vocab = sketch.language().vocab().clone();
/// let mut matcher = SketchMatcher::new(&sketch)?;
/// for name in ["BLK_1", "PRINT", "ADD"] {
///     matcher.accept_token(vocab.id_of(name).unwrap())?;
/// }
/// let legal = matcher.legal_tokens()?;
/// assert_eq!(legal.iter().map(|&token| vocab.name(token).unwrap()).collect::<Vec<_>>(), ["INT_8", "INT_9"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SketchMatcher {
    sketch: Arc<Sketch>,
    matcher: Matcher,
    row: Row,
    start: Row,
    /// Tokens that bind what the sketch names: position and register.
    pub(crate) noted: Vec<(u32, Reg)>,
    checked: Checked,
}

impl SketchMatcher {
    /// A matcher before the first token.
    ///
    /// # Errors
    ///
    /// [`FillError`] if the sketch cannot be filled, or the work limit was reached before that was known.
    pub fn new(sketch: &Arc<Sketch>) -> Result<Self, FillError> {
        Self::begin(sketch, Tally::default())
    }

    pub(crate) fn begin(sketch: &Arc<Sketch>, tally: Tally) -> Result<Self, FillError> {
        let row = sketch.row(tally)?;
        Ok(Self {
            sketch: Arc::clone(sketch),
            matcher: Matcher::new(&sketch.language),
            start: row.clone(),
            row,
            noted: Vec::new(),
            checked: Checked::new(sketch.program.behaviours.len()),
        })
    }

    /// The sketch.
    pub fn sketch(&self) -> &Arc<Sketch> {
        &self.sketch
    }

    /// The core's matcher in the same state, whose legal sets those of the sketch are part of.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The tokens taken so far.
    pub fn tokens(&self) -> &[u32] {
        self.matcher.tokens()
    }

    /// Whether the program is complete.
    pub fn is_terminated(&self) -> bool {
        self.matcher.is_terminated()
    }

    pub(crate) fn legal(&self) -> Result<Legal, FillError> {
        let legal = self.sketch.ask(|asked| self.row.legal(asked, self.matcher.tokens()));
        legal.map_err(|stop| self.sketch.stopped(stop))
    }

    /// The next token where the sketch has it.
    pub(crate) fn only_token(&self) -> Result<Option<u32>, FillError> {
        if self.row.op().is_none() {
            return Ok(None);
        }
        Ok(match self.legal()? {
            Legal::Token(token) => Some(token),
            _ => None,
        })
    }

    /// Calls `take` for every legal token, in ascending order.
    fn each_legal(&self, mut take: impl FnMut(u32)) -> Result<(), FillError> {
        let vocab = self.sketch.language.vocab();
        match self.legal()? {
            Legal::End => take(vocab.pad()),
            Legal::Token(token) => take(token),
            Legal::Values(values) => {
                values.iter().filter_map(|&value| vocab.id_of_symbol(Symbol::Const(value))).for_each(take);
            }
            Legal::Tokens(tokens) => tokens.iter().copied().for_each(take),
        }
        Ok(())
    }

    /// The legal tokens, ascending; `PAD` alone once the program is complete.
    ///
    /// # Errors
    ///
    /// [`FillError::Work`] if the work limit was reached before they were known.
    pub fn legal_tokens(&self) -> Result<Vec<u32>, FillError> {
        let mut tokens = Vec::new();
        self.legal_tokens_into(&mut tokens)?;
        Ok(tokens)
    }

    /// [`legal_tokens`](Self::legal_tokens) into a vector, in place of what it holds.
    ///
    /// # Errors
    ///
    /// As [`legal_tokens`](Self::legal_tokens).
    pub fn legal_tokens_into(&self, tokens: &mut Vec<u32>) -> Result<(), FillError> {
        tokens.clear();
        self.each_legal(|token| tokens.push(token))
    }

    /// Writes the legal set into row `row` of a bitmask.
    ///
    /// # Errors
    ///
    /// [`MaskError`] if the bitmask has no such row or is for another vocabulary width, or the work limit was reached;
    /// the bitmask is as it was.
    pub fn fill_next_token_bitmask(&self, bitmask: &mut TokenBitmask, row: usize) -> Result<(), MaskError> {
        let tokens = self.legal_tokens()?;
        // The core checks the shape, and clears what is beyond the vocabulary.
        self.matcher.fill_next_token_bitmask(bitmask, row)?;
        let words = self.sketch.language.bitmask_words();
        let bits = &mut bitmask.data_mut()[row * words..(row + 1) * words];
        bits.fill(0);
        for token in tokens {
            if let Some(word) = bits.get_mut(token as usize / 32) {
                *word |= 1 << (token % 32);
            }
        }
        Ok(())
    }

    /// Takes a token.
    ///
    /// # Errors
    ///
    /// [`SketchTokenError`] if it is not legal; the row is as it was.
    pub fn accept_token(&mut self, token: u32) -> Result<(), SketchTokenError> {
        if self.is_terminated() {
            return Ok(self.matcher.accept_token(token)?);
        }
        let mut legal = false;
        self.each_legal(|found| legal |= found == token)?;
        if !legal {
            self.matcher.fork().accept_token(token)?;
            let name = self.sketch.language.vocab().name(token).unwrap_or("a token of the base vocabulary").to_owned();
            return Err(SketchTokenError::Sketch { token, name, position: self.tokens().len() });
        }
        self.take(token)
    }

    /// Takes a token that is known to be legal.
    pub(crate) fn take(&mut self, token: u32) -> Result<(), SketchTokenError> {
        self.matcher.accept_token(token)?;
        self.note(self.tokens().len() as u32 - 1);
        let (sketch, row, matcher) = (&self.sketch, &mut self.row, &self.matcher);
        let taken = sketch.ask(|asked| row.take(asked, matcher.tokens()));
        if let Err(stop) = taken.and_then(|()| self.check()) {
            // Copies for this one case would cost every token.
            let before = self.tokens().len() - 1;
            self.replay(before);
            return Err(self.sketch.stopped(stop).into());
        }
        Ok(())
    }

    /// Back to behind the first tokens.
    fn replay(&mut self, len: usize) {
        let tokens = self.tokens()[..len].to_vec();
        self.reset();
        for token in tokens {
            // The same questions as before. Their answers may have been forgotten, so no limit is set to finding them again.
            if self.matcher.accept_token(token).is_ok() {
                self.note(self.tokens().len() as u32 - 1);
                let (sketch, row, matcher) = (&self.sketch, &mut self.row, &self.matcher);
                let taken =
                    sketch.ask(|asked| row.take(&mut Asked { work: u64::MAX, ..asked.again() }, matcher.tokens()));
                let again = taken.and_then(|()| self.check());
                debug_assert_eq!(again, Ok(()), "what was answered before is answered again");
            }
        }
    }

    /// Keeps what the sketch names that token `at` binds: `row` is still the one before the token.
    fn note(&mut self, at: u32) {
        let program = &self.sketch.program;
        let Some(op) = self.row.op() else { return };
        match (program.ops.get(op), program.ops.get(op + 1)) {
            (Some(Op::Target { name, .. }), _) => self.noted.push((at, *name)),
            (Some(Op::Define { func, .. }), _) => self.noted.push((at, *func)),
            (_, Some(Op::EnterDef { parameters, .. })) => {
                self.noted.extend(parameters.iter().map(|parameter| (at, *parameter)));
            }
            _ => {}
        }
    }

    fn check(&mut self) -> Result<(), Stop> {
        if self.checked.is_idle() {
            return Ok(());
        }
        let mut checked = std::mem::replace(&mut self.checked, Checked::new(0));
        let subject = Subject { sketch: &self.sketch, row: &self.row, tokens: self.tokens() };
        let result = behaviour::check(subject, &mut checked, self.is_terminated());
        self.checked = checked;
        result
    }

    /// Steps that checks of this row have run.
    pub(crate) fn steps(&self) -> u64 {
        self.checked.steps
    }

    pub(crate) fn row(&self) -> &Row {
        &self.row
    }

    /// Whether what is complete already behaves otherwise than the sketch asks for. What calls functions is checked as
    /// soon as they are complete and the constants beside them are known, what is printed when the program is complete.
    pub fn is_violated(&self) -> bool {
        self.checked.violated
    }

    /// Undoes the last `n` tokens by replaying the others.
    ///
    /// # Errors
    ///
    /// [`RollbackError`] if there are fewer; the row is as it was.
    pub fn rollback(&mut self, n: usize) -> Result<(), RollbackError> {
        let len = self.tokens().len();
        let keep = len.checked_sub(n).ok_or(RollbackError { asked: n, len })?;
        if n > 0 {
            self.replay(keep);
        }
        Ok(())
    }

    /// A second matcher in the same state.
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Back to before the first token.
    pub fn reset(&mut self) {
        self.matcher.reset();
        self.row.clone_from(&self.start);
        self.noted.clear();
        self.checked = Checked::new(self.sketch.program.behaviours.len());
    }
}

/// Why a bitmask has not been filled; it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MaskError {
    /// It has another shape.
    #[error(transparent)]
    Shape(#[from] BitmaskShapeError),
    /// The legal set is not known.
    #[error(transparent)]
    Fill(#[from] FillError),
}
