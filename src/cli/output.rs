//! Where results go.

use std::fs::File;
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
                let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
        })
    }
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let context = || format!("cannot read {}", path.display());
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).with_context(context)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(context)
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
