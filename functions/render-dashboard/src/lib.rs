//! The function that writes products' own pages, in order for each product.
//!
//! Translates only; what the pages say is `imprint_domain::dashboard`, how they are written `imprint_app`.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::render_dashboard::render_dashboard;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::id::OutboxId;
use imprint_domain::message::{Message, RenderDashboard};
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent, Record};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(RenderDashboardFunction { tenants })
}

struct RenderDashboardFunction {
    tenants: Tenants,
}

/// The records of a batch that ask for the same pages: one rendering answers them all.
struct Asked {
    message: RenderDashboard,
    entries: Vec<OutboxId>,
    records: Vec<Record>,
}

#[async_trait::async_trait]
impl Function for RenderDashboardFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(event.payload)?;
        for asked in by_product(&mut batch) {
            let Some(env) = self.env(&mut batch, &asked).await else {
                continue;
            };
            let outcome = render_dashboard(&env, &asked.entries, &asked.message).await;
            let rendered = outcome.is_ok();
            let mut outcome = Some(outcome);
            for record in &asked.records {
                match outcome.take() {
                    Some(outcome) => batch.settle(&env, record, outcome).await,
                    // The first record tells of a failure; those behind it come again.
                    None if rendered => {}
                    None => batch.give_back(record),
                }
            }
        }
        batch.response()
    }
}

impl RenderDashboardFunction {
    /// The view of the organization whose product is asked for; without it all records are given back.
    async fn env(&self, batch: &mut Batch, asked: &Asked) -> Option<Env> {
        let (first, others) = asked.records.split_first()?;
        let message = Message::RenderDashboard(asked.message.clone());
        let env = batch.env(&self.tenants, first, &message).await;
        if env.is_none() {
            for record in others {
                batch.give_back(record);
            }
        }
        env
    }
}

fn by_product(batch: &mut Batch) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for record in batch.records() {
        match &record.delivery {
            _ if !batch.may_handle(&record) => batch.give_back(&record),
            Ok(Delivery { envelope, .. }) if let Message::RenderDashboard(message) = &envelope.message => {
                let entry = envelope.id.clone();
                match all.iter_mut().find(|asked| asked.message == *message) {
                    Some(asked) => {
                        asked.entries.push(entry);
                        asked.records.push(record);
                    }
                    None => all.push(Asked {
                        message: message.clone(),
                        entries: vec![entry],
                        records: vec![record],
                    }),
                }
            }
            Ok(_) | Err(_) => batch.give_back(&record),
        }
    }
    all
}
