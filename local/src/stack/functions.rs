//! The functions that are built into the local stack: the same programs that are deployed.

use std::sync::Arc;

use async_trait::async_trait;
use imprint_api::{ApiConfig, Credentials};
use imprint_app::ports::{
    Cdn, Objects, Places, PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads,
};
use imprint_app::tenants::{Installation, Tenants};
use imprint_domain::key::ObjectKey;
use imprint_lambda::Function;
use jiff::{SignedDuration, Timestamp};

use super::tally::Tally;
use crate::control::{LocalClock, real};
use crate::runner::{Environment, FunctionFactory};

/// Makes every function, all with one clock and one tally.
#[derive(Debug)]
pub(super) struct Functions {
    /// The clock they see.
    pub(super) clock: Arc<LocalClock>,
    /// Who takes what they measure.
    pub(super) tally: Tally,
}

const NAMES: [&str; 13] = [
    "api",
    "copy-edition",
    "deliver-webhook",
    "derive-format",
    "index-search",
    "purge-cdn",
    "register-build",
    "render-dashboard",
    "render-document",
    "retain",
    "sweep",
    "unpack-archive",
    "update-dns",
];

#[async_trait]
impl FunctionFactory for Functions {
    fn names(&self) -> Vec<String> {
        NAMES.map(str::to_owned).into()
    }

    async fn create(&self, name: &str, environment: &Environment) -> anyhow::Result<Arc<dyn Function>> {
        let tenants = imprint_aws::connect(environment, self.clock.clone())?;
        let places = Arc::new(SignedByRealTime(tenants.installation().places.clone()));
        let tenants = Tenants::new(Installation {
            places,
            telemetry: Arc::new(self.tally.clone()),
            ..tenants.installation().clone()
        });
        Ok(match name {
            "api" => imprint_api::function(tenants, api_config(environment)?),
            "copy-edition" => imprint_copy_edition::function(tenants),
            "deliver-webhook" => {
                imprint_deliver_webhook::function(tenants, imprint_aws::api_address(environment)?)
            }
            "derive-format" => imprint_derive_format::function(tenants),
            "index-search" => imprint_index_search::function(tenants),
            "purge-cdn" => imprint_purge_cdn::function(tenants),
            "register-build" => imprint_register_build::function(tenants),
            "render-dashboard" => imprint_render_dashboard::function(tenants),
            "retain" => imprint_retain::function(tenants),
            "sweep" => imprint_sweep::function(tenants),
            "render-document" => imprint_render_document::function(tenants),
            "unpack-archive" => imprint_unpack_archive::function(tenants),
            "update-dns" => imprint_update_dns::function(tenants),
            unknown => anyhow::bail!("no function {unknown} is built in"),
        })
    }
}

fn api_config(environment: &Environment) -> anyhow::Result<ApiConfig> {
    let doctor = imprint_aws::doctor_auth(environment)?;
    Ok(ApiConfig {
        bootstrap: imprint_aws::bootstrap(environment)?,
        doctor: Credentials::new(&doctor.user, &doctor.password),
        is_local: true,
    })
}

/// S3 looks at its own clock to see whether a form or an address has expired, and nobody can move that one.
struct SignedByRealTime<T>(T);

impl Places for SignedByRealTime<Arc<dyn Places>> {
    fn objects(&self, bucket: &str) -> Arc<dyn Objects> {
        self.0.objects(bucket)
    }

    fn uploads(&self, bucket: &str) -> Arc<dyn Uploads> {
        Arc::new(SignedByRealTime(self.0.uploads(bucket)))
    }

    fn cdn(&self, key: Option<&str>) -> Arc<dyn Cdn> {
        self.0.cdn(key)
    }
}

impl Uploads for SignedByRealTime<Arc<dyn Uploads>> {
    fn presign(
        &self,
        slot: &UploadSlot,
        _now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        self.0.presign(slot, real(), life)
    }

    fn presign_put(
        &self,
        key: &ObjectKey,
        _now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        self.0.presign_put(key, real(), life)
    }

    fn presign_download(
        &self,
        key: &ObjectKey,
        _now: Timestamp,
        life: SignedDuration,
    ) -> Result<String, PresignError> {
        self.0.presign_download(key, real(), life)
    }
}
