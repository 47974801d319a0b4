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

#[test]
fn a_seed_on_the_command_line_is_that_of_the_first_stage() {
    let folder = Folder::new();
    let config = folder.join("course.toml");
    fs::write(&config, "[[stages]]\nname = \"a\"\n[[stages]]\nname = \"b\"\n[[stages]]\nname = \"c\"\nseed = 5\n")
        .unwrap();
    let place = folder.join("course");
    stdout(&dataset(&place, &["--config", config.to_str().unwrap(), "--seed", "40"]));
    let seed = |stage: &str| {
        let text = fs::read(place.join(stage).join("manifest/dataset.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["description"]["seed"].as_u64().unwrap()
    };
    assert_eq!(["a", "b", "c"].map(seed), [40, 41, 5]);
}

#[test]
fn columns_are_held_by_name() {
    let folder = Folder::new();
    let held = |name: &str, flags: &[&str]| {
        let place = folder.join(name);
        stdout(&dataset(&place, &[&["--target", "length=9..30"], flags].concat()));
        let text = fs::read(place.join("manifest/dataset.json")).unwrap();
        let columns = serde_json::from_slice::<Value>(&text).unwrap()["control"]["columns"].take();
        let names = columns.as_array().into_iter().flatten().map(|column| column["of"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(held("bare", &[]), [""; 0]);
    assert_eq!(held("none", &["--hold"]), [""; 0]);
    assert_eq!(held("some", &["--hold", "count_for", "variables"]), ["count_for", "variables"]);
}

/// The first Ctrl-C ends the pilot, on as many threads as there may be.
#[cfg(unix)]
#[test]
fn a_pilot_is_interrupted() {
    let folder = Folder::new();
    let config = folder.join("long.toml");
    let targets = "targets = [{ of = \"length\", range = [7, 30], bins = 6 }]";
    fs::write(&config, format!("[control]\npilot = 16777216\n{targets}\n")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"));
    child.arg("dataset").arg(folder.join("out")).arg("--config").arg(&config).args(["--threads", "1"]);
    let mut child = child.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let asked = std::time::Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < std::time::Duration::from_secs(10));
    assert!(!folder.join("out").exists());
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

#[test]
fn programs_are_made_again() {
    let folder = Folder::new();
    let out = folder.join("out");
    let more =
        ["--format", "jsonl", "--keep", "prints", "--columns", "row", "tokens", "source", "--target", "length=5..20"];
    assert!(dataset(&out, &more).status.success());
    for shard in 0..3 {
        let text = fs::read_to_string(out.join(format!("jsonl/train-{shard:05}-of-00003.jsonl"))).unwrap();
        let (lines, place) = (text.lines().collect::<Vec<_>>(), out.to_str().unwrap().to_owned());
        let rows = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["row"].to_string());
        let args = ["dataset", "again", &place, "--jsonl"].map(str::to_owned).into_iter().chain(rows);
        let again = pyprior(&args.collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>());
        assert!(again.status.success(), "{}", stderr(&again));
        let values = |lines: Vec<&str>| {
            lines.into_iter().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
        };
        assert_eq!(values(stdout(&again).lines().collect()), values(lines));
    }
    let none = folder.join("none");
    let error = refusal(&pyprior(&["dataset", "again", none.to_str().unwrap(), "0"]));
    assert!(error.contains("cannot read") && error.contains("none"), "{error}");
}

/// What stands in a table of Markdown, in a page, and in a configuration that others read.
#[test]
fn cards_with_odd_filters_and_empty_splits() {
    let folder = Folder::new();
    let out = folder.join("out");
    let filter = "not stdout contains \"|`<b>\" and length > 3";
    let output = dataset(&out, &["--keep", filter, "--split", "none=length > 1000", "--max-per-shape", "5"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let card = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(card.contains("| not `` not stdout contains \"\\|`<b>\" and length > 3 `` |"), "{card}");
    // `datasets` refuses a split without rows.
    let (front, text) = card.strip_prefix("---\n").unwrap().split_once("---\n").unwrap();
    assert!(front.contains("train") && !front.contains("none"), "{front}");
    // Of the candidates each is told what became of it.
    let rows = text.lines().skip_while(|line| !line.starts_with("| of the candidates")).skip(2);
    let counts = rows.map_while(|line| line.strip_suffix(" |")?.rsplit_once("| ")?.1.parse::<u64>().ok());
    let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(counts.sum::<u64>(), report["yield"]["candidates"].as_u64().unwrap(), "{text}");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"), "a filter stands in the page as it is");

    // Records that say what is not so.
    let record = out.join("manifest/shard-00000.json");
    let good = fs::read_to_string(&record).unwrap();
    let bad = good.replacen("\"min\":", "\"min\":99999", 1);
    assert_ne!(good, bad);
    fs::write(&record, bad).unwrap();
    let error = refusal(&pyprior(&["dataset", "finish", out.to_str().unwrap()]));
    assert!(error.contains("shard-00000.json") && error.contains("do not agree"), "{error}");
    let bad = good.replacen(
        "\"statistics\":{\"numbers\":{",
        "\"statistics\":{\"numbers\":{\"<script>\":{\"count\":1,\"min\":1,\"max\":1,\"sum\":1,\"bins\":[[1,1]]},",
        1,
    );
    assert_ne!(good, bad);
    fs::write(&record, bad).unwrap();
    assert!(pyprior(&["dataset", "finish", out.to_str().unwrap()]).status.success());
    assert!(!fs::read_to_string(out.join("report.html")).unwrap().contains("<script"));

    // Without anything that can be loaded there is nothing to configure.
    let arrays = folder.join("arrays");
    assert!(dataset(&arrays, &["--format", "npy"]).status.success());
    let card = fs::read_to_string(arrays.join("README.md")).unwrap();
    assert!(!card.contains("configs:") && !card.contains("jsonl"), "{card}");
    let all = refusal(&dataset(&folder.join("all"), &["--split", "all=0.5"]));
    assert!(all.contains("splits") && all.contains("all"), "{all}");
}

#[test]
fn messages_say_things_once() {
    let folder = Folder::new();
    let error = refusal(&dataset(&folder.join("out"), &["--max-len", "1"]));
    assert_eq!(error.matches("max_len").count(), 1, "{error}");
    let error = refusal(&dataset(&folder.join("out"), &["--target", "length=9..5"]));
    assert_eq!(error.matches("length").count(), 1, "{error}");
}
