//! GetObject, HeadObject, ListObjectsV2.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, ETagCondition, EncodingType, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, ObjectStorageClass, StreamingBlob, Timestamp,
};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::io::AsyncReadExt as _;

use super::checksums::Checksums;
use super::index::Listing;
use super::object::{Object, instant};
use super::store::{Store, failed, objects};

/// Bodies up to this size are answered in one piece.
const AT_ONCE: u64 = 1024 * 1024;
/// Greater ones in pieces of this size.
const PIECE: usize = 256 * 1024;
/// S3 lists 1,000 keys a page at most.
const MAX_KEYS: i32 = 1000;
/// What `encoding-type=url` leaves as it is.
const LISTED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The headers that decide whether a body is sent at all.
pub(crate) struct Asked {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
    pub(crate) if_modified_since: Option<Timestamp>,
    pub(crate) if_unmodified_since: Option<Timestamp>,
}

/// Reads [`Asked`] from the inputs of GetObject and HeadObject.
macro_rules! asked_of {
    ($input:expr) => {
        Asked {
            if_match: $input.if_match.clone(),
            if_none_match: $input.if_none_match.clone(),
            if_modified_since: $input.if_modified_since.clone(),
            if_unmodified_since: $input.if_unmodified_since.clone(),
        }
    };
}

impl Asked {
    /// RFC 9110, section 13.2.2: tags go before dates.
    pub(crate) fn check(&self, object: &Object) -> S3Result<()> {
        let is = |condition: &ETagCondition| {
            condition.is_any()
                || condition
                    .as_etag()
                    .is_some_and(|etag| etag.value() == object.etag)
        };
        // Dates of HTTP have whole seconds.
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs()
        };
        let modified = seconds(instant(object.modified));
        let newer = |than: &Timestamp| modified > seconds(system_time(than));
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) if !is(wanted) => return Err(failed("If-Match")),
            (None, Some(since)) if newer(since) => return Err(failed("If-Unmodified-Since")),
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) if is(known) => Err(not_modified(object)),
            (None, Some(since)) if !newer(since) => Err(not_modified(object)),
            _ => Ok(()),
        }
    }
}

pub(crate) fn system_time(time: &Timestamp) -> SystemTime {
    let mut text = Vec::new();
    let seconds = time
        .format(s3s::dto::TimestampFormat::EpochSeconds, &mut text)
        .ok()
        .and_then(|()| std::str::from_utf8(&text).ok()?.parse::<f64>().ok());
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds.unwrap_or_default().max(0.0))
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_status_code(http::StatusCode::NOT_MODIFIED);
    if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", object.etag)) {
        let mut headers = HeaderMap::from_iter([(http::header::ETAG, etag)]);
        let cache_control = object
            .headers
            .cache_control
            .as_ref()
            .and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(cache_control.map(|value| (http::header::CACHE_CONTROL, value)));
        error.set_headers(headers);
    }
    error
}

impl Store {
    /// GetObject.
    pub(crate) fn get(&self, input: &GetObjectInput) -> S3Result<GetObjectOutput> {
        let (object, file) = self.open_object(&input.bucket, &input.key)?;
        asked_of!(input).check(&object)?;
        let range = input
            .range
            .as_ref()
            .map(|range| range.check(object.size))
            .transpose();
        let range = range.map_err(|_| S3Error::new(S3ErrorCode::InvalidRange))?;
        let content_range = range.as_ref().map(|range| {
            format!(
                "bytes {}-{}/{}",
                range.start,
                range.end.saturating_sub(1),
                object.size
            )
        });
        // A checksum is one of the whole body.
        let checked = input.checksum_mode.is_some() && range.is_none();
        let sums = if checked {
            object.checksums.clone()
        } else {
            Checksums::default()
        };
        let range = range.unwrap_or(0..object.size);
        let length = range.end - range.start;
        let headers = &object.headers;
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(body(file, range).map_err(S3Error::internal_error)?),
            cache_control: headers.cache_control.clone(),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            content_disposition: headers.content_disposition.clone(),
            content_encoding: headers.content_encoding.clone(),
            content_language: headers.content_language.clone(),
            content_length: i64::try_from(length).ok(),
            content_range,
            content_type: Some(headers.content_type_or_default()),
            e_tag: Some(object.etag()),
            expires: headers.expires(),
            last_modified: Some(object.last_modified()),
            metadata: headers.metadata(),
            website_redirect_location: headers.redirect.clone(),
            ..GetObjectOutput::default()
        })
    }

    /// HeadObject.
    pub(crate) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let object = self.object(&input.bucket, &input.key)?;
        asked_of!(input).check(&object)?;
        let sums = input
            .checksum_mode
            .as_ref()
            .map_or_else(Checksums::default, |_| object.checksums.clone());
        let headers = &object.headers;
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: headers.cache_control.clone(),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            content_disposition: headers.content_disposition.clone(),
            content_encoding: headers.content_encoding.clone(),
            content_language: headers.content_language.clone(),
            content_length: Some(object.length()),
            content_type: Some(headers.content_type_or_default()),
            e_tag: Some(object.etag()),
            expires: headers.expires(),
            last_modified: Some(object.last_modified()),
            metadata: headers.metadata(),
            website_redirect_location: headers.redirect.clone(),
            ..HeadObjectOutput::default()
        })
    }

    /// ListObjectsV2.
    pub(crate) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let max_keys = input.max_keys.unwrap_or(MAX_KEYS);
        let limit = usize::try_from(max_keys.min(MAX_KEYS));
        let limit = limit.map_err(|_| s3_error!(InvalidArgument, "max-keys must not be negative"))?;
        let resumed = input.continuation_token.as_deref().map(read_token).transpose()?;
        let listing = Listing {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: resumed
                .as_deref()
                .or(input.start_after.as_deref())
                .unwrap_or_default(),
            max_keys: limit,
        };
        let page = listing.page(objects(&self.index(), &input.bucket)?);
        let url = input
            .encoding_type
            .as_ref()
            .is_some_and(|kind| kind.as_str() == EncodingType::URL);
        let write = |name: String| {
            if url {
                utf8_percent_encode(&name, LISTED).to_string()
            } else {
                name
            }
        };
        let entry = |(key, object): (String, std::sync::Arc<Object>)| s3s::dto::Object {
            key: Some(write(key)),
            size: Some(object.length()),
            e_tag: Some(object.etag()),
            last_modified: Some(object.last_modified()),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..s3s::dto::Object::default()
        };
        let count = page.objects.len() + page.common_prefixes.len();
        let prefixes = page.common_prefixes.into_iter().map(|prefix| CommonPrefix {
            prefix: Some(write(prefix)),
        });
        Ok(ListObjectsV2Output {
            common_prefixes: Some(prefixes.collect()),
            contents: Some(page.objects.into_iter().map(entry).collect()),
            is_truncated: Some(page.next_after.is_some()),
            next_continuation_token: page.next_after.map(|after| BASE64.encode(after)),
            key_count: i32::try_from(count).ok(),
            max_keys: Some(max_keys.min(MAX_KEYS)),
            name: Some(input.bucket),
            prefix: Some(write(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(write),
            start_after: input.start_after.map(write),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            ..ListObjectsV2Output::default()
        })
    }
}

fn read_token(token: &str) -> S3Result<String> {
    let after = BASE64
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    after.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

fn body(file: Option<File>, range: Range<u64>) -> std::io::Result<StreamingBlob> {
    let length = range.end - range.start;
    let Some(mut file) = file.filter(|_| length > 0) else {
        return Ok(StreamingBlob::from(Body::empty()));
    };
    file.seek(SeekFrom::Start(range.start))?;
    if length <= AT_ONCE {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact(&mut bytes)?;
        return Ok(StreamingBlob::from(Body::from(Bytes::from(bytes))));
    }
    let file = tokio::fs::File::from_std(file).take(length);
    Ok(StreamingBlob::wrap(futures_util::stream::try_unfold(
        file,
        |mut file| async move {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
            Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
        },
    )))
}
