//! The function that runs on a schedule and sends again what fell between two steps, and looks whether all
//! is as it should be.
//!
//! Translates only; what sweeping means is `imprint_app::sweep` and `imprint_app::verification`.

use std::sync::Arc;

use imprint_app::Chain;
use imprint_app::error::AppError;
use imprint_app::sweep::{Swept, confirm_unheard, sweep};
use imprint_app::tenants::Tenants;
use imprint_app::verification::{Verified, verify_next};
use imprint_lambda::{Function, FunctionError, LambdaEvent};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
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

/// What a run did.
#[derive(Debug, Serialize)]
struct Run {
    #[serde(flatten)]
    swept: Swept,
    /// Builds confirmed by markers whose event was lost.
    confirmed: u64,
    /// What became of the edition that was looked at.
    verified: Option<&'static str>,
}

/// A part that fails spoils no other, and the next minute brings the next run.
fn seen<T>(part: &str, outcome: Result<T, AppError>) -> Option<T> {
    outcome
        .inspect_err(|error| tracing::error!(code = "sweep", part, error = %Chain(error), "a part of the sweep failed"))
        .ok()
}

fn word(verified: &Verified) -> &'static str {
    match verified {
        Verified::NotAtRest => "not_at_rest",
        Verified::Right => "right",
        Verified::Repaired { .. } => "repaired",
        Verified::LeftAlone { .. } => "left_alone",
    }
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
        let run = Run {
            swept,
            confirmed: seen("completion markers", confirm_unheard(&self.tenants).await).unwrap_or_default(),
            verified: seen("verification", verify_next(&self.tenants).await)
                .flatten()
                .map(|verified| word(&verified)),
        };
        tracing::info!(?run, "swept");
        Ok(serde_json::to_value(run)?)
    }
}
