//! A folder or a URL.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Store;
use super::local::Local;
use crate::error::DataError;

/// Where a dataset is, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of an object store, and what names there begin with: `s3://bucket/prefix`. What else a store must be told,
    /// credentials among it, comes from the environment.
    Url(String),
}

impl Place {
    /// What is meant: a URL has `://`, after a scheme of letters, digits, `+`, `-` and `.`; all else is a folder.
    pub fn parse(text: &OsStr) -> Self {
        let scheme = text.to_str().and_then(|text| text.split_once("://")).map(|(scheme, _)| scheme);
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        match (scheme, text.to_str()) {
            (Some(scheme), Some(text)) if !scheme.is_empty() && scheme.bytes().all(letter) => {
                Self::Url(text.to_owned())
            }
            _ => Self::Folder(text.into()),
        }
    }

    /// The place of that name in it.
    pub fn below(&self, name: &str) -> Self {
        match self {
            Self::Folder(path) => Self::Folder(path.join(name)),
            Self::Url(url) => Self::Url(format!("{}/{name}", url.trim_end_matches('/'))),
        }
    }

    /// What is there.
    pub(crate) fn open(&self) -> Result<Box<dyn Store>, DataError> {
        match self {
            // What is empty, such as a variable of a shell that is not set, is the folder that one is in.
            Self::Folder(path) if path.as_os_str().is_empty() => Ok(Box::new(Local::new(".".into()))),
            Self::Folder(path) => Ok(Box::new(Local::new(path.clone()))),
            #[cfg(feature = "object-store")]
            Self::Url(url) => match super::objects::Address::parse(url)? {
                // The same as the folder in every way, locks included.
                super::objects::Address::File(path) => Ok(Box::new(Local::new(path))),
                super::objects::Address::Objects(url) => Ok(Box::new(super::objects::Objects::connect(&url)?)),
            },
            #[cfg(not(feature = "object-store"))]
            Self::Url(url) => {
                let scheme = url.split("://").next().unwrap_or_default().to_owned();
                Err(DataError::Url {
                    url: scheme,
                    reason: "this program was built without feature object-store".into(),
                })
            }
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::Folder(path.to_owned())
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::Folder(path)
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_folders() {
        for text in ["s3://bucket/a", "gs://b", "file:///tmp/x", "abfs+x.1-2://y"] {
            assert_eq!(Place::parse(OsStr::new(text)), Place::Url(text.to_owned()));
        }
        for text in ["a", "/a/b", "://a", "a b://c", "s3:/a", "./s3://a", "C:\\a"] {
            assert_eq!(Place::parse(OsStr::new(text)), Place::Folder(text.into()), "{text}");
        }
    }
}
