//! How answers travel: JSON, compressed when it is large, and never larger than Lambda can deliver.

use std::io::{self, BufWriter, Write};

use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// What a synchronous invocation may answer, in bytes of JSON
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// What the envelope around the body takes: status, headers, flags. Ours have less than 2 KB.
const ENVELOPE: usize = 16 * 1024;

/// What the ETag of a compressed body ends with: other bytes have another one.
pub(crate) const OF_GZIP: &str = "-gzip";

/// That a body is sent as it is: it is compressed in itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// Smaller bodies always fit, and compressing them costs more than it brings.
const COMPRESS_ABOVE: usize = 256 * 1024;

/// What a client can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Plain JSON only.
    Plain,
    /// Also compressed JSON.
    Gzip,
}

impl Accepted {
    /// Reads `Accept-Encoding`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let gzip = values.flat_map(|value| value.split(',')).any(|one| {
            let (coding, quality) = weighed(one);
            quality > 0.0 && (coding.eq_ignore_ascii_case("gzip") || coding == "*")
        });
        if gzip { Self::Gzip } else { Self::Plain }
    }
}

/// One element of an `Accept…` header and its quality, which is 1 unless it says otherwise.
pub(crate) fn weighed(element: &str) -> (&str, f32) {
    let mut parameters = element.split(';').map(str::trim);
    let name = parameters.next().unwrap_or_default();
    let quality =
        parameters.find_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")));
    (
        name,
        quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(0.0)),
    )
}

/// A body as it will travel.
#[derive(Debug)]
pub(crate) struct Rendered {
    bytes: Vec<u8>,
    encoding: Accepted,
}

/// A body that cannot be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Oversize {
    /// How many bytes the payload would have.
    pub(crate) bytes: usize,
    /// How it would have travelled.
    pub(crate) encoding: Accepted,
}

impl std::fmt::Display for Oversize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = (self.bytes * 10).div_ceil(1024 * 1024);
        let how = match self.encoding {
            Accepted::Plain => "",
            Accepted::Gzip => "compressed ",
        };
        write!(
            f,
            "the answer would have {how}{}.{} MB and at most 6 MB can be delivered",
            found / 10,
            found % 10
        )
    }
}

/// Makes a body as the client can read it. It is compressed as it is written: plain, the forms of a large site would
/// fill the function's memory.
///
/// # Errors
/// When it is too large to be delivered.
pub(crate) fn render(body: &impl Serialize, accepted: Accepted) -> Result<Rendered, Oversize> {
    let mut writer = BufWriter::with_capacity(64 * 1024, Payload::new(accepted));
    serde_json::to_writer(&mut writer, body).expect(JSON_IN_MEMORY);
    writer.into_inner().expect(JSON_IN_MEMORY).finish()
}

const JSON_IN_MEMORY: &str = "every resource has text keys, and memory takes every byte";

/// A body that grows. What does not fit is counted and not kept.
#[derive(Debug)]
struct Payload {
    accepted: Accepted,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Plain(Kept),
    Gzip(Box<GzEncoder<Kept>>),
}

/// Bytes, and how many the envelope needs for them.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    escapes: usize,
    dropped: usize,
}

impl Payload {
    fn new(accepted: Accepted) -> Self {
        Self {
            accepted,
            body: Body::Plain(Kept::default()),
        }
    }

    fn finish(self) -> Result<Rendered, Oversize> {
        let (kept, size, encoding) = match self.body {
            Body::Plain(kept) => {
                let size = kept.len() + kept.escapes;
                (kept, size, Accepted::Plain)
            }
            Body::Gzip(encoder) => {
                let kept = encoder.finish().expect(JSON_IN_MEMORY);
                let in_base64 = kept.len().div_ceil(3) * 4;
                (kept, in_base64, Accepted::Gzip)
            }
        };
        let bytes = size + ENVELOPE;
        if bytes > MAX_PAYLOAD {
            Err(Oversize { bytes, encoding })
        } else {
            Ok(Rendered {
                bytes: kept.bytes,
                encoding,
            })
        }
    }
}

impl Kept {
    fn len(&self) -> usize {
        self.bytes.len() + self.dropped
    }
}

impl Write for Kept {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.escapes += more.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        if self.len() + more.len() <= MAX_PAYLOAD {
            self.bytes.extend_from_slice(more);
        } else {
            self.dropped += self.bytes.len() + more.len();
            self.bytes = Vec::new();
        }
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Payload {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        match &mut self.body {
            Body::Gzip(encoder) => encoder.write_all(more)?,
            Body::Plain(kept)
                if self.accepted == Accepted::Gzip && kept.len() + more.len() > COMPRESS_ABOVE =>
            {
                let mut encoder = GzEncoder::new(Kept::default(), Compression::default());
                encoder.write_all(&kept.bytes)?;
                encoder.write_all(more)?;
                self.body = Body::Gzip(Box::new(encoder));
            }
            Body::Plain(kept) => kept.write_all(more)?,
        }
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An answer that is made deliverable later.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect(JSON_IN_MEMORY);
    deliver(
        status,
        Rendered {
            bytes,
            encoding: Accepted::Plain,
        },
    )
}

/// An answer with a rendered body.
pub(crate) fn deliver(status: StatusCode, body: Rendered) -> Response {
    let mut response = Response::new(body.bytes.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    encoded(headers, body.encoding);
    response
}

fn encoded(headers: &mut HeaderMap, encoding: Accepted) {
    match encoding {
        Accepted::Plain => {}
        Accepted::Gzip => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
            if let Some(etag) = headers.get(header::ETAG).and_then(|etag| etag.to_str().ok())
                && let Ok(etag) = HeaderValue::from_str(&format!("{}{OF_GZIP}\"", etag.trim_end_matches('"')))
            {
                headers.insert(header::ETAG, etag);
            }
        }
    }
}

/// The same answer with a `Location`.
pub(crate) fn located(mut response: Response, url: &str) -> Response {
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}

/// Makes an answer that a handler wrote deliverable, whatever its size.
///
/// # Errors
/// When it is too large.
pub(crate) async fn fit(response: Response, accepted: Accepted) -> Result<Response, Oversize> {
    let size = axum::body::HttpBody::size_hint(response.body()).exact();
    let small = size.is_some_and(|size| size <= COMPRESS_ABOVE as u64);
    let as_it_is = response.extensions().get::<AsItIs>().is_some();
    if small || as_it_is || response.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("handlers answer from memory");
    let mut payload = Payload::new(accepted);
    payload.write_all(&bytes).expect(JSON_IN_MEMORY);
    let rendered = payload.finish()?;
    encoded(&mut parts.headers, rendered.encoding);
    Ok(Response::from_parts(parts, rendered.bytes.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepted(value: &str) -> Accepted {
        Accepted::of(&HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            value.parse().unwrap(),
        )]))
    }

    #[test]
    fn gzip_is_sent_only_to_those_who_ask_for_it() {
        for value in ["gzip, deflate", "GZIP", "br;q=1.0, gzip;q=0.8", "*"] {
            assert_eq!(accepted(value), Accepted::Gzip, "{value}");
        }
        for value in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip; q=0.0",
            "x-gzip",
            "gzip;q=nonsense",
        ] {
            assert_eq!(accepted(value), Accepted::Plain, "{value}");
        }
    }

    proptest! {
        #[test]
        fn an_accept_header_is_read_whatever_it_says(value in "[ -~]{0,120}") {
            for one in value.split(',') {
                let (name, quality) = weighed(one);
                prop_assert!(name.len() <= one.len());
                prop_assert!(!(quality.is_nan() && quality > 0.0));
            }
            let _accepted = accepted(&value);
            prop_assert_eq!(accepted(&format!("{value}, gzip")), Accepted::Gzip);
        }
    }

    fn payload(bytes: &[u8], accepted: Accepted) -> Result<Rendered, Oversize> {
        let mut payload = Payload::new(accepted);
        for part in bytes.chunks(100_000) {
            payload.write_all(part).unwrap();
        }
        payload.finish()
    }

    #[test]
    fn what_is_just_too_large_is_refused_and_what_just_fits_is_not() {
        let room = MAX_PAYLOAD - ENVELOPE;
        assert!(payload(&vec![b'x'; room], Accepted::Plain).is_ok());
        let refused = payload(&vec![b'x'; room + 1], Accepted::Plain).unwrap_err();
        assert_eq!(refused.bytes, MAX_PAYLOAD + 1);
        // Each quote is escaped in the envelope.
        assert!(payload(&vec![b'"'; room / 2], Accepted::Plain).is_ok());
        assert!(payload(&vec![b'"'; room / 2 + 1], Accepted::Plain).is_err());
        assert!(payload(&vec![b'x'; room + 1], Accepted::Gzip).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_counted_to_its_end() {
        let refused = payload(&vec![b'x'; 5 * MAX_PAYLOAD], Accepted::Plain).unwrap_err();
        assert_eq!(refused.bytes, 5 * MAX_PAYLOAD + ENVELOPE);
        assert_eq!(
            refused.to_string(),
            "the answer would have 30.1 MB and at most 6 MB can be delivered"
        );
    }

    #[test]
    fn noise_does_not_fit_compressed_either() {
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(MAX_PAYLOAD)
        .collect();
        let refused = payload(&noise, Accepted::Gzip).unwrap_err();
        assert_eq!(refused.encoding, Accepted::Gzip);
        assert!(refused.bytes > MAX_PAYLOAD);
        assert!(refused.to_string().contains("compressed "));
    }
}
