//! Tests of the whole crate, in one program: what it stands on takes long to link.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod blocks;
mod common;
mod failures;
mod generate;
mod kernels;
mod languages;
mod ragged;
mod recorded;
mod saved;
mod tensors;
mod train;
