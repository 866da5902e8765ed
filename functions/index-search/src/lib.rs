//! The function that makes the full-text index of a build's pages.
//!
//! Translates only; what making it means is `imprint_app::artifacts`, what is made is [`Engine`].

mod engine;

use std::sync::Arc;

use imprint_app::artifacts::index_search;
use imprint_app::ports::Indexer;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::artifact::Format;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

pub use engine::Engine;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(IndexSearchFunction {
        tenants,
        indexer: Arc::new(Engine),
    })
}

struct IndexSearchFunction {
    tenants: Tenants,
    indexer: Arc<dyn Indexer>,
}

#[async_trait::async_trait]
impl Function for IndexSearchFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                Ok(Delivery { envelope, .. })
                    if let Message::DeriveFormat(message) = &envelope.message
                        && message.format == Format::Search =>
                {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let indexer = self.indexer.as_ref();
                        let work = index_search(&env, &envelope.id, message, indexer);
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
