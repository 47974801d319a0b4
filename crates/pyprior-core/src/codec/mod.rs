//! Tokens, trees and source text of programs, each from the others.

pub(crate) mod names;
pub(crate) mod render;
pub(crate) mod tree;
