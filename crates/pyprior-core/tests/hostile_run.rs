//! Programs made to hurt: huge ranges, huge numbers, huge trees.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use common::read;
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use pyprior_core::exec::{CompileError, ExecError, IntegerBound, Limits, Machine, Program, Session, Trace, Value};
use pyprior_core::{ComparisonValues, Language, LanguageConfig};

const MANY: usize = 1_000_000;

fn outcome(module: &Module, limits: Limits) -> pyprior_core::exec::Outcome {
    let program = Program::from_module(module, ComparisonValues::Int).unwrap();
    Machine::new(limits).outcome(&program, None)
}

fn add(left: Expr, right: Expr) -> Expr {
    Expr::BinOp { op: BinOp::Add, left: Box::new(left), right: Box::new(right) }
}

#[test]
fn huge_ranges_end_at_their_fuel() {
    let language = Language::new(LanguageConfig::default()).unwrap();
    // Loops over 99 ** 4 and, within it, 99 ** 4 values: 9.2e15 iterations.
    let text = "BLK_1 FOR VAR_1 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 \
                FOR VAR_2 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 PRINT VAR_2";
    let tokens = read(&language, text);
    let program = Program::from_tokens(&language, &tokens).unwrap();
    let start = Instant::now();
    for fuel in [1_000, 999_999, 3_000_000] {
        let outcome = Machine::new(Limits { fuel, output_bytes: 1 << 30, ..Limits::default() }).outcome(&program, None);
        assert_eq!((outcome.error, outcome.steps), (Some(ExecError::OutOfFuel { fuel }), fuel));
    }
    assert!(start.elapsed().as_secs() < 20);
}

/// A program that no fuel suffices for.
fn endless() -> Program {
    let language = Language::new(LanguageConfig::default()).unwrap();
    let text = "BLK_1 FOR VAR_1 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 \
                FOR VAR_2 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 ASSIGN VAR_3 VAR_2";
    Program::from_tokens(&language, &read(&language, text)).unwrap()
}

#[test]
fn a_flag_ends_what_no_fuel_ends() {
    let program = endless();
    let stop = Arc::new(AtomicBool::new(false));
    let mut machine = Machine::new(Limits { fuel: u64::MAX, ..Limits::default() });
    machine.stop_by(&stop);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            stop.store(true, Ordering::Relaxed);
        });
        machine.outcome(&program, None)
    });
    assert_eq!(outcome.error, Some(ExecError::Stopped));
    let first = outcome.steps;
    assert!(first > 0);
    // Still set: it ends where the flag is looked at first.
    let again = machine.outcome(&program, None);
    assert_eq!(again.error, Some(ExecError::Stopped));
    assert!(again.steps <= 1 << 25, "{}", again.steps);

    // A session keeps what has happened until then.
    let config = LanguageConfig { max_block_stmts: 9, value_range: (0, 9999), ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let mut session = Session::new(&language, Limits { fuel: u64::MAX, ..Limits::default() });
    session.stop_by(&stop);
    let source = "a = 7\nfor i in range(9999 * 9999 * 9999):\n    b = i\na = 8";
    assert_eq!(session.exec(source).unwrap().error, Some(ExecError::Stopped));
    assert_eq!(session.get("a"), Some(&Value::Int(7)));
    stop.store(false, Ordering::Relaxed);
    assert_eq!(session.exec("a + 1").unwrap().value, Value::Int(8));
}

#[test]
fn a_flag_that_nobody_sets_changes_nothing() {
    let program = endless();
    // At, below and above what is run between two looks at the flag, and several times that.
    for fuel in [1, 1000, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, (1 << 25) + 1, 50_000_000] {
        let limits = Limits { fuel, ..Limits::default() };
        let mut machine = Machine::new(limits);
        machine.stop_by(&Arc::default());
        let expected = Machine::new(limits).outcome(&program, None);
        assert_eq!(expected.error, Some(ExecError::OutOfFuel { fuel }));
        assert_eq!(machine.outcome(&program, None), expected);
        assert_eq!(machine.outcome(&program, None), expected);
    }
    // One that ends by itself, behind the first look.
    let count = |n: i64| {
        let body = vec![Stmt::Assign { target: 2, value: Expr::Var(1) }];
        let call = Stmt::For { target: 1, start: None, stop: Expr::Const(n), body };
        Program::from_module(&Module { body: vec![call] }, ComparisonValues::Int).unwrap()
    };
    let limits = Limits { fuel: u64::MAX, ..Limits::default() };
    let mut machine = Machine::new(limits);
    machine.stop_by(&Arc::default());
    let outcome = machine.outcome(&count(20_000_000), None);
    assert_eq!((outcome.steps, outcome.error), (40_000_001, None));
}

#[test]
fn ranges_beyond_64_bits() {
    let big = || {
        let max = || Box::new(Expr::Const(i64::MAX));
        Expr::BinOp { op: BinOp::Mul, left: max(), right: max() }
    };
    let loop_over = |start: Option<Expr>, stop: Expr| {
        let body = vec![Stmt::Print(Expr::Var(1))];
        Module { body: vec![Stmt::For { target: 1, start, stop, body }] }
    };
    let limits = Limits { fuel: 7, ..Limits::default() };
    assert_eq!(outcome(&loop_over(None, big()), limits).stdout, "0\n1\n2\n");
    let from_max = outcome(&loop_over(Some(Expr::Const(i64::MAX - 1)), big()), limits);
    assert_eq!(from_max.stdout, "9223372036854775806\n9223372036854775807\n9223372036854775808\n");
    let above = outcome(&loop_over(Some(big()), add(big(), Expr::Const(2))), limits);
    assert_eq!(above.stdout, "85070591730234615847396907784232501249\n85070591730234615847396907784232501250\n");
    assert_eq!((above.steps, above.error), (5, None));
    assert_eq!(outcome(&loop_over(Some(big()), Expr::Const(5)), limits).steps, 1);
}

#[test]
fn integers_end_at_the_limit() {
    let square = Expr::BinOp { op: BinOp::Mul, left: Box::new(Expr::Var(1)), right: Box::new(Expr::Var(1)) };
    let body = vec![Stmt::Assign { target: 1, value: square }, Stmt::Print(Expr::Var(1))];
    let squares = Stmt::For { target: 2, start: None, stop: Expr::Const(i64::MAX), body };
    let module = Module { body: vec![Stmt::Assign { target: 1, value: Expr::Const(-3) }, squares] };
    for integer_bits in [0, 64, 65, 1_000, 1 << 16, 1 << 20] {
        let outcome = outcome(&module, Limits { integer_bits, output_bytes: 1 << 14, ..Limits::default() });
        let limit = integer_bits.max(64);
        match outcome.error {
            Some(ExecError::IntegerLimit { of: IntegerBound::Bits, limit: found, statement: 2 }) => {
                assert_eq!(found, limit)
            }
            // 2 ** 14 digits take 54,000 bits: the output is full before.
            Some(ExecError::OutputLimit { limit: found, statement: 3 }) => assert!(found == 1 << 14 && limit > 50_000),
            other => panic!("{other:?}"),
        }
        let longest = outcome.stdout.lines().map(str::len).max().unwrap();
        assert!((longest as f64) < limit as f64 * 0.302 + 2.0);
    }
}

#[test]
fn deep_expressions() {
    let limits = Limits::default();
    for shape in 0..5 {
        let mut expr = Expr::Const(1);
        for _ in 0..MANY {
            let before = std::mem::replace(&mut expr, Expr::Const(0));
            expr = match shape {
                0 => add(before, Expr::Var(1)),
                1 => add(Expr::Var(1), before),
                // Results wait for each other: as many registers as levels.
                2 => add(add(Expr::Var(1), Expr::Var(1)), before),
                3 => Expr::Compare(Box::new(Comparison { op: Compare::Eq, left: before, right: Expr::Var(1) })),
                _ => Expr::Call { func: 1, args: vec![before] },
            };
        }
        let def = Stmt::Def { func: 1, arity: 1, body: vec![Stmt::Return(add(Expr::Var(1), Expr::Const(1)))] };
        let assign = Stmt::Assign { target: 1, value: Expr::Const(1) };
        let module = Module { body: vec![def, assign, Stmt::Print(expr)] };
        let outcome = outcome(&module, Limits { fuel: 10_000_000, ..limits });
        let expected = ["1000001\n", "1000001\n", "2000001\n", "1\n", "1000001\n"][shape];
        assert_eq!((outcome.stdout.as_str(), outcome.error), (expected, None), "{shape}");
    }
}

#[test]
fn deep_and_long_blocks() {
    let mut body = vec![Stmt::Print(Expr::Var(1))];
    for depth in 0..MANY {
        let inner = std::mem::take(&mut body);
        body = vec![if depth % 2 == 0 {
            let condition = Comparison { op: Compare::Lt, left: Expr::Var(1), right: Expr::Const(9) };
            Stmt::If { condition, then: inner, otherwise: vec![Stmt::Print(Expr::Const(0))] }
        } else {
            Stmt::For { target: 1, start: None, stop: Expr::Const(1), body: inner }
        }];
    }
    body.insert(0, Stmt::Assign { target: 1, value: Expr::Const(3) });
    let module = Module { body };
    let deep = outcome(&module, Limits { fuel: 10_000_000, ..Limits::default() });
    assert_eq!((deep.stdout.as_str(), deep.error, deep.steps), ("0\n", None, 2 + MANY as u64 * 3 / 2));
    let one = || Stmt::Assign { target: 1, value: add(Expr::Const(2), Expr::Const(i64::MAX)) };
    let long = Module { body: (0..MANY).map(|_| one()).chain([Stmt::Print(Expr::Var(1))]).collect() };
    let outcome = outcome(&long, Limits { fuel: 10_000_000, ..Limits::default() });
    assert_eq!((outcome.stdout.as_str(), outcome.steps), ("9223372036854775809\n", MANY as u64 + 1));
}

#[test]
fn trees_that_are_no_programs_are_refused() {
    let refused = |body: Vec<Stmt>| Program::from_module(&Module { body }, ComparisonValues::Int).unwrap_err();
    let print = || Stmt::Print(Expr::Var(1));
    let assign = |target| Stmt::Assign { target, value: Expr::Const(1) };
    let call = |args| Stmt::Print(Expr::Call { func: 1, args });
    let def = |body| Stmt::Def { func: 1, arity: 1, body };
    let branch = |then, otherwise| {
        let condition = Comparison { op: Compare::Lt, left: Expr::Const(1), right: Expr::Const(2) };
        Stmt::If { condition, then, otherwise }
    };
    let cases: Vec<(Vec<Stmt>, &str)> = vec![
        (vec![print()], "variable 1 of statement 0 is out of place; 0 are visible"),
        (vec![assign(2)], "variable 2 of statement 0 is out of place"),
        (vec![assign(0)], "variable 0 of statement 0 is out of place"),
        (vec![branch(vec![assign(1)], vec![call(vec![])])], "statement 2 calls function 1 before"),
        (vec![branch(vec![assign(1)], vec![Stmt::Print(Expr::Const(1))]), print()], "variable 1 of statement 3"),
        (vec![def(vec![call(vec![Expr::Var(1)])])], "statement 1 calls function 1 before it is defined"),
        (vec![def(vec![print()]), call(vec![])], "with 0 arguments; it has 1 parameters"),
        (vec![def(vec![print()]), def(vec![print()])], "statement 2 defines function 1"),
        (vec![branch(vec![def(vec![print()])], vec![])], "statement 1 defines function 1"),
        (vec![Stmt::Return(Expr::Const(1))], "statement 0 is a return outside"),
        (vec![assign(1), def(vec![Stmt::Print(Expr::Var(2))])], "variable 2 of statement 2"),
    ];
    for (body, expected) in cases {
        let error = refused(body);
        assert!(error.to_string().contains(expected), "{error}");
    }
    let language = Language::new(LanguageConfig::default()).unwrap();
    let tokens = |text| Program::from_tokens(&language, &read(&language, text)).unwrap_err();
    assert!(matches!(tokens("BLK_1 PRINT"), CompileError::Tokens(_)));
    assert!(matches!(tokens("BLK_1 PRINT INT_1 PRINT"), CompileError::Tokens(_)));
    assert!(matches!(tokens("BLK_1 PRINT INT_1 PAD PAD BOS"), CompileError::Tokens(_)));
    assert!(Program::from_tokens(&language, &read(&language, "BLK_1 PRINT INT_1 PAD PAD")).is_ok());
}

#[test]
fn traces_say_what_is_written_and_end_at_their_bound() {
    let language = Language::new(LanguageConfig { max_block_stmts: 3, ..LanguageConfig::default() }).unwrap();
    // def f(a):
    //     return a + 1
    // for b in range(2):
    //     c = f(b)
    // d = 5
    let text = "BLK_3 FUNC_1 ARITY_1 BLK_1 RETURN ADD VAR_1 INT_1 \
                FOR VAR_1 INT_2 BLK_1 ASSIGN VAR_2 CALL FUNC_1 VAR_1 ASSIGN VAR_1 INT_5";
    let program = Program::from_tokens(&language, &read(&language, text)).unwrap();
    let mut machine = Machine::new(Limits::default());
    let mut trace = Trace::default();
    machine.run_traced(&program, &mut trace, 100).unwrap();
    let found = trace
        .events
        .iter()
        .map(|event| (event.statement, event.line, event.scope, event.slot, event.binding, event.value.to_string()));
    let expected = [
        (2, 3, 0, 1, 0, "0"),
        (0, 1, 1, 1, 0, "0"),
        (3, 4, 0, 2, 1, "1"),
        (2, 3, 0, 1, 0, "1"),
        (0, 1, 1, 1, 0, "1"),
        (3, 4, 0, 2, 1, "2"),
        (4, 5, 0, 1, 2, "5"),
    ];
    assert!(found.eq(expected.map(|(a, b, c, d, e, value)| (a, b, c, d, e, value.to_owned()))));
    assert!(!trace.truncated);
    for bound in 0..7 {
        let mut part = Trace::default();
        machine.run_traced(&program, &mut part, bound).unwrap();
        assert!(part.truncated && part.events == trace.events[..bound]);
    }
    let mut exact = Trace::default();
    machine.run_traced(&program, &mut exact, 7).unwrap();
    assert_eq!(exact, trace);
    let mut called = Trace::default();
    machine.call_traced(&program, 1, &[Value::Int(8)], &mut called, 9).unwrap();
    assert_eq!((called.events.len(), &called.events[0].value), (1, &Value::Int(8)));
}

/// Steps are cheap, what they multiply need not be: work has a bound of its own, and what comes from outside too.
#[test]
fn large_integers_end_at_their_work() {
    let square = |var| Expr::BinOp { op: BinOp::Mul, left: Box::new(Expr::Var(var)), right: Box::new(Expr::Var(var)) };
    let forever = |body| Stmt::For { target: 2, start: None, stop: Expr::Const(i64::MAX), body };
    let double = Stmt::Assign { target: 1, value: square(1) };
    let grow = Stmt::For { target: 2, start: None, stop: Expr::Const(14), body: vec![double] };
    // 3 to the power 2 ** 14 has 25,968 bits: 406 digits, whose square takes 164,836 products.
    let body = vec![Stmt::Assign { target: 3, value: square(1) }];
    let module = Module { body: vec![Stmt::Assign { target: 1, value: Expr::Const(3) }, grow, forever(body)] };
    let start = Instant::now();
    let steps = [1 << 26, 1 << 28, 1 << 30].map(|integer_work| {
        let outcome = outcome(&module, Limits { integer_work, ..Limits::default() });
        let expected = ExecError::IntegerLimit { of: IntegerBound::Work, limit: integer_work, statement: 4 };
        assert_eq!(outcome.error, Some(expected));
        // From 3 to the power 32 on squares are beyond 64 bits. Each later product takes two steps, also the one that
        // is refused.
        let digits = |power: u32| (f64::from(1_u32 << power) * 3_f64.log2()) as u64 / 64 + 1;
        let growing = (5..14).map(|power| digits(power).pow(2)).sum::<u64>();
        assert_eq!(digits(14).pow(2), 164_836);
        assert_eq!((outcome.steps - 31) / 2, (integer_work - growing) / 164_836 + 1);
        outcome.steps
    });
    assert!(steps.is_sorted());
    assert!(start.elapsed().as_secs() < 20);
    // Sums count by digits.
    let body = vec![Stmt::Assign { target: 3, value: add(Expr::Var(1), Expr::Var(1)) }];
    let grow = Stmt::For {
        target: 2,
        start: None,
        stop: Expr::Const(14),
        body: vec![Stmt::Assign { target: 1, value: square(1) }],
    };
    let module = Module { body: vec![Stmt::Assign { target: 1, value: Expr::Const(3) }, grow, forever(body)] };
    let outcome = outcome(&module, Limits { integer_work: 10_000_000, ..Limits::default() });
    assert!(matches!(outcome.error, Some(ExecError::IntegerLimit { of: IntegerBound::Work, .. })), "{outcome:?}");

    let language = Language::new(LanguageConfig::default()).unwrap();
    let program = Program::from_tokens(&language, &read(&language, "BLK_1 FUNC_1 ARITY_1 BLK_1 RETURN VAR_1")).unwrap();
    let call = |bits: u64, arg: &str| {
        let mut machine = Machine::new(Limits { integer_bits: bits, ..Limits::default() });
        machine.call(&program, 1, &[arg.parse().unwrap()])
    };
    let large = "9".repeat(1000);
    assert_eq!(call(3322, &large).unwrap().to_string(), large);
    let refused = call(3321, &large).unwrap_err();
    assert_eq!(refused, ExecError::IntegerLimit { of: IntegerBound::Bits, limit: 3321, statement: 0 });
    assert!("9".repeat(100_001).parse::<Value>().is_err());
}
