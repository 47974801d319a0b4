//! All answers to the tasks of some files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyprior_core::Language;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::grade::Grader;
use super::read::{ScoreError, TaskRow, parse, read_lines, read_tasks};
use crate::description::Description;

/// Where answers come from.
#[derive(Debug, Clone)]
pub enum Answers {
    /// Those that the tasks themselves have.
    Gold,
    /// Those of a file, by keys; there may be several for one task.
    Given(HashMap<String, Vec<String>>),
}

#[derive(Deserialize)]
struct Line {
    #[serde(alias = "key")]
    id: String,
    answer: String,
}

impl Answers {
    /// Reads a file of JSON lines, objects with `id` (or `key`), that of the task, and `answer`, a text.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] with the file and, where one is to blame, the line.
    pub fn read(path: &Path) -> Result<Self, ScoreError> {
        let mut answers = HashMap::<String, Vec<String>>::new();
        read_lines(path, |line, text| {
            let Line { id, answer } = parse(path, line, "an answer: an object with texts id and answer", text)?;
            answers.entry(id).or_default().push(answer);
            Ok::<(), ScoreError>(())
        })?;
        Ok(Self::Given(answers))
    }

    fn to<'a>(&'a self, task: &'a TaskRow) -> &'a [String] {
        match self {
            Self::Gold => std::slice::from_ref(&task.answer),
            Self::Given(answers) => answers.get(&task.key).map_or(&[], Vec::as_slice),
        }
    }
}

/// How an answer was graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Key of the task.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// 1 if the answer is right, else 0.
    pub score: u8,
    /// Why it is not, in a word.
    pub reason: Option<&'static str>,
    /// The same in a sentence.
    pub message: Option<String>,
}

/// How many answers there were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Answers that were graded.
    pub answers: u64,
    /// Those that are right.
    pub right: u64,
    /// Those that are not, by the reason.
    pub wrong: BTreeMap<&'static str, u64>,
    /// Tasks without an answer.
    pub unanswered: u64,
    /// Tasks that are not of the dataset that they are said to be of, and have an answer: it counts as wrong.
    pub broken: u64,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By kind.
    pub kinds: BTreeMap<&'static str, Counts>,
    /// Answers to tasks that there are not.
    pub unknown: u64,
}

/// Grades the answers to the tasks of some files of a dataset, over the threads of the current pool, and hands the grades
/// out in the order of the tasks.
///
/// # Errors
///
/// [`ScoreError`] if a file cannot be read, or what `take` fails with.
pub fn score<E: From<ScoreError>>(
    description: &Description,
    language: &Arc<Language>,
    files: &[PathBuf],
    answers: &Answers,
    mut take: impl FnMut(&Score) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut summary = Summary::default();
    // Answers that have not been graded yet.
    let mut left = match answers {
        Answers::Gold => HashMap::new(),
        Answers::Given(answers) => answers.iter().map(|(key, answers)| (key.as_str(), answers.len() as u64)).collect(),
    };
    for file in files {
        read_tasks(file, |tasks| {
            let grader = || Grader::new(description, language);
            let graded = tasks.par_iter().map_init(grader, |grader, task| graded(grader, task, answers));
            for (task, (scores, broken)) in tasks.iter().zip(graded.collect::<Vec<_>>()) {
                let counts = summary.kinds.entry(task.verification.kind().name()).or_default();
                counts.broken += u64::from(broken);
                counts.unanswered += u64::from(scores.is_empty());
                if matches!(answers, Answers::Given(_))
                    && !scores.is_empty()
                    && left.remove(task.key.as_str()).is_none()
                {
                    return Err(ScoreError::SameKey { key: task.key.clone() }.into());
                }
                for score in &scores {
                    counts.answers += 1;
                    counts.right += u64::from(score.score);
                    if let Some(reason) = score.reason {
                        *counts.wrong.entry(reason).or_default() += 1;
                    }
                    take(score)?;
                }
            }
            Ok::<(), E>(())
        })?;
    }
    summary.unknown = left.values().sum();
    Ok(summary)
}

/// The grades of the answers to a task, and whether there is something wrong with the task.
fn graded(grader: &mut Grader, task: &TaskRow, answers: &Answers) -> (Vec<Score>, bool) {
    let (mut scores, mut broken) = (Vec::new(), false);
    for answer in answers.to(task) {
        let (reason, message) = match grader.grade(&task.verification, answer) {
            Ok(Ok(())) => (None, None),
            Ok(Err(wrong)) => (Some(wrong.name()), Some(wrong.to_string())),
            Err(error) => {
                broken = true;
                (Some("broken_task"), Some(error.to_string()))
            }
        };
        let (id, kind) = (task.key.clone(), task.verification.kind().name());
        scores.push(Score { id, kind, score: u8::from(reason.is_none()), reason, message });
    }
    (scores, broken)
}
