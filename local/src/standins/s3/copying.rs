//! CopyObject.

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETagCondition, MetadataDirective,
    Timestamp,
};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::object::{Headers, Object, headers_of};
use super::reading::Asked;
use super::store::{Store, failed};

impl Store {
    /// CopyObject.
    pub(crate) async fn copy_object(&self, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
        let (bucket, key) = source(&input.copy_source)?;
        let replaces = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        if !replaces && (bucket, key) == (input.bucket.as_str(), input.key.as_str()) {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without \
                 changing the object's metadata, storage class, website redirect location or encryption \
                 attributes."
            ));
        }
        let given = headers_of!(input);
        let asked = asked_of_source(&input);
        let decide = |source: &Object| {
            asked.check(source).map_err(in_copies)?;
            // The redirect is never taken from the source.
            let kept = || Headers {
                redirect: given.redirect.clone(),
                ..source.headers.clone()
            };
            Ok(if replaces { given.clone() } else { kept() })
        };
        let copy = self
            .copy((bucket, key), (&input.bucket, &input.key), decide)
            .await?;
        let sums = copy.checksums.clone();
        let result = CopyObjectResult {
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            e_tag: Some(copy.etag()),
            last_modified: Some(copy.last_modified()),
            ..CopyObjectResult::default()
        };
        Ok(CopyObjectOutput {
            copy_object_result: Some(result),
            ..CopyObjectOutput::default()
        })
    }
}

/// The bucket and key that a copy reads.
pub(crate) fn source(source: &CopySource) -> S3Result<(&str, &str)> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id: None,
        } => Ok((bucket, key)),
        CopySource::Bucket { .. } => Err(s3_error!(NotImplemented, "versions are not stood in for")),
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => Err(s3_error!(
            NotImplemented,
            "access points and outposts are not stood in for"
        )),
    }
}

fn asked_of_source(input: &CopyObjectInput) -> Asked {
    let tag = |condition: &Option<ETagCondition>| condition.clone();
    let date = |since: &Option<Timestamp>| since.clone();
    Asked {
        if_match: tag(&input.copy_source_if_match),
        if_none_match: tag(&input.copy_source_if_none_match),
        if_modified_since: date(&input.copy_source_if_modified_since),
        if_unmodified_since: date(&input.copy_source_if_unmodified_since),
    }
}

/// A copy has no 304: what a reader would be told is unchanged, a copy refuses with 412.
fn in_copies(error: S3Error) -> S3Error {
    match error.code() {
        S3ErrorCode::NotModified => failed("x-amz-copy-source-If-None-Match"),
        _ => error,
    }
}
