//! One object as the docs port serves it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use imprint_domain::manifest::EDITION_REDIRECT;
use imprint_domain::slug::EditionSlug;

/// A page that fits into memory, with what caches want to know of it.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The headers that readers get.
    pub(super) headers: HeaderMap,
    /// The surrogate keys.
    pub(super) tags: Vec<String>,
    /// How long a shared cache may keep it; not at all when none.
    pub(super) lifetime: Option<Duration>,
    /// A directory: readers are sent to the same URL with a slash.
    pub(super) is_directory: bool,
    /// The slug of the edition that had this name before.
    pub(super) renamed_to: Option<EditionSlug>,
    /// Whether there is Markdown beside it that says the same.
    pub(super) has_twin: bool,
    /// The body, empty while it has not been read.
    pub(super) body: Bytes,
}

/// What a page's headers and tags are reckoned to weigh in the cache, in bytes.
const OVERHEAD: usize = 1024;

impl Page {
    /// Bytes that the page takes in a cache.
    pub(super) fn weight(&self) -> usize {
        self.body.len() + OVERHEAD
    }

    /// The page of an object, and its body unread.
    pub(super) fn of(object: GetObjectOutput) -> anyhow::Result<(Self, u64, ByteStream)> {
        let mut headers = HeaderMap::new();
        let texts = [
            (header::CONTENT_TYPE, &object.content_type),
            (header::CONTENT_ENCODING, &object.content_encoding),
            (header::CONTENT_LANGUAGE, &object.content_language),
            (header::CONTENT_DISPOSITION, &object.content_disposition),
            (header::CACHE_CONTROL, &object.cache_control),
            (header::EXPIRES, &object.expires_string),
            (header::ETAG, &object.e_tag),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                headers.insert(name.clone(), header_value(&name, text)?);
            }
        }
        if let Some(modified) = object.last_modified {
            headers.insert(
                header::LAST_MODIFIED,
                header_value(&header::LAST_MODIFIED, &http_date(&modified)?)?,
            );
        }
        let metadata = object.metadata.unwrap_or_default();
        let page = Self {
            lifetime: lifetime(&metadata, object.cache_control.as_deref()),
            tags: metadata
                .get("surrogate-key")
                .map(|keys| words(keys))
                .unwrap_or_default(),
            renamed_to: metadata.get(EDITION_REDIRECT).and_then(|slug| slug.parse().ok()),
            is_directory: metadata.get("dir-redirect").is_some_and(|flag| flag == "true"),
            has_twin: false,
            headers,
            body: Bytes::new(),
        };
        let length = object.content_length.unwrap_or_default();
        Ok((page, length.try_into().unwrap_or_default(), object.body))
    }

    /// Whether a reader who has these entity tags has this page.
    pub(super) fn is_known(&self, if_none_match: Option<&HeaderValue>) -> bool {
        let tag = self.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let known = if_none_match.and_then(|known| known.to_str().ok());
        match (tag, known) {
            (Some(tag), Some(known)) => known.split(',').any(|one| {
                let one = one.trim();
                one == "*" || one.trim_start_matches("W/") == tag
            }),
            (None, _) | (_, None) => false,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn header_value(name: &HeaderName, text: &str) -> anyhow::Result<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes())
        .with_context(|| format!("the object's {name} is no header: {text:?}"))
}

/// As HTTP writes dates: `Tue, 15 Nov 1994 08:12:31 GMT`.
fn http_date(time: &DateTime) -> anyhow::Result<String> {
    let time = SystemTime::try_from(*time).context("the object's date is out of range")?;
    let time = jiff::Timestamp::try_from(time).context("the object's date is out of range")?;
    Ok(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// `Surrogate-Control` speaks to the CDN and wins over `Cache-Control`, which is for browsers, too
/// (<https://www.fastly.com/documentation/reference/http/http-headers/Surrogate-Control/>).
fn lifetime(metadata: &HashMap<String, String>, cache_control: Option<&str>) -> Option<Duration> {
    let directives = metadata
        .get("surrogate-control")
        .map(String::as_str)
        .or(cache_control)?;
    let mut max_age = None;
    for directive in directives.split(',') {
        let directive = directive.trim().to_ascii_lowercase();
        if ["no-store", "no-cache", "private"].contains(&directive.as_str()) {
            return None;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            max_age = seconds.parse().ok().map(Duration::from_secs);
        }
    }
    max_age.filter(|age| !age.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(surrogate_control: Option<&str>, cache_control: Option<&str>) -> Option<u64> {
        let metadata = surrogate_control.map(|value| ("surrogate-control".to_owned(), value.to_owned()));
        lifetime(&metadata.into_iter().collect(), cache_control).map(|age| age.as_secs())
    }

    #[test]
    fn an_edition_is_kept_by_the_cdn_though_browsers_must_ask() {
        assert_eq!(kept(Some("max-age=31536000"), Some("no-cache")), Some(31_536_000));
    }

    #[test]
    fn a_build_is_kept_by_everyone_and_the_rest_by_nobody() {
        assert_eq!(kept(None, Some("public, max-age=60")), Some(60));
        for cache_control in [
            None,
            Some("no-cache"),
            Some("max-age=60, private"),
            Some("max-age=0"),
            Some("max-age=x"),
        ] {
            assert_eq!(kept(None, cache_control), None, "{cache_control:?}");
        }
    }

    #[test]
    fn a_reader_who_has_the_page_is_told_so() {
        let headers = [(header::ETAG, HeaderValue::from_static("\"abc\""))]
            .into_iter()
            .collect();
        let page = Page {
            headers,
            ..Page::default()
        };
        for (known, expected) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"x\"", false),
        ] {
            assert_eq!(
                page.is_known(Some(&HeaderValue::from_static(known))),
                expected,
                "{known}"
            );
        }
        assert!(!page.is_known(None));
        assert!(!Page::default().is_known(Some(&HeaderValue::from_static("*"))));
    }

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(
            http_date(&DateTime::from_secs(784_887_151)).unwrap(),
            "Tue, 15 Nov 1994 08:12:31 GMT"
        );
    }
}
