//! URLs of object stores.

use std::path::PathBuf;

use url::Url;

use crate::error::DataError;

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Address {
    /// To a folder of this machine.
    File(PathBuf),
    /// To an object store.
    Objects(Url),
}

/// Schemes of object stores; https for hosts of theirs.
const SCHEMES: [&str; 9] = ["s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "https"];
/// Those whose URLs have a container before the account, as `container@account`.
const CONTAINERS: [&str; 5] = ["az", "azure", "adl", "abfs", "abfss"];

impl Address {
    /// Reads a URL. One that is refused is told without what may be a secret of it.
    pub(in super::super) fn parse(text: &str) -> Result<Self, DataError> {
        let scheme = text.split("://").next().unwrap_or_default();
        let refused = |reason: String| Err(DataError::Url { url: format!("{scheme}://…"), reason });
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refused(error.to_string()),
        };
        let user = !url.username().is_empty() && !CONTAINERS.contains(&url.scheme());
        if user || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return refused(
                "no name, password, query or fragment may be in it: credentials and options come from the environment"
                    .into(),
            );
        }
        match url.scheme() {
            "file" => match url.to_file_path() {
                Ok(path) => Ok(Self::File(path)),
                Err(()) => refused("no folder of this machine".into()),
            },
            scheme if SCHEMES.contains(&scheme) => Ok(Self::Objects(url)),
            _ => refused(format!("no store has this scheme; known are file, {}", SCHEMES.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(Address::parse("file:///tmp/a%20b").unwrap(), Address::File("/tmp/a b".into()));
        for text in ["s3://bucket/a/b", "gs://b", "az://container@account/a", "https://x.blob.core.windows.net/c/a"] {
            assert_eq!(Address::parse(text).unwrap(), Address::Objects(Url::parse(text).unwrap()));
        }
    }

    #[test]
    fn refusals_tell_no_secret() {
        for text in [
            "s3://SECRET@bucket/a",
            "s3://key:SECRET@bucket",
            "az://container:SECRET@account/a",
            "https://x.blob.core.windows.net/c?sig=SECRET",
            "gs://b/a#SECRET",
            "ftp://host/SECRET",
            "memory://SECRET",
            "file://host.SECRET/a",
            "s3://[SECRET",
        ] {
            let told = Address::parse(text).unwrap_err().to_string();
            assert!(!told.contains("SECRET"), "{told}");
            assert!(told.starts_with(&format!("{}://…: ", text.split("://").next().unwrap())), "{told}");
        }
    }
}
