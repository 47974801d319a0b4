//! Arrays as NumPy reads them.
//!
//! Source of the format: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", version 1.0.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::sink::Sink;
use crate::columns::{Buffer, Columns, Get};
use crate::error::DataError;
use crate::job::Job;
use crate::store::Part;
use crate::table::Table;

/// Bytes of a header, in which any number of entries has room.
pub(crate) const HEADER: usize = 128;

/// The lists of numbers of a table: an array for each column, and where lists begin in another; or, where all lists are of
/// one length, arrays with a line for each.
pub(super) struct Npy {
    arrays: Vec<(&'static str, Array)>,
    offsets: Option<Array>,
    /// Entries of a list, if all have as many.
    width: Option<u32>,
    /// Numbers so far.
    end: u64,
}

/// An array that is being written.
pub(crate) struct Array {
    out: BufWriter<File>,
    kind: &'static str,
    len: u64,
    path: PathBuf,
}

impl Array {
    pub(crate) fn create(part: &Part, kind: &'static str) -> Result<Self, DataError> {
        let mut array = Self { out: part.writer()?, kind, len: 0, path: part.path().to_owned() };
        // How long it is shows at the end.
        array.out.write_all(&[0; HEADER]).map_err(DataError::io("write", &array.path))?;
        Ok(array)
    }

    /// Adds an element: its bytes, the lowest first.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += 1;
        self.out.write_all(bytes)
    }

    /// `width` is the number of entries of a line, of an array that has lines.
    pub(crate) fn finish(mut self, width: Option<u32>) -> Result<(), DataError> {
        let shape = match width {
            None => format!("{},", self.len),
            Some(width) => format!("{}, {width}", self.len / u64::from(width.max(1))),
        };
        let header = header(self.kind, &shape);
        let written = self.out.seek(SeekFrom::Start(0)).and_then(|_| self.out.write_all(&header));
        written.and_then(|()| self.out.flush()).map_err(DataError::io("write", self.path))
    }
}

fn header(kind: &str, shape: &str) -> Vec<u8> {
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&((HEADER - 10) as u16).to_le_bytes());
    header.extend(format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}").into_bytes());
    header.resize(HEADER - 1, b' ');
    header.push(b'\n');
    header
}

impl Npy {
    /// `parts` are those of [`Table::ends`].
    pub(super) fn create(job: &Job, table: &Table, parts: &[&Part]) -> Result<Self, DataError> {
        let wide = job.is_wide();
        let (mut arrays, mut offsets) = (Vec::new(), None);
        let mut parts = parts.iter();
        for (column, part) in table.arrays().zip(&mut parts) {
            let kind = match column.get {
                Get::Bytes(_) => "|u1",
                Get::Tokens(_) if !wide => "<u2",
                _ => "<u4",
            };
            arrays.push((column.name, Array::create(part, kind)?));
        }
        if let Some(part) = parts.next() {
            let mut begin = Array::create(part, "<u8")?;
            begin.push(&0_u64.to_le_bytes()).map_err(DataError::io("write", &begin.path))?;
            offsets = Some(begin);
        }
        Ok(Self { arrays, offsets, width: table.width, end: 0 })
    }
}

impl Array {
    fn numbers<'n>(&mut self, numbers: impl Iterator<Item = &'n u32>) -> io::Result<()> {
        let wide = self.kind == "<u4";
        for number in numbers {
            let bytes = number.to_le_bytes();
            self.push(if wide { &bytes } else { &bytes[..2] })?;
        }
        Ok(())
    }

    /// The lists of a column, one behind the other; says where they end.
    fn lists<'b>(&mut self, buffer: &'b Buffer) -> io::Result<&'b [i32]> {
        match buffer {
            Buffer::Tokens(_, lists) | Buffer::Numbers(_, lists) => {
                self.numbers(lists.values().iter())?;
                Ok(lists.offsets())
            }
            Buffer::Bytes(_, lists) => {
                lists.values().iter().try_for_each(|&byte| self.push(&[byte]))?;
                Ok(lists.offsets())
            }
            _ => Ok(&[]),
        }
    }
}

impl Sink for Npy {
    fn group(&mut self, rows: &Columns) -> Result<(), DataError> {
        for (nth, (name, array)) in self.arrays.iter_mut().enumerate() {
            let Some(buffer) = rows.buffer(name) else { continue };
            let ends = array.lists(buffer).map_err(DataError::io("write", &array.path))?;
            // All columns of a row are of one length.
            if let Some(offsets) = self.offsets.as_mut().filter(|_| nth == 0) {
                for pair in ends.windows(2) {
                    self.end += u64::from(pair[1].abs_diff(pair[0]));
                    offsets.push(&self.end.to_le_bytes()).map_err(DataError::io("write", &offsets.path))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        self.arrays.into_iter().try_for_each(|(_, array)| array.finish(self.width))?;
        self.offsets.map_or(Ok(()), |offsets| offsets.finish(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_room_for_any_length() {
        for len in [0, 1, u64::MAX] {
            let header = header("<u2", &format!("{len},"));
            assert_eq!(header.len(), HEADER);
            let text = String::from_utf8(header[10..].to_vec()).unwrap();
            assert!(text.trim_end().ends_with(&format!("'shape': ({len},), }}")), "{text}");
        }
    }
}
