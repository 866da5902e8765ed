//! Parts of a file, as readers of PDFs and those who resume a download ask for them.

use std::ops::RangeInclusive;

use http::{HeaderMap, HeaderValue, header};

/// What a reader asks for of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it. Also for what may be ignored: several ranges, other units, a range that does not parse (RFC 9110, 14.2).
    Whole,
    /// These bytes.
    Bytes(RangeInclusive<u64>),
    /// Bytes that are not there.
    Outside,
}

/// Reads which part of a body of `length` bytes with these headers a GET asks for.
pub(super) fn part(request: &HeaderMap, page: &HeaderMap, length: u64) -> Part {
    let Some(range) = request.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
        return Part::Whole;
    };
    if !is_still(request.get(header::IF_RANGE), page) {
        return Part::Whole;
    }
    read(range, length)
}

/// Whether the reader's earlier part is of this body. A weak tag never says so (RFC 9110, 13.1.5).
fn is_still(if_range: Option<&HeaderValue>, page: &HeaderMap) -> bool {
    let Some(known) = if_range else {
        return true;
    };
    let is = |name| page.get(name).is_some_and(|value| value == known);
    is(header::ETAG) && !known.as_bytes().starts_with(b"W/") || is(header::LAST_MODIFIED)
}

fn read(range: &str, length: u64) -> Part {
    let bytes = range
        .split_once('=')
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = bytes.and_then(|(_, range)| range.trim().split_once('-')) else {
        return Part::Whole;
    };
    match (number(first), number(last)) {
        (Ok(Some(first)), Ok(Some(last))) if first > last => Part::Whole,
        (Ok(Some(first)), Ok(_)) if first >= length => Part::Outside,
        (Ok(Some(first)), Ok(last)) => {
            let end = length - 1;
            Part::Bytes(first..=last.map_or(end, |last| last.min(end)))
        }
        (Ok(None), Ok(Some(0))) => Part::Outside,
        (Ok(None), Ok(Some(_))) if length == 0 => Part::Outside,
        (Ok(None), Ok(Some(last))) => Part::Bytes(length.saturating_sub(last)..=length - 1),
        (Ok(None), Ok(None)) | (Err(_), _) | (_, Err(_)) => Part::Whole,
    }
}

/// What is no number at all, a second range for one.
struct NoNumber;

/// Nothing for an empty text. A number that no file is as long as is the largest there is.
fn number(raw: &str) -> Result<Option<u64>, NoNumber> {
    let raw = raw.trim();
    match raw {
        "" => Ok(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Some(digits.parse().unwrap_or(u64::MAX)))
        }
        _ => Err(NoNumber),
    }
}

/// `Content-Range` of a part.
pub(super) fn content_range(bytes: &RangeInclusive<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", bytes.start(), bytes.end())
}

/// `Content-Range` of an answer that says how much there is.
pub(super) fn outside(length: u64) -> String {
    format!("bytes */{length}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood_and_the_rest_ignored() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..=0)),
            ("bytes=2-4", Part::Bytes(2..=4)),
            ("Bytes = 2 - 4", Part::Bytes(2..=4)),
            ("bytes=9-", Part::Bytes(9..=9)),
            ("bytes=5-99", Part::Bytes(5..=9)),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..=9)),
            ("bytes=-3", Part::Bytes(7..=9)),
            ("bytes=-99", Part::Bytes(0..=9)),
            ("bytes=10-", Part::Outside),
            ("bytes=10-12", Part::Outside),
            ("bytes=99999999999999999999999-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=4-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=--1", Part::Whole),
            ("pages=1-2", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(read(range, 10), expected, "{range}");
        }
        for range in ["bytes=0-", "bytes=-1"] {
            assert_eq!(read(range, 0), Part::Outside, "{range}");
        }
    }

    proptest! {
        /// A part lies in the body, whatever is asked for and however long the body is.
        #[test]
        fn a_part_is_never_more_than_there_is(
            range in prop_oneof!["[ -~]{0,40}", "bytes=[0-9]{0,22}-[0-9]{0,22}"],
            length in prop_oneof![Just(0), 1..20_u64, any::<u64>()],
        ) {
            if let Part::Bytes(bytes) = read(&range, length) {
                prop_assert!(bytes.start() <= bytes.end() && *bytes.end() < length, "{bytes:?} of {length}");
            }
        }
    }

    #[test]
    fn a_part_of_what_has_changed_is_all_of_it() {
        let page: HeaderMap = [
            (header::ETAG, HeaderValue::from_static("\"abc\"")),
            (
                header::LAST_MODIFIED,
                HeaderValue::from_static("Tue, 15 Nov 1994 08:12:31 GMT"),
            ),
        ]
        .into_iter()
        .collect();
        let asked = |if_range: Option<&'static str>| {
            let mut request = HeaderMap::new();
            request.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
            if let Some(known) = if_range {
                request.insert(header::IF_RANGE, HeaderValue::from_static(known));
            }
            part(&request, &page, 10)
        };
        for same in [None, Some("\"abc\""), Some("Tue, 15 Nov 1994 08:12:31 GMT")] {
            assert_eq!(asked(same), Part::Bytes(1..=2), "{same:?}");
        }
        for other in ["\"abcd\"", "W/\"abc\"", "Tue, 15 Nov 1994 08:12:32 GMT", ""] {
            assert_eq!(asked(Some(other)), Part::Whole, "{other}");
        }
        assert_eq!(part(&HeaderMap::new(), &page, 10), Part::Whole);
    }
}
