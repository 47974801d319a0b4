//! Tasks made of examples: as tokens, as text, with what grades an answer.
//!
//! ```text
//! settings.rs      what a description says
//! claim.rs         what a task says, as data
//! stream.rs        it as tokens · decode.rs: back again
//! text.rs          it as text: cwm.rs and comments.rs for traces · states.rs: what a run does as JSON
//! verification.rs  by what an answer is graded
//! write.rs         the tasks of a program, rows of tables: task.rs, columns.rs · pack.rs: several streams in a row
//! ```

mod claim;
mod columns;
mod comments;
mod cwm;
mod decode;
mod pack;
mod settings;
mod states;
mod stream;
mod task;
mod text;
mod verification;
mod write;

pub use claim::{Call, Claim, State};
pub use decode::{StreamError, decode};
pub use settings::{Kind, Layout, TaskSettings, TraceStyle};
pub use stream::Stream;
pub use task::Task;
pub use verification::Verification;

pub(crate) use pack::Packer;
pub(crate) use states::{function, states};
pub(crate) use text::{call, trace_answer};
pub(crate) use write::TaskWriter;

use crate::columns::Column;

/// Bytes of a task or a trace, tokens counted as five each: one that has more is left out, as too long.
pub const MAX_TASK_BYTES: usize = 1 << 22;

/// Columns of a kind's table: all of a task, or, where tokens are packed, all but them.
pub(crate) fn task_columns(settings: &TaskSettings) -> Vec<&'static Column> {
    columns::of_tasks(settings.tokens && settings.layout != Layout::Packed, settings.text)
}

/// Columns of a kind's table of packed rows, and of the streams that they are made of.
pub(crate) fn packed_columns() -> [Vec<&'static Column>; 2] {
    [columns::of_packed(), columns::to_pack()]
}
