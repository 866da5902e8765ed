//! Refusals and failures. [`refusal`](crate::refusal) writes their bodies.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::SignedDuration;

use imprint_app::Chain;
use imprint_app::documents::Problem;
use imprint_app::error::AppError;
use imprint_app::ports::StoreError;
use imprint_domain::document::RenderingError;

/// Why a request got no answer.
#[derive(Debug, Clone)]
pub(crate) enum ApiError {
    /// The request is wrong; the sentence says in what.
    BadRequest(String),
    /// Nobody is known to ask.
    Unauthenticated(Needed),
    /// Somebody asks who may not.
    Forbidden,
    /// Somebody asks who did not prove what is needed; the sentence says what that is.
    Unproved(String),
    /// The thing is not there.
    NotFound,
    /// The thing is not there; the sentence says what it would be.
    Missing(&'static str),
    /// The thing is there and cannot do this.
    MethodNotAllowed,
    /// Others are changing the same thing, or it is in a state in which this cannot be done.
    Contended(String),
    /// There is nothing to show, because it could not be rendered; why.
    Unrendered(Box<RenderingError>),
    /// Somebody else has changed it since the caller read it.
    Outdated,
    /// The body is of another type than is read; the sentence says of which.
    UnsupportedType(String),
    /// The request can be read and means nothing; the sentence names the field.
    Unprocessable(String),
    /// What a document shall say is refused; the sentence, and each thing with its place.
    Problems(String, Vec<Problem>),
    /// The key belongs to another request.
    KeyReused,
    /// A request with the same key is under way.
    KeyInUse,
    /// A request with the same key took effect, and nobody knows its answer.
    AnswerLost,
    /// A request with the same key took effect, and its answer was too large to be kept.
    AnswerTooLarge,
    /// Too many wrong passwords; how long to wait.
    Locked(SignedDuration),
    /// Too many requests; how long to wait.
    Limited(Duration),
    /// The request or its answer is too large; the sentence says what to do.
    TooLarge(String),
    /// The same request may succeed later. Why is for the log.
    Busy(String),
    /// It is our fault. Why is for the log.
    Internal(String),
}

/// What a caller should have sent to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    /// A name and a password.
    Password,
    /// A token.
    Token,
    /// The name and the password for reports of clusters.
    Doctor,
}

impl ApiError {
    /// The status and its word in the body.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad request"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            // LTD's word for both.
            Self::Forbidden | Self::Unproved(_) => (StatusCode::FORBIDDEN, "unauthorized"),
            Self::NotFound | Self::Missing(_) => (StatusCode::NOT_FOUND, "not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method not supported"),
            Self::Contended(_) | Self::Unrendered(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Outdated => (StatusCode::PRECONDITION_FAILED, "precondition failed"),
            Self::UnsupportedType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type"),
            Self::Unprocessable(_) | Self::Problems(..) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable entity")
            }
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::KeyInUse => (StatusCode::CONFLICT, "idempotency_key_in_progress"),
            Self::AnswerLost | Self::AnswerTooLarge => (StatusCode::CONFLICT, "answer_lost"),
            Self::Locked(_) | Self::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, "too many requests"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "payload too large"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "service unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal server error"),
        }
    }

    /// The sentence that the caller sees.
    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::BadRequest(message)
            | Self::Contended(message)
            | Self::TooLarge(message)
            | Self::Unproved(message)
            | Self::UnsupportedType(message)
            | Self::Problems(message, _)
            | Self::Unprocessable(message) => message,
            Self::Missing(message) => message,
            Self::Unrendered(error) => &error.message,
            Self::Outdated => {
                "somebody else has changed it since you read it; read it again and repeat your change"
            }
            Self::KeyReused => {
                "the Idempotency-Key was given with another request within the last day: another method, path, query or \
                 body, or a token with other rights; take a new key for a new request"
            }
            Self::KeyInUse => {
                "a request with this Idempotency-Key is under way; Retry-After says when to ask for its answer"
            }
            Self::AnswerLost => {
                "a request with this Idempotency-Key took effect, and its answer was lost; look at what it changed with GET, \
                 and send what is missing with a new key"
            }
            Self::AnswerTooLarge => {
                "a request with this Idempotency-Key took effect, and its answer was too large to be kept; look at what it \
                 changed with GET (Location says where, if it made something), or send it with a new key"
            }
            Self::Unauthenticated(Needed::Password) => "please authenticate",
            Self::Unauthenticated(Needed::Token) => "please send your authentication token",
            Self::Unauthenticated(Needed::Doctor) => "unauthenticated for invalid credentials",
            Self::Forbidden => "not authorized",
            Self::Locked(_) => {
                "too many wrong passwords were given with this name; Retry-After says when the next one is looked at"
            }
            Self::Limited(_) => {
                "too many requests came from there; Retry-After says when the next one is looked at"
            }
            Self::NotFound => "invalid resource URI",
            Self::MethodNotAllowed => "the method is not supported",
            Self::Busy(_) => "the service is busy; send the request again in a few seconds",
            Self::Internal(_) => "the service failed; it is not the request's fault",
        }
    }

    /// What goes to the log with the id of the request, and never to the caller: a code and a reason.
    pub(crate) fn trouble(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Busy(reason) => Some(("busy", reason)),
            Self::Internal(reason) => Some(("internal", reason)),
            Self::BadRequest(_)
            | Self::Unauthenticated(_)
            | Self::Forbidden
            | Self::Unproved(_)
            | Self::NotFound
            | Self::Missing(_)
            | Self::MethodNotAllowed
            | Self::Contended(_)
            | Self::Unrendered(_)
            | Self::Outdated
            | Self::UnsupportedType(_)
            | Self::Unprocessable(_)
            | Self::Problems(..)
            | Self::KeyReused
            | Self::KeyInUse
            | Self::AnswerLost
            | Self::AnswerTooLarge
            | Self::Locked(_)
            | Self::Limited(_)
            | Self::TooLarge(_) => None,
        }
    }

    /// The header that says what to send, or when.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let later = |seconds: u64| Some((header::RETRY_AFTER, HeaderValue::from(seconds)));
        match self {
            Self::Unauthenticated(Needed::Doctor) => {
                let challenge = HeaderValue::from_static(r#"Basic realm="doctor""#);
                Some((header::WWW_AUTHENTICATE, challenge))
            }
            Self::Unauthenticated(Needed::Password | Needed::Token) => {
                let challenge = HeaderValue::from_static(r#"Basic realm="Authentication Required""#);
                Some((header::WWW_AUTHENTICATE, challenge))
            }
            // Up to the whole second, so that nobody comes back a moment too early.
            Self::Locked(wait) => later(wait.as_secs().unsigned_abs() + 1),
            Self::Limited(wait) => later(wait.as_secs() + 1),
            Self::Busy(_) | Self::KeyInUse => later(2),
            Self::BadRequest(_)
            | Self::Forbidden
            | Self::Unproved(_)
            | Self::NotFound
            | Self::Missing(_)
            | Self::MethodNotAllowed
            | Self::Contended(_)
            | Self::Unrendered(_)
            | Self::Outdated
            | Self::UnsupportedType(_)
            | Self::Unprocessable(_)
            | Self::Problems(..)
            | Self::KeyReused
            | Self::AnswerLost
            | Self::AnswerTooLarge
            | Self::TooLarge(_)
            | Self::Internal(_) => None,
        }
    }
}

impl IntoResponse for ApiError {
    /// Without a body: the layer around all routes writes it, which knows in what form.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind().0;
        response.headers_mut().extend(self.header());
        response.extensions_mut().insert(self);
        response
    }
}

/// The header that names a request in answers and logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Invalid(message) => Self::BadRequest(message),
            AppError::NotFound => Self::NotFound,
            AppError::Forbidden => Self::Forbidden,
            AppError::Locked { wait } => Self::Locked(wait),
            AppError::TooLarge(message) => Self::TooLarge(message),
            AppError::Contended => Self::Contended(AppError::Contended.to_string()),
            AppError::Refused(message) => Self::Contended(message),
            AppError::Outdated => Self::Outdated,
            AppError::Content(problems) => {
                Self::Problems(AppError::Content(problems.clone()).to_string(), problems)
            }
            AppError::Presign(error) => Self::Internal(Chain(&error).to_string()),
            AppError::Store(error @ StoreError::Busy(_)) => Self::Busy(Chain(&error).to_string()),
            AppError::Store(
                error @ (StoreError::Conflict | StoreError::NotFound(_) | StoreError::Failed(_)),
            ) => Self::Internal(Chain(&error).to_string()),
        }
    }
}
