//! The header `Idempotency-Key`: a request that is sent again has no second effect and gets the same answer.
//!
//! This layer is within that of permissions, so a stored answer is only for those who may still ask for it.

use std::io::Read as _;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use imprint_app::access::Caller;
use imprint_app::idempotency::{self, Answer, Begun, Ended, KeptBody, Once};
use imprint_domain::idempotency::{Asker, Fingerprint, KeptId};

use crate::Service;
use crate::delivery::Accepted;
use crate::error::ApiError;
use crate::extract::read_body;
use crate::refusal::Asked;

/// The header with the key.
pub(crate) const KEY: &str = "idempotency-key";

/// The header that says that an answer is the first one's.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// No function gets a larger request
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_BODY: usize = 6 * 1024 * 1024;

/// The longest body that is unpacked for a client which cannot do that itself.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;

/// The methods that change something.
pub(crate) fn is_mutation(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// Lets a request with a key have its effect once. One without comes through as it is.
pub(crate) async fn once(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(key) = key_of(&request)? else {
        return Ok(next.run(request).await);
    };
    let asked = Asked::of(&request, String::new());
    let accepted = Accepted::of(request.headers());
    let (id, fingerprint, mut request) = identify(&key, request).await?;
    match idempotency::begin(&service.tenants, id, fingerprint).await? {
        Begun::Run(once) => {
            request.extensions_mut().insert(once.clone());
            let response = next.run(request).await;
            conclude(&once, &asked, response).await
        }
        Begun::Replay(answer) => replay(answer, accepted),
        Begun::Other => Err(ApiError::KeyReused),
        Begun::UnderWay => Err(ApiError::KeyInUse),
        Begun::Lost => Err(ApiError::AnswerLost),
    }
}

/// The key of a request that changes something.
fn key_of(request: &Request) -> Result<Option<String>, ApiError> {
    if !is_mutation(request.method()) {
        return Ok(None);
    }
    let mut keys = request.headers().get_all(KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    if keys.next().is_some() {
        return Err(ApiError::BadRequest("Idempotency-Key is given twice".to_owned()));
    }
    // What is no ASCII is refused with what is too long.
    Ok(Some(key.to_str().unwrap_or_default().to_owned()))
}

/// Whose key it is, and what is asked for. Two requests are the same when they differ neither in what they do nor in the
/// rights by which they do it: a handler may look at these, and a stored answer has been looked at by nobody.
async fn identify(key: &str, request: Request) -> Result<(KeptId, Fingerprint, Request), ApiError> {
    let (parts, body) = request.into_parts();
    let body = read_body(Request::new(body), MAX_BODY).await?;
    let caller = parts.extensions.get::<Caller>();
    let path = parts.uri.path();
    let asker = caller.map_or(Asker::Nobody(path), |caller| Asker::User(&caller.user));
    let id = KeptId::new(asker, key)
        .map_err(|error| ApiError::BadRequest(format!("Idempotency-Key is refused: {error}")))?;
    let rights = caller.map(|caller| (&caller.rights, &caller.products));
    let rights = serde_json::to_vec(&rights).map_err(|error| ApiError::Internal(error.to_string()))?;
    let header = |name| parts.headers.get(name).map_or(&[][..], HeaderValue::as_bytes);
    let fingerprint = Fingerprint::of(&[
        parts.method.as_str().as_bytes(),
        path.as_bytes(),
        parts.uri.query().unwrap_or_default().as_bytes(),
        // The same bytes as a merge patch are another request, and so they are on another condition.
        header(CONTENT_TYPE),
        header(IF_MATCH),
        &rights,
        &body,
    ]);
    Ok((id, fingerprint, Request::from_parts(parts, Body::from(body))))
}

/// Keeps the answer, where it is one to keep.
async fn conclude(once: &Once, asked: &Asked, mut response: Response) -> Result<Response, ApiError> {
    if !is_kept(response.status(), once.took_effect().await) {
        return match once.conclude(None).await {
            Ended::Answered => Ok(response),
            Ended::TakenOver => Err(ApiError::KeyInUse),
        };
    }
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = asked.refuse(&error, response);
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::Internal(format!("an answer broke off: {error}")))?;
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: texts(&parts.headers),
        body: KeptBody::Whole(body.to_vec()),
    };
    match once.conclude(Some(&answer)).await {
        Ended::Answered => Ok(Response::from_parts(parts, Body::from(body))),
        Ended::TakenOver => Err(ApiError::KeyInUse),
    }
}

/// Whether another request with the key gets this answer. Whatever answers a request that took effect, unless we failed
/// ourselves: it is never run again. Of the others what will not change by itself: whoever lacked a right, met others or
/// came too often is to try again.
fn is_kept(status: StatusCode, took_effect: bool) -> bool {
    let passes = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && (took_effect || !passes.contains(&status))
}

/// Headers as text. Ours all are.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

/// The first answer once more, in an encoding that the client can read.
fn replay(answer: Answer, accepted: Accepted) -> Result<Response, ApiError> {
    let unreadable = || ApiError::Internal("a stored answer is none".to_owned());
    let KeptBody::Whole(body) = answer.body else {
        return Ok(too_large(&answer.headers));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| unreadable())?;
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        let name: HeaderName = name.parse().map_err(|_| unreadable())?;
        headers.append(name, value.parse().map_err(|_| unreadable())?);
    }
    let is_packed = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip");
    let body = match (is_packed, accepted) {
        (true, Accepted::Plain) => {
            headers.remove(CONTENT_ENCODING);
            unpacked(&body).ok_or_else(unreadable)?
        }
        (true, Accepted::Gzip) | (false, Accepted::Plain | Accepted::Gzip) => body,
    };
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    *response.body_mut() = Body::from(Bytes::from(body));
    Ok(response)
}

fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut reader = GzDecoder::new(body).take(MAX_UNPACKED);
    reader.read_to_end(&mut plain).ok()?;
    Some(plain)
}

/// That an answer was too large to be kept, with the address of what it was about.
fn too_large(headers: &[(String, String)]) -> Response {
    use axum::response::IntoResponse as _;

    let mut response = ApiError::AnswerTooLarge.into_response();
    let location = headers.iter().find(|(name, _)| name == "location");
    if let Some(location) = location.and_then(|(_, url)| HeaderValue::from_str(url).ok()) {
        response.headers_mut().insert(http::header::LOCATION, location);
    }
    response
}
