use async_trait::async_trait;

use imprint_domain::dns::{Cname, Zone, ZoneId};

use super::Source;

/// Why the DNS was not changed or could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Throttled, another change under way, or no answer: the same call may succeed later.
    #[error("the DNS is busy")]
    Busy(#[source] Source),
    /// The change contradicts what the zone holds: the name has records of another kind. Nothing but a person helps.
    #[error("the zone has no room for the record")]
    Taken(#[source] Source),
    /// The call will not succeed until somebody changes zones or permissions.
    #[error("the DNS refused")]
    Refused(#[source] Source),
}

/// The zones that products' names are written to.
#[async_trait]
pub trait Dns: Send + Sync {
    /// Every zone there is, in the order of the service. One request for each hundred.
    async fn zones(&self) -> Result<Vec<Zone>, DnsError>;

    /// Makes the record what its name stands for, whether there was another CNAME or none. One request. Returns when the
    /// change is accepted; it is everywhere about a minute later.
    async fn put(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError>;

    /// Takes away exactly this record. One that is gone or leads elsewhere by now is a success and stays as it is. One
    /// request.
    async fn remove(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError>;
}
