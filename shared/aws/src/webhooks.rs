//! Calls of webhooks' receivers: strangers, chosen by whoever configures a webhook.

mod resolver;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use imprint_app::Chain;
use imprint_app::ports::{WebhookCall, Webhooks};
use imprint_domain::webhook::{Answer, Reach};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use self::resolver::{NotPublic, PublicOnly};
use crate::http::builder;

/// All of a call: a receiver that wants to think about it should answer first.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer is read: more than the log keeps, whatever the encoding of its characters.
const MAX_BODY_BYTES: usize = 1024;

/// Receivers over HTTP.
pub(crate) struct HttpWebhooks {
    reach: Reach,
    /// Made with the first call: most functions never make one.
    client: OnceLock<Result<Client, String>>,
}

impl HttpWebhooks {
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            reach,
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Result<&Client, &String> {
        let made = self.client.get_or_init(|| {
            let client = client(self.reach);
            client.map_err(|error| Chain(&error).to_string())
        });
        made.as_ref()
    }
}

/// A client that goes where it is sent and nowhere else: no redirects, no proxy out of the environment, no `Referer`.
fn client(reach: Reach) -> Result<Client, reqwest::Error> {
    let client = builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("Imprint-Webhooks/", env!("CARGO_PKG_VERSION")));
    match reach {
        Reach::Public => client.https_only(true).dns_resolver(Arc::new(PublicOnly)).build(),
        Reach::Everywhere => client.build(),
    }
}

#[async_trait]
impl Webhooks for HttpWebhooks {
    fn reach(&self) -> Reach {
        self.reach
    }

    async fn post(&self, call: WebhookCall<'_>) -> Answer {
        // A client never asks its resolver about an address that stands in the URL itself.
        if let Err(forbidden) = call.url.check(self.reach) {
            return Answer::forbidden(&forbidden.to_string());
        }
        let client = match self.client() {
            Ok(client) => client,
            Err(reason) => return Answer::unanswered(reason),
        };
        let request = client
            .post(call.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", call.id.as_str())
            .header("webhook-timestamp", call.at.as_second())
            .header("webhook-signature", call.signature)
            .body(call.body.to_owned());
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                Answer::answered(status, &beginning(response).await)
            }
            Err(error) => failed(error),
        }
    }
}

/// The URL stays out of the sentence: many receivers have a secret in it.
fn failed(error: reqwest::Error) -> Answer {
    let error = error.without_url();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<NotPublic>() {
            return Answer::forbidden(&refused.to_string());
        }
        cause = current.source();
    }
    Answer::unanswered(&Chain(&error).to_string())
}

/// The beginning of an answer's body, for people. One that breaks off has begun.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_BODY_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(MAX_BODY_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}
