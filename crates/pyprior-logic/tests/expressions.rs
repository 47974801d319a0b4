//! Expressions: what Python makes of them, and where they are wrong.

#![allow(clippy::unwrap_used, clippy::panic)]

use pyprior_logic::Value;
use pyprior_logic::fd::{Expression, FiniteDomain, Repository, Solver, make_expression};

fn value(text: &str) -> Result<String, String> {
    let values = [Value::from(5), Value::from(-3), Value::from(("room C", "day 1 AM"))];
    let expression = Expression::new(&["a", "b", "x"], text).map_err(|error| error.to_string())?;
    expression.evaluate(&values).map(|value| value.to_string()).map_err(|error| error.to_string())
}

/// What CPython 3.11 prints for `print(repr(text))` with a = 5, b = -3, x = ('room C', 'day 1 AM').
#[test]
fn values_are_those_of_python() {
    for (text, expected) in [
        ("a + b * 2 - -1", "0"),
        ("a // b, b // a, a % b, b % a, -7 // 2, -7 % 2", "(-2, -1, -1, 2, -4, 1)"),
        ("2 ** 3 ** 2, -2 ** 2, (-2) ** 3, 2 ** 0", "(512, -4, -8, 1)"),
        ("1 < a < 9 != b, a == 5 == True, 1 == True", "(True, False, True)"),
        ("not a == 5 or b and 'yes'", "'yes'"),
        ("0 or '' or [] or None, a and 0 and b", "(None, 0)"),
        ("x[0] == 'room C' and x[1].startswith('day 1')", "True"),
        ("x[-1][:5], x[0][-1], x[1:], [1, 2, 3][1:-1], 'abc'[::]", "SYNTAX"),
        (
            "(x[-1][:5], x[0][-1], x[1:], [1, 2, 3][1:-1], 'abc'[5:], 'abc'[-9:2])",
            "('day 1', 'C', ('day 1 AM',), [2], '', 'ab')",
        ),
        ("a in (1, 5), a not in [1, 2], 'om' in x[0], True in [1]", "(True, True, True, True)"),
        ("abs(b), min(a, b), max([1, 4, 2]), len(x), len('abc'), sum([a, b, 1])", "(3, -3, 4, 2, 3, 3)"),
        ("((1, 2) < (1, 3), [1] + [2], (1,) * 3, 'ab' * 2, 'a' < 'b')", "(True, [1, 2], (1, 1, 1), 'abab', True)"),
        ("a if b > 0 else b if a else 0", "-3"),
        ("x[1].endswith(('AM', 'PM')), 'Ab'.lower() + 'c'.upper()", "(True, 'abC')"),
        (
            "a - 6 - 9223372036854775807, -9223372036854775808 < - 9223372036854775807, -9223372036854775808 + 1",
            "(-9223372036854775808, True, -9223372036854775807)",
        ),
        ("-9_223_372_036_854_775_808 + a", "-9223372036854775803"),
        ("True + True, None == None, () == [], 'it\\'s'", "(2, True, False, \"it's\")"),
    ] {
        let wrapped = if text.starts_with('(') || !text.contains(',') { text.to_owned() } else { format!("({text})") };
        match (value(&wrapped), expected) {
            (Err(error), "SYNTAX") => assert!(error.contains("column"), "{error}"),
            (result, expected) => {
                let trimmed = result.unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(trimmed, expected, "{text}");
            }
        }
    }
}

#[test]
fn errors_say_where() {
    for (text, expected) in [
        ("a < ", "column 5 of \"a < \": a value is missing before the end"),
        ("a < q", "column 5 of \"a < q\": `q` is neither a variable of this constraint nor a function"),
        ("a = 1", "column 3 of \"a = 1\": `=` assigns: use `==`"),
        (
            "a / 2 == 1",
            "column 3 of \"a / 2 == 1\": `/` makes floats, and there are none: `//` divides and rounds down",
        ),
        ("'é' == x ä", "column 10 of \"'é' == x ä\": an operator or the end is missing before `ä`"),
        ("(a, b", "column 6 of \"(a, b\": `,` or `)` is missing before the end"),
        ("a.join(b)", "column 3 of \"a.join(b)\": no method `join`: there are startswith, endswith, lower, upper"),
        ("len(a, b)", "column 1 of \"len(a, b)\": the number of arguments of `len`"),
        ("'abc", "column 1 of \"'abc\": the text does not end on its line"),
        ("1.5 < a", "column 1 of \"1.5 < a\": there are no floats"),
        ("99999999999999999999", "column 1 of \"99999999999999999999\": not a whole number of 64 bits"),
        ("9223372036854775808", "column 1 of \"9223372036854775808\": not a whole number of 64 bits"),
        ("a - 9223372036854775808", "column 5 of \"a - 9223372036854775808\": not a whole number of 64 bits"),
        (
            "a 9223372036854775808",
            "column 3 of \"a 9223372036854775808\": an operator or the end is missing before `9223372036854775808`",
        ),
        ("-9223372036854775808 ** 1", "column 2 of \"-9223372036854775808 ** 1\": not a whole number of 64 bits"),
        ("-9223372036854775809", "column 2 of \"-9223372036854775809\": not a whole number of 64 bits"),
        ("--9223372036854775808", "the result of `-` is too large"),
        ("a $ b", "column 3 of \"a $ b\": `$` has no meaning here"),
        ("%s < 3", "column 1 of \"%s < 3\": `%s` must stand once for each of the 3 variables"),
        ("a // (b + 3)", "division by zero"),
        ("x[2]", "index 2 is out of range of 2 items"),
        ("x + 1", "`+` does not take tuple and int"),
        ("9223372036854775807 + a", "the result of `+` is too large"),
        ("10 ** 30", "the result of `**` is too large"),
        ("'ab' * 9999999999", "the result of `*` is too large"),
    ] {
        assert_eq!(value(text).unwrap_err(), expected, "{text}");
    }
    // Nesting ends in an error, not in the stack.
    for text in ["(".repeat(100_000), "-".repeat(100_000), "not ".repeat(100_000), "a**".repeat(100_000) + "a"] {
        assert!(value(&text).unwrap_err().ends_with("nested too deeply"));
    }
    // A sum does not nest.
    assert_eq!(value(&("a+".repeat(100_000) + "a")), Ok("500005".into()));
}

#[test]
fn chains_within_chains_look_at_an_operand_once() {
    let mut text = String::from("a");
    for _ in 0..60 {
        text = format!("(0 <= {text} <= 9)");
    }
    assert_eq!(value(&text), Ok("True".into()));
    assert_eq!(value("(3 < a < 5, 3 < a <= 5 < 6 != b, 1 < 0 < 1 // 0)"), Ok("(False, True, False)".into()));
    assert!(value("(0 < 1 < 1 // 0)").is_err());
}

#[test]
fn sums_of_many_operands() {
    let sum = vec!["a"; 300].join(" + ") + " - a" + &" * 1".repeat(40);
    assert_eq!(value(&sum), Ok("1495".into()));
    assert_eq!(value(&format!("2 {}", "// 1 * 1 % 7 ".repeat(30))), Ok("2".into()));
    let names: Vec<String> = (0..300).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let mut problem = Repository::default();
    for name in &names {
        problem.variable(name, &FiniteDomain::range(0..=1)).unwrap();
    }
    problem.add(&make_expression(&names, names.join(" + ") + " == 1").unwrap()).unwrap();
    assert_eq!(Solver::new().count(&problem).unwrap(), 300);
}

#[test]
fn values_do_not_grow_beyond_bounds() {
    let begun = std::time::Instant::now();
    assert!(value("[[0]*1000000]*1000000 == [[0]*1000000]*1000000").is_err());
    assert!(value("([('ab' * 1000,)] * 1000) * 1000").is_err());
    assert_eq!(value("(len([[0] * 1000] * 1000), '' * 9000000000, () * 9000000000)"), Ok("(1000, '', ())".into()));
    assert!(begun.elapsed().as_secs() < 5);
}

#[test]
fn numbers_are_written_as_in_python() {
    assert_eq!(value("(0, 00, 1_000)"), Ok("(0, 0, 1000)".into()));
    for text in ["0123", "1_", "1__0", "00_1"] {
        assert!(value(text).is_err(), "{text}");
    }
}
