//! The CPU: one pass a row, by the core's code for slices, rayon over rows.

use candle_core::{CpuStorage, Storage};
use pyprior_core::{Choice, ChoiceError, Logit, LogitsScratch};
use rayon::prelude::*;

use super::{Call, SampleError, Sampled};
use crate::bitmask::with_words;

/// Rows that a thread takes at a time, at least: below that, handing out costs more than it brings.
const ROWS: usize = 16;

/// The memory of the pass.
#[derive(Debug, Default)]
pub(super) struct Pass {
    choices: Vec<Choice>,
    workers: Vec<Worker>,
}

/// What a thread needs for a stretch of rows.
#[derive(Debug, Default)]
struct Worker {
    scratch: LogitsScratch,
    /// The first row that failed.
    failed: Option<(usize, ChoiceError)>,
}

impl Pass {
    /// Draws a token for each row; writes `out` if all rows have one.
    pub(super) fn run(&mut self, call: &Call<'_>, out: &mut Sampled) -> Result<(), SampleError> {
        let (storage, layout) = call.logits.storage_and_layout();
        let Some((start, end)) = layout.contiguous_offsets() else {
            return Err(SampleError::Strided { stride: layout.stride().to_vec() });
        };
        let Storage::Cpu(numbers) = &*storage else {
            return Err(SampleError::Type { found: call.logits.dtype() });
        };
        with_words(call.bitmask, |words| match numbers {
            CpuStorage::F32(logits) => self.rows(call, &logits[start..end], words),
            CpuStorage::F16(logits) => self.rows(call, &logits[start..end], words),
            CpuStorage::BF16(logits) => self.rows(call, &logits[start..end], words),
            _ => Err(SampleError::Type { found: call.logits.dtype() }),
        })??;
        self.write(out);
        Ok(())
    }

    fn rows<T: Logit>(&mut self, call: &Call<'_>, logits: &[T], words: &[u32]) -> Result<(), SampleError> {
        let (rows, vocab, width) = (call.bitmask.rows(), call.bitmask.vocab(), call.bitmask.vocab().div_ceil(32));
        let stretch = rows.div_ceil(4 * rayon::current_num_threads()).max(ROWS);
        let stretches = rows.div_ceil(stretch);
        self.choices.clear();
        self.choices.resize(rows, Choice::default());
        if self.workers.len() < stretches {
            self.workers.resize_with(stretches, Worker::default);
        }
        let draw = |worker: &mut Worker, choices: &mut [Choice], first: usize| {
            worker.failed = None;
            for (slot, choice) in (first..).zip(choices) {
                let prior = call.prior.map(|(prior, rows)| (prior, &rows.shifts()[slot]));
                let (logits, legal) = (&logits[slot * vocab..][..vocab], &words[slot * width..][..width]);
                let (row, step) = (call.draw.rows[slot], call.draw.steps[slot]);
                match call.sampler.sample(logits, legal, prior, row, step, &mut worker.scratch) {
                    Ok(drawn) => *choice = drawn,
                    Err(error) => {
                        worker.failed = Some((slot, error));
                        return;
                    }
                }
            }
        };
        let workers = &mut self.workers[..stretches];
        if let [worker] = workers {
            draw(worker, &mut self.choices, 0);
        } else {
            let choices = self.choices.par_chunks_mut(stretch);
            let pairs = workers.par_iter_mut().zip(choices).enumerate();
            pairs.for_each(|(nth, (worker, choices))| draw(worker, choices, nth * stretch));
        }
        match self.workers[..stretches].iter().find_map(|worker| worker.failed) {
            None => Ok(()),
            Some((row, ChoiceError::Nan { token })) => Err(SampleError::Nan { row, token }),
            Some((row, _)) => Err(SampleError::Empty { row }),
        }
    }

    fn write(&self, out: &mut Sampled) {
        let Sampled { tokens, log_probabilities, entropies, legal_counts } = out;
        tokens.clear();
        log_probabilities.clear();
        entropies.clear();
        legal_counts.clear();
        for choice in &self.choices {
            tokens.push(choice.token);
            log_probabilities.push(choice.log_probability as f32);
            entropies.push(choice.entropy as f32);
            legal_counts.push(choice.legal);
        }
    }
}
