//! Whose request it is, and what it has to be allowed.
//!
//! S3 asks for other rights than its operations are called
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/using-with-s3-policy-actions.html>): HeadObject is read by the right to
//! get, parts are written by the right to put, a list is a right to the bucket.

use s3s::access::S3Access;
use s3s::auth::{Credentials, S3Auth, SecretKey};
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CopyObjectInput, CopySource,
    CreateMultipartUploadInput, DeleteObjectInput, DeleteObjectsInput, GetBucketLocationInput,
    GetObjectInput, HeadBucketInput, HeadObjectInput, ListMultipartUploadsInput, ListObjectsV2Input,
    ListPartsInput, PostObjectInput, PutObjectInput, UploadPartCopyInput, UploadPartInput,
};
use s3s::{S3Request, S3Result, s3_error};

use super::Backend;
use super::store::objects;
use crate::rights::{Resource, Uses};

/// Everybody with the one access key, and each function with its own of it; they have one secret.
pub(crate) struct Keys {
    pub(super) access_key: String,
    pub(super) secret_key: String,
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match access_key.strip_prefix(&self.access_key) {
            Some(rest) if rest.is_empty() || rest.starts_with('.') => Ok(self.secret_key.clone().into()),
            Some(_) | None => Err(s3_error!(InvalidAccessKeyId)),
        }
    }
}

/// Notes what each request has to be allowed, and refuses none.
pub(super) struct Witness {
    pub(super) uses: Uses,
    pub(super) backend: Backend,
}

type Signer<'r> = Option<&'r Credentials>;

impl Witness {
    fn function<'r>(&self, signer: Signer<'r>) -> Option<&'r str> {
        self.uses.function(signer.map(|by| by.access_key.as_str()))
    }

    fn bucket(&self, signer: Signer<'_>, action: &str, bucket: &str) {
        if let Some(function) = self.function(signer) {
            self.uses
                .add(function, action, Resource::Bucket(bucket.to_owned()));
        }
    }

    fn object(&self, signer: Signer<'_>, action: &str, bucket: &str, key: &str) {
        if let Some(function) = self.function(signer) {
            let (bucket, key) = (bucket.to_owned(), key.to_owned());
            self.uses.add(function, action, Resource::Object { bucket, key });
        }
    }

    /// Whoever may not list the bucket is not told that an object is missing: S3 answers 403 instead of 404
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>), which our functions take for a failure.
    fn read(&self, signer: Signer<'_>, bucket: &str, key: &str) {
        self.object(signer, "s3:GetObject", bucket, key);
        let is_there = objects(&self.backend.0.index(), bucket).is_ok_and(|found| found.contains_key(key));
        if !is_there {
            self.bucket(signer, "s3:ListBucket", bucket);
        }
    }

    fn read_source(&self, signer: Signer<'_>, source: &CopySource) {
        if let CopySource::Bucket { bucket, key, .. } = source {
            self.read(signer, bucket, key);
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Witness {
    async fn get_object(&self, request: &mut S3Request<GetObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.read(by, &input.bucket, &input.key);
        Ok(())
    }

    async fn head_object(&self, request: &mut S3Request<HeadObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.read(by, &input.bucket, &input.key);
        Ok(())
    }

    async fn put_object(&self, request: &mut S3Request<PutObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn post_object(&self, request: &mut S3Request<PostObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn copy_object(&self, request: &mut S3Request<CopyObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.read_source(by, &input.copy_source);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn create_multipart_upload(
        &self,
        request: &mut S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn upload_part(&self, request: &mut S3Request<UploadPartInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn upload_part_copy(&self, request: &mut S3Request<UploadPartCopyInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.read_source(by, &input.copy_source);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn complete_multipart_upload(
        &self,
        request: &mut S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:PutObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn abort_multipart_upload(
        &self,
        request: &mut S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:AbortMultipartUpload", &input.bucket, &input.key);
        Ok(())
    }

    async fn list_parts(&self, request: &mut S3Request<ListPartsInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:ListMultipartUploadParts", &input.bucket, &input.key);
        Ok(())
    }

    async fn delete_object(&self, request: &mut S3Request<DeleteObjectInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.object(by, "s3:DeleteObject", &input.bucket, &input.key);
        Ok(())
    }

    async fn delete_objects(&self, request: &mut S3Request<DeleteObjectsInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        for object in &input.delete.objects {
            self.object(by, "s3:DeleteObject", &input.bucket, &object.key);
        }
        Ok(())
    }

    async fn list_objects_v2(&self, request: &mut S3Request<ListObjectsV2Input>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.bucket(by, "s3:ListBucket", &input.bucket);
        Ok(())
    }

    async fn head_bucket(&self, request: &mut S3Request<HeadBucketInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.bucket(by, "s3:ListBucket", &input.bucket);
        Ok(())
    }

    async fn list_multipart_uploads(
        &self,
        request: &mut S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.bucket(by, "s3:ListBucketMultipartUploads", &input.bucket);
        Ok(())
    }

    async fn get_bucket_location(&self, request: &mut S3Request<GetBucketLocationInput>) -> S3Result<()> {
        let (by, input) = (request.credentials.as_ref(), &request.input);
        self.bucket(by, "s3:GetBucketLocation", &input.bucket);
        Ok(())
    }
}
