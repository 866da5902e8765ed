//! The index on disk: one SQLite file, written by one thread.
//!
//! A request is answered when its change is committed, and all changes that wait are committed together. So
//! a killed process loses nothing that it acknowledged, and thousands of requests a second share some
//! hundred commits. `synchronous = OFF` leaves the rest to the operating system: only a power cut can take
//! the last seconds, which is right for a stand-in.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::Context as _;
use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::ObjectCreated;
use super::checksums::Checksums;
use super::index::{Bucket, Index};
use super::object::{Headers, Object, Place};

/// Changes in one commit at most, so that the first of them does not wait for long.
const MAX_BATCH: usize = 1000;

const SCHEMA: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS object (
        bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
        modified INTEGER NOT NULL, file_time INTEGER NOT NULL, more TEXT NOT NULL,
        PRIMARY KEY (bucket, key)
    ) WITHOUT ROWID;
    BEGIN IMMEDIATE; COMMIT;
";

/// A change of the index.
#[derive(Debug)]
pub(crate) enum Change {
    /// A new bucket.
    Bucket { name: String, created: i64 },
    /// A bucket is gone.
    BucketGone { name: String },
    /// A new object, or one in the place of another.
    Object {
        bucket: String,
        key: String,
        object: Arc<Object>,
    },
    /// An object is gone.
    Gone { bucket: String, key: String },
}

struct Entry {
    changes: Vec<Change>,
    event: Option<ObjectCreated>,
    committed: oneshot::Sender<Result<(), String>>,
}

/// The waiting end of a change: resolves when it is on disk.
pub(crate) type Committed = oneshot::Receiver<Result<(), String>>;

/// The writer.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Mutex<Option<mpsc::Sender<Entry>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    subscribers: Subscribers,
}

type Subscribers = Arc<Mutex<Vec<UnboundedSender<ObjectCreated>>>>;

impl Ledger {
    /// Opens the file, reads the index, starts the writer.
    pub(crate) fn open(file: &Path) -> anyhow::Result<(Self, Index)> {
        let mut connection = Connection::open(file).with_context(|| format!("opening {}", file.display()))?;
        connection
            .execute_batch(SCHEMA)
            .with_context(|| format!("opening {}: is it in use by another process?", file.display()))?;
        let index = read(&connection).context("reading the index of objects")?;
        let (entries, waiting) = mpsc::channel::<Entry>();
        let subscribers = Subscribers::default();
        let heard = Arc::clone(&subscribers);
        let thread = thread::Builder::new()
            .name("s3-ledger".to_owned())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let batch = std::iter::once(first)
                        .chain(waiting.try_iter().take(MAX_BATCH))
                        .collect();
                    settle(&mut connection, batch, &heard);
                }
            })?;
        let ledger = Self {
            entries: Mutex::new(Some(entries)),
            thread: Mutex::new(Some(thread)),
            subscribers,
        };
        Ok((ledger, index))
    }

    /// Hands changes to the writer, with the event to emit once they are committed. Callers hold the
    /// index's lock, so that the file sees changes in the index's order.
    pub(crate) fn write(&self, changes: Vec<Change>, event: Option<ObjectCreated>) -> Committed {
        let (committed, receiver) = oneshot::channel();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = &*entries {
            // A writer that is gone drops the entry, and the receiver reports it.
            let _dropped = entries.send(Entry {
                changes,
                event,
                committed,
            });
        }
        receiver
    }

    /// The objects created from now on.
    pub(crate) fn subscribe(&self) -> UnboundedReceiver<ObjectCreated> {
        let (sender, receiver) = unbounded_channel();
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        receiver
    }

    /// Commits what waits, closes the file; later changes are refused.
    pub(crate) fn close(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of the index of objects panicked");
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

fn settle(connection: &mut Connection, batch: Vec<Entry>, subscribers: &Subscribers) {
    let done = commit(connection, &batch).map_err(|error| {
        tracing::error!(%error, "the index of objects was not written");
        error.to_string()
    });
    let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    for entry in batch {
        if let (Ok(()), Some(event)) = (&done, entry.event) {
            subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
        }
        // Whoever waited may have hung up.
        let _unheard = entry.committed.send(done.clone());
    }
}

fn commit(connection: &mut Connection, batch: &[Entry]) -> anyhow::Result<()> {
    let transaction = connection.transaction()?;
    apply(&transaction, batch.iter().flat_map(|entry| &entry.changes))?;
    Ok(transaction.commit()?)
}

fn apply<'c>(transaction: &Transaction<'_>, changes: impl Iterator<Item = &'c Change>) -> anyhow::Result<()> {
    let mut put = transaction.prepare("INSERT OR REPLACE INTO object VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut delete = transaction.prepare("DELETE FROM object WHERE bucket = ?1 AND key = ?2")?;
    for change in changes {
        match change {
            Change::Bucket { name, created } => {
                transaction.execute(
                    "INSERT OR IGNORE INTO bucket VALUES (?1, ?2)",
                    params![name, created],
                )?;
            }
            Change::BucketGone { name } => {
                transaction.execute("DELETE FROM bucket WHERE name = ?1", params![name])?;
            }
            Change::Object {
                bucket,
                key,
                object: o,
            } => {
                let more = More {
                    headers: &o.headers,
                    checksums: &o.checksums,
                    place: o.place,
                };
                let more = serde_json::to_string(&more)?;
                put.execute(params![
                    bucket,
                    key,
                    o.length(),
                    o.etag,
                    o.modified,
                    o.file_time,
                    more
                ])?;
            }
            Change::Gone { bucket, key } => {
                delete.execute(params![bucket, key])?;
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct More<'a> {
    headers: &'a Headers,
    checksums: &'a Checksums,
    place: Place,
}

#[derive(Deserialize)]
struct KeptMore {
    headers: Headers,
    checksums: Checksums,
    place: Place,
}

fn read(connection: &Connection) -> anyhow::Result<Index> {
    let mut index = Index::default();
    let mut buckets = connection.prepare("SELECT name, created FROM bucket")?;
    let mut rows = buckets.query([])?;
    while let Some(row) = rows.next()? {
        let created = row.get(1)?;
        index.passed(created);
        index.buckets.insert(
            row.get(0)?,
            Bucket {
                created,
                ..Bucket::default()
            },
        );
    }
    let mut objects =
        connection.prepare("SELECT bucket, key, size, etag, modified, file_time, more FROM object")?;
    let mut rows = objects.query([])?;
    while let Some(row) = rows.next()? {
        let more: KeptMore = serde_json::from_str(row.get_ref(6)?.as_str()?)?;
        let object = Object {
            size: row.get::<_, i64>(2)?.try_into()?,
            etag: row.get(3)?,
            modified: row.get(4)?,
            file_time: row.get(5)?,
            headers: more.headers,
            checksums: more.checksums,
            place: more.place,
        };
        index.passed(object.modified);
        if let Some(bucket) = index.buckets.get_mut(row.get_ref(0)?.as_str()?) {
            bucket.objects.insert(row.get(1)?, Arc::new(object));
        }
    }
    Ok(index)
}
