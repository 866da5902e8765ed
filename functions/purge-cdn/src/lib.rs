//! The function that purges the CDN, a batch of messages in few calls.
//!
//! Translates only; what purging means is `imprint_app::purge_cdn`.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::id::OutboxId;
use imprint_domain::message::{Message, PurgeCdn};
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent, Record};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(PurgeCdnFunction { tenants })
}

struct PurgeCdnFunction {
    tenants: Tenants,
}

/// The records of a batch that are about one organization.
struct Asked {
    env: Env,
    records: Vec<(Record, OutboxId, PurgeCdn)>,
}

#[async_trait::async_trait]
impl Function for PurgeCdnFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for asked in self.by_organization(&mut batch).await {
            let records = asked.records.iter();
            let orders: Vec<Order<'_>> = records
                .map(|(_, entry, message)| Order { entry, message })
                .collect();
            let outcomes = purge_cdn(&asked.env, &orders).await;
            for ((record, ..), outcome) in asked.records.iter().zip(outcomes) {
                batch.settle(&asked.env, record, outcome).await;
            }
        }
        batch.response()
    }
}

impl PurgeCdnFunction {
    async fn by_organization(&self, batch: &mut Batch) -> Vec<Asked> {
        let mut all: Vec<Asked> = Vec::new();
        for record in batch.records() {
            match &record.delivery {
                Ok(Delivery { envelope, .. }) if let Message::PurgeCdn(message) = &envelope.message => {
                    let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await else {
                        continue;
                    };
                    let one = (record.clone(), envelope.id.clone(), message.clone());
                    let same = |asked: &&mut Asked| asked.env.organization.slug == message.organization;
                    match all.iter_mut().find(same) {
                        Some(asked) => asked.records.push(one),
                        None => all.push(Asked {
                            env,
                            records: vec![one],
                        }),
                    }
                }
                Ok(_) | Err(_) => batch.give_back(&record),
            }
        }
        all
    }
}
