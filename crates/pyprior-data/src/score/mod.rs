//! Grading answers to tasks.
//!
//! ```text
//! answer.rs   answers as they are written, to values
//! grade.rs    one answer, by execution
//! read.rs     tasks from files
//! summary.rs  answers from files, graded over threads
//! ```

mod answer;
mod grade;
mod read;
mod summary;

pub use grade::{Grader, TaskError, Wrong};
pub use read::{ScoreError, TaskRow, description_of, read_tasks, task_files};
pub use summary::{Answers, Counts, Score, Summary, score};
