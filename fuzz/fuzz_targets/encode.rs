//! Bytes as source; see `encode.rs` one folder up.

#![no_main]

#[path = "../encode.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
