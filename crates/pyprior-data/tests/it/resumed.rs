//! After a kill at any moment the same call goes on, to the same bytes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pyprior_core::PriorConfig;
use pyprior_data::{Description, Format, SourceDescription, SplitDescription};

use crate::common::{Folder, all, small};

const PLACE: &str = "PYPRIOR_DATA_CHILD";

fn described() -> Description {
    let mut description = small(40_000, 2_500);
    description.keep = vec!["prints".to_owned()];
    description.write.formats = vec![Format::Parquet, Format::Jsonl];
    description.write.group_rows = 700;
    description.splits = vec![SplitDescription { name: "test".into(), holds: None, share: Some(0.2) }];
    let target = "control = { pilot = 2000, hold = [], targets = [{ of = \"length\", range = [7, 30], bins = 2 }] }";
    description.control = Description::from_toml(target).unwrap().control;
    description
}

#[test]
fn numbers_are_read_as_they_were_written() {
    // 1/11 has 17 digits, with which readers that are no more than fast come to the number beside it.
    let eleventh = 1.0 / 11.0;
    let mut description = small(200, 100);
    description.splits = vec![SplitDescription { name: "test".into(), holds: None, share: Some(eleventh) }];
    description.source = SourceDescription::Prior { prior: PriorConfig { w_call: eleventh, ..PriorConfig::default() } };
    let target = "control = { pilot = 2000, hold = [], targets = [{ of = \"compression\", edges = [0.09090909090909091, 9.0] }] }";
    description.control = Description::from_toml(target).unwrap().control;
    assert_eq!(description.control.targets[0].edges[0], eleventh);
    let folder = Folder::new("numbers");
    assert_eq!(all(&description, folder.path()).unwrap().made, 2);
    assert_eq!(all(&description, folder.path()).unwrap().found, 2);
}

/// Does nothing unless called by the test below, which kills the process that it is in.
#[test]
fn child() {
    if let Ok(place) = std::env::var(PLACE) {
        all(&described(), Path::new(&place)).unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let (whole, killed) = (Folder::new("unkilled"), Folder::new("killed"));
    let start = std::time::Instant::now();
    all(&described(), whole.path()).unwrap();
    let takes = start.elapsed();
    let (mut kills, mut left_behind) = (0, 0);
    for nth in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "resumed::child"])
            .env(PLACE, killed.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // From at once to a tenth of the whole; the thirteenth multiples are in no order.
        std::thread::sleep(takes.mul_f64(f64::from(nth * 13 % 20) / 200.0) + Duration::from_millis(2));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        left_behind += u32::from(killed.files().keys().any(|name| name.ends_with(".part")));
    }
    all(&described(), killed.path()).unwrap();
    assert!(killed.files() == whole.files());
    // Otherwise nothing was tested.
    assert!(kills >= 10 && left_behind >= 3, "{kills} kills, {left_behind} left files behind");
}

#[test]
fn what_is_lost_is_made_again() {
    let folder = Folder::new("lost");
    let description = small(600, 200);
    all(&description, folder.path()).unwrap();
    let files = folder.files();
    for (name, bytes) in &files {
        let path = folder.path().join(name);
        fs::remove_file(&path).unwrap();
        let again = all(&description, folder.path());
        if name == "manifest/dataset.json" {
            // What a folder is of cannot be told from its shards.
            again.unwrap_err();
            fs::write(&path, bytes).unwrap();
            continue;
        }
        // The card and the report are made from the records.
        let of_shard = name.contains('/');
        assert_eq!(again.unwrap().made, u64::from(of_shard), "{name}");
        assert!(folder.files() == files, "{name}");
    }
    // A file that is shorter than its record says.
    let path = folder.path().join("data/train-00001-of-00003.parquet");
    fs::write(&path, &files["data/train-00001-of-00003.parquet"][..100]).unwrap();
    let summary = all(&description, folder.path()).unwrap();
    assert_eq!((summary.found, summary.made), (2, 1));
    assert!(folder.files() == files);
}
