//! Index, bodies and ledger as one: every change of them happens here.
//!
//! A change takes the index's lock, decides its condition, moves the body into place (two system calls),
//! changes the index, and queues the line for the ledger; it waits for the commit without the lock. So
//! conditions are decided atomically, and a reader, who opens the body under the lock, gets the body that
//! belongs to the headers.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use anyhow::Context as _;
use md5::{Digest as _, Md5};
use s3s::dto::ETagCondition;
use s3s::{S3Error, S3Result, s3_error};
use tokio::sync::mpsc::UnboundedReceiver;

use super::ObjectCreated;
use super::bodies::{Bodies, Staged, file_time};
use super::checksums::Checksums;
use super::index::{Bucket, Index, Objects};
use super::ledger::{Change, Committed, Ledger};
use super::object::{Headers, Object, Place, instant};
use super::parts::Uploads;

/// Named with a dot, which no bucket is.
const LEDGER: &str = ".index.sqlite";

/// All objects.
#[derive(Debug)]
pub(crate) struct Store {
    index: RwLock<Index>,
    ledger: Ledger,
    pub(crate) bodies: Bodies,
    pub(crate) uploads: Uploads,
}

/// A new object, all but its place in time.
#[derive(Debug)]
pub(crate) struct NewObject {
    pub(crate) staged: Option<Staged>,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) headers: Headers,
    pub(crate) checksums: Checksums,
    pub(crate) event_name: &'static str,
}

/// What must hold of the object in the new one's place.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl Store {
    /// Opens the store and lets go of objects whose bodies are gone.
    pub(crate) fn open(root: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(root).with_context(|| format!("creating {}", root.display()))?;
        // First, because it fails when another process has the directory.
        let (ledger, mut index) = Ledger::open(&root.join(LEDGER))?;
        let bodies = Bodies::open(root).with_context(|| format!("opening {}", root.display()))?;
        reconcile(&mut index, &bodies);
        Ok(Self {
            index: RwLock::new(index),
            ledger,
            bodies,
            uploads: Uploads::default(),
        })
    }

    /// The objects created from now on.
    pub(crate) fn subscribe(&self) -> UnboundedReceiver<ObjectCreated> {
        self.ledger.subscribe()
    }

    /// Commits what waits; changes after that fail.
    pub(crate) fn close(&self) {
        self.ledger.close();
    }

    /// The index, to look at.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a bucket; says whether it is new. The line is committed in time, nobody needs to wait.
    pub(crate) fn ensure_bucket(&self, name: &str) -> anyhow::Result<bool> {
        let mut index = self.index_mut();
        if index.buckets.contains_key(name) {
            return Ok(false);
        }
        let created = index.now();
        index.buckets.insert(
            name.to_owned(),
            Bucket {
                created,
                ..Bucket::default()
            },
        );
        let _committed = self.ledger.write(
            vec![Change::Bucket {
                name: name.to_owned(),
                created,
            }],
            None,
        );
        Ok(true)
    }

    /// Deletes an empty bucket.
    pub(crate) async fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let committed = {
            let mut index = self.index_mut();
            let bucket = index.buckets.get(name).ok_or_else(|| s3_error!(NoSuchBucket))?;
            if !bucket.objects.is_empty() {
                return Err(s3_error!(BucketNotEmpty));
            }
            index.buckets.remove(name);
            self.ledger.write(
                vec![Change::BucketGone {
                    name: name.to_owned(),
                }],
                None,
            )
        };
        wait(committed).await
    }

    /// An object as it is now.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        object(&self.index(), bucket, key)
    }

    /// An object as it is now, with its body open (`None` when empty).
    pub(crate) fn open_object(
        &self,
        bucket: &str,
        key: &str,
    ) -> S3Result<(Arc<Object>, Option<std::fs::File>)> {
        let index = self.index();
        let object = object(&index, bucket, key)?;
        let path = self.bodies.path(bucket, key, object.place);
        let file = path
            .map(std::fs::File::open)
            .transpose()
            .map_err(S3Error::internal_error)?;
        Ok((object, file))
    }

    /// Stores an object.
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        new: NewObject,
        condition: Condition,
    ) -> S3Result<Arc<Object>> {
        let (object, committed) = {
            let mut index = self.index_mut();
            condition.check(objects(&index, bucket)?.get(key).map(|object| &**object))?;
            self.settle(&mut index, bucket, key, new)?
        };
        wait(committed).await?;
        Ok(object)
    }

    /// Stores a copy of an object, which `decide` sees first: it gives the copy's headers or refuses.
    pub(crate) async fn copy(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        decide: impl FnOnce(&Object) -> S3Result<Headers>,
    ) -> S3Result<Arc<Object>> {
        let (object, committed) = {
            let mut index = self.index_mut();
            objects(&index, to.0)?;
            let source = object(&index, from.0, from.1)?;
            let headers = decide(&source)?;
            let (etag, staged) = self.stage_copy(from, &source).map_err(S3Error::internal_error)?;
            let new = NewObject {
                staged,
                size: source.size,
                etag,
                headers,
                checksums: source.checksums.clone(),
                event_name: "ObjectCreated:Copy",
            };
            self.settle(&mut index, to.0, to.1, new)?
        };
        wait(committed).await?;
        Ok(object)
    }

    fn stage_copy(&self, from: (&str, &str), source: &Object) -> std::io::Result<(String, Option<Staged>)> {
        let Some(path) = self.bodies.path(from.0, from.1, source.place) else {
            return Ok((source.etag.clone(), None));
        };
        // A copy is one part, whatever its source was uploaded in.
        let etag = match source.etag.contains('-') {
            true => hex::encode(Md5::digest(std::fs::read(&path)?)),
            false => source.etag.clone(),
        };
        Ok((etag, Some(self.bodies.stage_copy(&path)?)))
    }

    fn settle(
        &self,
        index: &mut Index,
        bucket: &str,
        key: &str,
        new: NewObject,
    ) -> S3Result<(Arc<Object>, Committed)> {
        let modified = index.now();
        let (mut place, mut time) = (Place::Empty, 0);
        if let Some(staged) = new.staged {
            time = file_time(staged.path()).map_err(S3Error::internal_error)?;
            place = self
                .bodies
                .settle(bucket, key, staged)
                .map_err(S3Error::internal_error)?;
        }
        let object = Arc::new(Object {
            size: new.size,
            etag: new.etag,
            modified,
            headers: new.headers,
            checksums: new.checksums,
            place,
            file_time: time,
        });
        let held = objects_mut(index, bucket)?.insert(key.to_owned(), Arc::clone(&object));
        if let Some(replaced) = held.filter(|held| held.place != place) {
            self.bodies.remove(bucket, key, replaced.place);
        }
        let event = created(bucket, key, &object, new.event_name);
        let change = Change::Object {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            object: Arc::clone(&object),
        };
        Ok((object, self.ledger.write(vec![change], Some(event))))
    }

    /// Deletes objects; those that are not there count as deleted, as in S3.
    pub(crate) async fn delete(&self, bucket: &str, keys: &[&str]) -> S3Result<()> {
        let committed = {
            let mut index = self.index_mut();
            let objects = objects_mut(&mut index, bucket)?;
            let mut changes = Vec::new();
            for key in keys {
                if let Some(object) = objects.remove(*key) {
                    self.bodies.remove(bucket, key, object.place);
                    changes.push(Change::Gone {
                        bucket: bucket.to_owned(),
                        key: (*key).to_owned(),
                    });
                }
            }
            if changes.is_empty() {
                return Ok(());
            }
            self.ledger.write(changes, None)
        };
        wait(committed).await
    }
}

impl Condition {
    fn check(&self, held: Option<&Object>) -> S3Result<()> {
        let matches = |condition: &ETagCondition, object: &Object| {
            condition.is_any()
                || condition
                    .as_etag()
                    .is_some_and(|etag| etag.value() == object.etag)
        };
        match (&self.if_match, held) {
            (Some(_), None) => return Err(s3_error!(NoSuchKey)),
            (Some(wanted), Some(held)) if !matches(wanted, held) => return Err(failed("If-Match")),
            _ => {}
        }
        match (&self.if_none_match, held) {
            (Some(unwanted), Some(held)) if matches(unwanted, held) => Err(failed("If-None-Match")),
            _ => Ok(()),
        }
    }
}

/// The answer to a condition that does not hold.
pub(crate) fn failed(condition: &str) -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold: {condition}"
    )
}

/// The objects of a bucket.
pub(crate) fn objects<'i>(index: &'i Index, bucket: &str) -> S3Result<&'i Objects> {
    index
        .buckets
        .get(bucket)
        .map(|bucket| &bucket.objects)
        .ok_or_else(|| s3_error!(NoSuchBucket))
}

fn objects_mut<'i>(index: &'i mut Index, bucket: &str) -> S3Result<&'i mut Objects> {
    index
        .buckets
        .get_mut(bucket)
        .map(|bucket| &mut bucket.objects)
        .ok_or_else(|| s3_error!(NoSuchBucket))
}

fn object(index: &Index, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
    let missing = || s3_error!(NoSuchKey, "The specified key does not exist.");
    objects(index, bucket)?.get(key).cloned().ok_or_else(missing)
}

async fn wait(committed: Committed) -> S3Result<()> {
    match committed.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(s3_error!(InternalError, "the index was not written: {error}")),
        Err(_) => Err(s3_error!(ServiceUnavailable, "the store is closed")),
    }
}

fn created(bucket: &str, key: &str, object: &Object, event_name: &'static str) -> ObjectCreated {
    ObjectCreated {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        size: object.size,
        etag: object.etag.clone(),
        sequencer: format!("{:016X}", object.modified),
        event_name,
        time: jiff::Timestamp::try_from(instant(object.modified)).unwrap_or_default(),
    }
}

/// Bodies can differ from the index: a process was killed between the two, or someone edited a file. The
/// file counts.
fn reconcile(index: &mut Index, bodies: &Bodies) {
    for (bucket, Bucket { objects, .. }) in &mut index.buckets {
        objects.retain(|key, object| {
            let Some(path) = bodies.path(bucket, key, object.place) else {
                return true;
            };
            match file_time(&path) {
                Ok(time) if time == object.file_time => true,
                Ok(time) => match std::fs::read(&path) {
                    Ok(body) => {
                        let object = Arc::make_mut(object);
                        object.size = body.len() as u64;
                        object.etag = hex::encode(Md5::digest(body));
                        object.checksums = Checksums::default();
                        object.file_time = time;
                        true
                    }
                    Err(_) => false,
                },
                Err(error) => {
                    tracing::warn!(%error, bucket, key, "an object's file is gone, and so is the object");
                    false
                }
            }
        });
    }
}
