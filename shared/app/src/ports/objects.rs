use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;

use super::{Source, StoreError};

/// What a listing says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: ObjectKey,
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag without quotes.
    pub etag: String,
    /// When it was written, by the object store's own clock.
    pub written_at: Timestamp,
}

/// One page of a listing: at most 1,000 objects in the byte order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// An object that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub body: Bytes,
    /// Its headers and metadata.
    pub headers: Headers,
}

/// A key that could not be deleted, although the request as a whole succeeded.
#[derive(Debug)]
pub struct DeleteFailure {
    /// The key.
    pub key: ObjectKey,
    /// Whether another try may succeed.
    pub retryable: bool,
    /// What the store said.
    pub reason: Source,
}

/// The bucket with the published files and Imprint's own bookkeeping. Each method is one request.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Lists what lies below a prefix, a page at a time.
    async fn list(&self, prefix: &KeyPrefix, after: Option<&str>) -> Result<ListPage, StoreError>;

    /// The headers of an object, or nothing when it is not there.
    async fn headers(&self, key: &ObjectKey) -> Result<Option<Headers>, StoreError>;

    /// An object, or nothing when it is not there.
    async fn read(&self, key: &ObjectKey) -> Result<Option<Stored>, StoreError>;

    /// A part of an object: `length` bytes from `from` on, fewer where it ends before, none where it ends before `from`.
    /// Nothing when it is not there.
    async fn read_part(&self, key: &ObjectKey, from: u64, length: u64) -> Result<Option<Bytes>, StoreError>;

    /// Begins to write an object in parts. Nothing is there before [`finish_parts`](Self::finish_parts).
    ///
    /// # Returns
    /// What the store calls the upload.
    async fn begin_parts(&self, key: &ObjectKey, headers: &Headers) -> Result<String, StoreError>;

    /// Writes a part, counted from 1 on. Each but the last has at least `MIN_PART` bytes.
    ///
    /// # Returns
    /// The part's ETag without quotes.
    async fn write_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        body: Bytes,
    ) -> Result<String, StoreError>;

    /// Makes an object of its parts' ETags, whatever was there.
    async fn finish_parts(&self, key: &ObjectKey, upload: &str, etags: &[String]) -> Result<(), StoreError>;

    /// Forgets the parts of an upload. Forgetting what is not there is a success.
    async fn abandon_parts(&self, key: &ObjectKey, upload: &str) -> Result<(), StoreError>;

    /// Writes an object, whatever was there.
    async fn write(&self, key: &ObjectKey, body: Bytes, headers: &Headers) -> Result<(), StoreError>;

    /// Copies an object's bytes and gives the copy exactly these headers.
    ///
    /// # Errors
    /// `NotFound` when the source is not there.
    async fn copy(&self, from: &ObjectKey, to: &ObjectKey, headers: &Headers) -> Result<(), StoreError>;

    /// Deletes at most 1,000 objects. Deleting what is not there is a success.
    ///
    /// # Returns
    /// The keys that could not be deleted: the store answers 200 with errors inside.
    async fn delete(&self, keys: &[ObjectKey]) -> Result<Vec<DeleteFailure>, StoreError>;
}

impl dyn Objects {
    /// DeleteObjects takes 1,000 keys
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>).
    pub const MAX_DELETE: usize = 1000;

    /// What each part of an object but the last must have at least, in bytes
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>).
    pub const MIN_PART: usize = 5 * 1024 * 1024;
}
