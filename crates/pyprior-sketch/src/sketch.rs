//! A sketch, read and compiled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyprior_core::{Language, LanguageConfig, Profile};
use thiserror::Error;

use crate::compile::compile;
use crate::error::{Place, SketchError, SketchErrorKind, syntax};
use crate::fill::Stop;
use crate::fill::feasible::{Cache, MAX_GUESSES};
use crate::fill::relations::Relations;
use crate::fill::row::{Asked, Row};
use crate::program::Program;
use crate::runner::{CHECK_STEPS, Runner};
use crate::source::constraint::{Bound, Constraint, Domain, Feature, Setting};
use crate::source::constraints::{self, Constraints};
use crate::source::extent::Extent;
use crate::source::program;
use crate::source::tree::Block;
use crate::tally::{MAX_BOUND, Tally};

/// Work that one question about a sketch may take unless told otherwise, in sums of counts: some seconds.
pub const DEFAULT_WORK: u64 = 100_000_000;

/// Bytes of answers about a sketch that are kept unless told otherwise; beyond, they are forgotten and found anew.
pub const DEFAULT_MEMORY: usize = 256 << 20;

/// Constants of a language, at most.
const MAX_VALUES: i64 = 1 << 16;

/// A sketch as it is written, not yet of a language.
///
/// The text is a program with holes, then a line `---` or `where`, then constraints, one a line. The guide
/// `docs/sketches.md` has the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SketchSource {
    pub(crate) block: Block,
    pub(crate) constraints: Constraints,
}

impl SketchSource {
    /// Reads a sketch.
    ///
    /// # Errors
    ///
    /// [`SketchError`] with line and column where the text is not of the form.
    pub fn parse(text: &str) -> Result<Self, SketchError> {
        let lines = text.lines().collect::<Vec<_>>();
        let divides = |line: &&str| {
            let line = line.split('#').next().unwrap_or_default().trim_end();
            matches!(line, "---" | "where" | "where:")
        };
        let divider = lines.iter().position(divides);
        let (program_lines, rest) = lines.split_at(divider.unwrap_or(lines.len()));
        let block = program::read(program_lines, 1)?;
        let first = program_lines.len() as u32 + 2;
        let constraints = constraints::read(rest.get(1..).unwrap_or_default(), first)?;
        Ok(Self { block, constraints })
    }

    /// A configuration with the options of the sketch in place of its own.
    ///
    /// # Errors
    ///
    /// [`SketchError`] at an option that there is not, or a value that does not fit it.
    pub fn config(&self, mut config: LanguageConfig) -> Result<LanguageConfig, SketchError> {
        for (name, setting, place) in &self.constraints.options {
            set(&mut config, name, setting, *place)?;
        }
        Ok(config)
    }

    /// A configuration as wide as what is written takes: blocks, nesting, functions, parameters, names, and constants, those of
    /// domains included. What an option of the sketch sets stays.
    #[must_use]
    pub fn widened(&self, mut config: LanguageConfig) -> LanguageConfig {
        let mut extent = Extent::of(&self.block);
        for constraint in &self.constraints.constraints {
            if let Constraint::Domain { domain: Domain::Ints(ranges), .. } = constraint {
                let ends = ranges.iter().filter(|range| !range.is_empty());
                ends.flat_map(|range| [*range.start(), *range.end()]).for_each(|end| extent.constant(end));
            }
        }
        let is_set = |option: &str| self.constraints.options.iter().any(|(name, ..)| name == option);
        let widen = |limit: &mut u32, option: &str, least: usize| {
            if !is_set(option) {
                *limit = (*limit).max(u32::try_from(least).unwrap_or(u32::MAX));
            }
        };
        widen(&mut config.max_block_stmts, "max_block_stmts", extent.block_stmts);
        widen(&mut config.max_control_depth, "max_control_depth", extent.control_depth);
        widen(&mut config.max_expr_depth, "max_expr_depth", extent.expr_depth);
        widen(&mut config.max_funcs, "max_funcs", extent.functions);
        widen(&mut config.max_vars, "max_vars", extent.variables.max(extent.arity));
        if let Some(arity) = &mut config.max_arity {
            widen(arity, "max_arity", extent.arity);
        }
        if let Some((low, high)) = extent.constants.filter(|_| !is_set("value_range")) {
            let (low, high) = (config.value_range.0.min(low), config.value_range.1.max(high));
            // Of more values than a language has, a domain keeps those that there are.
            if high.checked_sub(low).is_some_and(|span| span < MAX_VALUES) {
                config.value_range = (low, high);
            }
        }
        config
    }
}

/// The error of relations that contradict each other: at the first that contradicts those before it.
fn contradiction(program: &Program, work: u64) -> SketchError {
    let claims = &program.relations;
    let contradict = |count: &usize| {
        let mut left = work;
        Relations::of(program, &claims[..*count]).contradict(program, &mut left) == Ok(true)
    };
    let count = (1..claims.len()).find(contradict).unwrap_or(claims.len());
    let place = claims[..count].last().map_or(Place { line: 1, column: 1 }, |claim| claim.place);
    let mut left = work;
    // The others of its group have nothing to do with it.
    let holes = Relations::of(program, &claims[..count]).without_solution(program, &mut left);
    let names = holes.unwrap_or_default().into_iter().map(|hole| program.holes[hole].name.as_str()).collect::<Vec<_>>();
    let claim = claims[..count].last().map(|claim| claim.text.clone()).unwrap_or_default();
    match names.is_empty() {
        true => SketchErrorKind::Never { claim },
        false => SketchErrorKind::NoSolution { names: names.join(", ") },
    }
    .at(place)
}

fn set(config: &mut LanguageConfig, name: &str, setting: &Setting, place: Place) -> Result<(), SketchError> {
    let wrong = |expected: &str| syntax(place, format!("the option {name} is {expected}"));
    let number = || match setting {
        Setting::Int(value) => u32::try_from(*value).map_err(|_| wrong("a number from 0")),
        _ => Err(wrong("a number")),
    };
    let word = || match setting {
        Setting::Words(words) => match words.as_slice() {
            [word] => Ok(word.as_str()),
            _ => Err(wrong("one word")),
        },
        _ => Err(wrong("a word")),
    };
    match name {
        "max_funcs" => config.max_funcs = number()?,
        "max_vars" => config.max_vars = number()?,
        "max_arity" => config.max_arity = Some(number()?),
        "max_block_stmts" => config.max_block_stmts = number()?,
        "max_expr_depth" => config.max_expr_depth = number()?,
        "max_control_depth" => config.max_control_depth = number()?,
        "max_len" if *setting == Setting::Words(vec!["none".to_owned()]) => config.max_len = None,
        "max_len" => config.max_len = Some(number()?),
        "value_range" => match setting {
            Setting::Range(low, high) => config.value_range = (*low, *high),
            _ => return Err(wrong("a range such as 0..9")),
        },
        "exclude" => match setting {
            Setting::Words(words) => config.exclude.extend(words.iter().cloned()),
            _ => return Err(wrong("a list of names")),
        },
        "no_dead_code" => {
            config.no_dead_code = match word()? {
                "true" => true,
                "false" => false,
                _ => return Err(wrong("true or false")),
            }
        }
        "profile" => config.set_profile(match word()? {
            "sound" => Profile::Sound,
            "pyprior-0.0.2" => Profile::PyPrior002,
            _ => return Err(wrong("sound or pyprior-0.0.2")),
        }),
        _ => {
            let known = "max_len, value_range, max_funcs, max_vars, max_arity, max_block_stmts, max_expr_depth, max_control_depth, exclude, no_dead_code, profile";
            return Err(syntax(place, format!("unknown option `{name}`; there are {known}")));
        }
    }
    Ok(())
}

/// Why there is no answer, or none that somebody would like.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FillError {
    /// No program fits the sketch: this has been proved.
    #[error("the sketch cannot be filled: no program of the language satisfies it")]
    NoFilling,
    /// Nobody knows within the work that a question may take.
    #[error("the work limit of {work} is reached, and it is not known whether the sketch can be filled")]
    Work {
        /// The limit.
        work: u64,
    },
    /// A hole occurs often, and what is visible at its places hangs on many holes for statements.
    #[error(
        "there are more than {limit} combinations of what may be visible at the places of a hole: let it occur less often behind holes for statements, or lower the option max_vars"
    )]
    Places {
        /// Combinations that are gone through, at most.
        limit: usize,
    },
    /// What complete functions do cannot be found out within the steps that a check may take.
    #[error("the limit of {steps} steps of running candidates is reached")]
    Steps {
        /// The limit.
        steps: u64,
    },
}

/// A sketch compiled for a language: immutable but for what has been found out about it, which all rows share.
#[derive(Debug)]
pub struct Sketch {
    pub(crate) language: Arc<Language>,
    pub(crate) program: Program,
    work: u64,
    memory: usize,
    shared: Mutex<Shared>,
    pub(crate) runner: Mutex<Runner>,
}

#[derive(Debug, Default)]
pub(crate) struct Shared {
    cache: Cache,
    relations: Relations,
    /// Where rows cannot be begun within the work that there is.
    stopped: HashMap<Tally, Stop>,
}

impl Sketch {
    /// Compiles a sketch for a language.
    ///
    /// # Errors
    ///
    /// [`SketchError`] where the language has no place for something, domains, bounds or relations contradict each
    /// other, or constraints are combined that the exact legal sets do not cover.
    pub fn new(language: &Arc<Language>, source: &SketchSource) -> Result<Arc<Self>, SketchError> {
        Ok(Arc::new(Self::sized(language, source, None, DEFAULT_WORK)?))
    }

    /// [`new`](Self::new) with a limit of one's own to the work that one question may take.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_work(language: &Arc<Language>, source: &SketchSource, work: u64) -> Result<Arc<Self>, SketchError> {
        Ok(Arc::new(Self::sized(language, source, None, work)?))
    }

    /// [`with_work`](Self::with_work) with a limit of one's own to the bytes of answers that are kept, which is looked at
    /// between questions.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_limits(
        language: &Arc<Language>,
        source: &SketchSource,
        work: u64,
        memory: usize,
    ) -> Result<Arc<Self>, SketchError> {
        Ok(Arc::new(Self::sized(language, source, None, work)?.with_memory(memory)))
    }

    /// Reads a sketch and compiles it for the language of its options, the others being the defaults, with programs of
    /// at most 60 tokens.
    ///
    /// # Errors
    ///
    /// As [`SketchSource::parse`] and [`new`](Self::new); the options may name a language that is none.
    pub fn parse(text: &str) -> Result<Arc<Self>, SketchError> {
        let source = SketchSource::parse(text)?;
        let config = source.config(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() })?;
        let place = source.constraints.options.first().map_or(Place { line: 1, column: 1 }, |(_, _, place)| *place);
        let language = Language::new(config).map_err(|error| SketchErrorKind::Language(error).at(place))?;
        Self::new(&language, &source)
    }

    /// With a size, programs have at most so many tokens, and rows are begun for one size each.
    pub(crate) fn sized(
        language: &Arc<Language>,
        source: &SketchSource,
        size: Option<u16>,
        work: u64,
    ) -> Result<Self, SketchError> {
        let program = compile(language, &source.block, &source.constraints, size)?;
        let relations = Relations::new(&program);
        let mut left = work;
        if let Ok(true) = relations.contradict(&program, &mut left) {
            return Err(contradiction(&program, work));
        }
        let shared = Mutex::new(Shared { relations, ..Shared::default() });
        Ok(Self {
            language: Arc::clone(language),
            program,
            work,
            memory: DEFAULT_MEMORY,
            shared,
            runner: Mutex::new(Runner::new(language)),
        })
    }

    /// The same with a limit of one's own to the bytes of answers that are kept.
    pub(crate) fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The language.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Work that one question may take.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Whether some program satisfies all that is exact in the legal sets; what the program does is not asked.
    ///
    /// # Errors
    ///
    /// [`FillError::Work`] at the limit.
    pub fn can_be_filled(&self) -> Result<bool, FillError> {
        match self.row(Tally::default()) {
            Ok(_) => Ok(true),
            Err(FillError::NoFilling) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A row before its first token, where the counters stand at `tally`.
    pub(crate) fn row(&self, tally: Tally) -> Result<Row, FillError> {
        let stopped =
            |shared: &Mutex<Shared>| shared.lock().unwrap_or_else(PoisonError::into_inner).stopped.get(&tally).copied();
        if let Some(stop) = stopped(&self.shared) {
            return Err(self.stopped(stop));
        }
        let possible = self.ask(|asked| {
            let state = crate::fill::feasible::initial(asked.program, tally);
            let mut solver = crate::fill::feasible::Solver::new(asked.language, asked.program, asked.cache, asked.work);
            if !solver.solvable(state)? {
                return Ok(None);
            }
            Row::new(asked, tally).map(Some)
        });
        match possible {
            Ok(Some(row)) => Ok(row),
            Ok(None) => Err(FillError::NoFilling),
            Err(stop) => {
                // The same work would not do a second time.
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).stopped.insert(tally, stop);
                Err(self.stopped(stop))
            }
        }
    }

    pub(crate) fn stopped(&self, stop: Stop) -> FillError {
        match stop {
            Stop::Work => FillError::Work { work: self.work },
            Stop::Steps => FillError::Steps { steps: CHECK_STEPS },
            Stop::Places => FillError::Places { limit: MAX_GUESSES },
        }
    }

    /// Puts a question to what is shared.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&mut Asked<'_>) -> T) -> T {
        // What is kept are answers, each put in whole: a thread that has come to grief leaves none that is wrong.
        let mut shared: MutexGuard<'_, Shared> = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { cache, relations, .. } = &mut *shared;
        cache.forget_beyond(self.memory);
        let (language, program) = (&*self.language, &self.program);
        question(&mut Asked { language, program, cache, relations, work: self.work })
    }
}

/// The largest size that programs of a sketch are asked for.
pub(crate) const MAX_SIZE: u32 = MAX_BOUND;

impl SketchSource {
    /// Asks for programs of so many tokens at least.
    pub(crate) fn at_least(&mut self, tokens: u32) {
        let place = Place { line: 1, column: 1 };
        let bound = Bound { feature: Feature::Tokens, low: tokens, high: None, place };
        self.constraints.constraints.push(Constraint::Bound(bound));
    }
}
