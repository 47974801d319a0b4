//! Facts about a program that can be told without running it.
//!
//! ```text
//! flat.rs        the tree in preorder, without recursion
//! fold.rs        what literals decide
//! flow.rs        what can run, how blocks end
//! liveness.rs    values that are never read · vars.rs
//! functions.rs   what the module calls
//! values.rs      where values of calls go
//! steps.rs       a bound on the steps of a run
//! analyzer.rs    all of that, with memory that is reused
//! findings.rs    the results, with their places
//! pyprior_002.rs the four findings of the PyPI package, its way
//! ```

mod analyzer;
mod findings;
mod flat;
mod flow;
mod fold;
mod functions;
mod lay;
mod liveness;
mod numbers;
mod pyprior_002;
mod steps;
mod values;

use serde::Serialize;

pub use self::analyzer::Analyzer;
pub use self::findings::{Finding, FindingKind};
pub use self::flat::FormCounts;
pub use self::flow::{Cause, FunctionEnds};
pub use self::pyprior_002::Analysis002;

use crate::ast::Module;
use crate::codec::tree::DecodeError;
use crate::vocab::Vocab;

/// What can be told of a program without running it.
///
/// The program is looked at as a whole: what a module leaves in its variables counts as read by nobody, and a function
/// as used only if a call of the module reaches it. What is said of a function's body holds however it is called.
/// Time and memory are in proportion to the tree (findings are sorted), and the stack does not depend on its depth.
///
/// ```
/// use pyprior_core::{Analysis, Encoder, Language, LanguageConfig};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let program = Encoder::new(&language).encode("a = 1\nfor b in range(3):\n    a = b\n    print(a + 1)")?;
/// let analysis = Analysis::of(&program.tree);
/// assert_eq!(analysis.steps, Some(2 + 3 * (1 + 2)));
/// let found = analysis.findings.iter().map(|finding| (finding.statement, finding.kind.name()));
/// assert_eq!(found.collect::<Vec<_>>(), [(0, "dead-store")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Analysis {
    /// What looks like a mistake, in the order of the tokens.
    pub findings: Vec<Finding>,
    /// The functions in the order of their definitions.
    pub functions: Vec<FunctionFacts>,
    /// Whether the value of some call that can run may reach a print, a test or a loop count.
    pub call_value_used: bool,
    /// Number of statements, those that stand in others and defs included.
    pub statements: usize,
    /// Number of tokens.
    pub tokens: usize,
    /// Number of tokens by form.
    pub forms: FormCounts,
    /// Depth of operators, comparisons and calls in each other; 0 where no expression has an operand.
    pub expr_depth: usize,
    /// Depth of `if` and `for` in each other, counted anew in each def; 0 where there is none.
    pub control_depth: usize,
    /// Most steps that a run of the module takes; none if a loop that can run more than once, or what is called, has
    /// no literal bound. The largest number stands for itself and all beyond.
    pub steps: Option<u64>,
}

/// What can be told of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FunctionFacts {
    /// Its number.
    pub function: u8,
    /// The statement that defines it.
    pub statement: usize,
    /// Number of parameters.
    pub arity: u8,
    /// How it can end.
    pub ends: FunctionEnds,
    /// Whether a call that can run reaches it from the module.
    pub used: bool,
    /// Most steps of one run of its body, the call itself not counted; as for the module.
    pub steps: Option<u64>,
}

impl Analysis {
    /// Analyses a tree, whether or not it is a legal program. An [`Analyzer`] takes less time for many.
    pub fn of(module: &Module) -> Self {
        let mut analyzer = Analyzer::default();
        analyzer.analyze(module);
        analyzer.into_analysis()
    }

    /// Analyses the tokens of a program. `PAD` may follow the end. An [`Analyzer`] takes less time for many.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn of_tokens(vocab: &Vocab, tokens: &[u32]) -> Result<Self, DecodeError> {
        let mut analyzer = Analyzer::default();
        analyzer.analyze_tokens(vocab, tokens)?;
        Ok(analyzer.into_analysis())
    }
}
