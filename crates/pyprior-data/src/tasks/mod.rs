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
pub use settings::{Kind, Layout, MAX_TASK_BYTES, TaskSettings, TraceStyle};
pub use stream::Stream;
pub use task::Task;
pub use verification::Verification;

pub(crate) use columns::{packed_columns, task_columns};
pub(crate) use pack::Packer;
pub(crate) use states::{function, states};
pub(crate) use text::{call, trace_answer};
pub(crate) use write::TaskWriter;
