//! Rows of one table and one split on their way to their files.

use crate::columns::Columns;
use crate::error::DataError;
use crate::job::Job;
use crate::report::Counting;
use crate::table::{Rows, Table};
use crate::tasks::Packer;
use crate::write::Sinks;

/// Bytes of text and tokens with which groups of rows end before they are full, of all splits and tables together.
pub(crate) const GROUP_BYTES: usize = 1 << 26;

/// Rows of a chunk that stay, of one split: which, and the places of their programs in the dataset.
#[derive(Clone, Default)]
pub(crate) struct Picks {
    pub(crate) rows: Vec<u32>,
    pub(crate) places: Vec<u64>,
}

/// Rows of a table and a split that are written together.
pub(crate) struct Group<'a> {
    rows: Columns,
    packer: Option<Packer>,
    /// Whether the report counts them: what rows are like is told of programs.
    counts: bool,
    /// Rows, and bytes of text and tokens, with which it is written.
    most: usize,
    most_bytes: usize,
    sinks: &'a mut Sinks,
}

impl<'a> Group<'a> {
    /// It is written with so many rows, or bytes.
    pub(crate) fn new(job: &Job, table: &Table, (most, most_bytes): (usize, usize), sinks: &'a mut Sinks) -> Self {
        let description = job.description();
        let packer = match table.rows {
            Rows::Streams(..) => Some(Packer::new(description.tasks.length as usize, job.language().vocab().pad())),
            _ => None,
        };
        Self {
            rows: Columns::new(&table.columns),
            packer,
            counts: table.is_programs(),
            most: most.max(1),
            most_bytes,
            sinks,
        }
    }

    /// Adds rows, and writes the group down wherever it is full: after a row, whatever chunk that came in.
    pub(crate) fn add(&mut self, columns: &Columns, picks: &Picks, counting: &mut Counting) -> Result<(), DataError> {
        let (mut picks, mut places) = (&picks.rows[..], &picks.places[..]);
        if let Some(mut packer) = self.packer.take() {
            for &pick in picks {
                packer.take(columns, pick as usize, &mut self.rows);
                self.flush_if_full(counting)?;
            }
            self.packer = Some(packer);
            return Ok(());
        }
        let most_bytes = self.most_bytes;
        while !picks.is_empty() {
            let room = self.most.saturating_sub(self.rows.len());
            let mut bytes = self.rows.bytes();
            let fits = picks.iter().take(room).take_while(|&&pick| {
                let before = bytes;
                bytes += columns.size(pick as usize);
                before < most_bytes
            });
            let fits = fits.count();
            self.rows.append(columns, &picks[..fits], &places[..fits]);
            (picks, places) = (&picks[fits..], &places[fits..]);
            self.flush_if_full(counting)?;
        }
        Ok(())
    }

    /// Writes down what is left.
    pub(crate) fn finish(&mut self, counting: &mut Counting) -> Result<(), DataError> {
        if let Some(packer) = &mut self.packer {
            packer.finish(&mut self.rows);
        }
        self.flush(counting)
    }

    fn flush_if_full(&mut self, counting: &mut Counting) -> Result<(), DataError> {
        match self.rows.len() >= self.most || self.rows.bytes() >= self.most_bytes {
            true => self.flush(counting),
            false => Ok(()),
        }
    }

    fn flush(&mut self, counting: &mut Counting) -> Result<(), DataError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        if self.counts {
            counting.add(&self.rows);
        }
        for sink in self.sinks.iter_mut() {
            sink.group(&self.rows)?;
        }
        self.rows.clear();
        Ok(())
    }
}
