//! The function that makes documents into pages and PDFs: told by a queue, by S3 when an image or a whole document was put
//! into the bucket, and by a schedule that looks for what was missed.
//!
//! Translates only; what rendering means is `imprint_app::documents`, what is made is [`Engine`].

mod engine;

use std::sync::Arc;

use imprint_app::Chain;
use imprint_app::documents::{MAX_INCOMING, publish_rendering, render_document, scan, take, take_unheard};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::ports::Renderer;
use imprint_app::step::StepError;
use imprint_app::tenants::Tenants;
use imprint_domain::document::{Notice, Sequencer};
use imprint_domain::message::{Envelope, Message};
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent, created_objects, is_sqs};
use serde_json::{Value, json};

pub use engine::Engine;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(RenderDocumentFunction {
        tenants,
        renderer: Arc::new(Engine),
    })
}

struct RenderDocumentFunction {
    tenants: Tenants,
    renderer: Arc<dyn Renderer>,
}

#[async_trait::async_trait]
impl Function for RenderDocumentFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let event = event.payload;
        if is_sqs(&event) {
            return self.messages(event).await;
        }
        if event.get("Records").is_some() {
            return self.objects(&event).await;
        }
        self.scan().await
    }
}

impl RenderDocumentFunction {
    async fn messages(&self, event: Value) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event)?;
        for record in batch.records() {
            match &record.delivery {
                Ok(delivery) if is_ours(&delivery.envelope.message) => {
                    let envelope = &delivery.envelope;
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let outcome = record.within(self.message(&env, envelope)).await;
                        batch.settle(&env, &record, outcome).await;
                    }
                }
                Ok(_) | Err(_) => batch.give_back(&record),
            }
        }
        batch.response()
    }

    async fn message(&self, env: &Env, envelope: &Envelope) -> Result<(), StepError> {
        match &envelope.message {
            Message::RenderDocument(message) => {
                render_document(env, self.renderer.as_ref(), &envelope.id, message).await
            }
            Message::PublishRendering(message) => publish_rendering(env, &envelope.id, message).await,
            Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::CopyEdition(_)
            | Message::RetireName(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::UpdateDns(_)
            | Message::DeliverWebhook(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_) => Ok(()),
        }
    }

    /// One object that cannot be taken does not keep the others from it: all are tried, then the event is tried again.
    async fn objects(&self, event: &Value) -> Result<Value, FunctionError> {
        let mut failed = None;
        for object in created_objects(event) {
            if object.size.is_some_and(|size| size > MAX_INCOMING) {
                tracing::warn!(key = %object.key, size = object.size, "an object that is too large for anything");
                continue;
            }
            let notice = Notice::Event(Sequencer::new(&object.sequencer));
            match take(&self.tenants, &object.key, &notice).await {
                Ok(()) => {}
                // Nobody waits for an answer, and no other try would change it.
                Err(error @ (AppError::NotFound | AppError::Invalid(_) | AppError::Refused(_))) => {
                    tracing::warn!(key = %object.key, %error, "an object that is not taken");
                }
                Err(error) => {
                    tracing::error!(code = "not_taken", key = %object.key, error = %Chain(&error), "an object could not be taken");
                    failed = Some(error);
                }
            }
        }
        match failed {
            None => Ok(Value::Null),
            Some(error) => Err(error.into()),
        }
    }

    async fn scan(&self) -> Result<Value, FunctionError> {
        // Neither keeps the other from it.
        let scanned = scan(&self.tenants, self.renderer.as_ref()).await;
        let unheard = take_unheard(&self.tenants).await?;
        let scanned = scanned?;
        tracing::info!(?scanned, unheard, "scanned");
        Ok(json!({"scanned": scanned, "unheard": unheard}))
    }
}

fn is_ours(message: &Message) -> bool {
    match message {
        Message::RenderDocument(_) | Message::PublishRendering(_) => true,
        Message::RegisterBuild(_)
        | Message::UnpackArchive(_)
        | Message::DeriveFormat(_)
        | Message::MoveEditions(_)
        | Message::CopyEdition(_)
        | Message::RetireName(_)
        | Message::PurgeCdn(_)
        | Message::RenderDashboard(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_) => false,
    }
}
