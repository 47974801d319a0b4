//! `pyprior score`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgGroup, Args};
use pyprior_core::Language;
use pyprior_data::Description;
use pyprior_data::score::{Answers, Summary, description_of, score, task_files};

use super::EXIT_ERROR;
use super::output::{Output, read};

/// Grade answers to the tasks of a dataset, by running them.
///
/// An answer is right if it is what was asked for: a value, any input that gives the output, any program of the language that fits the examples shown and held out, a trace. Programs run in PyPrior's own interpreter within the limits of the dataset. Writes an object of JSON for each answer, in the order of the tasks, and a summary by kind on standard error.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("graded").args(["answers", "gold"]).required(true)), after_help = "\
Examples:
  pyprior score my-dataset --answers answers.jsonl -o scores.jsonl
  pyprior score my-dataset/deduction/train-00000-of-00010.parquet --answers answers.jsonl
  pyprior score my-dataset --gold > /dev/null

A line of answers is an object with id, the key of the task, and answer, a text. A line of the result has id, kind, score (1 or 0), and for 0 reason (unparsable, refused, no_function, arguments, unfinished, different, too_long; broken_task for a task that is not of the dataset) and message.

Exit codes: 0 done, whatever the scores; 1 bad input, or a broken task.")]
pub(crate) struct Score {
    /// Folder of a dataset, or files of its tasks, all of one dataset: Parquet or JSON lines
    #[arg(required = true)]
    tasks: Vec<PathBuf>,
    /// Answers, as JSON lines; `-` for standard input
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Grade the answers that the tasks come with
    #[arg(long)]
    gold: bool,
    /// Description of the dataset in TOML [default: that of the manifest beside the tasks]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Score {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let description = match &self.config {
            Some(path) => Description::from_toml(&read(path)?).with_context(|| format!("{}", path.display()))?,
            None => description_of(&self.tasks)?,
        };
        let language = Language::new(description.language.clone())?;
        let answers = match &self.answers {
            Some(path) => Answers::read(path)?,
            None => Answers::Gold,
        };
        let mut files = Vec::new();
        for path in &self.tasks {
            files.extend(task_files(path)?);
        }
        let mut summary = Summary::default();
        self.output.write(|out| {
            summary = score::<anyhow::Error>(&description, &language, &files, &answers, |score| {
                serde_json::to_writer(&mut *out, score)?;
                Ok(out.write_all(b"\n")?)
            })?;
            Ok(())
        })?;
        tell(&summary);
        let broken = summary.kinds.values().any(|counts| counts.broken > 0);
        Ok(if broken { ExitCode::from(EXIT_ERROR) } else { ExitCode::SUCCESS })
    }
}

/// What cannot be told is not worth failing for.
fn tell(summary: &Summary) {
    let mut err = std::io::stderr().lock();
    for (kind, counts) in &summary.kinds {
        let share = 100.0 * counts.right as f64 / counts.answers.max(1) as f64;
        let wrong = counts.wrong.iter().map(|(reason, count)| format!(", {count} {reason}")).collect::<String>();
        let (answers, right, unanswered) = (counts.answers, counts.right, counts.unanswered);
        let _ =
            writeln!(err, "{kind}: {answers} answers, {right} right ({share:.1} %){wrong}; {unanswered} unanswered");
    }
    if summary.unknown > 0 {
        let _ = writeln!(err, "{} answers to no task", summary.unknown);
    }
}
