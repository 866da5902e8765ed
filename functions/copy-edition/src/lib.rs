//! The function that copies editions and retires the names they gave up, one message at a time and in order for each
//! place.
//!
//! Translates only; what that means is `imprint_app::copy_edition` and `imprint_app::retire_name`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imprint_app::Pace;
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::env::Env;
use imprint_app::retire_name::retire_name;
use imprint_app::step::Delivery;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;
use tokio::time::Instant;

/// The function with its ports.
pub fn function(env: Env) -> Arc<dyn Function> {
    Arc::new(CopyEditionFunction { env })
}

struct CopyEditionFunction {
    env: Env,
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
        let mut batch = Batch::read(event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                _ if !batch.may_handle(&record) => batch.give_back(&record),
                Ok(Delivery { envelope, .. }) => {
                    let outcome = match &envelope.message {
                        Message::CopyEdition(message) => {
                            copy_edition(&self.env, &envelope.id, message, bounds).await
                        }
                        Message::RetireName(message) => retire_name(&self.env, &envelope.id, message).await,
                        Message::RegisterBuild(_) | Message::PurgeCdn(_) | Message::RenderDashboard(_) => {
                            batch.give_back(&record);
                            continue;
                        }
                    };
                    batch.settle(&self.env, &record, outcome).await;
                }
                Err(_) => batch.give_back(&record),
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
