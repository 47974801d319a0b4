//! Runs, held against a naive walk over the tree: output, steps, values and messages of sampled programs of both
//! profiles, and every smaller amount of fuel.
//!
//! `PYPRIOR_RUNS` (1) multiplies the number of programs, `PYPRIOR_SEED` (1) chooses others.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::naive_run::{End, Naive, Val};
use common::running::{configurations, sample};
use common::{Random, env};
use pyprior_core::exec::{ExecError, Limits, Machine, Program, Value};
use pyprior_core::{ComparisonValues, Profile};
use rayon::prelude::*;

/// The error in the walk's words.
fn end(error: &ExecError) -> End {
    match error {
        ExecError::OutOfFuel { .. } => End::Fuel,
        ExecError::IntegerLimit { .. } => End::Bits,
        ExecError::TypeError { message, .. } => End::Type(message.clone()),
        other => panic!("{other}"),
    }
}

/// Compares one program, and its functions called from outside. Returns how often the runs ended early, by kind.
fn compare(machine: &mut Machine, program: &Program, tree: &pyprior_core::ast::Module, bools: bool) -> [u64; 4] {
    let limits = *machine.limits();
    let mut counts = [1, 0, 0, 0];
    let mut naive = Naive::new(limits.fuel, bools, limits.integer_bits);
    let expected = naive.run(tree).err();
    let found = machine.run(program).err().as_ref().map(end);
    assert_eq!((&found, machine.steps()), (&expected, naive.steps), "{tree:?}");
    assert_eq!(machine.stdout(), naive.out, "{tree:?}");
    let mut count = |found: &Option<End>| match found {
        None => {}
        Some(End::Fuel) => counts[1] += 1,
        Some(End::Bits) => counts[2] += 1,
        Some(End::Type(_)) => counts[3] += 1,
    };
    count(&found);
    if found.is_some() {
        return counts;
    }
    for (func, arity) in program.functions().collect::<Vec<_>>() {
        let ints = (0..i64::from(arity)).map(|nth| nth * 5 - 3).collect::<Vec<_>>();
        (naive.steps, naive.out) = (0, String::new());
        let expected = naive.call(func, ints.iter().map(|&int| Val::Int(int.into())).collect());
        machine.reset();
        let found = machine.call(program, func, &ints.iter().map(|&int| Value::Int(int)).collect::<Vec<_>>());
        count(&found.as_ref().err().map(end));
        let texts = (found.map(|value| value.to_string()).map_err(|error| end(&error)), machine.steps());
        assert_eq!(texts, (expected.map(|value| value.text()), naive.steps), "func {func} of {tree:?}");
        assert_eq!(machine.stdout(), naive.out, "func {func} of {tree:?}");
    }
    counts
}

#[test]
fn programs_run_as_the_naive_walk_says() {
    let each = 1_250 * env("PYPRIOR_RUNS", 1);
    for profile in [Profile::Sound, Profile::PyPrior002] {
        let mut sum = [0; 4];
        for (nth, config) in configurations(profile).iter().enumerate() {
            let (language, programs) = sample(config, env("PYPRIOR_SEED", 1) + nth as u64, each);
            let bools = config.0.comparison_values == ComparisonValues::Bool;
            let starts = (0..programs.len()).step_by(100).collect::<Vec<_>>();
            let part = |&start: &usize| {
                let mut machine = Machine::new(Limits { fuel: 3000, integer_bits: 300, ..Limits::default() });
                let mut sum = [0; 4];
                for tokens in programs.iter().skip(start).take(100) {
                    let program = Program::from_tokens(&language, tokens).unwrap();
                    let tree = language.vocab().tokens_to_ast(tokens).unwrap();
                    let counts = compare(&mut machine, &program, &tree, bools);
                    let same = Program::from_module(&tree, config.0.comparison_values).unwrap();
                    assert_eq!(format!("{same:?}"), format!("{program:?}"));
                    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                }
                sum
            };
            for counts in starts.par_iter().map(part).collect::<Vec<_>>() {
                sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        let [count, fuel, bits, types] = sum;
        println!("{profile:?}: {count} programs; runs that end: fuel {fuel}, integer limit {bits}, TypeError {types}");
        assert_eq!(count, 8 * each);
        // Each way to end must have come up, or the test shows little.
        assert!(fuel > count / 1000 && bits > count / 1000, "{sum:?}");
        assert_eq!(types > 0, profile == Profile::PyPrior002);
    }
}

#[test]
fn any_fuel_gives_a_prefix() {
    for profile in [Profile::Sound, Profile::PyPrior002] {
        for (nth, config) in configurations(profile).iter().enumerate() {
            let (language, programs) = sample(config, 77 + nth as u64, 60);
            for tokens in programs.iter() {
                let program = Program::from_tokens(&language, tokens).unwrap();
                let run = |fuel| {
                    let mut machine = Machine::new(Limits { fuel, ..Limits::default() });
                    machine.outcome(&program, None)
                };
                let whole = run(400);
                for fuel in 0..whole.steps {
                    let part = run(fuel);
                    assert_eq!((part.error, part.steps), (Some(ExecError::OutOfFuel { fuel }), fuel));
                    assert!(whole.stdout.starts_with(&part.stdout));
                }
                assert_eq!(run(whole.steps.max(1)).stdout, whole.stdout);
            }
        }
    }
}

#[test]
fn output_ends_at_the_limit_with_whole_lines() {
    let config = &configurations(Profile::Sound)[7];
    let (language, programs) = sample(config, 5, 300);
    let mut reached = 0;
    for tokens in programs.iter() {
        let program = Program::from_tokens(&language, tokens).unwrap();
        let run = |output_bytes| {
            Machine::new(Limits { fuel: 5000, output_bytes, ..Limits::default() }).outcome(&program, None)
        };
        let whole = run(1 << 20);
        for limit in 0..whole.stdout.len().min(40) {
            let part = run(limit);
            let full = matches!(part.error, Some(ExecError::OutputLimit { limit: found, .. }) if found == limit);
            assert!(full && part.stdout.len() <= limit, "{part:?}");
            assert!(whole.stdout.starts_with(&part.stdout));
            // The next line is what did not fit.
            let next = whole.stdout[part.stdout.len()..].split_inclusive('\n').next().unwrap();
            assert!(part.stdout.len() + next.len() > limit);
            reached += 1;
        }
    }
    assert!(reached > 500, "{reached}");
}

/// Programs of `sound` know four ways to end.
#[test]
fn sound_programs_raise_nothing() {
    let each = env("PYPRIOR_SOUND", 100_000) / 8;
    let mut ends = [0_u64; 4];
    for (nth, config) in configurations(Profile::Sound).iter().enumerate() {
        let (language, programs) = sample(config, 900 + nth as u64, each);
        let limits = Limits { fuel: 2000, output_bytes: 2000, integer_bits: 500, ..Limits::default() };
        let starts = (0..programs.len()).step_by(1000).collect::<Vec<_>>();
        let part = |&start: &usize| {
            let mut machine = Machine::new(limits);
            let mut ends = [0; 4];
            for tokens in programs.iter().skip(start).take(1000) {
                let program = Program::from_tokens(&language, tokens).unwrap();
                let mut random = Random(start as u64);
                let mut note = |error: Option<ExecError>| match error {
                    None => ends[0] += 1,
                    Some(ExecError::OutOfFuel { .. }) => ends[1] += 1,
                    Some(ExecError::OutputLimit { .. }) => ends[2] += 1,
                    Some(ExecError::IntegerLimit { .. }) => ends[3] += 1,
                    Some(other) => panic!("{other}: {tokens:?}"),
                };
                note(machine.run(&program).err());
                for (func, arity) in program.functions() {
                    let args = (0..arity).map(|_| Value::Int(random.below(40) as i64 - 20)).collect::<Vec<_>>();
                    machine.reset();
                    note(machine.call(&program, func, &args).err());
                }
            }
            ends
        };
        for counts in starts.par_iter().map(part).collect::<Vec<_>>() {
            ends.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    let [values, fuel, output, bits] = ends;
    println!("{values} values, {fuel} out of fuel, {output} output limits, {bits} integer limits");
    assert!(ends.iter().all(|&count| count > 20), "{ends:?}");
}

/// Tests of two numbers are settled when compiling, and what they cost is paid further on: hundreds of them in a row
/// must cost what they cost, whichever branch is taken, wherever the fuel ends.
#[test]
fn tests_that_always_hold_cost_their_steps() {
    use pyprior_core::ast::{Compare, Comparison, Expr, Module, Stmt};
    let print = |value| vec![Stmt::Print(Expr::Const(value))];
    let test = |right| Comparison { op: Compare::Lt, left: Expr::Const(1), right: Expr::Const(right) };
    for depth in [1, 2, 254, 255, 256, 257, 300, 600] {
        // Every third test fails.
        let nest = |inner: Vec<Stmt>, level: i64| match level % 3 {
            0 => vec![Stmt::If { condition: test(0), then: print(level), otherwise: inner }],
            _ => vec![Stmt::If { condition: test(2), then: inner, otherwise: print(level) }],
        };
        let nested = (0..depth).fold(print(-1), nest);
        let holding = (0..depth)
            .fold(print(-2), |inner, _| vec![Stmt::If { condition: test(2), then: inner, otherwise: print(9) }]);
        let looped = Stmt::For { target: 1, start: None, stop: Expr::Const(2), body: holding.clone() };
        let tree = Module { body: [nested, holding, vec![looped], print(-3)].concat() };
        let program = Program::from_module(&tree, ComparisonValues::Int).unwrap();
        let whole = 4 * (depth as u64 + 1) + 4;
        for fuel in 0..whole + 2 {
            let mut machine = Machine::new(Limits { fuel, ..Limits::default() });
            let mut naive = Naive::new(fuel, false, Limits::default().integer_bits);
            let expected = naive.run(&tree).err();
            let found = machine.run(&program).err().as_ref().map(end);
            assert_eq!((found, machine.steps()), (expected, naive.steps), "depth {depth}, fuel {fuel}");
            assert_eq!(machine.stdout(), naive.out, "depth {depth}, fuel {fuel}");
            assert_eq!(machine.steps(), fuel.min(whole), "depth {depth}");
        }
    }
}
