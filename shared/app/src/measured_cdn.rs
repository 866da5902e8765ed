//! The CDN, with a measurement of every purge, whoever asks for it.

use std::sync::Arc;

use async_trait::async_trait;
use imprint_domain::id::SurrogateKey;
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::ports::{Cdn, Measured, PurgeAnswer, PurgeError, Telemetry};

/// A CDN that is watched.
pub(crate) struct MeasuredCdn {
    pub(crate) cdn: Arc<dyn Cdn>,
    pub(crate) telemetry: Arc<dyn Telemetry>,
}

#[async_trait]
impl Cdn for MeasuredCdn {
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError> {
        let asked_at = Instant::now();
        let answer = self.cdn.purge(service, keys).await;
        self.telemetry.note(&Measured::Purged {
            keys: keys.len(),
            took: SignedDuration::try_from(asked_at.elapsed()).unwrap_or(SignedDuration::MAX),
            answer: match &answer {
                Ok(()) => PurgeAnswer::Accepted,
                Err(PurgeError::Busy { .. } | PurgeError::Refused(_)) => PurgeAnswer::Refused,
            },
        });
        answer
    }
}
