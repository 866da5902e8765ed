//! What the clients of APIs without an SDK have in common.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response};

/// What takes longer than this is better tried again by the queue.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where every client here begins: the crate for HTTP has no cryptography of its own, and makes no client without one.
/// Tests are built with a second one beside it, so a client that begins elsewhere works there and panics as deployed.
pub(crate) fn builder() -> ClientBuilder {
    let _there_may_be_one = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

/// A client that is made when it is first asked for: reading the roots takes milliseconds of a cold start, and most
/// functions send nothing but to AWS.
#[derive(Debug, Default)]
pub(crate) struct LazyClient(OnceLock<Client>);

impl LazyClient {
    /// A client that sends a secret nowhere but to the API: no redirects, no proxy out of the environment.
    pub(crate) fn get(&self) -> Result<&Client, reqwest::Error> {
        if let Some(made) = self.0.get() {
            return Ok(made);
        }
        let made = builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(self.0.get_or_init(|| made))
    }
}

/// The beginning of an answer's body: at least `enough` bytes of it, unless it ends or breaks off before.
pub(crate) async fn beginning(mut answer: Response, enough: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < enough {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes
}
