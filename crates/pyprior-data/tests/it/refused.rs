//! What is in the way is told, and left as it is.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use pyprior_data::{DataError, Job, Part, PartError, Work, make};

use crate::common::{Folder, all, small};

#[test]
fn another_dataset() {
    let folder = Folder::new("foreign");
    let mut description = small(100, 50);
    all(&description, folder.path()).unwrap();
    let before = folder.files();
    description.language.max_len = Some(31);
    let error = all(&description, folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Foreign { .. }));
    let told = error.to_string();
    assert!(told.ends_with("is that of another dataset: language.max_len is 30 there, 31 here"), "{told}");
    assert!(folder.files() == before);
}

#[test]
fn another_version() {
    let folder = Folder::new("version");
    let description = small(10, 10);
    all(&description, folder.path()).unwrap();
    let path = folder.path().join("manifest/dataset.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"pyprior ", "\"pyprior 99.");
    fs::write(&path, text).unwrap();
    let told = all(&description, folder.path()).unwrap_err().to_string();
    assert!(told.contains("it was made by pyprior 99."), "{told}");
}

#[test]
fn a_folder_of_something_else() {
    let folder = Folder::new("strange");
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let error = all(&small(10, 10), folder.path()).unwrap_err();
    assert!(matches!(error, DataError::NotADataset { .. }), "{error}");
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn a_manifest_that_is_none() {
    let folder = Folder::new("broken");
    fs::create_dir(folder.path().join("manifest")).unwrap();
    fs::write(folder.path().join("manifest/dataset.json"), "{\"made_by\": 1}").unwrap();
    let error = all(&small(10, 10), folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Manifest { .. }), "{error}");
}

#[test]
fn a_folder_that_cannot_be() {
    let folder = Folder::new("file");
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let error = all(&small(10, 10), &path.join("dataset")).unwrap_err();
    let DataError::Io { action, .. } = error else { panic!("{error}") };
    assert_eq!(action, "list the folder");
}

#[test]
fn filters_that_nothing_passes() {
    let folder = Folder::new("patience");
    let mut description = small(100, 100);
    description.keep = vec!["prints".to_owned()];
    description.language.exclude = vec!["PRINT".to_owned()];
    description.patience = 20;
    let error = all(&description, folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "shard 0: 0 of 2000 candidates stay, and it needs 100; 2000 are not prints");
    // The manifest is there, and nothing else.
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn a_shard_that_somebody_is_making() {
    let folder = Folder::new("busy");
    let description = small(100, 50);
    all(&description, folder.path()).unwrap();
    let before = folder.files();
    fs::remove_file(folder.path().join("manifest/shard-00001.json")).unwrap();
    let path = folder.path().join("data/.train-00001-of-00002.parquet.part");
    let file = fs::File::create(&path).unwrap();
    file.lock().unwrap();
    let error = all(&description, folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Busy { shard: 1, .. }), "{error}");
    drop(file);
    all(&description, folder.path()).unwrap();
    assert!(folder.files() == before);
}

#[test]
fn to_go_on_when_asked_to_stop() {
    let folder = Folder::new("stop");
    let description = small(2_000, 500);
    let job = Job::new(description.clone()).unwrap();
    let stop = AtomicBool::new(false);
    let progress = |_| stop.store(true, Ordering::Relaxed);
    let work = Work { threads: 2, stop: &stop, progress: &progress };
    let error = make(&job, folder.path(), Part::ALL, &work).unwrap_err();
    assert!(matches!(error, DataError::Interrupted), "{error}");
    assert!(folder.files().keys().all(|name| !name.ends_with(".part")));
    let whole = Folder::new("not-stopped");
    all(&description, folder.path()).unwrap();
    all(&description, whole.path()).unwrap();
    assert!(folder.files() == whole.files());
}

#[test]
fn parts_that_are_none() {
    for text in ["", "1", "1/1", "2/1", "0/0", "-1/2", "a/b"] {
        assert_eq!(text.parse::<Part>(), Err(PartError { text: text.to_owned() }));
    }
}
