#![doc = include_str!("../README.md")]

mod batch;
mod bitmask;
mod cache;
mod cpu;
mod error;
mod files;
pub mod generate;
mod llama;
mod model;
mod ops;
mod random;
pub mod sample;
pub mod train;

pub use batch::Batch;
pub use bitmask::{BitmaskTensor, apply_token_bitmask};
pub use cache::{CacheError, KvCache, ModelId};
pub use error::Error;
pub use files::{DirError, ModelDir, ModelFiles, WeightsError};
pub use generate::{Budget, GenerateConfig, GenerateError, Generated, Generator, Prompt, Stats};
pub use llama::{Llama, LlamaConfig, LlamaConfigError};
pub use model::CausalModel;
pub use random::RandomModel;
pub use sample::{Draw, PriorRows, SampleError, Sampled, TensorSampler};
