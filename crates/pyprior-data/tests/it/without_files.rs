//! Rows as they are made are those of the files.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use pyprior_data::{DataError, Description, Job, SplitDescription, StreamSettings, stream};

use crate::common::{Folder, all, read, with_functions};

fn description() -> Description {
    let mut description = with_functions(500, 200);
    description.splits = vec![SplitDescription { name: "test".to_owned(), holds: None, share: Some(0.3) }];
    description.tasks = toml::from_str("kinds = [\"deduction\"]\nlayout = \"packed\"\nlength = 96").unwrap();
    description
}

fn settings(shards: &[u64], table: &str, split: &str, group_rows: u32) -> StreamSettings {
    let (table, split) = (table.to_owned(), split.to_owned());
    StreamSettings { shards: shards.to_vec(), table, split, group_rows, ahead: 1, threads: 2 }
}

#[test]
fn every_table_and_split_in_groups_of_any_size() {
    let folder = Folder::new("without-files");
    all(&description(), folder.path()).unwrap();
    let job = Arc::new(Job::new(description()).unwrap());
    for (table, place) in [("programs", "data"), ("deduction", "deduction"), ("deduction_packed", "deduction_packed")] {
        for split in ["train", "test"] {
            for group_rows in [1, 7, 100_000] {
                let mut made = stream(&job, settings(&[2, 0, 2], table, split, group_rows)).unwrap();
                let schema = Arc::clone(made.schema());
                let groups = made.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
                assert!(made.next().is_none());
                assert!(groups.iter().all(|rows| (1..=group_rows as usize).contains(&rows.columns().len())));
                let path = |shard| PathBuf::from(format!("{place}/{split}-{shard:05}-of-00003.parquet"));
                let file = |shard: u64| read(&folder.path().join(path(shard))).0;
                let files = [2, 0, 2].into_iter().flat_map(file).collect::<Vec<_>>();
                let batches = groups.iter().map(|rows| rows.record_batch().unwrap()).collect::<Vec<RecordBatch>>();
                let whole = |batches: &[RecordBatch]| concat_batches(&schema, batches).unwrap();
                assert_eq!(whole(&batches).columns(), whole(&files).columns(), "{table} {split} {group_rows}");
                assert!(whole(&files).num_rows() > 20);
                let shards = groups.iter().map(|rows| rows.shard()).collect::<Vec<_>>();
                assert!(shards.windows(2).filter(|pair| pair[0] != pair[1]).count() == 2, "{shards:?}");
            }
        }
    }
}

#[test]
fn an_error_comes_behind_the_rows_and_what_is_not_there_before_them() {
    let few = Description { rows: 5_000, keep: vec!["length == 3".to_owned()], patience: 50, ..Description::default() };
    let job = Arc::new(Job::new(few).unwrap());
    let told = stream(&job, settings(&[0], "programs", "train", 50)).unwrap().collect::<Vec<_>>();
    assert!(told.len() > 1 && told[..told.len() - 1].iter().all(Result::is_ok));
    assert!(matches!(told.last().unwrap(), Err(DataError::Patience { shard: 0, .. })));
    assert!(matches!(stream(&job, settings(&[1], "programs", "train", 50)), Err(DataError::NoShard { .. })));
    assert!(matches!(stream(&job, settings(&[0], "trace", "train", 50)), Err(DataError::NoTable { .. })));
    assert!(matches!(stream(&job, settings(&[0], "programs", "test", 50)), Err(DataError::NoSplit { .. })));
}

#[test]
fn who_cannot_wait_is_told_so() {
    let job = Arc::new(Job::new(Description { rows: 1_000, ..Description::default() }).unwrap());
    let mut rows = stream(&job, settings(&[0], "programs", "train", 1_000)).unwrap();
    let mut found = 0;
    loop {
        match rows.next_within(Duration::from_micros(10)) {
            Poll::Pending => {}
            Poll::Ready(Some(rows)) => found += rows.unwrap().columns().len(),
            Poll::Ready(None) => break,
        }
    }
    assert_eq!(found, 1_000);
    assert!(matches!(rows.next_within(Duration::ZERO), Poll::Ready(None)));
}
