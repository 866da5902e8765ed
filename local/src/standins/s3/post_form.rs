//! Uploads by HTML form, where AWS and s3s differ:
//!
//! - `${filename}` in the key stands for the name of the uploaded file. s3s takes it literally, so it is
//!   replaced before s3s sees the form; the signature covers the policy, not the key.
//! - s3s reads few spellings of a part's headers (no `filename*`, no third header), so the form is written
//!   anew on the way.
//! - A form that violates its policy is refused with 403 AccessDenied; s3s says 400.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyDataStream, BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Frame};
use percent_encoding::percent_decode_str;

use super::service::Lent;
use crate::standins::server::{Answer, BoxError};

/// s3s takes 20 MiB of fields; where a form has more before its file, s3s shall say so.
const MAX_FIELDS: usize = 20 * 1024 * 1024;
const PLACEHOLDER: &str = "${filename}";

/// Whether the request uploads a form.
pub(crate) fn is_form(parts: &http::request::Parts) -> bool {
    parts.method == Method::POST && boundary(&parts.headers).is_some()
}

/// Puts the file's name into the key. A form that cannot be read goes on as it came; s3s refuses it.
pub(crate) async fn name_file(mut parts: http::request::Parts, body: Lent) -> s3s::HttpRequest {
    let boundary = boundary(&parts.headers).unwrap_or_default();
    let left = body.clone();
    let mut rest = BodyDataStream::new(body);
    let mut read = BytesMut::new();
    let form = loop {
        match Form::parse(&read, &boundary) {
            Parsed::Form(form) => break Some(form),
            Parsed::Broken => break None,
            Parsed::Partly if read.len() > MAX_FIELDS => break None,
            Parsed::Partly => {}
        }
        match rest.next().await {
            Some(Ok(piece)) => read.extend_from_slice(&piece),
            Some(Err(_)) | None => break None,
        }
    };
    let read = read.freeze();
    let (head, begun) = match form {
        Some(form) => (form.write(&boundary), read.slice(form.file_at..)),
        None => (read, Bytes::new()),
    };
    // The length of the fields changes; nothing after the file's beginning does.
    let length = left
        .size_hint()
        .exact()
        .map(|left| left + (head.len() + begun.len()) as u64);
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(length) = length {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let begun = [head, begun]
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .map(Ok);
    let pieces = futures_util::stream::iter(begun).chain(rest);
    let body = s3s::Body::http_body_unsync(StreamBody::new(pieces.map(|piece| piece.map(Frame::data))));
    http::Request::from_parts(parts, body)
}

/// Answers a violated policy as AWS does. A policy that cannot be read stays a 400, as at AWS.
pub(crate) async fn refuse_as_aws(answer: s3s::HttpResponse) -> Answer {
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer.map(|body| body.boxed_unsync());
    }
    let (mut parts, body) = answer.into_parts();
    let body = BodyExt::collect(body)
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let violated = text.contains("<Code>InvalidPolicyDocument</Code>")
        && (text.contains("Policy condition") || text.contains("does not match"));
    let body = match violated {
        false => body,
        true => {
            parts.status = StatusCode::FORBIDDEN;
            parts.headers.remove(CONTENT_LENGTH);
            let text = text.replace("<Code>InvalidPolicyDocument</Code>", "<Code>AccessDenied</Code>");
            text.replace("<Message>", "<Message>Invalid according to Policy: ")
                .into()
        }
    };
    http::Response::from_parts(parts, Full::new(body).map_err(BoxError::from).boxed_unsync())
}

fn boundary(headers: &http::HeaderMap) -> Option<String> {
    let (kind, parameters) = headers.get(CONTENT_TYPE)?.to_str().ok()?.split_once(';')?;
    let is_form = kind.trim().eq_ignore_ascii_case("multipart/form-data");
    is_form.then(|| parameter(parameters, "boundary")).flatten()
}

#[derive(Debug, PartialEq, Eq)]
struct Form {
    fields: Vec<(String, Vec<u8>)>,
    file_name: String,
    /// Where the file's content begins.
    file_at: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Form(Form),
    /// The file's content has not begun.
    Partly,
    Broken,
}

impl Form {
    fn parse(read: &[u8], boundary: &str) -> Parsed {
        let delimiter = format!("\r\n--{boundary}");
        let delimiter = delimiter.as_bytes();
        let first = &delimiter[2..];
        let Some(start) = find(read, first) else {
            return Parsed::Partly;
        };
        let mut at = start + first.len();
        let mut fields = Vec::new();
        loop {
            match read.get(at..at + 2) {
                None => return Parsed::Partly,
                Some(b"\r\n") => {}
                Some(_) => return Parsed::Broken,
            }
            // The line break before the headers may be the one that ends them, when there are none.
            let Some(end) = find(&read[at..], b"\r\n\r\n") else {
                return Parsed::Partly;
            };
            let headers = String::from_utf8_lossy(&read[at..at + end]).into_owned();
            let content = at + end + 4;
            let Some(disposition) = headers.lines().find_map(disposition) else {
                return Parsed::Broken;
            };
            let Some(name) = parameter(disposition, "name") else {
                return Parsed::Broken;
            };
            if name.eq_ignore_ascii_case("file") {
                return Parsed::Form(Self {
                    fields,
                    file_name: file_name(disposition),
                    file_at: content,
                });
            }
            let Some(length) = find(&read[content..], delimiter) else {
                return Parsed::Partly;
            };
            fields.push((name, read[content..content + length].to_vec()));
            at = content + length + delimiter.len();
        }
    }

    fn write(&self, boundary: &str) -> Bytes {
        let mut head = BytesMut::new();
        for (name, value) in &self.fields {
            let line = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            head.extend_from_slice(line.as_bytes());
            match std::str::from_utf8(value) {
                Ok(key) if name.eq_ignore_ascii_case("key") => {
                    head.extend_from_slice(key.replace(PLACEHOLDER, &self.file_name).as_bytes());
                }
                _ => head.extend_from_slice(value),
            }
            head.extend_from_slice(b"\r\n");
        }
        let file = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n");
        head.extend_from_slice(file.as_bytes());
        head.freeze()
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    // Skipping to the pattern's first byte is fast enough for the fields; files are not searched.
    let first = *pattern.first()?;
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == first)?;
        if text[at..].starts_with(pattern) {
            return Some(at);
        }
        at += 1;
    }
}

fn disposition(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    name.trim()
        .eq_ignore_ascii_case("content-disposition")
        .then_some(value)
}

/// The file's name without directories: AWS takes what follows the last slash or backslash.
fn file_name(disposition: &str) -> String {
    let extended = || {
        let encoded = parameter(disposition, "filename*")?;
        let (_charset, rest) = encoded.split_once('\'')?;
        let (_language, name) = rest.split_once('\'')?;
        Some(percent_decode_str(name).decode_utf8_lossy().into_owned())
    };
    let name = parameter(disposition, "filename")
        .or_else(extended)
        .unwrap_or_default();
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// A parameter of a header, `name=value` or `name="value"`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => until_quote(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

/// Reads to the closing quote. A backslash escapes only a quote: some clients send whole Windows paths.
fn until_quote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some((_, '"'))) => {
                value.push('"');
                characters.next();
            }
            ('"', _) => return (value, &text[at + 1..]),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(disposition: &str) -> Vec<u8> {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"Key\"\r\nContent-Length: 3\r\n\r\np/${{filename}}\r\n\
             --b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\n\r\n\
             --b\r\ncontent-disposition:form-data; name=file; {disposition}\r\nContent-Type: text/css\r\n\r\n\
             body ${{filename}}\r\n--b--\r\n"
        )
        .into_bytes()
    }

    fn key(disposition: &str) -> String {
        let bytes = form(disposition);
        let Parsed::Form(parsed) = Form::parse(&bytes, "b") else {
            panic!("not parsed")
        };
        assert!(bytes[parsed.file_at..].starts_with(b"body ${filename}"));
        let head = String::from_utf8(parsed.write("b").to_vec()).unwrap();
        head.split("\r\n").nth(3).unwrap().to_owned()
    }

    #[test]
    fn the_key_gets_the_name_of_the_file() {
        assert_eq!(key("filename=\"a b.html\""), "p/a b.html");
        assert_eq!(key("filename=\"Größe.html\""), "p/Größe.html");
        assert_eq!(key("filename*=UTF-8''Gr%C3%B6%C3%9Fe.html"), "p/Größe.html");
        assert_eq!(key("filename=\"C:\\site\\index.html\""), "p/index.html");
        assert_eq!(key("filename=\"../../etc/x\""), "p/x");
        assert_eq!(
            key("filename=\"say \\\"x\\\"; y=1.html\""),
            "p/say \"x\"; y=1.html"
        );
    }

    #[test]
    fn a_form_that_arrives_in_pieces_is_read_when_its_file_begins() {
        let bytes = form("filename=\"x\"");
        let begins = bytes.windows(5).position(|piece| piece == b"body ").unwrap();
        for length in 0..begins {
            assert_eq!(Form::parse(&bytes[..length], "b"), Parsed::Partly, "{length}");
        }
        assert!(matches!(Form::parse(&bytes[..begins], "b"), Parsed::Form(_)));
    }

    #[test]
    fn a_form_without_a_file_is_broken() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx\r\n--b--\r\n";
        assert_eq!(Form::parse(form, "b"), Parsed::Broken);
    }
}
