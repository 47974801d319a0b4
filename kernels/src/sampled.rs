//! What the sampling kernel writes of a row.

use thiserror::Error;

/// A token, and what it was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampled {
    /// The token.
    pub token: u32,
    /// Natural logarithm of its probability.
    pub log_probability: f32,
    /// Entropy, in nats, of the distribution that it was drawn from.
    pub entropy: f32,
    /// Number of legal tokens.
    pub legal: u32,
}

/// Why a row has no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// No token is legal.
    #[error("no token is legal")]
    Empty,
    /// The logit of a token in question is NaN.
    #[error("the logit of token {token} is NaN")]
    Nan {
        /// The first such token.
        token: u32,
    },
}

impl Sampled {
    /// Reads the four words of a row.
    ///
    /// # Errors
    ///
    /// [`Refused`] where the kernel found no token.
    pub fn read([token, log_probability, entropy, legal]: [u32; 4]) -> Result<Self, Refused> {
        const NONE: u32 = u32::MAX;
        match (token, log_probability) {
            (NONE, NONE) => Err(Refused::Empty),
            (NONE, token) => Err(Refused::Nan { token }),
            _ => {
                let [log_probability, entropy] = [log_probability, entropy].map(f32::from_bits);
                Ok(Self { token, log_probability, entropy, legal })
            }
        }
    }
}
