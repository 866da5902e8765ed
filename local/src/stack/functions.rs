//! The functions that are built into the local stack: the same programs that are deployed.

use std::sync::Arc;

use async_trait::async_trait;
use imprint_api::ApiConfig;
use imprint_app::ports::{PresignError, PresignedPost, UploadSlot, Uploads};
use imprint_lambda::Function;
use jiff::{SignedDuration, Timestamp};

use crate::control::{LocalClock, real};
use crate::runner::{Environment, FunctionFactory};

/// Makes every function, all with one clock.
#[derive(Debug)]
pub(super) struct Functions {
    /// The clock they see.
    pub(super) clock: Arc<LocalClock>,
}

const NAMES: [&str; 7] = [
    "api",
    "copy-edition",
    "purge-cdn",
    "register-build",
    "render-dashboard",
    "retain",
    "sweep",
];

#[async_trait]
impl FunctionFactory for Functions {
    fn names(&self) -> Vec<String> {
        NAMES.map(str::to_owned).into()
    }

    async fn create(&self, name: &str, environment: &Environment) -> anyhow::Result<Arc<dyn Function>> {
        let mut env = imprint_aws::connect(environment, self.clock.clone())?;
        env.uploads = Arc::new(SignedByRealTime(env.uploads));
        Ok(match name {
            "api" => imprint_api::function(env, api_config(environment)?),
            "copy-edition" => imprint_copy_edition::function(env),
            "purge-cdn" => imprint_purge_cdn::function(env),
            "register-build" => imprint_register_build::function(env),
            "render-dashboard" => imprint_render_dashboard::function(env),
            "retain" => imprint_retain::function(env),
            "sweep" => imprint_sweep::function(env),
            unknown => anyhow::bail!("no function {unknown} is built in"),
        })
    }
}

fn api_config(environment: &Environment) -> anyhow::Result<ApiConfig> {
    Ok(ApiConfig {
        bootstrap: imprint_aws::bootstrap(environment)?,
        is_local: true,
    })
}

/// S3 looks at its own clock to see whether a form has expired, and nobody can move that one.
struct SignedByRealTime(Arc<dyn Uploads>);

impl Uploads for SignedByRealTime {
    fn presign(
        &self,
        slot: &UploadSlot,
        _now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        self.0.presign(slot, real(), life)
    }
}
