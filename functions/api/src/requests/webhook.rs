use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::webhooks::{NewWebhook, WebhookPatch};
use imprint_domain::webhook::{EventKind, Format};

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::{invalid, parsed, required};

const WEBHOOK: &str = "Webhook";

/// More names than there are events.
const MAX_NAMES: usize = 100;

/// A new webhook. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateWebhook {
    /// Where it listens: `https`, at a public address, without user name and password.
    #[schema(
        required,
        nullable = false,
        max_length = 1024,
        example = "https://hooks.example.org/imprint"
    )]
    url: Option<String>,
    /// What it is told of. `["edition.updated"]` when it is absent.
    #[schema(example = json!(["edition.updated", "edition.failed"]), min_items = 1)]
    events: Option<Vec<String>>,
    /// The form of the bodies: `imprint`, or `ltd` for that of LTD Events, which has `edition.updated` only. `imprint`
    /// when it is absent.
    #[schema(example = "imprint")]
    format: Option<String>,
    /// What deliveries are signed with: `whsec_` and the base64 of 24 to 64 bytes. A new one is made when it is absent.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
    /// `false` to begin switched off.
    enabled: Option<bool>,
}

/// A change of a webhook. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateWebhook {
    /// Another address.
    #[schema(max_length = 1024)]
    url: Option<String>,
    /// What it is told of from now on.
    #[schema(min_items = 1)]
    events: Option<Vec<String>>,
    /// Another form.
    format: Option<String>,
    /// Whether it is told of anything.
    enabled: Option<bool>,
}

/// Another secret for a webhook. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RotateSecret {
    /// The secret. A new one is made when it is absent.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub(crate) secret: Option<String>,
}

impl RequestBody for CreateWebhook {
    const NOUN: &'static str = WEBHOOK;
}
impl RequestBody for UpdateWebhook {
    const NOUN: &'static str = WEBHOOK;
}
impl RequestBody for RotateSecret {
    const NOUN: &'static str = WEBHOOK;
}

fn events(raw: Option<&[String]>) -> Result<Option<BTreeSet<EventKind>>, ApiError> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    if raw.len() > MAX_NAMES {
        return Err(invalid(WEBHOOK, "events: there are too many"));
    }
    let kinds: Result<BTreeSet<EventKind>, _> = raw.iter().map(|name| name.parse()).collect();
    kinds
        .map(Some)
        .map_err(|error| invalid(WEBHOOK, format_args!("events: {error}")))
}

impl CreateWebhook {
    pub(crate) fn parse(self) -> Result<NewWebhook, ApiError> {
        let url = parsed(WEBHOOK, "url", self.url.as_deref())?;
        let format = parsed(WEBHOOK, "format", self.format.as_deref())?;
        let events = events(self.events.as_deref())?;
        Ok(NewWebhook {
            url: required(WEBHOOK, "url", url)?,
            events: events.unwrap_or_else(|| [EventKind::EditionUpdated].into()),
            format: format.unwrap_or(Format::Imprint),
            secret: parsed(WEBHOOK, "secret", self.secret.as_deref())?,
            enabled: self.enabled.unwrap_or(true),
        })
    }
}

impl UpdateWebhook {
    pub(crate) fn parse(self) -> Result<WebhookPatch, ApiError> {
        Ok(WebhookPatch {
            url: parsed(WEBHOOK, "url", self.url.as_deref())?,
            events: events(self.events.as_deref())?,
            format: parsed(WEBHOOK, "format", self.format.as_deref())?,
            enabled: self.enabled,
        })
    }
}

impl RotateSecret {
    pub(crate) fn parse(self) -> Result<Option<imprint_domain::webhook::Secret>, ApiError> {
        parsed(WEBHOOK, "secret", self.secret.as_deref())
    }
}
