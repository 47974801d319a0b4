//! What is kept from one forward pass to the next, and how a batch is dealt out to threads.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use super::aligned::Aligned;
use super::attention::Layout;
use super::pass::{Pass, Row, TOKENS, Worker};
use super::weights::Weights;
use crate::batch::Batch;
use crate::llama::LlamaConfig;
use crate::ops::attention::Shape;
use crate::ops::lanes::Lanes;
use crate::ops::rotary::Rotary;

/// Tokens for which a second thread is worth waking.
const WORTH_A_THREAD: usize = 16;

/// Keys and values of all slots, the angles of the positions, and what threads work with.
pub(crate) struct Memory {
    layout: Layout,
    rotary: Rotary,
    slots: Aligned,
    workers: Vec<Worker>,
}

/// Neighbouring rows, and the place of their logits.
type Group<'a> = (Vec<Row<'a>>, &'a mut [f32]);

/// Bytes of one slot; what threads work with comes once, and does not depend on the slots.
pub(crate) fn bytes_per_slot(shape: Shape) -> usize {
    Layout::new(shape).slot().saturating_mul(size_of::<Lanes>())
}

impl Memory {
    /// All memory that there will be; `None` if there is not enough.
    pub(crate) fn new(config: &LlamaConfig, shape: Shape) -> Option<Self> {
        let layout = Layout::new(shape);
        let slots = Aligned::zeros(layout.slot().checked_mul(shape.slots)?)?;
        let rotary = Rotary::new(shape.capacity, shape.heads.dim, config.rope_theta);
        let workers = (0..rayon::current_num_threads()).map(|_| Worker::new(config, layout));
        Some(Self { layout, rotary, slots, workers: workers.collect::<Option<_>>()? })
    }

    /// Logits [rows, vocab] behind each row's last token, where slots hold `lens` positions. Keys and values of the
    /// tokens enter the slots.
    pub(crate) fn forward(
        &mut self,
        config: &LlamaConfig,
        weights: &Weights,
        lens: &[usize],
        batch: &Batch,
    ) -> Vec<f32> {
        let mut logits = vec![0.0; batch.rows() * config.vocab_size];
        let pass = Pass { config, weights, layout: self.layout, rotary: &self.rotary };
        let tokens = batch.tokens().len();
        let share = match tokens < WORTH_A_THREAD {
            true => tokens,
            false => tokens.div_ceil(self.workers.len()).min(TOKENS),
        };
        let mut slots: Vec<_> = self.slots.lines_mut().chunks_exact_mut(self.layout.slot()).map(Some).collect();
        let mut rest = &mut logits[..];
        let mut group = |rows: Range<usize>| -> Group<'_> {
            let place;
            (place, rest) = std::mem::take(&mut rest).split_at_mut(rows.len() * config.vocab_size);
            let row = |row| {
                let (slot, tokens) = batch.row(row)?;
                // Checked before: slots are there, and differ.
                Some(Row { slot: slots.get_mut(slot)?.take()?, held: *lens.get(slot)?, tokens })
            };
            (rows.filter_map(row).collect(), place)
        };
        let groups: Vec<_> = batch.groups(share).map(&mut group).collect();
        match (&groups[..], &mut self.workers[..]) {
            ([_], [worker, ..]) => groups.into_iter().for_each(|(rows, logits)| pass.group(worker, rows, logits)),
            (_, workers) => {
                let groups = Mutex::new(groups.into_iter());
                let next = || groups.lock().ok()?.next();
                workers.par_iter_mut().with_max_len(1).for_each(|worker| {
                    while let Some((rows, logits)) = next() {
                        pass.group(worker, rows, logits);
                    }
                });
            }
        }
        logits
    }
}
