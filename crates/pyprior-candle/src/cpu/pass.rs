//! One thread's way from tokens to logits.

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use super::attention::{Attend, Layout, Scratch};
use super::product::{Packed, Product, Write};
use super::weights::Weights;
use crate::llama::LlamaConfig;
use crate::ops::lanes::{LANES, Lanes, vectorised};
use crate::ops::norm::norm_row;
use crate::ops::rotary::Rotary;

/// Tokens that go through the layers together at most. The weights are read once for them, and what lies between the
/// layers shall stay in a core's own cache.
pub(super) const TOKENS: usize = 64;

/// A row of a batch: its slot, how much that holds, and the tokens that come.
pub(super) struct Row<'a> {
    pub(super) slot: &'a mut [Lanes],
    pub(super) held: usize,
    pub(super) tokens: &'a [u32],
}

/// What a thread works with: numbers of each token, every row filled up to whole cache lines.
pub(super) struct Worker {
    /// The residual stream.
    x: Rows,
    normed: Rows,
    qkv: Rows,
    attended: Rows,
    inner: Rows,
    scratch: Scratch,
    pieces: Vec<Piece>,
}

/// [`TOKENS`] rows of equal width.
struct Rows {
    stride: usize,
    numbers: Aligned,
}

/// Tokens of one row that go through the layers together.
#[derive(Debug, Clone, Copy)]
struct Piece {
    row: usize,
    /// The first of the row's tokens.
    first: usize,
    tokens: usize,
    /// Whether the row's last token is among them.
    last: bool,
}

/// What all groups of a forward pass share.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) config: &'a LlamaConfig,
    pub(super) weights: &'a Weights,
    pub(super) layout: Layout,
    pub(super) rotary: &'a Rotary,
}

impl Worker {
    /// `None` if there is no memory.
    pub(super) fn new(config: &LlamaConfig, layout: Layout) -> Option<Self> {
        let heads = layout.heads;
        Some(Self {
            x: Rows::new(config.hidden_size)?,
            normed: Rows::new(config.hidden_size)?,
            qkv: Rows::new(heads.qkv_width())?,
            attended: Rows::new(heads.query * heads.dim)?,
            inner: Rows::new(config.intermediate_size)?,
            scratch: Scratch::new(layout),
            pieces: Vec::with_capacity(TOKENS),
        })
    }
}

impl Rows {
    fn new(width: usize) -> Option<Self> {
        let stride = width.next_multiple_of(LANES);
        Some(Self { stride, numbers: Aligned::zeros(TOKENS.checked_mul(stride / LANES)?)? })
    }

    fn first(&self, rows: usize) -> &[f32] {
        &self.numbers.numbers()[..rows * self.stride]
    }

    fn first_mut(&mut self, rows: usize) -> &mut [f32] {
        &mut self.numbers.numbers_mut()[..rows * self.stride]
    }

    /// Puts a row into the place of one before it.
    fn move_up(&mut self, from: usize, to: usize) {
        let stride = self.stride;
        self.numbers.numbers_mut().copy_within(from * stride..(from + 1) * stride, to * stride);
    }
}

impl Pass<'_> {
    /// Takes some rows through all layers; their logits go to `logits` [rows, vocab].
    pub(super) fn group(self, worker: &mut Worker, mut rows: Vec<Row<'_>>, mut logits: &mut [f32]) {
        let (mut row, mut first) = (0, 0);
        while row < rows.len() {
            worker.pieces.clear();
            let mut room = TOKENS;
            while let Some(next) = rows.get(row).filter(|_| room > 0) {
                let tokens = room.min(next.tokens.len() - first);
                let last = first + tokens == next.tokens.len();
                worker.pieces.push(Piece { row, first, tokens, last });
                room -= tokens;
                (row, first) = if last { (row + 1, 0) } else { (row, first + tokens) };
            }
            let ending = worker.pieces.iter().filter(|piece| piece.last).count();
            let place;
            (place, logits) = logits.split_at_mut(ending * self.config.vocab_size);
            self.layers(worker, &mut rows, TOKENS - room, ending, place);
        }
    }

    /// Takes the pieces of `tokens` tokens through the layers, and `ending` rows that end with them to logits.
    fn layers(self, worker: &mut Worker, rows: &mut [Row<'_>], mut tokens: usize, ending: usize, logits: &mut [f32]) {
        let Self { config, weights, layout, rotary } = self;
        let eps = config.rms_norm_eps as f32;
        let Worker { x, normed, qkv, attended, inner, scratch, pieces } = worker;
        self.embed(pieces, rows, x);
        let norm = |x: &Rows, normed: &mut Rows, rows, weight: &[f32]| {
            vectorised(Norm { stride: x.stride, normed: normed.first_mut(rows), x: x.first(rows), weight, eps });
        };
        let mut layers = weights.layers.iter().enumerate().peekable();
        while let Some((nth, layer)) = layers.next() {
            let last = layers.peek().is_none();
            norm(x, normed, tokens, &layer.attention_norm);
            multiply(normed.first(tokens), tokens, &layer.qkv, qkv.first_mut(tokens), Write::Place);
            let mut at = 0;
            let mut out_at = 0;
            for piece in &*pieces {
                let row = &mut rows[piece.row];
                // Only last tokens are asked for logits, so the rest of the last layer is for them alone.
                let asking = if last { usize::from(piece.last) } else { piece.tokens };
                let out = &mut attended.first_mut(out_at + asking)[out_at * attended_stride(layout)..];
                vectorised(Attend {
                    layout,
                    layer: nth,
                    held: row.held + piece.first,
                    rotary,
                    slot: row.slot,
                    qkv: &qkv.first(at + piece.tokens)[at * qkv.stride..],
                    tokens: piece.tokens,
                    out,
                    asking,
                    scratch,
                });
                at += piece.tokens;
                out_at += asking;
                if last && piece.last {
                    x.move_up(at - 1, out_at - 1);
                }
            }
            if last {
                tokens = ending;
            }
            multiply(attended.first(tokens), tokens, &layer.out, x.first_mut(tokens), Write::Sum);
            norm(x, normed, tokens, &layer.mlp_norm);
            multiply(normed.first(tokens), tokens, &layer.gate_up, inner.first_mut(tokens), Write::SiluMul);
            multiply(inner.first(tokens), tokens, &layer.down, x.first_mut(tokens), Write::Sum);
        }
        norm(x, normed, tokens, &weights.norm);
        multiply(normed.first(tokens), tokens, &weights.head, logits, Write::Place);
    }

    fn embed(self, pieces: &[Piece], rows: &[Row<'_>], x: &mut Rows) {
        let hidden = self.config.hidden_size;
        let tokens = pieces.iter().flat_map(|piece| &rows[piece.row].tokens[piece.first..piece.first + piece.tokens]);
        let stride = x.stride;
        for (place, &token) in x.first_mut(TOKENS).chunks_exact_mut(stride).zip(tokens) {
            place[..hidden].copy_from_slice(&self.weights.embed[token as usize * hidden..][..hidden]);
        }
    }
}

fn attended_stride(layout: Layout) -> usize {
    (layout.heads.query * layout.heads.dim).next_multiple_of(LANES)
}

fn multiply(x: &[f32], rows: usize, matrix: &Packed, out: &mut [f32], write: Write) {
    vectorised(Product { x, rows, matrix, out, write });
}

/// RMSNorm of rows.
struct Norm<'a> {
    stride: usize,
    normed: &'a mut [f32],
    x: &'a [f32],
    weight: &'a [f32],
    eps: f32,
}

impl WithSimd for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.weight.len();
        for (normed, x) in self.normed.chunks_exact_mut(self.stride).zip(self.x.chunks_exact(self.stride)) {
            norm_row(&mut normed[..width], &x[..width], self.weight, self.eps);
        }
    }
}
