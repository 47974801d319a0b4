//! Which programs stay: as the core's filter has it, and as plain sets do.

use std::collections::{HashMap, HashSet};

use pyprior_core::{Language, PriorConfig, ProgramFilter, ProgramSampler};
use pyprior_data::{CANDIDATES, Description, Duplicates, Format, Job};
use serde_json::Value;

use crate::common::dedup::{behaviour, shape};
use crate::common::{Folder, all, lines, small, with_functions};

/// Rows of a dataset written as JSON lines, shard after shard.
fn rows(description: &Description) -> (Vec<Value>, pyprior_data::Summary) {
    let folder = Folder::new("kept");
    let mut description = description.clone();
    description.write.formats = vec![Format::Jsonl];
    let summary = all(&description, folder.path()).unwrap();
    let files = folder.files().into_iter().filter(|(name, _)| name.starts_with("jsonl/"));
    let text = files.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), summary)
}

fn tokens(row: &Value) -> Vec<u32> {
    row["tokens"].as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32).collect()
}

/// The programs of a shard of `small`, from the first candidate on.
fn candidates(description: &Description, shard: u64, count: u64) -> Vec<(u64, Vec<u32>)> {
    let language = Language::new(description.language.clone()).unwrap();
    let sampler = ProgramSampler::with_prior(&language, PriorConfig::default(), description.seed).unwrap();
    let first = shard * CANDIDATES;
    let programs = sampler.sample(first..first + count).unwrap();
    (first..).zip(programs.iter().map(<[u32]>::to_vec)).collect()
}

#[test]
fn what_stays_is_what_the_filter_passes() {
    let mut description = small(700, 400);
    description.duplicates = Duplicates::Keep;
    description.keep =
        ["dead_stores == 0", "unused_functions == 0", "finished", "effective"].map(str::to_owned).to_vec();
    let (rows, summary) = rows(&description);
    assert_eq!((rows.len() as u64, summary.made), (700, 2));
    let language = Language::new(description.language.clone()).unwrap();
    let mut filter = ProgramFilter::with_limits(&language, description.limits);
    let mut found = rows.iter();
    for shard in 0..2 {
        let wanted = description.rows_of(shard) as usize;
        let passing = candidates(&description, shard, 20_000).into_iter();
        for (number, program) in passing.filter(|(_, program)| filter.check(program).is_ok()).take(wanted) {
            let row = found.next().unwrap();
            assert_eq!((row["row"].as_u64().unwrap(), tokens(row)), (number, program));
        }
    }
    assert!(found.next().is_none());
    let rejected = summary.counts.rejected.total();
    let names = summary.counts.rejected.iter().map(|(name, _)| name);
    assert!(names.eq(["dead_stores == 0", "unused_functions == 0", "finished", "effective"]));
    assert!(summary.counts.rejected.iter().all(|(_, count)| count > 0), "{:?}", summary.counts);
    assert_eq!(summary.counts.candidates, summary.counts.rows + rejected + summary.counts.duplicates);
}

#[test]
fn the_first_of_equal_programs_stays() {
    for duplicates in [Duplicates::Tokens, Duplicates::Behaviour] {
        let mut description = small(400, 250);
        description.language.max_len = Some(if duplicates == Duplicates::Tokens { 9 } else { 14 });
        description.language.value_range = (0, 2);
        description.language.max_arity = Some(3);
        description.duplicates = duplicates;
        let language = Language::new(description.language.clone()).unwrap();
        let (found, summary) = rows(&description);
        let mut found = found.iter();
        let mut dropped = 0;
        for shard in 0..2 {
            let (mut seen, mut stay) = (HashSet::new(), 0);
            for (number, program) in candidates(&description, shard, 1_000_000) {
                if stay == description.rows_of(shard) {
                    break;
                }
                let same = match duplicates {
                    Duplicates::Tokens => format!("{program:?}"),
                    _ => behaviour(&description, &language, &program),
                };
                if seen.insert(same) {
                    stay += 1;
                    let row = found.next().unwrap();
                    assert_eq!((row["row"].as_u64().unwrap(), tokens(row)), (number, program));
                } else {
                    dropped += 1;
                }
            }
        }
        assert!(found.next().is_none());
        assert!(dropped > 40, "{dropped}");
        assert_eq!(summary.counts.duplicates, dropped);
    }
}

#[test]
fn a_range_that_is_asked_for_twice_is_one_filter() {
    let mut description = small(50, 50);
    description.keep = vec!["length in 12..30".to_owned()];
    description.control = Description::from_toml("level = \"medium\"").unwrap().control;
    let (_, summary) = rows(&description);
    assert_eq!(summary.counts.rejected.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["length in 12..30"]);
    description.keep.push("length in (12)..30".to_owned());
    let told = Job::new(description).unwrap_err().to_string();
    assert_eq!(told, "keep lists \"length in 12..30\" twice");
}

#[test]
fn the_first_of_a_shape_stay() {
    for (duplicates, most) in [(Duplicates::Keep, 1), (Duplicates::Tokens, 3)] {
        let mut description = small(400, 250);
        description.language.max_len = Some(12);
        description.language.value_range = (0, 2);
        (description.duplicates, description.max_per_shape) = (duplicates, most);
        let language = Language::new(description.language.clone()).unwrap();
        let (found, summary) = rows(&description);
        let mut found = found.iter();
        let (mut twice, mut crowded) = (0, 0);
        for shard in 0..2 {
            let (mut seen, mut shapes, mut stay) = (HashSet::new(), HashMap::<_, u64>::new(), 0);
            for (number, program) in candidates(&description, shard, 1_000_000) {
                if stay == description.rows_of(shard) {
                    break;
                }
                if duplicates == Duplicates::Tokens && !seen.insert(program.clone()) {
                    twice += 1;
                    continue;
                }
                let count = shapes.entry(shape(&language, &program)).or_default();
                if *count == most {
                    crowded += 1;
                    continue;
                }
                *count += 1;
                stay += 1;
                let row = found.next().unwrap();
                assert_eq!((row["row"].as_u64().unwrap(), tokens(row)), (number, program));
            }
        }
        assert!(found.next().is_none());
        assert_eq!((summary.counts.duplicates, summary.counts.crowded), (twice, crowded));
        assert_eq!(summary.counts.candidates, summary.counts.rows + twice + crowded);
        assert!(crowded > 20 && (twice > 10) == (duplicates == Duplicates::Tokens), "{twice} {crowded}");
    }
}

#[test]
fn what_costs_most_is_found_out_last_and_changes_no_verdict() {
    let mut whole = with_functions(3_000, 3_000);
    whole.keep.clear();
    whole.duplicates = Duplicates::Keep;
    whole.trace.steps = 40;
    whole.write.formats = vec![Format::Jsonl];
    let columns = ["row", "length", "examples", "inputs", "trace", "trace_status", "status"];
    whole.write.columns = columns.map(str::to_owned).to_vec();
    let folder = Folder::new("all-candidates");
    all(&whole, folder.path()).unwrap();
    let candidates = lines(&folder, "jsonl");
    type Holds = fn(&serde_json::Value) -> bool;
    let filters: [(&str, Holds); 4] = [
        ("length > 12", |row| row["length"].as_u64() > Some(12)),
        ("trace_status == \"whole\"", |row| row["trace_status"] == "whole"),
        ("status == \"finished\"", |row| row["status"] == "finished"),
        ("examples > 2", |row| row["examples"].as_u64() > Some(2)),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let mut description = whole.clone();
        description.keep = order.map(|nth| filters[nth].0.to_owned()).to_vec();
        let fails = |row: &serde_json::Value| order.iter().position(|&nth| !filters[nth].1(row));
        let stay = candidates.iter().filter(|row| fails(row).is_none()).collect::<Vec<_>>();
        description.rows = stay.len() as u64;
        let folder = Folder::new("kept-candidates");
        let summary = all(&description, folder.path()).unwrap();
        assert!(lines(&folder, "jsonl").iter().eq(stay.iter().copied()) && stay.len() > 50);
        let last = candidates.iter().rposition(|row| fails(row).is_none()).unwrap();
        for (place, (_, count)) in summary.counts.rejected.iter().enumerate() {
            let expected = candidates[..last].iter().filter(|row| fails(row) == Some(place)).count();
            assert!(count == expected as u64 && count > 0, "{place}: {count} {expected}");
        }
    }
}
