//! Programs in 128 bits: what is the same for equal programs, and for programs of one shape.
//!
//! Tokens are equal exactly for programs that are equal up to the names of variables and functions, so nothing has to be
//! renamed. Why: names are numbered scope by scope. A variable can only come into a scope as the lowest number that is not
//! visible, and whatever is visible has occurred before; so of two programs that agree up to a variable that is new to the
//! scope, both have the same number there. Parameters are `VAR_1` to `VAR_k`, and the n-th definition is `FUNC_n`.
//! `tests/it/equal.rs` holds that against Python's own syntax trees, for every program of small languages.

use pyprior_core::{Form, Vocab};
use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256. That two programs that differ have the same is less likely than a machine that computes
/// wrongly.
pub(crate) type Key = [u8; 16];

/// The first half of what was hashed.
pub(crate) fn key(hash: Sha256) -> Key {
    first_half(&hash.finalize().into())
}

/// The key of tokens: of 32 bits each, the lowest byte first.
pub(crate) fn of_tokens(tokens: impl IntoIterator<Item = u32>) -> Key {
    first_half(&hash_of_tokens(tokens))
}

/// The key that a whole hash begins with.
pub(crate) fn first_half(hash: &[u8; 32]) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&hash[..16]);
    key
}

/// SHA-256 of tokens: of 32 bits each, the lowest byte first.
pub(crate) fn hash_of_tokens(tokens: impl IntoIterator<Item = u32>) -> [u8; 32] {
    let mut hash = Sha256::new();
    // On the stack, and hashed at once as long as programs are short.
    let (mut bytes, mut used) = ([0; 256], 0);
    for token in tokens {
        if used == bytes.len() {
            hash.update(bytes);
            used = 0;
        }
        bytes[used..used + 4].copy_from_slice(&token.to_le_bytes());
        used += 4;
    }
    hash.update(&bytes[..used]);
    hash.finalize().into()
}

/// Shapes of programs: their tokens, with the form alone of every constant, variable and function name.
///
/// Operators, comparisons, numbers of parameters and of statements stay what they are.
#[derive(Debug, Clone)]
pub(crate) struct Shapes {
    /// Of each token, the token that stands for it: the first of its form, or itself.
    stands: Vec<u32>,
}

impl Shapes {
    pub(crate) fn new(vocab: &Vocab) -> Self {
        let mut stands = (0..vocab.len() as u32).collect::<Vec<_>>();
        for form in [Form::Func, Form::Var, Form::Const] {
            let ids = vocab.ids_of(form);
            let first = ids.start;
            for id in ids {
                if let Some(place) = stands.get_mut(id as usize) {
                    *place = first;
                }
            }
        }
        Self { stands }
    }

    /// The key of a program's shape.
    pub(crate) fn key(&self, tokens: &[u32]) -> Key {
        of_tokens(tokens.iter().map(|&token| self.stands.get(token as usize).copied().unwrap_or(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyprior_core::LanguageConfig;

    #[test]
    fn tokens_are_hashed_as_they_are() {
        for len in [0_u32, 1, 63, 64, 65, 1000] {
            let bytes = (0..len).flat_map(|token| (token * 7919).to_le_bytes()).collect::<Vec<_>>();
            assert_eq!(of_tokens((0..len).map(|token| token * 7919)), Sha256::digest(bytes)[..16]);
        }
    }

    #[test]
    fn shapes_forget_names_and_numbers() {
        let vocab = Vocab::new(&LanguageConfig { base_vocab: 100, ..LanguageConfig::default() }).unwrap();
        let shapes = Shapes::new(&vocab);
        let ids = |names: &str| names.split(' ').map(|name| vocab.id_of(name).unwrap()).collect::<Vec<_>>();
        let program = "BLK_2 ASSIGN VAR_1 ADD INT_1 INT_2 PRINT ADD VAR_1 VAR_1";
        let shape = shapes.key(&ids(program));
        for (from, to, same) in [
            ("INT_1", "INT_-99", true),
            ("VAR_1", "VAR_2", true),
            ("ADD INT_1", "SUB INT_1", false),
            ("PRINT", "ASSIGN VAR_1", false),
            // A variable is not a number.
            ("ADD VAR_1 VAR_1", "ADD VAR_1 INT_1", false),
        ] {
            assert_eq!(shapes.key(&ids(&program.replace(from, to))) == shape, same, "{from} {to}");
        }
        assert_ne!(shapes.key(&ids("BLK_1 FUNC_1 ARITY_0")), shapes.key(&ids("BLK_1 FUNC_1 ARITY_1")));
        assert_eq!(shapes.key(&ids("CALL FUNC_1")), shapes.key(&ids("CALL FUNC_2")));
    }
}
