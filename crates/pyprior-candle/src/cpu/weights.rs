//! Weights, packed: queries, keys and values are one matrix, gate and up another.

use candle_core::{DType, Device, Tensor};

use super::product::{PANEL, Packed};
use crate::error::Error;
use crate::files::WeightsError;
use crate::llama::LlamaConfig;
use crate::ops::lanes::LANES;

/// All weights. Those of the embedding are there twice where the output is tied to it: one token's numbers lie together
/// in the one, 32 tokens' side by side in the other.
#[derive(Debug)]
pub(crate) struct Weights {
    /// [vocab, hidden]
    pub(super) embed: Vec<f32>,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Vec<f32>,
    pub(super) head: Packed,
}

/// The weights of one layer.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    pub(super) qkv: Packed,
    pub(super) out: Packed,
    pub(super) mlp_norm: Vec<f32>,
    pub(super) gate_up: Packed,
    pub(super) down: Packed,
}

/// Reads tensors in the order of [`LlamaConfig::tensors`].
struct Reader<G> {
    tensors: std::vec::IntoIter<(String, Vec<usize>)>,
    get: G,
    name: String,
}

impl<G: FnMut(&str, &[usize]) -> Result<Tensor, Error>> Reader<G> {
    /// The next tensor's numbers.
    fn next(&mut self) -> Result<Vec<f32>, Error> {
        let none = || candle_core::Error::Msg("one tensor more than there is".to_owned());
        let (name, shape) = self.tensors.next().ok_or_else(none)?;
        self.name = name;
        let tensor = (self.get)(&self.name, &shape)?.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
        Ok(tensor.reshape(shape)?.flatten_all()?.to_vec1()?)
    }

    /// The next `count` matrices [outputs, inputs], one below the other.
    fn matrices(&mut self, count: usize) -> Result<Vec<f32>, Error> {
        let mut numbers = self.next()?;
        for _ in 1..count {
            numbers.extend(self.next()?);
        }
        Ok(numbers)
    }

    /// Packs what the last tensor belongs to.
    fn pack(&self, inputs: usize, outputs: usize, at: impl Fn(usize, usize) -> f32) -> Result<Packed, Error> {
        let memory = || WeightsError::Memory { name: self.name.clone() };
        Ok(Packed::new(inputs, outputs, at).ok_or_else(memory)?)
    }

    /// The next matrices, packed side by side.
    fn packed(&mut self, count: usize, inputs: usize) -> Result<Packed, Error> {
        let matrix = self.matrices(count)?;
        self.pack(inputs, matrix.len() / inputs, |input, output| matrix[output * inputs + input])
    }
}

impl Weights {
    /// Asks for every tensor of the model once, in the order of [`LlamaConfig::tensors`].
    pub(crate) fn new(
        config: &LlamaConfig,
        get: impl FnMut(&str, &[usize]) -> Result<Tensor, Error>,
    ) -> Result<Self, Error> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let mut reader = Reader { tensors: config.tensors().into_iter(), get, name: String::new() };
        let embed = reader.next()?;
        let layers = (0..config.num_hidden_layers).map(|_| {
            Ok(Layer {
                attention_norm: reader.next()?,
                qkv: reader.packed(3, hidden)?,
                out: reader.packed(1, config.num_attention_heads * config.head_dim)?,
                mlp_norm: reader.next()?,
                gate_up: {
                    let matrices = reader.matrices(2)?;
                    let at = |input, output| match gate_or_up(output) {
                        (part, nth) if nth < inner => matrices[(part * inner + nth) * hidden + input],
                        _ => 0.0,
                    };
                    reader.pack(hidden, gate_up_width(inner), at)?
                },
                down: reader.packed(1, inner)?,
            })
        });
        let layers = layers.collect::<Result<_, Error>>()?;
        let norm = reader.next()?;
        let head = match config.tie_word_embeddings {
            true => reader.pack(hidden, config.vocab_size, |input, token| embed[token * hidden + input])?,
            false => reader.packed(1, hidden)?,
        };
        Ok(Self { embed, layers, norm, head })
    }

    /// The way back: every tensor of [`LlamaConfig::tensors`], bit for bit.
    pub(crate) fn by_name(&self, config: &LlamaConfig) -> Result<Vec<(String, Tensor)>, Error> {
        let (query, kv) = (config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim);
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        // Matrices [outputs, inputs], from the column `first` on.
        let part = |packed: &Packed, first: usize, outputs: usize, inputs: usize| -> Vec<f32> {
            let row = |output| (0..inputs).map(move |input| packed.at(input, output));
            (first..first + outputs).flat_map(row).collect()
        };
        let half = |packed: &Packed, half: usize| -> Vec<f32> {
            let row =
                |nth| (0..hidden).map(move |input| packed.at(input, nth / LANES * PANEL + half * LANES + nth % LANES));
            (0..inner).flat_map(row).collect()
        };
        let mut numbers = vec![self.embed.clone()];
        for layer in &self.layers {
            numbers.extend([
                layer.attention_norm.clone(),
                part(&layer.qkv, 0, query, hidden),
                part(&layer.qkv, query, kv, hidden),
                part(&layer.qkv, query + kv, kv, hidden),
                part(&layer.out, 0, hidden, query),
                layer.mlp_norm.clone(),
                half(&layer.gate_up, 0),
                half(&layer.gate_up, 1),
                part(&layer.down, 0, hidden, inner),
            ]);
        }
        numbers.push(self.norm.clone());
        if !config.tie_word_embeddings {
            numbers.push(part(&self.head, 0, config.vocab_size, hidden));
        }
        let tensor = |((name, shape), numbers)| Ok((name, Tensor::from_vec(numbers, shape, &Device::Cpu)?));
        config.tensors().into_iter().zip(numbers).map(tensor).collect()
    }
}

/// Columns of gate and up together, [`Write::SiluMul`](super::product::Write::SiluMul)'s way.
fn gate_up_width(inner: usize) -> usize {
    2 * inner.next_multiple_of(LANES)
}

/// Whether such a column is of gate (0) or of up (1), and its number there.
fn gate_or_up(column: usize) -> (usize, usize) {
    (column % PANEL / LANES, column / PANEL * LANES + column % LANES)
}
