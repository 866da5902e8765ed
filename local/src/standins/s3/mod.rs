//! S3: the protocol from the s3s crate, the backend our own.
//!
//! Bodies are plain files below `<data>/s3/<bucket>/<key>` where a file can have that name, so that what
//! was published can be looked at ([`bodies`]). The truth for reads is an index in memory ([`index`]),
//! written through to SQLite ([`ledger`]) and read back at the start.
//!
//! Not stood in for: versions, tags, ACLs, bucket configuration. Uploads in parts do not survive a restart.

mod bodies;
mod checksums;
mod copying;
mod index;
mod ledger;
mod object;
mod operations;
mod parts;
mod post_form;
mod reading;
mod receive;
mod rights;
mod service;
mod store;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::mpsc::UnboundedReceiver;

use self::rights::Keys;
use self::service::ObjectService;
use self::store::Store;
use crate::rights::Uses;

/// An object was created, as S3 would notify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key as it is, not URL-encoded.
    pub key: String,
    /// Bytes of the body.
    pub size: u64,
    /// Entity tag without quotes.
    pub etag: String,
    /// Orders the events of one key, compared as text.
    pub sequencer: String,
    /// `ObjectCreated:Put`, `:Post`, `:Copy` or `:CompleteMultipartUpload`.
    pub event_name: &'static str,
    /// When the object was created.
    pub time: jiff::Timestamp,
}

/// The objects: what the service answers from.
#[derive(Debug, Clone)]
pub(crate) struct Backend(Arc<Store>);

impl Backend {
    /// Opens what is kept below `root` and creates the missing `buckets`.
    pub(crate) fn open(root: &Path, buckets: &[String]) -> anyhow::Result<Self> {
        let store = Store::open(root)?;
        for bucket in buckets {
            anyhow::ensure!(
                s3s::path::check_bucket_name(bucket),
                "{bucket:?} is no bucket name"
            );
            store
                .ensure_bucket(bucket)
                .with_context(|| format!("creating the bucket {bucket}"))?;
        }
        Ok(Self(Arc::new(store)))
    }

    /// The stand-in that checks signatures against one pair of keys, and functions' own of it.
    pub(crate) fn service(&self, access_key: &str, secret_key: &str, uses: Uses) -> ObjectService {
        let keys = Keys {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
        };
        ObjectService::new(self.clone(), keys, uses)
    }

    /// The objects created from now on.
    pub(crate) fn subscribe(&self) -> UnboundedReceiver<ObjectCreated> {
        self.0.subscribe()
    }

    /// Writes down what is left.
    pub(crate) async fn close(&self) {
        let store = Arc::clone(&self.0);
        if let Err(error) = tokio::task::spawn_blocking(move || store.close()).await {
            tracing::error!(%error, "the objects were not closed");
        }
    }
}
