//! A text tokenizer, as Hugging Face's `tokenizer.json` describes one.

use std::ops::Range;

use thiserror::Error;
use tokenizers::Tokenizer;

/// What the `tokenizers` library says.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Splits text into the tokens of a `tokenizer.json`, and into nothing else: no tokens at the ends, no cutting, no
/// padding, and text that spells a special token is text.
#[derive(Debug, Clone)]
pub struct TextTokenizer {
    name: String,
    tokenizer: Tokenizer,
}

/// What can be wrong with a tokenizer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TextTokenizerError {
    /// The bytes describe no tokenizer.
    #[error("{name} is no tokenizer.json")]
    Invalid {
        /// What the tokenizer is called.
        name: String,
        /// What is wrong.
        source: Source,
    },
    /// The vocabulary is empty.
    #[error("{name} has no tokens")]
    Empty {
        /// What the tokenizer is called.
        name: String,
    },
    /// A text cannot be split.
    #[error("{name} cannot split a text of {bytes} bytes")]
    Encode {
        /// What the tokenizer is called.
        name: String,
        /// Length of the text.
        bytes: usize,
        /// Why.
        source: Source,
    },
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`; `name` is what reports and errors call it.
    ///
    /// # Errors
    ///
    /// [`TextTokenizerError::Invalid`] if it is none, [`TextTokenizerError::Empty`] if it has no token.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, TextTokenizerError> {
        let invalid = |source| TextTokenizerError::Invalid { name: name.to_owned(), source };
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(invalid)?;
        tokenizer.with_truncation(None).map_err(invalid)?;
        tokenizer.with_padding(None).set_encode_special_tokens(true);
        if tokenizer.get_vocab_size(true) == 0 {
            return Err(TextTokenizerError::Empty { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), tokenizer })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of tokens in the vocabulary, added ones included: outputs that a model needs.
    pub fn vocab_len(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// The tokens of a text, by number.
    ///
    /// # Errors
    ///
    /// [`TextTokenizerError::Encode`] if it holds what the tokenizer has no token for, not even an unknown one.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, TextTokenizerError> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(|source| self.failed(text, source))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The bytes of a text that each of its tokens stands for. They may leave some out, overlap where tokens share a
    /// character, or be empty.
    ///
    /// # Errors
    ///
    /// As [`ids`](Self::ids).
    pub fn spans(&self, text: &str) -> Result<Vec<Range<usize>>, TextTokenizerError> {
        let encoding = self.tokenizer.encode(text, false).map_err(|source| self.failed(text, source))?;
        Ok(encoding.get_offsets().iter().map(|&(start, end)| start..end).collect())
    }

    fn failed(&self, text: &str, source: Source) -> TextTokenizerError {
        TextTokenizerError::Encode { name: self.name.clone(), bytes: text.len(), source }
    }
}
