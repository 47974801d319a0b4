//! The independent oracle of the constrained decoder.
//!
//! A decoder that claims to be exact says of every prefix precisely which
//! tokens lead to a complete program. This crate answers the same question in
//! the most literal way there is: the rules are written down one by one
//! ([`State::candidates`]), and whether a prefix has a completion is found by
//! trying ([`Search`]). It has no formula for the length of what is missing, and
//! no code in common with the decoder it is there to contradict: the lengths it
//! knows it has counted, in subtrees filled in by those same rules. A second reading of the same rules, over whole programs as
//! trees and not over prefixes ([`check`]), is there to contradict the first, and
//! so is a walk over all prefixes of small languages that remembers nothing
//! ([`walk`]).

mod alike;
mod candidates;
mod check;
mod decided;
mod enumerate;
mod expr;
mod holes;
mod key;
mod outcomes;
mod parse;
mod rules;
mod search;
mod state;
mod tok;

pub use check::{Facts, FunctionFacts, check};
pub use decided::{Decided, rule};
pub use enumerate::{TooMany, enumerate, walk};
pub use rules::Rules;
pub use search::{Search, completable, legal, min_len};
pub use state::{NotHere, State};
pub use tok::{FORMS, Tok, UnknownToken};
