//! Columns that are written by choice: examples of a function, and what a run does.

use super::{Column, Get, Needs};

/// Columns that are written where `write.columns` names them.
pub static EXAMPLE_COLUMNS: [Column; 9] = [
    Column {
        name: "examples",
        about: "Number of examples of the program's function; the columns below are about them",
        needs: Needs::Examples,
        get: Get::U32(|row| row.examples.map_or(0, |found| u32::try_from(found.all.len()).unwrap_or(u32::MAX))),
    },
    Column {
        name: "examples_status",
        about: "`found`, or why there are none: `no_function`, `unused_parameter`, `unfinished`, `constant`",
        needs: Needs::Examples,
        get: Get::Text(|row| row.examples.map_or("", |found| found.status.name())),
    },
    Column {
        name: "function",
        about: "Name of the function: the last one with parameters and a `return`; null without examples",
        needs: Needs::Examples,
        get: Get::MaybeText(|row| row.examples.map(|found| found.function.as_str()).filter(|name| !name.is_empty())),
    },
    Column {
        name: "inputs",
        about: "Arguments of each example, a tuple in Python: `(3, -1)`, `(3,)`",
        needs: Needs::Examples,
        get: Get::Texts(|row| row.examples.map_or(&[], |found| &found.inputs)),
    },
    Column {
        name: "outputs",
        about: "The value that the call gives, in Python; what it prints does not count",
        needs: Needs::Examples,
        get: Get::Texts(|row| row.examples.map_or(&[], |found| &found.outputs)),
    },
    Column {
        name: "output_stdout",
        about: "What each call prints",
        needs: Needs::Examples,
        get: Get::Texts(|row| row.examples.map_or(&[], |found| &found.stdout)),
    },
    Column {
        name: "coverage",
        about: "Part of the ways of the function (of `if` two, of loops three: no iteration, one, more) that the examples go",
        needs: Needs::Examples,
        get: Get::MaybeF64(|row| row.examples.and_then(|found| found.coverage)),
    },
    Column {
        name: "trace",
        about: "What the run does, statement by statement, as JSON; null if it takes more than `trace.steps` steps or 4 MiB",
        needs: Needs::Trace,
        get: Get::MaybeText(|row| row.trace.and_then(|trace| trace.json.as_deref())),
    },
    Column {
        name: "trace_status",
        about: "`whole`: from the start to the end of the run, however it ends; `too_long`: there is none",
        needs: Needs::Trace,
        get: Get::Text(|row| row.trace.map_or("", |trace| trace.status())),
    },
];
