//! The function that runs on a schedule and sends again what fell between two steps.
//!
//! Translates only; what sweeping means is `imprint_app::sweep`.

use std::sync::Arc;

use imprint_app::sweep::sweep;
use imprint_app::tenants::Tenants;
use imprint_lambda::{Function, FunctionError, LambdaEvent};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(SweepFunction { tenants })
}

struct SweepFunction {
    tenants: Tenants,
}

/// The input that `template.yaml` gives the schedule.
#[derive(Debug, Deserialize)]
struct Input {
    /// How long a message's first send may take before it is sent again.
    older_than_seconds: u32,
}

#[async_trait::async_trait]
impl Function for SweepFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let input: Input = serde_json::from_value(event.payload)?;
        let swept = sweep(
            &self.tenants,
            SignedDuration::from_secs(input.older_than_seconds.into()),
        )
        .await?;
        tracing::info!(?swept, "swept");
        Ok(serde_json::to_value(swept)?)
    }
}
