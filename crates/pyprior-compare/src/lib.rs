#![doc = include_str!("../README.md")]
//!
//! ```text
//! text.rs       a tokenizer.json
//! parts.rs      what the bytes of a source spell
//! measured.rs   one program in both vocabularies
//! corpus.rs     configurations whose programs are measured
//! group.rs      programs that are looked at together: sampled, or given
//! spread.rs     quantiles · summary.rs: a group in numbers
//! table.rs      Markdown
//! cost.rs       what a transformer's shape has to compute and to hold for a program
//! plot/         SVG
//! ```

mod corpus;
mod cost;
mod group;
mod measured;
mod parts;
mod plot;
mod spread;
mod summary;
mod table;
mod text;

pub use corpus::{Setting, SettingError, corpus};
pub use cost::{Cost, Shape};
pub use group::{Group, GroupError};
pub use measured::Measured;
pub use parts::{Part, parts};
pub use plot::{lengths_svg, ratios_svg};
pub use spread::Spread;
pub use summary::{Share, Summary};
pub use table::{shares, table};
pub use text::{TextTokenizer, TextTokenizerError};
