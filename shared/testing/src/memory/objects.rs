//! The bucket in a map.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use imprint_app::ports::{Clock, DeleteFailure, ListPage, Listed, Objects, StoreError, Stored};
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};

use crate::gate::{Call, Gate, Trouble};

/// S3 lists at most 1,000 objects a page
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).
const PAGE: usize = 1000;

/// An object as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub body: Bytes,
    /// Its headers and metadata.
    pub headers: Headers,
    /// The MD5 of its bytes in hexadecimal.
    pub etag: String,
    /// When it was written.
    pub written_at: Timestamp,
}

/// What was done to the bucket, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutation {
    /// An object was written with its bytes.
    Written {
        /// Its key.
        key: ObjectKey,
    },
    /// An object became a copy of another.
    Copied {
        /// Its key.
        key: ObjectKey,
    },
    /// An object that was there was deleted.
    Deleted {
        /// Its key.
        key: ObjectKey,
    },
}

impl Mutation {
    /// The object.
    pub fn key(&self) -> &ObjectKey {
        match self {
            Self::Written { key } | Self::Copied { key } | Self::Deleted { key } => key,
        }
    }
}

#[derive(Debug)]
struct State {
    objects: BTreeMap<ObjectKey, Object>,
    history: Vec<Mutation>,
    page: usize,
    skew: SignedDuration,
    resolution: SignedDuration,
    undeletable: BTreeMap<ObjectKey, Undeletable>,
    uploads: BTreeMap<String, Parts>,
}

/// An object that is being written in parts.
#[derive(Debug)]
struct Parts {
    key: ObjectKey,
    headers: Headers,
    bodies: BTreeMap<u32, Bytes>,
}

#[derive(Debug)]
struct Undeletable {
    times: u64,
    retryable: bool,
}

/// The bucket in memory.
pub struct MemoryObjects {
    gate: Gate,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryObjects {
    /// An empty one behind a gate, with a clock to date objects by.
    pub fn new(gate: Gate, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            objects: BTreeMap::new(),
            history: Vec::new(),
            page: PAGE,
            skew: SignedDuration::ZERO,
            resolution: SignedDuration::ZERO,
            undeletable: BTreeMap::new(),
            uploads: BTreeMap::new(),
        };
        Self {
            gate,
            clock,
            state: Mutex::new(state),
        }
    }

    /// Lists fewer objects a page, so that a test needs fewer to see several.
    pub fn set_page(&self, objects: usize) {
        self.state().page = objects.clamp(1, PAGE);
    }

    /// Lets the bucket's own clock differ from everybody else's.
    pub fn set_skew(&self, skew: SignedDuration) {
        self.state().skew = skew;
    }

    /// Cuts times of writing down to whole units of `resolution`, as S3 does to seconds.
    pub fn set_resolution(&self, resolution: SignedDuration) {
        self.state().resolution = resolution;
    }

    /// Lets the next `times` deletions of a key fail, each within a request that succeeds.
    pub fn fail_deletes_of(&self, key: &str, times: u64, retryable: bool) {
        let failing = Undeletable { times, retryable };
        self.state().undeletable.insert(ObjectKey::new(key), failing);
    }

    /// Puts an object there, uncounted and without history.
    pub fn put(&self, key: &str, body: impl Into<Bytes>, headers: Headers) {
        let written_at = self.dated();
        self.state()
            .objects
            .insert(ObjectKey::new(key), object(body.into(), headers, written_at));
    }

    /// Takes an object away, uncounted and without history.
    pub fn remove(&self, key: &str) {
        self.state().objects.remove(&ObjectKey::new(key));
    }

    /// The keys that begin with a text, in order, uncounted.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let state = self.state();
        let keys = state.objects.keys().map(ObjectKey::as_str);
        keys.filter(|key| key.starts_with(prefix))
            .map(str::to_owned)
            .collect()
    }

    /// An object, uncounted.
    pub fn get(&self, key: &str) -> Option<Object> {
        self.state().objects.get(&ObjectKey::new(key)).cloned()
    }

    /// Everything that is there, to compare or to put back later.
    pub fn snapshot(&self) -> BTreeMap<ObjectKey, Object> {
        self.state().objects.clone()
    }

    /// What was done so far, in order.
    pub fn history(&self) -> Vec<Mutation> {
        self.state().history.clone()
    }

    /// Begins the history anew.
    pub fn forget_history(&self) {
        self.state().history.clear();
    }

    async fn ask<T>(
        &self,
        method: &'static str,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, StoreError> {
        let effect = || effect(&mut self.state());
        self.gate
            .pass(Call::one(method), effect)
            .await
            .map_err(Trouble::store)
    }

    /// The bucket's time. Asked before the state is locked, because a clock may have a lock of its own.
    fn dated(&self) -> Timestamp {
        let now = self.clock.now();
        let state = self.state();
        let now = now + state.skew;
        let past = now
            .as_nanosecond()
            .checked_rem_euclid(state.resolution.as_nanos());
        match past.and_then(|past| i64::try_from(past).ok()) {
            Some(past) => now - SignedDuration::from_nanos(past),
            None => now,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it reads or writes")
    }
}

impl std::fmt::Debug for MemoryObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MemoryObjects").field(&self.keys("")).finish()
    }
}

impl Parts {
    /// The object that these parts make; nothing when they are not those that were written, or one is too small.
    fn whole(&self, key: &ObjectKey, etags: &[String]) -> Option<Bytes> {
        let written: Vec<String> = self.bodies.values().map(|body| etag_of(body)).collect();
        let are_numbered = self.bodies.keys().copied().eq(1..=etags.len() as u32);
        let but_last = self.bodies.values().rev().skip(1);
        let are_large = but_last
            .into_iter()
            .all(|body| body.len() >= <dyn Objects>::MIN_PART);
        let is_right = self.key == *key && !etags.is_empty() && written == etags && are_numbered && are_large;
        is_right.then(|| self.bodies.values().flatten().copied().collect())
    }
}

fn no_upload(upload: &str) -> StoreError {
    StoreError::NotFound(format!("upload {upload} with these parts"))
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn list(&self, prefix: &KeyPrefix, after: Option<&str>) -> Result<ListPage, StoreError> {
        self.ask("objects.list", |state| {
            let from = match after {
                Some(after) => Bound::Excluded(ObjectKey::new(after)),
                None => Bound::Included(ObjectKey::new(prefix.as_str())),
            };
            let mut below = state
                .objects
                .range((from, Bound::Unbounded))
                .take_while(|(key, _)| key.as_str().starts_with(prefix.as_str()));
            let objects: Vec<Listed> = below.by_ref().take(state.page).map(listed).collect();
            let more = below.next().is_some();
            let last = objects.last().map(|object| object.key.as_str().to_owned());
            ListPage {
                objects,
                next: last.filter(|_| more),
            }
        })
        .await
    }

    async fn headers(&self, key: &ObjectKey) -> Result<Option<Headers>, StoreError> {
        self.ask("objects.headers", |state| {
            state.objects.get(key).map(|object| object.headers.clone())
        })
        .await
    }

    async fn read(&self, key: &ObjectKey) -> Result<Option<Stored>, StoreError> {
        self.ask("objects.read", |state| {
            state.objects.get(key).map(|object| Stored {
                body: object.body.clone(),
                headers: object.headers.clone(),
            })
        })
        .await
    }

    async fn read_part(&self, key: &ObjectKey, from: u64, length: u64) -> Result<Option<Bytes>, StoreError> {
        self.ask("objects.read_part", |state| {
            let object = state.objects.get(key)?;
            let place =
                |at: u64| usize::try_from(at).map_or(object.body.len(), |at| at.min(object.body.len()));
            Some(object.body.slice(place(from)..place(from.saturating_add(length))))
        })
        .await
    }

    async fn begin_parts(&self, key: &ObjectKey, headers: &Headers) -> Result<String, StoreError> {
        self.ask("objects.begin_parts", |state| {
            let upload = format!("upload-{}", state.uploads.len() + 1);
            let parts = Parts {
                key: key.clone(),
                headers: headers.clone(),
                bodies: BTreeMap::new(),
            };
            state.uploads.insert(upload.clone(), parts);
            upload
        })
        .await
    }

    async fn write_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        body: Bytes,
    ) -> Result<String, StoreError> {
        let etag = etag_of(&body);
        let written = self.ask("objects.write_part", |state| {
            let parts = state.uploads.get_mut(upload).filter(|parts| parts.key == *key);
            parts.map(|parts| parts.bodies.insert(number, body)).is_some()
        });
        if written.await? {
            Ok(etag)
        } else {
            Err(no_upload(upload))
        }
    }

    async fn finish_parts(&self, key: &ObjectKey, upload: &str, etags: &[String]) -> Result<(), StoreError> {
        let effect = || {
            let written_at = self.dated();
            let mut state = self.state();
            let whole = state
                .uploads
                .get(upload)
                .and_then(|parts| parts.whole(key, etags))?;
            let headers = state.uploads.remove(upload)?.headers;
            state
                .objects
                .insert(key.clone(), object(whole, headers, written_at));
            state.history.push(Mutation::Written { key: key.clone() });
            Some(())
        };
        let finished = self.gate.pass(Call::one("objects.finish_parts"), effect).await;
        finished.map_err(Trouble::store)?.ok_or_else(|| no_upload(upload))
    }

    async fn abandon_parts(&self, _key: &ObjectKey, upload: &str) -> Result<(), StoreError> {
        self.ask("objects.abandon_parts", |state| {
            state.uploads.remove(upload);
        })
        .await
    }

    async fn write(&self, key: &ObjectKey, body: Bytes, headers: &Headers) -> Result<(), StoreError> {
        self.gate
            .pass(Call::one("objects.write"), || {
                let written_at = self.dated();
                let mut state = self.state();
                state
                    .objects
                    .insert(key.clone(), object(body, headers.clone(), written_at));
                state.history.push(Mutation::Written { key: key.clone() });
            })
            .await
            .map_err(Trouble::store)
    }

    async fn copy(&self, from: &ObjectKey, to: &ObjectKey, headers: &Headers) -> Result<(), StoreError> {
        self.gate
            .pass(Call::one("objects.copy"), || {
                let written_at = self.dated();
                let mut state = self.state();
                let source = state.objects.get(from);
                let source = source.ok_or_else(|| StoreError::NotFound(from.to_string()))?;
                let copy = Object {
                    headers: headers.clone(),
                    written_at,
                    ..source.clone()
                };
                state.objects.insert(to.clone(), copy);
                state.history.push(Mutation::Copied { key: to.clone() });
                Ok(())
            })
            .await
            .map_err(Trouble::store)?
    }

    async fn delete(&self, keys: &[ObjectKey]) -> Result<Vec<DeleteFailure>, StoreError> {
        assert!(
            keys.len() <= <dyn Objects>::MAX_DELETE,
            "{} keys are too many for one deletion",
            keys.len()
        );
        self.ask("objects.delete", |state| {
            keys.iter().filter_map(|key| state.delete(key)).collect()
        })
        .await
    }
}

impl State {
    fn delete(&mut self, key: &ObjectKey) -> Option<DeleteFailure> {
        if let Some(failing) = self.undeletable.get_mut(key)
            && failing.times > 0
        {
            failing.times -= 1;
            return Some(DeleteFailure {
                key: key.clone(),
                retryable: failing.retryable,
                reason: "a test keeps it".into(),
            });
        }
        if self.objects.remove(key).is_some() {
            self.history.push(Mutation::Deleted { key: key.clone() });
        }
        None
    }
}

fn etag_of(body: &[u8]) -> String {
    hex::encode(Md5::digest(body))
}

fn object(body: Bytes, headers: Headers, written_at: Timestamp) -> Object {
    Object {
        etag: etag_of(&body),
        body,
        headers,
        written_at,
    }
}

fn listed((key, object): (&ObjectKey, &Object)) -> Listed {
    Listed {
        key: key.clone(),
        size: object.body.len() as u64,
        etag: object.etag.clone(),
        written_at: object.written_at,
    }
}
