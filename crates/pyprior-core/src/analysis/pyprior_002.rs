//! The four findings of the PyPI package `pyprior` 0.0.2, by its rules.
//!
//! They know no order of statements: a name is read or not, in a scope as a whole. The first of two arguments of
//! `range` counts nowhere, neither as a read nor as a call.

use serde::Serialize;

use super::flat::{Flat, Kind, Node, Scope, Span};
use super::numbers::Numbers;
use crate::ast::Module;

/// What `pyprior` 0.0.2 says of a program, in names of tokens. [`Analysis`](super::Analysis) says more, and truer.
///
/// ```
/// use pyprior_core::{Analysis002, Encoder, Language, LanguageConfig};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let program = Encoder::new(&language).encode("def f(x):\n    return 1\na = 2")?;
/// let analysis = Analysis002::of(&program.tree);
/// assert_eq!(analysis.dead_code, ["unused function: FUNC_1", "dead store: VAR_1", "dead store: VAR_1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Analysis002 {
    /// Functions that no call names, wherever it stands.
    pub unused_funcs: Vec<String>,
    /// Targets, loop variables and parameters that their scope nowhere reads: scope after scope, within a scope sorted
    /// as text.
    pub dead_stores: Vec<String>,
    /// Functions that hold a `return`, sorted as text.
    pub returning_funcs: Vec<String>,
    /// Whether in some scope the value of a call of such a function may reach a print, a return, a condition, a loop
    /// count or an argument.
    pub value_used: bool,
    /// A line for each unused function, then one for each dead store.
    pub dead_code: Vec<String>,
}

impl Analysis002 {
    /// Analyses a tree.
    pub fn of(module: &Module) -> Self {
        let flat = Flat::of(module);
        let mut called = [false; 256];
        let mut returning = [false; 256];
        for nth in 0..flat.stmts.len() {
            let nodes = counted(&flat, nth).flat_map(|span| flat.nodes(span));
            for expr in nodes {
                if let Node::Call { func, .. } = expr.node {
                    called[usize::from(func)] = true;
                }
            }
            if let (Kind::Return(_), Some(func)) = (flat.stmts[nth].kind, flat.scope_of(nth).func) {
                returning[usize::from(func)] = true;
            }
        }
        let funcs = || flat.scopes.iter().filter_map(|scope| scope.func);
        let name = |func: u8| format!("FUNC_{func}");
        let unused_funcs = funcs().filter(|&func| !called[usize::from(func)]).map(name).collect::<Vec<_>>();
        let mut returning_funcs = funcs().filter(|&func| returning[usize::from(func)]).map(name).collect::<Vec<_>>();
        returning_funcs.sort_unstable();
        let dead_stores = flat.scopes.iter().flat_map(|scope| dead_stores(&flat, scope)).collect::<Vec<_>>();
        let value_used = flat.scopes.iter().any(|scope| value_used(&flat, scope, &returning));
        let functions = unused_funcs.iter().map(|name| format!("unused function: {name}"));
        let dead_code = functions.chain(dead_stores.iter().map(|name| format!("dead store: {name}"))).collect();
        Self { unused_funcs, dead_stores, returning_funcs, value_used, dead_code }
    }
}

/// The expressions of a statement that count.
fn counted(flat: &Flat, nth: usize) -> impl Iterator<Item = Span> {
    let skipped = usize::from(matches!(flat.stmts[nth].kind, Kind::For { start: Some(_), .. }));
    flat.spans(nth).skip(skipped)
}

fn dead_stores(flat: &Flat, scope: &Scope) -> Vec<String> {
    let (mut bound, mut read) = (Numbers::NONE, Numbers::NONE);
    if let Some(Kind::Def { arity, .. }) = scope.def.map(|def| flat.stmts[def].kind) {
        (1..=arity).for_each(|var| bound.insert(var));
    }
    for nth in flat.backwards(scope) {
        if let Kind::Assign { var, .. } | Kind::For { var, .. } = flat.stmts[nth].kind {
            bound.insert(var);
        }
        for expr in counted(flat, nth).flat_map(|span| flat.nodes(span)) {
            if let Node::Var(var) = expr.node {
                read.insert(var);
            }
        }
    }
    let dead = bound.minus(read);
    let mut names = (0..=u8::MAX).filter(|&var| dead.contains(var)).map(|var| format!("VAR_{var}")).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

/// Whether a value reaches a sink, through variables in whatever order they are assigned.
fn value_used(flat: &Flat, scope: &Scope, returning: &[bool; 256]) -> bool {
    let mut carriers = Numbers::NONE;
    loop {
        let before = carriers;
        for nth in flat.backwards(scope) {
            for span in counted(flat, nth) {
                let (whole, argument) = carries(flat, span, returning, carriers);
                match flat.stmts[nth].kind {
                    _ if argument => return true,
                    Kind::Assign { var, .. } if whole => carriers.insert(var),
                    Kind::Assign { .. } => {}
                    _ if whole => return true,
                    _ => {}
                }
            }
        }
        // Each round but the last adds one of at most 256 variables.
        if carriers == before {
            return false;
        }
    }
}

/// Whether an expression holds such a value, and whether an argument in it does.
fn carries(flat: &Flat, span: Span, returning: &[bool; 256], carriers: Numbers) -> (bool, bool) {
    let (mut whole, mut argument) = (false, false);
    // The nodes of the outermost call's arguments that are still to come.
    let mut inside = 0_usize;
    for expr in flat.nodes(span) {
        let carries = match expr.node {
            Node::Var(var) => carriers.contains(var),
            Node::Call { func, .. } => returning[usize::from(func)],
            _ => false,
        };
        whole |= carries;
        argument |= carries && inside > 0;
        inside = match (inside, expr.node) {
            (0, Node::Call { args, .. }) => args,
            (0, _) => 0,
            (open, node) => open - 1 + node.operands(),
        };
    }
    (whole, argument)
}
