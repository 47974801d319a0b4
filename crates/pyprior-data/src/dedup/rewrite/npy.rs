//! Arrays of NumPy: lists one after the other, beside an array that says where they begin, or lines of one length.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::super::error::DedupError;
use super::super::lost::Bits;
use crate::error::DataError;
use crate::store::Part;
use crate::write::{HEADER, NpyArray};

/// Types of elements that arrays of lists may have, and their sizes.
const KINDS: [(&str, usize); 3] = [("<u2", 2), ("<u4", 4), ("|u1", 1)];

/// Asks whether to go on.
type Stop<'a> = &'a dyn Fn() -> Result<(), DedupError>;

/// Writes the lists of the rows that stay.
pub(super) fn array(
    from: &Path,
    offsets: Option<&Path>,
    to: &Part,
    kept: &Bits,
    stop: Stop<'_>,
) -> Result<(), DedupError> {
    let mut input = Input::open(from, &KINDS)?;
    let (mut out, width) = (NpyArray::create(to, input.kind)?, input.width);
    let mut lengths = match (offsets, width) {
        (Some(offsets), _) => Lengths::Offsets(Offsets::open(offsets)?),
        (None, Some(width)) => Lengths::All(width.into()),
        (None, None) => return Err(wrong(from, "there is no array of offsets beside it".to_owned())),
    };
    for nth in 0..kept.len() {
        let (len, keep) = (lengths.next()?, kept.get(nth) == Some(true));
        for _ in 0..len {
            let element = input.element()?;
            if keep {
                out.push(element).map_err(DataError::io("write", to.path()))?;
            }
        }
        if nth % 4096 == 0 {
            stop()?;
        }
    }
    input.end(kept)?;
    Ok(out.finish(width.filter(|_| offsets.is_none()))?)
}

/// Writes where the lists of the rows that stay begin, with the end of the last.
pub(super) fn offsets(from: &Path, to: &Part, kept: &Bits, stop: Stop<'_>) -> Result<(), DedupError> {
    let mut input = Offsets::open(from)?;
    let (mut out, mut end) = (NpyArray::create(to, "<u8")?, 0_u64);
    let write = || DataError::io("write", to.path());
    out.push(&end.to_le_bytes()).map_err(write())?;
    for nth in 0..kept.len() {
        let len = input.next()?;
        if kept.get(nth) == Some(true) {
            end += len;
            out.push(&end.to_le_bytes()).map_err(write())?;
        }
        if nth % 4096 == 0 {
            stop()?;
        }
    }
    input.input.end(kept)?;
    Ok(out.finish(None)?)
}

fn wrong(path: &Path, what: String) -> DedupError {
    DedupError::File { path: path.to_owned(), what }
}

/// How many elements lists have, one after the other.
enum Lengths {
    All(u64),
    Offsets(Offsets),
}

impl Lengths {
    fn next(&mut self) -> Result<u64, DedupError> {
        match self {
            Self::All(width) => Ok(*width),
            Self::Offsets(offsets) => offsets.next(),
        }
    }
}

/// Where lists begin.
struct Offsets {
    input: Input,
    nth: u64,
    start: u64,
}

impl Offsets {
    fn open(path: &Path) -> Result<Self, DedupError> {
        let mut offsets = Self { input: Input::open(path, &[("<u8", 8)])?, nth: 0, start: 0 };
        offsets.start = offsets.read()?;
        Ok(offsets)
    }

    fn read(&mut self) -> Result<u64, DedupError> {
        let bytes = self.input.element()?.first_chunk().copied().unwrap_or_default();
        Ok(u64::from_le_bytes(bytes))
    }

    /// The number of elements of the next list.
    fn next(&mut self) -> Result<u64, DedupError> {
        let (start, end) = (self.start, self.read()?);
        self.nth += 1;
        self.start = end;
        let what = || format!("offset {} is {end}, after {start}", self.nth);
        end.checked_sub(start).ok_or_else(|| wrong(&self.input.path, what()))
    }
}

/// An array behind its header.
struct Input {
    file: BufReader<File>,
    path: PathBuf,
    kind: &'static str,
    /// Elements of a line, if it has lines.
    width: Option<u32>,
    element: [u8; 8],
    size: usize,
}

impl Input {
    fn open(path: &Path, kinds: &[(&'static str, usize)]) -> Result<Self, DedupError> {
        let file = File::open(path).map_err(DataError::io("read", path))?;
        let (mut file, mut header) = (BufReader::with_capacity(1 << 18, file), [0; HEADER]);
        file.read_exact(&mut header).map_err(DataError::io("read", path))?;
        let text = String::from_utf8_lossy(&header[10..]);
        let kind = kinds.iter().find(|(kind, _)| text.contains(&format!("'descr': '{kind}'")));
        let Some(&(kind, size)) = kind.filter(|_| header.starts_with(b"\x93NUMPY\x01\x00")) else {
            let kinds = kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
            return Err(wrong(path, format!("not an array of {}", kinds.join(" or "))));
        };
        let shape = text.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
        let width = shape.and_then(|(shape, _)| shape.split_once(", ")?.1.parse().ok());
        Ok(Self { file, path: path.to_owned(), kind, width, element: [0; 8], size })
    }

    /// The bytes of the next element.
    fn element(&mut self) -> Result<&[u8], DedupError> {
        let element = &mut self.element[..self.size];
        self.file.read_exact(element).map_err(DataError::io("read", &self.path))?;
        Ok(element)
    }

    /// Nothing may be left.
    fn end(&mut self, kept: &Bits) -> Result<(), DedupError> {
        match self.file.read(&mut [0]).map_err(DataError::io("read", &self.path))? {
            0 => Ok(()),
            _ => Err(wrong(&self.path, format!("more than the {} rows of its table", kept.len()))),
        }
    }
}
