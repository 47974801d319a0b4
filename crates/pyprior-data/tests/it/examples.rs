//! Examples of functions: what they are, found out anew; which are chosen.

use std::collections::HashSet;

use pyprior_core::exec::{Coverage, ExecError, Limits, Machine, Program, Step, Steps, Trace, Value};
use pyprior_core::{Encoder, Language, LanguageConfig};
use pyprior_data::{Description, Format, Subject};
use serde_json::Value as Json;

use crate::common::{Folder, all, lines, with_functions};

fn program(source: &str) -> Program {
    let language = Language::new(LanguageConfig { max_block_stmts: 9, ..LanguageConfig::default() }).unwrap();
    Program::from_tokens(&language, &Encoder::new(&language).encode(source).unwrap().tokens).unwrap()
}

/// How many ways some calls go, of all.
fn ways(source: &str, calls: &[&[i64]]) -> (u32, u32) {
    let program = program(source);
    let subject = Subject::of(&program).unwrap();
    let (mut coverage, mut machine) = (Coverage::new(&program, subject.func), Machine::new(Limits::default()));
    for call in calls {
        let inputs = call.iter().map(|&value| Value::Int(value)).collect::<Vec<_>>();
        machine.reset();
        machine.call_covered(&program, subject.func, &inputs, &mut coverage).unwrap();
    }
    (coverage.gone().iter().map(|word| word.count_ones()).sum(), coverage.ways())
}

#[test]
fn ways_are_counted_as_one_counts_them() {
    let test = "def f(a):\n    if a < 3:\n        return 1\n    else:\n        return 2\nprint(f(1))";
    assert_eq!(ways(test, &[]), (0, 2));
    assert_eq!(ways(test, &[&[0]]), (1, 2));
    assert_eq!(ways(test, &[&[0], &[3]]), (2, 2));
    let walk = "def f(a):\n    b = 0\n    for c in range(a):\n        b = b + c\n    return b\nprint(f(1))";
    assert_eq!(ways(walk, &[&[0]]), (1, 3));
    assert_eq!(ways(walk, &[&[5], &[9]]), (1, 3));
    assert_eq!(ways(walk, &[&[-4], &[1], &[2]]), (3, 3));
    // What literals decide is no choice; what is called counts, each function once.
    let both = "def g(a):\n    if a == 0:\n        return 5\n    else:\n        return a\ndef f(a):\n    if 1 < 2:\n        for b in range(4):\n            print(b)\n    else:\n        print(7)\n    return g(a) + g(0)\nprint(f(1))";
    assert_eq!(ways(both, &[&[0]]), (1, 2));
    assert_eq!(ways(both, &[&[8]]), (2, 2));
    // Nor where they do not fit into an instruction.
    let far = "def f(a):\n    b = 0\n    for c in range(3000000000, 3000000002):\n        b = b + a\n    for c in range(a, 3000000000):\n        return b\n    return b\nprint(f(1))";
    let config = LanguageConfig { value_range: (2_999_999_999, 3_000_000_002), ..LanguageConfig::default() };
    let far = far.replace("b = 0", "b = 3000000000").replace("f(1)", "f(3000000000)");
    let wide = Language::new(LanguageConfig { max_block_stmts: 9, ..config }).unwrap();
    let wide = Program::from_tokens(&wide, &Encoder::new(&wide).encode(&far).unwrap().tokens).unwrap();
    assert_eq!(Coverage::new(&wide, 1).ways(), 3);
    // An inner loop ends once for each iteration of the outer one: no iteration, one, two.
    let nested = "def f(a):\n    b = 0\n    for c in range(a):\n        for d in range(c):\n            b = b + d\n    return b\nprint(f(1))";
    assert_eq!(ways(nested, &[&[1]]), (2, 6));
    assert_eq!(ways(nested, &[&[3]]), (4, 6));
}

#[test]
fn steps_hold_what_a_trace_does_and_the_lines_between() {
    let source = "def f(a):\n    b = a * 2\n    print(b)\n    return b\nfor i in range(2):\n    c = f(i)\nprint(9)";
    let (program, mut machine) = (program(source), Machine::new(Limits::default()));
    let (mut steps, mut trace) = (Steps::default(), Trace::default());
    machine.run_steps(&program, &mut steps, 1000).unwrap();
    machine.run_traced(&program, &mut trace, 1000).unwrap();
    let writes = steps.steps.iter().filter_map(|step| match step {
        Step::Write(event) => Some(event.clone()),
        _ => None,
    });
    assert_eq!(writes.collect::<Vec<_>>(), trace.events);
    let lines = steps.steps.iter().filter_map(|step| match step {
        Step::Line { line, .. } => Some(*line),
        _ => None,
    });
    // As CPython's own tracing has them: a loop's line before each iteration and after the last.
    assert_eq!(lines.collect::<Vec<_>>(), [1, 5, 6, 2, 3, 4, 5, 6, 2, 3, 4, 5, 7]);
    let mut few = Steps::default();
    machine.run_steps(&program, &mut few, 10).unwrap();
    assert!(few.truncated && few.steps == steps.steps[..10]);
}

#[test]
fn a_run_out_of_fuel_has_begun_one_statement_that_it_has_not_paid_for() {
    // Where literals decide a test, the `if` and what is in it share an instruction.
    let source = "a = 1\nif 1 < 2:\n    if 3 == 3:\n        b = a\n    else:\n        b = 2\nelse:\n    b = 3\nif 2 < 1:\n    c = 4\nelse:\n    c = a\nprint(c)";
    let program = program(source);
    let followed = |fuel| {
        let (mut machine, mut steps) = (Machine::new(Limits { fuel, ..Limits::default() }), Steps::default());
        let finished = machine.run_steps(&program, &mut steps, 1000).is_ok();
        (steps.steps, finished, machine.steps())
    };
    let (whole, _, all) = followed(100);
    assert_eq!(all, 7);
    for fuel in 0..all {
        let (steps, finished, _) = followed(fuel);
        assert!(!finished && whole.starts_with(&steps));
        let lines = steps.iter().filter(|step| matches!(step, Step::Line { .. })).count();
        assert_eq!(lines as u64, fuel + 1, "{fuel}");
    }
    assert!(followed(all).1);
}

#[test]
fn the_function_is_the_last_with_parameters_and_a_return() {
    let two = "def f(a):\n    return a\ndef g():\n    return 1\nprint(f(g()))";
    assert_eq!(Subject::of(&program(two)), Some(Subject { func: 1, arity: 1 }));
    let three = "def f(a):\n    return a\ndef g(b, c):\n    return b\ndef h(d):\n    print(d)\nprint(f(g(1, 2)))";
    assert_eq!(Subject::of(&program(three)), Some(Subject { func: 2, arity: 2 }));
    assert_eq!(Subject::of(&program("print(1)")), None);
}

fn described() -> Description {
    let mut description = with_functions(6_000, 3_500);
    description.keep.clear();
    description.write.columns = [
        "id",
        "row",
        "tokens",
        "source",
        "examples",
        "examples_status",
        "function",
        "inputs",
        "outputs",
        "output_stdout",
        "coverage",
    ]
    .map(str::to_owned)
    .to_vec();
    description.write.formats = vec![Format::Jsonl];
    description
}

fn texts(row: &Json, column: &str) -> Vec<String> {
    row[column].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The values of a tuple as Python writes it.
fn values(tuple: &str) -> Vec<Value> {
    let inside = tuple.strip_prefix('(').unwrap().strip_suffix(')').unwrap();
    inside.split(", ").map(|value| value.trim_end_matches(',').parse().unwrap()).collect()
}

#[test]
fn examples_are_what_calls_give() {
    let description = described();
    let folder = Folder::new("examples");
    all(&description, folder.path()).unwrap();
    let language = Language::new(description.language.clone()).unwrap();
    let limits = description.examples.limits(description.limits);
    let (mut machine, mut statuses, mut printing, mut found) = (Machine::new(limits), HashSet::new(), 0, 0);
    for row in lines(&folder, "jsonl") {
        let status = row["examples_status"].as_str().unwrap().to_owned();
        let (inputs, outputs) = (texts(&row, "inputs"), texts(&row, "outputs"));
        assert_eq!(status == "found", !inputs.is_empty(), "{row}");
        assert_eq!((inputs.len(), row["examples"].as_u64()), (outputs.len(), Some(inputs.len() as u64)));
        statuses.insert(status.clone());
        if status != "found" {
            assert!(row["function"].is_null() && row["coverage"].is_null());
            continue;
        }
        found += 1;
        let tokens = row["tokens"].as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32);
        let program = Program::from_tokens(&language, &tokens.collect::<Vec<_>>()).unwrap();
        let subject = Subject::of(&program).unwrap();
        assert!(inputs.len() <= 8 && inputs.iter().collect::<HashSet<_>>().len() == inputs.len());
        assert!(outputs.iter().collect::<HashSet<_>>().len() > 1, "{row}");
        let mut coverage = Coverage::new(&program, subject.func);
        for ((input, output), printed) in inputs.iter().zip(&outputs).zip(texts(&row, "output_stdout")) {
            let arguments = values(input);
            assert!(arguments.iter().all(|value| matches!(value, Value::Int(-20..=20))), "{input}");
            machine.reset();
            let value = machine.call_covered(&program, subject.func, &arguments, &mut coverage).unwrap();
            assert_eq!((&value.to_string(), machine.stdout()), (output, printed.as_str()));
            printing += usize::from(!printed.is_empty());
        }
        let gone = coverage.gone().iter().map(|word| word.count_ones()).sum::<u32>();
        let share = if coverage.ways() == 0 { 1.0 } else { f64::from(gone) / f64::from(coverage.ways()) };
        assert_eq!(row["coverage"].as_f64(), Some(share));
        let name = row["function"].as_str().unwrap();
        assert!(row["source"].as_str().unwrap().contains(&format!("def {name}(")));
    }
    assert!(found > 500 && printing > 20, "{found} {printing}");
    statuses.insert("unfinished".to_owned());
    assert_eq!(statuses.len(), 5, "{statuses:?}");
}

#[test]
fn functions_that_say_nothing_stay_by_choice() {
    let mut description = described();
    description.rows = 2_000;
    // A call takes a step, and so does its first statement.
    description.examples.fuel = 1;
    let folder = Folder::new("no-fuel");
    all(&description, folder.path()).unwrap();
    let statuses = lines(&folder, "jsonl")
        .iter()
        .map(|row| row["examples_status"].as_str().unwrap().to_owned())
        .collect::<HashSet<_>>();
    assert!(statuses.contains("unfinished") && !statuses.contains("found"), "{statuses:?}");
    description.examples.fuel = 60;
    description.examples.reject_constant = false;
    description.examples.reject_unused_parameters = false;
    let folder = Folder::new("all-functions");
    all(&description, folder.path()).unwrap();
    let statuses = lines(&folder, "jsonl")
        .iter()
        .map(|row| row["examples_status"].as_str().unwrap().to_owned())
        .collect::<HashSet<_>>();
    assert!(!statuses.contains("constant") && !statuses.contains("unused_parameter"), "{statuses:?}");
}

#[test]
fn what_is_called_wrongly_is_refused() {
    let program = program("def f(a):\n    return a\nprint(f(1))");
    let mut machine = Machine::new(Limits::default());
    let mut steps = Steps::default();
    let result = machine.call_steps(&program, 1, &[], &mut steps, 10);
    assert!(matches!(result, Err(ExecError::Arguments { .. })) && steps.steps.is_empty());
    assert_eq!(Coverage::new(&program, 9).ways(), 0);
}
