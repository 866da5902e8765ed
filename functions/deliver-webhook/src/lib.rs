//! The function that tells subscribers what happened, all messages of a batch at once.
//!
//! Translates only; what telling means is `imprint_app::deliver_webhook`.

use std::sync::Arc;

use futures_util::future::join_all;
use imprint_app::deliver_webhook::deliver_webhook;
use imprint_app::env::Env;
use imprint_domain::message::Message;
use imprint_domain::webhook::ApiAddress;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

/// The function with its ports. `api` is where the URLs in bodies lead to.
pub fn function(env: Env, api: ApiAddress) -> Arc<dyn Function> {
    Arc::new(DeliverWebhookFunction { env, api })
}

struct DeliverWebhookFunction {
    env: Env,
    api: ApiAddress,
}

#[async_trait::async_trait]
impl Function for DeliverWebhookFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(event.payload)?;
        let records = batch.records();
        let mut deliveries = Vec::new();
        for record in &records {
            match &record.delivery {
                Ok(delivery) if let Message::DeliverWebhook(message) = &delivery.envelope.message => {
                    deliveries.push((record, delivery, message));
                }
                Ok(_) | Err(_) => batch.give_back(record),
            }
        }
        // One slow receiver keeps no other one waiting.
        let outcomes = deliveries
            .iter()
            .map(|(_, delivery, message)| deliver_webhook(&self.env, &self.api, delivery, message));
        let outcomes = join_all(outcomes).await;
        for ((record, ..), outcome) in deliveries.into_iter().zip(outcomes) {
            batch.settle(&self.env, record, outcome).await;
        }
        batch.response()
    }
}
