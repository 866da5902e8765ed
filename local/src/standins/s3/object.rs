//! What is known of an object besides its body.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use s3s::dto::{ETag, Timestamp, TimestampFormat};
use serde::{Deserialize, Serialize};

use super::checksums::Checksums;

/// AWS's default where the uploader named no type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Bytes of the body.
    pub(crate) size: u64,
    /// Entity tag without quotes: the body's MD5, or `<md5 of md5s>-<parts>`.
    pub(crate) etag: String,
    /// Nanoseconds since 1970. No two objects of a store share one, so it is a sequence number, too.
    pub(crate) modified: i64,
    /// Headers that were given with the body.
    pub(crate) headers: Headers,
    /// Checksums that were computed on the way in.
    pub(crate) checksums: Checksums,
    /// Where the body is.
    pub(crate) place: Place,
    /// The body file's modification time (nanoseconds since 1970), to notice after a restart that it
    /// changed.
    pub(crate) file_time: i64,
}

/// Where a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// Nowhere: an empty body needs no file, and so a directory may have its name.
    Empty,
    /// In the file that has the key's name.
    Plain,
    /// In a file named by the key's digest, because no file can have the key's name.
    Aside,
}

/// The headers that S3 keeps with an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    /// As an HTTP date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redirect: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Reads [`Headers`] from any of s3s's inputs that carry them; they share field names but no trait.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::standins::s3::object::Headers {
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $crate::standins::s3::object::content_encoding(
                $input.content_encoding.as_deref(),
            ),
            content_language: $input.content_language.clone(),
            content_type: $input.content_type.clone(),
            expires: $input
                .expires
                .as_ref()
                .and_then($crate::standins::s3::object::http_date),
            redirect: $input.website_redirect_location.clone(),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}
pub(crate) use headers_of;

impl Headers {
    /// The type to answer with.
    pub(crate) fn content_type_or_default(&self) -> String {
        self.content_type
            .clone()
            .unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned())
    }

    /// The expiry to answer with.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        Timestamp::parse(TimestampFormat::HttpDate, self.expires.as_deref()?).ok()
    }

    /// User metadata as s3s wants it; AWS sends none rather than an empty map.
    pub(crate) fn metadata(&self) -> Option<HashMap<String, String>> {
        let pairs = || {
            self.metadata
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        (!self.metadata.is_empty()).then(pairs)
    }
}

impl Object {
    /// The tag as s3s writes it.
    pub(crate) fn etag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    /// `Last-Modified`, exact; the wire rounds it down to seconds or milliseconds.
    pub(crate) fn last_modified(&self) -> Timestamp {
        instant(self.modified).into()
    }

    /// The size as S3's XML and headers have it.
    pub(crate) fn length(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX)
    }
}

/// The moment that is `nanoseconds` after 1970.
pub(crate) fn instant(nanoseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or_default())
}

/// Nanoseconds since 1970; fits until 2262.
pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// `aws-chunked` frames the request and is no property of the object.
pub(crate) fn content_encoding(header: Option<&str>) -> Option<String> {
    let kept: Vec<&str> = header?
        .split(',')
        .map(str::trim)
        .filter(|part| *part != "aws-chunked")
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The date as it stands in HTTP headers.
pub(crate) fn http_date(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}
