//! What is known of one program.

use pyprior_core::exec::ExecError;
use pyprior_core::{Analysis, FindingKind};
use serde::{Deserialize, Serialize};

use crate::inputs::Examples;
use crate::shape::Shape;
use crate::tasks::Task;

/// How a run ended. Nothing is cut: a run that did not finish says which limit it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It came to its end.
    #[default]
    Finished,
    /// The next step would have been one more than the fuel.
    OutOfFuel,
    /// A `print` would have gone beyond the output limit; nothing of it is in the output.
    OutputLimit,
    /// An integer would have had too many bits, or arithmetic taken too much work.
    IntegerLimit,
    /// None in arithmetic; only under the rules of 0.0.2.
    TypeError,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Finished, Self::OutOfFuel, Self::OutputLimit, Self::IntegerLimit, Self::TypeError];

    /// Its name in the files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::OutOfFuel => "out_of_fuel",
            Self::OutputLimit => "output_limit",
            Self::IntegerLimit => "integer_limit",
            Self::TypeError => "type_error",
        }
    }

    /// How a run of a module ended.
    pub fn of(result: &Result<(), ExecError>) -> Self {
        match result {
            Ok(()) => Self::Finished,
            Err(ExecError::OutOfFuel { .. }) => Self::OutOfFuel,
            Err(ExecError::OutputLimit { .. }) => Self::OutputLimit,
            Err(ExecError::IntegerLimit { .. }) => Self::IntegerLimit,
            // A module is not called from outside, so what is left is an error of types.
            Err(_) => Self::TypeError,
        }
    }
}

/// Number of findings of an analysis, by kind in the order of [`FindingKind::NAMES`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings([u32; FindingKind::NAMES.len()]);

impl Findings {
    /// Counts the findings of an analysis.
    pub fn of(analysis: &Analysis) -> Self {
        let mut counts = Self::default();
        for finding in &analysis.findings {
            counts.0[finding.kind.index()] += 1;
        }
        counts
    }

    /// Number of findings of the kind with a place in [`FindingKind::NAMES`]; 0 beyond.
    pub fn count(&self, kind: usize) -> u32 {
        self.0.get(kind).copied().unwrap_or(0)
    }
}

/// The steps of a run, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTrace {
    /// A list in JSON; none if the run takes more steps than a trace may have, or more than 4 MiB of text.
    pub json: Option<String>,
}

impl RunTrace {
    /// Whether there is a trace, as it is called in the files.
    pub fn status(&self) -> &'static str {
        if self.json.is_some() { "whole" } else { "too_long" }
    }
}

/// What is known of one program, borrowed from whoever found it out. What was not asked for is empty or 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    /// Seed of the source.
    pub seed: u64,
    /// Number of the program under that seed.
    pub row: u64,
    /// Its tokens.
    pub tokens: &'a [u32],
    /// Its source text, without a newline at the end.
    pub source: &'a str,
    /// What was told of it without running it.
    pub analysis: Option<&'a Analysis>,
    /// Findings of the analysis by kind.
    pub findings: Findings,
    /// What the tokens show in one pass.
    pub shape: Shape,
    /// How the run ended.
    pub status: Status,
    /// Statement that could not be executed, counted from 0 in preorder, if one is to blame.
    pub stopped_at: Option<u32>,
    /// What was printed, all of it, until the end of the run.
    pub stdout: &'a str,
    /// Steps taken.
    pub steps: u64,
    /// Log-probability under the prior in nats, if there is one.
    pub log_prior: Option<f64>,
    /// Log-probability under the model that drew it in nats, if one did.
    pub log_model: Option<f64>,
    /// Examples of its function.
    pub examples: Option<&'a Examples>,
    /// The steps of its run.
    pub trace: Option<&'a RunTrace>,
    /// In a table of tasks, which task of the program the row is.
    pub task: Option<&'a Task>,
}
