//! The object store on S3.

mod encoding;
mod headers;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{
    CompletedMultipartUpload, CompletedPart, Delete, EncodingType, MetadataDirective, Object,
    ObjectIdentifier,
};
use bytes::Bytes;
use imprint_app::ports::{DeleteFailure, ListPage, Listed, Objects, StoreError, Stored};
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use jiff::Timestamp;

use self::headers::{given, headers_of, with_headers};
use crate::call::{Unusable, is_retryable_code, refused, status, store_error};

/// One bucket.
#[derive(Debug, Clone)]
pub(crate) struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    pub(crate) fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn list(&self, prefix: &KeyPrefix, after: Option<&str>) -> Result<ListPage, StoreError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix.as_str());
        // A page continues after a key, not at a token, so that a place in a list can be kept for any time. Keys come
        // encoded, because uploaders choose them and XML cannot hold every character.
        let request = request
            .set_start_after(after.map(str::to_owned))
            .encoding_type(EncodingType::Url);
        let answer = request
            .send()
            .await
            .map_err(|error| store_error("ListObjectsV2", error))?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let objects = answer.contents().iter().map(|object| listed(object, encoded));
        let objects: Vec<Listed> = objects.collect::<Result<_, _>>()?;
        let more = answer.is_truncated() == Some(true);
        let next = objects
            .last()
            .filter(|_| more)
            .map(|last| last.key.as_str().to_owned());
        Ok(ListPage { objects, next })
    }

    async fn headers(&self, key: &ObjectKey) -> Result<Option<Headers>, StoreError> {
        let request = self.client.head_object().bucket(&self.bucket).key(key.as_str());
        match request.send().await {
            Ok(answer) => Ok(Some(headers_of!(answer))),
            Err(error) if is_missing_object(&error) => Ok(None),
            Err(error) => Err(store_error("HeadObject", error)),
        }
    }

    async fn read(&self, key: &ObjectKey) -> Result<Option<Stored>, StoreError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing_object(&error) => return Ok(None),
            Err(error) => return Err(store_error("GetObject", error)),
        };
        let headers = headers_of!(answer);
        // A body that breaks off is a connection that broke off.
        let body = answer
            .body
            .collect()
            .await
            .map_err(|error| StoreError::Busy(Box::new(error)))?;
        Ok(Some(Stored {
            body: body.into_bytes(),
            headers,
        }))
    }

    async fn read_part(&self, key: &ObjectKey, from: u64, length: u64) -> Result<Option<Bytes>, StoreError> {
        let Some(last) = length.checked_sub(1) else {
            return Ok(Some(Bytes::new()));
        };
        // No object has so many bytes, and no more digits are understood everywhere.
        const FAR: u64 = i64::MAX as u64;
        let range = format!("bytes={}-{}", from.min(FAR), from.saturating_add(last).min(FAR));
        let request = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        let answer = match request.range(range).send().await {
            Ok(answer) => answer,
            Err(error) if is_missing_object(&error) => return Ok(None),
            // The object ends before the part begins.
            Err(error) if status(&error) == Some(416) => return Ok(Some(Bytes::new())),
            Err(error) => return Err(store_error("GetObject", error)),
        };
        let body = answer.body.collect().await;
        let body = body.map_err(|error| StoreError::Busy(Box::new(error)))?;
        Ok(Some(body.into_bytes()))
    }

    async fn begin_parts(&self, key: &ObjectKey, headers: &Headers) -> Result<String, StoreError> {
        let request = self.client.create_multipart_upload();
        let request = request.bucket(&self.bucket).key(key.as_str());
        let answer = with_headers!(request, headers).send().await;
        let answer = answer.map_err(|error| store_error("CreateMultipartUpload", error))?;
        let nameless =
            || StoreError::Failed(Box::new(Unusable("CreateMultipartUpload: no upload id".into())));
        answer.upload_id.ok_or_else(nameless)
    }

    async fn write_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        body: Bytes,
    ) -> Result<String, StoreError> {
        let request = self.client.upload_part().bucket(&self.bucket).key(key.as_str());
        let request = request
            .upload_id(upload)
            .part_number(i32::try_from(number).unwrap_or(i32::MAX))
            .body(ByteStream::from(body));
        let answer = request.send().await;
        let answer = answer.map_err(|error| store_error("UploadPart", error))?;
        let etag = answer.e_tag.unwrap_or_default();
        Ok(etag.trim_matches('"').to_owned())
    }

    async fn finish_parts(&self, key: &ObjectKey, upload: &str, etags: &[String]) -> Result<(), StoreError> {
        let parts = etags.iter().zip(1..).map(|(etag, number)| {
            CompletedPart::builder()
                .part_number(number)
                .e_tag(format!("\"{etag}\""))
                .build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect()));
        let request = self.client.complete_multipart_upload();
        let request = request.bucket(&self.bucket).key(key.as_str()).upload_id(upload);
        let answer = request.multipart_upload(parts.build()).send().await;
        answer
            .map(drop)
            .map_err(|error| store_error("CompleteMultipartUpload", error))
    }

    async fn abandon_parts(&self, key: &ObjectKey, upload: &str) -> Result<(), StoreError> {
        let request = self.client.abort_multipart_upload();
        let request = request.bucket(&self.bucket).key(key.as_str()).upload_id(upload);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(store_error("AbortMultipartUpload", error)),
        }
    }

    async fn write(&self, key: &ObjectKey, body: Bytes, headers: &Headers) -> Result<(), StoreError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key.as_str());
        let request = with_headers!(request.body(ByteStream::from(body)), headers);
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| store_error("PutObject", error))
    }

    async fn copy(&self, from: &ObjectKey, to: &ObjectKey, headers: &Headers) -> Result<(), StoreError> {
        let request = self.client.copy_object().bucket(&self.bucket).key(to.as_str());
        let request = request
            .copy_source(encoding::copy_source(&self.bucket, from))
            .metadata_directive(MetadataDirective::Replace);
        match with_headers!(request, headers).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_missing_object(&error) => Err(StoreError::NotFound(format!("object {from}"))),
            Err(error) => Err(store_error("CopyObject", error)),
        }
    }

    async fn delete(&self, keys: &[ObjectKey]) -> Result<Vec<DeleteFailure>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let objects = keys
            .iter()
            .map(|key| ObjectIdentifier::builder().key(key.as_str()).build());
        let objects = objects.collect::<Result<Vec<_>, _>>();
        // Quiet: the answer names only the keys that could not be deleted.
        let delete =
            objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let delete = delete.map_err(|error| StoreError::Failed(Box::new(error)))?;
        let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
        let answer = request
            .send()
            .await
            .map_err(|error| store_error("DeleteObjects", error))?;
        Ok(answer.errors().iter().map(failure).collect())
    }
}

/// Whether an object was not there, told from a bucket that was not.
fn is_missing_object<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    status(error) == Some(404) && code != Some("NoSuchBucket")
}

fn failure(error: &aws_sdk_s3::types::Error) -> DeleteFailure {
    let code = error.code().unwrap_or("no error code");
    let message = error.message().unwrap_or("no message");
    DeleteFailure {
        key: ObjectKey::new(error.key().unwrap_or("")),
        retryable: is_retryable_code(code),
        reason: Box::new(Unusable(format!("DeleteObjects: {code}: {message}"))),
    }
}

fn listed(object: &Object, encoded: bool) -> Result<Listed, StoreError> {
    let key = object.key().unwrap_or("");
    let key = if encoded {
        encoding::listed_key(key)
    } else {
        Some(key.to_owned())
    };
    let key = key.ok_or_else(|| {
        refused(format!(
            "the list has a key that is not UTF-8: {:?}",
            object.key()
        ))
    })?;
    let size = object.size().and_then(|size| u64::try_from(size).ok());
    let written_at = object.last_modified().and_then(timestamp);
    match (size, written_at, object.e_tag()) {
        (Some(size), Some(written_at), Some(etag)) => Ok(Listed {
            key: ObjectKey::new(key),
            size,
            etag: etag.trim_matches('"').to_owned(),
            written_at,
        }),
        _ => Err(refused(format!("the list has {key} without size, time or ETag"))),
    }
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(code: &str) -> DeleteFailure {
        failure(
            &aws_sdk_s3::types::Error::builder()
                .key("p/v/main/a b.html")
                .code(code)
                .build(),
        )
    }

    #[test]
    fn a_key_that_could_not_be_deleted_says_whether_to_try_again() {
        for code in [
            "InternalError",
            "SlowDown",
            "ServiceUnavailable",
            "OperationAborted",
            "RequestTimeout",
        ] {
            assert!(deleted(code).retryable, "{code}");
        }
        let denied = deleted("AccessDenied");
        assert!(!denied.retryable);
        assert_eq!(denied.key.as_str(), "p/v/main/a b.html");
        assert!(denied.reason.to_string().contains("AccessDenied"));
    }

    #[test]
    fn an_etag_loses_its_quotes_and_a_key_its_encoding() {
        let object = Object::builder()
            .key("p/v/main/a+b%2Bc%C3%BC.html")
            .size(3)
            .e_tag("\"abc\"")
            .last_modified(DateTime::from_secs(5))
            .build();
        let read = listed(&object, true).unwrap();
        assert_eq!(read.key.as_str(), "p/v/main/a b+cü.html");
        assert_eq!(read.etag, "abc");
        assert_eq!(read.written_at.as_second(), 5);
        assert_eq!(
            listed(&object, false).unwrap().key.as_str(),
            "p/v/main/a+b%2Bc%C3%BC.html"
        );
    }
}
