//! The function that tells subscribers what happened, all messages of a batch at once.
//!
//! Translates only; what telling means is `imprint_app::deliver_webhook`.

use std::sync::Arc;

use futures_util::future::join_all;
use imprint_app::deliver_webhook::deliver_webhook;
use imprint_app::tenants::Tenants;
use imprint_domain::message::Message;
use imprint_domain::webhook::ApiAddress;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

/// The function with the organizations that it works for. `api` is where the URLs in bodies lead to.
pub fn function(tenants: Tenants, api: ApiAddress) -> Arc<dyn Function> {
    Arc::new(DeliverWebhookFunction { tenants, api })
}

struct DeliverWebhookFunction {
    tenants: Tenants,
    api: ApiAddress,
}

#[async_trait::async_trait]
impl Function for DeliverWebhookFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        let records = batch.records();
        let mut deliveries = Vec::new();
        for record in &records {
            match &record.delivery {
                Ok(delivery) if let Message::DeliverWebhook(message) = &delivery.envelope.message => {
                    let env = batch.env(&self.tenants, record, &delivery.envelope.message).await;
                    deliveries.extend(env.map(|env| (env, record, delivery, message)));
                }
                Ok(_) | Err(_) => batch.give_back(record),
            }
        }
        // One slow receiver keeps no other one waiting.
        let outcomes = deliveries.iter().map(|(env, record, delivery, message)| {
            record.within(deliver_webhook(env, &self.api, delivery, message))
        });
        let outcomes = join_all(outcomes).await;
        for ((env, record, ..), outcome) in deliveries.iter().zip(outcomes) {
            batch.settle(env, record, outcome).await;
        }
        batch.response()
    }
}
