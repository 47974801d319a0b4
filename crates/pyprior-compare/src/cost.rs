//! What a transformer of one shape computes and holds for a program in a vocabulary. Arithmetic alone; nothing is run.

use serde::Serialize;

/// The shape of a decoder in the layout of Llama: all of it but the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Width of the residual stream.
    pub hidden: u64,
    /// Width between the products of a feed-forward layer.
    pub intermediate: u64,
    /// Number of layers.
    pub layers: u64,
    /// Number of query heads.
    pub heads: u64,
    /// Number of key and value heads.
    pub kv_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Whether the output layer is the embedding.
    pub tied: bool,
}

/// What a program of some tokens costs, in numbers of which each takes four bytes in `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Weights of the model.
    pub parameters: u64,
    /// Those of the embedding, and of the output layer if that is another.
    pub vocab_parameters: u64,
    /// Keys and values of a program's positions.
    pub cache: u64,
    /// Logits of one position.
    pub logits: u64,
    /// Multiplications with additions for the whole program, one position after the other, with a cache.
    pub products: u64,
    /// Those of them that the output layer takes.
    pub head_products: u64,
}

impl Shape {
    /// The cost of a program of `positions` forward steps in a vocabulary of `vocab` tokens. What does not fit into 64
    /// bits counts as the largest number.
    ///
    /// Counted are products of matrices and of attention: at position t, from 1 on, a head multiplies its query with t keys
    /// and its weights with t values. Norms, rotations and softmax are left out: they are of the order of the widths, not
    /// of their products.
    pub fn cost(&self, vocab: u64, positions: u64) -> Cost {
        let wide = |factors: &[u64]| factors.iter().fold(1_u64, |product, &factor| product.saturating_mul(factor));
        let (query, kv) = (wide(&[self.heads, self.head_dim]), wide(&[self.kv_heads, self.head_dim]));
        let attention = wide(&[self.hidden, query.saturating_mul(2).saturating_add(kv.saturating_mul(2))]);
        let layer = attention.saturating_add(wide(&[3, self.hidden, self.intermediate]));
        let embedding = wide(&[vocab, self.hidden]);
        let vocab_parameters = if self.tied { embedding } else { embedding.saturating_mul(2) };
        let norms = wide(&[self.hidden, self.layers.saturating_mul(2).saturating_add(1)]);
        let pairs = wide(&[positions, positions.saturating_add(1)]) / 2;
        let head_products = wide(&[positions, embedding]);
        let layers = wide(&[self.layers, layer]);
        let looked_at = wide(&[2, self.layers, query, pairs]);
        Cost {
            parameters: layers.saturating_add(norms).saturating_add(vocab_parameters),
            vocab_parameters,
            cache: wide(&[2, self.layers, kv, positions]),
            logits: vocab,
            products: wide(&[positions, layers]).saturating_add(looked_at).saturating_add(head_products),
            head_products,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_by_hand() {
        let shape = Shape { hidden: 6, intermediate: 10, layers: 2, heads: 4, kv_heads: 2, head_dim: 2, tied: true };
        let cost = shape.cost(100, 3);
        // A layer: 6 × 8 query, 6 × 4 key, 6 × 4 value, 8 × 6 output, three times 6 × 10; two norms of 6.
        let layer = 48 + 24 + 24 + 48 + 180;
        assert_eq!((cost.parameters, cost.vocab_parameters), (2 * (layer + 12) + 6 + 600, 600));
        // Two layers, keys and values of 4 numbers, 3 positions.
        assert_eq!((cost.cache, cost.logits), (2 * 2 * 4 * 3, 100));
        // 1 + 2 + 3 keys and as many values, of four heads of 2, in two layers.
        assert_eq!((cost.products, cost.head_products), (3 * 2 * layer + 2 * 2 * 8 * 6 + 1800, 1800));
        assert_eq!(Shape { tied: false, ..shape }.cost(100, 3).parameters, cost.parameters + 600);
        let vast = Shape { hidden: u64::MAX, ..shape }.cost(u64::MAX, u64::MAX);
        assert_eq!((vast.parameters, vast.products), (u64::MAX, u64::MAX));
    }
}
