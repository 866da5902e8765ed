//! The function that makes formats of a build's pages: the archive, the texts for search engines, the Markdown.
//!
//! Translates only; what making them means is `imprint_app::artifacts`.

use std::sync::Arc;

use imprint_app::artifacts::derive_format;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::artifact::Format;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(DeriveFormatFunction { tenants })
}

struct DeriveFormatFunction {
    tenants: Tenants,
}

#[async_trait::async_trait]
impl Function for DeriveFormatFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for record in batch.records() {
            match &record.delivery {
                Ok(Delivery { envelope, .. })
                    if let Message::DeriveFormat(message) = &envelope.message
                        && is_ours(message.format) =>
                {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = derive_format(&env, &envelope.id, message);
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

fn is_ours(format: Format) -> bool {
    match format {
        Format::HtmlZip | Format::Json | Format::Markdown => true,
        Format::Html | Format::Pdf | Format::Epub | Format::Search => false,
    }
}
