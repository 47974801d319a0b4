//! Programs to keys, over threads, and these to files in the order of places.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt16Type, UInt32Type};
use rayon::prelude::*;

use super::error::DedupError;
use super::input::{Input, Places, Source, Table};
use super::lost::Lost;
use super::memory::Memory;
use super::scatter::{Scatter, Scattered, Scratch};
use crate::behaviour::Behaviour;
use crate::error::ExamineError;
use crate::key::{Key, Shapes, of_tokens};

/// What is the same for programs of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Equal {
    Tokens,
    Behaviour,
    Shape,
}

/// Row groups that one thread reads: one, or all of a shard whose programs are in several tables, for their places
/// alternate. Memory is for as many rows.
struct Unit {
    groups: Vec<(Table, usize)>,
    places: Places,
    rows: u64,
}

/// Reads the programs of a dataset that are not lost yet, and writes their keys with their places, which ascend. Told after
/// every wave how many rows that were, `watch` may stop it.
pub(super) fn gather(
    input: &Input,
    equal: Equal,
    before: &[(Equal, Lost)],
    scratch: &Scratch,
    memory: &Memory,
    threads: &rayon::ThreadPool,
    watch: &dyn Fn(u64) -> Result<(), DedupError>,
) -> Result<Scattered, DedupError> {
    let mut waves = Waves {
        reader: Reader { input, equal, before, shapes: Shapes::new(input.language().vocab()) },
        threads,
        scatter: Scatter::create(scratch, memory)?,
        units: Vec::new(),
        rows: 0,
        next: 0,
        done: 0,
    };
    for shard in 0..input.manifest().shards {
        for unit in units(input, shard)? {
            let full =
                waves.rows + unit.rows > memory.wave_rows || waves.units.len() == 4 * threads.current_num_threads();
            if full && !waves.units.is_empty() {
                waves.flush()?;
                watch(waves.done)?;
            }
            waves.rows += unit.rows;
            waves.units.push(unit);
        }
    }
    waves.flush()?;
    watch(waves.done)?;
    waves.scatter.finish()
}

/// The row groups of a shard's tables of programs.
fn units(input: &Input, shard: u64) -> Result<Vec<Unit>, DedupError> {
    let record = input.record(shard)?;
    let files = input.files(&record)?;
    let tables = files.iter().filter_map(Source::programs).collect::<Vec<_>>();
    let several = tables.len() > 1;
    let mut places = Places { range: input.range(shard), rows: 0 };
    let mut units = Vec::<Unit>::new();
    for table in tables {
        for group in 0..table.groups() {
            let rows = table.rows(group);
            match units.last_mut() {
                Some(unit) if several => {
                    unit.groups.push((table.clone(), group));
                    unit.rows += rows;
                }
                _ => units.push(Unit { groups: vec![(table.clone(), group)], places, rows }),
            }
            places.rows += rows;
        }
    }
    Ok(units)
}

/// Units that wait to be read together, and what is done.
struct Waves<'a> {
    reader: Reader<'a>,
    threads: &'a rayon::ThreadPool,
    scatter: Scatter,
    units: Vec<Unit>,
    rows: u64,
    /// The least place that the next row may have.
    next: u64,
    done: u64,
}

impl Waves<'_> {
    fn flush(&mut self) -> Result<(), DedupError> {
        let reader = &self.reader;
        let read = || self.units.par_iter().map(|unit| reader.read(unit)).collect::<Vec<_>>();
        let all = self.threads.install(read);
        for (unit, records) in std::mem::take(&mut self.units).into_iter().zip(all) {
            for (nth, (place, key)) in (0..).zip(records?) {
                if place < self.next {
                    let path = unit.groups.first().map(|(table, _)| table.path.clone()).unwrap_or_default();
                    let super::input::Range { shard, first, end } = unit.places.range;
                    return Err(DedupError::Id { path, row: unit.places.rows + nth, id: place, shard, first, end });
                }
                self.next = place + 1;
                self.scatter.push(place, &key)?;
            }
            self.done += unit.rows;
        }
        self.rows = 0;
        Ok(())
    }
}

/// What threads share.
struct Reader<'a> {
    input: &'a Input,
    equal: Equal,
    before: &'a [(Equal, Lost)],
    shapes: Shapes,
}

impl Reader<'_> {
    /// The keys of a unit's programs with their places, in the order of these.
    fn read(&self, unit: &Unit) -> Result<Vec<(u64, Key)>, DedupError> {
        // Exactly: what a wave may take is told by its rows.
        let mut records = Vec::with_capacity(usize::try_from(unit.rows).unwrap_or(0));
        let mut places = unit.places;
        let mut behaviour = Behaviour::new(self.input.language(), self.input.manifest().description.limits);
        for (table, group) in &unit.groups {
            for batch in table.batches(*group, &["id", "tokens"])? {
                let batch = batch?;
                let places = places.of(table, &batch)?;
                each_program(table, &batch, |nth, tokens| {
                    let Some(&place) = places.get(nth) else { return Ok(()) };
                    if self.before.iter().any(|(_, lost)| lost.has(place)) {
                        return Ok(());
                    }
                    let key = match self.equal {
                        Equal::Tokens => of_tokens(tokens.iter().copied()),
                        Equal::Shape => self.shapes.key(tokens),
                        Equal::Behaviour => {
                            behaviour.key(self.input.language(), tokens).map_err(|source| DedupError::Program {
                                path: table.path.clone(),
                                id: place,
                                source: ExamineError::Compile(source),
                            })?
                        }
                    };
                    records.push((place, key));
                    Ok(())
                })?;
            }
        }
        // Which they are in already, where there is one table.
        records.sort_unstable_by_key(|(place, _)| *place);
        Ok(records)
    }
}

/// Calls `take` with each row's place in a batch and its tokens.
fn each_program(
    table: &Table,
    batch: &RecordBatch,
    mut take: impl FnMut(usize, &[u32]) -> Result<(), DedupError>,
) -> Result<(), DedupError> {
    let wanted = "a list of uint16 or uint32, none missing";
    let wrong = || DedupError::Column { path: table.path.clone(), column: "tokens", wanted };
    let lists = batch.column_by_name("tokens").and_then(|array| array.as_list_opt::<i32>()).ok_or_else(wrong)?;
    let values = lists.values();
    if arrow_array::Array::null_count(lists) + values.null_count() > 0 {
        return Err(wrong());
    }
    let narrow = values.as_primitive_opt::<UInt16Type>().map(|array| array.values());
    let wide = values.as_primitive_opt::<UInt32Type>().map(|array| array.values());
    let mut tokens = Vec::new();
    for (nth, ends) in lists.offsets().windows(2).enumerate() {
        let range = ends[0] as usize..ends[1] as usize;
        tokens.clear();
        match (narrow, wide) {
            (Some(values), _) => tokens.extend(values[range].iter().map(|&token| u32::from(token))),
            (_, Some(values)) => tokens.extend_from_slice(&values[range]),
            _ => return Err(wrong()),
        }
        take(nth, &tokens)?;
    }
    Ok(())
}
