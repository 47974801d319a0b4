//! Which rows stay when a dataset is deduplicated: as sets in memory have it, however the work is done.

use std::collections::HashSet;

use pyprior_data::columns::{COLUMNS, EXAMPLE_COLUMNS};
use pyprior_data::{Dedup, Description, Duplicates, Manifest, ShardRecord, SplitDescription};
use serde_json::Value;

use crate::common::dedup::{MUCH, crowded, programs, run, staying};
use crate::common::{Folder, all, read, with_functions};

const PASSES: [Dedup; 5] = [
    Dedup { by: Duplicates::Tokens, max_per_shape: 0 },
    Dedup { by: Duplicates::Behaviour, max_per_shape: 0 },
    Dedup { by: Duplicates::Keep, max_per_shape: 4 },
    Dedup { by: Duplicates::Tokens, max_per_shape: 3 },
    Dedup { by: Duplicates::Behaviour, max_per_shape: 1 },
];

fn made(description: &Description) -> Folder {
    let folder = Folder::new("crowded");
    all(description, folder.path()).unwrap();
    folder
}

fn ids(folder: &Folder) -> Vec<u64> {
    programs(folder, "data/").into_iter().map(|(id, _)| id).collect()
}

#[test]
fn what_stays_is_what_sets_say() {
    let mut description = crowded(9_000, 2_000);
    description.write.group_rows = 300;
    let from = made(&description);
    let rows = programs(&from, "data/");
    assert_eq!(rows.len(), 9_000);
    let mut fewest = usize::MAX;
    for pass in PASSES {
        let to = Folder::new("stays");
        let summary = run(from.path(), to.path(), pass, 2, MUCH).unwrap();
        let stay = staying(&description, &rows, pass);
        assert_eq!(ids(&to), stay, "{pass:?}");
        // Rows are what they were.
        let kept = programs(&to, "data/");
        assert!(kept.iter().all(|(id, tokens)| rows[*id as usize] == (*id, tokens.clone())));
        assert_eq!((summary.rows, summary.kept, summary.made), (9_000, stay.len() as u64, 5));
        assert_eq!(summary.duplicates + summary.crowded + summary.kept, 9_000);
        assert_eq!(summary.crowded > 0, pass.max_per_shape > 0, "{pass:?}");
        assert!(summary.kept > 30 && summary.kept < 8_000, "{pass:?}: {summary:?}");
        fewest = fewest.min(stay.len());
        // Every candidate is accounted for, shard by shard.
        for (name, bytes) in to.files().iter().filter(|(name, _)| name.starts_with("manifest/shard-")) {
            let record: ShardRecord = serde_json::from_slice(bytes).unwrap();
            let counts = &record.counts;
            assert_eq!(counts.candidates, counts.rows + counts.duplicates + counts.crowded, "{name}");
        }
        // Nothing is left of the work.
        assert!(to.files().keys().all(|name| !name.contains(".dedup") && !name.ends_with(".part")));
        // A second call finds all done.
        let again = run(from.path(), to.path(), pass, 2, MUCH).unwrap();
        assert_eq!((again.found, again.made, again.kept, again.scratch_bytes), (5, 0, summary.kept, 0));
        assert_eq!((again.duplicates, again.crowded), (summary.duplicates, summary.crowded));
    }
    // They differ.
    assert!(fewest < staying(&description, &rows, PASSES[0]).len() / 2);
}

#[test]
fn threads_and_memory_do_not_show() {
    let mut description = crowded(12_000, 1_700);
    description.write.group_rows = 256;
    let from = made(&description);
    for pass in [PASSES[3], PASSES[4]] {
        let reference = Folder::new("reference");
        let summary = run(from.path(), reference.path(), pass, 1, MUCH).unwrap();
        assert_eq!(summary.scratch_bytes, 24 * 12_000);
        // 12,000 keys of 72 bytes, in halves of this memory: in up to 128 files.
        for (threads, memory) in [(2, MUCH), (3, 1 << 17), (2, 1 << 15), (1, 20_000)] {
            let to = Folder::new("other");
            run(from.path(), to.path(), pass, threads, memory).unwrap();
            assert!(to.files() == reference.files(), "{threads} threads, {memory} bytes");
        }
    }
}

#[test]
fn metadata_and_columns_stay() {
    let from = made(&crowded(500, 300));
    let to = Folder::new("metadata");
    run(from.path(), to.path(), PASSES[3], 2, MUCH).unwrap();
    for name in ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"] {
        let ((before, said), (after, says)) = (read(&from.path().join(name)), read(&to.path().join(name)));
        assert_eq!(said, says);
        assert_eq!(before[0].schema(), after[0].schema());
        let kept = ids(&to).into_iter().collect::<HashSet<_>>();
        let column = |batches: &[arrow_array::RecordBatch], keep: &dyn Fn(u64) -> bool| {
            let mut rows = Vec::new();
            for batch in batches {
                let ids = arrow_array::cast::AsArray::as_primitive::<arrow_array::types::UInt64Type>(batch.column(0));
                let kept = ids.values().iter().enumerate().filter(|(_, id)| keep(**id));
                // A row as Arrow itself shows it.
                rows.extend(kept.map(|(nth, _)| format!("{:?}", batch.slice(nth, 1))));
            }
            rows
        };
        assert_eq!(column(&before, &|id| kept.contains(&id)), column(&after, &|_| true));
    }
    let manifest: Value = serde_json::from_slice(&to.files()["manifest/dataset.json"]).unwrap();
    let made_by = format!("pyprior {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["dedup"], serde_json::json!([{ "by": "tokens", "max_per_shape": 3, "made_by": made_by }]));
}

#[test]
fn one_pass_after_another() {
    let description = crowded(4_000, 900);
    let from = made(&description);
    let (tokens, both, behaviour) = (Folder::new("tokens"), Folder::new("both"), Folder::new("behaviour"));
    run(from.path(), tokens.path(), PASSES[0], 2, MUCH).unwrap();
    run(tokens.path(), both.path(), PASSES[1], 2, MUCH).unwrap();
    run(from.path(), behaviour.path(), PASSES[1], 2, MUCH).unwrap();
    // Equal programs do the same.
    assert_eq!(ids(&both), ids(&behaviour));
    let again = Folder::new("again");
    let summary = run(both.path(), again.path(), PASSES[0], 2, MUCH).unwrap();
    assert_eq!((summary.kept, summary.rows), (ids(&both).len() as u64, ids(&both).len() as u64));
    let manifest: Value = serde_json::from_slice(&again.files()["manifest/dataset.json"]).unwrap();
    assert_eq!(manifest["dedup"].as_array().unwrap().len(), 3);
}

#[test]
fn rows_without_ids_have_the_places_that_they_would_have() {
    let mut description = crowded(3_000, 700);
    let numbered = made(&description);
    description.write.columns = vec!["row".into(), "tokens".into()];
    let bare = made(&description);
    let (left, right) = (Folder::new("numbered"), Folder::new("bare"));
    let before = run(numbered.path(), left.path(), PASSES[3], 2, MUCH).unwrap();
    let after = run(bare.path(), right.path(), PASSES[3], 2, MUCH).unwrap();
    assert_eq!(before, after);
    let rows = |folder: &Folder| {
        let names = folder.files().into_keys().filter(|name| name.starts_with("data/"));
        let batches = names.flat_map(|name| read(&folder.path().join(name)).0).collect::<Vec<_>>();
        let column = |batch: &arrow_array::RecordBatch| format!("{:?}", batch.column_by_name("row").unwrap());
        batches.iter().map(column).collect::<Vec<_>>()
    };
    assert_eq!(rows(&left), rows(&right));
}

#[test]
fn statistics_are_those_of_the_rows_that_stay() {
    let statistics = |folder: &Folder| {
        let records = folder.files().into_iter().filter(|(name, _)| name.starts_with("manifest/shard-"));
        let records = records.map(|(_, bytes)| serde_json::from_slice::<ShardRecord>(&bytes).unwrap());
        records.map(|record| record.statistics).collect::<Vec<_>>()
    };
    // Of everything that can be written, in two splits. If all stay, they are what they were.
    let mut description = with_functions(600, 250);
    description.duplicates = Duplicates::Keep;
    description.splits = vec![SplitDescription { name: "test".into(), holds: None, share: Some(0.3) }];
    description.write.columns = COLUMNS.iter().chain(&EXAMPLE_COLUMNS).map(|column| column.name.to_owned()).collect();
    let (from, to) = (made(&description), Folder::new("all"));
    run(from.path(), to.path(), Dedup { by: Duplicates::Keep, max_per_shape: 1_000 }, 2, MUCH).unwrap();
    assert!(!statistics(&from)[0].lengths.is_empty() && statistics(&from) == statistics(&to));
    // If not, they are fewer: here every program is what its duplicates within the shard are.
    let (description, fewer) = (crowded(900, 900), Folder::new("fewer"));
    let (many, mut once) = (made(&description), description.clone());
    run(many.path(), fewer.path(), PASSES[0], 2, MUCH).unwrap();
    let kept = ids(&fewer).len() as u64;
    assert!(kept < 800);
    (once.rows, once.shard_rows, once.duplicates) = (kept, kept, Duplicates::Tokens);
    assert_eq!(statistics(&made(&once)), statistics(&fewer));
}

#[test]
fn bins_of_rows_that_stay_are_not_known() {
    let mut description = crowded(2_000, 900);
    let target = "control = { pilot = 2000, hold = [], targets = [{ of = \"length\", range = [3, 10], bins = 2 }] }";
    description.control = Description::from_toml(target).unwrap().control;
    let (from, to) = (made(&description), Folder::new("bins"));
    run(from.path(), to.path(), PASSES[0], 2, MUCH).unwrap();
    let manifest: Manifest = serde_json::from_slice(&to.files()["manifest/dataset.json"]).unwrap();
    let record: ShardRecord = serde_json::from_slice(&to.files()["manifest/shard-00000.json"]).unwrap();
    assert!(record.counts.bins.is_empty() && manifest.compare(&record.counts).is_empty());
    let manifest: Manifest = serde_json::from_slice(&from.files()["manifest/dataset.json"]).unwrap();
    let record: ShardRecord = serde_json::from_slice(&from.files()["manifest/shard-00000.json"]).unwrap();
    assert_eq!(manifest.compare(&record.counts).len(), 2);
}

#[test]
fn programs_of_a_wide_vocabulary() {
    let mut description = crowded(1_000, 400);
    description.language.base_vocab = 70_000;
    let from = made(&description);
    let mut narrow = description.clone();
    narrow.language.base_vocab = 0;
    let other = made(&narrow);
    let (wide, small) = (Folder::new("wide"), Folder::new("small"));
    let left = run(from.path(), wide.path(), PASSES[4], 2, MUCH).unwrap();
    assert_eq!(left, run(other.path(), small.path(), PASSES[4], 2, MUCH).unwrap());
    assert!(left.duplicates > 100);
}
