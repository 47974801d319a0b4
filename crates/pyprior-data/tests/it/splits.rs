//! Splits: a function of the program, in every shard and dataset; files and counts are those of the rows.

use std::collections::{HashMap, HashSet};

use pyprior_data::{DataError, Description, Duplicates, Format, Job, SourceDescription, SplitDescription};
use serde_json::Value;

use crate::common::{Folder, all, part, small};

fn share(name: &str, share: f64) -> SplitDescription {
    SplitDescription { name: name.to_owned(), holds: None, share: Some(share) }
}

fn holds(name: &str, text: &str) -> SplitDescription {
    SplitDescription { name: name.to_owned(), holds: Some(text.to_owned()), share: None }
}

fn described(rows: u64, shard_rows: u64) -> Description {
    let mut description = small(rows, shard_rows);
    description.duplicates = Duplicates::Keep;
    description.splits = vec![
        holds("long", "length > 24"),
        holds("both", "count_for > 0 and count_if > 0"),
        share("validation", 0.2),
        share("test", 0.1),
    ];
    description.write.formats = vec![Format::Jsonl];
    description
}

const NAMES: [&str; 5] = ["train", "long", "both", "validation", "test"];

/// The rows of every file of a split.
fn rows(folder: &Folder, split: &str) -> Vec<Value> {
    let files = folder.files().into_iter().filter(|(name, _)| name.starts_with(&format!("jsonl/{split}-")));
    let text = files.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_same_program_is_in_the_same_split() {
    let mut split_of = HashMap::<String, &str>::new();
    let mut again = 0;
    // Other seeds, sources, filters and shards: the split of a program is the same.
    for (seed, keep, uniform) in [(1, vec![], false), (2, vec!["prints".to_owned()], false), (3, vec![], true)] {
        let mut description = described(3_000, 700);
        description.seed = seed;
        description.keep = keep;
        description.language.value_range = (0, 3);
        if uniform {
            description.source = SourceDescription::Uniform;
        }
        let folder = Folder::new("splits");
        let summary = all(&description, folder.path()).unwrap();
        let mut ids = HashSet::new();
        for split in NAMES {
            let rows = rows(&folder, split);
            assert_eq!(summary.counts.splits.get(split), rows.len() as u64);
            for row in rows {
                let id = row["id"].as_u64().unwrap();
                assert!(ids.insert(id) && id < description.rows);
                assert_eq!(split == "long", row["length"].as_u64().unwrap() > 24);
                let both = row["count_for"] != 0 && row["count_if"] != 0;
                assert_eq!(split == "both", split != "long" && both);
                if let Some(before) = split_of.insert(row["tokens"].to_string(), split) {
                    assert_eq!(before, split);
                    again += 1;
                }
            }
        }
        assert_eq!((ids.len(), summary.counts.splits.total()), (3_000, 3_000));
    }
    assert!(again > 500, "{again}");
    // Shares by hash, of different programs: five standard deviations.
    let count = |split: &str| split_of.values().filter(|&&other| other == split).count() as f64;
    let hashed = count("train") + count("validation") + count("test");
    for (split, share) in [("train", 0.7), ("validation", 0.2), ("test", 0.1)] {
        let deviation = (hashed * share * (1.0 - share)).sqrt();
        assert!((count(split) - hashed * share).abs() < 5.0 * deviation, "{} of {hashed} in {split}", count(split));
    }
}

#[test]
fn where_a_vocabulary_begins_does_not_show() {
    let description = Description { splits: vec![share("test", 0.3)], ..described(1_000, 1_000) };
    let mut behind = description.clone();
    behind.language.base_vocab = 1_000;
    let (folder, other) = (Folder::new("splits"), Folder::new("splits-behind"));
    all(&description, folder.path()).unwrap();
    all(&behind, other.path()).unwrap();
    let numbers = |folder: &Folder| rows(folder, "test").iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert!(numbers(&folder).len() > 200 && numbers(&folder) == numbers(&other));
}

#[test]
fn bytes_do_not_show_threads() {
    let mut description = described(4_000, 900);
    description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::Npy];
    description.write.group_rows = 100;
    let (one, many) = (Folder::new("splits-one"), Folder::new("splits-many"));
    part(&description, one.path(), 1, "0/1").unwrap();
    for text in ["1/2", "0/2"] {
        part(&description, many.path(), 3, text).unwrap();
    }
    assert!(one.files() == many.files());
    // Five shards of five splits in four files each, the record of each shard, the manifest, the card and two reports.
    assert_eq!(one.files().len(), 5 * 5 * 4 + 5 + 1 + 3);
}

fn refusal(splits: Vec<SplitDescription>) -> String {
    match Job::new(Description { splits, ..Description::default() }) {
        Err(DataError::Description(error)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for column in ["row", "seed", "log_model"] {
        let told = refusal(vec![holds("a", &format!("{column} > 3"))]);
        assert!(
            told.starts_with(&format!("splits.where: column {column:?} does not follow from the program alone")),
            "{told}"
        );
    }
    // Inputs are drawn by seed and row; a trace is that of the program.
    let told = refusal(vec![holds("a", "has_examples")]);
    assert!(told.starts_with("splits.where: column \"examples\" does not follow from the program alone"), "{told}");
    let splits = vec![holds("a", "trace_status == \"whole\"")];
    Job::new(Description { splits, ..Description::default() }).unwrap();
    assert!(refusal(vec![holds("a", "id > 3")]).contains("column \"id\" cannot be used here"));
    let told = refusal(vec![share("a", 0.7), share("b", 0.4)]);
    assert!(told.starts_with("splits.share: shares add up to 1.1"), "{told}");
    let told = refusal(vec![share("train", 0.7), share("b", 0.2)]);
    assert!(told.starts_with("splits.share: shares add up to 0.89"), "{told}");
    assert_eq!(refusal(vec![share("a", 0.0)]), "splits.share is 0; it must be more than 0 and at most 1");
    assert_eq!(refusal(vec![share("a", f64::NAN)]), "splits.share is NaN; it must be more than 0 and at most 1");
    assert_eq!(refusal(vec![share("a", 0.1), share("a", 0.1)]), "splits lists \"a\" twice");
    assert_eq!(
        refusal(vec![share("a-b", 0.1)]),
        "splits.name is \"a-b\"; it must be lower-case letters, digits and _, and not \"all\""
    );
    let both = SplitDescription { share: Some(0.5), ..holds("a", "prints") };
    assert_eq!(refusal(vec![both]), "splits is \"a\"; it must be an entry with either where or share");
    // Shares that name what is left as well.
    let splits = vec![share("train", 0.9), share("validation", 0.05), share("test", 0.05)];
    Job::new(Description { splits, ..Description::default() }).unwrap();
}
