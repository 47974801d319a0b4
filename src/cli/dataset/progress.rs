//! How far a dataset is.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use pyprior_data::{DedupProgress, DedupStep, DedupSummary, Manifest, Progress, Summary};
use serde_json::json;

use super::super::times::clock;

/// Whether to tell, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// A line that is written over on a terminal, elsewhere a line at the end
    Auto,
    /// The same; elsewhere than on a terminal, a line now and then
    Always,
    /// Nothing
    Never,
    /// Objects of JSON, one a line: `event` is `progress` or `done`
    Json,
}

/// Time between two reports on a terminal, and elsewhere, where each is a line of its own.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];
/// Width of the bar in characters.
const BAR: u64 = 12;

/// Tells on standard error how it goes; any thread may say so.
pub(super) struct Shown {
    when: When,
    terminal: bool,
    start: Instant,
    next: Mutex<Duration>,
}

impl Shown {
    pub(super) fn new(when: When) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { when, terminal, start: Instant::now(), next: Mutex::new(Duration::from_secs(1)) }
    }

    /// Seconds since the start, if it is time to tell something.
    fn due(&self) -> Option<f64> {
        let now = self.start.elapsed();
        // Somebody else who is at it tells enough.
        let mut next = self.next.try_lock().ok()?;
        let silent = self.when == When::Never || (self.when == When::Auto && !self.terminal);
        if silent || now < *next {
            return None;
        }
        *next = now + PAUSES[usize::from(!self.terminal || self.when == When::Json)];
        Some(now.as_secs_f64())
    }

    /// Tells how far duplicates are looked for or left out, if it is time to.
    pub(super) fn dedup_step(&self, progress: DedupProgress) {
        let Some(seconds) = self.due() else { return };
        let DedupProgress { step, done, all } = progress;
        let (name, what) = match step {
            DedupStep::Programs => ("programs", "programs looked at"),
            DedupStep::Shapes => ("shapes", "shapes looked at"),
            DedupStep::Shards => ("shards", "shards written"),
        };
        self.write(&match self.when {
            When::Json => json!({
                "event": "progress", "step": name, "done": done, "all": all, "seconds": seconds,
            })
            .to_string(),
            _ => format!("{done} of {all} {what}"),
        });
    }

    /// Tells what was left out.
    pub(super) fn dedup_end(&self, summary: &DedupSummary) {
        let seconds = self.start.elapsed().as_secs_f64();
        let DedupSummary { found, made, rows, kept, duplicates, crowded, scratch_bytes } = summary;
        match self.when {
            When::Never => {}
            When::Json => self.write(
                &json!({
                    "event": "done", "shards_found": found, "shards_made": made, "rows": rows, "kept": kept,
                    "duplicates": duplicates, "crowded": crowded, "scratch_bytes": scratch_bytes, "seconds": seconds,
                })
                .to_string(),
            ),
            _ => {
                self.clear();
                let mut out = std::io::stderr().lock();
                let _ = writeln!(
                    out,
                    "{kept} of {rows} rows stay; {duplicates} duplicates; {crowded} of a shape that has enough; {made} shards made, {found} found; {seconds:.1} s",
                );
            }
        }
    }

    /// Tells, if it is time to.
    pub(super) fn step(&self, progress: Progress) {
        let Some(seconds) = self.due() else { return };
        let made = progress.done.saturating_sub(progress.before) as f64;
        let (rate, yields) = (made / seconds, made / progress.candidates.max(1) as f64);
        // Nobody knows before there is a row.
        let left = (made > 0.0).then(|| progress.rows.saturating_sub(progress.done) as f64 / rate);
        let Progress { rows, done, candidates, .. } = progress;
        self.write(&match self.when {
            When::Json => json!({
                "event": "progress", "rows": rows, "done": done, "candidates": candidates, "rows_per_second": rate,
                "yield": yields, "seconds": seconds, "seconds_left": left,
            })
            .to_string(),
            _ => {
                let (share, left) = (100.0 * yields, left.map_or_else(|| "?".to_owned(), clock));
                let of_bar = |length: u64| (u128::from(done) * u128::from(length) / u128::from(rows.max(1))) as usize;
                let bar = if self.terminal { format!("[{:<12}] ", "#".repeat(of_bar(BAR))) } else { String::new() };
                let percent = of_bar(100);
                // A line of 80 characters, for one that is broken cannot be written over.
                format!("{bar}{percent} % of {rows} rows, {rate:.0}/s, {share:.1} % stay, {left} left")
            }
        });
    }

    /// Tells how it was.
    pub(super) fn end(&self, summary: &Summary, manifest: &Manifest) {
        let seconds = self.start.elapsed().as_secs_f64();
        let Summary { found, made, counts, complete } = summary;
        match self.when {
            When::Never => {}
            When::Json => {
                let control = manifest.compare(counts);
                let told = json!({
                    "event": "done", "shards_found": found, "shards_made": made, "counts": counts, "control": control,
                    "complete": complete, "seconds": seconds,
                });
                self.write(&told.to_string());
            }
            _ => {
                self.clear();
                let rejected = counts.rejected.iter().map(|(name, count)| format!("; {count} not {name}"));
                let rejected = rejected.collect::<String>();
                let crowded = match counts.crowded {
                    0 => String::new(),
                    crowded => format!("; {crowded} of a shape that has enough"),
                };
                let others = if *complete { "" } else { "; other shards are missing" };
                let mut out = std::io::stderr().lock();
                // What cannot be told is not worth failing for.
                let _ = writeln!(
                    out,
                    "{} rows of {} candidates; {} duplicates{crowded}{rejected}; {made} shards made, {found} found{others}; {seconds:.1} s",
                    counts.rows, counts.candidates, counts.duplicates,
                );
                if counts.splits.iter().len() > 1 {
                    let splits = counts.splits.iter().map(|(name, rows)| format!("{name} {rows}"));
                    let _ = writeln!(out, "rows of splits: {}", splits.collect::<Vec<_>>().join(", "));
                }
                if let Some(control) = &manifest.control {
                    let (declined, expected) = (counts.declined, 100.0 * control.expected_yield);
                    let passed = counts.rows + counts.duplicates + counts.crowded + declined;
                    let obtained = 100.0 * (passed - declined) as f64 / passed.max(1) as f64;
                    if !control.let_go.is_empty() {
                        let names = control.let_go.join(", ");
                        let _ = writeln!(out, "not held, since targets exclude it or leave too little: {names}");
                    }
                    let _ = writeln!(
                        out,
                        "{declined} declined: {obtained:.2} % accepted, {expected:.2} % expected; shares:"
                    );
                    let _ =
                        writeln!(out, "{:<24} {:<12} {:>8} {:>9} {:>8}", "", "", "natural", "requested", "obtained");
                    for bin in manifest.compare(counts) {
                        let of = format!("{}{}", bin.of, if bin.held { ", held" } else { "" });
                        let (natural, requested, obtained) = (bin.natural, bin.requested, bin.obtained);
                        let values = bin.values;
                        let _ = writeln!(out, "{of:<24} {values:<12} {natural:>8.4} {requested:>9.4} {obtained:>8.4}");
                    }
                }
            }
        }
    }

    /// Makes room for an error.
    pub(super) fn clear(&self) {
        if self.terminal && matches!(self.when, When::Auto | When::Always) {
            self.write("");
        }
    }

    fn write(&self, line: &str) {
        let mut out = std::io::stderr().lock();
        let _ = match self.terminal && self.when != When::Json {
            true => write!(out, "\r\x1b[2K{line}"),
            false => writeln!(out, "{line}"),
        };
        let _ = out.flush();
    }
}
