//! `pyprior dataset dedup`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use pyprior_data::{DataError, Dedup, DedupError, DedupWork, Duplicates, dedup};

use super::super::interrupt;
use super::progress::{Shown, When};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Their tokens are the same: they are equal up to names
    Tokens,
    /// They end in the same way and print the same, and so do their functions on eight lists of arguments
    Behaviour,
    /// None are: for --max-per-shape alone
    Keep,
}

/// Leave duplicates out of a whole dataset: of equal programs the one in the lowest shard, and there the lowest row, stays.
///
/// The dataset must be complete, and have Parquet with column `tokens`. Its files are written again to another folder without the rows that are left out, with the same names, columns and metadata; rows keep their `id`. The files depend on the dataset and these settings alone; whatever ends the command, the same one goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
Memory and disk:
  Programs are told by keys of 16 bytes, which lie in OUT/.dedup while the command runs: 24 bytes for each row of the
  dataset, beside the files that are written. Ten million rows take 240 MB there.

Examples:
  pyprior dataset dedup my-programs --out my-unique-programs
  pyprior dataset dedup my-programs --out diverse --by behaviour --max-per-shape 100")]
pub(super) struct DedupArgs {
    /// Folder of the dataset
    folder: PathBuf,
    /// Folder to write to: new, empty, or what the same command has begun
    #[arg(long)]
    out: PathBuf,
    /// Which programs are equal
    #[arg(long, value_enum, default_value = "tokens")]
    by: By,
    /// Programs of one shape that stay, the first ones: those with the same tokens but for constants, variables and function names; 0 for all
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_per_shape: u64,
    /// Memory that may be taken, in bytes, or with KiB, MiB or GiB; each thread that writes takes a row group beside it if this is below 192 MiB
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    memory: u64,
    /// Threads [default: all]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Tell how it goes, on standard error
    #[arg(long, value_enum, default_value = "auto")]
    progress: When,
}

impl DedupArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let by = match self.by {
            By::Tokens => Duplicates::Tokens,
            By::Behaviour => Duplicates::Behaviour,
            By::Keep => Duplicates::Keep,
        };
        if self.by == By::Keep && self.max_per_shape == 0 {
            bail!("--by keep leaves nothing out without --max-per-shape");
        }
        let stop = interrupt::catch()?;
        let shown = Shown::new(self.progress);
        let progress = |progress| shown.dedup_step(progress);
        let pass = Dedup { by, max_per_shape: self.max_per_shape };
        let work = DedupWork { threads: self.threads, memory: self.memory, stop, progress: &progress };
        match dedup(&self.folder, &self.out, pass, &work) {
            Ok(summary) => shown.dedup_end(&summary),
            // What was asked for by Ctrl-C is told by the exit code.
            Err(DedupError::Data(DataError::Interrupted)) if interrupt::asked() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(interrupt::code())
    }
}

/// A number of bytes, or of what its unit says.
fn size(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = units.into_iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "expected a size such as 65536, 512MiB or 1GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [("65536", 1 << 16), ("3KiB", 3 << 10), ("512 MiB", 512 << 20), ("1GiB", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "1.5GiB", "-1", "1GB", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
