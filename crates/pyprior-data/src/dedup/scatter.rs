//! Records of a round: in files by the first bits of their keys.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::error::DedupError;
use super::memory::{Memory, RECORD};
use crate::error::DataError;
use crate::folder::Folder;
use crate::key::Key;
use crate::store::Part;

const FOLDER: &str = ".dedup";

/// The place on the disk for what is in between. It is there while somebody holds it, and only one does.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Held, and gone with us or with our process.
    lock: Option<Part>,
}

impl Scratch {
    pub(super) fn begin(folder: &Folder, root: &Path) -> Result<Self, DedupError> {
        let lock = folder.part(0, &format!("{FOLDER}/lock")).map_err(|error| match error {
            DataError::Busy { .. } => DedupError::Busy { path: root.to_owned() },
            error => error.into(),
        })?;
        let scratch = Self { path: root.join(FOLDER), lock: Some(lock) };
        scratch.clear();
        Ok(scratch)
    }

    /// Removes what somebody left who was killed.
    fn clear(&self) {
        let files = fs::read_dir(&self.path).into_iter().flatten().filter_map(Result::ok);
        // What cannot be removed is written over, or is told of then.
        files.filter(|file| is_records(&file.path())).for_each(|file| drop(fs::remove_file(file.path())));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clear();
        drop(self.lock.take());
        // Somebody else may have begun there meanwhile: then it is not empty, and stays.
        let _ = fs::remove_dir(&self.path);
    }
}

fn is_records(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "keys")
}

/// Takes records.
pub(super) struct Scatter {
    files: Vec<(BufWriter<File>, PathBuf)>,
    /// How far to the right the first bits of a key are the number of its file.
    shift: u32,
    records: u64,
}

/// Files of records, each in the order in which they came.
pub(super) struct Scattered {
    pub(super) paths: Vec<PathBuf>,
    pub(super) bytes: u64,
}

impl Scatter {
    pub(super) fn create(scratch: &Scratch, memory: &Memory) -> Result<Self, DedupError> {
        let file = |nth| {
            let path = scratch.path.join(format!("{nth:03}.keys"));
            let file = File::create(&path).map_err(DataError::io("write", &path))?;
            Ok((BufWriter::with_capacity(memory.buffer, file), path))
        };
        let files = (0..memory.files).map(file).collect::<Result<Vec<_>, DedupError>>()?;
        Ok(Self { files, shift: 16 - memory.files.trailing_zeros(), records: 0 })
    }

    pub(super) fn push(&mut self, place: u64, key: &Key) -> Result<(), DedupError> {
        let first = u32::from(u16::from_be_bytes([key[0], key[1]])) >> self.shift;
        // There are as many files as numbers.
        let Some((out, path)) = self.files.get_mut(first as usize) else { return Ok(()) };
        let written = out.write_all(key).and_then(|()| out.write_all(&place.to_le_bytes()));
        self.records += 1;
        written.map_err(|source| DataError::io("write", &*path)(source).into())
    }

    pub(super) fn finish(self) -> Result<Scattered, DedupError> {
        let bytes = self.records * RECORD;
        let flush = |(mut out, path): (BufWriter<File>, PathBuf)| {
            out.flush().map_err(DataError::io("write", &path))?;
            Ok(path)
        };
        let paths = self.files.into_iter().map(flush).collect::<Result<_, DedupError>>()?;
        Ok(Scattered { paths, bytes })
    }
}

/// Reads records.
pub(super) struct Records {
    input: BufReader<File>,
    path: PathBuf,
}

impl Records {
    pub(super) fn open(path: &Path) -> Result<Self, DedupError> {
        let file = File::open(path).map_err(DataError::io("read", path))?;
        Ok(Self { input: BufReader::with_capacity(1 << 16, file), path: path.to_owned() })
    }
}

impl Iterator for Records {
    type Item = Result<(u64, Key), DedupError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut key, mut place) = (Key::default(), [0; 8]);
        let read = match self.input.read_exact(&mut key) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return None,
            read => read.and_then(|()| self.input.read_exact(&mut place)),
        };
        Some(
            read.map(|()| (u64::from_le_bytes(place), key))
                .map_err(|error| DataError::io("read", &self.path)(error).into()),
        )
    }
}
