//! Trees that no program is like: analysed on a small stack, in bounded time, however deep and long.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use pyprior_core::{Analysis, Analysis002, FunctionEnds};

const MILLION: usize = 1_000_000;

/// Analyses on a thread with a quarter of a megabyte of stack.
fn analyse(module: Module) -> (Analysis, Analysis002) {
    // Dropping a tree goes as deep as the tree; these are left to the end of the process.
    let module = ManuallyDrop::new(module);
    let work = move || {
        let start = Instant::now();
        let found = (Analysis::of(&module), Analysis002::of(&module));
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
        found
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap()
}

fn number(value: i64) -> Expr {
    Expr::Const(value)
}

fn module(body: Vec<Stmt>) -> Module {
    Module { body }
}

fn test(left: Expr, right: Expr) -> Comparison {
    Comparison { op: Compare::Lt, left, right }
}

/// A statement in a million others.
fn nested(wrap: impl Fn(Vec<Stmt>) -> Stmt, inner: Stmt) -> Module {
    module(vec![(0..MILLION).fold(inner, |stmt, _| wrap(vec![stmt]))])
}

#[test]
fn deep_expressions() {
    let sum = |leaf: Expr| {
        let add = |left, _| Expr::BinOp { op: BinOp::Add, left: Box::new(left), right: Box::new(number(1)) };
        (0..MILLION).fold(leaf, add)
    };
    let (found, _) = analyse(module(vec![Stmt::If {
        condition: test(sum(number(0)), number(0)),
        then: vec![Stmt::Print(number(1))],
        otherwise: vec![Stmt::Print(number(2))],
    }]));
    assert_eq!((found.expr_depth, found.tokens, found.steps), (MILLION, 2 * MILLION + 11, Some(2)));
    assert_eq!(found.findings.len(), 2);
    let calls = (0..MILLION).fold(number(1), |arg, _| Expr::Call { func: 1, args: vec![arg] });
    let def = Stmt::Def { func: 1, arity: 1, body: vec![Stmt::Return(Expr::Var(1))] };
    let (found, old) = analyse(module(vec![def, Stmt::Print(calls)]));
    assert_eq!(found.steps, Some(2 + 2 * MILLION as u64));
    assert!(found.findings.is_empty() && found.call_value_used && old.value_used);
    let compare = |left, _| Expr::Compare(Box::new(test(left, number(1))));
    assert_eq!(analyse(module(vec![Stmt::Print((0..MILLION).fold(number(1), compare))])).0.expr_depth, MILLION);
}

#[test]
fn deep_statements() {
    let repeat = |body| Stmt::For { target: 1, start: None, stop: number(2), body };
    let (found, _) = analyse(nested(repeat, Stmt::Print(Expr::Var(1))));
    assert_eq!((found.steps, found.control_depth), (Some(u64::MAX), MILLION));
    // All loops but the innermost count for themselves.
    assert_eq!(found.findings.len(), MILLION - 1);
    let unknown = |body| Stmt::For { target: 1, start: Some(Expr::Var(1)), stop: Expr::Var(2), body };
    assert_eq!(analyse(nested(unknown, Stmt::Print(Expr::Var(3)))).0.steps, None);
    let branch =
        |then| Stmt::If { condition: test(Expr::Var(1), number(1)), then, otherwise: vec![Stmt::Print(number(1))] };
    let (found, _) = analyse(nested(branch, Stmt::Return(number(1))));
    assert_eq!(found.steps, Some(MILLION as u64 + 1));
    // Defs within defs, each with a number that others have too.
    let def = |body| Stmt::Def { func: 7, arity: 2, body };
    let (found, _) = analyse(nested(def, Stmt::Return(number(1))));
    assert_eq!(found.functions.len(), MILLION);
    assert_eq!(found.functions[MILLION - 1].ends, FunctionEnds::Returns);
}

#[test]
fn long_blocks() {
    let store = |nth: usize| Stmt::Assign { target: (nth % 256) as u8, value: Expr::Var((nth * 7 % 256) as u8) };
    let (found, _) = analyse(module((0..MILLION).map(store).collect()));
    assert_eq!((found.statements, found.steps), (MILLION, Some(MILLION as u64)));
    let arguments = Expr::Call { func: 9, args: vec![number(1); MILLION] };
    let (found, _) = analyse(module(vec![Stmt::Print(arguments)]));
    // What is not defined has no bound.
    assert_eq!((found.tokens, found.steps), (MILLION + 4, None));
}

#[test]
fn odd_trees() {
    let call = |func| Expr::Call { func, args: Vec::new() };
    // Recursion, directly and mutually, and a call of what comes later.
    let def = |func, called| Stmt::Def { func, arity: 0, body: vec![Stmt::Return(call(called))] };
    let (found, _) = analyse(module(vec![def(1, 2), def(2, 1), def(3, 3), Stmt::Print(call(1)), Stmt::Print(call(3))]));
    assert_eq!(found.steps, None);
    assert!(found.functions.iter().all(|facts| facts.used && facts.steps.is_none()), "{found:?}");
    // Defined twice: either may be meant.
    let returns = |func, body| Stmt::Def { func, arity: 0, body };
    let (short, long) = (vec![Stmt::Return(number(1))], vec![Stmt::Print(number(1)), Stmt::Return(number(1))]);
    let (found, _) = analyse(module(vec![returns(1, long), returns(1, short), Stmt::Print(call(1))]));
    assert_eq!((found.steps, found.functions[0].steps), (None, None));
    // Nothing at all, and empty blocks.
    let (found, old) = analyse(module(Vec::new()));
    assert_eq!((found.steps, found.tokens, found.statements), (Some(0), 1, 0));
    assert_eq!(old, Analysis002::default());
    let empty = Stmt::If { condition: test(number(1), number(2)), then: Vec::new(), otherwise: Vec::new() };
    let (found, _) = analyse(module(vec![empty, def(0, 0), Stmt::Return(number(1)), Stmt::Print(number(2))]));
    assert_eq!(found.steps, Some(3));
    let kinds = found.findings.iter().map(|finding| finding.kind.name()).collect::<Vec<_>>();
    assert_eq!(kinds, ["constant-test", "unused-function", "unreachable"]);
    // From one end of 64 bits to the other.
    let far = Stmt::For {
        target: 1,
        start: Some(number(i64::MIN)),
        stop: number(i64::MAX),
        body: vec![Stmt::Print(Expr::Var(1))],
    };
    assert_eq!(analyse(module(vec![far])).0.steps, Some(u64::MAX));
}
