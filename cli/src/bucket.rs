//! The bucket of a keeper, which is read and never written.

use std::pin::Pin;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::http::{Secret, quoted};

/// What S3 is asked with.
#[derive(Debug, Clone)]
pub struct S3Access {
    /// The region of the bucket.
    pub region: String,
    /// Another address than AWS's.
    pub endpoint: Option<String>,
    /// Access key, secret key and, of temporary ones, session token. Without, the bucket has to be open to everybody.
    pub keys: Option<(String, Secret, Option<Secret>)>,
}

/// Why an object or a list was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BucketError {
    /// It will be the same again.
    #[error(
        "the bucket {bucket} refuses to be read ({reason}); look at --bucket, --region and AWS_ACCESS_KEY_ID"
    )]
    Refused {
        /// Whose.
        bucket: String,
        /// What S3 says.
        reason: String,
    },
    /// It may be otherwise at another time.
    #[error("reading the bucket {bucket} failed: {reason}; run it again later")]
    Failed {
        /// Whose.
        bucket: String,
        /// What happened.
        reason: String,
    },
}

/// An object below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// What follows the prefix.
    pub(crate) path: String,
    pub(crate) size: u64,
}

/// An object that is being read.
pub(crate) struct Opened {
    pub(crate) size: u64,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    /// Whether it is what LTD puts at the name of a directory.
    pub(crate) is_redirect: bool,
    body: ByteStream,
}

/// A bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
}

impl S3Access {
    /// A client for any bucket.
    pub(crate) fn client(&self) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::Config::builder().region(Region::new(self.region.clone()));
        config = match &self.keys {
            Some((id, secret, token)) => {
                let token = token.as_ref().map(|token| token.reveal().to_owned());
                config.credentials_provider(Credentials::new(id, secret.reveal(), token, None, "environment"))
            }
            None => config.allow_no_auth(),
        };
        if let Some(endpoint) = &self.endpoint {
            // Other services than AWS's have no host for each bucket.
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

impl Bucket {
    pub(crate) fn new(client: aws_sdk_s3::Client, name: String) -> Self {
        Self { client, name }
    }

    /// Everything below a prefix, which ends in a slash.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<Object>, BucketError> {
        let mut objects = Vec::new();
        let listing = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = listing.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.error(error))?;
            for object in page.contents() {
                let path = object.key().and_then(|key| key.strip_prefix(prefix));
                let size = u64::try_from(object.size().unwrap_or_default()).unwrap_or_default();
                objects.extend(path.filter(|path| !path.is_empty()).map(|path| Object {
                    path: path.to_owned(),
                    size,
                }));
            }
        }
        Ok(objects)
    }

    /// Begins to read an object.
    pub(crate) async fn open(&self, key: &str) -> Result<Opened, BucketError> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        let found = request.send().await.map_err(|error| self.error(error))?;
        let size = found.content_length().and_then(|size| u64::try_from(size).ok());
        let metadata = found.metadata();
        Ok(Opened {
            size: size.unwrap_or_default(),
            content_type: found.content_type().map(ToOwned::to_owned),
            content_encoding: found.content_encoding().map(ToOwned::to_owned),
            is_redirect: metadata.is_some_and(|all| all.get("dir-redirect").is_some_and(|is| is == "true")),
            body: found.body,
        })
    }

    fn error<E>(&self, error: SdkError<E>) -> BucketError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let reason = match error.code() {
            Some(code) => quoted(&format!("{code}: {}", error.message().unwrap_or_default())),
            None => quoted(&DisplayErrorContext(&error).to_string()),
        };
        let bucket = self.name.clone();
        match status {
            Some(400..=499) if status != Some(429) => BucketError::Refused { bucket, reason },
            Some(_) | None => BucketError::Failed { bucket, reason },
        }
    }
}

impl Opened {
    /// Its bytes, as they come: no more of it than one piece is in memory.
    pub(crate) fn bytes(self) -> Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>> {
        let next = |mut body: ByteStream| async move {
            let piece = body.try_next().await;
            piece
                .map_err(std::io::Error::other)
                .map(|piece| piece.map(|piece| (piece, body)))
        };
        Box::pin(stream::try_unfold(self.body, next))
    }
}
