//! Attention of candle's operations, for any device.
//!
//! Keys and values of a layer are one tensor each, [slots · capacity, kv heads · dim], so that rows at any positions
//! are written by one operation and read by one gather of the slots and positions in use.

use candle_core::{D, DType, Device, Result, Tensor};

use super::super::{Lines, rotary::Rotary};
use super::{Heads, Row, Shape};

/// Keys and values of every layer.
pub(super) struct TensorStore {
    heads: Heads,
    capacity: usize,
    layers: Vec<(Tensor, Tensor)>,
}

/// Which lines of the tensors a batch writes and reads. Rows form a grid [rows, steps], where steps is the greatest
/// number of new tokens of a row; shorter rows repeat their last.
pub(super) struct Gather {
    rows: usize,
    steps: usize,
    positions: usize,
    /// [tokens, dim / 2]
    cos: Tensor,
    sin: Tensor,
    /// The line that each token's keys and values go to.
    write: Lines,
    /// [rows · positions]
    read: Tensor,
    /// [rows · steps]: the token at each place of the grid.
    spread: Tensor,
    /// [tokens]: the place in the grid of each token.
    collect: Tensor,
    /// [rows, 1, steps, positions]: 0, or minus infinity where a key is not for a query.
    mask: Tensor,
}

impl TensorStore {
    pub(super) fn bytes_per_slot(shape: Shape, dtype: DType) -> usize {
        let width = 2 * shape.layers * shape.heads.kv * shape.heads.dim * dtype.size_in_bytes();
        width.saturating_mul(shape.capacity)
    }

    pub(super) fn new(shape: Shape, dtype: DType, device: &Device) -> Result<Self> {
        let lines = (shape.slots * shape.capacity, shape.heads.kv * shape.heads.dim);
        let layer = |_| Ok((Tensor::zeros(lines, dtype, device)?, Tensor::zeros(lines, dtype, device)?));
        let layers = (0..shape.layers).map(layer).collect::<Result<_>>()?;
        Ok(Self { heads: shape.heads, capacity: shape.capacity, layers })
    }

    /// Turns what a batch asks for into indices, once for all layers.
    pub(super) fn gather(&self, rows: &[Row], rotary: &Rotary) -> Result<Gather> {
        let Some((keys, _)) = self.layers.first() else { candle_core::bail!("a model without layers") };
        let (device, dtype) = (keys.device(), keys.dtype());
        let line = |slot: usize, position: usize| (slot * self.capacity + position) as u32;
        let steps = rows.iter().map(|row| row.tokens.len()).max().unwrap_or(0);
        let positions = rows.iter().map(|row| row.held + row.tokens.len()).max().unwrap_or(0);
        let tokens = rows.iter().map(|row| row.tokens.len()).sum::<usize>();
        let (mut write, mut read) = (Vec::with_capacity(tokens), Vec::with_capacity(rows.len() * positions));
        let (mut spread, mut collect) = (Vec::with_capacity(rows.len() * steps), Vec::with_capacity(tokens));
        let mut mask = Vec::with_capacity(rows.len() * steps * positions);
        for (nth, row) in rows.iter().enumerate() {
            let new = row.tokens.len();
            write.extend((0..new).map(|step| line(row.slot, row.held + step)));
            // Beyond a row's end lies the row's own first position: whatever is there is finite, and masked.
            read.extend((0..positions).map(|at| line(row.slot, if at < row.held + new { at } else { 0 })));
            collect.extend((0..new).map(|step| (nth * steps + step) as u32));
            for step in (0..steps).map(|step| step.min(new.saturating_sub(1))) {
                spread.push((row.tokens.start + step) as u32);
                mask.extend((0..positions).map(|at| if at <= row.held + step { 0.0 } else { f32::NEG_INFINITY }));
            }
        }
        let (cos, sin) = rotary.rows(rows.iter().flat_map(|row| row.held..row.held + row.tokens.len()));
        let half = (tokens, self.heads.dim / 2);
        Ok(Gather {
            rows: rows.len(),
            steps,
            positions,
            cos: Tensor::from_vec(cos, half, device)?.to_dtype(dtype)?,
            sin: Tensor::from_vec(sin, half, device)?.to_dtype(dtype)?,
            write: Lines::new(&write, device)?,
            read: Tensor::new(read, device)?,
            spread: Tensor::new(spread, device)?,
            collect: Tensor::new(collect, device)?,
            mask: Tensor::from_vec(mask, (rows.len(), 1, steps, positions), device)?,
        })
    }

    pub(super) fn attend(&mut self, layer: usize, gather: &Gather, qkv: &Tensor) -> Result<Tensor> {
        let Heads { query, kv, dim } = self.heads;
        let &Gather { rows, steps, positions, .. } = gather;
        let Some((keys, values)) = self.layers.get(layer) else { candle_core::bail!("no layer {layer}") };
        let tokens = qkv.dim(0)?;
        let asked = gather.rotate(&qkv.narrow(1, 0, query * dim)?, (tokens, query, dim))?;
        let key = gather.rotate(&qkv.narrow(1, query * dim, kv * dim)?, (tokens, kv, dim))?;
        let value = qkv.narrow(1, (query + kv) * dim, kv * dim)?.contiguous()?;
        gather.write.write(keys, &key)?;
        gather.write.write(values, &value)?;

        let asked = asked.index_select(&gather.spread, 0)?.reshape((rows, steps, query, dim))?;
        // Heads that share keys stand below one another, so that keys need not be repeated.
        let asked = asked.transpose(1, 2)?.contiguous()?.reshape((rows, kv, query / kv * steps, dim))?;
        let seen = |lines: &Tensor| {
            lines.index_select(&gather.read, 0)?.reshape((rows, positions, kv, dim))?.transpose(1, 2)?.contiguous()
        };
        let scores = asked.matmul(&seen(keys)?.t()?)?.to_dtype(DType::F32)?;
        let scores = (scores * f64::from(self.heads.scale()))?.reshape((rows, query, steps, positions))?;
        let scores = scores.broadcast_add(&gather.mask)?;
        let weights = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
        let weights = weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)?.to_dtype(values.dtype())?;
        let out = weights.reshape((rows, kv, query / kv * steps, positions))?.matmul(&seen(values)?)?;
        let out = out.reshape((rows, query, steps, dim))?.transpose(1, 2)?.contiguous()?;
        out.reshape((rows * steps, query * dim))?.index_select(&gather.collect, 0)
    }
}

impl Gather {
    /// Turns heads [tokens, heads · dim] to their positions.
    fn rotate(&self, x: &Tensor, (tokens, heads, dim): (usize, usize, usize)) -> Result<Tensor> {
        let x = x.contiguous()?.reshape((tokens, heads, dim))?;
        let (first, second) = (x.narrow(2, 0, dim / 2)?, x.narrow(2, dim / 2, dim / 2)?);
        let (cos, sin) = (self.cos.unsqueeze(1)?, self.sin.unsqueeze(1)?);
        let turned = (
            (first.broadcast_mul(&cos)? - second.broadcast_mul(&sin)?)?,
            (second.broadcast_mul(&cos)? + first.broadcast_mul(&sin)?)?,
        );
        Tensor::cat(&[turned.0, turned.1], 2)?.reshape((tokens, heads * dim))
    }
}
