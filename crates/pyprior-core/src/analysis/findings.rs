//! What an analysis finds, and where.

use serde::Serialize;

use super::flow::Cause;
use crate::codec::program_names::ProgramNames;

/// A finding and its place.
///
/// In JSON the fields of [`Finding`] and of its kind stand side by side, `kind` being the name in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The statement, counted from 0 in preorder: an `if`, `for` or `def` comes before what stands in it.
    pub statement: usize,
    /// The token, counted from 0: that of the statement, of the comparison of a constant test, of the arity for
    /// parameters, of the `CALL` of a call.
    pub token: usize,
    /// The function that the statement stands in; none in the module. A def stands where it is written.
    pub scope: Option<u8>,
    /// What is found.
    #[serde(flatten)]
    pub kind: FindingKind,
}

/// What is found. `docs/analysis.md` says how exact each is.
///
/// A `binding` numbers the places of a scope that give a variable a value, from 0, as
/// [`ProgramNames`](crate::ProgramNames) does: parameters, targets of assignments, loop variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// The statement and those after it, to the end of its block, never run.
    Unreachable {
        /// Number of statements, those that stand in others included.
        count: usize,
        /// Why.
        cause: Cause,
        /// The statement that keeps them from running.
        by: usize,
        /// The token of that statement.
        by_token: usize,
    },
    /// The test of the `if` always goes the same way.
    ConstantTest {
        /// Whether it holds.
        holds: bool,
    },
    /// The loop never iterates.
    EmptyLoop,
    /// The value that the assignment stores is never read.
    DeadStore {
        /// The variable.
        variable: u8,
        /// The binding in its scope.
        binding: usize,
    },
    /// No value of the loop variable is ever read.
    UnusedLoopVariable {
        /// The variable.
        variable: u8,
        /// The binding in its scope.
        binding: usize,
    },
    /// What the parameter is given is never read.
    UnusedParameter {
        /// The function.
        function: u8,
        /// The variable.
        variable: u8,
        /// The binding in the function's scope.
        binding: usize,
    },
    /// No call that the module reaches calls the function.
    UnusedFunction {
        /// The function.
        function: u8,
    },
    /// The function returns on some paths and reaches its end on others.
    MixedReturns {
        /// The function.
        function: u8,
    },
    /// The value of the call reaches no print, test or loop count.
    UnusedCallValue {
        /// The function.
        function: u8,
    },
}

impl FindingKind {
    /// Names of all kinds.
    pub const NAMES: [&str; 9] = [
        "unreachable",
        "constant-test",
        "empty-loop",
        "dead-store",
        "unused-loop-variable",
        "unused-parameter",
        "unused-function",
        "mixed-returns",
        "unused-call-value",
    ];

    /// The name: `"unreachable"`, `"dead-store"`, …, as in JSON.
    pub const fn name(&self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// Place of its name in [`NAMES`](Self::NAMES), which is that among findings at one token.
    pub const fn index(&self) -> usize {
        match self {
            Self::Unreachable { .. } => 0,
            Self::ConstantTest { .. } => 1,
            Self::EmptyLoop => 2,
            Self::DeadStore { .. } => 3,
            Self::UnusedLoopVariable { .. } => 4,
            Self::UnusedParameter { .. } => 5,
            Self::UnusedFunction { .. } => 6,
            Self::MixedReturns { .. } => 7,
            Self::UnusedCallValue { .. } => 8,
        }
    }
}

impl Finding {
    /// In words, without the place: variables and functions by their names, or by those of their tokens where none are
    /// given; `by` is a word for the place of the statement that keeps others from running, such as `line 3`.
    pub fn message(&self, names: Option<&ProgramNames>, by: &str) -> String {
        let function = |func: u8| {
            let name = names.and_then(|names| names.funcs().get(usize::from(func).checked_sub(1)?));
            name.cloned().unwrap_or_else(|| format!("FUNC_{func}"))
        };
        let variable = |scope: Option<u8>, variable: u8, binding: usize| {
            let scope = names.and_then(|names| names.scopes().get(usize::from(scope.unwrap_or(0))));
            scope.and_then(|names| names.get(binding)).cloned().unwrap_or_else(|| format!("VAR_{variable}"))
        };
        match self.kind {
            FindingKind::Unreachable { count, cause, .. } => {
                let what = match count {
                    1 => "this statement never runs".to_owned(),
                    count => format!("these {count} statements never run"),
                };
                match cause {
                    Cause::BehindReturn => format!("{what}: the one at {by} returns on every path"),
                    Cause::ConstantTest => format!("{what}: the test at {by} always goes the other way"),
                    Cause::EmptyLoop => format!("{what}: the range at {by} is empty"),
                }
            }
            FindingKind::ConstantTest { holds: true } => "the test always holds".to_owned(),
            FindingKind::ConstantTest { holds: false } => "the test never holds".to_owned(),
            FindingKind::EmptyLoop => "the range is empty".to_owned(),
            FindingKind::DeadStore { variable: var, binding } => {
                format!("the value stored in {} is never read", variable(self.scope, var, binding))
            }
            FindingKind::UnusedLoopVariable { variable: var, binding } => {
                format!("the loop variable {} is never read", variable(self.scope, var, binding))
            }
            FindingKind::UnusedParameter { function: func, variable: var, binding } => {
                let name = variable(Some(func), var, binding);
                format!("what {} is given for {name} is never read", function(func))
            }
            FindingKind::UnusedFunction { function: func } => {
                format!("no call that the module reaches calls {}", function(func))
            }
            FindingKind::MixedReturns { function: func } => {
                format!("{} returns on some paths and reaches its end on others", function(func))
            }
            FindingKind::UnusedCallValue { function: func } => {
                format!("the value of this call of {} reaches no print, test or loop count", function(func))
            }
        }
    }
}
