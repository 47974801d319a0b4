//! Rows a second, CPU and memory:
//! `cargo run --release -p pyprior-data --example dataset_speed -- FOLDER [ROWS] [THREADS] [SHARD_ROWS] [COLUMN ...]`.
//!
//! Programs of at most 30 tokens by the default prior, run, analysed, without duplicates in a shard, to Parquet; with names of
//! columns only those, which says what the others cost. CPU time and the most memory that was in use are those that Linux
//! counts.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pyprior_data::{Description, Job, Part, Work, make};

/// Ticks of `/proc/self/stat` in a second, on every Linux there is.
const TICKS: f64 = 100.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("which folder?")?;
    let rows = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let threads = args.next().map_or(Ok(0), |text| text.parse())?;
    let mut description = Description { rows, ..Description::default() };
    description.shard_rows = args.next().map_or(Ok(description.shard_rows), |text| text.parse())?;
    description.write.columns = args.collect();
    let job = Job::new(description)?;
    let (start, stop) = (Instant::now(), AtomicBool::new(false));
    let work = Work { threads, stop: &stop, progress: &|_| {} };
    let summary = make(&job, Path::new(&folder), Part::ALL, &work)?;
    let seconds = start.elapsed().as_secs_f64();
    let (rows, candidates) = (summary.counts.rows as f64, summary.counts.candidates as f64);
    println!("{:.0} rows/s, {:.0} candidates/s; {:?}", rows / seconds, candidates / seconds, summary.counts);
    if let Some([user, system]) = cpu() {
        let each = |seconds: f64| 1e6 * seconds / candidates;
        println!("µs of CPU a candidate: {:.2} user, {:.2} system", each(user), each(system));
    }
    if let Some(memory) = most_memory() {
        println!("most memory in use: {memory}");
    }
    Ok(())
}

/// Seconds of CPU that this process has taken, of its own and of the kernel's.
fn cpu() -> Option<[f64; 2]> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold spaces, the numbers from the third on.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS);
    Some([seconds()?, seconds()?])
}

/// The most memory that this process has had in use, as the kernel says it.
fn most_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
