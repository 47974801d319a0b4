//! JSON lines, which stay to the letter.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::Deserialize;

use super::super::error::DedupError;
use super::super::lost::Bits;
use crate::error::DataError;
use crate::store::Part;

/// Of a line that is a program's: whose.
#[derive(Deserialize)]
struct Line {
    program: Option<u64>,
}

/// Writes the lines that stay: by `program` if the first line has that, and else as `kept` has them one after the other.
/// `level` is that of zstd where lines are compressed.
pub(super) fn rewrite(
    path: &Path,
    level: Option<i32>,
    part: &Part,
    kept: Option<&Bits>,
    stays: &dyn Fn(u64) -> bool,
    stop: &dyn Fn() -> Result<(), DedupError>,
) -> Result<(), DedupError> {
    let read = || DataError::io("read", path);
    let write = || DataError::io("write", part.path());
    let file = BufReader::with_capacity(1 << 18, File::open(path).map_err(read())?);
    let lines = Lines { path, kept, stays, stop };
    match level {
        None => {
            let mut out = part.writer()?;
            lines.copy(file, &mut out, part.path())?;
            out.flush().map_err(write())?;
        }
        Some(level) => {
            let input = BufReader::new(zstd::Decoder::with_buffer(file).map_err(read())?);
            let mut out = zstd::Encoder::new(part.writer()?, level).map_err(write())?;
            lines.copy(input, &mut out, part.path())?;
            out.finish().and_then(|mut out| out.flush()).map_err(write())?;
        }
    }
    Ok(())
}

struct Lines<'a> {
    path: &'a Path,
    kept: Option<&'a Bits>,
    stays: &'a dyn Fn(u64) -> bool,
    stop: &'a dyn Fn() -> Result<(), DedupError>,
}

impl Lines<'_> {
    fn copy(&self, mut input: impl BufRead, out: &mut impl Write, to: &Path) -> Result<(), DedupError> {
        let (mut line, mut nth, mut joined) = (Vec::new(), 0, false);
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(DataError::io("read", self.path))? == 0 {
                break;
            }
            if nth == 0 {
                joined = self.program(&line, nth)?.is_some();
            }
            let stays = match joined {
                true => self.program(&line, nth)?.is_some_and(self.stays),
                false => self.kept.and_then(|kept| kept.get(nth)).ok_or_else(|| self.rows(nth + 1))?,
            };
            if stays {
                out.write_all(&line).map_err(DataError::io("write", to))?;
            }
            nth += 1;
            if nth % 4096 == 0 {
                (self.stop)()?;
            }
        }
        match self.kept {
            Some(kept) if !joined && kept.len() != nth => Err(self.rows(nth)),
            _ => Ok(()),
        }
    }

    fn rows(&self, found: u64) -> DedupError {
        let wanted = self.kept.map_or(0, Bits::len);
        DedupError::Rows { path: self.path.to_owned(), found, wanted }
    }

    fn program(&self, line: &[u8], nth: u64) -> Result<Option<u64>, DedupError> {
        let parsed = serde_json::from_slice::<Line>(line);
        let wrong = |error| DedupError::File { path: self.path.to_owned(), what: format!("line {}: {error}", nth + 1) };
        Ok(parsed.map_err(wrong)?.program)
    }
}
