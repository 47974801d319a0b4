//! Tasks go where their programs go: to their splits, and away with duplicates.

use std::collections::{HashMap, HashSet};

use pyprior_data::tasks::{Kind, Layout};
use pyprior_data::{Dedup, DedupError, Description, Duplicates, Format, SplitDescription};
use serde_json::Value;

use crate::common::dedup::{MUCH, run};
use crate::common::{Folder, all, part, with_functions};

const SPLITS: [&str; 3] = ["train", "looping", "test"];

/// Programs of few words, so that many are equal, in several splits.
fn described(layout: Layout) -> Description {
    let mut description = with_functions(1_200, 500);
    description.duplicates = Duplicates::Keep;
    description.language.max_len = Some(16);
    description.language.value_range = (0, 2);
    description.language.max_block_stmts = 2;
    description.splits = vec![
        SplitDescription { name: "looping".into(), holds: Some("count_for > 0".into()), share: None },
        SplitDescription { name: "test".into(), holds: None, share: Some(0.3) },
    ];
    description.tasks.kinds = Kind::ALL.to_vec();
    description.tasks.layout = layout;
    description.tasks.length = 64;
    description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::Npy];
    description.write.group_rows = 100;
    description
}

/// The rows of a table's split, of all shards.
fn rows(folder: &Folder, table: &str, split: &str) -> Vec<Value> {
    let start = format!("{table}/{split}-");
    let files = folder.files().into_iter().filter(|(name, _)| name.starts_with(&start) && name.ends_with(".jsonl"));
    let text = files.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn tasks_are_in_the_splits_of_their_programs() {
    let description = described(Layout::Plain);
    let (folder, other) = (Folder::new("split-tasks"), Folder::new("split-tasks-parts"));
    let summary = all(&description, folder.path()).unwrap();
    for text in ["1/2", "0/2"] {
        part(&description, other.path(), 1, text).unwrap();
    }
    assert!(folder.files() == other.files());
    let mut programs = HashMap::new();
    for split in SPLITS {
        for row in rows(&folder, "jsonl", split) {
            programs.insert(row["id"].as_u64().unwrap(), (split, row));
        }
    }
    assert_eq!(programs.len(), 1_200);
    for kind in Kind::ALL {
        let (mut count, mut with_tasks) = (0, HashSet::new());
        for split in SPLITS {
            let tasks = rows(&folder, kind.name(), split);
            assert!(tasks.len() > 20, "{kind:?} {split}");
            // In every file in the order of programs.
            assert!(tasks.is_sorted_by_key(|task| (task["program"].as_u64(), task["example"].as_u64())));
            for task in tasks {
                let id = task["program"].as_u64().unwrap();
                let (of, program) = &programs[&id];
                assert_eq!((*of, &program["row"]), (split, &task["row"]));
                let verification: Value = serde_json::from_str(task["verification"].as_str().unwrap()).unwrap();
                let source = if kind == Kind::Induction { &task["answer"] } else { &verification["source"] };
                assert_eq!(source, &program["source"]);
                with_tasks.insert(id);
                count += 1;
            }
        }
        assert_eq!(summary.counts.tables[kind.name()].tasks, count);
        // All programs have examples.
        if kind == Kind::Deduction {
            assert_eq!(with_tasks.len(), 1_200);
        }
    }
}

/// The numbers in an array of NumPy, and what its header says.
fn array(bytes: &[u8], size: usize) -> (Vec<u64>, String) {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    (bytes[128..].chunks(size).map(number).collect(), String::from_utf8_lossy(&bytes[..128]).into_owned())
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

#[test]
fn tasks_of_lost_programs_are_lost() {
    for layout in [Layout::Plain, Layout::Padded] {
        let description = described(layout);
        let (from, to) = (Folder::new("tasks-from"), Folder::new("tasks-to"));
        all(&description, from.path()).unwrap();
        let pass = Dedup { by: Duplicates::Tokens, max_per_shape: 4 };
        let summary = run(from.path(), to.path(), pass, 2, MUCH).unwrap();
        assert!(summary.kept > 100 && summary.rows - summary.kept > 100, "{summary:?}");
        let kept = SPLITS.iter().flat_map(|split| rows(&to, "jsonl", split));
        let kept = kept.map(|row| row["id"].as_u64().unwrap()).collect::<HashSet<_>>();
        assert_eq!(kept.len() as u64, summary.kept);
        let files = to.files();
        let report: Value = serde_json::from_slice(&files["report.json"]).unwrap();
        for kind in Kind::ALL {
            let mut count = 0;
            for split in SPLITS {
                let (before, after) = (rows(&from, kind.name(), split), rows(&to, kind.name(), split));
                let stay = before.iter().filter(|task| kept.contains(&task["program"].as_u64().unwrap()));
                let stay = stay.cloned().collect::<Vec<_>>();
                assert!(after == stay && after.len() < before.len(), "{kind:?} {split}");
                assert_eq!(report["tables"][kind.name()][split]["rows"], after.len() as u64);
                count += after.len();
                // The same rows as arrays.
                let (mut tokens, mut masks) = (Vec::new(), Vec::new());
                for shard in 0..3 {
                    let file = |end: &str| &files[&format!("{}/{split}-{shard:05}-of-00003.{end}.npy", kind.name())];
                    let ((all_tokens, header), (all_masks, _)) =
                        (array(file("tokens"), 2), array(file("loss_mask"), 1));
                    if layout == Layout::Plain {
                        let (offsets, _) = array(&file("offsets")[..], 8);
                        for pair in offsets.windows(2) {
                            tokens.push(all_tokens[pair[0] as usize..pair[1] as usize].to_vec());
                            masks.push(all_masks[pair[0] as usize..pair[1] as usize].to_vec());
                        }
                        assert_eq!(offsets.last(), Some(&(all_tokens.len() as u64)));
                    } else {
                        assert!(header.contains(&format!("'shape': ({}, 64)", all_tokens.len() / 64)), "{header}");
                        tokens.extend(all_tokens.chunks(64).map(<[_]>::to_vec));
                        masks.extend(all_masks.chunks(64).map(<[_]>::to_vec));
                    }
                }
                assert!(tokens.iter().eq(after.iter().map(|task| numbers(&task["tokens"])).collect::<Vec<_>>().iter()));
                assert!(
                    masks.iter().eq(after.iter().map(|task| numbers(&task["loss_mask"])).collect::<Vec<_>>().iter())
                );
            }
            assert_eq!(report["yield"]["tables"][kind.name()]["tasks"], count as u64);
        }
        let splits = &report["yield"]["splits"];
        assert!(SPLITS.iter().all(|split| splits[split] == rows(&to, "jsonl", split).len() as u64), "{splits}");
    }
}

#[test]
fn packed_tasks_are_refused() {
    let description = described(Layout::Packed);
    let (from, to) = (Folder::new("packed-from"), Folder::new("packed-to"));
    all(&description, from.path()).unwrap();
    let pass = Dedup { by: Duplicates::Tokens, max_per_shape: 0 };
    let error = run(from.path(), to.path(), pass, 2, MUCH).unwrap_err();
    assert!(matches!(&error, DedupError::Packed { path } if path.ends_with("deduction_packed")), "{error}");
    assert!(to.files().is_empty());
}

#[test]
fn tasks_of_programs_without_ids() {
    let without_ids = |splits: bool| {
        let mut description = described(Layout::Plain);
        description.write.columns = vec!["row".into(), "tokens".into()];
        if !splits {
            description.splits.clear();
        }
        description
    };
    let pass = Dedup { by: Duplicates::Tokens, max_per_shape: 0 };
    // A single table has its rows in the order of their ids, once.
    let (from, to, again) = (Folder::new("bare-from"), Folder::new("bare-to"), Folder::new("bare-again"));
    let (numbered, reference) = (Folder::new("numbered-from"), Folder::new("numbered-to"));
    let mut description = without_ids(false);
    all(&description, from.path()).unwrap();
    run(from.path(), to.path(), pass, 2, MUCH).unwrap();
    description.write.columns = vec!["id".into(), "row".into(), "tokens".into()];
    all(&description, numbered.path()).unwrap();
    run(numbered.path(), reference.path(), pass, 2, MUCH).unwrap();
    assert_eq!(rows(&to, "deduction", "train"), rows(&reference, "deduction", "train"));
    let refused = |from: &Folder, to: &Folder| {
        let error = run(from.path(), to.path(), pass, 2, MUCH).unwrap_err();
        assert!(matches!(&error, DedupError::Column { column: "id", .. }), "{error}");
        assert!(to.files().is_empty());
    };
    refused(&to, &again);
    // Where programs are in several tables, nobody knows which of them a task means.
    let split = Folder::new("bare-split");
    all(&without_ids(true), split.path()).unwrap();
    refused(&split, &again);
}
