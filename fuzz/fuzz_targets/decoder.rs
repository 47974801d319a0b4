//! Bytes as a language and a stream of tokens, rollbacks and forks; see `body.rs`.

#![no_main]

#[path = "../body.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
