//! An object store.
//!
//! A file is written to this machine first, without a name, so that a killed process leaves nothing here; whole, it is put
//! in one request, or in parts that become an object together. Objects are there as a whole or not at all, and there are no
//! locks: two who make the same shard write the same bytes, and the last one stays. A process that is killed between the
//! parts leaves an upload that nobody sees; what stores call a lifecycle rule clears it away.

mod address;
#[cfg(test)]
mod tests;

pub(super) use address::Address;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use url::Url;

use super::{Part, Store};
use crate::error::{DataError, StoreError};

/// Bytes of a part of an upload, unless there would be too many: stores take 10,000, of 5 MiB or more.
const PART: u64 = 8 << 20;
const PARTS: u64 = 9_000;
/// Parts under way at a time, each in memory.
const UPLOADS: usize = 4;
/// Small requests under way at a time.
const REQUESTS: usize = 16;

/// What names of environment variables begin with that are options of a store.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// A prefix in an object store.
#[derive(Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    root: Path,
    /// Without a `/` at the end.
    url: String,
    /// Its thread keeps connections in order while nobody waits for an answer.
    runtime: Runtime,
}

impl Objects {
    /// Reads the options of a store off the environment. Nothing is asked of the store yet.
    pub(super) fn connect(url: &Url) -> Result<Self, DataError> {
        // Somebody else's choice does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let known = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            Some((name, value.into_string().ok()?)).filter(|_| known)
        });
        let shown = url.as_str().trim_end_matches('/').to_owned();
        let (store, root) = object_store::parse_url_opts(url, options).map_err(|error| DataError::Store {
            action: "use",
            url: shown.clone(),
            source: StoreError::from(&error),
        })?;
        Self::with(store.into(), root, shown)
    }

    fn with(store: Arc<dyn ObjectStore>, root: Path, url: String) -> Result<Self, DataError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("object-store").enable_all().build();
        let runtime = runtime.map_err(DataError::io("start a thread for", &url))?;
        Ok(Self { store, root, url, runtime })
    }

    fn object(&self, name: &str) -> Path {
        Path::from_iter(self.root.parts().chain(Path::from(name).parts()))
    }

    fn failed<'a>(&'a self, action: &'static str, name: &'a str) -> impl FnOnce(Error) -> DataError + 'a {
        move |error| DataError::Store { action, url: self.shown(name), source: StoreError::from(&error) }
    }

    /// Asks for every name, several at a time; what is not there is none.
    fn each<T: Send>(
        &self,
        names: &[String],
        ask: impl AsyncFn(Path) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, DataError> {
        let ask = &ask;
        let answers = stream::iter(names).map(|name| async move {
            match ask(self.object(name)).await {
                Ok(value) => Ok(Some(value)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(self.failed("read", name)(error)),
            }
        });
        self.runtime.block_on(answers.buffered(REQUESTS).try_collect())
    }

    /// Puts a file under a name: at once, or in parts of which nothing shows before the last.
    async fn upload(&self, object: &Path, file: &File, bytes: u64) -> Result<(), Error> {
        let mut file = file;
        file.seek(SeekFrom::Start(0)).map_err(local)?;
        if bytes <= PART {
            let mut all = Vec::new();
            file.read_to_end(&mut all).map_err(local)?;
            return self.store.put(object, all.into()).await.map(drop);
        }
        // Of one size but for the last, which some stores ask for.
        let size = bytes.div_ceil(PARTS).max(PART).next_multiple_of(1 << 20);
        let mut upload = self.store.put_multipart(object).await?;
        let sent = match send(upload.as_mut(), file, size).await {
            Ok(()) => upload.complete().await.map(drop),
            Err(error) => Err(error),
        };
        if sent.is_err() {
            // What led here is the error to be told.
            let _ = upload.abort().await;
        }
        sent
    }
}

/// Sends a file in parts of a size.
async fn send(upload: &mut dyn MultipartUpload, file: &File, size: u64) -> Result<(), Error> {
    let mut tasks = JoinSet::new();
    loop {
        let mut part = Vec::new();
        file.take(size).read_to_end(&mut part).map_err(local)?;
        if part.is_empty() {
            break;
        }
        if tasks.len() == UPLOADS {
            tasks.join_next().await.transpose()?.transpose()?;
        }
        tasks.spawn(upload.put_part(part.into()));
    }
    while let Some(sent) = tasks.join_next().await {
        sent??;
    }
    Ok(())
}

/// The file on this machine fails.
fn local(error: std::io::Error) -> Error {
    Error::Generic { store: "temporary file", source: error.into() }
}

impl Store for Objects {
    fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn stranger(&self) -> Result<Option<String>, DataError> {
        let mut found = self.store.list(Some(&self.root));
        match self.runtime.block_on(found.next()) {
            None => Ok(None),
            Some(Ok(object)) => Ok(Some(object.location.to_string())),
            Some(Err(error)) => {
                Err(DataError::Store { action: "list", url: self.url.clone(), source: StoreError::from(&error) })
            }
        }
    }

    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, DataError> {
        self.each(names, async |object| Ok(self.store.get(&object).await?.bytes().await?.to_vec()))
    }

    fn sizes(&self, names: &[String]) -> Result<Vec<Option<u64>>, DataError> {
        self.each(names, async |object| Ok(self.store.head(&object).await?.size))
    }

    fn begin(&self, name: &str) -> Result<Option<Part>, DataError> {
        let folder = std::env::temp_dir();
        let file = tempfile::tempfile_in(&folder).map_err(DataError::io("make a temporary file in", &folder))?;
        let path = PathBuf::from(format!("a temporary file in {} for {}", folder.display(), self.shown(name)));
        Ok(Some(Part { file, temporary: None, name: name.to_owned(), path }))
    }

    fn end(&self, part: Part) -> Result<(), DataError> {
        let bytes = part.file.metadata().map_err(DataError::io("read", &part.path))?.len();
        let object = self.object(&part.name);
        self.runtime.block_on(self.upload(&object, &part.file, bytes)).map_err(self.failed("write", &part.name))
    }

    fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        let object = self.object(name);
        let put =
            |mode| self.store.put_opts(&object, bytes.to_vec().into(), PutOptions { mode, ..PutOptions::default() });
        let created = self.runtime.block_on(async {
            match put(PutMode::Create).await {
                Ok(_) | Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(()),
                // A store without conditions: two who look at the same time write one after the other.
                Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                    match self.store.head(&object).await {
                        Ok(_) => Ok(()),
                        Err(Error::NotFound { .. }) => put(PutMode::Overwrite).await.map(drop),
                        Err(error) => Err(error),
                    }
                }
                Err(error) => Err(error),
            }
        });
        created.map_err(self.failed("write", name))
    }
}
