//! What the programs of a model depend on.

use std::fmt;
use std::str::FromStr;

use pyprior_core::{PriorConfig, TruncationConfig};
use serde::{Deserialize, Serialize};

use super::SourceError;
use crate::hex::hex;

/// A model, and how programs are drawn from it. What is none is for whoever has the model to fill in; that is done before
/// a dataset is made, so that manifests have all of it.
///
/// Not the place where the model lies: that has no influence on programs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelDescription {
    /// SHA-256 of what `sha256sum config.json model.safetensors` prints in the model's directory.
    pub sha256: Option<ModelDigest>,
    /// Where the model computes.
    pub device: Option<ComputeDevice>,
    /// What it computes in.
    pub dtype: Option<Dtype>,
    /// Programs side by side; none on a CPU, where they do not depend on it.
    pub batch: Option<u32>,
    /// Divides the logits; 0 takes the likeliest token.
    pub temperature: f64,
    /// Draws among this many of the likeliest tokens.
    pub top_k: Option<u32>,
    /// Draws among the likeliest tokens that have this probability together.
    pub top_p: f64,
    /// Draws among the tokens that are this many times as likely as the likeliest.
    pub min_p: f64,
    /// A prior that has a say, with the mode in which it has; none for the model's logits as they are.
    pub prior: Option<PriorConfig>,
}

/// What numbers a model's programs are made of. Kinds of devices differ in the last bits of logits, so that programs may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComputeDevice {
    /// A CPU with fused multiplication: x86-64-v3 and later, NEON.
    Cpu,
    /// A CPU without.
    CpuWithoutFma,
    /// NVIDIA's.
    Cuda,
    /// Apple's.
    Metal,
}

/// Kinds of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32 bits.
    F32,
    /// 16 bits, 8 of them exponent.
    Bf16,
    /// 16 bits, 5 of them exponent.
    F16,
}

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelDigest([u8; 32]);

impl Default for ModelDescription {
    fn default() -> Self {
        let TruncationConfig { temperature, top_k, top_p, min_p } = TruncationConfig::default();
        let (sha256, device, dtype, batch, prior) = (None, None, None, None, None);
        Self { sha256, device, dtype, batch, temperature, top_k, top_p, min_p, prior }
    }
}

impl ModelDescription {
    /// Temperature and filters.
    pub fn truncation(&self) -> TruncationConfig {
        let Self { temperature, top_k, top_p, min_p, .. } = *self;
        TruncationConfig { temperature, top_k, top_p, min_p }
    }

    /// Whether everything is said that programs depend on.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        let on_cpu = matches!(self.device, Some(ComputeDevice::Cpu | ComputeDevice::CpuWithoutFma));
        let said = [
            ("sha256", self.sha256.is_some()),
            ("device", self.device.is_some()),
            ("dtype", self.dtype.is_some()),
            ("batch", self.batch.is_some() || on_cpu),
        ];
        match said.into_iter().find(|said| !said.1) {
            Some((field, _)) => Err(SourceError::Unsaid { field }),
            None => Ok(()),
        }
    }
}

impl From<[u8; 32]> for ModelDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<ModelDigest> for String {
    fn from(digest: ModelDigest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for ModelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ModelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for ModelDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse()
    }
}

impl FromStr for ModelDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected the 64 hexadecimal digits of a SHA-256";
        let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(EXPECTED);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0]).zip(digit(pair[1])).map(|(high, low)| high << 4 | low).ok_or(EXPECTED)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_digits() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest: ModelDigest = text.parse().unwrap();
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(digest));
        assert_eq!(digest.0[..3], [0xe3, 0xb0, 0xc4]);
        for wrong in ["", "e3", &text[1..], &text.replace('e', "g"), &text.replace("e3", "é")] {
            assert!(wrong.parse::<ModelDigest>().is_err(), "{wrong}");
        }
    }
}
