//! The function that makes the files of a build's archive those of the build.
//!
//! Translates only; what that means is `imprint_app::unpack_archive`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imprint_app::Pace;
use imprint_app::copy_edition::Bounds;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_app::unpack_archive::unpack_archive;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;
use tokio::time::Instant;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(UnpackArchiveFunction { tenants })
}

struct UnpackArchiveFunction {
    tenants: Tenants,
}

/// What is kept back of an invocation's time to finish what is under way and hand the rest on: a tenth, at most two minutes,
/// in which a file of 5 GB is written.
const RESERVE: Duration = Duration::from_secs(120);

/// As many as the memory of the function has room for.
const PACE: Pace = Pace { start: 32, most: 128 };

#[async_trait::async_trait]
impl Function for UnpackArchiveFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let bounds = Bounds {
            pace: PACE,
            deadline: deadline(event.context.deadline()),
        };
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                Ok(Delivery { envelope, .. }) if let Message::UnpackArchive(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = unpack_archive(&env, &envelope.id, message, bounds);
                        let outcome = record.within(work).await;
                        batch.settle(&env, &record, outcome).await;
                    }
                }
                Ok(_) | Err(_) => batch.give_back(&record),
            }
        }
        batch.response()
    }
}

/// When to stop writing, by the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda gives its deadline by the machine's clock"
)]
fn deadline(end: SystemTime) -> Option<Instant> {
    let left = end.duration_since(SystemTime::now()).ok()?;
    Some(Instant::now() + left.saturating_sub(RESERVE.min(left / 10)))
}
