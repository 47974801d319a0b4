//! A file that is being written.

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::DataError;
use crate::hex::hex;

/// A file that is being written, under another name or none. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Part {
    pub(super) file: File,
    /// What it is called until it is whole, if it is called anything.
    pub(super) temporary: Option<PathBuf>,
    /// What it will be called, from the dataset's root on.
    pub(super) name: String,
    /// Where it will be, for messages.
    pub(super) path: PathBuf,
}

impl Part {
    /// Where it will be, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it is; where reading and writing in it go on is shared with all its writers.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where its bytes go.
    pub(crate) fn writer(&self) -> Result<BufWriter<File>, DataError> {
        let file = self.file.try_clone().map_err(DataError::io("write", &self.path))?;
        Ok(BufWriter::with_capacity(1 << 18, file))
    }

    /// Writes all of it.
    pub(crate) fn fill(&self, bytes: &[u8]) -> Result<(), DataError> {
        (&self.file).write_all(bytes).map_err(DataError::io("write", &self.path))
    }

    /// Its size, and SHA-256 in lower-case hexadecimal digits.
    pub(crate) fn digest(&self) -> Result<(u64, String), DataError> {
        let failed = || DataError::io("read", &self.path);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed())?;
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let read = file.read(&mut buffer).map_err(failed())?;
            if read == 0 {
                return Ok((bytes, hex(&hash.finalize())));
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What led here is the error to be told.
            let _ = fs::remove_file(temporary);
        }
    }
}
