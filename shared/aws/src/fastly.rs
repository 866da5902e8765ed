//! Fastly, as far as Imprint needs it: the purge of many surrogate keys
//! (<https://www.fastly.com/documentation/reference/api/purging/#bulk-purge-tag>).

mod answer;

use std::sync::Arc;

use async_trait::async_trait;
use imprint_app::ports::{Cdn, Clock, PurgeError, PurgeMode, Source};
use imprint_domain::id::SurrogateKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{RequestBuilder, Response};

use self::answer::{Answer, judge};
use crate::call::Unusable;
use crate::http::{LazyClient, beginning};
use crate::settings::FastlySettings;

/// How much of a refusal's body is worth reading.
const MAX_BODY_BYTES: usize = 2048;

/// Fastly's API.
pub(crate) struct FastlyCdn {
    client: Arc<LazyClient>,
    settings: FastlySettings,
    clock: Arc<dyn Clock>,
}

impl FastlyCdn {
    pub(crate) fn new(settings: FastlySettings, client: Arc<LazyClient>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            settings,
            clock,
        }
    }

    fn request(
        &self,
        key: &HeaderValue,
        service: &str,
        keys: &[SurrogateKey],
    ) -> Result<RequestBuilder, reqwest::Error> {
        let service = utf8_percent_encode(service, NON_ALPHANUMERIC);
        let client = self.client.get()?;
        let request = client
            .post(format!("{}/service/{service}/purge", self.settings.api))
            .header("Fastly-Key", key.clone())
            .header(ACCEPT, "application/json")
            .json(&serde_json::json!({ "surrogate_keys": keys }));
        Ok(match self.settings.mode {
            PurgeMode::Soft => request.header("Fastly-Soft-Purge", "1"),
            PurgeMode::Hard => request,
        })
    }
}

#[async_trait]
impl Cdn for FastlyCdn {
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError> {
        let Some(key) = &self.settings.key else {
            let reason = "IMPRINT_FASTLY_KEY is not set; it should be an API token of Fastly that may purge";
            return Err(PurgeError::Refused(Box::new(Unusable(reason.to_owned()))));
        };
        if keys.is_empty() {
            return Ok(());
        }
        let busy = |error: reqwest::Error| PurgeError::Busy {
            retry_after: None,
            source: Source::from(error),
        };
        let request = self.request(key, service, keys).map_err(busy)?;
        let answer = request.send().await.map_err(busy)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let said = Answer {
            status,
            headers: &headers,
            body: &body(answer, key).await,
        };
        judge(&said, self.clock.now())
    }
}

/// The beginning of an answer's body, for people. A proxy may repeat what it was sent, so the token is taken out.
async fn body(answer: Response, key: &HeaderValue) -> String {
    let bytes = beginning(answer, MAX_BODY_BYTES).await;
    let text = String::from_utf8_lossy(&bytes);
    let text = match key.to_str() {
        Ok(key) => text.replace(key, "(the key)"),
        Err(_) => String::new(),
    };
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
