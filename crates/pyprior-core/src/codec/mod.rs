//! Tokens, trees and source text of programs, each from the others.

pub(crate) mod encode;
mod given;
pub(crate) mod names;
pub(crate) mod naming;
pub(crate) mod nodes;
pub(crate) mod preorder;
pub(crate) mod program_names;
pub(crate) mod render;
pub(crate) mod slots;
pub(crate) mod tree;
mod written;
