//! Text files of a model's directory.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::DirError;

pub(super) fn read(path: &Path) -> Result<String, DirError> {
    std::fs::read_to_string(path).map_err(|source| DirError::Io { path: path.to_owned(), source })
}

pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, DirError> {
    serde_json::from_str(text).map_err(|source| DirError::Json { path: path.to_owned(), source })
}
