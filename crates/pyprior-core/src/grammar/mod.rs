//! The grammar: written down once, as rules, and compiled from there into flat tables.
//!
//! ```text
//! rules.rs     which tokens each hole takes, and which holes they open
//! cost.rs      the least number of tokens that closes a hole, from the rules
//! classes.rs   the finite set of holes that occur, numbered, from the rules and their costs
//! tables.rs    masks, lists and productions of every class: what a step looks up
//! view.rs      the rules for others to read
//! explain.rs   why a token is not legal, from the same rules
//! ```

pub(crate) mod classes;
pub(crate) mod cost;
pub(crate) mod records;
pub(crate) mod rules;
pub(crate) mod tables;
pub(crate) mod view;
