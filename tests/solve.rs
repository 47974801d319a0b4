//! `pyprior solve` and `pyprior sketch` as a user calls them: what is right, what is told, and how it ends.

#![allow(clippy::unwrap_used, clippy::panic)]

mod command;

use std::collections::BTreeSet;

use command::{pyprior, pyprior_with_input, stderr, stdout};
use serde_json::Value;

/// Calls with input, and gives output, errors and exit code.
fn told(args: &[&str], input: &str) -> (String, String, i32) {
    let output = pyprior_with_input(args, input);
    (stdout(&output).to_owned(), stderr(&output).to_owned(), output.status.code().unwrap())
}

#[test]
fn solutions_are_objects_a_line() {
    let (out, err, code) = told(&["solve", "-"], "var x, y in 0..3\nx + y == 3\nx < y\n");
    let solutions = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let pairs = solutions.map(|it| (it["x"].as_i64().unwrap(), it["y"].as_i64().unwrap())).collect::<BTreeSet<_>>();
    assert_eq!((pairs, &*err, code), (BTreeSet::from([(0, 3), (1, 2)]), "", 0));
    let (out, _, code) = told(&["solve", "-", "--first"], "var x in 'a', 'b'\nx != 'a'\n");
    assert_eq!((&*out, code), ("{\"x\": \"b\"}\n", 0));
    // Nothing is an answer, too.
    let (out, err, code) = told(&["solve", "-"], "var x in 1..2\nx > 0\nx > 2\nx > 1\n");
    assert_eq!((&*out, &*err, code), ("", "note: -: 3:1: nothing that is left satisfies this\n", 0));
    assert_eq!(told(&["solve", "-", "--count"], "var x in 1..2\nx > 2\n").0, "0\n");
}

#[test]
fn the_problems_that_come_along_have_the_solutions_that_they_have() {
    for (name, count) in [("conference", "64\n"), ("send_more", "1\n"), ("colouring", "18\n")] {
        for more in [&["--count"][..], &["--count", "--parallel"]] {
            let path = format!("examples/logic/{name}.problem");
            let output = pyprior(&[&["solve", &path], more].concat());
            assert_eq!((stdout(&output), stderr(&output)), (count, ""), "{name} {more:?}");
        }
    }
    let output = pyprior(&["solve", "examples/logic/send_more.problem"]);
    let solution: Value = serde_json::from_str(stdout(&output)).unwrap();
    let letters = |word: &str| word.chars().fold(0, |sum, it| 10 * sum + solution[it.to_string()].as_i64().unwrap());
    assert_eq!(letters("send") + letters("more"), letters("money"));
}

#[test]
fn problems_that_are_none_are_told_with_their_place() {
    for (input, place) in [
        ("var x in 1..3\nx + < 2\n", "-: 2:5"),
        ("var x in 1..3\n\nx == nobody\n", "-: 3:6"),
        ("var x in 3..1\n", "-: 1:10"),
        ("var x in 0..3\nx < 9\n7 // x > 1\n", "-: 3:1"),
    ] {
        let (out, err, code) = told(&["solve", "-"], input);
        assert_eq!((&*out, code), ("", 1), "{input}: {err}");
        assert!(err.starts_with("error: ") && err.contains(place), "{input}: {err}");
    }
    let (_, err, code) = told(&["solve", "no such file"], "");
    assert!(code == 1 && err.contains("no such file"), "{err}");
    // A search that is stopped is no proof.
    let (_, err, code) = told(&["solve", "-", "--nodes", "1"], "var a, b, c in 1..9\n(a * b + c) % 7 == 3\n");
    assert!(code == 1 && err.contains("limit"), "{err}");
}

#[test]
fn all_fillings_are_those_that_there_are() {
    let sketch = "print(X + Y)\n---\nX, Y in 1..9\nX + Y == 10\nX < Y\n";
    let all = "print(1 + 9)\n\nprint(2 + 8)\n\nprint(3 + 7)\n\nprint(4 + 6)\n";
    assert_eq!(told(&["sketch", "-", "--all"], sketch), (all.to_owned(), String::new(), 0));
    // As many at random, each once; then there are no more.
    let draw = |n: &str| told(&["sketch", "-", "-n", n, "--distinct", "--tries", "500", "--seed", "3"], sketch);
    let (out, _, code) = draw("4");
    let drawn = out.split("\n\n").map(str::trim).collect::<BTreeSet<_>>();
    assert_eq!((drawn, code), (all.split("\n\n").map(str::trim).collect(), 0));
    let (_, err, code) = draw("5");
    assert!(code == 1 && err.contains("500 tries"), "{err}");
    assert_eq!(draw("4"), draw("4"));
}

/// Blocks of three statements and constants such as 500 are not in the default language.
#[test]
fn the_language_is_as_wide_as_what_is_written() {
    let sketch = "a = X\nb = a * 2\nprint(b)\n---\nX in 500..502\nprints == \"1002\\n\"\n";
    let (out, err, code) = told(&["sketch", "-", "--all"], sketch);
    assert_eq!((&*out, &*err, code), ("a = 501\nb = a * 2\nprint(b)\n", "", 0));
}

#[test]
fn a_model_fills_what_the_sketch_leaves() {
    let sketch = "def f(a):\n    return E\nprint(f(3))\n---\nE in expr(depth <= 1)\nuses(a)\nf(3) == 6\n";
    let call = |model: &str| told(&["sketch", "-", "-n", "3", "--model", model, "--device", "cpu"], sketch);
    for model in ["shipped", "random"] {
        let (out, err, code) = call(model);
        assert_eq!((&*err, code), ("", 0));
        for filling in out.trim().split("\n\n") {
            assert_eq!(told(&["run", "-"], filling).0, "6\n", "{filling}");
        }
        assert_eq!(out.matches("def f").count(), 3);
        assert_eq!(call(model).0, out);
    }
    // What the model has no token for cannot be asked of it.
    let (_, err, code) =
        told(&["sketch", "-", "--model", "shipped", "--device", "cpu"], "print(500)\nprint(X)\nprint(1)\n");
    assert!(code == 1 && err.contains("vocabulary"), "{err}");
}

#[test]
fn sketches_that_are_none_are_told_with_their_place() {
    for (input, place) in [
        ("print(X\n", "-: "),
        ("print(X)\n---\nX in 1..3\nX > 5\n", "-: 4:1: contradictory"),
        ("S\nprint(b)\n", "-: 2:7: `b` is not bound here"),
        ("print(X)\n---\nY < 3\n", "-: 3:1"),
    ] {
        let (out, err, code) = told(&["sketch", "-"], input);
        assert_eq!((&*out, code), ("", 1), "{input}: {err}");
        assert!(err.starts_with("error: ") && err.contains(place), "{input}: {err}");
    }
    let (_, err, code) = told(&["sketch", "-", "--all"], "print(E)\n---\nE in expr(tokens <= 4)\ncount(+) >= 2\n");
    assert!(code == 1 && err.contains("cannot be filled"), "{err}");
}
