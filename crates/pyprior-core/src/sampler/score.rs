//! How likely whole programs are under a symbolic prior alone.

use std::sync::Arc;

use super::product::Score;
use super::weighted::{depths, first, legal_sets, runs};
use crate::grammar::records::Sym;
use crate::language::Language;
use crate::matcher::{Matcher, TokenError};
use crate::prior::config::{Normalisation, PriorConfig, PriorError};
use crate::prior::table::Prior;
use crate::vocab::Form;

/// Log-probabilities of programs as a [`PriorSampler`](crate::PriorSampler) draws them: the sum over their tokens of the
/// logarithms of [`Prior::probabilities`]. Keep one for many programs: it reuses its memory.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, PriorConfig, ProgramScorer};
///
/// let language = Language::new(LanguageConfig { max_len: Some(3), ..LanguageConfig::default() })?;
/// let mut scorer = ProgramScorer::new(&language, PriorConfig::default())?;
/// let token = |name| language.vocab().id_of(name).unwrap();
/// // A block of one statement, which with three tokens is a print of one of 199 constants.
/// let log_probability = scorer.score(&["BLK_1", "PRINT", "INT_7"].map(token))?;
/// assert!((log_probability + 199_f64.ln()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProgramScorer {
    prior: Prior,
    /// By set: the weights of its own tokens together, and that of a variable or of the next function.
    sets: Box<[[f64; 2]]>,
    /// By class of hole: the depths that damp its tokens.
    depths: Box<[[u32; 2]]>,
    matcher: Matcher,
}

impl ProgramScorer {
    /// Compiles a prior for a language.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the field that is out of range.
    pub fn new(language: &Arc<Language>, config: PriorConfig) -> Result<Self, PriorError> {
        let prior = Prior::new(language.vocab(), config)?;
        let tables = &language.engine.tables;
        let mut sets = vec![[0.0; 2]; tables.sets.len()];
        for (set, depths, dynamic) in legal_sets(language) {
            let runs = runs(language, &prior, tables.sets.at(set), depths);
            let own = runs.iter().map(|run| run.weight * f64::from(run.count)).sum();
            let token = dynamic.and_then(|form| first(language, form));
            let one = token.map_or(0.0, |token| prior.weight(token, 1, depths[0], depths[1]));
            if let Some(place) = sets.get_mut(set as usize) {
                *place = [own, one];
            }
        }
        let depths = tables.holes.iter().map(|&hole| depths(hole)).collect();
        Ok(Self { prior, sets: sets.into_boxed_slice(), depths, matcher: Matcher::new(language) })
    }

    /// Log-probability of tokens in nats, of a whole program or of the start of one; negative infinity if one of them has
    /// weight 0 where another has not.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal.
    pub fn score(&mut self, tokens: &[u32]) -> Result<f64, TokenError> {
        Ok(self.start(tokens)?.ln())
    }

    /// The score of tokens, to which more can be added.
    pub(super) fn start(&mut self, tokens: &[u32]) -> Result<Score, TokenError> {
        self.matcher.reset();
        let mut score = Score::EMPTY;
        for &token in tokens {
            let weighed = self.step(token);
            self.matcher.accept_token(token)?;
            score.add(weighed);
        }
        Ok(score)
    }

    /// The logarithm of the weight of a token next, and the total weight of those that are legal; of no meaning where it is
    /// not legal.
    fn step(&self, token: u32) -> (f64, f64) {
        let (engine, row) = (&self.matcher.language().engine, self.matcher.row());
        let legal = engine.legal_of(row);
        let (callee, variables) = (legal.callee(), engine.dynamic(&legal).1);
        let at = At { hole: engine.hole(row), set: legal.set, count: engine.count(row, &legal), variables, callee };
        self.weigh(at, token)
    }

    #[inline(always)]
    pub(super) fn weigh(&self, at: At, token: u32) -> (f64, f64) {
        let At { hole, set, count, variables, callee } = at;
        if callee {
            // Functions weigh the same.
            return (0.0, f64::from(count));
        }
        let [own, one] = self.sets.get(set as usize).copied().unwrap_or_default();
        let divided = self.prior.normalisation() == Normalisation::Legal;
        let total = own + one * f64::from(if divided { variables.min(1) } else { variables });
        if total == 0.0 {
            return (0.0, f64::from(count));
        }
        let of_form = if divided { self.of_form(set, variables, token) } else { 1 };
        let [expr, control] = self.depths.get(hole).copied().unwrap_or_default();
        (self.prior.log_weight(token, of_form, expr, control), total)
    }

    /// Number of legal tokens among which the weight of a token's form is divided. Functions and variables are what depends
    /// on the row.
    fn of_form(&self, set: u32, variables: u32, token: u32) -> u32 {
        let (vocab, tables) = (self.language().vocab(), &self.language().engine.tables);
        match vocab.form(token) {
            Some(Form::Var) => variables,
            Some(form) => {
                let ids = vocab.ids_of(form);
                let &[list, count, ..] = tables.sets.at(set);
                let tokens = tables.lists.get(list as usize..(list + count) as usize).unwrap_or_default();
                let before = |id: u32| {
                    let local = id.saturating_sub(vocab.offset());
                    tokens.partition_point(|&sym| Sym(sym).local() < local)
                };
                (before(ids.end) - before(ids.start)) as u32
            }
            None => 1,
        }
    }

    pub(super) fn language(&self) -> &Language {
        self.matcher.language()
    }
}

/// Where a token is weighed.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// Class of the hole.
    pub(super) hole: usize,
    /// Legal set, and number of legal tokens.
    pub(super) set: u32,
    pub(super) count: u32,
    /// Variables, or functions to define, among them.
    pub(super) variables: u32,
    /// Whether functions are legal that can be called, and nothing else.
    pub(super) callee: bool,
}
