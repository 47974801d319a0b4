//! Rows of shards without files: the same rows in the same order, for who reads them at once.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::columns::Columns;
use crate::error::DataError;
use crate::job::Job;
use crate::make::check;
use crate::shard;
use crate::work::{Watch, Work, threads};
use crate::write::{Sink, Sinks, array, schema};

/// Which rows are wanted, and how they come.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// The shards, one after the other in this order; the same one may come again.
    pub shards: Vec<u64>,
    /// The table: `programs`, or one of tasks.
    pub table: String,
    /// The split.
    pub split: String,
    /// Rows that come together, at most: fewer at the end of a shard, and where they are large. 1 or more.
    pub group_rows: u32,
    /// Groups that are made before somebody asks for them, at most; beside them one is being made.
    pub ahead: usize,
    /// Threads that look at programs; 0 for as many as the machine has.
    pub threads: usize,
}

/// Rows that come together: of one table, one split and one shard, in the order of its file.
#[derive(Debug, Clone)]
pub struct Rows {
    shard: u64,
    columns: Columns,
    schema: SchemaRef,
}

impl Rows {
    /// The number of their shard.
    pub fn shard(&self) -> u64 {
        self.shard
    }

    /// Their values.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The same as Arrow has it, with the schema of the files.
    ///
    /// # Errors
    ///
    /// [`ArrowError`]: lists have 2³¹ values or more.
    pub fn record_batch(&self) -> Result<RecordBatch, ArrowError> {
        let arrays = self.schema.fields().iter().zip(self.columns.iter());
        let arrays = arrays.map(|(field, (_, buffer))| array(buffer, field.data_type()));
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect::<Result<_, _>>()?)
    }
}

/// None, of a table without columns.
impl Default for Rows {
    fn default() -> Self {
        Self { shard: 0, columns: Columns::new(&[]), schema: Arc::new(Schema::empty()) }
    }
}

/// What is told to who reads.
type Told = Result<Rows, DataError>;

/// Rows as they are made, by threads of its own. Who drops it ends them.
pub struct Stream {
    groups: Receiver<Told>,
    stop: Arc<AtomicBool>,
    maker: Option<JoinHandle<()>>,
    schema: SchemaRef,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Begins to make rows.
///
/// # Errors
///
/// [`DataError::NoShard`], [`DataError::NoTable`], [`DataError::NoSplit`]; [`DataError::Thread`].
pub fn stream(job: &Arc<Job>, settings: StreamSettings) -> Result<Stream, DataError> {
    check(job, &settings.shards)?;
    let names = job.tables().iter().map(|table| table.name.as_str());
    let table = job.tables().iter().find(|table| table.name == settings.table);
    let table = table.ok_or_else(|| DataError::NoTable {
        table: settings.table.clone(),
        tables: names.collect::<Vec<_>>().join(", "),
    })?;
    if !job.split_names().contains(&settings.split) {
        return Err(DataError::NoSplit { split: settings.split, splits: job.split_names().join(", ") });
    }
    let schema = schema(&table.columns, job.is_wide(), table.width);
    let (to, groups) = sync_channel(settings.ahead);
    let stop = Arc::new(AtomicBool::new(false));
    let maker = {
        let (job, stop, schema) = (Arc::clone(job), Arc::clone(&stop), Arc::clone(&schema));
        let make = move || {
            if let Err(error) = make(&job, &settings, &schema, &to, &stop) {
                // Nobody may be there any more to be told.
                let _ = to.send(Err(error));
            }
        };
        thread::Builder::new().name("pyprior-stream".to_owned()).spawn(make).map_err(DataError::Thread)?
    };
    Ok(Stream { groups, stop, maker: Some(maker), schema })
}

/// Makes shard after shard.
fn make(
    job: &Job,
    settings: &StreamSettings,
    schema: &SchemaRef,
    to: &SyncSender<Told>,
    stop: &AtomicBool,
) -> Result<(), DataError> {
    let work = Work { threads: settings.threads, stop, progress: &|_| {} };
    let threads = threads(&work)?;
    let rows = settings.shards.iter().map(|&shard| job.description().rows_of(shard)).sum();
    let watch = Watch::new(&work, rows, 0, 1);
    for &shard in &settings.shards {
        let sinks = |split: &String| {
            let sent = || Box::new(Sent { shard, schema: Arc::clone(schema), to: to.clone() }) as Box<dyn Sink>;
            let wanted = *split == settings.split;
            let of = move |name: &str| if wanted && name == settings.table { vec![sent()] } else { Vec::new() };
            job.tables().iter().map(move |table| of(&table.name))
        };
        let mut sinks = job.split_names().iter().flat_map(sinks).collect::<Vec<Sinks>>();
        shard::make(job, shard, settings.group_rows, &threads, &mut sinks, &watch)?;
    }
    Ok(())
}

/// Where rows go that somebody waits for.
struct Sent {
    shard: u64,
    schema: SchemaRef,
    to: SyncSender<Told>,
}

impl Sink for Sent {
    fn group(&mut self, rows: &Columns) -> Result<(), DataError> {
        let rows = Rows { shard: self.shard, columns: rows.clone(), schema: Arc::clone(&self.schema) };
        // Whoever has left wants no more.
        self.to.send(Ok(rows)).map_err(|_| DataError::Interrupted)
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        Ok(())
    }
}

impl Stream {
    /// The schema of the rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows, if they come in time; none at the end, and behind an error.
    pub fn next_within(&mut self, time: Duration) -> Poll<Option<Told>> {
        match self.groups.recv_timeout(time) {
            Ok(told) => Poll::Ready(Some(told)),
            Err(RecvTimeoutError::Timeout) => Poll::Pending,
            Err(RecvTimeoutError::Disconnected) => Poll::Ready(self.end()),
        }
    }

    /// The end, unless it came by a panic.
    fn end(&mut self) -> Option<Told> {
        match self.maker.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            _ => None,
        }
    }
}

impl Iterator for Stream {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        match self.groups.recv() {
            Ok(told) => Some(told),
            Err(_) => self.end(),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
