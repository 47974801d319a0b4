//! One program in both vocabularies.

use std::ops::Range;

use pyprior_core::{Form, Vocab};

use crate::parts::{Part, parts};
use crate::text::{TextTokenizer, TextTokenizerError};

/// What a program takes in both vocabularies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Tokens of the syntax tree.
    pub tokens: u32,
    /// Tokens of the text.
    pub text_tokens: u32,
    /// Bytes of the text.
    pub bytes: u32,
    /// Tokens of the syntax tree by form, in the order of [`Form::ALL`].
    pub forms: [u32; Form::ALL.len()],
    /// Tokens of the text by what they spell, in the order of [`Part::ALL`]; one that spells several is divided by
    /// bytes. Their sum is [`text_tokens`](Self::text_tokens), save for text without a byte.
    pub parts: [f64; Part::ALL.len()],
}

impl Measured {
    /// Measures a program: its tokens without `PAD`, and its text.
    ///
    /// # Errors
    ///
    /// [`TextTokenizerError::Encode`] if the text cannot be split.
    pub fn new(
        vocab: &Vocab,
        tokens: &[u32],
        source: &str,
        tokenizer: &TextTokenizer,
    ) -> Result<Self, TextTokenizerError> {
        let mut forms = [0; Form::ALL.len()];
        for form in tokens.iter().filter_map(|&token| vocab.form(token)) {
            if let Some(count) = forms.get_mut(form as usize) {
                *count += 1;
            }
        }
        let spans = tokenizer.spans(source)?;
        Ok(Self {
            tokens: count(tokens.len()),
            text_tokens: count(spans.len()),
            bytes: count(source.len()),
            forms,
            parts: divided(&spans, &parts(source)),
        })
    }

    /// Tokens of the text for one of the tree. A program has at least three of the latter.
    pub fn ratio(&self) -> f64 {
        f64::from(self.text_tokens) / f64::from(self.tokens.max(1))
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// One for each span, divided among the parts that its bytes belong to.
fn divided(spans: &[Range<usize>], parts: &[Part]) -> [f64; Part::ALL.len()] {
    let mut shares = [0.0; Part::ALL.len()];
    for span in spans {
        // A token that stands for no byte of its own counts for the byte where it is.
        let start = span.start.min(parts.len().saturating_sub(1));
        let end = span.end.clamp(start, parts.len()).max((start + 1).min(parts.len()));
        for &part in &parts[start..end] {
            shares[part as usize] += 1.0 / (end - start) as f64;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_divided_by_bytes() {
        let of = parts("a = 1\n");
        let shares = |spans: &[Range<usize>]| divided(spans, &of);
        // A whole token each: layout, word, name, number, operator, bracket, remark.
        assert_eq!(shares(&[0..1, 1..3, 3..5, 5..6]), [1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(shares(&[3..6, 0..2]), [1.0 / 3.0, 0.0, 0.5, 2.0 / 3.0, 0.5, 0.0, 0.0]);
        // Empty, and beyond the end.
        assert_eq!(shares(&[3..3, 6..6, 9..12]), [2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(divided(&[0..0, 0..1], &[]), [0.0; 7]);
    }
}
