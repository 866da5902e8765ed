//! What the clients of APIs without an SDK have in common.

use std::time::Duration;

use reqwest::{Client, Response};

/// What takes longer than this is better tried again by the queue.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A client that sends a secret nowhere but to the API: no redirects, no proxy out of the environment.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
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
