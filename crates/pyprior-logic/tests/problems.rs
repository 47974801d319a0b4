//! Problems as text.

#![allow(clippy::unwrap_used, clippy::panic)]

use pyprior_logic::fd::Solver;
use pyprior_logic::problem::{Goal, Problem, json};

fn count(text: &str) -> usize {
    let problem = Problem::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Solver::new().count(problem.repository()).unwrap()
}

#[test]
fn problems_that_come_along() {
    assert_eq!(count(include_str!("../../../examples/logic/conference.problem")), 64);
    assert_eq!(count(include_str!("../../../examples/logic/colouring.problem")), 18);
    assert_eq!(count(include_str!("../../../examples/logic/queens.problem")), 92);
    assert_eq!(count(include_str!("../../../examples/logic/sudoku.problem")), 1);
    let money = Problem::parse(include_str!("../../../examples/logic/send_more.problem")).unwrap();
    let first = Solver::new().solve_first(money.repository()).unwrap().unwrap();
    assert_eq!(json(&first), r#"{"s": 9, "m": 1, "e": 5, "n": 6, "d": 7, "o": 0, "r": 8, "y": 2}"#);
}

#[test]
fn every_statement() {
    assert_eq!(count("var a, b in 0..31\na < b"), 496);
    assert_eq!(count("var a, b, c in 1, 3, 5 # odd\ngroup all = a, b, c\nfor x, y, z in all: x + y + z == 9"), 7);
    assert_eq!(count("domain d = 1..3\nvar a, b in d\ntable(a, b): (1, 2), (2, 3), (9, 9)"), 2);
    assert_eq!(count("var a in 'x', 'y' * 1..2\nfor v in (a): v[1] == 2"), 2);
    assert_eq!(count("var a, b in 1..2\nall_distinct(a, b)\n(a ==\n  1)"), 1);
    assert_eq!(count("var a in '#', \"it's\"\na != '#'"), 1);
    let problem = Problem::parse("var a, b in 0..9\na + b == 7\nmaximise 2*a - b").unwrap();
    assert_eq!(problem.goal(), &Goal::Maximise("2*a - b".into()));
}

#[test]
fn what_has_no_value_is_told_with_the_values_that_it_has_none_for() {
    for (text, expected) in [
        ("var a in 1..2\nmin('ab') == 'a'", "min('ab') == 'a': `min` does not take str"),
        ("var a in 'x', 'y'\na + 1 == 2", "a + 1 == 2 at a = 'x': `+` does not take str and int"),
    ] {
        let problem = Problem::parse(text).unwrap();
        let error = Solver::new().count(problem.repository()).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
}

#[test]
fn errors_have_line_and_column() {
    for (text, expected) in [
        ("var a in 1..3\na < q", "2:5: `q` is neither a variable of this constraint nor a function"),
        ("var a in 1..3\n\n  a <\n", "3:6: a value is missing before the end"),
        ("var a in 3..1", "1:10: the range 3..1 is empty"),
        ("var a in 0..16777216", "1:10: the range 0..16777216 has more than 2^24 values"),
        ("var a in d", "1:10: there is no domain `d`"),
        ("var a, a in 1..2", "1:8: `a` has a meaning already"),
        ("var 1a in 1..2", "1:5: `1a` is not a name"),
        ("var a 1..2", "1:11: `in` is missing"),
        ("domain d 1..2", "1:14: `=` is missing"),
        ("var ä in 1..2\nfor x, y in ä, b: x < y", "2:16: there is no variable or group `b`"),
        (
            "var ä in 1..2\nfor x in ä: (x ==\n  'é') < z",
            "3:10: `z` is neither a variable of this constraint nor a function",
        ),
        ("var a in 1..2\ntable(a): (1, 2)", "2:11: a row of 2 values for 1 variables"),
        ("var a in 1..2\nall_distinct(a", "2:13: `(` has no partner"),
        ("var a in 'x", "1:10: the text does not end on its line"),
        ("minimise", "1:9: a value is missing before the end"),
        ("var a in 1..2\nminimise a\nmaximise a", "3:1: there is a goal already"),
        ("var a in 1..5000 * 1..5000", "1:10: these are more than 2^24 values"),
        ("var a in 1..2 if True else 3", "1:13: a whole number is missing"),
        ("var is in 1..2", "1:5: `is` is not a name"),
        ("var a in 1 // 0", "1:10: division by zero"),
    ] {
        match Problem::parse(text) {
            Ok(_) => panic!("{text}: nothing was found"),
            Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
        }
    }
}

#[test]
fn ranges_and_values_beside_each_other() {
    assert_eq!(count("var a in -1..1, 5\na >= 0"), 3);
    assert_eq!(count("var a in 'x', 1..3 * 1..2, 9"), 12);
}

#[test]
fn errors_while_solving_have_line_and_column() {
    let text = "var a, b in 0..3\nfor x, y in a, b: x <= y\n  1 // a == b\nminimise a[0]\n";
    let problem = Problem::parse(text).unwrap();
    let error = Solver::new().solve(problem.repository()).unwrap_err();
    let located = problem.locate(&error).unwrap();
    assert_eq!((located.line, located.column), (3, 3));
    assert!(located.to_string().ends_with("division by zero"), "{located}");
    let text = "var a, b in 0..3\nfor x, y in a, b: x <= y\nminimise a[0]\n";
    let problem = Problem::parse(text).unwrap();
    match Solver::new().minimise(problem.repository(), "a[0]").unwrap_err() {
        pyprior_logic::fd::Stopped::Problem(error) => {
            let located = problem.locate(&error).unwrap();
            assert_eq!((located.line, located.column), (3, 10));
        }
        other => panic!("{other}"),
    }
    assert_eq!((problem.statement(0), problem.statement(1)), (Some((2, 19)), None));
}
