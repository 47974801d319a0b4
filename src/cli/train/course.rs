//! The course of a training: what its steps and evaluations said, and the file that keeps it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use pyprior_candle::train::{Baselines, Evaluated, StepReport};
use serde::{Deserialize, Serialize};

use crate::cli::output::write_whole;

/// What is known before the first step.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct StartLine {
    /// Weights of the model.
    pub(super) parameters: usize,
    #[serde(flatten)]
    pub(super) baselines: Baselines,
    /// What part of the programs that are drawn passes the filter.
    pub(super) passing: Option<f64>,
}

/// What an evaluation said.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct EvaluationLine {
    #[serde(flatten)]
    pub(super) evaluated: Evaluated,
    /// What part of the programs that are generated passes the filter.
    pub(super) passing: Option<f64>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Start(StartLine),
    Step(StepReport),
    Evaluation(EvaluationLine),
}

/// All lines, each kind by itself.
#[derive(Default)]
pub(super) struct Course {
    start: Option<StartLine>,
    steps: Vec<StepReport>,
    evaluations: Vec<EvaluationLine>,
    /// The lines of the file, and how many of their bytes it has.
    text: Vec<u8>,
    written: usize,
}

impl Course {
    /// What a file says up to a step: what was behind the checkpoint is done anew.
    pub(super) fn reopen(log: &Path, steps: u64) -> anyhow::Result<Self> {
        let mut course = Self::default();
        let text = match fs::read_to_string(log) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("cannot read {}", log.display()))?,
        };
        for line in text.lines() {
            // A line that was being written when the process ended.
            let Ok(line) = serde_json::from_str(line) else { continue };
            match line {
                Line::Start(start) => course.start(start),
                Line::Step(step) if step.step <= steps => course.step(step),
                Line::Evaluation(line) if line.evaluated.step <= steps => course.evaluation(line),
                Line::Step(_) | Line::Evaluation(_) => {}
            }
        }
        Ok(course)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start.is_none()
    }

    pub(super) fn first(&self) -> Option<&StartLine> {
        self.start.as_ref()
    }

    pub(super) fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    pub(super) fn evaluations(&self) -> impl Iterator<Item = &EvaluationLine> {
        self.evaluations.iter()
    }

    pub(super) fn evaluated_at(&self, step: u64) -> bool {
        self.evaluations.iter().any(|line| line.evaluated.step == step)
    }

    pub(super) fn start(&mut self, line: StartLine) {
        self.start = Some(line);
        self.line(&Line::Start(line));
    }

    pub(super) fn step(&mut self, report: StepReport) {
        self.steps.push(report);
        self.line(&Line::Step(report));
    }

    pub(super) fn evaluation(&mut self, line: EvaluationLine) {
        self.evaluations.push(line);
        self.line(&Line::Evaluation(line));
    }

    fn line(&mut self, line: &Line) {
        if serde_json::to_writer(&mut self.text, line).is_ok() {
            self.text.push(b'\n');
        }
    }

    /// Brings the file up to date.
    pub(super) fn write(&mut self, log: &Path) -> anyhow::Result<()> {
        if self.written < self.text.len() {
            let text = &self.text;
            write_whole(log, |out| Ok(out.write_all(text)?))
                .with_context(|| format!("cannot write {}", log.display()))?;
            self.written = self.text.len();
        }
        Ok(())
    }
}
