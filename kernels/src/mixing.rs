//! How the logits of model and prior become one, in the numbers that kernels take.

/// A number as the sum of two: 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C, align(8))]
pub struct Pair {
    /// The number, rounded.
    pub high: f32,
    /// What that leaves out, rounded.
    pub low: f32,
}

impl From<f64> for Pair {
    fn from(x: f64) -> Self {
        let high = x as f32;
        let rest = x - f64::from(high);
        Self { high, low: if rest.is_finite() { rest as f32 } else { 0.0 } }
    }
}

/// `(model m + prior p) scale` of a model's logits m and a prior's p. The model's have no factor but a sign: so they stay
/// exact, however large they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixing {
    /// Whether factors follow from the entropy of the model over the tokens in question; those here count for nothing then,
    /// save for the scale.
    pub is_entropy: bool,
    /// Whether the largest logit is taken.
    pub is_greedy: bool,
    /// 1, -1 or 0.
    pub model: f32,
    /// Factor of the prior; 0 for none.
    pub prior: f64,
    /// What all is multiplied by; 0 to 1e30.
    pub scale: f64,
}

impl Mixing {
    /// `(model m + prior p) / temperature`; temperature 0 is greedy.
    pub fn weighted(model: f64, prior: f64, temperature: f64) -> Self {
        let (model, prior, size) = match model {
            0.0 => (0.0, 1.0, prior),
            _ => (model.signum() as f32, prior / model.abs(), model.abs()),
        };
        // Finite as a float, so that 0 times it is 0. Logits less than 1e-30 apart are all that would be told apart beyond.
        let scale = if temperature == 0.0 { 1.0 } else { (size / temperature).min(1e30) };
        Self { is_entropy: false, is_greedy: temperature == 0.0, model, prior, scale }
    }

    /// `((1 - l) m + l p) / temperature`, where l is the entropy of softmax(m) divided by the largest that it can be.
    pub fn by_entropy(temperature: f64) -> Self {
        Self { is_entropy: true, prior: 1.0, ..Self::weighted(1.0, 0.0, temperature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_what_they_are_asked_for() {
        for (model, prior, temperature) in [(1.0, 0.0, 1.0), (1.0, 0.3, 0.7), (0.7, 0.3, 2.0), (-1.5, 2.5, 1.0)] {
            let Mixing { model: sign, prior: factor, scale, .. } = Mixing::weighted(model, prior, temperature);
            assert!((f64::from(sign) * scale - model / temperature).abs() < 1e-15);
            assert!((factor * scale - prior / temperature).abs() < 1e-15);
        }
        let alone = Mixing::weighted(0.0, 1.0, 0.5);
        assert_eq!((alone.model, alone.prior, alone.scale), (0.0, 1.0, 2.0));
        assert_eq!(Mixing::weighted(1.0, 0.0, 1e-300).scale, 1e30);
        assert!(Mixing::weighted(1.0, 0.0, 0.0).is_greedy && !Mixing::by_entropy(1.0).is_greedy);
        let third = Pair::from(1.0 / 3.0);
        assert!((f64::from(third.high) + f64::from(third.low) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(Pair::from(f64::NEG_INFINITY), Pair { high: f32::NEG_INFINITY, low: 0.0 });
    }
}
