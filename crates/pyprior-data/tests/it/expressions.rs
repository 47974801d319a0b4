//! Expressions: against an evaluator that walks a tree of its own, and what is refused, with its place.

use std::fmt::Write as _;

use pyprior_core::exec::{Machine, Program};
use pyprior_core::{Analysis, Language, LanguageConfig, ProgramSampler, Renderer};
use pyprior_data::{Examples, Expression, Findings, Row, Shape, Status};

use crate::common::NARROW;

/// Numbers that follow from one.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        // Source: S. Vigna, splitmix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    fn word(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// What is known of a program, by other ways than columns.
struct Known {
    tokens: Vec<u32>,
    source: String,
    analysis: Analysis,
    status: Status,
    stdout: String,
    steps: u64,
}

fn known() -> Vec<Known> {
    let config = LanguageConfig { max_len: Some(30), ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let programs = ProgramSampler::new(&language, 1).sample(0..200).unwrap();
    let mut renderer = Renderer::new(&language);
    let known = programs.iter().map(|tokens| {
        let outcome = Machine::new(NARROW).outcome(&Program::from_tokens(&language, tokens).unwrap(), None);
        Known {
            tokens: tokens.to_vec(),
            source: renderer.render(tokens).unwrap().to_owned(),
            analysis: Analysis::of_tokens(language.vocab(), tokens).unwrap(),
            status: Status::of(&outcome.error.map_or(Ok(()), Err)),
            stdout: outcome.stdout,
            steps: outcome.steps,
        }
    });
    known.collect()
}

impl Known {
    fn row(&self) -> Row<'_> {
        Row {
            seed: 0,
            row: 0,
            tokens: &self.tokens,
            source: &self.source,
            analysis: Some(&self.analysis),
            findings: Findings::of(&self.analysis),
            shape: Shape::default(),
            status: self.status,
            stopped_at: None,
            stdout: &self.stdout,
            steps: self.steps,
            log_prior: None,
            log_model: None,
            ..Row::default()
        }
    }
}

#[derive(Clone, Copy)]
enum Value {
    Null,
    Whole(i128),
    Point(f64),
}

enum Number {
    Whole(u64),
    Point(f64),
    Column(&'static str),
    Minus(Box<Number>),
    Two(char, Box<Number>, Box<Number>),
}

enum Truth {
    All(Vec<Truth>),
    Any(Vec<Truth>),
    Not(Box<Truth>),
    Compare(Number, &'static str, Number),
    Range(Number, Option<Number>, Option<Number>),
    Among(Number, Vec<Number>),
    Null(Number),
    Text(&'static str, &'static str, &'static str),
    Named(&'static str),
}

const NUMBERS: [&str; 7] = ["length", "steps", "step_bound", "count_for", "compression", "log_prior", "lines"];
const COMPARE: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];
const SEARCH: [&str; 5] = ["==", "!=", "contains", "starts_with", "ends_with"];
const TEXTS: [&str; 5] = ["", "7", "-", "1\\n", "finished"];

fn number(random: &mut Random, depth: u64) -> Number {
    match random.below(if depth == 0 { 3 } else { 6 }) {
        0 => Number::Whole(*random.pick(&[0, 1, 2, 3, 7, 10, 12, 20, u64::MAX])),
        1 => Number::Column(random.word(&NUMBERS)),
        2 => Number::Point(*random.pick(&[0.5, 2.0, 1e20, 3.25])),
        3 => Number::Minus(Box::new(number(random, depth - 1))),
        _ => {
            let op = *random.pick(&['+', '-', '*']);
            Number::Two(op, Box::new(number(random, depth - 1)), Box::new(number(random, depth - 1)))
        }
    }
}

fn truth(random: &mut Random, depth: u64) -> Truth {
    let maybe = |random: &mut Random| (random.below(3) > 0).then(|| number(random, 1));
    match random.below(if depth == 0 { 6 } else { 12 }) {
        0 | 1 => Truth::Compare(number(random, 2), random.word(&COMPARE), number(random, 2)),
        2 => match (maybe(random), maybe(random)) {
            (None, None) => Truth::Named("effective"),
            (low, high) => Truth::Range(number(random, 2), low, high),
        },
        3 => {
            let count = 1 + random.below(3);
            Truth::Among(number(random, 1), (0..count).map(|_| number(random, 0)).collect())
        }
        4 if random.below(2) > 0 => Truth::Null(number(random, 1)),
        4 => Truth::Text(random.word(&["stdout", "status"]), random.word(&SEARCH), random.word(&TEXTS)),
        5 => Truth::Named(random.word(&["finished", "prints", "effective", "call_value_used", "true", "false"])),
        6 | 7 => Truth::Not(Box::new(truth(random, depth - 1))),
        kind => {
            let of = (0..2 + random.below(3)).map(|_| truth(random, depth - 1)).collect();
            if kind < 10 { Truth::All(of) } else { Truth::Any(of) }
        }
    }
}

/// Writes with parentheses around everything, and blanks of any kind.
fn write_number(out: &mut String, number: &Number) {
    match number {
        Number::Whole(value) => write!(out, "{value}").unwrap(),
        Number::Point(value) => write!(out, "{value:?}").unwrap(),
        Number::Column(name) => out.push_str(name),
        Number::Minus(inner) => {
            out.push_str("-(");
            write_number(out, inner);
            out.push(')');
        }
        Number::Two(op, left, right) => {
            out.push('(');
            write_number(out, left);
            write!(out, "{op}\n ").unwrap();
            write_number(out, right);
            out.push(')');
        }
    }
}

fn write_truth(out: &mut String, truth: &Truth) {
    out.push_str("( ");
    match truth {
        Truth::All(of) | Truth::Any(of) => {
            for (nth, inner) in of.iter().enumerate() {
                if nth > 0 {
                    out.push_str(if matches!(truth, Truth::All(_)) { " and\t" } else { " or " });
                }
                write_truth(out, inner);
            }
        }
        Truth::Not(inner) => {
            out.push_str("not ");
            write_truth(out, inner);
        }
        Truth::Compare(left, op, right) => {
            write_number(out, left);
            write!(out, " {op}").unwrap();
            write_number(out, right);
        }
        Truth::Range(of, low, high) => {
            write_number(out, of);
            out.push_str(" in ");
            low.iter().for_each(|low| write_number(out, low));
            out.push_str("..");
            high.iter().for_each(|high| write_number(out, high));
        }
        Truth::Among(of, values) => {
            write_number(out, of);
            out.push_str(" in [");
            for (nth, value) in values.iter().enumerate() {
                out.push_str(if nth > 0 { ", " } else { "" });
                write_number(out, value);
            }
            out.push(']');
        }
        Truth::Null(of) => {
            write_number(out, of);
            out.push_str(" is null");
        }
        Truth::Text(column, op, text) => write!(out, "{column} {op} '{text}'").unwrap(),
        Truth::Named(name) => out.push_str(name),
    }
    out.push(')');
}

fn number_of(number: &Number, known: &Known) -> Value {
    let whole = |value: Option<u64>| value.map_or(Value::Null, |value| Value::Whole(value.into()));
    match number {
        Number::Whole(value) => Value::Whole((*value).into()),
        Number::Point(value) => Value::Point(*value),
        Number::Column(name) => match *name {
            "length" => Value::Whole(known.tokens.len() as i128),
            "steps" => whole(Some(known.steps)),
            "step_bound" => whole(known.analysis.steps),
            "count_for" => Value::Whole(known.source.matches("for ").count() as i128),
            "compression" => Value::Point(known.source.len() as f64 / known.tokens.len() as f64),
            "lines" => Value::Whole(known.stdout.lines().count() as i128),
            _ => Value::Null,
        },
        Number::Minus(inner) => match number_of(inner, known) {
            Value::Null => Value::Null,
            Value::Whole(value) => Value::Whole(-value),
            Value::Point(value) => Value::Point(-value),
        },
        Number::Two(op, left, right) => match (number_of(left, known), number_of(right, known)) {
            (Value::Null, _) | (_, Value::Null) => Value::Null,
            (Value::Whole(left), Value::Whole(right)) => Value::Whole(match op {
                '+' => left.saturating_add(right),
                '-' => left.saturating_sub(right),
                _ => left.saturating_mul(right),
            }),
            (left, right) => {
                let (left, right) = (point(left), point(right));
                Value::Point(match op {
                    '+' => left + right,
                    '-' => left - right,
                    _ => left * right,
                })
            }
        },
    }
}

fn point(value: Value) -> f64 {
    match value {
        Value::Null => f64::NAN,
        Value::Whole(value) => value as f64,
        Value::Point(value) => value,
    }
}

fn compare(left: Value, op: &str, right: Value) -> bool {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Whole(left), Value::Whole(right)) => compared(&left, op, &right),
        _ => compared(&point(left), op, &point(right)),
    }
}

fn compared<T: PartialOrd>(left: &T, op: &str, right: &T) -> bool {
    match op {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        "==" => left == right,
        _ => left != right,
    }
}

fn holds(truth: &Truth, known: &Known) -> bool {
    match truth {
        Truth::All(of) => of.iter().all(|inner| holds(inner, known)),
        Truth::Any(of) => of.iter().any(|inner| holds(inner, known)),
        Truth::Not(inner) => !holds(inner, known),
        Truth::Compare(left, op, right) => compare(number_of(left, known), op, number_of(right, known)),
        Truth::Range(of, low, high) => {
            let of = number_of(of, known);
            let within =
                |end: &Option<Number>, op: &str| end.as_ref().is_none_or(|end| compare(of, op, number_of(end, known)));
            !matches!(of, Value::Null) && within(low, ">=") && within(high, "<=")
        }
        Truth::Among(of, values) => {
            let of = number_of(of, known);
            values.iter().any(|value| compare(of, "==", number_of(value, known)))
        }
        Truth::Null(of) => matches!(number_of(of, known), Value::Null),
        Truth::Text(column, op, text) => {
            let column = if *column == "stdout" { &known.stdout } else { known.status.name() };
            let text = text.replace("\\n", "\n");
            match *op {
                "==" => column == text,
                "!=" => column != text,
                "contains" => column.contains(&text),
                "starts_with" => column.starts_with(&text),
                _ => column.ends_with(&text),
            }
        }
        Truth::Named(name) => match *name {
            "finished" => known.status == Status::Finished,
            "prints" => !known.stdout.is_empty(),
            "effective" => !known.stdout.is_empty() || known.analysis.call_value_used,
            "call_value_used" => known.analysis.call_value_used,
            name => name == "true",
        },
    }
}

#[test]
fn as_the_tree_has_it() {
    let (known, mut random) = (known(), Random(7));
    let (mut yes, mut no) = (0, 0);
    for _ in 0..4000 {
        let (depth, mut text) = (random.below(4), String::new());
        let tree = truth(&mut random, depth);
        write_truth(&mut text, &tree);
        let expression = Expression::new(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        // Written down and read again it is the same, to the letter.
        let written = expression.to_string();
        let again = Expression::new(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(again.to_string(), written);
        for _ in 0..20 {
            let known = random.pick(&known);
            let wanted = holds(&tree, known);
            assert_eq!(expression.holds(&known.row()), wanted, "{text}");
            assert_eq!(again.holds(&known.row()), wanted, "{text} as {written}");
            if wanted { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > 20_000 && no > 20_000, "{yes} hold, {no} do not");
}

#[test]
fn written_in_one_way() {
    for (text, written) in [
        ("( steps<1000 ) and\n prints and(dead_stores==0)", "steps < 1000 and prints and dead_stores == 0"),
        ("not(prints or finished)and true", "not (prints or finished) and true"),
        ("length in 1 .. 2+3", "length in 1..2 + 3"),
        ("length not in ..9 or stdout contains '\"'", "not length in ..9 or stdout contains \"\\\"\""),
        ("(length - (steps - 1)) * 2 < -(1 + 2)", "(length - (steps - 1)) * 2 < -(1 + 2)"),
        ("step_bound is not null", "not step_bound is null"),
        ("status in ['finished']", "status in [\"finished\"]"),
    ] {
        assert_eq!(Expression::new(text).unwrap().to_string(), written);
    }
}

#[test]
fn refused_with_the_place() {
    for (text, told) in [
        ("stesp < 3", "line 1, column 1: there is no column \"stesp\"; did you mean \"steps\"?"),
        ("prints and\n  qqq", "line 2, column 3: there is no column \"qqq\""),
        ("", "line 1, column 1: expected a value, found the end"),
        ("steps <", "line 1, column 8: expected a value, found the end"),
        ("1 < steps < 3", "line 1, column 11: comparisons do not chain: join them by and"),
        ("steps", "line 1, column 1: expected a truth value, and this is a number"),
        ("stdout", "line 1, column 1: expected a truth value, and this is a text"),
        ("steps == stdout", "line 1, column 10: expected a number, and this is a text"),
        ("stdout < \"a\"", "line 1, column 1: expected a number, and this is a text"),
        ("steps contains \"a\"", "line 1, column 1: expected a text, and this is a number"),
        ("prints == true", "line 1, column 1: expected a number or a text, and this is a truth value"),
        ("stdout is null", "line 1, column 1: a text is never null"),
        (
            "length in 3",
            "line 1, column 12: expected \"..\": a range such as 1..9, or a list such as [1, 2], found the end",
        ),
        ("length in ..", "line 1, column 13: expected where the range ends, found the end"),
        ("steps < 3)", "line 1, column 10: expected an operator or the end, found \")\""),
        (
            "steps < 99999999999999999999",
            "line 1, column 9: 99999999999999999999 is too large: integers are below 2^64, numbers with a point finite",
        ),
        ("steps < 1e999", "line 1, column 9: 1e999 is too large: integers are below 2^64, numbers with a point finite"),
        ("stdout == 'a", "line 1, column 11: this text does not end"),
        ("stdout == '\\q'", "line 1, column 11: there is no \\q; there are \\n \\t \\\\ \\\" \\'"),
        ("steps / 2 < 3", "line 1, column 7: '/' begins nothing"),
        (
            "id < 3",
            "line 1, column 1: column \"id\" cannot be used here: only numbers, texts and truth values that a program has before it has its place",
        ),
    ] {
        assert_eq!(Expression::new(text).unwrap_err().to_string(), told, "{text}");
    }
    for deep in
        ["(".repeat(100_000), "not ".repeat(10_000), "-".repeat(60_000), format!("steps < 1{}", "+1".repeat(100))]
    {
        let error = Expression::new(&deep).unwrap_err().to_string();
        assert!(error.contains("nested deeper than 64") || error.contains("longer than 65536 bytes"), "{error}");
    }
    let many = vec!["prints"; 5000].join(" and ");
    Expression::new(&many).unwrap();
}

#[test]
fn columns_by_choice() {
    let found = Examples { function: "func".to_owned(), coverage: Some(0.5), ..Examples::default() };
    let (some, none) = (Examples { ..found.clone() }, Examples::default());
    let of = |examples| Row { examples: Some(examples), ..Row::default() };
    for (text, with, without) in [
        ("function is null", false, true),
        ("function is not null", true, false),
        ("function == \"func\"", true, false),
        // No comparison with null holds, be it of numbers or texts.
        ("function != \"other\"", true, false),
        ("not function != \"other\"", false, true),
        ("function starts_with \"fu\"", true, false),
        ("function in [\"a\", \"func\"]", true, false),
        ("function not in [\"a\"]", true, true),
        ("coverage >= 0.5", true, false),
        ("coverage < 0.5", false, false),
        ("examples_status == \"no_function\"", true, true),
        ("has_examples", false, false),
        ("trace is null", true, true),
    ] {
        let expression = Expression::new(text).unwrap();
        assert_eq!((expression.holds(&of(&some)), expression.holds(&of(&none))), (with, without), "{text}");
    }
    let told = Expression::new("inputs == 3").unwrap_err().to_string();
    assert!(told.starts_with("line 1, column 1: column \"inputs\" cannot be used here"), "{told}");
}

#[test]
fn any_text_is_read_or_refused() {
    let words = [
        "and", "or", "not", "in", "is", "null", "(", ")", "[", "]", ",", "..", "steps", "stdout", "prints", "1", "2.5",
        "'a'", "<", "==", "+", "-", "*", "contains", "true", "é", "\n", "\"", ".", "1e", "=",
    ];
    let (mut random, mut read) = (Random(3), 0);
    for _ in 0..60_000 {
        let text = (0..random.below(9)).map(|_| random.word(&words)).collect::<Vec<_>>().join(" ");
        read += u32::from(Expression::new(&text).is_ok());
    }
    assert!(read > 300, "{read}");
}
