//! The body of the fuzz target `encode` on random bytes, so that it runs with any compiler.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../fuzz/encode.rs"]
mod body;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn config() -> ProptestConfig {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz_encode.proptest-regressions");
    ProptestConfig {
        cases: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes(data in prop::collection::vec(any::<u8>(), 0..80)) {
        body::run(&data);
    }

    #[test]
    fn random_pieces(mut data in prop::collection::vec(any::<u8>(), 1..24)) {
        data[0] |= 8;
        body::run(&data);
    }
}
