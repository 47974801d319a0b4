#![doc = include_str!("../README.md")]

mod analysis;
pub mod ast;
mod batch;
mod bitmask;
mod codec;
mod config;
pub mod exec;
mod explain;
mod filter;
mod frontier;
mod grammar;
mod isa;
mod language;
mod lockstep;
mod logits;
mod matcher;
mod prior;
mod sampler;
mod step;
mod table;
mod tokenizer_json;
mod value;
mod vocab;
mod words;

pub use analysis::{
    Analysis, Analysis002, Analyzer, Cause, Finding, FindingKind, FormCounts, FunctionEnds, FunctionFacts,
};
pub use batch::{BatchError, BatchMatcher};
pub use bitmask::{BitmaskShapeError, TokenBitmask};
pub use codec::encode::error::{EncodeError, EncodeErrorKind, Stage, Unseen};
pub use codec::encode::places::Place;
pub use codec::encode::prompt::Prompt;
pub use codec::encode::{EncodeOptions, Encoded, Encoder};
pub use codec::names::{NameError, NameTable, Names};
pub use codec::naming::NamedError;
pub use codec::nodes::{render_nodes, render_tree};
pub use codec::program_names::ProgramNames;
pub use codec::render::Renderer;
pub use codec::tree::{DecodeError, EncodeTreeError};
pub use config::{
    Calls, ComparisonValues, ConfigError, DeadCode, LanguageConfig, MAX_BASE_VOCAB, MAX_CONSTANTS, MAX_LEN, Profile,
};
pub use explain::WhyNot;
pub use filter::{FILTER_STEPS, ProgramFilter, Rejected};
pub use frontier::{Frontier, HoleKind};
pub use grammar::rules::{Child, Context, Position};
pub use grammar::view::{Grammar, StatementForm};
pub use language::Language;
pub use logits::choice::{Choice, GumbelSampler};
pub use logits::element::Logit;
pub use logits::row::{ChoiceError, LogitsError, LogitsScratch};
pub use logits::sample::{Sampled, TokenSampler};
pub use logits::truncate::{Truncation, TruncationConfig, TruncationError};
pub use matcher::{Matcher, RollbackError, TokenError};
pub use prior::arrays::{PRIOR_GROUPS, PriorShifts};
pub use prior::config::{ApplyMode, Normalisation, PriorConfig, PriorError};
pub use prior::table::Prior;
pub use sampler::beginning::TooLongError;
pub use sampler::drawn::Programs;
pub use sampler::philox::philox4x32_10;
pub use sampler::prior::{OtherLanguageError, PriorSampler};
pub use sampler::programs::ProgramSampler;
pub use sampler::score::ProgramScorer;
pub use sampler::scored::ScoredSampler;
pub use sampler::uniform::{RowSampler, UniformSampler};
pub use value::IoValue;
pub use vocab::{BinOp, Compare, Form, Symbol, Vocab};
