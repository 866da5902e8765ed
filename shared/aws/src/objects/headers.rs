//! Headers of objects, in our words and in S3's.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

use super::encoding;

/// Gives a request exactly these headers. Put and Copy have the same setters and no common trait.
macro_rules! with_headers {
    ($request:expr, $headers:expr) => {{
        let headers: &imprint_domain::manifest::Headers = $headers;
        $request
            .set_content_type($crate::objects::headers::sent(headers.content_type.as_deref()))
            .set_content_encoding($crate::objects::headers::sent(
                headers.content_encoding.as_deref(),
            ))
            .set_content_disposition($crate::objects::headers::sent(
                headers.content_disposition.as_deref(),
            ))
            .set_content_language($crate::objects::headers::sent(
                headers.content_language.as_deref(),
            ))
            .set_cache_control($crate::objects::headers::sent(headers.cache_control.as_deref()))
            .set_expires(
                headers
                    .expires
                    .as_deref()
                    .and_then($crate::objects::headers::expires),
            )
            .set_metadata($crate::objects::headers::sent_metadata(&headers.metadata))
    }};
}

/// Reads the headers out of an answer. Get and Head have the same fields and no common trait.
macro_rules! headers_of {
    ($answer:expr) => {{
        let answer = &$answer;
        imprint_domain::manifest::Headers {
            content_type: given(answer.content_type()),
            content_encoding: given(answer.content_encoding()),
            content_disposition: given(answer.content_disposition()),
            content_language: given(answer.content_language()),
            expires: given(answer.expires_string()),
            cache_control: given(answer.cache_control()),
            metadata: $crate::objects::headers::read_metadata(answer.metadata()),
        }
    }};
}

pub(super) use {headers_of, with_headers};

/// A header as it was meant, if it was set. S3 keeps no difference between an empty one and none.
pub(super) fn given(header: Option<&str>) -> Option<String> {
    header.filter(|value| !value.is_empty()).map(encoding::meant)
}

/// A header as it may be sent. Uploaders choose some, and one odd character must not stop the copy of a site.
pub(super) fn sent(header: Option<&str>) -> Option<String> {
    header.map(encoding::ascii_word)
}

/// The time that a text says, in the one form that may be sent. A text without time, such as `0`, means that the object
/// is stale at once; that much the cache control says, too.
pub(super) fn expires(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, DateTimeFormat::HttpDate).ok()
}

/// Metadata as it may be sent: header values are ASCII.
pub(super) fn sent_metadata(metadata: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    let sent = metadata
        .iter()
        .map(|(name, value)| (name.clone(), encoding::ascii_word(value)));
    (!metadata.is_empty()).then(|| sent.collect())
}

/// Metadata as it was meant, names in lower case.
pub(super) fn read_metadata(metadata: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    let read = metadata.into_iter().flatten();
    read.map(|(name, value)| (name.to_ascii_lowercase(), encoding::meant(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_comes_back_as_it_was_meant() {
        let metadata = BTreeMap::from([
            ("title".to_owned(), "Überblick über die 潮汐".to_owned()),
            (
                "surrogate-key".to_owned(),
                "0123456789abcdef0123456789abcdef".to_owned(),
            ),
        ]);
        let sent = sent_metadata(&metadata).unwrap();
        assert!(sent.values().all(|value| value.is_ascii()));
        assert_eq!(read_metadata(Some(&sent)), metadata);
    }

    #[test]
    fn an_expiry_that_is_no_time_is_left_out() {
        assert_eq!(
            expires("Thu, 01 Jan 1970 00:00:10 GMT"),
            Some(DateTime::from_secs(10))
        );
        assert_eq!(expires("0"), None);
        assert_eq!(expires("tomorrow"), None);
    }
}
