//! Token arrays: all tokens one after the other, and where programs begin.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::super::error::DedupError;
use super::super::lost::Bits;
use crate::error::DataError;
use crate::store::Part;
use crate::write::{HEADER, NpyArray};

/// Writes the tokens and offsets of the programs that stay.
pub(super) fn rewrite(
    from: [&Path; 2],
    to: [&Part; 2],
    kept: &Bits,
    stop: &dyn Fn() -> Result<(), DedupError>,
) -> Result<(), DedupError> {
    let (mut tokens, wide) = open(from[0], &["<u2", "<u4"])?;
    let (mut offsets, _) = open(from[1], &["<u8"])?;
    let mut out = [NpyArray::create(to[0], if wide == 1 { "<u4" } else { "<u2" })?, NpyArray::create(to[1], "<u8")?];
    let width = if wide == 1 { 4 } else { 2 };
    let mut next = || -> Result<u64, DedupError> {
        let mut bytes = [0; 8];
        offsets.read_exact(&mut bytes).map_err(DataError::io("read", from[1]))?;
        Ok(u64::from_le_bytes(bytes))
    };
    let (mut start, mut end, mut token) = (next()?, 0_u64, [0; 4]);
    out[1].push(&end.to_le_bytes()).map_err(write(to[1]))?;
    for nth in 0..kept.len() {
        let stop_at = next()?;
        let Some(len) = stop_at.checked_sub(start) else {
            let what = format!("offset {} is {stop_at}, after {start}", nth + 1);
            return Err(DedupError::File { path: from[1].to_owned(), what });
        };
        let keep = kept.get(nth) == Some(true);
        for _ in 0..len {
            tokens.read_exact(&mut token[..width]).map_err(DataError::io("read", from[0]))?;
            if keep {
                out[0].push(&token[..width]).map_err(write(to[0]))?;
            }
        }
        if keep {
            end += len;
            out[1].push(&end.to_le_bytes()).map_err(write(to[1]))?;
        }
        start = stop_at;
        if nth % 4096 == 0 {
            stop()?;
        }
    }
    for (path, input) in from.into_iter().zip([&mut tokens, &mut offsets]) {
        if input.read(&mut [0]).map_err(DataError::io("read", path))? > 0 {
            let what = format!("more than the {} programs of its table", kept.len());
            return Err(DedupError::File { path: path.to_owned(), what });
        }
    }
    out.into_iter().try_for_each(|array| Ok(array.finish()?))
}

fn write(part: &Part) -> impl FnOnce(std::io::Error) -> DataError {
    DataError::io("write", part.path())
}

/// Opens an array behind its header, and says which of `kinds` it is of.
fn open(path: &Path, kinds: &[&str]) -> Result<(BufReader<File>, usize), DedupError> {
    let file = File::open(path).map_err(DataError::io("read", path))?;
    let (mut input, mut header) = (BufReader::with_capacity(1 << 18, file), [0; HEADER]);
    input.read_exact(&mut header).map_err(DataError::io("read", path))?;
    let text = String::from_utf8_lossy(&header[10..]);
    let kind = kinds.iter().position(|kind| text.contains(&format!("'descr': '{kind}'")));
    match kind.filter(|_| header.starts_with(b"\x93NUMPY\x01\x00")) {
        Some(kind) => Ok((input, kind)),
        None => {
            Err(DedupError::File { path: path.to_owned(), what: format!("not an array of {}", kinds.join(" or ")) })
        }
    }
}
