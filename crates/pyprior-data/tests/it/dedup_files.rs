//! Every file of a shard is without the rows that are left out: other formats, tables that join, several tables.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use pyprior_data::{Dedup, Duplicates, FileRecord, Format, ShardRecord};
use serde_json::Value;

use crate::common::dedup::{MUCH, crowded, programs, run, staying};
use crate::common::{Folder, all, read};

const PASS: Dedup = Dedup { by: Duplicates::Tokens, max_per_shape: 5 };

fn kept(folder: &Folder) -> HashSet<u64> {
    programs(folder, "data/").into_iter().map(|(id, _)| id).collect()
}

/// The numbers in an array of NumPy with a header of 128 bytes.
fn array(bytes: &[u8], width: usize) -> Vec<u64> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    bytes[128..].chunks(width).map(number).collect()
}

#[test]
fn other_formats_have_the_same_rows() {
    let mut description = crowded(2_500, 800);
    description.write.formats = vec![Format::Npy, Format::Jsonl, Format::Parquet, Format::JsonlZst];
    description.write.group_rows = 128;
    let (from, to) = (Folder::new("formats"), Folder::new("fewer"));
    all(&description, from.path()).unwrap();
    run(from.path(), to.path(), PASS, 2, MUCH).unwrap();
    let (before, after, kept) = (from.files(), to.files(), kept(&to));
    // The same names, and as many.
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(kept.len() > 50 && kept.len() < 2_000);
    let mut tokens = Vec::<Vec<u32>>::new();
    for (name, bytes) in &before {
        let record: Option<ShardRecord> =
            name.starts_with("manifest/shard-").then(|| serde_json::from_slice(bytes).unwrap());
        if let Some(record) = record {
            let written: ShardRecord = serde_json::from_slice(&after[name]).unwrap();
            let paths = |record: &ShardRecord| record.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
            assert_eq!(paths(&record), paths(&written));
            assert!(written.files.iter().all(|file| file.bytes == after[&file.path].len() as u64));
        }
        let text = |bytes: &[u8]| match name {
            name if name.ends_with(".zst") => String::from_utf8(zstd::decode_all(bytes).unwrap()).unwrap(),
            _ => String::from_utf8(bytes.to_vec()).unwrap(),
        };
        if name.starts_with("jsonl/") {
            let id = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap();
            let (before, after) = (text(bytes), text(&after[name]));
            let lines = before.lines().filter(|line| kept.contains(&id(line))).collect::<Vec<_>>();
            assert_eq!(lines, after.lines().collect::<Vec<_>>(), "{name}");
        }
        if let Some(stem) = name.strip_suffix(".tokens.npy") {
            let values = array(&after[name], 2);
            let offsets = array(&after[&format!("{stem}.offsets.npy")], 8);
            assert!(String::from_utf8_lossy(&after[name][..128]).contains(&format!("({},)", values.len())));
            let program =
                |pair: &[u64]| values[pair[0] as usize..pair[1] as usize].iter().map(|&id| id as u32).collect();
            tokens.extend(offsets.windows(2).map(program));
            assert_eq!(offsets.last(), Some(&(values.len() as u64)));
        }
    }
    let rows = programs(&to, "data/").into_iter().map(|(_, tokens)| tokens).collect::<Vec<Vec<u32>>>();
    assert_eq!(tokens, rows);
}

/// Writes a table with an entry `pyprior`, and says its record.
fn table(root: &Path, path: String, batch: &RecordBatch) -> FileRecord {
    let place = root.join(&path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let entry = KeyValue::new("pyprior".to_owned(), "{\"of\":\"a test\"}".to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![entry])).build();
    let file = fs::File::create(&place).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    FileRecord { path, bytes: fs::metadata(place).unwrap().len(), sha256: String::new(), rows: None, memory: None }
}

/// Changes the record of every shard.
fn with_records(folder: &Folder, change: impl Fn(&mut ShardRecord)) {
    for (name, bytes) in folder.files().iter().filter(|(name, _)| name.starts_with("manifest/shard-")) {
        let mut record = serde_json::from_slice(bytes).unwrap();
        change(&mut record);
        fs::write(folder.path().join(name), serde_json::to_string(&record).unwrap()).unwrap();
    }
}

#[test]
fn tables_that_join_lose_rows_of_lost_programs() {
    let (from, to) = (Folder::new("join"), Folder::new("joined"));
    let description = crowded(1_000, 400);
    all(&description, from.path()).unwrap();
    with_records(&from, |record| {
        let shard = record.shard;
        let last = 1_000.min(shard * 400 + 400);
        // Program i has i modulo 4 rows.
        let programs = (shard * 400..last).flat_map(|id| (0..id % 4).map(move |_| id)).collect::<Vec<_>>();
        let prompts = programs.iter().enumerate().map(|(nth, id)| format!("{nth} of {id}")).collect::<Vec<_>>();
        let columns: [(&str, ArrayRef); 2] = [
            ("prompt", Arc::new(StringArray::from(prompts.clone()))),
            ("program", Arc::new(UInt64Array::from(programs.clone()))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        record.files.push(table(from.path(), format!("deduction/train-{shard:05}-of-00003.parquet"), &batch));
        let lines = prompts.iter().zip(&programs);
        let lines = lines.map(|(prompt, id)| format!("{{\"prompt\":\"{prompt}\",\"program\":{id}}}\n"));
        let (path, lines) = (format!("jsonl/deduction-{shard:05}-of-00003.jsonl"), lines.collect::<String>());
        fs::create_dir_all(from.path().join("jsonl")).unwrap();
        fs::write(from.path().join(&path), &lines).unwrap();
        record.files.push(FileRecord {
            path,
            bytes: lines.len() as u64,
            sha256: String::new(),
            rows: None,
            memory: None,
        });
    });
    run(from.path(), to.path(), PASS, 2, MUCH).unwrap();
    let kept = kept(&to);
    for shard in 0..3 {
        let name = format!("deduction/train-{shard:05}-of-00003.parquet");
        let rows = |folder: &Folder| {
            let (batches, said) = read(&folder.path().join(&name));
            assert_eq!(said["of"], "a test");
            let mut rows = Vec::new();
            for batch in batches {
                let prompts = batch.column(0).as_string::<i32>();
                let ids = batch.column(1).as_primitive::<UInt64Type>().values();
                rows.extend(prompts.iter().map(|text| text.unwrap().to_owned()).zip(ids.iter().copied()));
            }
            rows
        };
        let stay = rows(&from).into_iter().filter(|(_, id)| kept.contains(id)).collect::<Vec<_>>();
        assert_eq!(rows(&to), stay);
        let text = fs::read_to_string(to.path().join(format!("jsonl/deduction-{shard:05}-of-00003.jsonl"))).unwrap();
        let line = |(prompt, id): &(String, u64)| format!("{{\"prompt\":\"{prompt}\",\"program\":{id}}}\n");
        assert_eq!(text, stay.iter().map(line).collect::<String>());
    }
}

#[test]
fn shards_of_several_tables() {
    let (from, split, to) = (Folder::new("one-table"), Folder::new("two-tables"), Folder::new("split"));
    let mut description = crowded(2_000, 700);
    description.write.group_rows = 90;
    all(&description, from.path()).unwrap();
    all(&description, split.path()).unwrap();
    with_records(&split, |record| {
        let name = record.files[0].path.clone();
        let batches = read(&split.path().join(&name)).0;
        let whole = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).unwrap();
        let ids = whole.column_by_name("id").unwrap().as_primitive::<UInt64Type>().values();
        // Every third row is another split's: places alternate between files.
        let part = |of: bool, name: &str| {
            let mask = ids.iter().map(|id| (id % 3 == 0) == of).collect::<Vec<_>>();
            let batch = arrow_select::filter::filter_record_batch(&whole, &BooleanArray::from(mask)).unwrap();
            table(split.path(), name.to_owned(), &batch)
        };
        record.files = vec![part(true, &name.replace("train", "test")), part(false, &name)];
    });
    for pass in [PASS, Dedup { by: Duplicates::Behaviour, max_per_shape: 2 }] {
        let _ = fs::remove_dir_all(to.path());
        run(split.path(), to.path(), pass, 2, 1 << 17).unwrap();
        let stay = staying(&description, &programs(&from, "data/"), pass);
        let found = [("data/test", true), ("data/train", false)];
        let found = found.map(|(kind, third)| (third, programs(&to, kind).into_iter().map(|(id, _)| id)));
        let found = found.into_iter().map(|(third, ids)| (third, ids.collect())).collect::<BTreeMap<_, Vec<_>>>();
        for (third, ids) in found {
            assert_eq!(ids, stay.iter().copied().filter(|id| (id % 3 == 0) == third).collect::<Vec<_>>(), "{third}");
        }
    }
}
