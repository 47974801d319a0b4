//! The columns of tables of tasks.

use super::settings::{Layout, TaskSettings};
use crate::columns::{Column, Get, Needs};

/// What every task has.
static KEYS: [Column; 5] = [
    Column {
        name: "key",
        about: "What the task is called: kind, row of the program, number of the example",
        needs: Needs::Examples,
        get: Get::Text(|row| row.task.map_or("", |task| &task.key)),
    },
    Column {
        name: "program",
        about: "Column `id` of its program, by which the tables join",
        needs: Needs::Nothing,
        get: Get::Position,
    },
    Column { name: "row", about: "Column `row` of its program", needs: Needs::Nothing, get: Get::U64(|row| row.row) },
    Column {
        name: "example",
        about: "Number of the example among those of the program, counted from 0",
        needs: Needs::Examples,
        get: Get::U32(|row| row.task.map_or(0, |task| task.nth)),
    },
    Column {
        name: "function",
        about: "Name of the function",
        needs: Needs::Source,
        get: Get::Text(|row| row.task.map_or("", |task| &task.function)),
    },
];

/// A task as tokens.
static TOKENS: [Column; 3] = [
    Column {
        name: "tokens",
        about: "The task as tokens: `docs/tasks.md` has the grammar",
        needs: Needs::Examples,
        get: Get::Tokens(|row| row.task.map_or(&[], |task| &task.tokens)),
    },
    Column {
        name: "loss_mask",
        about: "1 for each token of the answer, its `EOS` included, else 0",
        needs: Needs::Examples,
        get: Get::Bytes(|row| row.task.map_or(&[], |task| &task.loss_mask)),
    },
    Column {
        name: "length",
        about: "Tokens that are no filling",
        needs: Needs::Examples,
        get: Get::U32(|row| row.task.map_or(0, |task| task.length)),
    },
];

/// A task as text.
static TEXT: [Column; 3] = [
    Column {
        name: "prompt",
        about: "What is asked",
        needs: Needs::Source,
        get: Get::Text(|row| row.task.map_or("", |task| &task.prompt)),
    },
    Column {
        name: "answer",
        about: "An answer that is right",
        needs: Needs::Source,
        get: Get::Text(|row| row.task.map_or("", |task| &task.answer)),
    },
    Column {
        name: "verification",
        about: "How answers are graded, as JSON: kind, source, function, input and output, examples shown and held out",
        needs: Needs::Source,
        get: Get::Text(|row| row.task.map_or("", |task| &task.verification)),
    },
];

/// Beside the tokens of packed rows.
static PACKED: [Column; 3] = [
    Column {
        name: "keys",
        about: "The tasks of the row, by their keys, in their order",
        needs: Needs::Examples,
        get: Get::Texts(|row| row.task.map_or(&[], |task| &task.keys)),
    },
    Column {
        name: "positions",
        about: "Place of each token in its task, counted from 0; 0 for filling",
        needs: Needs::Examples,
        get: Get::Numbers(|row| row.task.map_or(&[], |task| &task.positions)),
    },
    Column {
        name: "segments",
        about: "Which task of the row each token is of, counted from 1; 0 for filling",
        needs: Needs::Examples,
        get: Get::Numbers(|row| row.task.map_or(&[], |task| &task.segments)),
    },
];

/// Columns of a kind's table: all of a task, or, where tokens are packed, all but them.
pub(crate) fn task_columns(settings: &TaskSettings) -> Vec<&'static Column> {
    let has_tokens = settings.tokens && settings.layout != Layout::Packed;
    let (none, tokens) = (&[][..], if has_tokens { &TOKENS[..] } else { &[] });
    KEYS.iter().chain(tokens).chain(if settings.text { &TEXT[..] } else { none }).collect()
}

/// Columns of a kind's table of packed rows, and of the streams that they are made of: of each task its key and its tokens.
pub(crate) fn packed_columns() -> [Vec<&'static Column>; 2] {
    let rows = PACKED[..1].iter().chain(&TOKENS).chain(&PACKED[1..]).collect();
    [rows, KEYS[..1].iter().chain(&TOKENS[..2]).collect()]
}
