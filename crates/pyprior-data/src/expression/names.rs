//! What names stand for: columns, and truths that have a name.

use super::error::ExpressionErrorKind;
use crate::columns::{COLUMNS, Column, EXAMPLE_COLUMNS};

/// A truth that has a name of its own.
#[derive(Debug)]
pub struct Predicate {
    /// Its name.
    pub name: &'static str,
    /// The expression that it stands for.
    pub text: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// Every predicate.
pub static PREDICATES: [Predicate; 5] = [
    Predicate { name: "finished", text: "status == \"finished\"", about: "The run came to its end within the limits" },
    Predicate { name: "prints", text: "lines > 0", about: "It prints a line" },
    Predicate {
        name: "effective",
        text: "lines > 0 or call_value_used",
        about: "It prints a line, or the value of a call may reach a test or a loop count",
    },
    Predicate {
        name: "clean",
        text: "unreachable + constant_tests + empty_loops + dead_stores + unused_loop_variables + unused_parameters + unused_functions + mixed_returns + unused_call_values == 0",
        about: "The analysis finds nothing",
    },
    Predicate {
        name: "has_examples",
        text: "examples > 0",
        about: "Its function has examples: tasks can be made of it",
    },
];

/// What a name stands for.
pub(super) enum Meaning {
    Column(&'static Column),
    Predicate(&'static Predicate),
}

pub(super) fn meaning(name: &str) -> Result<Meaning, ExpressionErrorKind> {
    let column = Column::named(name).map(Meaning::Column);
    let predicate = || PREDICATES.iter().find(|predicate| predicate.name == name).map(Meaning::Predicate);
    column.or_else(predicate).ok_or_else(|| ExpressionErrorKind::UnknownName {
        name: name.to_owned(),
        suggestion: nearest(name).map(str::to_owned),
    })
}

/// The name that is most like one that there is not, if it is near enough to be meant.
fn nearest(name: &str) -> Option<&'static str> {
    let columns = COLUMNS.iter().chain(&EXAMPLE_COLUMNS).map(|column| column.name);
    let names = columns.chain(PREDICATES.iter().map(|predicate| predicate.name));
    let likeness = |other: &str| strsim::jaro_winkler(name, other);
    let best = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.8).then_some(best)
}
