//! `pyprior dataset` as a user calls it: what goes wrong is told, what was there stays, and the same command goes on.

#![allow(clippy::unwrap_used, clippy::panic)]

mod command;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use command::{pyprior, pyprior_with_input, stderr, stdout};
use serde_json::Value;

/// A folder of its own that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pyprior-dataset-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every file below a folder, with its bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn dataset(place: &Path, more: &[&str]) -> Output {
    let place = place.to_str().unwrap();
    pyprior(&[&["dataset", place, "--rows", "300", "--shard-rows", "100"], more].concat())
}

/// The error of a call that ends with code 1.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
    stderr(output).trim_end().to_owned()
}

#[cfg(feature = "object-store")]
#[test]
fn a_url_of_a_folder_is_that_folder() {
    let folder = Folder::new();
    let output = dataset(&folder.join("by name"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.starts_with("300 rows of ") && told.contains("; 3 shards made, 0 found; "), "{told}");
    let url = format!("file://{}", folder.join("by%20url").display());
    assert_eq!(stderr(&dataset(Path::new(&url), &["--quiet"])), "");
    let made = files(&folder.join("by name"));
    assert!(made == files(&folder.join("by url")));
    let names = made.keys().filter(|name| !name.contains('/')).collect::<Vec<_>>();
    assert_eq!(names, ["README.md", "report.html", "report.json"]);
}

#[cfg(feature = "object-store")]
#[test]
fn urls_that_lead_nowhere() {
    let url = |url: &str| refusal(&dataset(Path::new(url), &[]));
    let told = url("s3://key:secret@bucket/a");
    assert!(told.starts_with("error: s3://…: no name, password") && !told.contains("secret"), "{told}");
    let told = url("ftp://host/a");
    assert!(told.starts_with("error: ftp://…: no store has this scheme; known are file, s3"), "{told}");
}

#[cfg(not(feature = "object-store"))]
#[test]
fn urls_need_a_feature() {
    let told = refusal(&dataset(Path::new("s3://key:secret@bucket/a"), &[]));
    assert!(told.contains("built without feature object-store") && !told.contains("secret"), "{told}");
}

#[test]
fn parts_of_machines_and_what_comes_when_all_are_done() {
    let folder = Folder::new();
    let (whole, parts) = (folder.join("whole"), folder.join("parts"));
    dataset(&whole, &[]);
    for part in ["1/2", "0/2"] {
        assert!(!parts.join("README.md").exists());
        let told = dataset(&parts, &["--shard", part]);
        assert_eq!(stderr(&told).contains("other shards are missing"), part == "1/2");
    }
    assert!(files(&whole) == files(&parts));
    // What was added stays, until it is asked for anew.
    let readme = fs::read(parts.join("README.md")).unwrap();
    fs::write(parts.join("README.md"), "mine").unwrap();
    fs::remove_file(parts.join("report.html")).unwrap();
    dataset(&parts, &[]);
    assert_eq!(fs::read(parts.join("README.md")).unwrap(), b"mine");
    assert!(parts.join("report.html").exists());
    let finished = pyprior(&["dataset", "finish", parts.to_str().unwrap()]);
    assert!(stdout(&finished).starts_with("300 rows of "), "{}", stderr(&finished));
    assert!(fs::read(parts.join("README.md")).unwrap() == readme);
    fs::remove_file(parts.join("manifest/shard-00002.json")).unwrap();
    let told = refusal(&pyprior(&["dataset", "finish", parts.to_str().unwrap()]));
    assert_eq!(told, "error: shard 2 of 3 is not done");
}

#[test]
fn what_is_in_the_way() {
    let folder = Folder::new();
    let place = folder.join("file");
    fs::write(&place, "").unwrap();
    let told = refusal(&dataset(&place, &[]));
    let shown = place.display();
    assert_eq!(told, format!("error: cannot list the folder {shown}: Not a directory (os error 20)"));
    let told = refusal(&dataset(Path::new("/proc/dataset"), &[]));
    assert!(told.starts_with("error: cannot make the folder /proc/dataset/manifest: "), "{told}");
    fs::create_dir(folder.join("strange")).unwrap();
    fs::write(folder.join("strange/thesis.txt"), "years of work").unwrap();
    let told = refusal(&dataset(&folder.join("strange"), &[]));
    assert!(told.starts_with("error: no dataset, and not empty: there is thesis.txt, and no /"), "{told}");
    assert_eq!(files(&folder.join("strange")).len(), 1);
    let told = refusal(&pyprior(&["dataset", "finish", folder.join("strange").to_str().unwrap()]));
    assert!(told.contains("no dataset"), "{told}");
}

#[test]
fn manifests_that_are_damaged_or_of_others() {
    let folder = Folder::new();
    let place = folder.join("dataset");
    dataset(&place, &[]);
    let whole = files(&place);
    let told = refusal(&dataset(&place, &["--seed", "3", "--max-len", "31"]));
    assert!(told.ends_with("dataset.json is that of another dataset: language.max_len is 30 there, 31 here"), "{told}");
    assert!(files(&place) == whole);
    for (name, hint) in [("dataset", "damaged"), ("shard-00001", "is made again")] {
        let path = place.join(format!("manifest/{name}.json"));
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        let told = refusal(&dataset(&place, &[]));
        assert!(told.contains(path.to_str().unwrap()) && told.contains(hint) && told.contains("EOF"), "{told}");
        fs::write(&path, &text).unwrap();
    }
    fs::copy(place.join("manifest/shard-00001.json"), place.join("manifest/shard-00002.json")).unwrap();
    let told = refusal(&dataset(&place, &[]));
    assert!(told.ends_with("shard-00002.json is that of shard 1: without it, the shard is made again"), "{told}");
    fs::remove_file(place.join("manifest/shard-00002.json")).unwrap();
    fs::write(place.join("data/train-00000-of-00003.parquet"), "short").unwrap();
    let told = dataset(&place, &[]);
    assert!(stderr(&told).contains("; 2 shards made, 1 found; "), "{}", stderr(&told));
    assert!(files(&place) == whole);
}

/// A file system that takes no more, as a limit on the size of files.
#[cfg(unix)]
#[test]
fn files_that_cannot_grow() {
    let folder = Folder::new();
    let (place, whole) = (folder.join("dataset"), folder.join("whole"));
    dataset(&whole, &[]);
    for formats in [&["parquet"][..], &["jsonl"], &["jsonl-zst"], &["npy"]] {
        let place = folder.join(formats[0]);
        let mut limited = Command::new("bash");
        // In units of 1,024 bytes; a process that ignores the signal is told by the call that writes.
        limited.args([
            "-c",
            "trap '' XFSZ; ulimit -f 16; exec \"$@\"",
            "bash",
            env!("CARGO_BIN_EXE_pyprior"),
            "dataset",
        ]);
        limited.arg(&place).args(["--rows", "20000", "--format"]).args(formats);
        let told = refusal(&limited.output().unwrap());
        assert!(told.starts_with("error: cannot write /") && told.contains("File too large"), "{told}");
        assert_eq!(files(&place).into_keys().collect::<Vec<_>>(), ["manifest/dataset.json"]);
    }
    fs::create_dir(&place).unwrap();
    assert_eq!(dataset(&place, &[]).status.code(), Some(0));
    assert!(files(&place) == files(&whole));
}

#[test]
fn progress_for_programs() {
    let folder = Folder::new();
    let place = folder.join("dataset");
    let flags = ["dataset", place.to_str().unwrap(), "--config", "-", "--progress", "json", "--threads", "1"];
    let output = pyprior_with_input(&flags, "rows = 60000");
    let events = stderr(&output).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let (done, steps) = events.split_last().unwrap();
    assert_eq!((&done["event"], &done["shards_made"], &done["complete"]), (&"done".into(), &1.into(), &true.into()));
    assert_eq!(done["counts"]["rows"], 60_000);
    for step in steps {
        assert_eq!((&step["event"], &step["rows"]), (&"progress".into(), &60_000.into()));
        for field in ["done", "candidates", "rows_per_second", "yield", "seconds", "seconds_left"] {
            assert!(step[field].as_f64().is_some_and(|value| value >= 0.0), "{field} of {step}");
        }
    }
    let usage = pyprior(&["dataset", "x", "--quiet", "--progress", "json"]);
    assert_eq!(usage.status.code(), Some(2));
}
