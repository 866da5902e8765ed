//! The function that copies editions and retires the names they gave up, one message at a time and in order for each
//! place.
//!
//! Translates only; what that means is `imprint_app::copy_edition` and `imprint_app::retire_name`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imprint_app::Pace;
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::retire_name::retire_name;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;
use tokio::time::Instant;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(CopyEditionFunction { tenants })
}

struct CopyEditionFunction {
    tenants: Tenants,
}

/// What is kept back of an invocation's time to finish what is under way and hand the rest on: a tenth, at most a minute.
const RESERVE: Duration = Duration::from_secs(60);

#[async_trait::async_trait]
impl Function for CopyEditionFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let bounds = Bounds {
            pace: Pace::default(),
            deadline: deadline(event.context.deadline()),
        };
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                _ if !batch.may_handle(&record) => batch.give_back(&record),
                Ok(Delivery { envelope, .. }) if let Message::CopyEdition(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = copy_edition(&env, &envelope.id, message, bounds);
                        let outcome = record.within(work).await;
                        batch.settle(&env, &record, outcome).await;
                    }
                }
                Ok(Delivery { envelope, .. }) if let Message::RetireName(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = retire_name(&env, &envelope.id, message);
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

/// When to stop copying, by the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda gives its deadline by the machine's clock"
)]
fn deadline(end: SystemTime) -> Option<Instant> {
    let left = end.duration_since(SystemTime::now()).ok()?;
    Some(Instant::now() + left.saturating_sub(RESERVE.min(left / 10)))
}
