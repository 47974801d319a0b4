//! Tokens that spell the inputs and outputs of programs: integers of any size, and none.

use crate::vocab::{Form, Vocab};

/// An input or output value, its integer in canonical decimal digits so that any size fits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IoValue {
    /// `None`.
    None,
    /// An integer: an optional minus sign and decimal digits, without leading zeros.
    Int(String),
}

impl IoValue {
    /// An integer from decimal text (`-?[0-9]+`, leading zeros allowed); `None` if the text is something else.
    pub fn parse_int(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self::from_parts(negative, digits))
    }

    fn from_parts(negative: bool, digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        match (digits.is_empty(), negative) {
            (true, _) => Self::Int("0".to_owned()),
            (false, true) => Self::Int(format!("-{digits}")),
            (false, false) => Self::Int(digits.to_owned()),
        }
    }
}

impl From<i64> for IoValue {
    fn from(value: i64) -> Self {
        Self::Int(value.to_string())
    }
}

impl Vocab {
    /// Token ids of a value: `VAL_NONE`, or an optional `VAL_NEG`, decimal digits, `VAL_END`.
    ///
    /// Characters of a hand-made [`IoValue::Int`] that are not digits are skipped, a minus sign counts wherever
    /// it stands.
    pub fn encode_value(&self, value: &IoValue) -> Vec<u32> {
        let first = self.ids_of(Form::Value).start;
        let IoValue::Int(text) = value else { return vec![first + 11] };
        let minus = text.contains('-').then_some(first + 10);
        let digits = text.bytes().filter(u8::is_ascii_digit).map(|digit| first + u32::from(digit - b'0'));
        minus.into_iter().chain(digits).chain([first + 12]).collect()
    }

    /// The value that a stream of value tokens spells.
    ///
    /// Reads leniently, as 0.0.2 does: up to the first `VAL_END`; a leading `VAL_NONE` is none; tokens that are
    /// not value tokens are skipped; a `VAL_NEG` anywhere negates; no digit is 0.
    pub fn decode_value(&self, tokens: &[u32]) -> IoValue {
        let first = self.ids_of(Form::Value).start;
        let local = |token: &u32| token.checked_sub(first).filter(|&nth| nth < 13);
        if tokens.first().and_then(local) == Some(11) {
            return IoValue::None;
        }
        let mut negative = false;
        let mut digits = String::new();
        for nth in tokens.iter().filter_map(local) {
            match nth {
                0..=9 => digits.push(char::from(b'0' + nth as u8)),
                10 => negative = true,
                12 => break,
                _ => {}
            }
        }
        IoValue::from_parts(negative, &digits)
    }
}
