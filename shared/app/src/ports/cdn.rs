use async_trait::async_trait;
use jiff::SignedDuration;

use imprint_domain::id::SurrogateKey;

use super::Source;

/// How the CDN forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeMode {
    /// Marks as stale: served while it is fetched anew.
    Soft,
    /// Removes.
    Hard,
}

/// Why the CDN did not accept a purge.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// Too many calls, an error of its own, or no answer: the same call may succeed later.
    #[error("the CDN is busy")]
    Busy {
        /// How long it asks to wait, when it says so.
        retry_after: Option<SignedDuration>,
        /// What it said.
        #[source]
        source: Source,
    },
    /// The call will never succeed: unknown service, wrong key.
    #[error("the CDN refused")]
    Refused(#[source] Source),
}

/// The CDN in front of the published files.
#[async_trait]
pub trait Cdn: Send + Sync {
    /// Purges everything that carries one of these keys, at most [`MAX_KEYS`](imprint_domain::purge::MAX_KEYS). One
    /// request. Returns when the CDN has accepted it.
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError>;
}
