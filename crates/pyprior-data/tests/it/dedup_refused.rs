//! What cannot be deduplicated is told; what was interrupted goes on.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyprior_data::{
    DataError, Dedup, DedupError, DedupStep, DedupWork, Description, Duplicates, Format, SplitDescription, dedup,
};

use crate::common::dedup::{MUCH, crowded, run};
use crate::common::{Folder, all};

const PASS: Dedup = Dedup { by: Duplicates::Behaviour, max_per_shape: 7 };

fn made(description: &Description) -> Folder {
    let folder = Folder::new("refused");
    all(description, folder.path()).unwrap();
    folder
}

/// Nothing is written: what can be known beforehand is.
fn refusal(from: &Folder, to: &Folder) -> DedupError {
    let before = (from.files(), to.files());
    let error = run(from.path(), to.path(), PASS, 2, MUCH).unwrap_err();
    assert!(to.files() == before.1, "{:?}", to.files().keys());
    assert!(from.files() == before.0);
    error
}

/// What can only be known from rows: the same call goes on where they are put right, so that the manifest stays, and no more.
fn failure(from: &Folder, to: &Folder) -> DedupError {
    let (before, error) = (from.files(), run(from.path(), to.path(), PASS, 2, MUCH).unwrap_err());
    assert!(to.files().keys().eq(["manifest/dataset.json"]), "{:?}", to.files().keys());
    assert!(from.files() == before);
    error
}

#[test]
fn folders_that_are_not_what_they_should_be() {
    let (from, to) = (made(&crowded(300, 100)), Folder::new("to"));
    let error = refusal(&to, &Folder::new("nothing"));
    assert!(matches!(error, DedupError::NoDataset { .. }), "{error}");
    assert!(error.to_string().ends_with("is no dataset: it has no manifest/dataset.json"), "{error}");
    // To itself.
    let error = refusal(&from, &from);
    assert!(error.to_string().contains("deduplicated by [] there, by [{\"by\":\"behaviour\""), "{error}");
    // To something else.
    fs::write(to.path().join("thesis.txt"), "years of work").unwrap();
    let error = refusal(&from, &to);
    assert!(matches!(error, DedupError::Data(DataError::NotADataset { .. })), "{error}");
    // To another dataset's.
    let (other, there) = (made(&crowded(301, 100)), Folder::new("there"));
    run(other.path(), there.path(), PASS, 2, MUCH).unwrap();
    let error = refusal(&from, &there);
    assert!(error.to_string().ends_with(": rows is 301 there, 300 here"), "{error}");
    // And what is deduplicated is not gone on with as if it were not.
    let told = all(&crowded(301, 100), there.path()).unwrap_err().to_string();
    assert!(
        told.contains("deduplicated by [{\"by\":\"behaviour\",\"max_per_shape\":7,\"made_by\":\"pyprior "),
        "{told}"
    );
}

#[test]
fn datasets_that_are_not_complete() {
    for lost in ["manifest/shard-00001.json", "data/train-00001-of-00003.parquet"] {
        let from = made(&crowded(300, 100));
        fs::remove_file(from.path().join(lost)).unwrap();
        let error = refusal(&from, &Folder::new("to"));
        assert!(matches!(error, DedupError::Incomplete { shard: 1, shards: 3, .. }), "{error}");
    }
}

/// The files of a dataset's second shard, changed.
fn changed(description: &Description, told: fn(&Folder, &Folder) -> DedupError, change: impl Fn(&Path)) -> DedupError {
    let from = made(description);
    change(from.path());
    told(&from, &Folder::new("to"))
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let mut description = crowded(300, 100);
    description.write.columns = vec!["id".into(), "row".into()];
    let error = changed(&description, refusal, |_| {});
    assert!(
        error.to_string().ends_with(
            "cannot leave rows out of it; known are Parquet with column tokens or program, .jsonl, .jsonl.zst, and .npy"
        ),
        "{error}"
    );
    description = crowded(300, 100);
    description.write.formats = vec![Format::Jsonl];
    let error = changed(&description, refusal, |_| {});
    assert!(matches!(error, DedupError::NoTokens { shard: 0 }), "{error}");

    // Shards that have changed places: ids say so.
    let description = crowded(300, 100);
    let name = |shard: u32| format!("data/train-{shard:05}-of-00003.parquet");
    let record = |shard: u32| format!("manifest/shard-{shard:05}.json");
    let error = changed(&description, failure, |root| {
        let text = fs::read_to_string(root.join(record(0))).unwrap();
        fs::copy(root.join(name(0)), root.join(name(1))).unwrap();
        let text = text.replace("\"shard\":0", "\"shard\":1").replace(&name(0), &name(1));
        fs::write(root.join(record(1)), text).unwrap();
    });
    let DedupError::Id { row: 0, id: 0, shard: 1, first: 100, end: 200, .. } = error else { panic!("{error}") };

    // Fewer rows than are recorded.
    let error = changed(&description, refusal, |root| {
        let text = fs::read_to_string(root.join(record(2))).unwrap();
        fs::write(root.join(record(2)), text.replace("\"rows\":100,\"splits\"", "\"rows\":99,\"splits\"")).unwrap();
    });
    assert!(matches!(error, DedupError::Rows { found: 100, wanted: 99, .. }), "{error}");

    // Bytes of the right number.
    let error = changed(&description, refusal, |root| {
        let len = fs::metadata(root.join(name(1))).unwrap().len();
        fs::write(root.join(name(1)), vec![0; len as usize]).unwrap();
    });
    assert!(matches!(error, DedupError::Parquet { .. }), "{error}");

    // Another language: tokens are no programs of it.
    let error = changed(&description, failure, |root| {
        let path = root.join("manifest/dataset.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"max_funcs\": 5", "\"max_funcs\": 4")).unwrap();
    });
    assert!(matches!(error, DedupError::Program { .. }), "{error}");

    // Names that lead out of the folder.
    for outside in ["/etc/hostname", "../other/data.parquet", "data/../../x.parquet", ""] {
        let error = changed(&description, refusal, |root| {
            let text = fs::read_to_string(root.join(record(1))).unwrap();
            fs::write(root.join(record(1)), text.replace(&name(1), outside)).unwrap();
        });
        assert!(matches!(&error, DedupError::Data(DataError::Outside { file, .. }) if file == outside), "{error}");
    }
}

#[test]
fn a_pass_of_another_version_is_not_gone_on_with() {
    let (from, to) = (made(&crowded(300, 100)), Folder::new("to"));
    run(from.path(), to.path(), PASS, 2, MUCH).unwrap();
    let path = to.path().join("manifest/dataset.json");
    let text = fs::read_to_string(&path).unwrap();
    let here = format!("\"made_by\": \"pyprior {}\"", env!("CARGO_PKG_VERSION"));
    let (dataset, dedup) = text.split_once("\"dedup\"").unwrap();
    assert!(dedup.contains(&here), "{dedup}");
    let dedup = dedup.replace(&here, "\"made_by\": \"pyprior 0.0.2\"");
    fs::write(&path, format!("{dataset}\"dedup\"{dedup}")).unwrap();
    let told = refusal(&from, &to).to_string();
    assert!(told.contains("\"made_by\":\"pyprior 0.0.2\"}] there, by [{"), "{told}");
}

#[test]
fn lines_and_arrays_that_do_not_fit() {
    let mut description = crowded(100, 100);
    description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::Npy];
    let shorter = |name: &'static str, by: u64| {
        changed(&description, failure, |root| {
            let path = root.join(name);
            let bytes = fs::read(&path).unwrap();
            let cut = bytes.len() - by as usize;
            fs::write(&path, &bytes[..cut]).unwrap();
            let record = root.join("manifest/shard-00000.json");
            let text = fs::read_to_string(&record).unwrap();
            let text = text.replace(&format!("\"bytes\":{}", bytes.len()), &format!("\"bytes\":{cut}"));
            fs::write(record, text).unwrap();
        })
    };
    let error = shorter("tokens/train-00000-of-00001.tokens.npy", 2);
    assert!(matches!(error, DedupError::Data(DataError::Io { action: "read", .. })), "{error}");
    let error = shorter("tokens/train-00000-of-00001.offsets.npy", 8);
    assert!(matches!(error, DedupError::Data(DataError::Io { action: "read", .. })), "{error}");
    let error = shorter("jsonl/train-00000-of-00001.jsonl", 1 << 15);
    assert!(matches!(error, DedupError::Rows { wanted: 100, .. } | DedupError::File { .. }), "{error}");
}

#[test]
fn too_little_memory() {
    let from = made(&crowded(20_000, 20_000));
    let to = Folder::new("to");
    let error = run(from.path(), to.path(), PASS, 2, 10_000).unwrap_err();
    let DedupError::Memory { rows: 20_000, wanted, given: 10_000 } = error else { panic!("{error}") };
    assert!(to.files().is_empty());
    run(from.path(), to.path(), PASS, 2, wanted + 1_000).unwrap();
}

#[test]
fn too_little_memory_for_shards_that_are_read_as_a_whole() {
    let mut description = crowded(20_000, 10_000);
    description.splits = vec![SplitDescription { name: "test".into(), holds: None, share: Some(0.3) }];
    let (from, to) = (made(&description), Folder::new("to"));
    let error = run(from.path(), to.path(), PASS, 2, 500_000).unwrap_err();
    let DedupError::Memory { rows: 20_000, wanted, given: 500_000 } = error else { panic!("{error}") };
    // 24 bytes for each row of a shard are a quarter of it.
    assert!((960_000..970_000).contains(&wanted), "{wanted}");
    assert!(to.files().is_empty());
    run(from.path(), to.path(), PASS, 2, wanted).unwrap();
}

#[test]
fn a_folder_that_somebody_is_at() {
    let (from, to) = (made(&crowded(300, 100)), Folder::new("to"));
    fs::create_dir(to.path().join("manifest")).unwrap();
    let stop = AtomicBool::new(true);
    let work = DedupWork { threads: 2, memory: MUCH, stop: &stop, progress: &|_| {} };
    let error = dedup(from.path(), to.path(), PASS, &work).unwrap_err();
    assert!(matches!(error, DedupError::Data(DataError::Interrupted)), "{error}");
    fs::create_dir(to.path().join(".dedup")).unwrap();
    let file = fs::File::create(to.path().join(".dedup/.lock.part")).unwrap();
    file.lock().unwrap();
    let error = run(from.path(), to.path(), PASS, 2, MUCH).unwrap_err();
    assert!(matches!(error, DedupError::Busy { .. }), "{error}");
    drop(file);
    run(from.path(), to.path(), PASS, 2, MUCH).unwrap();
    assert!(!to.path().join(".dedup").exists());
}

#[test]
fn stopped_after_some_shards() {
    let (from, whole, to) = (made(&crowded(1_000, 100)), Folder::new("whole"), Folder::new("stopped"));
    run(from.path(), whole.path(), PASS, 2, MUCH).unwrap();
    let stop = AtomicBool::new(false);
    let progress = |progress: pyprior_data::DedupProgress| {
        stop.fetch_or(progress.step == DedupStep::Shards && progress.done >= 3, Ordering::Relaxed);
    };
    let work = DedupWork { threads: 2, memory: MUCH, stop: &stop, progress: &progress };
    let error = dedup(from.path(), to.path(), PASS, &work).unwrap_err();
    assert!(matches!(error, DedupError::Data(DataError::Interrupted)), "{error}");
    assert!(to.files().keys().all(|name| !name.ends_with(".part") && !name.ends_with(".keys")));
    let summary = run(from.path(), to.path(), PASS, 2, MUCH).unwrap();
    assert!(summary.found >= 3 && summary.made > 0, "{summary:?}");
    assert!(to.files() == whole.files());
}

const FROM: &str = "PYPRIOR_DEDUP_FROM";
const TO: &str = "PYPRIOR_DEDUP_TO";

/// Does nothing unless called by the test below, which kills the process that it is in.
#[test]
fn child() {
    if let (Ok(from), Ok(to)) = (std::env::var(FROM), std::env::var(TO)) {
        run(Path::new(&from), Path::new(&to), PASS, 2, 1 << 20).unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let mut description = crowded(60_000, 2_500);
    description.write.formats = vec![Format::Parquet, Format::Jsonl];
    description.splits = vec![SplitDescription { name: "test".into(), holds: None, share: Some(0.3) }];
    let (from, whole, killed) = (made(&description), Folder::new("undisturbed"), Folder::new("killed"));
    run(from.path(), whole.path(), PASS, 2, 1 << 20).unwrap();
    let start = || {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "dedup_refused::child"]).envs([(FROM, from.path()), (TO, killed.path())]);
        child.stdout(Stdio::null()).spawn().unwrap()
    };
    let begin = std::time::Instant::now();
    assert!(start().wait().unwrap().success());
    let takes = begin.elapsed();
    let (mut kills, mut in_rounds, mut in_shards) = (0, 0, 0);
    for nth in 0..20 {
        if killed.files().keys().eq(whole.files().keys()) {
            assert!(killed.files() == whole.files());
            fs::remove_dir_all(killed.path()).unwrap();
            fs::create_dir(killed.path()).unwrap();
        }
        let mut child = start();
        // From at once to as long as it takes; the thirteenth multiples are in no order.
        std::thread::sleep(takes.mul_f64(f64::from(nth * 13 % 20) / 20.0) + Duration::from_millis(2));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let files = killed.files();
        in_rounds += u32::from(files.keys().any(|name| name.ends_with(".keys")));
        in_shards += u32::from(files.keys().any(|name| name.starts_with("data/.") || name.starts_with("jsonl/.")));
    }
    run(from.path(), killed.path(), PASS, 2, 1 << 20).unwrap();
    assert!(killed.files() == whole.files());
    // Otherwise nothing was tested.
    assert!(kills >= 8 && in_rounds + in_shards >= 4, "{kills} kills, {in_rounds} in rounds, {in_shards} in shards");
}
