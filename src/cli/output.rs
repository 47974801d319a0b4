//! Where results go.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

/// A file, or standard output.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Output {
    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        Ok(match &self.output {
            Some(path) => {
                let file = File::create(path).with_context(|| self.failure())?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
        })
    }
}

impl Output {
    /// Writes all of it: a file as a whole or not at all.
    pub(crate) fn write(&self, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        match &self.output {
            Some(path) => write_whole(path, |out| write(out)).with_context(|| self.failure()),
            None => {
                let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
                write(&mut out)?;
                Ok(out.flush()?)
            }
        }
    }

    /// What to say where writing fails.
    pub(crate) fn failure(&self) -> String {
        match &self.output {
            Some(path) => format!("cannot write {}", path.display()),
            None => "cannot write to standard output".to_owned(),
        }
    }
}

/// Writes a file as a whole or not at all: beside it under another name, which gives way to its own at the end. What is no
/// regular file, such as a pipe, is written as it is.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let flushed = |file: File| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        Ok(out.flush()?)
    };
    let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
    // A link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = path.file_name().filter(|_| !special) else { return flushed(File::create(path)?) };
    let beside = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    // What a process of the same number was kept from finishing.
    let _ = fs::remove_file(&beside);
    let written = File::create_new(&beside).map_err(Into::into).and_then(flushed);
    written.and_then(|()| Ok(fs::rename(&beside, path)?)).inspect_err(|_| {
        // The first error is the one to be told.
        let _ = fs::remove_file(&beside);
    })
}

/// A file, or standard input for `-`, to be read as it comes.
pub(crate) fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    Ok(match path == Path::new("-") {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    })
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let context = || format!("cannot read {}", path.display());
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).with_context(context)?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(context)
}

/// At most `limit` bytes of a file, or of standard input for `-`.
pub(crate) fn read_bytes(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let context = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    match path == Path::new("-") {
        true => io::stdin().lock().take(limit).read_to_end(&mut bytes).with_context(context)?,
        false => File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).with_context(context)?,
    };
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_what_it_was() -> anyhow::Result<()> {
        let folder = std::env::temp_dir().join(format!("pyprior-whole-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let (path, other) = (folder.join("found"), folder.join("new"));
        fs::write(&path, "before")?;
        for path in [&path, &other] {
            let failed = write_whole(path, |out| {
                out.write_all(b"half")?;
                out.flush()?;
                anyhow::bail!("the rest is missing")
            });
            assert_eq!(failed.map_err(|error| error.to_string()), Err("the rest is missing".to_owned()));
        }
        assert_eq!((fs::read(&path)?, fs::read_dir(&folder)?.count()), (b"before".to_vec(), 1));
        for path in [&path, &other] {
            write_whole(path, |out| Ok(out.write_all(b"all of it")?))?;
            assert_eq!(fs::read(path)?, b"all of it");
        }
        assert_eq!(fs::read_dir(&folder)?.count(), 2);
        #[cfg(unix)]
        {
            let link = folder.join("link");
            std::os::unix::fs::symlink(&path, &link)?;
            write_whole(&link, |out| Ok(out.write_all(b"by its link")?))?;
            assert!(fs::symlink_metadata(&link)?.is_symlink());
            assert_eq!(fs::read(&path)?, b"by its link");
        }
        Ok(fs::remove_dir_all(&folder)?)
    }
}
