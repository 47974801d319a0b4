//! Causal attention of a batch's new tokens over what their slots hold, which the new tokens enter on the way.

pub(crate) mod causal;
mod composed;
pub(crate) mod softmax;

use candle_core::{DType, Device, Result, Tensor};

use self::composed::{Gather, TensorStore};
use super::rotary::Rotary;
use crate::batch::Batch;

/// How many heads there are, and how many numbers each has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Heads that ask.
    pub(crate) query: usize,
    /// Heads that are asked; each serves `query / kv` of the others.
    pub(crate) kv: usize,
    /// Numbers of a head; even.
    pub(crate) dim: usize,
}

impl Heads {
    /// Numbers of queries, keys and values of one token, side by side.
    pub(crate) fn qkv_width(self) -> usize {
        (self.query + 2 * self.kv) * self.dim
    }

    /// What scores are multiplied by.
    pub(crate) fn scale(self) -> f32 {
        (1.0 / (self.dim as f64).sqrt()) as f32
    }
}

/// A row of a batch: its slot, how much the slot holds, and which of the batch's tokens are its own.
#[derive(Debug, Clone)]
struct Row {
    slot: usize,
    held: usize,
    tokens: std::ops::Range<usize>,
}

/// What all layers of one forward pass share.
pub(crate) struct Plan {
    rows: Vec<Row>,
    gather: Gather,
}

impl Plan {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The place of each row's last token among the tokens of the batch.
    pub(crate) fn last_tokens(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().map(|row| row.tokens.end.saturating_sub(1) as u32)
    }
}

/// What a cache is to hold, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) slots: usize,
    pub(crate) capacity: usize,
    pub(crate) layers: usize,
    pub(crate) heads: Heads,
}

/// Keys and values of every layer, slot and position, and the angles of the positions.
pub(crate) struct Store {
    rotary: Rotary,
    tensors: TensorStore,
}

/// Bytes of one slot: what [`Store::new`] takes for each.
pub(crate) fn bytes_per_slot(shape: Shape, dtype: DType) -> usize {
    TensorStore::bytes_per_slot(shape, dtype)
}

impl Store {
    /// Takes all memory that there will be.
    pub(crate) fn new(shape: Shape, theta: f64, dtype: DType, device: &Device) -> Result<Self> {
        let tensors = TensorStore::new(shape, dtype, device)?;
        Ok(Self { rotary: Rotary::new(shape.capacity, shape.heads.dim, theta), tensors })
    }

    /// What some rows of a batch ask for, where slots hold `lens` positions.
    pub(crate) fn plan(&self, lens: &[usize], batch: &Batch, rows: std::ops::Range<usize>) -> Result<Plan> {
        let mut begin = 0;
        let rows: Vec<Row> = rows
            .filter_map(|row| batch.row(row))
            .map(|(slot, tokens)| {
                let held = lens.get(slot).copied().unwrap_or(0);
                let row = Row { slot, held, tokens: begin..begin + tokens.len() };
                begin = row.tokens.end;
                row
            })
            .collect();
        let gather = self.tensors.gather(&rows, &self.rotary)?;
        Ok(Plan { rows, gather })
    }

    /// Attention in one layer. Of queries, keys and values [tokens, `qkv_width`], without positions yet, keys and
    /// values enter the store; what the queries get is [tokens, query heads · dim].
    pub(crate) fn attend(&mut self, layer: usize, plan: &Plan, qkv: &Tensor) -> Result<Tensor> {
        self.tensors.attend(layer, &plan.gather, qkv)
    }
}
