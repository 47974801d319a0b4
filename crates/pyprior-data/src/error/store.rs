//! What an object store says.

use std::fmt::Write as _;

use thiserror::Error;

/// Bytes of an answer that are told: some stores answer with pages.
const LONGEST: usize = 400;

/// Why an object store does not do what it is asked to, in its words, without the parts of URLs in which stores carry
/// signatures.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StoreError(String);

impl From<&object_store::Error> for StoreError {
    fn from(error: &object_store::Error) -> Self {
        let mut text = String::new();
        for word in error.to_string().split_whitespace() {
            let kept = match word.split_once('?') {
                Some((url, _)) if url.contains("://") => format!("{url}?…"),
                _ => word.to_owned(),
            };
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a text does not fail.
            let _ = write!(text, "{space}{kept}");
            if text.len() > LONGEST {
                text.truncate(text.floor_char_boundary(LONGEST));
                text.push('…');
                break;
            }
        }
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_signature_and_no_page() {
        let told = |text: &str| StoreError::from(&object_store::Error::Generic { store: "X", source: text.into() }).0;
        assert_eq!(told("PUT https://h/a?sig=SECRET\n failed?"), "Generic X error: PUT https://h/a?… failed?");
        let long = told(&"ü ".repeat(1000));
        assert!(long.len() <= LONGEST + "…".len() && long.ends_with('…'), "{long}");
    }
}
