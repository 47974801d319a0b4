//! A sketch's text and what it says.
//!
//! ```text
//! lexer.rs        characters to words with places
//! cursor.rs       words one after the other
//! tree.rs         the program with holes
//! program.rs      reads the program
//! constraint.rs   what is said beside it
//! constraints.rs  reads the constraints
//! extent.rs       how wide a language must be for what is written
//! ```

pub(crate) mod constraint;
pub(crate) mod constraints;
mod cursor;
pub(crate) mod extent;
mod lexer;
pub(crate) mod program;
pub(crate) mod tree;
