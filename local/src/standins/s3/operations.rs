//! The operations of s3s's trait, each handed to where it is done.

use http::Method;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopyPartResult, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketInput,
    DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeletedObject, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, PutObjectInput, PutObjectOutput, StreamingBlob,
    UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use super::Backend;
use super::checksums::{Checksums, checksums_of, hasher};
use super::object::{headers_of, instant};
use super::receive::{Expected, Received, receive};
use super::store::{Condition, NewObject, objects};

/// DeleteObjects takes 1,000 keys.
const MAX_DELETES: usize = 1000;

impl Backend {
    /// PutObject, and PostObject, which s3s hands on to it.
    async fn put(&self, request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let event_name = match request.method {
            Method::POST => "ObjectCreated:Post",
            _ => "ObjectCreated:Put",
        };
        let mut input = request.input;
        let given = checksums_of!(input);
        let asked = input
            .checksum_algorithm
            .as_ref()
            .map(|algorithm| algorithm.as_str());
        let sums = hasher(&given, &request.headers, asked);
        let expected = Expected {
            md5: input.content_md5.take(),
            checksums: given,
            trailers: request.trailing_headers,
        };
        let received = receive(&self.0.bodies, input.body.take(), sums, &expected).await?;
        let sums = received.checksums.clone();
        let new = NewObject {
            etag: received.etag(),
            size: received.size,
            staged: received.staged,
            checksums: received.checksums,
            headers: headers_of!(input),
            event_name,
        };
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        let object = self.0.put(&input.bucket, &input.key, new, condition).await?;
        Ok(PutObjectOutput {
            e_tag: Some(object.etag()),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..PutObjectOutput::default()
        })
    }

    async fn part(&self, request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let mut input = request.input;
        let of = (input.bucket.as_str(), input.key.as_str());
        let given = checksums_of!(input);
        let asked = input
            .checksum_algorithm
            .as_ref()
            .map(|algorithm| algorithm.as_str());
        let sums = hasher(&given, &request.headers, asked);
        let expected = Expected {
            md5: input.content_md5.take(),
            checksums: given,
            trailers: request.trailing_headers,
        };
        let received = receive(&self.0.bodies, input.body.take(), sums, &expected).await?;
        self.0.uploads.check(of, &input.upload_id, input.part_number)?;
        let sums = received.checksums.clone();
        let etag = self
            .0
            .uploads
            .add(of, &input.upload_id, input.part_number, received)?;
        Ok(UploadPartOutput {
            e_tag: Some(etag),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..UploadPartOutput::default()
        })
    }

    async fn part_copy(&self, input: UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
        let of = (input.bucket.as_str(), input.key.as_str());
        self.0.uploads.check(of, &input.upload_id, input.part_number)?;
        let bytes = self.0.copied_part(&input)?;
        let body = StreamingBlob::from(Body::from(bytes));
        let none = hasher(&Checksums::default(), &http::HeaderMap::new(), None);
        let received: Received = receive(&self.0.bodies, Some(body), none, &Expected::default()).await?;
        let etag = self
            .0
            .uploads
            .add(of, &input.upload_id, input.part_number, received)?;
        let result = CopyPartResult {
            e_tag: Some(etag),
            last_modified: Some(std::time::SystemTime::now().into()),
            ..CopyPartResult::default()
        };
        Ok(UploadPartCopyOutput {
            copy_part_result: Some(result),
            ..UploadPartCopyOutput::default()
        })
    }

    async fn delete_many(&self, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        let asked = input.delete.objects;
        if asked.is_empty() || asked.len() > MAX_DELETES {
            return Err(s3_error!(
                MalformedXML,
                "between 1 and {MAX_DELETES} keys are deleted at once"
            ));
        }
        let keys: Vec<&str> = asked.iter().map(|object| object.key.as_str()).collect();
        self.0.delete(&input.bucket, &keys).await?;
        let deleted = asked.into_iter().map(|object| DeletedObject {
            key: Some(object.key),
            ..DeletedObject::default()
        });
        let quiet = input.delete.quiet.unwrap_or(false);
        let deleted = (!quiet).then(|| deleted.collect());
        Ok(DeleteObjectsOutput {
            deleted,
            ..DeleteObjectsOutput::default()
        })
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.put(request).await.map(S3Response::new)
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.0.get(&request.input).map(S3Response::new)
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.0.head(&request.input).map(S3Response::new)
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        self.0.copy_object(request.input).await.map(S3Response::new)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0
            .delete(&request.input.bucket, &[&request.input.key])
            .await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.delete_many(request.input).await.map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.0.list(request.input).map(S3Response::new)
    }

    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        let is_new = self
            .0
            .ensure_bucket(&bucket)
            .map_err(|error| s3_error!(InternalError, "{error}"))?;
        if !is_new {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{bucket}")),
        }))
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.0.delete_bucket(&request.input.bucket).await?;
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        objects(&self.0.index(), &request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        objects(&self.0.index(), &request.input.bucket)?;
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn list_buckets(
        &self,
        _request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let index = self.0.index();
        let buckets = index.buckets.iter().map(|(name, bucket)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(instant(bucket.created).into()),
            ..Bucket::default()
        });
        let buckets = Some(buckets.collect());
        Ok(S3Response::new(ListBucketsOutput {
            buckets,
            ..ListBucketsOutput::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.0.create_upload(request.input).map(S3Response::new)
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        self.part(request).await.map(S3Response::new)
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        self.part_copy(request.input).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.0.complete_upload(request.input).await.map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        self.0
            .uploads
            .abort((&input.bucket, &input.key), &input.upload_id)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        self.0.list_parts(request.input).map(S3Response::new)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.0.list_uploads(request.input).map(S3Response::new)
    }
}
