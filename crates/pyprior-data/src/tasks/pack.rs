//! Token streams one after the other in rows of one length.

use super::task::Task;
use crate::columns::{Buffer, Columns};
use crate::row::Row;

/// Fills rows: a stream goes into the row that is being filled, or, where it does not fit there, begins the next one. None
/// is ever split.
#[derive(Debug)]
pub(crate) struct Packer {
    length: usize,
    pad: u32,
    row: Task,
}

impl Packer {
    pub(crate) fn new(length: usize, pad: u32) -> Self {
        Self { length, pad, row: Task::default() }
    }

    /// Takes the stream of a row of columns that [`to_pack`](super::columns::to_pack) lists; it must not be longer than a row.
    pub(crate) fn take(&mut self, streams: &Columns, nth: usize, full: &mut Columns) {
        let (Some(Buffer::Text(_, keys)), Some(Buffer::Tokens(_, tokens)), Some(Buffer::Bytes(_, masks))) =
            (streams.buffer("key"), streams.buffer("tokens"), streams.buffer("loss_mask"))
        else {
            return;
        };
        let (Some(key), Some(tokens), Some(mask)) = (keys.get(nth), tokens.get(nth), masks.get(nth)) else { return };
        if self.row.tokens.len() + tokens.len() > self.length {
            self.finish(full);
        }
        let row = &mut self.row;
        row.keys.push(String::from_utf8_lossy(key).into_owned());
        let segment = row.keys.len() as u32;
        row.tokens.extend(tokens);
        row.loss_mask.extend(mask);
        row.positions.extend(0..tokens.len() as u32);
        row.segments.resize(row.tokens.len(), segment);
    }

    /// Fills up the row that is being filled and hands it out; nothing if it is empty.
    pub(crate) fn finish(&mut self, full: &mut Columns) {
        let mut row = std::mem::take(&mut self.row);
        if row.tokens.is_empty() {
            return;
        }
        row.length = row.tokens.len() as u32;
        row.tokens.resize(self.length, self.pad);
        row.loss_mask.resize(self.length, 0);
        row.positions.resize(self.length, 0);
        row.segments.resize(self.length, 0);
        full.push(&Row { task: Some(&row), ..Row::default() });
    }
}
