//! Texts that headers, queries and XML cannot carry as they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imprint_domain::key::ObjectKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What a path keeps unencoded (RFC 3986, 2.3), and its slashes.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The source of a copy as its header names it. The SDK takes it as it is.
pub(super) fn copy_source(bucket: &str, key: &ObjectKey) -> String {
    format!("{bucket}/{}", utf8_percent_encode(key.as_str(), PATH))
}

/// A key out of a list with `encoding-type=url`, where a plus stands for a space.
pub(super) fn listed_key(encoded: &str) -> Option<String> {
    let plain = encoded.replace('+', " ");
    percent_decode_str(&plain)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// RFC 2047, 2 allows 75 characters a word; the frame takes 12, and Base64 makes four of three.
const WORD_BYTES: usize = 45;

/// A header or metadata value as ASCII: S3 wants and gives other characters as encoded words
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata>).
pub(super) fn ascii_word(value: &str) -> String {
    if value.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return value.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join(" ")
}

/// A header or metadata value as it was meant. One that is not made of encoded words is taken as it is.
pub(super) fn meant(value: &str) -> String {
    let words: Option<Vec<Vec<u8>>> = value.split(' ').map(decoded_word).collect();
    let text = words.and_then(|words| String::from_utf8(words.concat()).ok());
    text.unwrap_or_else(|| value.to_owned())
}

fn decoded_word(word: &str) -> Option<Vec<u8>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?');
    let (charset, form, text) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    match form {
        "B" | "b" => STANDARD.decode(text).ok(),
        "Q" | "q" => quoted(text),
        _ => None,
    }
}

/// RFC 2047, 4.2: `=C3` for a byte, `_` for a space.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let pair = [rest.next()?, rest.next()?];
                hex::decode(pair).ok()?.first().copied()?
            }
            other => other,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_source_is_encoded_but_for_its_slashes() {
        let key = ObjectKey::new("p/builds/1/a b+c/Über uns?#%.html");
        assert_eq!(
            copy_source("docs", &key),
            "docs/p/builds/1/a%20b%2Bc/%C3%9Cber%20uns%3F%23%25.html"
        );
    }

    #[test]
    fn encoded_words_are_read_in_both_forms() {
        assert_eq!(meant("=?UTF-8?B?w5xiZXI=?="), "Über");
        assert_eq!(meant("=?UTF-8?Q?=C3=9Cber_uns?="), "Über uns");
        for plain in [
            "max-age=31536000",
            "a  b",
            "",
            "=?UTF-8?B?%%?=",
            "=?latin1?Q?a?=",
            "=?UTF-8?Q?=C?=",
        ] {
            assert_eq!(meant(plain), plain);
        }
    }

    #[test]
    fn a_long_value_becomes_words_of_legal_length() {
        let value = "潮汐表 ".repeat(40);
        let sent = ascii_word(&value);
        assert!(sent.is_ascii() && sent.split(' ').all(|word| word.len() <= 75));
        assert_eq!(meant(&sent), value);
        assert_eq!(ascii_word("max-age=31536000"), "max-age=31536000");
    }
}
