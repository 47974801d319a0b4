//! The body of the fuzz target `decoder` on random bytes, so that it runs with any compiler; and on the inputs that
//! once failed.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../fuzz/body.rs"]
mod body;

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn config() -> ProptestConfig {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz_body.proptest-regressions");
    ProptestConfig {
        cases: 2_500,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes(data in prop::collection::vec(any::<u8>(), 0..160)) {
        body::run(&data);
    }
}

#[test]
fn kept_inputs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/inputs");
    let mut files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    files.sort();
    assert!(!files.is_empty(), "no inputs in {}", folder.display());
    for file in files {
        println!("{}", file.display());
        body::run(&std::fs::read(&file).unwrap());
    }
}
