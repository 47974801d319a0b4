//! Shards by number, for many workers; and where the datasets of stages go.

use std::fs;
use std::sync::atomic::AtomicBool;

use pyprior_data::{
    DataError, Description, Inventory, Job, Place, Stage, Work, complete, inventory, make_shards, places, stages,
};

use crate::common::{Folder, all, small};

fn work(stop: &AtomicBool) -> Work<'_> {
    Work { threads: 2, stop, progress: &|_| {} }
}

#[test]
fn shards_by_number_and_then_the_report_are_the_whole() {
    let (whole, parts, stop) = (Folder::new("whole"), Folder::new("parts"), AtomicBool::new(false));
    let description = small(1_000, 300);
    let counts = all(&description, whole.path()).unwrap().counts;
    let job = Job::new(description).unwrap();
    for (shards, made, missing) in [(&[3, 1, 3][..], 2, &[0, 2][..]), (&[1], 0, &[0, 2]), (&[2, 1, 0], 2, &[])] {
        assert!(!complete(&job, parts.path()).unwrap());
        let summary = make_shards(&job, parts.path(), shards, &work(&stop)).unwrap();
        assert_eq!((summary.made, summary.complete), (made, false));
        assert_eq!(inventory(&job, parts.path(), &[3, 2, 1, 0, 0]).unwrap().missing, missing);
    }
    assert!(!parts.path().join("README.md").exists());
    assert_eq!(inventory(&job, parts.path(), &[0, 1, 2, 3]).unwrap(), Inventory { found: 4, missing: vec![], counts });
    assert!(complete(&job, parts.path()).unwrap());
    assert!(parts.files() == whole.files());
    // What is there may have been added to.
    fs::write(parts.path().join("README.md"), "mine").unwrap();
    assert!(complete(&job, parts.path()).unwrap());
    assert_eq!(fs::read(parts.path().join("README.md")).unwrap(), b"mine");
}

#[test]
fn numbers_that_no_shard_has_begin_nothing() {
    let (folder, stop) = (Folder::new("none"), AtomicBool::new(false));
    let job = Job::new(small(1_000, 300)).unwrap();
    let made = make_shards(&job, folder.path(), &[1, 4], &work(&stop));
    assert!(matches!(made, Err(DataError::NoShard { shard: 4, shards: 4 })));
    assert!(matches!(inventory(&job, folder.path(), &[u64::MAX]), Err(DataError::NoShard { .. })));
    assert!(folder.files().is_empty());
}

#[test]
fn stages_go_below_a_folder_that_is_no_dataset() {
    let folder = Folder::new("stages");
    let root = Place::from(folder.path());
    let several = stages("[[stages]]\nname = \"a\"\n[[stages]]\nname = \"b\"", None, None).unwrap();
    assert_eq!(places(&root, &several).unwrap(), [root.below("a"), root.below("b")]);
    let one = [Stage { name: None, description: small(10, 10) }];
    all(&one[0].description, folder.path()).unwrap();
    assert_eq!(places(&root, &one).unwrap(), std::slice::from_ref(&root));
    assert!(matches!(places(&root, &several), Err(DataError::Occupied { .. })));
}

#[test]
fn fields_stand_instead_of_others() {
    let with = |text: &str| Description::default().with(text.parse().unwrap());
    let changed = with("rows = 7\n[language]\nmax_len = 9\n[source]\nkind = \"uniform\"").unwrap();
    let said = "rows = 7\nsource = { kind = \"uniform\" }\nlanguage.max_len = 9";
    assert_eq!(changed, Description::from_toml(said).unwrap());
    // A table of the same kind is gone into; a list is not.
    let prior = with("source = { kind = \"prior\", prior = { w_var = 3.0 } }\nkeep = [\"prints\"]").unwrap();
    assert_eq!(
        prior,
        Description::from_toml("keep = [\"prints\"]\nsource = { kind = \"prior\", prior = { w_var = 3.0 } }").unwrap()
    );
    let kept = prior.with("keep = [\"finished\"]".parse().unwrap()).unwrap();
    assert_eq!(kept.keep, ["finished"]);
    assert!(with("colour = 3").is_err() && with("rows = \"many\"").is_err());
}
