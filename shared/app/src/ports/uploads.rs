use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use imprint_domain::id::SurrogateKey;
use imprint_domain::key::{KeyPrefix, ObjectKey};

use super::Source;

/// What a client may upload with one signed form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadSlot {
    /// Any file directly in a directory: the key begins with the prefix, `${filename}` stands for the rest.
    Files {
        /// The directory.
        prefix: KeyPrefix,
        /// The build's key, which each object carries.
        surrogate_key: SurrogateKey,
    },
    /// The empty object that redirects a directory's URL without slash.
    Directory {
        /// The directory's key without its slash.
        key: ObjectKey,
        /// The build's key, which the object carries.
        surrogate_key: SurrogateKey,
    },
    /// One image of a document, of at most [`MAX_IMAGE_BYTES`](imprint_domain::document::MAX_IMAGE_BYTES) and any
    /// `Content-Type` that begins with `image/`, without metadata.
    Image {
        /// The key.
        key: ObjectKey,
    },
    /// One artifact of a build, of at most [`MAX_FILE_BYTES`](imprint_domain::manifest::MAX_FILE_BYTES), without metadata.
    Artifact {
        /// The key.
        key: ObjectKey,
    },
    /// One empty object with this key and no metadata.
    Marker {
        /// The key.
        key: ObjectKey,
    },
}

/// A form that a browser or client posts as `multipart/form-data`, the file last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignedPost {
    /// Where to post it.
    pub url: String,
    /// The fields, in the order to send them.
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// An address to which a client sends one object with `PUT`, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// The address. Whoever has it may write the object.
    pub url: String,
    /// Until when.
    pub expires: Timestamp,
}

/// A form could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the upload form could not be signed")]
pub struct PresignError(#[source] pub Source);

/// Signs upload forms. Sends nothing.
pub trait Uploads: Send + Sync {
    /// Signs a form for a slot, good from `now` for `life`.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    fn presign(
        &self,
        slot: &UploadSlot,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPost, PresignError>;

    /// Signs an address to which anybody who has it may send an object, from `now` for `life`. Its key is signed; S3 bounds
    /// the size of no `PUT`, so whoever takes the object looks at that. In the bucket that tells of what is put there.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    fn presign_put(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPut, PresignError>;

    /// Signs an address from which anybody who has it gets an object, from `now` for `life`.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    fn presign_download(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String, PresignError>;
}
