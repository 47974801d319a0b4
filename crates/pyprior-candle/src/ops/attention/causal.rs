//! Causal attention of whole sequences, without a cache, and its gradient: what training needs, on the CPU.
//!
//! Sequences lie back to back; each attends to itself alone. Every sum here is one of rows of 16 numbers, each times a
//! weight: over the dimension of a head, or over positions. So each matrix is laid out in the direction, or the two,
//! in which it is read.

use std::ops::Range;

use candle_core::{Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::lanes::{LANES, Lanes, vectorised, weighted_sum};
use super::super::rotary::{Rotary, rotate, rotate_back};
use super::super::slices::with_slice;
use super::Heads;
use super::softmax::weigh;

/// What the queries of each sequence get, [tokens, query heads · dim], of queries, keys and values [tokens,
/// `qkv_width`] without positions yet.
pub(crate) fn attend(heads: Heads, rotary: &Rotary, ends: &[usize], qkv: &Tensor) -> Result<Tensor> {
    let (tokens, _) = qkv.dims2()?;
    let width = heads.query * heads.dim;
    let mut out = vec![0.0; tokens * width];
    with_slice(qkv, |qkv| {
        each_sequence(ends, width, &mut out, |tokens, out, scratch: &mut Scratch| {
            let qkv = part(qkv, &tokens, heads.qkv_width());
            scratch.fit(heads, tokens.len());
            vectorised(Forward { heads, rotary, qkv, out, scratch });
        });
        Ok(())
    })?;
    Tensor::from_vec(out, (tokens, width), qkv.device())
}

/// Of [`attend`] of `qkv`, whose result has gradient `grad`: the gradient of `qkv`.
pub(crate) fn attend_grad(
    heads: Heads,
    rotary: &Rotary,
    ends: &[usize],
    qkv: &Tensor,
    grad: &Tensor,
) -> Result<Tensor> {
    let shape = qkv.dims2()?;
    let mut out = vec![0.0; shape.0 * shape.1];
    with_slice(qkv, |qkv| {
        with_slice(grad, |grad| {
            each_sequence(ends, heads.qkv_width(), &mut out, |tokens, out, scratch: &mut Scratch| {
                let (qkv, grad) = (part(qkv, &tokens, heads.qkv_width()), part(grad, &tokens, heads.query * heads.dim));
                scratch.fit(heads, tokens.len());
                vectorised(Backward { heads, rotary, qkv, grad, out, scratch });
            });
            Ok(())
        })
    })?;
    Tensor::from_vec(out, shape, qkv.device())
}

fn part<'a>(rows: &'a [f32], tokens: &Range<usize>, width: usize) -> &'a [f32] {
    rows.get(tokens.start * width..tokens.end * width).unwrap_or_default()
}

/// Hands every sequence and its part of `out`, lines of `width` numbers, to some thread.
fn each_sequence(
    ends: &[usize],
    width: usize,
    out: &mut [f32],
    work: impl Fn(Range<usize>, &mut [f32], &mut Scratch) + Sync,
) {
    let mut parts = Vec::with_capacity(ends.len());
    let (mut rest, mut begin) = (out, 0);
    for &end in ends {
        let (part, behind) = std::mem::take(&mut rest).split_at_mut((end - begin) * width);
        parts.push((begin..end, part));
        (rest, begin) = (behind, end);
    }
    parts.into_par_iter().for_each_init(Scratch::default, |scratch, (tokens, part)| work(tokens, part, scratch));
}

/// What a thread needs for one sequence of T tokens and one head of D numbers; blocks are of 16 positions, chunks of
/// 16 numbers of a head, filled up with zeros.
#[derive(Default)]
struct Scratch {
    tokens: usize,
    /// Turned and scaled queries: [chunk, T], and [T, D].
    query: Vec<Lanes>,
    query_rows: Vec<f32>,
    /// Turned keys: [chunk, T], and [block, D].
    key: Vec<Lanes>,
    key_blocks: Vec<Lanes>,
    /// Values: [chunk, T], and [block, D].
    value: Vec<Lanes>,
    value_blocks: Vec<Lanes>,
    /// Gradient of the result: [chunk, T].
    grad: Vec<Lanes>,
    /// One query's weights, and their gradients: [block].
    weights: Vec<Lanes>,
    weight_grads: Vec<Lanes>,
    /// Weights, and gradients of scores, by key: [T, T].
    weights_by_key: Vec<f32>,
    score_grads_by_key: Vec<f32>,
    /// Gradients of turned keys, and of values: [T, chunk].
    key_grad: Vec<Lanes>,
    value_grad: Vec<Lanes>,
    /// One turned head.
    turned: Vec<f32>,
    /// One head's sums.
    sums: Vec<Lanes>,
}

impl Scratch {
    fn fit(&mut self, heads: Heads, tokens: usize) {
        let (blocks, chunks) = (tokens.div_ceil(LANES), heads.dim.div_ceil(LANES));
        self.tokens = tokens;
        for by_token in [&mut self.query, &mut self.key, &mut self.value, &mut self.grad] {
            zeros(by_token, chunks * tokens);
        }
        for by_block in [&mut self.key_blocks, &mut self.value_blocks] {
            zeros(by_block, blocks * heads.dim);
        }
        for row in [&mut self.weights, &mut self.weight_grads] {
            zeros(row, blocks);
        }
        for square in [&mut self.weights_by_key, &mut self.score_grads_by_key] {
            square.clear();
            square.resize(tokens * tokens, 0.0);
        }
        for grad in [&mut self.key_grad, &mut self.value_grad] {
            zeros(grad, tokens * chunks);
        }
        self.query_rows.resize(tokens * heads.dim, 0.0);
        self.turned.resize(heads.dim, 0.0);
        zeros(&mut self.sums, chunks);
    }

    /// Lays out the keys and values of a head.
    #[inline(always)]
    fn load_keys(&mut self, heads: Heads, rotary: &Rotary, qkv: &[f32], kv: usize) {
        let Heads { query, kv: count, dim } = heads;
        for (position, qkv) in qkv.chunks_exact(heads.qkv_width()).enumerate() {
            rotate(&qkv[(query + kv) * dim..][..dim], rotary.at(position), 1.0, &mut self.turned);
            by_token(&mut self.key, self.tokens, position, &self.turned);
            by_block(&mut self.key_blocks, position, &self.turned);
            let value = &qkv[(query + count + kv) * dim..][..dim];
            by_token(&mut self.value, self.tokens, position, value);
            by_block(&mut self.value_blocks, position, value);
        }
    }

    /// Lays out the queries of a head.
    #[inline(always)]
    fn load_queries(&mut self, heads: Heads, rotary: &Rotary, qkv: &[f32], asking: usize) {
        let dim = heads.dim;
        let rows = self.query_rows.chunks_exact_mut(dim).zip(qkv.chunks_exact(heads.qkv_width()));
        for (position, (turned, qkv)) in rows.enumerate() {
            rotate(&qkv[asking * dim..][..dim], rotary.at(position), heads.scale(), turned);
            by_token(&mut self.query, self.tokens, position, turned);
        }
    }

    /// The weights of one query, not yet divided by their sum; gives 1 / sum.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, simd: S, dim: usize, position: usize) -> f32 {
        let query = &self.query_rows[position * dim..][..dim];
        let present = &mut self.weights[..=position / LANES];
        products(simd, &self.key_blocks, query, present);
        1.0 / weigh(present, position)
    }
}

fn zeros(lanes: &mut Vec<Lanes>, len: usize) {
    lanes.clear();
    lanes.resize(len, [0.0; LANES]);
}

/// Writes a head to the place of its token in [chunk, T].
#[inline(always)]
fn by_token(into: &mut [Lanes], tokens: usize, position: usize, head: &[f32]) {
    for (chunk, numbers) in into.chunks_exact_mut(tokens).zip(head.chunks(LANES)) {
        chunk[position].iter_mut().zip(numbers).for_each(|(place, x)| *place = *x);
    }
}

/// Writes a head to the lane of its token in [block, D].
#[inline(always)]
fn by_block(into: &mut [Lanes], position: usize, head: &[f32]) {
    let block = &mut into[position / LANES * head.len()..][..head.len()];
    block.iter_mut().zip(head).for_each(|(lanes, x)| lanes[position % LANES] = *x);
}

/// Products of one head with those laid out in blocks [block, D].
#[inline(always)]
fn products<S: Simd>(simd: S, blocks: &[Lanes], head: &[f32], out: &mut [Lanes]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(head.len())) {
        for (register, out) in S::as_mut_simd_f32s(out).0.iter_mut().enumerate() {
            *out = weighted_sum(simd, block, register, head);
        }
    }
}

/// Adds heads laid out by token [chunk, T], from one position on, each times its weight.
#[inline(always)]
fn add<S: Simd>(simd: S, rows: &[Lanes], tokens: usize, from: usize, weights: &[f32], sums: &mut [Lanes]) {
    for (sum, rows) in sums.iter_mut().zip(rows.chunks_exact(tokens)) {
        for (register, sum) in S::as_mut_simd_f32s(sum).0.iter_mut().enumerate() {
            *sum = simd.add_f32s(*sum, weighted_sum(simd, &rows[from..from + weights.len()], register, weights));
        }
    }
}

struct Forward<'a> {
    heads: Heads,
    rotary: &'a Rotary,
    qkv: &'a [f32],
    out: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { heads, rotary, qkv, out, scratch } = self;
        let Heads { query, kv, dim } = heads;
        for asked in 0..kv {
            scratch.load_keys(heads, rotary, qkv, asked);
            for asking in asked * (query / kv)..(asked + 1) * (query / kv) {
                scratch.load_queries(heads, rotary, qkv, asking);
                for (position, out) in out.chunks_exact_mut(query * dim).enumerate() {
                    let inverse = scratch.weigh(simd, dim, position);
                    let weights = &scratch.weights.as_flattened()[..=position];
                    scratch.sums.fill([0.0; LANES]);
                    add(simd, &scratch.value, scratch.tokens, 0, weights, &mut scratch.sums);
                    let out = &mut out[asking * dim..][..dim];
                    out.iter_mut().zip(scratch.sums.as_flattened()).for_each(|(out, sum)| *out = sum * inverse);
                }
            }
        }
    }
}

struct Backward<'a> {
    heads: Heads,
    rotary: &'a Rotary,
    qkv: &'a [f32],
    grad: &'a [f32],
    out: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { heads, rotary, qkv, grad, out, scratch } = self;
        let Heads { query, kv, dim } = heads;
        let chunks = dim.div_ceil(LANES);
        for asked in 0..kv {
            scratch.load_keys(heads, rotary, qkv, asked);
            scratch.key_grad.fill([0.0; LANES]);
            scratch.value_grad.fill([0.0; LANES]);
            for asking in asked * (query / kv)..(asked + 1) * (query / kv) {
                scratch.load_queries(heads, rotary, qkv, asking);
                let lines = out.chunks_exact_mut(heads.qkv_width()).zip(grad.chunks_exact(query * dim));
                for (position, (out, grad)) in lines.enumerate() {
                    let grad = &grad[asking * dim..][..dim];
                    by_token(&mut scratch.grad, scratch.tokens, position, grad);
                    scratch.of_query(simd, position, grad);
                    let score_grads = &scratch.weight_grads.as_flattened()[..=position];
                    scratch.sums.fill([0.0; LANES]);
                    add(simd, &scratch.key, scratch.tokens, 0, score_grads, &mut scratch.sums);
                    let turned = &scratch.sums.as_flattened()[..dim];
                    rotate_back(turned, rotary.at(position), heads.scale(), &mut out[asking * dim..][..dim]);
                }
                scratch.of_keys(simd, chunks);
            }
            for (position, out) in out.chunks_exact_mut(heads.qkv_width()).enumerate() {
                let turned = &scratch.key_grad[position * chunks..].as_flattened()[..dim];
                rotate_back(turned, rotary.at(position), 1.0, &mut out[(query + asked) * dim..][..dim]);
                let value = &scratch.value_grad[position * chunks..].as_flattened()[..dim];
                out[(query + kv + asked) * dim..][..dim].copy_from_slice(value);
            }
        }
    }
}

impl Scratch {
    /// One query: its weights, and in `weight_grads` the gradients of its scores; both are noted by key too.
    ///
    /// A weight w has gradient g = grad · value; its score then w · (g - Σ w g).
    #[inline(always)]
    fn of_query<S: Simd>(&mut self, simd: S, position: usize, grad: &[f32]) {
        let inverse = self.weigh(simd, grad.len(), position);
        let present = position / LANES + 1;
        products(simd, &self.value_blocks, grad, &mut self.weight_grads[..present]);
        let mut sums = [0.0; LANES];
        for (weights, grads) in self.weights[..present].iter_mut().zip(&self.weight_grads) {
            for lane in 0..LANES {
                weights[lane] *= inverse;
                sums[lane] += weights[lane] * grads[lane];
            }
        }
        let mean = super::super::lanes::total(sums);
        for (weights, grads) in self.weights[..present].iter().zip(&mut self.weight_grads) {
            for lane in 0..LANES {
                grads[lane] = weights[lane] * (grads[lane] - mean);
            }
        }
        let rows = self.weights.as_flattened().iter().zip(self.weight_grads.as_flattened());
        let by_key = self.weights_by_key.chunks_exact_mut(self.tokens);
        let by_key = by_key.zip(self.score_grads_by_key.chunks_exact_mut(self.tokens));
        for ((weight, grad), (weights, grads)) in rows.zip(by_key).take(position + 1) {
            (weights[position], grads[position]) = (*weight, *grad);
        }
    }

    /// What all queries of a head bring for keys and values.
    #[inline(always)]
    fn of_keys<S: Simd>(&mut self, simd: S, chunks: usize) {
        for position in 0..self.tokens {
            // Queries before the key have nothing to do with it.
            let row = position * self.tokens + position..(position + 1) * self.tokens;
            let (keys, values) = (&mut self.key_grad[position * chunks..], &mut self.value_grad[position * chunks..]);
            let (score_grads, weights) = (&self.score_grads_by_key[row.clone()], &self.weights_by_key[row]);
            add(simd, &self.query, self.tokens, position, score_grads, &mut keys[..chunks]);
            add(simd, &self.grad, self.tokens, position, weights, &mut values[..chunks]);
        }
    }
}
