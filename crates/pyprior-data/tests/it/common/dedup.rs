//! Datasets with many duplicates, and what must stay of them.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt16Type, UInt64Type};
use pyprior_core::exec::{Machine, Program, Value};
use pyprior_core::{Form, Language, LanguageConfig};
use pyprior_data::{Dedup, DedupError, DedupSummary, DedupWork, Description, Duplicates, dedup};

use super::{Folder, NARROW, read};

/// Enough for any dataset of these tests, in one file a round.
pub(crate) const MUCH: u64 = 1 << 28;

/// Short programs of few words: most of them occur several times, in a shard and in others. Functions have up to 3 parameters.
pub(crate) fn crowded(rows: u64, shard_rows: u64) -> Description {
    Description {
        rows,
        shard_rows,
        seed: 3,
        limits: NARROW,
        duplicates: Duplicates::Keep,
        language: LanguageConfig {
            max_len: Some(12),
            value_range: (0, 2),
            max_arity: Some(3),
            ..LanguageConfig::default()
        },
        ..Description::default()
    }
}

/// Deduplicates on so many threads with so many bytes of memory.
pub(crate) fn run(
    from: &Path,
    to: &Path,
    pass: Dedup,
    threads: usize,
    memory: u64,
) -> Result<DedupSummary, DedupError> {
    let stop = AtomicBool::new(false);
    dedup(from, to, pass, &DedupWork { threads, memory, stop: &stop, progress: &|_| {} })
}

/// The rows of tables, one after the other: id and tokens.
pub(crate) fn programs(folder: &Folder, kind: &str) -> Vec<(u64, Vec<u32>)> {
    let names = folder.files().into_keys().filter(|name| name.starts_with(kind) && name.ends_with(".parquet"));
    let mut rows = Vec::new();
    for name in names {
        for batch in read(&folder.path().join(name)).0 {
            let ids = batch.column_by_name("id").unwrap().as_primitive::<UInt64Type>();
            let lists = batch.column_by_name("tokens").unwrap().as_list::<i32>();
            let tokens = lists.iter().map(|list| list.unwrap().as_primitive::<UInt16Type>().values().to_vec());
            let tokens = tokens.map(|tokens| tokens.into_iter().map(u32::from).collect());
            rows.extend(ids.values().iter().copied().zip(tokens));
        }
    }
    rows
}

/// What stays of programs by sets in memory.
pub(crate) fn staying(description: &Description, rows: &[(u64, Vec<u32>)], pass: Dedup) -> Vec<u64> {
    let language = Language::new(description.language.clone()).unwrap();
    let (mut seen, mut shapes) = (HashSet::new(), HashMap::<String, u64>::new());
    let mut stay = Vec::new();
    for (id, tokens) in rows {
        let same = match pass.by {
            Duplicates::Keep => id.to_string(),
            Duplicates::Tokens => format!("{tokens:?}"),
            Duplicates::Behaviour => behaviour(description, &language, tokens),
        };
        if !seen.insert(same) {
            continue;
        }
        let count = shapes.entry(shape(&language, tokens)).or_default();
        if pass.max_per_shape == 0 || *count < pass.max_per_shape {
            *count += 1;
            stay.push(*id);
        }
    }
    stay
}

/// What a program does, in words: all that it prints, and what its functions do.
pub(crate) fn behaviour(description: &Description, language: &Language, tokens: &[u32]) -> String {
    /// As the documentation has them.
    const ARGUMENTS: [[&[i64]; 8]; 4] = [
        [&[]; 8],
        [&[0], &[1], &[2], &[3], &[-1], &[5], &[10], &[100]],
        [&[0, 0], &[1, 1], &[2, 3], &[4, 3], &[-1, -2], &[5, -6], &[10, 7], &[100, -99]],
        [&[0, 0, 0], &[1, 1, 1], &[2, 3, 4], &[5, 4, 3], &[-1, -2, -3], &[5, -6, 7], &[10, 7, 4], &[100, -99, 98]],
    ];
    let program = Program::from_tokens(language, tokens).unwrap();
    let mut machine = Machine::new(description.limits);
    let module = machine.outcome(&program, None);
    let kind = module.error.map(|error| std::mem::discriminant(&error));
    let mut functions = Vec::new();
    for (number, arity) in program.functions() {
        let mut told = format!("{arity}");
        for list in ARGUMENTS[usize::from(arity)] {
            // A machine of its own: nothing is left of other calls.
            let mut machine = Machine::new(description.limits);
            let result = machine.call(&program, number, &list.iter().map(|&int| Value::Int(int)).collect::<Vec<_>>());
            let result = result.map(|value| value.to_string()).map_err(|error| std::mem::discriminant(&error));
            told += &format!(" {result:?} {:?}", machine.stdout());
        }
        functions.push(told);
    }
    functions.sort();
    format!("{kind:?} {:?} {functions:?}", module.stdout)
}

/// The shape of a program, in words.
pub(crate) fn shape(language: &Language, tokens: &[u32]) -> String {
    let vocab = language.vocab();
    let word = |&token: &u32| match vocab.form(token).unwrap() {
        form @ (Form::Func | Form::Var | Form::Const) => form.name().to_owned(),
        _ => vocab.name(token).unwrap().to_owned(),
    };
    tokens.iter().map(word).collect::<Vec<_>>().join(" ")
}
