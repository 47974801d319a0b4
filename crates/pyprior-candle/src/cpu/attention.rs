//! Attention of one row's new tokens over what its slot holds, which they enter on the way.
//!
//! Memory is what costs, so a layer of a slot is two streams that are read from end to end, little of it in vain. Keys
//! lie in blocks of four positions, [head, dim / 4, 4, 4 positions]: a register holds four numbers of four keys, and
//! four scores come from plain sums and one sum of quarters. A new key touches a block of four positions and no more.
//! Values are [position, head, dim], every head filled up to a multiple of 16.
//!
//! Every sum has an order that depends on its position alone: whether a token comes by itself or in a prompt, it gets
//! the same bits.

use pulp::{Simd, WithSimd};

use crate::ops::attention::softmax::weigh;
use crate::ops::attention::{Heads, Shape};
use crate::ops::lanes::{LANES, Lanes};
use crate::ops::rotary::{Rotary, rotate};

/// Positions of a block of keys, and numbers of each in a register.
const BLOCK: usize = 4;

/// Where keys and values of a slot lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) heads: Heads,
    layers: usize,
    /// Blocks of keys in one layer.
    blocks: usize,
    /// Registers of four positions of a key.
    quads: usize,
    /// Registers of one position of a value.
    chunks: usize,
}

impl Layout {
    pub(super) fn new(shape: Shape) -> Self {
        let Shape { capacity, layers, heads, .. } = shape;
        let blocks = capacity.div_ceil(BLOCK);
        Self { heads, layers, blocks, quads: heads.dim.div_ceil(BLOCK), chunks: heads.dim.div_ceil(LANES) }
    }

    /// Lines of a slot.
    pub(super) fn slot(&self) -> usize {
        let (keys, values) = self.layer();
        keys.saturating_add(values).saturating_mul(self.layers)
    }

    /// Lines of keys, and of values, in one layer of a slot.
    fn layer(&self) -> (usize, usize) {
        let heads = self.blocks.saturating_mul(self.heads.kv);
        (heads.saturating_mul(self.quads), heads.saturating_mul(BLOCK * self.chunks))
    }

    /// Scores of one head, for all positions.
    fn scores(&self) -> usize {
        (self.blocks * BLOCK).next_multiple_of(LANES)
    }
}

/// What a thread needs for the attention of one token.
#[derive(Debug)]
pub(super) struct Scratch {
    /// A head, turned, and filled up with zeros.
    turned: Vec<f32>,
    /// The queries, every number four times: [head, dim / 4].
    queries: Vec<Lanes>,
    /// Scores and then weights: [head, position].
    scores: Vec<f32>,
    /// Sums of values: [head, chunk].
    sums: Vec<Lanes>,
}

impl Scratch {
    pub(super) fn new(layout: Layout) -> Self {
        let Heads { query, .. } = layout.heads;
        Self {
            turned: vec![0.0; layout.quads * BLOCK],
            queries: vec![[0.0; LANES]; query * layout.quads],
            scores: vec![0.0; query * layout.scores()],
            sums: vec![[0.0; LANES]; query * layout.chunks],
        }
    }
}

/// One row's part of a layer.
pub(super) struct Attend<'a> {
    pub(super) layout: Layout,
    pub(super) layer: usize,
    /// Positions before the tokens.
    pub(super) held: usize,
    pub(super) rotary: &'a Rotary,
    pub(super) slot: &'a mut [Lanes],
    /// Queries, keys and values of each token, without positions: [tokens, any width].
    pub(super) qkv: &'a [f32],
    pub(super) tokens: usize,
    /// What each token gets: [tokens, any width]; if it is for fewer, those are the last.
    pub(super) out: &'a mut [f32],
    pub(super) asking: usize,
    pub(super) scratch: &'a mut Scratch,
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layout, layer, held, rotary, slot, qkv, tokens, out, asking, scratch } = self;
        let Heads { query, kv, dim } = layout.heads;
        let (keys, values) = layout.layer();
        let (keys, values) = slot[layer * (keys + values)..][..keys + values].split_at_mut(keys);
        let (qkv_width, out_width) = (qkv.len() / tokens.max(1), out.len() / asking.max(1));
        let qkv = qkv.chunks_exact(qkv_width.max(1));
        for (position, qkv) in (held..).zip(qkv.clone()) {
            let (new_keys, new_values) = qkv[query * dim..][..2 * kv * dim].split_at(kv * dim);
            write_keys(layout, keys, position, new_keys, rotary.at(position), &mut scratch.turned);
            write_values(layout, values, position, new_values);
        }
        let silent = tokens - asking;
        let out = out.chunks_exact_mut(out_width.max(1));
        for ((position, qkv), out) in (held..).zip(qkv).skip(silent).zip(out) {
            ask(layout, &qkv[..query * dim], rotary.at(position), scratch);
            score(simd, layout, scratch, keys, position);
            let per_head = layout.scores();
            // The sum of a head's weights divides what it reads: kept in `out` until then.
            for (weights, out) in scratch.scores.chunks_exact_mut(per_head).zip(out.chunks_exact_mut(dim)) {
                let (weights, _) = weights.as_chunks_mut();
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
    let per_block = layout.heads.kv * layout.quads;
    let block = &mut keys[position / BLOCK * per_block..][..per_block];
    for (head, new) in block.chunks_exact_mut(layout.quads).zip(new.chunks_exact(layout.heads.dim)) {
        rotate(new, angles, 1.0, &mut turned[..new.len()]);
        for (lanes, four) in head.iter_mut().zip(turned.as_chunks::<BLOCK>().0) {
            let places = lanes.iter_mut().skip(position % BLOCK).step_by(BLOCK);
            places.zip(four).for_each(|(place, x)| *place = *x);
        }
    }
}

#[inline(always)]
fn write_values(layout: Layout, values: &mut [Lanes], position: usize, new: &[f32]) {
    let per_position = layout.heads.kv * layout.chunks;
    let lines = &mut values[position * per_position..][..per_position];
    for (head, new) in lines.chunks_exact_mut(layout.chunks).zip(new.chunks_exact(layout.heads.dim)) {
        head.as_flattened_mut()[..new.len()].copy_from_slice(new);
    }
}

/// Turns the queries, and spreads their numbers.
#[inline(always)]
fn ask(layout: Layout, queries: &[f32], angles: (&[f32], &[f32]), scratch: &mut Scratch) {
    let spread = scratch.queries.chunks_exact_mut(layout.quads);
    for (spread, head) in spread.zip(queries.chunks_exact(layout.heads.dim)) {
        rotate(head, angles, layout.heads.scale(), &mut scratch.turned[..head.len()]);
        for (lanes, four) in spread.iter_mut().zip(scratch.turned.as_chunks::<BLOCK>().0) {
            *lanes = std::array::from_fn(|lane| four[lane / BLOCK]);
        }
    }
}

/// Products of the queries with the keys up to the end of the block of `position`.
#[inline(always)]
fn score<S: Simd>(simd: S, layout: Layout, scratch: &mut Scratch, keys: &[Lanes], position: usize) {
    let Heads { query, kv, .. } = layout.heads;
    let (shared, per_head) = (query / kv, layout.scores());
    for (nth, block) in keys.chunks_exact(kv * layout.quads).take(position / BLOCK + 1).enumerate() {
        for (asking, queries) in scratch.queries.chunks_exact(layout.quads).enumerate() {
            let head = &block[asking / shared * layout.quads..][..layout.quads];
            let mut sums = [0.0; LANES];
            for (register, sum) in S::as_mut_simd_f32s(&mut sums).0.iter_mut().enumerate() {
                for (keys, queries) in head.iter().zip(queries) {
                    let (keys, queries) = (S::as_simd_f32s(keys).0[register], S::as_simd_f32s(queries).0[register]);
                    *sum = simd.mul_add_e_f32s(keys, queries, *sum);
                }
            }
            let scores = &mut scratch.scores[asking * per_head + nth * BLOCK..][..BLOCK];
            let (quarters, _) = sums.as_chunks::<BLOCK>();
            for (i, score) in scores.iter_mut().enumerate() {
                *score = (quarters[0][i] + quarters[1][i]) + (quarters[2][i] + quarters[3][i]);
            }
        }
    }
}

/// The values up to `position`, each times its weight, for every head.
#[inline(always)]
fn read<S: Simd>(simd: S, layout: Layout, scratch: &mut Scratch, values: &[Lanes], position: usize) {
    let Heads { query, kv, .. } = layout.heads;
    let (shared, per_head, per_position) = (query / kv, layout.scores(), kv * layout.chunks);
    scratch.sums.fill([0.0; LANES]);
    let values = &values[..(position + 1) * per_position];
    for (nth, block) in values.chunks(BLOCK * per_position).enumerate() {
        for (asking, sums) in scratch.sums.chunks_exact_mut(layout.chunks).enumerate() {
            let weights = &scratch.scores[asking * per_head + nth * BLOCK..][..BLOCK];
            let head = asking / shared * layout.chunks;
            for (chunk, sums) in sums.iter_mut().enumerate() {
                for (register, sum) in S::as_mut_simd_f32s(sums).0.iter_mut().enumerate() {
                    for (position, weight) in block.chunks_exact(per_position).zip(weights) {
                        let value = S::as_simd_f32s(&position[head + chunk]).0[register];
                        *sum = simd.mul_add_e_f32s(value, simd.splat_f32s(*weight), *sum);
                    }
                }
            }
        }
    }
}
