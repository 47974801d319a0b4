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
//! findings.rs    the results, with their places
//! pyprior_002.rs the four findings of the PyPI package, its way
//! ```

mod findings;
mod flat;
mod flow;
mod fold;
mod functions;
mod liveness;
mod pyprior_002;
mod steps;
mod values;
mod vars;

use serde::Serialize;

pub use self::findings::{Finding, FindingKind};
pub use self::flat::FormCounts;
pub use self::flow::{Cause, FunctionEnds};
pub use self::pyprior_002::Analysis002;

use self::flat::{Flat, Kind};
use self::flow::Flow;
use self::fold::Known;
use self::functions::Functions;
use self::liveness::Unread;
use self::steps::Bounds;
use self::values::Call;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Analyses a tree, whether or not it is a legal program.
    pub fn of(module: &Module) -> Self {
        let flat = Flat::new(module);
        let flow = Flow::new(&flat);
        let used = functions::used(&flat, &flow);
        let unread = liveness::unread(&flat, &flow);
        let calls = values::calls(&flat, &flow, &used, &unread);
        let bounds = Bounds::new(&flat, &flow);
        let defs = flat.stmts.iter().enumerate().filter_map(|(nth, stmt)| match stmt.kind {
            Kind::Def { func, arity } => Some(FunctionFacts {
                function: func,
                statement: nth,
                arity,
                ends: flow.function_ends(&flat, nth),
                used: used[usize::from(func)],
                steps: bounds.functions[usize::from(func)],
            }),
            _ => None,
        });
        let functions = defs.collect();
        Self {
            findings: findings(&flat, &flow, &used, &unread, &calls),
            functions,
            call_value_used: calls.iter().any(|call| call.used),
            statements: flat.stmts.len(),
            tokens: flat.tokens,
            forms: flat.forms,
            expr_depth: flat.expr_depth,
            control_depth: flat.control_depth,
            steps: bounds.module,
        }
    }

    /// Analyses the tokens of a program. `PAD` may follow the end.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn of_tokens(vocab: &Vocab, tokens: &[u32]) -> Result<Self, DecodeError> {
        vocab.tokens_to_ast(tokens).map(|module| Self::of(&module))
    }
}

fn findings(flat: &Flat, flow: &Flow, used: &Functions, unread: &[Unread], calls: &[Call]) -> Vec<Finding> {
    let finding = |statement: usize, further: usize, kind| {
        let token = flat.stmts[statement].token + further;
        Finding { statement, token, scope: flat.scope_of(statement).func, kind }
    };
    let regions = flow.regions.iter().map(|region| {
        let by_token = flat.stmts[region.by].token;
        let kind = FindingKind::Unreachable { count: region.count, cause: region.cause, by: region.by, by_token };
        finding(region.first, 0, kind)
    });
    let mut found = regions.collect::<Vec<_>>();
    for (nth, stmt) in flat.stmts.iter().enumerate().filter(|(nth, _)| flow.runs[*nth]) {
        match (stmt.kind, flow.known[nth]) {
            (_, Known::Test(holds)) => found.push(finding(nth, 1, FindingKind::ConstantTest { holds })),
            (_, Known::Count(0)) => found.push(finding(nth, 0, FindingKind::EmptyLoop)),
            (Kind::Def { func: function, .. }, _) => {
                if !used[usize::from(function)] {
                    found.push(finding(nth, 0, FindingKind::UnusedFunction { function }));
                }
                if flow.function_ends(flat, nth) == FunctionEnds::Mixed {
                    found.push(finding(nth, 0, FindingKind::MixedReturns { function }));
                }
            }
            _ => {}
        }
    }
    found.extend(unread.iter().map(|unread| match *unread {
        Unread::Store { stmt, var: variable } => {
            let binding = flat.stmts[stmt].binding;
            finding(stmt, 0, FindingKind::DeadStore { variable, binding })
        }
        Unread::LoopVariable { stmt, var: variable } => {
            let binding = flat.stmts[stmt].binding;
            finding(stmt, 0, FindingKind::UnusedLoopVariable { variable, binding })
        }
        Unread::Parameter { def, func: function, var: variable } => {
            let binding = usize::from(variable.saturating_sub(1));
            finding(def, 1, FindingKind::UnusedParameter { function, variable, binding })
        }
    }));
    found.extend(calls.iter().filter(|call| !call.used).map(|call| {
        let kind = FindingKind::UnusedCallValue { function: call.func };
        Finding { token: call.token, ..finding(call.stmt, 0, kind) }
    }));
    // The sort keeps parameters of one def in their order.
    found.sort_by_key(|finding| (finding.token, finding.kind.order()));
    found
}
