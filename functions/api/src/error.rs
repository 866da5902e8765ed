//! Refusals and failures, in the contract's error form.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::Chain;
use imprint_app::error::AppError;
use imprint_app::ports::StoreError;

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The request is wrong; the sentence says in what.
    BadRequest(String),
    /// Nobody is known to ask.
    Unauthenticated(Needed),
    /// Somebody asks who may not.
    Forbidden,
    /// The thing is not there.
    NotFound,
    /// The thing is there and cannot do this.
    MethodNotAllowed,
    /// Others are changing the same thing.
    Contended(String),
    /// Too many wrong passwords; how long to wait.
    Locked(SignedDuration),
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
}

/// The body of every answer that is no success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What kind of error it is.
    #[schema(value_type = String)]
    pub(crate) error: &'static str,
    /// A sentence for people: what is wrong, and what to do where that is not plain.
    pub(crate) message: String,
}

/// What goes to the log with the id of the request, and never to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Trouble(pub(crate) String);

impl ApiError {
    /// The status and its word in the body.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad request"),
            Self::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            // LTD's word for both.
            Self::Forbidden => (StatusCode::FORBIDDEN, "unauthorized"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method not supported"),
            Self::Contended(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Locked(_) => (StatusCode::TOO_MANY_REQUESTS, "too many requests"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "payload too large"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "service unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal server error"),
        }
    }

    /// The sentence that the caller sees.
    pub(crate) fn sentence(&self) -> &str {
        match self {
            Self::BadRequest(message) | Self::Contended(message) | Self::TooLarge(message) => message,
            Self::Unauthenticated(Needed::Password) => "please authenticate",
            Self::Unauthenticated(Needed::Token) => "please send your authentication token",
            Self::Forbidden => "not authorized",
            Self::Locked(_) => {
                "too many wrong passwords were given with this name; Retry-After says when the next one is looked at"
            }
            Self::NotFound => "invalid resource URI",
            Self::MethodNotAllowed => "the method is not supported",
            Self::Busy(_) => "the service is busy; send the request again in a few seconds",
            Self::Internal(_) => "the service failed; it is not the request's fault",
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, error) = self.kind();
        let message = self.sentence().to_owned();
        let mut response = error_response(status, error, message);
        match self {
            Self::Unauthenticated(_) => {
                let challenge = HeaderValue::from_static(r#"Basic realm="Authentication Required""#);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Locked(wait) => {
                // Up to the whole second, so that nobody comes back a moment too early.
                let seconds = wait.as_secs() + 1;
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Busy(reason) => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
                response.extensions_mut().insert(Trouble(reason));
            }
            Self::Internal(reason) => {
                response.extensions_mut().insert(Trouble(reason));
            }
            Self::BadRequest(_)
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Contended(_)
            | Self::TooLarge(_) => {}
        }
        response
    }
}

/// The header that names a request in answers and logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Writes an error body.
pub(crate) fn error_response(status: StatusCode, error: &'static str, message: String) -> Response {
    let body = ErrorBody {
        status: status.as_u16(),
        error,
        message,
    };
    crate::delivery::json(status, &body)
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Invalid(message) => Self::BadRequest(message),
            AppError::NotFound => Self::NotFound,
            AppError::Forbidden => Self::Forbidden,
            AppError::Locked { wait } => Self::Locked(wait),
            AppError::TooLarge(message) => Self::TooLarge(message),
            AppError::Contended => Self::Contended(AppError::Contended.to_string()),
            AppError::Presign(error) => Self::Internal(Chain(&error).to_string()),
            AppError::Store(error @ StoreError::Busy(_)) => Self::Busy(Chain(&error).to_string()),
            AppError::Store(
                error @ (StoreError::Conflict | StoreError::NotFound(_) | StoreError::Failed(_)),
            ) => Self::Internal(Chain(&error).to_string()),
        }
    }
}
