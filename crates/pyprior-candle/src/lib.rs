#![doc = include_str!("../README.md")]

mod batch;
mod bitmask;
mod cache;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
mod files;
pub mod generate;
mod llama;
mod mask;
mod model;
mod ops;
mod pace;
mod random;
pub mod sample;
mod sample_error;
pub mod train;

pub use batch::Batch;
pub use bitmask::BitmaskTensor;
pub use cache::{CacheError, KvCache, ModelId};
pub use cpu::fuses;
pub use error::Error;
pub use files::{DirError, ModelDir, ModelFiles, WeightsError};
pub use generate::{
    Block, BlockConfig, Blocks, BlocksError, Budget, GenerateConfig, GenerateError, Generated, Generator, Prompt, Stats,
};
pub use llama::{Llama, LlamaConfig, LlamaConfigError};
pub use mask::{apply_token_bitmask, apply_token_bitmask_to};
pub use model::CausalModel;
pub use pace::{Pace, pace};
pub use random::RandomModel;
pub use sample::{Draw, PriorRows, SampleError, Sampled, TensorSampler};
