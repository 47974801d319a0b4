//! Consecutive candidates, looked at by one thread.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use pyprior_core::ProgramScorer;

use crate::behaviour::Behaviour;
use crate::buffered::Buffered;
use crate::columns::Column;
use crate::description::Duplicates;
use crate::error::DataError;
use crate::error::ExamineError;
use crate::job::Job;
use crate::judge::Judge;
use crate::key::{Key, first_half, hash_of_tokens};
use crate::row::Row;
use crate::seen::Seen;
use crate::source::Drawn;
use crate::tasks::TaskWriter;

/// Bytes of text and tokens with which a chunk ends before its candidates do, so that memory stays bounded where programs
/// print much.
const BYTES: usize = 1 << 23;

/// The verdict on a candidate that stays, as far as its chunk can tell.
pub(crate) const STAYS: u8 = u8::MAX;
/// On one that passes the filters, but is left out for the distributions that were asked for.
pub(crate) const DECLINED: u8 = u8::MAX - 1;
/// On one that is equal to a row of the shard.
pub(crate) const KNOWN: u8 = u8::MAX - 2;

/// Candidates that have been looked at, up to where the chunk ended.
pub(crate) struct Chunk {
    /// Of each: [`STAYS`], [`DECLINED`], [`KNOWN`], or the place of the filter that it does not pass.
    pub(crate) verdicts: Vec<u8>,
    /// Of each that stays; empty where duplicates do not count.
    pub(crate) keys: Vec<Key>,
    /// The shape of each that stays; empty where shapes have no cap.
    pub(crate) shapes: Vec<Key>,
    /// The split of each that stays.
    pub(crate) splits: Vec<u8>,
    /// The bins of each that stays, one of every column that is controlled.
    pub(crate) bins: Vec<u8>,
    /// What those that stay have in each table.
    pub(crate) tables: Vec<Buffered>,
}

impl Chunk {
    fn new(job: &Job) -> Self {
        Self {
            verdicts: Vec::new(),
            keys: Vec::new(),
            shapes: Vec::new(),
            splits: Vec::new(),
            bins: Vec::new(),
            tables: job.tables().iter().map(Buffered::new).collect(),
        }
    }

    fn clear(&mut self) {
        self.verdicts.clear();
        self.keys.clear();
        self.shapes.clear();
        self.splits.clear();
        self.bins.clear();
        self.tables.iter_mut().for_each(Buffered::clear);
    }
}

/// Makes chunks, on several threads at a time, with memory that is reused.
pub(crate) struct Makers<'a> {
    job: &'a Job,
    idle: Mutex<Vec<Maker<'a>>>,
    spent: Mutex<Vec<Chunk>>,
}

impl<'a> Makers<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        Self { job, idle: Mutex::default(), spent: Mutex::default() }
    }

    /// Looks at candidates: at the first at least, at all unless their output takes too much memory. `seen` has keys of rows that
    /// there are.
    pub(crate) fn make(&self, rows: Range<u64>, seen: &Seen) -> Result<Chunk, DataError> {
        let mut maker = taken(&self.idle).unwrap_or_else(|| Maker::new(self.job));
        let mut chunk = taken(&self.spent).unwrap_or_else(|| Chunk::new(self.job));
        chunk.clear();
        maker.make(rows, seen, &mut chunk)?;
        put(&self.idle, maker);
        Ok(chunk)
    }

    /// Takes back a chunk that is of no use any more, for its memory.
    pub(crate) fn give_back(&self, chunk: Chunk) {
        put(&self.spent, chunk);
    }
}

fn taken<T>(from: &Mutex<Vec<T>>) -> Option<T> {
    from.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn put<T>(into: &Mutex<Vec<T>>, value: T) {
    into.lock().unwrap_or_else(PoisonError::into_inner).push(value);
}

/// Makes one chunk after the other.
struct Maker<'a> {
    job: &'a Job,
    drawn: Drawn,
    /// Of what has been drawn by a source that does not say how likely it is.
    scorer: Option<ProgramScorer>,
    judge: Judge<'a>,
    keys: Keys<'a>,
    tasks: TaskWriter<'a>,
}

impl<'a> Maker<'a> {
    fn new(job: &'a Job) -> Self {
        let (drawn, scorer) = (Drawn::default(), job.scorer().cloned());
        let (judge, keys, tasks) = (Judge::new(job), Keys::new(job), job.task_writer());
        Self { job, drawn, scorer, judge, keys, tasks }
    }

    fn make(&mut self, rows: Range<u64>, seen: &Seen, chunk: &mut Chunk) -> Result<(), DataError> {
        let Self { job, drawn, scorer, judge, keys, tasks } = self;
        drawn.clear();
        job.source().draw(rows.clone(), drawn)?;
        if let Some(scorer) = scorer
            && let Err(error) = scorer.score_all(&drawn.programs, &mut drawn.log_prior)
        {
            let row = (rows.start..).zip(drawn.programs.iter()).find(|(_, tokens)| scorer.score(tokens).is_err());
            return Err(DataError::Program { row: row.map_or(rows.start, |(row, _)| row), source: error.into() });
        }
        for (nth, (number, tokens)) in rows.zip(drawn.programs.iter()).enumerate() {
            let known = [drawn.log_prior.get(nth).copied(), drawn.log_model.get(nth).copied()];
            let refused = |source| DataError::Program { row: number, source };
            let hash = keys.tells_early.then(|| keys.hash(tokens));
            if hash.is_some_and(|hash| seen.has(&first_half(&hash))) {
                chunk.verdicts.push(KNOWN);
                continue;
            }
            let judged = judge.judge(number, tokens, known).map_err(refused)?;
            let verdict = match judged.fails {
                Some(nth) => nth as u8,
                None if job.control().is_some_and(|control| !control.takes(&judged.row, &mut chunk.bins)) => DECLINED,
                None => STAYS,
            };
            chunk.verdicts.push(verdict);
            if verdict == STAYS {
                let row = judged.whole().map_err(refused)?;
                let key = keys.of(&row, hash).map_err(refused)?;
                chunk.keys.extend(key.same);
                chunk.splits.push(job.splits().of(&row, key.share));
                chunk.shapes.extend(job.shapes().map(|shapes| shapes.key(tokens)));
                for (buffered, table) in chunk.tables.iter_mut().zip(job.tables()) {
                    buffered.push(table, &row, tasks).map_err(refused)?;
                }
                if chunk.tables.iter().map(Buffered::bytes).sum::<usize>() > BYTES {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Finds out what is the same for equal programs.
struct Keys<'a> {
    job: &'a Job,
    /// Where equal is who does the same.
    behaviour: Option<Behaviour>,
    /// Whether a program that is equal to one that has stayed stays as far as filters go, so that they need not be asked.
    tells_early: bool,
}

/// What is the same for equal programs.
struct Same {
    /// What duplicates are told by; none where they do not count.
    same: Option<Key>,
    /// What decides on the split, the same for the same tokens; 0 where nobody asks.
    share: u64,
}

impl<'a> Keys<'a> {
    fn new(job: &'a Job) -> Self {
        let behaviour = (job.description().duplicates == Duplicates::Behaviour)
            .then(|| Behaviour::new(job.language(), job.description().limits));
        // Acceptance is by random numbers of the row.
        let is_of_program = job.control().is_none() && job.filters().columns().all(Column::is_of_program);
        let tells_early = is_of_program && job.description().duplicates == Duplicates::Tokens;
        Self { job, behaviour, tells_early }
    }

    fn hash(&self, tokens: &[u32]) -> [u8; 32] {
        let base = self.job.language().config().base_vocab;
        hash_of_tokens(tokens.iter().map(|&token| token.wrapping_sub(base)))
    }

    /// `hash` is that of the tokens, if it is known.
    fn of(&mut self, row: &Row<'_>, hash: Option<[u8; 32]>) -> Result<Same, ExamineError> {
        let by_tokens = self.job.description().duplicates == Duplicates::Tokens;
        let asked = by_tokens || self.job.splits().hashes();
        let hash = hash.or_else(|| asked.then(|| self.hash(row.tokens)));
        let same = match &mut self.behaviour {
            Some(behaviour) => Some(behaviour.key_of_run(self.job.language(), row.tokens, row.status, row.stdout)?),
            None => hash.filter(|_| by_tokens).map(|hash| first_half(&hash)),
        };
        // Another part of the hash than the key: what is equal by mistake is not so in both.
        let share = hash.and_then(|hash| hash.last_chunk().copied()).map_or(0, u64::from_le_bytes);
        Ok(Same { same, share })
    }
}
