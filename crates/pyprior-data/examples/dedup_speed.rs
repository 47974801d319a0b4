//! What deduplicating costs: `cargo run --release -p pyprior-data --example dedup_speed -- FROM TO BY [CAP] [MEMORY] [THREADS]`.
//!
//! BY is `tokens`, `behaviour` or `keep`; CAP the rows of a shape that stay, 0 for all; MEMORY in MiB. Says seconds of each
//! step, the most memory that was resident, and what was on the disk in between.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pyprior_data::{Dedup, DedupWork, Duplicates, dedup};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (from, to) = (args.next().ok_or("from where?")?, args.next().ok_or("where to?")?);
    let by = match args.next().as_deref() {
        Some("tokens") => Duplicates::Tokens,
        Some("behaviour") => Duplicates::Behaviour,
        Some("keep") => Duplicates::Keep,
        _ => return Err("by what?".into()),
    };
    let mut number = |default: u64| args.next().map_or(Ok(default), |text| text.parse());
    let (max_per_shape, memory, threads) = (number(0)?, number(1024)? << 20, number(0)?);
    let (start, stop, ends) = (Instant::now(), AtomicBool::new(false), Mutex::new(Vec::new()));
    let progress = |progress: pyprior_data::DedupProgress| {
        if let (true, Ok(mut ends)) = (progress.done == progress.all, ends.lock()) {
            ends.push((progress.step, start.elapsed().as_secs_f64()));
        }
    };
    let work = DedupWork { threads: usize::try_from(threads)?, memory, stop: &stop, progress: &progress };
    let summary = dedup(Path::new(&from), Path::new(&to), Dedup { by, max_per_shape }, &work)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{summary:?}");
    println!("{seconds:.1} s, {:.0} rows/s; ends of steps {:?}", summary.rows as f64 / seconds, ends.into_inner()?);
    for line in std::fs::read_to_string("/proc/self/status").unwrap_or_default().lines() {
        if line.starts_with("VmHWM") {
            println!("{line}");
        }
    }
    Ok(())
}
