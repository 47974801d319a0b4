//! JSON lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::sink::Sink;
use crate::columns::{Cell, Columns};
use crate::error::DataError;
use crate::store::Part;

/// A file of JSON lines, an object for each row with the columns in their order.
pub(super) struct Jsonl {
    out: Out,
    line: Vec<u8>,
    path: PathBuf,
}

enum Out {
    Plain(BufWriter<File>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Jsonl {
    pub(super) fn plain(part: &Part) -> Result<Self, DataError> {
        Ok(Self { out: Out::Plain(part.writer()?), line: Vec::new(), path: part.path().to_owned() })
    }

    pub(super) fn zstd(part: &Part, level: i32) -> Result<Self, DataError> {
        let path = part.path().to_owned();
        let out = zstd::Encoder::new(part.writer()?, level).map_err(DataError::io("write", &path))?;
        Ok(Self { out: Out::Zstd(out), line: Vec::new(), path })
    }

    fn write(&mut self, rows: &Columns) -> io::Result<()> {
        for nth in 0..rows.len() {
            self.line.clear();
            for (place, (column, buffer)) in rows.iter().enumerate() {
                let mark = if place == 0 { b'{' } else { b',' };
                // Names of columns are plain words.
                write!(self.line, "{}\"{}\":", char::from(mark), column.name)?;
                cell(&mut self.line, buffer.cell(nth))?;
            }
            self.line.extend_from_slice(b"}\n");
            match &mut self.out {
                Out::Plain(out) => out.write_all(&self.line)?,
                Out::Zstd(out) => out.write_all(&self.line)?,
            }
        }
        Ok(())
    }
}

fn cell(out: &mut Vec<u8>, cell: Cell<'_>) -> io::Result<()> {
    let written = match cell {
        Cell::Null => serde_json::to_writer(out, &Value::Null),
        Cell::Tokens(tokens) => serde_json::to_writer(out, tokens),
        Cell::Text(text) => serde_json::to_writer(out, text),
        Cell::Texts(texts) => serde_json::to_writer(out, &texts.iter().collect::<Vec<_>>()),
        Cell::Bytes(numbers) => serde_json::to_writer(out, numbers),
        Cell::Numbers(numbers) => serde_json::to_writer(out, numbers),
        Cell::Unsigned(number) => serde_json::to_writer(out, &number),
        Cell::Float(number) => serde_json::to_writer(out, &number),
        Cell::Bool(value) => serde_json::to_writer(out, &value),
    };
    Ok(written?)
}

impl Sink for Jsonl {
    fn group(&mut self, rows: &Columns) -> Result<(), DataError> {
        self.write(rows).map_err(DataError::io("write", &self.path))
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        let Self { out, path, .. } = *self;
        let finished = match out {
            Out::Plain(mut out) => out.flush(),
            Out::Zstd(out) => out.finish().and_then(|mut out| out.flush()),
        };
        finished.map_err(DataError::io("write", path))
    }
}
