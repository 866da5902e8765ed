//! The function that runs on a schedule and removes what the rules of products no longer keep.
//!
//! Translates only; what retention means is `imprint_app::retention`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imprint_app::retention::retain;
use imprint_app::tenants::Tenants;
use imprint_lambda::{Function, FunctionError, LambdaEvent};
use serde_json::Value;
use tokio::time::Instant;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(RetainFunction { tenants })
}

struct RetainFunction {
    tenants: Tenants,
}

/// What is kept back of an invocation's time to finish what is under way: a tenth, at most a minute.
const RESERVE: Duration = Duration::from_secs(60);

#[async_trait::async_trait]
impl Function for RetainFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let retained = retain(&self.tenants, deadline(event.context.deadline())).await?;
        tracing::info!(?retained, "retained");
        Ok(serde_json::to_value(retained)?)
    }
}

/// When to begin nothing more, by the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda gives its deadline by the machine's clock"
)]
fn deadline(end: SystemTime) -> Option<Instant> {
    let left = end.duration_since(SystemTime::now()).ok()?;
    Some(Instant::now() + left.saturating_sub(RESERVE.min(left / 10)))
}
