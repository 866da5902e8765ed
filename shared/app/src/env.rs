//! What every use-case is lent: the ports and the organization it serves.

use std::sync::Arc;

use imprint_domain::organization::Organization;

use crate::ports::{Catalog, Cdn, Clock, Objects, Queue, Random, Uploads, Webhooks};

/// The ports and settings of one function, made once before its first event.
#[derive(Clone)]
pub struct Env {
    /// State of everything but files.
    pub catalog: Arc<dyn Catalog>,
    /// Files.
    pub objects: Arc<dyn Objects>,
    /// Messages to the next step.
    pub queue: Arc<dyn Queue>,
    /// The CDN.
    pub cdn: Arc<dyn Cdn>,
    /// Upload forms.
    pub uploads: Arc<dyn Uploads>,
    /// Receivers of webhooks.
    pub webhooks: Arc<dyn Webhooks>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// The organization that this installation serves.
    pub organization: Arc<Organization>,
}
