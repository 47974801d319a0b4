//! A folder of this machine.
//!
//! A file is written beside its name and locked while that lasts; when it is whole and on the disk, it is renamed. What a
//! killed process leaves behind is a name that the next one to make the shard writes over.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Part, Store};
use crate::error::DataError;

const SUFFIX: &str = ".part";

/// How often, and after which time, a small file is tried that somebody else is writing: 10 seconds, for a process may have been
/// stopped.
pub(crate) const TRIES: u32 = 1000;
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

/// A folder.
#[derive(Debug)]
pub(super) struct Local {
    root: PathBuf,
}

impl Local {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Store for Local {
    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn stranger(&self) -> Result<Option<String>, DataError> {
        let manifests = self.path("manifest");
        for folder in [&self.root, &manifests] {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // A file of that name, or a folder that is somebody else's.
                Err(error) => return Err(DataError::io("list the folder", folder)(error)),
            };
            for entry in entries {
                let path = entry.map_err(DataError::io("list the folder", folder))?.path();
                if path != manifests && !path.to_string_lossy().ends_with(SUFFIX) {
                    return Ok(Some(path.file_name().unwrap_or_default().to_string_lossy().into_owned()));
                }
            }
        }
        Ok(None)
    }

    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, DataError> {
        let read = |name: &String| found(fs::read(self.path(name))).map_err(DataError::io("read", self.path(name)));
        names.iter().map(read).collect()
    }

    fn sizes(&self, names: &[String]) -> Result<Vec<Option<u64>>, DataError> {
        let size = |name: &String| {
            let size = fs::metadata(self.path(name)).map(|found| found.len());
            found(size).map_err(DataError::io("read", self.path(name)))
        };
        names.iter().map(size).collect()
    }

    fn begin(&self, name: &str) -> Result<Option<Part>, DataError> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(DataError::io("make the folder", folder))?;
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{last}{SUFFIX}"));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&temporary);
        let file = open.map_err(DataError::io("write", &temporary))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(DataError::io("lock", temporary)(source)),
        }
        // Whoever had the lock before may have renamed the file meanwhile: then it is not ours.
        if !is_at(&file, &temporary) {
            return Ok(None);
        }
        let part = Part { file, temporary: Some(temporary), name: name.to_owned(), path };
        part.file.set_len(0).map_err(DataError::io("write", &part.path))?;
        Ok(Some(part))
    }

    fn end(&self, mut part: Part) -> Result<(), DataError> {
        part.file.sync_all().map_err(DataError::io("write", &part.path))?;
        let path = self.path(&part.name);
        if let Some(temporary) = &part.temporary {
            fs::rename(temporary, &path).map_err(DataError::io("rename", temporary))?;
        }
        part.temporary = None;
        // A name is on the disk when its folder is. Not everywhere can folders be opened, and there is nothing to undo.
        if let Some(Ok(folder)) = path.parent().map(File::open) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        let path = self.path(name);
        for _ in 0..TRIES {
            if path.exists() {
                return Ok(());
            }
            match self.begin(name)? {
                Some(part) => return part.fill(bytes).and_then(|()| self.end(part)),
                // Somebody else is at it, or was until now.
                None => std::thread::sleep(PAUSE),
            }
        }
        Err(DataError::Locked { path })
    }
}

/// None of what is not there, such as what would be in a folder that is a file.
fn found<T>(result: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(file), Ok(path)) = (file.metadata(), fs::metadata(path)) else { return false };
    (file.dev(), file.ino()) == (path.dev(), path.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
