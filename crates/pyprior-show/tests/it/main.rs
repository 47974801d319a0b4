//! Replays, terminals and animations; one program, so that what they share is compiled once.

mod animations;
mod common;
mod replay;
mod terminal;
