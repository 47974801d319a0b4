//! Weights before any training.

use candle_core::{Device, Tensor};
use pyprior_core::philox4x32_10;

use super::LlamaConfig;
use crate::error::Error;

/// Standard deviation of matrices and embeddings.
const SPREAD: f64 = 0.02;

impl LlamaConfig {
    /// Tensors to begin training with, f32 on the CPU, by name in the order of [`tensors`](Self::tensors): a function
    /// of the seed alone.
    ///
    /// Norms are 1. Matrices and embeddings are spread evenly with standard deviation 0.02; the two matrices of a
    /// layer that write to the residual stream have it divided by √(2 · layers), so that the stream does not grow with
    /// depth (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019).
    ///
    /// # Errors
    ///
    /// [`LlamaConfigError`](crate::LlamaConfigError) if the numbers are no model's.
    pub fn initial_tensors(&self, seed: u64) -> Result<Vec<(String, Tensor)>, Error> {
        self.check()?;
        let narrow = SPREAD / (2.0 * self.num_hidden_layers as f64).sqrt();
        let tensor = |(nth, (name, shape)): (usize, (String, Vec<usize>))| {
            let count = shape.iter().product();
            let numbers = if shape.len() == 1 {
                vec![1.0; count]
            } else {
                let writes = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
                even(seed, nth as u32, count, if writes { narrow } else { SPREAD })
            };
            Ok((name, Tensor::from_vec(numbers, shape, &Device::Cpu)?))
        };
        self.tensors().into_iter().enumerate().map(tensor).collect()
    }
}

/// Numbers spread evenly around 0 with a standard deviation.
fn even(seed: u64, stream: u32, count: usize, deviation: f64) -> Vec<f32> {
    let width = 2.0 * deviation * 3.0_f64.sqrt() / f64::from(u32::MAX);
    let key = [seed as u32, (seed >> 32) as u32];
    let blocks = (0..count.div_ceil(4)).map(|block| philox4x32_10([block as u32, 0, stream, 2], key));
    let numbers = blocks.flatten().map(|word| ((f64::from(word) - f64::from(u32::MAX) / 2.0) * width) as f32);
    numbers.take(count).collect()
}
