//! Which programs are worth learning from.

use std::sync::Arc;

use thiserror::Error;

use crate::analysis::{Analyzer, FindingKind};
use crate::codec::tree::DecodeError;
use crate::exec::{CompileError, Compiler, ExecError, Limits, Machine};
use crate::language::Language;

/// Steps that a program may take, unless said otherwise.
pub const FILTER_STEPS: u64 = 1000;

/// Tells programs that do something from those that do not. A program passes if
///
/// 1. it stores nothing that is never read: its analysis has no [`FindingKind::DeadStore`]. Loop variables and
///    parameters that are never read are no stores;
/// 2. it defines nothing that it does not use: no [`FindingKind::UnusedFunction`], that is, from the module a call
///    that can run leads to every function;
/// 3. it runs to its end within the limits, [`FILTER_STEPS`] steps and otherwise [`Limits::default`];
/// 4. it prints at least one line, or a function returns something to it: the value of some call that can run may reach
///    a test or a loop count ([`Analysis::call_value_used`](crate::Analysis::call_value_used)).
///
/// Keep one for many programs: it reuses its memory.
///
/// ```
/// use pyprior_core::{Encoder, Language, LanguageConfig, ProgramFilter};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let (mut encoder, mut filter) = (Encoder::new(&language), ProgramFilter::new(&language));
/// assert!(filter.check(&encoder.encode("print(1 + 2)")?.tokens).is_ok());
/// assert!(filter.check(&encoder.encode("a = 1")?.tokens).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ProgramFilter {
    language: Arc<Language>,
    analyzer: Analyzer,
    compiler: Compiler,
    machine: Machine,
}

/// Why a program does not pass a [`ProgramFilter`]; the first reason in the order of the variants.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The tokens are no complete program.
    #[error("no complete program")]
    Decode(#[from] DecodeError),
    /// A value that an assignment stores is never read.
    #[error("statement {statement} stores what is never read")]
    DeadStore {
        /// The assignment, counted from 0 in preorder.
        statement: usize,
    },
    /// A function is never used.
    #[error("the def at statement {statement} is never used")]
    UnusedFunction {
        /// The def, counted from 0 in preorder.
        statement: usize,
    },
    /// The program cannot be run.
    #[error("the program cannot be run")]
    Compile(#[from] CompileError),
    /// The program did not come to its end.
    #[error("the program did not come to its end")]
    Run(#[from] ExecError),
    /// The program printed nothing, and no value of a call counted.
    #[error("the program prints nothing and uses no value that a function returns")]
    Idle,
}

impl ProgramFilter {
    /// A filter for programs of a language.
    pub fn new(language: &Arc<Language>) -> Self {
        Self::with_limits(language, Limits { fuel: FILTER_STEPS, ..Limits::default() })
    }

    /// A filter with other limits.
    pub fn with_limits(language: &Arc<Language>, limits: Limits) -> Self {
        let language = Arc::clone(language);
        let compiler = Compiler::new(language.config().comparison_values);
        Self { language, analyzer: Analyzer::default(), compiler, machine: Machine::new(limits) }
    }

    /// Whether a program, its tokens, passes.
    ///
    /// # Errors
    ///
    /// [`Rejected`] says why it does not.
    pub fn check(&mut self, tokens: &[u32]) -> Result<(), Rejected> {
        let analysis = self.analyzer.analyze_tokens(self.language.vocab(), tokens)?;
        let finding = |wanted: fn(&FindingKind) -> bool| analysis.findings.iter().find(|found| wanted(&found.kind));
        if let Some(found) = finding(|kind| matches!(kind, FindingKind::DeadStore { .. })) {
            return Err(Rejected::DeadStore { statement: found.statement });
        }
        if let Some(found) = finding(|kind| matches!(kind, FindingKind::UnusedFunction { .. })) {
            return Err(Rejected::UnusedFunction { statement: found.statement });
        }
        let program = self.compiler.compile(self.language.vocab(), tokens)?;
        self.machine.run(program)?;
        match analysis.call_value_used || !self.machine.stdout().is_empty() {
            true => Ok(()),
            false => Err(Rejected::Idle),
        }
    }
}
