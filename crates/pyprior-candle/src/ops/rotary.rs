//! Rotary positions, in Hugging Face's layout: number i of a head turns with number i + head_dim / 2.
//!
//! Su et al., "RoFormer", 2021.

/// Cosines and sines of every position: [position, head_dim / 2] each.
#[derive(Debug, Clone)]
pub(crate) struct Rotary {
    half: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rotary {
    /// The angles of positions below `positions`: position · theta^(-2i / head_dim), rounded to f32 on the way as
    /// `transformers` does, since at large positions that rounding shows.
    pub(crate) fn new(positions: usize, head_dim: usize, theta: f64) -> Self {
        let half = head_dim / 2;
        let (mut cos, mut sin) = (Vec::with_capacity(positions * half), Vec::with_capacity(positions * half));
        let frequency = |i: usize| 1.0 / (theta as f32).powf((2 * i) as f32 / head_dim as f32);
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        for position in 0..positions {
            for frequency in &frequencies {
                let (s, c) = f64::from(position as f32 * frequency).sin_cos();
                cos.push(c as f32);
                sin.push(s as f32);
            }
        }
        Self { half, cos, sin }
    }

    /// Cosines and sines of one position.
    pub(crate) fn at(&self, position: usize) -> (&[f32], &[f32]) {
        let range = position * self.half..(position + 1) * self.half;
        (self.cos.get(range.clone()).unwrap_or_default(), self.sin.get(range).unwrap_or_default())
    }

    /// Cosines and sines of some positions, one row each.
    pub(crate) fn rows(&self, positions: impl Iterator<Item = usize>) -> (Vec<f32>, Vec<f32>) {
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        for position in positions {
            let (c, s) = self.at(position);
            cos.extend_from_slice(c);
            sin.extend_from_slice(s);
        }
        (cos, sin)
    }
}

/// Turns one head, and multiplies it by `scale`.
#[inline(always)]
pub(crate) fn rotate(head: &[f32], (cos, sin): (&[f32], &[f32]), scale: f32, out: &mut [f32]) {
    let (first, second) = head.split_at(cos.len());
    let (out_first, out_second) = out.split_at_mut(cos.len());
    let angles = cos.iter().zip(sin);
    for (((out, a), b), (cos, sin)) in out_first.iter_mut().zip(first).zip(second).zip(angles.clone()) {
        *out = (a * cos - b * sin) * scale;
    }
    for (((out, a), b), (cos, sin)) in out_second.iter_mut().zip(first).zip(second).zip(angles) {
        *out = (b * cos + a * sin) * scale;
    }
}

/// The gradient of a head out of that of what [`rotate`] made of it: turned the other way.
#[inline(always)]
pub(super) fn rotate_back(grad: &[f32], (cos, sin): (&[f32], &[f32]), scale: f32, out: &mut [f32]) {
    let (first, second) = grad.split_at(cos.len());
    let (out_first, out_second) = out.split_at_mut(cos.len());
    let angles = cos.iter().zip(sin);
    for (((out, a), b), (cos, sin)) in out_first.iter_mut().zip(first).zip(second).zip(angles.clone()) {
        *out = (a * cos + b * sin) * scale;
    }
    for (((out, a), b), (cos, sin)) in out_second.iter_mut().zip(first).zip(second).zip(angles) {
        *out = (b * cos - a * sin) * scale;
    }
}
