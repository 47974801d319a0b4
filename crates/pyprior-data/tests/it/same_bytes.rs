//! The files depend on the description alone.

use crate::common::{Folder, all, part, small};
use pyprior_core::LanguageConfig;
use pyprior_core::exec::Limits;
use pyprior_data::{Description, Duplicates, Format, SourceDescription};

fn described() -> Description {
    let mut description = small(5_000, 1_300);
    description.keep = vec!["dead_stores == 0".to_owned(), "prints".to_owned()];
    description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::JsonlZst, Format::Npy];
    description.write.group_rows = 500;
    description
}

#[test]
fn for_any_number_of_threads() {
    let description = described();
    let reference = Folder::new("one-thread");
    part(&description, reference.path(), 1, "0/1").unwrap();
    let files = reference.files();
    // Four shards in five files each with their records; the manifest; the card and the report in two forms.
    assert_eq!(files.len(), 4 * 6 + 1 + 3);
    for threads in [2, 3, 7] {
        let folder = Folder::new("threads");
        part(&description, folder.path(), threads, "0/1").unwrap();
        assert!(folder.files() == files, "{threads} threads");
    }
}

#[test]
fn for_shards_made_apart_in_any_order() {
    let description = described();
    let (reference, folder) = (Folder::new("whole"), Folder::new("parts"));
    all(&description, reference.path()).unwrap();
    for text in ["2/3", "0/3", "1/3"] {
        part(&description, folder.path(), 2, text).unwrap();
    }
    assert!(folder.files() == reference.files());
}

#[test]
fn where_programs_print_much() {
    // Chunks end early, for they hold all that they may.
    let mut description = small(3_000, 3_000);
    description.source = SourceDescription::Uniform;
    description.limits = Limits { fuel: 60_000, output_bytes: 100_000, ..description.limits };
    description.language = LanguageConfig {
        exclude: ["if", "func", "CALL", "return", "assign"].map(str::to_owned).to_vec(),
        value_range: (400, 499),
        max_len: Some(12),
        ..LanguageConfig::default()
    };
    description.write.columns = vec!["row".into(), "stdout".into()];
    let (one, many) = (Folder::new("much-one"), Folder::new("much-many"));
    part(&description, one.path(), 1, "0/1").unwrap();
    part(&description, many.path(), 3, "0/1").unwrap();
    assert!(one.files() == many.files());
    let (batches, _) = crate::common::read(&one.path().join("data/train-00000-of-00001.parquet"));
    let stdout = batches.iter().map(|batch| batch.column_by_name("stdout").unwrap().get_array_memory_size());
    let bytes = stdout.sum::<usize>();
    assert!(bytes > 20 << 20, "{bytes} bytes are too little for this test");
}

#[test]
fn a_shard_does_not_know_of_rows_behind_it() {
    let (short, long) = (Folder::new("short"), Folder::new("long"));
    let (mut description, name) = (small(1_000, 500), |shards: u64| format!("jsonl/train-00001-of-{shards:05}.jsonl"));
    description.write.formats = vec![Format::Jsonl];
    description.duplicates = Duplicates::Behaviour;
    all(&description, short.path()).unwrap();
    description.rows = 1_500;
    all(&description, long.path()).unwrap();
    assert!(short.files()[&name(2)] == long.files()[&name(3)]);
}
