//! Causal attention of a batch's new tokens over what their slots hold, which the new tokens enter on the way.

mod composed;
mod slices;

use candle_core::{DType, Device, Result, Tensor};

use self::composed::{Gather, TensorStore};
use self::slices::SliceStore;
use super::Path;
use super::rotary::Rotary;
use crate::batch::Batch;
use crate::cache::CacheError;
use crate::error::Error;

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
    fn scale(self) -> f32 {
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
    gather: Option<Gather>,
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
    kind: Kind,
}

enum Kind {
    Slices(SliceStore),
    Tensors(TensorStore),
}

/// Bytes of one slot: what [`Store::new`] takes for each.
pub(crate) fn bytes_per_slot(path: Path, shape: Shape, dtype: DType) -> usize {
    match path {
        Path::Slices => SliceStore::bytes_per_slot(shape),
        Path::Composed => TensorStore::bytes_per_slot(shape, dtype),
    }
}

impl Store {
    /// Takes all memory that there will be.
    pub(crate) fn new(
        path: Path,
        shape: Shape,
        theta: f64,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, Error> {
        let bytes = bytes_per_slot(path, shape, dtype);
        let memory = || CacheError::Memory { slots: shape.slots, bytes };
        bytes.checked_mul(shape.slots).filter(|&bytes| bytes <= isize::MAX as usize).ok_or_else(memory)?;
        let kind = match path {
            Path::Slices => Kind::Slices(SliceStore::new(shape).ok_or_else(memory)?),
            Path::Composed => Kind::Tensors(TensorStore::new(shape, dtype, device)?),
        };
        Ok(Self { rotary: Rotary::new(shape.capacity, shape.heads.dim, theta), kind })
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
        let gather = match &self.kind {
            Kind::Slices(_) => None,
            Kind::Tensors(store) => Some(store.gather(&rows, &self.rotary)?),
        };
        Ok(Plan { rows, gather })
    }

    /// Attention in one layer. Of queries, keys and values [tokens, `qkv_width`], without positions yet, keys and
    /// values enter the store; what the queries get is [tokens, query heads · dim].
    pub(crate) fn attend(&mut self, layer: usize, plan: &Plan, qkv: &Tensor) -> Result<Tensor> {
        match (&mut self.kind, &plan.gather) {
            (Kind::Slices(store), _) => store.attend(layer, &plan.rows, &self.rotary, qkv),
            (Kind::Tensors(store), Some(gather)) => store.attend(layer, gather, qkv),
            (Kind::Tensors(_), None) => candle_core::bail!("a plan of another store"),
        }
    }
}
