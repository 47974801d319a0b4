//! What the programs of a chunk have in a table.

use crate::columns::Columns;
use crate::error::ExamineError;
use crate::group::Picks;
use crate::row::Row;
use crate::table::{Rows, Table};
use crate::tasks::TaskWriter;

/// Rows of a table, program by program. Of programs themselves there is one each, and nothing more to be known.
pub(crate) struct Buffered {
    pub(crate) columns: Columns,
    /// Where the tasks of each program end.
    ends: Vec<u32>,
    /// How many tasks of each were left out, since they would be too long.
    too_long: Vec<u32>,
}

impl Buffered {
    pub(crate) fn new(table: &Table) -> Self {
        Self { columns: Columns::new(table.buffered()), ends: Vec::new(), too_long: Vec::new() }
    }

    /// Bytes of text and tokens.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.bytes()
    }

    pub(crate) fn clear(&mut self) {
        self.columns.clear();
        self.ends.clear();
        self.too_long.clear();
    }

    /// Adds what a program has in the table.
    pub(crate) fn push(
        &mut self,
        table: &Table,
        row: &Row<'_>,
        tasks: &mut TaskWriter<'_>,
    ) -> Result<(), ExamineError> {
        let columns = &mut self.columns;
        match table.rows {
            Rows::Program => columns.push(row),
            Rows::Tasks(kind) | Rows::Streams(kind, _) => {
                let too_long = tasks.write(row, kind, |task| columns.push(&Row { task: Some(task), ..*row }))?;
                self.ends.push(self.columns.len() as u32);
                self.too_long.push(too_long);
            }
        }
        if self.columns.fits() { Ok(()) } else { Err(ExamineError::TooLarge) }
    }

    /// The tasks of programs that stay, with the places of their programs, and how many of theirs were left out.
    pub(crate) fn tasks(&self, programs: &Picks) -> (Picks, u64) {
        let (mut picks, mut too_long) = (Picks::default(), 0);
        let end = |nth: usize| self.ends.get(nth).copied().unwrap_or(0);
        for (&program, &place) in programs.rows.iter().zip(&programs.places) {
            let program = program as usize;
            let tasks = program.checked_sub(1).map_or(0, end)..end(program);
            picks.places.resize(picks.places.len() + tasks.len(), place);
            picks.rows.extend(tasks);
            too_long += u64::from(self.too_long.get(program).copied().unwrap_or(0));
        }
        (picks, too_long)
    }
}
