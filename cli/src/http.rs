//! Requests to an API: with a token to the one host that was named, tried again while that may help.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LINK, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

/// How often a request is sent before it is given up.
const TRIES: u32 = 5;
/// No keeper answers that slowly and still answers.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a server may have us wait before one request.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The largest answer that is read. A product of 100,000 builds fits.
const MAX_ANSWER: usize = 128 * 1024 * 1024;
/// How much of somebody else's text is repeated.
const MAX_QUOTE: usize = 300;

/// A text that no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Whatever it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whom it is meant.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(raw))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// As whom requests are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// As nobody: a keeper's first API can be read so.
    Nobody,
    /// With a token.
    Token(Secret),
    /// With tokens that a password gets, each good for an hour.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// The address of an API: a scheme, a host, perhaps a port and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

/// Why an address is none.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It cannot be read.
    #[error("it is not a URL such as https://keeper.example.org: {0}")]
    Unreadable(#[from] url::ParseError),
    /// It has parts that the address of an API does not have.
    #[error("it has to be http or https with a host, without user, query and fragment")]
    Parts,
}

impl std::str::FromStr for Base {
    type Err = BaseError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let url: Url = raw.parse()?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err(BaseError::Parts);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl Base {
    /// Whether what is sent there can be read on the way: without TLS, and to another machine.
    pub(crate) fn is_open(&self) -> bool {
        let host = self.0.strip_prefix("http://");
        let host = host.map(|rest| rest.split('/').next().unwrap_or_default());
        host.is_some_and(|host| {
            !["127.0.0.1", "localhost", "[::1]"]
                .contains(&host.rsplit_once(':').map_or(host, |(name, _)| name))
                && host != "[::1]"
        })
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a request has no answer that is of use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The thing is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// The token or the password is not accepted. Every other request would end so, too.
    #[error("{what}: {base} does not accept the token or password ({message}); get a new one")]
    Unauthorized {
        /// The request.
        what: String,
        /// The API.
        base: String,
        /// What it says.
        message: String,
    },
    /// Refused, and it will be refused again.
    #[error("{what} was refused with {status}: {message}")]
    Refused {
        /// The request.
        what: String,
        /// The status.
        status: u16,
        /// What the API says.
        message: String,
    },
    /// It may succeed at another time.
    #[error("{what} failed {TRIES} times, the last time with: {reason}; run it again later")]
    Failed {
        /// The request.
        what: String,
        /// What happened last.
        reason: String,
    },
    /// The answer is not what this API answers.
    #[error("{what} was answered with something else than expected: {reason}; is this the right address?")]
    Strange {
        /// The request.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// One API, at one address.
#[derive(Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Base,
    login: Login,
    /// The token of a login, once there is one.
    token: Mutex<Option<Secret>>,
    /// The first pause between two tries; each one after that is twice as long.
    pause: Duration,
}

/// An answer, and where its list goes on.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Value,
    /// The path of the next page.
    pub(crate) next: Option<String>,
}

/// What one try came to.
enum Try {
    Answer(Page),
    /// For good.
    Error(ApiError),
    /// To be tried again, after a pause that the server may have named.
    Again(String, Option<Duration>),
    /// The token is not accepted.
    Unauthorized(String),
}

impl Api {
    /// An API that nothing has been asked yet.
    ///
    /// # Errors
    /// When this machine cannot make TLS connections.
    pub fn new(base: Base, login: Login, pause: Duration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect could lead a token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("imprint/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            base,
            login,
            token: Mutex::new(None),
            pause,
        })
    }

    /// Reads something, by its path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ApiError> {
        Ok(self.get_page(path).await?.body)
    }

    /// Reads a page of a list.
    pub(crate) async fn get_page(&self, path: &str) -> Result<Page, ApiError> {
        self.send(Method::GET, path, None).await
    }

    /// Changes something. Each call is one request to the server, however often it has to be sent.
    pub(crate) async fn change(&self, method: Method, path: &str, body: &Value) -> Result<Value, ApiError> {
        Ok(self.send(method, path, Some(body)).await?.body)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Page, ApiError> {
        let what = format!("{method} {path}");
        let key = body.map(|_| idempotency_key());
        let (mut last, mut is_renewed) = (String::new(), false);
        for nth in 0..TRIES {
            let token = self.token(&what).await?;
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
            if let Some(token) = &token {
                request = request.header(AUTHORIZATION, basic(token.reveal(), ""));
            }
            if let (Some(body), Some(key)) = (body, &key) {
                request = request.header("idempotency-key", key).json(body);
            }
            match attempt(&what, request).await {
                Try::Answer(page) => return Ok(page),
                Try::Error(error) => return Err(error),
                Try::Unauthorized(message) => {
                    if is_renewed || !self.renew(token.as_ref()).await {
                        return Err(self.unauthorized(&what, message));
                    }
                    is_renewed = true;
                    last = message;
                }
                Try::Again(reason, pause) => {
                    last = reason;
                    if nth + 1 < TRIES {
                        tokio::time::sleep(pause.unwrap_or(self.pause * 2_u32.pow(nth)).min(MAX_PAUSE)).await;
                    }
                }
            }
        }
        Err(ApiError::Failed { what, reason: last })
    }

    /// The token to send, which a password gets first.
    async fn token(&self, what: &str) -> Result<Option<Secret>, ApiError> {
        let (user, password) = match &self.login {
            Login::Nobody => return Ok(None),
            Login::Token(token) => return Ok(Some(token.clone())),
            Login::Password { user, password } => (user, password),
        };
        let mut kept = self.token.lock().await;
        if let Some(token) = &*kept {
            return Ok(Some(token.clone()));
        }
        let mut last = String::new();
        for nth in 0..TRIES {
            let request = self.http.get(format!("{}/token", self.base));
            let request = request.header(AUTHORIZATION, basic(user, password.reveal()));
            match attempt("GET /token", request).await {
                Try::Answer(page) => {
                    let token = page.body.get("token").and_then(Value::as_str);
                    let token = token.map(Secret::new).ok_or_else(|| ApiError::Strange {
                        what: "GET /token".to_owned(),
                        reason: "no token is in it".to_owned(),
                    })?;
                    *kept = Some(token.clone());
                    return Ok(Some(token));
                }
                Try::Error(error) => return Err(error),
                Try::Unauthorized(message) => return Err(self.unauthorized(what, message)),
                Try::Again(reason, pause) => {
                    last = reason;
                    tokio::time::sleep(pause.unwrap_or(self.pause * 2_u32.pow(nth)).min(MAX_PAUSE)).await;
                }
            }
        }
        let what = "GET /token".to_owned();
        Err(ApiError::Failed { what, reason: last })
    }

    /// Forgets a token that is not good any more, so that the next request gets another one. Whether there can be one.
    async fn renew(&self, used: Option<&Secret>) -> bool {
        let mut kept = self.token.lock().await;
        // Somebody else may have got a new one meanwhile.
        if kept.as_ref() == used {
            *kept = None;
        }
        match self.login {
            Login::Nobody | Login::Token(_) => false,
            Login::Password { .. } => true,
        }
    }

    fn unauthorized(&self, what: &str, message: String) -> ApiError {
        ApiError::Unauthorized {
            what: what.to_owned(),
            base: self.base.to_string(),
            message,
        }
    }
}

/// Sends a request once.
async fn attempt(what: &str, request: reqwest::RequestBuilder) -> Try {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Try::Again(chain(&error), None),
    };
    let status = response.status();
    let pause = pause_of(response.headers());
    let next = next_of(response.headers());
    let bytes = match whole(response).await {
        Ok(bytes) => bytes,
        Err(TooLong::Broken(reason)) => return Try::Again(reason, None),
        Err(TooLong::Endless) => {
            return Try::Error(ApiError::Strange {
                what: what.to_owned(),
                reason: format!("it has more than {} MB", MAX_ANSWER / 1024 / 1024),
            });
        }
    };
    let refused = |message| {
        let (what, status) = (what.to_owned(), status.as_u16());
        Try::Error(ApiError::Refused {
            what,
            status,
            message,
        })
    };
    match status {
        StatusCode::NOT_FOUND => Try::Error(ApiError::NotFound(what.to_owned())),
        StatusCode::UNAUTHORIZED => Try::Unauthorized(sentence(&bytes)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT => {
            Try::Again(format!("{status}: {}", sentence(&bytes)), pause)
        }
        status if status.is_server_error() => Try::Again(format!("{status}: {}", sentence(&bytes)), pause),
        status if status.is_redirection() => refused(
            "it redirects, and a token is sent to no other place; name that address instead".to_owned(),
        ),
        status if !status.is_success() => refused(sentence(&bytes)),
        _ => match serde_json::from_slice(&bytes) {
            Ok(body) => Try::Answer(Page { body, next }),
            Err(error) => Try::Error(ApiError::Strange {
                what: what.to_owned(),
                reason: format!("{error}: {}", sentence(&bytes)),
            }),
        },
    }
}

/// Why a body was not read.
enum TooLong {
    Broken(String),
    Endless,
}

async fn whole(mut response: Response) -> Result<Vec<u8>, TooLong> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER => return Err(TooLong::Endless),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(TooLong::Broken(chain(&error))),
        }
    }
}

/// What an error's body says, as one short line.
fn sentence(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| json.get("message"));
    let text = match message.and_then(Value::as_str) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(&body[..body.len().min(4 * MAX_QUOTE)]).into_owned(),
    };
    quoted(&text)
}

/// A text of somebody else, on one line and not too long. It may hold anything, also what a terminal obeys.
pub(crate) fn quoted(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(MAX_QUOTE).collect();
    if text.chars().count() > MAX_QUOTE {
        short.push('…');
    }
    short.trim().to_owned()
}

fn pause_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The path of the next page. The host that `Link` names does not matter.
fn next_of(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(LINK)?.to_str().ok()?;
    let (url, rest) = link.strip_prefix('<')?.split_once('>')?;
    if !rest.contains("rel=\"next\"") {
        return None;
    }
    let url: Url = url.parse().ok()?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", url.path()))
}

/// A header that is not shown where requests are.
fn basic(user: &str, password: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).expect("base64 is good in a header");
    value.set_sensitive(true);
    value
}

/// A name for one request that is meant, by which the server knows it when it is sent again.
fn idempotency_key() -> String {
    let mut bytes = [0; 16];
    // Without a source of randomness the request goes out under a name that others may have, and is refused for it.
    let _filled = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// An error with what caused it, without the address, which may hold a signature.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut text = match error {
        error if error.is_timeout() => "no answer in time".to_owned(),
        error if error.is_connect() => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    quoted(&text)
}

/// The number at the end of a URL's path. Nothing else of such a URL is used: behind a proxy its host may be any.
pub(crate) fn number_of(url: &str) -> Option<u64> {
    last_part(url)?.parse().ok()
}

/// The last part of a URL's path.
pub(crate) fn last_part(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?.trim_end_matches('/');
    path.rsplit('/').next().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
