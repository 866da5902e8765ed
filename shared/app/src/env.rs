//! What every use-case is lent: one organization's view of the installation.

use std::sync::Arc;

use imprint_domain::organization::Organization;

use crate::ports::{
    Catalog, Cdn, Clock, Dns, Documents, Objects, Queue, Random, Registry, Telemetry, Uploads, Webhooks,
};
use crate::seal::SealingKey;

/// The ports and settings of an organization, which [`Tenants`](crate::tenants::Tenants) makes.
#[derive(Clone)]
pub struct Env {
    /// State of everything but files.
    pub catalog: Arc<dyn Catalog>,
    /// Releases and the clusters that run them.
    pub registry: Arc<dyn Registry>,
    /// Documents, their versions and renderings.
    pub documents: Arc<dyn Documents>,
    /// The files in the organization's bucket.
    pub objects: Arc<dyn Objects>,
    /// The bucket that tells of what is put into it: the installation's, whichever bucket the organization has.
    pub inbox: Arc<dyn Objects>,
    /// Messages to the next step.
    pub queue: Arc<dyn Queue>,
    /// The CDN.
    pub cdn: Arc<dyn Cdn>,
    /// The DNS that products' names are written to; none when somebody else takes care of them.
    pub dns: Option<Arc<dyn Dns>>,
    /// Upload forms.
    pub uploads: Arc<dyn Uploads>,
    /// Receivers of webhooks.
    pub webhooks: Arc<dyn Webhooks>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Who wants to know what was measured.
    pub telemetry: Arc<dyn Telemetry>,
    /// What seals the organization's secrets.
    pub sealing: SealingKey,
    /// The organization that is served.
    pub organization: Arc<Organization>,
}

impl Env {
    /// The same with the inbox as its objects, for what was put there: markers and archives.
    pub(crate) fn of_inbox(&self) -> Self {
        Self {
            objects: self.inbox.clone(),
            ..self.clone()
        }
    }
}
