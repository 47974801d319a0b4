use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, ObjectMeta, PutMultipartOptions, PutPayload, PutResult, UploadPart,
};

use super::*;
use crate::description::Description;
use crate::folder::Folder;
use crate::job::Job;
use crate::make::{Part as Shards, make_in};
use crate::work::Work;

type Result<T> = std::result::Result<T, Error>;

/// A store in memory that fails with the last of so many writes, and counts.
#[derive(Debug, Default)]
struct Faulty {
    inner: Arc<InMemory>,
    left: Option<Arc<AtomicI64>>,
    aborted: Arc<AtomicU64>,
    parts: Arc<AtomicU64>,
    /// Whether it knows no conditions.
    plain: bool,
}

fn spend(left: Option<&AtomicI64>) -> Result<()> {
    match left.map(|left| left.fetch_sub(1, Ordering::Relaxed)) {
        Some(..=1) => Err(Error::Generic { store: "Faulty", source: "the network is gone".into() }),
        _ => Ok(()),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    left: Option<Arc<AtomicI64>>,
    aborted: Arc<AtomicU64>,
    parts: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.fetch_add(1, Ordering::Relaxed);
        let (sent, left) = (self.inner.put_part(data), self.left.clone());
        Box::pin(async move { spend(left.as_deref()).and(sent.await) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        spend(self.left.as_deref())?;
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.aborted.fetch_add(1, Ordering::Relaxed);
        self.inner.abort().await
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, to: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        spend(self.left.as_deref())?;
        match opts.mode {
            PutMode::Create if self.plain => {
                Err(Error::NotImplemented { operation: "conditions".into(), implementer: "Faulty".into() })
            }
            _ => self.inner.put_opts(to, payload, opts).await,
        }
    }

    async fn put_multipart_opts(&self, to: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(to, opts).await?;
        let (left, aborted, parts) = (self.left.clone(), Arc::clone(&self.aborted), Arc::clone(&self.parts));
        Ok(Box::new(Upload { inner, left, aborted, parts }))
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(from, options).await
    }

    fn delete_stream(&self, all: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(all)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn objects(store: Faulty) -> Objects {
    Objects::with(Arc::new(store), Path::from("some/prefix"), "s3://bucket/some/prefix".to_owned()).unwrap()
}

fn everything(store: &Arc<InMemory>) -> BTreeMap<String, Vec<u8>> {
    let objects = objects(Faulty { inner: Arc::clone(store), ..Faulty::default() });
    objects.runtime.block_on(async {
        let all = store.list(None).try_collect::<Vec<_>>().await.unwrap();
        let mut files = BTreeMap::new();
        for object in all {
            let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
            let name = object.location.to_string();
            files.insert(name.strip_prefix("some/prefix/").unwrap().to_owned(), bytes.to_vec());
        }
        files
    })
}

fn job() -> Job {
    let mut description = Description { rows: 400, shard_rows: 150, ..Description::default() };
    description.limits.fuel = 200;
    Job::new(description).unwrap()
}

fn make(job: &Job, store: Box<dyn Store>, part: &str) -> std::result::Result<bool, DataError> {
    let stop = AtomicBool::new(false);
    let work = Work { threads: 1, stop: &stop, progress: &|_| {} };
    make_in(job, &Folder::open_in(store, job)?, part.parse::<Shards>().unwrap(), &work).map(|summary| summary.complete)
}

/// The dataset as it is in a folder.
fn reference(job: &Job) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert!(make(job, super::super::Place::from(root).open().unwrap(), "0/1").unwrap());
    let folders = ["", "data", "manifest"].map(|name| root.join(name));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| (path.strip_prefix(root).unwrap().display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn the_same_as_a_folder_whatever_fails() {
    let job = job();
    let expected = reference(&job);
    assert_eq!(expected.len(), 1 + 3 * 2 + 3);
    // The manifest, and then two objects for each shard and three in the end: each of them fails once.
    for writes in 1..=expected.len() as i64 {
        let inner = Arc::new(InMemory::new());
        let left = Some(Arc::new(AtomicI64::new(writes)));
        let store = Faulty { inner: Arc::clone(&inner), left, plain: writes % 2 == 0, ..Faulty::default() };
        let error = make(&job, Box::new(objects(store)), "0/1").unwrap_err();
        let DataError::Store { action: "write", url, source } = &error else { panic!("{error}") };
        assert!(url.starts_with("s3://bucket/some/prefix/"), "{url}");
        assert_eq!(source.to_string(), "Generic Faulty error: the network is gone");
        assert!(everything(&inner).iter().all(|(name, bytes)| expected.get(name) == Some(bytes)));
        let store = Faulty { inner: Arc::clone(&inner), ..Faulty::default() };
        assert!(make(&job, Box::new(objects(store)), "0/1").unwrap());
        assert!(everything(&inner) == expected, "after {writes} writes");
    }
}

#[test]
fn two_at_the_same_time() {
    let job = job();
    for (one, other) in [("0/1", "0/1"), ("0/2", "1/2")] {
        let inner = Arc::new(InMemory::new());
        let store = || Box::new(objects(Faulty { inner: Arc::clone(&inner), ..Faulty::default() }));
        let complete = std::thread::scope(|scope| {
            let other = scope.spawn(|| make(&job, store(), other).unwrap());
            [make(&job, store(), one).unwrap(), other.join().unwrap()]
        });
        // Whoever is last sees that all is done.
        assert!(complete.contains(&true));
        assert!(everything(&inner) == reference(&job));
    }
}

#[test]
fn what_is_there_is_left_as_it_is() {
    let inner = Arc::new(InMemory::new());
    let store = || Box::new(objects(Faulty { inner: Arc::clone(&inner), ..Faulty::default() }));
    let job = job();
    make(&job, store(), "0/3").unwrap();
    let before = everything(&inner);
    let mut other = job.description().clone();
    other.seed = 1;
    let error = make(&Job::new(other).unwrap(), store(), "0/1").unwrap_err().to_string();
    let told = "s3://bucket/some/prefix/manifest/dataset.json is that of another dataset: seed is 0 there, 1 here";
    assert_eq!(error, told);
    assert!(everything(&inner) == before);
    let strange = Arc::new(InMemory::new());
    let store = objects(Faulty { inner: Arc::clone(&strange), ..Faulty::default() });
    store.runtime.block_on(strange.put(&Path::from("some/prefix/thesis.txt"), "years".into())).unwrap();
    let error = make(&job, Box::new(store), "0/1").unwrap_err();
    assert!(matches!(&error, DataError::NotADataset { found, .. } if found == "some/prefix/thesis.txt"), "{error}");
    assert_eq!(everything(&strange).len(), 1);
}

#[test]
fn large_files_go_in_parts() {
    let bytes = (0..20 << 20).map(|nth: u32| ((nth * 31) >> 7) as u8).collect::<Vec<_>>();
    for (writes, aborts) in [(1, 1), (3, 1), (4, 1), (9, 0)] {
        let inner = Arc::new(InMemory::new());
        let (aborted, parts) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let left = Some(Arc::new(AtomicI64::new(writes)));
        let store = Faulty {
            inner: Arc::clone(&inner),
            left,
            aborted: Arc::clone(&aborted),
            parts: Arc::clone(&parts),
            plain: false,
        };
        let store = objects(store);
        let part = store.begin("data/large").unwrap().unwrap();
        let mut writer = part.writer().unwrap();
        writer.write_all(&bytes).unwrap();
        writer.flush().unwrap();
        assert_eq!(part.digest().unwrap().0, bytes.len() as u64);
        // Three parts and what makes an object of them.
        let done = store.end(part).is_ok();
        assert_eq!((done, aborted.load(Ordering::Relaxed)), (aborts == 0, aborts));
        assert_eq!(parts.load(Ordering::Relaxed), 3);
        let there = everything(&inner);
        assert_eq!(there.len(), usize::from(done));
        assert!(there.values().all(|found| *found == bytes));
    }
}
