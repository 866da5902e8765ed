//! The function that purges the CDN, a batch of messages in few calls.
//!
//! Translates only; what purging means is `imprint_app::purge_cdn`.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::step::Delivery;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

/// The function with its ports.
pub fn function(env: Env) -> Arc<dyn Function> {
    Arc::new(PurgeCdnFunction { env })
}

struct PurgeCdnFunction {
    env: Env,
}

#[async_trait::async_trait]
impl Function for PurgeCdnFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(event.payload)?;
        let records = batch.records();
        let mut orders = Vec::new();
        let mut ordered = Vec::new();
        for record in &records {
            match &record.delivery {
                Ok(Delivery { envelope, .. }) if let Message::PurgeCdn(message) = &envelope.message => {
                    orders.push(Order {
                        entry: &envelope.id,
                        message,
                    });
                    ordered.push(record);
                }
                Ok(_) | Err(_) => batch.give_back(record),
            }
        }
        let outcomes = purge_cdn(&self.env, &orders).await;
        for (record, outcome) in ordered.into_iter().zip(outcomes) {
            batch.settle(&self.env, record, outcome).await;
        }
        batch.response()
    }
}
