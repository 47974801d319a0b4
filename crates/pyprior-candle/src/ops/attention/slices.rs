//! Attention on the CPU: one pass over each row, in place.
//!
//! Positions lie in blocks of 16. A block of keys is [head, dim, 16], so that 16 scores come from plain sums over the
//! dimension, without a sum across a register; a block of values is [head, dim / 16, 16, 16], the dimension filled
//! up to a multiple of 16. Memory is what costs, and so each layer of a slot is read from end to end, block by block, all heads
//! of a block before the next.

use candle_core::{Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::lanes::{LANES, Lanes, exp, total, vectorised, weighted_sum};
use super::super::rotary::{Rotary, rotate};
use super::super::slices::with_slice;
use super::{Heads, Row, Shape};

/// Multiplications that one thread should have at least, for a second one to be worth waking.
const WORTH_A_THREAD: usize = 1 << 17;

/// Keys and values of every slot.
pub(super) struct SliceStore {
    layout: Layout,
    slots: Vec<Slot>,
}

struct Slot {
    keys: Vec<Lanes>,
    values: Vec<Lanes>,
}

/// Where keys and values of a slot lie.
#[derive(Clone, Copy)]
struct Layout {
    heads: Heads,
    /// Blocks of one layer.
    blocks: usize,
    /// Lanes that a value takes.
    chunks: usize,
}

/// One row's part of a layer.
struct Work<'a> {
    layout: Layout,
    layer: usize,
    /// Positions that the slot holds.
    held: usize,
    rotary: &'a Rotary,
    slot: &'a mut Slot,
    qkv: &'a [f32],
    out: &'a mut [f32],
}

/// What a thread needs beside.
struct Scratch {
    /// The queries of one token, turned: [head, dim].
    queries: Vec<f32>,
    /// A key, turned.
    key: Vec<f32>,
    /// Scores and then weights: [head, block].
    scores: Vec<Lanes>,
    /// Sums of values: [head, chunk].
    sums: Vec<Lanes>,
}

impl Layout {
    fn new(shape: Shape) -> Self {
        let Shape { capacity, heads, .. } = shape;
        Self { heads, blocks: capacity.div_ceil(LANES), chunks: heads.dim.div_ceil(LANES) }
    }

    /// Lanes of keys, and of values, of one head in one block.
    fn per_head(&self) -> (usize, usize) {
        (self.heads.dim, LANES * self.chunks)
    }

    fn scratch(&self) -> Scratch {
        let Heads { query, dim, .. } = self.heads;
        Scratch {
            queries: vec![0.0; query * dim],
            key: vec![0.0; dim],
            scores: vec![[0.0; LANES]; query * self.blocks],
            sums: vec![[0.0; LANES]; query * self.chunks],
        }
    }
}

impl SliceStore {
    pub(super) fn bytes_per_slot(shape: Shape) -> usize {
        let layout = Layout::new(shape);
        let (keys, values) = layout.per_head();
        let lanes = (keys + values).saturating_mul(shape.layers * shape.heads.kv).saturating_mul(layout.blocks);
        lanes.saturating_mul(size_of::<Lanes>())
    }

    /// `None` if there is not enough memory.
    pub(super) fn new(shape: Shape) -> Option<Self> {
        let layout = Layout::new(shape);
        let (keys, values) = layout.per_head();
        let heads = shape.layers * layout.blocks * shape.heads.kv;
        let slot = || Some(Slot { keys: zeros(heads * keys)?, values: zeros(heads * values)? });
        let slots = (0..shape.slots).map(|_| slot()).collect::<Option<_>>()?;
        Some(Self { layout, slots })
    }

    pub(super) fn attend(&mut self, layer: usize, rows: &[Row], rotary: &Rotary, qkv: &Tensor) -> Result<Tensor> {
        let (tokens, _) = qkv.dims2()?;
        let Heads { query, dim, .. } = self.layout.heads;
        let out = with_slice(qkv, |qkv| Ok(self.attend_rows(layer, rows, rotary, qkv)))?;
        Tensor::from_vec(out, (tokens, query * dim), qkv.device())
    }

    fn attend_rows(&mut self, layer: usize, rows: &[Row], rotary: &Rotary, qkv: &[f32]) -> Vec<f32> {
        let layout = self.layout;
        let Heads { query, dim, .. } = layout.heads;
        let (qkv_width, out_width) = (layout.heads.qkv_width(), query * dim);
        let mut out = vec![0.0; qkv.len() / qkv_width * out_width];
        let mut slots: Vec<_> = self.slots.iter_mut().map(Some).collect();
        let (mut qkv_rest, mut out_rest) = (qkv, &mut out[..]);
        let mut work = Vec::with_capacity(rows.len());
        let mut cost = 0;
        for &Row { slot, held, ref tokens } in rows {
            // Checked before: slots are there and differ, and the tensor has a line for each token.
            let Some(slot) = slots.get_mut(slot).and_then(Option::take) else { continue };
            let (qkv, out);
            (qkv, qkv_rest) = qkv_rest.split_at(tokens.len() * qkv_width);
            (out, out_rest) = std::mem::take(&mut out_rest).split_at_mut(tokens.len() * out_width);
            cost += tokens.len() * (held + tokens.len()) * 2 * out_width;
            work.push(Work { layout, layer, held, rotary, slot, qkv, out });
        }
        let scratch = || layout.scratch();
        if cost < WORTH_A_THREAD {
            let mut scratch = scratch();
            work.into_iter().for_each(|work| vectorised(Attend { work, scratch: &mut scratch }));
        } else {
            let attend = |scratch: &mut Scratch, work| vectorised(Attend { work, scratch });
            work.into_par_iter().for_each_init(scratch, attend);
        }
        out
    }
}

/// Zeros, or `None` if there is no memory for them.
fn zeros(len: usize) -> Option<Vec<Lanes>> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(len).ok()?;
    zeros.resize(len, [0.0; LANES]);
    Some(zeros)
}

struct Attend<'a, 'w> {
    work: Work<'w>,
    scratch: &'a mut Scratch,
}

impl WithSimd for Attend<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { work: Work { layout, layer, held, rotary, slot, qkv, out }, scratch } = self;
        let Heads { query, kv, dim } = layout.heads;
        let (keys, values) = layout.per_head();
        let per_layer = layout.blocks * kv;
        let keys = &mut slot.keys[layer * per_layer * keys..][..per_layer * keys];
        let values = &mut slot.values[layer * per_layer * values..][..per_layer * values];
        let tokens = qkv.chunks_exact(layout.heads.qkv_width());
        for (position, qkv) in (held..).zip(tokens.clone()) {
            let (new_keys, new_values) = qkv[query * dim..].split_at(kv * dim);
            write_keys(layout, keys, position, new_keys, rotary.at(position), &mut scratch.key);
            write_values(layout, values, position, new_values);
        }
        let scale = layout.heads.scale();
        for ((position, qkv), out) in (held..).zip(tokens).zip(out.chunks_exact_mut(query * dim)) {
            let heads = scratch.queries.chunks_exact_mut(dim).zip(qkv.chunks_exact(dim));
            heads.for_each(|(turned, head)| rotate(head, rotary.at(position), scale, turned));
            score(simd, layout, scratch, keys, position);
            // The sum of a head's weights divides what it reads: kept in `out` until then.
            let weights = scratch.scores.chunks_exact_mut(layout.blocks);
            for (weights, out) in weights.zip(out.chunks_exact_mut(dim)) {
                out.fill(1.0 / weigh(&mut weights[..=position / LANES], position));
            }
            read(simd, layout, scratch, values, position);
            for (out, sums) in out.chunks_exact_mut(dim).zip(scratch.sums.chunks_exact(layout.chunks)) {
                out.iter_mut().zip(sums.as_flattened()).for_each(|(out, sum)| *out *= sum);
            }
        }
    }
}

#[inline(always)]
fn write_keys(
    layout: Layout,
    keys: &mut [Lanes],
    position: usize,
    new: &[f32],
    angles: (&[f32], &[f32]),
    turned: &mut [f32],
) {
    let per_block = new.len();
    let block = &mut keys[position / LANES * per_block..][..per_block];
    for (head, new) in block.chunks_exact_mut(layout.heads.dim).zip(new.chunks_exact(layout.heads.dim)) {
        rotate(new, angles, 1.0, turned);
        head.iter_mut().zip(&*turned).for_each(|(lanes, x)| lanes[position % LANES] = *x);
    }
}

#[inline(always)]
fn write_values(layout: Layout, values: &mut [Lanes], position: usize, new: &[f32]) {
    let (_, per_head) = layout.per_head();
    let per_block = layout.heads.kv * per_head;
    let block = &mut values[position / LANES * per_block..][..per_block];
    for (head, new) in block.chunks_exact_mut(per_head).zip(new.chunks_exact(layout.heads.dim)) {
        for (chunk, new) in head.chunks_exact_mut(LANES).zip(new.chunks(LANES)) {
            chunk[position % LANES].iter_mut().zip(new).for_each(|(place, x)| *place = *x);
        }
    }
}

/// Products of the turned queries with the keys up to the end of the block of `position`.
#[inline(always)]
fn score<S: Simd>(simd: S, layout: Layout, scratch: &mut Scratch, keys: &[Lanes], position: usize) {
    let Heads { query, kv, dim } = layout.heads;
    for (nth, block) in keys.chunks_exact(kv * dim).take(position / LANES + 1).enumerate() {
        for asking in 0..query {
            let head = &block[asking / (query / kv) * dim..][..dim];
            let query = &scratch.queries[asking * dim..][..dim];
            let scores = S::as_mut_simd_f32s(&mut scratch.scores[asking * layout.blocks + nth]).0;
            for (register, score) in scores.iter_mut().enumerate() {
                *score = weighted_sum(simd, head, register, query);
            }
        }
    }
}

/// Turns the scores of positions up to `position` into e^(score - greatest), those beyond into 0, and gives their sum.
#[inline(always)]
fn weigh(scores: &mut [Lanes], position: usize) -> f32 {
    if let Some(last) = scores.last_mut() {
        for (lane, score) in last.iter_mut().enumerate() {
            // What lies beyond is left over from a row before.
            if lane > position % LANES {
                *score = f32::NEG_INFINITY;
            }
        }
    }
    let mut greatest = [f32::NEG_INFINITY; LANES];
    for scores in &*scores {
        for (greatest, &score) in greatest.iter_mut().zip(scores) {
            *greatest = if score > *greatest { score } else { *greatest };
        }
    }
    let greatest = greatest.into_iter().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
    let mut sums = [0.0; LANES];
    for scores in scores {
        for (sum, score) in sums.iter_mut().zip(scores) {
            *score = exp(*score - greatest);
            *sum += *score;
        }
    }
    total(sums)
}

/// The values up to `position`, each times its weight, for every head.
#[inline(always)]
fn read<S: Simd>(simd: S, layout: Layout, scratch: &mut Scratch, values: &[Lanes], position: usize) {
    let Heads { query, kv, .. } = layout.heads;
    let (_, per_head) = layout.per_head();
    scratch.sums.fill([0.0; LANES]);
    for (nth, block) in values.chunks_exact(kv * per_head).take(position / LANES + 1).enumerate() {
        let present = (position + 1 - nth * LANES).min(LANES);
        for asking in 0..query {
            let head = &block[asking / (query / kv) * per_head..][..per_head];
            let weights = &scratch.scores[asking * layout.blocks + nth][..present];
            let sums = &mut scratch.sums[asking * layout.chunks..][..layout.chunks];
            for (sums, chunk) in sums.iter_mut().zip(head.chunks_exact(LANES)) {
                for (register, sum) in S::as_mut_simd_f32s(sums).0.iter_mut().enumerate() {
                    *sum = simd.add_f32s(*sum, weighted_sum(simd, chunk, register, weights));
                }
            }
        }
    }
}
