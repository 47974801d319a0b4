//! A crate of tests, so that they link once.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod controlled;
mod cpython;
mod curricula;
mod dedup_files;
mod dedup_refused;
mod deduplicated;
mod described;
mod equal;
mod examples;
mod expressions;
mod kept;
mod read_back;
mod refused;
mod reported;
mod resumed;
mod same_bytes;
mod scores;
mod split_tasks;
mod splits;
mod streams;
mod task_tables;
mod without_files;
mod workers;
