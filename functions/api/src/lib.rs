//! The HTTP API: LTD Keeper's v1 routes as they were meant to be, on one router for Lambda, the local stack and tests.
//!
//! Translates only: it parses requests, asks the use-cases of `imprint_app`, and writes their answers. It never decides
//! anything about publishing, and never names an AWS SDK crate.

mod access;
mod credentials;
mod delivery;
mod error;
mod extract;
mod filters;
mod function;
mod guards;
mod idempotency;
mod limits;
mod listing;
mod openapi;
mod reference;
mod refusal;
mod registry_page;
mod requests;
mod resources;
mod router;
mod routes;
mod urls;

use std::sync::Arc;

use imprint_app::access::Bootstrap;
use imprint_app::env::Env;
use imprint_app::registry::Censuses;
use imprint_app::tenants::Tenants;

use limits::Limits;

pub use credentials::Credentials;
pub use function::function;
pub use openapi::{described, openapi, swagger};
pub use router::router;

/// What the API needs to know besides its ports.
#[derive(Clone)]
pub struct ApiConfig {
    /// The first user of the installation.
    pub bootstrap: Option<Bootstrap>,
    /// Whoever may read the reports of clusters' doctors.
    pub doctor: Credentials,
    /// Whether this is a local stack: URLs then begin with `http` unless a proxy says otherwise.
    pub is_local: bool,
}

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) tenants: Tenants,
    pub(crate) config: Arc<ApiConfig>,
    pub(crate) censuses: Censuses,
    pub(crate) limits: Arc<Limits>,
}

/// What every handler is lent: the organization that the path is about, which is the default one for LTD's v1 routes.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) env: Env,
    pub(crate) service: Service,
}
