//! The pilot: programs with numbers that no shard has, looked at before anything is made. Every machine finds the same.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::control::{Control, Measured, Told, value};
use crate::error::{ControlError, DataError, DescriptionError};
use crate::job::Job;
use crate::judge::Judge;
use crate::numbering::{CANDIDATES, MAX_SHARDS};
use crate::source::Drawn;

/// The pilot's programs have the numbers that the first shard beyond the last possible one would have.
const FIRST: u64 = MAX_SHARDS * CANDIDATES;
/// Candidates for each program of the pilot, at most.
const PATIENCE: u64 = 64;
/// Programs without which there is no pilot.
const LEAST: u64 = 1000;
/// Candidates that are looked at by one thread, and together.
const CHUNK: u64 = 1 << 11;
const WAVE: u64 = 1 << 15;

/// How the pilot of a [`Job`] is looked at, if its description takes one. Nothing of it shows in the files.
#[derive(Debug)]
pub struct PilotWork<'a> {
    /// Threads; 0 for as many as the machine has.
    pub threads: usize,
    /// Set by somebody who wants it to stop.
    pub stop: &'a AtomicBool,
}

/// What controls a job's programs, by what a pilot of them tells; none if nothing is measured.
pub(crate) fn control(job: &Job, measured: &[Measured], work: &PilotWork<'_>) -> Result<Option<Control>, DataError> {
    if measured.is_empty() {
        return Ok(None);
    }
    let mut pilot = Pilot::new(job, measured, work)?;
    let first = pilot.first()?;
    let mut told = Told::new(measured, first.len(), |nth| first.column(nth, measured.len()));
    pilot.within(&first, |values| told.within(values))?;
    let description = job.description();
    let control = Control::new(told, &description.control, description.seed).map_err(DescriptionError::Control)?;
    Ok(Some(control))
}

/// What is controlled of programs that pass `keep`, one after the other.
#[derive(Debug, Default)]
struct Values {
    /// As many for each program as there are columns, NaN for null: without more, for there may be 2²⁴ programs.
    numbers: Vec<f64>,
    /// Of each program, whether it is in the ranges of all targets.
    within: Vec<bool>,
}

impl Values {
    fn len(&self) -> u64 {
        self.within.len() as u64
    }

    /// The values of a column, of all programs.
    fn column(&self, nth: usize, columns: usize) -> impl Iterator<Item = f64> + Clone {
        self.numbers.iter().skip(nth).step_by(columns.max(1)).copied()
    }

    /// The values of each program within the ranges.
    fn within(&self, columns: usize) -> impl Iterator<Item = &[f64]> {
        self.numbers.chunks(columns.max(1)).zip(&self.within).filter(|(_, within)| **within).map(|(values, _)| values)
    }

    fn append(&mut self, mut other: Self) {
        self.numbers.append(&mut other.numbers);
        self.within.append(&mut other.within);
    }

    fn truncate(&mut self, programs: u64, columns: usize) {
        let programs = usize::try_from(programs).unwrap_or(usize::MAX);
        self.within.truncate(programs);
        self.numbers.truncate(programs.saturating_mul(columns));
    }
}

/// Candidates, a wave at a time.
struct Pilot<'a> {
    job: &'a Job,
    measured: &'a [Measured],
    threads: rayon::ThreadPool,
    stop: &'a AtomicBool,
    next: u64,
}

impl<'a> Pilot<'a> {
    fn new(job: &'a Job, measured: &'a [Measured], work: &'a PilotWork<'_>) -> Result<Self, DataError> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(work.threads).build().map_err(DataError::Threads)?;
        Ok(Self { job, measured, threads, stop: work.stop, next: 0 })
    }

    /// The first programs that pass `keep`, as many as the description says, or as there are among the candidates.
    fn first(&mut self) -> Result<Values, DataError> {
        let (wanted, mut values) = (self.wanted(), Values::default());
        while values.len() < wanted && self.is_patient() {
            values.append(self.wave()?);
        }
        values.truncate(wanted, self.measured.len());
        Ok(values)
    }

    /// Hands over the values of programs within the ranges: those of `first`, and further ones until there are as many as the
    /// description says, or no more among the candidates.
    fn within(&mut self, first: &Values, mut each: impl FnMut(&[f64])) -> Result<(), DataError> {
        let (wanted, columns, mut passed) = (self.wanted(), self.measured.len(), 0);
        first.within(columns).for_each(|values| {
            passed += 1;
            each(values);
        });
        while passed < wanted && self.is_patient() {
            for values in self.wave()?.within(columns).take(usize::try_from(wanted - passed).unwrap_or(usize::MAX)) {
                passed += 1;
                each(values);
            }
        }
        let (candidates, least) = (self.next, LEAST);
        match passed < least {
            true => Err(DescriptionError::from(ControlError::Pilot { passed, candidates, least }).into()),
            false => Ok(()),
        }
    }

    fn wanted(&self) -> u64 {
        self.job.description().control.pilot
    }

    fn is_patient(&self) -> bool {
        self.next < self.wanted().saturating_mul(PATIENCE)
    }

    /// Those of the next candidates that pass `keep`, in the order of their numbers.
    fn wave(&mut self) -> Result<Values, DataError> {
        let starts = (self.next..self.next + WAVE).step_by(CHUNK as usize).collect::<Vec<_>>();
        self.next += WAVE;
        let (job, measured, stop) = (self.job, self.measured, self.stop);
        let look = |&start: &u64| match stop.load(Ordering::Relaxed) {
            true => Err(DataError::Interrupted),
            false => look(job, measured, FIRST + start..FIRST + start + CHUNK),
        };
        let chunks = self.threads.install(|| starts.par_iter().map(look).collect::<Vec<_>>());
        let mut values = Values::default();
        for chunk in chunks {
            values.append(chunk?);
        }
        Ok(values)
    }
}

fn look(job: &Job, measured: &[Measured], rows: Range<u64>) -> Result<Values, DataError> {
    let (mut drawn, mut judge, mut values) = (Drawn::default(), Judge::new(job), Values::default());
    job.source().draw(rows.clone(), &mut drawn)?;
    let mut scorer = job.wanted().prior.then(|| job.scorer().cloned()).flatten();
    if let Some(scorer) = &mut scorer {
        let scored = scorer.score_all(&drawn.programs, &mut drawn.log_prior);
        scored.map_err(|error| DataError::Program { row: rows.start, source: error.into() })?;
    }
    // Ranges come behind `keep`.
    let keep = job.description().keep.len();
    for (nth, (number, tokens)) in rows.zip(drawn.programs.iter()).enumerate() {
        let refused = |source| DataError::Program { row: number, source };
        let known = [drawn.log_prior.get(nth).copied(), drawn.log_model.get(nth).copied()];
        let judged = judge.judge(number, tokens, known).map_err(refused)?;
        let fails = judged.fails;
        if fails.is_none_or(|nth| nth >= keep) {
            let row = judged.decided(job).map_err(refused)?;
            values.numbers.extend(measured.iter().map(|measured| value(&measured.measure, &row)));
            values.within.push(fails.is_none());
        }
    }
    Ok(values)
}
