//! The function that writes products' names to the DNS, in order for each name.
//!
//! Translates only; what is written is `imprint_app::update_dns`.

use std::sync::Arc;

use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_app::update_dns::update_dns;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(UpdateDnsFunction { tenants })
}

struct UpdateDnsFunction {
    tenants: Tenants,
}

#[async_trait::async_trait]
impl Function for UpdateDnsFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                _ if !batch.may_handle(&record) => batch.give_back(&record),
                Ok(Delivery { envelope, .. }) if let Message::UpdateDns(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = update_dns(&env, &envelope.id, message);
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
