//! Uploads in parts. They live in memory and below the staging directory: a restart forgets them, and
//! clients begin anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use md5::{Digest as _, Md5};
use s3s::dto::{
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Part as ListedPart, Range, UploadPartCopyInput,
};
use s3s::{S3Error, S3Result, s3_error};

use super::bodies::Staged;
use super::checksums::Checksums;
use super::copying::source;
use super::object::{Headers, headers_of};
use super::receive::Received;
use super::store::{Condition, NewObject, Store, objects};

/// All parts but the last have 5 MiB at least.
const MIN_PART: u64 = 5 * 1024 * 1024;
const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;

/// The uploads that are under way, by id.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<BTreeMap<String, Upload>>);

#[derive(Debug)]
struct Upload {
    bucket: String,
    key: String,
    headers: Headers,
    initiated: SystemTime,
    parts: BTreeMap<i32, Part>,
}

#[derive(Debug)]
struct Part {
    staged: Option<Staged>,
    size: u64,
    md5: [u8; 16],
    uploaded: SystemTime,
}

impl Uploads {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Upload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the upload `id`, which must be one of `bucket` and `key`.
    fn with<T>(
        &self,
        (bucket, key): (&str, &str),
        id: &str,
        look: impl FnOnce(&mut Upload) -> S3Result<T>,
    ) -> S3Result<T> {
        let mut uploads = self.all();
        let upload = uploads
            .get_mut(id)
            .filter(|upload| upload.bucket == bucket && upload.key == key);
        look(upload.ok_or_else(no_such_upload)?)
    }

    /// Refuses what belongs to no upload.
    pub(crate) fn check(&self, of: (&str, &str), id: &str, part: i32) -> S3Result<()> {
        if !PART_NUMBERS.contains(&part) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000"
            ));
        }
        self.with(of, id, |_| Ok(()))
    }

    /// Keeps a part, in the place of an earlier one of that number.
    pub(crate) fn add(&self, of: (&str, &str), id: &str, number: i32, part: Received) -> S3Result<ETag> {
        self.with(of, id, |upload| {
            let etag = ETag::Strong(part.etag());
            let Received {
                staged, size, md5, ..
            } = part;
            upload.parts.insert(
                number,
                Part {
                    staged,
                    size,
                    md5,
                    uploaded: SystemTime::now(),
                },
            );
            Ok(etag)
        })
    }

    /// Forgets an upload and its parts.
    pub(crate) fn abort(&self, of: (&str, &str), id: &str) -> S3Result<()> {
        self.with(of, id, |_| Ok(()))?;
        self.all().remove(id);
        Ok(())
    }
}

fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
         or completed."
    )
}

impl Store {
    /// CreateMultipartUpload.
    pub(crate) fn create_upload(
        &self,
        input: CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        objects(&self.index(), &input.bucket)?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| s3_error!(InternalError, "no random id: {error}"))?;
        let id = hex::encode(id);
        let upload = Upload {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            headers: headers_of!(input),
            initiated: SystemTime::now(),
            parts: BTreeMap::new(),
        };
        self.uploads.all().insert(id.clone(), upload);
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        })
    }

    /// The bytes that UploadPartCopy takes as a part.
    pub(crate) fn copied_part(&self, input: &UploadPartCopyInput) -> S3Result<bytes::Bytes> {
        let (bucket, key) = source(&input.copy_source)?;
        let (object, file) = self.open_object(bucket, key)?;
        let range = match &input.copy_source_range {
            None => 0..object.size,
            Some(range) => {
                let range =
                    Range::parse(range).map_err(|_| s3_error!(InvalidArgument, "no range: {range}"))?;
                range.check(object.size).map_err(|_| s3_error!(InvalidRange))?
            }
        };
        let mut part = Vec::new();
        if let Some(mut file) = file {
            let read = |file: &mut File, part: &mut Vec<u8>| {
                file.seek(SeekFrom::Start(range.start))?;
                file.take(range.end - range.start).read_to_end(part)
            };
            read(&mut file, &mut part).map_err(S3Error::internal_error)?;
        }
        Ok(part.into())
    }

    /// CompleteMultipartUpload.
    pub(crate) async fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let of = (input.bucket.as_str(), input.key.as_str());
        let listed = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        self.uploads
            .with(of, &input.upload_id, |upload| upload.check(&listed))?;
        let upload = self
            .uploads
            .all()
            .remove(&input.upload_id)
            .ok_or_else(no_such_upload)?;
        let new = self.join(upload, &listed).map_err(S3Error::internal_error)?;
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        let object = self.put(of.0, of.1, new, condition).await?;
        Ok(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", of.0, of.1)),
            e_tag: Some(object.etag()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            ..CompleteMultipartUploadOutput::default()
        })
    }

    fn join(&self, upload: Upload, listed: &[CompletedPart]) -> std::io::Result<NewObject> {
        let staged = self.bodies.stage();
        let mut whole = File::create(staged.path())?;
        let (mut size, mut tags) = (0, Md5::new());
        for part in listed
            .iter()
            .filter_map(|part| upload.parts.get(&part.part_number?))
        {
            if let Some(body) = &part.staged {
                std::io::copy(&mut File::open(body.path())?, &mut whole)?;
            }
            size += part.size;
            tags.update(part.md5);
        }
        Ok(NewObject {
            staged: (size > 0).then_some(staged),
            size,
            etag: format!("{}-{}", hex::encode(tags.finalize()), listed.len()),
            headers: upload.headers,
            checksums: Checksums::default(),
            event_name: "ObjectCreated:CompleteMultipartUpload",
        })
    }

    /// ListParts, all on one page.
    pub(crate) fn list_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let parts = self
            .uploads
            .with((&input.bucket, &input.key), &input.upload_id, |upload| {
                let listed = upload.parts.iter().map(|(number, part)| ListedPart {
                    part_number: Some(*number),
                    size: i64::try_from(part.size).ok(),
                    e_tag: Some(ETag::Strong(hex::encode(part.md5))),
                    last_modified: Some(part.uploaded.into()),
                    ..ListedPart::default()
                });
                Ok(listed.collect())
            })?;
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            parts: Some(parts),
            is_truncated: Some(false),
            ..ListPartsOutput::default()
        })
    }

    /// ListMultipartUploads, all on one page.
    pub(crate) fn list_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        objects(&self.index(), &input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let uploads = self.uploads.all();
        let inside = uploads
            .iter()
            .filter(|(_, u)| u.bucket == input.bucket && u.key.starts_with(&prefix));
        let uploads = inside.map(|(id, upload)| MultipartUpload {
            key: Some(upload.key.clone()),
            upload_id: Some(id.clone()),
            initiated: Some(upload.initiated.into()),
            ..MultipartUpload::default()
        });
        Ok(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            bucket: Some(input.bucket.clone()),
            prefix: Some(prefix.clone()),
            is_truncated: Some(false),
            ..ListMultipartUploadsOutput::default()
        })
    }
}

impl Upload {
    fn check(&self, listed: &[CompletedPart]) -> S3Result<()> {
        if listed.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let mut before = 0;
        for (position, listed_part) in listed.iter().enumerate() {
            let number = listed_part.part_number.unwrap_or_default();
            if number <= before {
                return Err(s3_error!(
                    InvalidPartOrder,
                    "The list of parts was not in ascending order."
                ));
            }
            before = number;
            let part = self.parts.get(&number).filter(|part| {
                listed_part
                    .e_tag
                    .as_ref()
                    .is_some_and(|etag| etag.value() == hex::encode(part.md5))
            });
            let Some(part) = part else {
                return Err(s3_error!(
                    InvalidPart,
                    "Part {number} could not be found, or has another entity tag."
                ));
            };
            if position + 1 < listed.len() && part.size < MIN_PART {
                return Err(s3_error!(
                    EntityTooSmall,
                    "Part {number} is smaller than 5 MiB and not the last."
                ));
            }
        }
        Ok(())
    }
}
