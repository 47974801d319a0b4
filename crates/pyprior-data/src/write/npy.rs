//! Token arrays as NumPy reads them.
//!
//! Source of the format: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", version 1.0.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::{Sink, arrow};
use crate::columns::{Buffer, Columns};
use crate::error::DataError;
use crate::job::Job;
use crate::store::Part;

/// Bytes of a header, in which any number of entries has room.
pub(crate) const HEADER: usize = 128;

/// All tokens of a shard in one array, and where programs begin in another.
pub(super) struct Npy {
    tokens: Array,
    offsets: Array,
    wide: bool,
    /// Tokens so far.
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

    pub(crate) fn finish(mut self) -> Result<(), DataError> {
        let header = header(self.kind, self.len);
        let written = self.out.seek(SeekFrom::Start(0)).and_then(|_| self.out.write_all(&header));
        written.and_then(|()| self.out.flush()).map_err(DataError::io("write", self.path))
    }
}

fn header(kind: &str, len: u64) -> Vec<u8> {
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&((HEADER - 10) as u16).to_le_bytes());
    header.extend(format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({len},), }}").into_bytes());
    header.resize(HEADER - 1, b' ');
    header.push(b'\n');
    header
}

impl Npy {
    pub(super) fn create(job: &Job, tokens: &Part, offsets: &Part) -> Result<Self, DataError> {
        let wide = arrow::is_wide(job.language().vocab().len());
        let tokens = Array::create(tokens, if wide { "<u4" } else { "<u2" })?;
        let mut npy = Self { tokens, offsets: Array::create(offsets, "<u8")?, wide, end: 0 };
        npy.offsets.push(&npy.end.to_le_bytes()).map_err(DataError::io("write", &npy.offsets.path))?;
        Ok(npy)
    }
}

impl Sink for Npy {
    fn group(&mut self, rows: &Columns) -> Result<(), DataError> {
        let Some(Buffer::Tokens(_, lists)) = rows.buffer("tokens") else { return Ok(()) };
        for &token in lists.values() {
            let bytes = token.to_le_bytes();
            let bytes = if self.wide { &bytes[..] } else { &bytes[..2] };
            self.tokens.push(bytes).map_err(DataError::io("write", &self.tokens.path))?;
        }
        for pair in lists.offsets().windows(2) {
            self.end += u64::from(pair[1].abs_diff(pair[0]));
            self.offsets.push(&self.end.to_le_bytes()).map_err(DataError::io("write", &self.offsets.path))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        self.tokens.finish()?;
        self.offsets.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_room_for_any_length() {
        for len in [0, 1, u64::MAX] {
            let header = header("<u2", len);
            assert_eq!(header.len(), HEADER);
            let text = String::from_utf8(header[10..].to_vec()).unwrap();
            assert!(text.trim_end().ends_with(&format!("'shape': ({len},), }}")), "{text}");
        }
    }
}
