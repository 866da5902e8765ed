//! The function that registers builds: told by the API through a queue, or by S3 when a completion marker or an archive arrives.
//!
//! Translates only; what registering means is `imprint_app::register_build`.

use std::sync::Arc;

use imprint_app::builds::{confirm_by_archive, confirm_by_marker};
use imprint_app::error::AppError;
use imprint_app::move_editions::move_editions;
use imprint_app::register_build::register_build;
use imprint_app::step::Delivery;
use imprint_app::tenants::Tenants;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, CreatedObject, Function, FunctionError, LambdaEvent, created_objects, is_sqs};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(RegisterBuildFunction { tenants })
}

struct RegisterBuildFunction {
    tenants: Tenants,
}

#[async_trait::async_trait]
impl Function for RegisterBuildFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        if is_sqs(&event.payload) {
            return self.messages(event.payload).await;
        }
        for object in created_objects(&event.payload) {
            self.object(&object).await?;
        }
        Ok(Value::Null)
    }
}

impl RegisterBuildFunction {
    async fn messages(&self, event: Value) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event)?;
        for record in batch.records() {
            match &record.delivery {
                Ok(Delivery { envelope, .. }) if let Message::RegisterBuild(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = register_build(&env, &envelope.id, message);
                        let outcome = record.within(work).await;
                        batch.settle(&env, &record, outcome).await;
                    }
                }
                Ok(Delivery { envelope, .. }) if let Message::MoveEditions(message) = &envelope.message => {
                    if let Some(env) = batch.env(&self.tenants, &record, &envelope.message).await {
                        let work = move_editions(&env, &envelope.id, message);
                        let outcome = record.within(work).await;
                        batch.settle(&env, &record, outcome).await;
                    }
                }
                Ok(_) | Err(_) => batch.give_back(&record),
            }
        }
        batch.response()
    }

    async fn object(&self, object: &CreatedObject) -> Result<(), FunctionError> {
        let (build, confirmed) = if let Some(build) = object.key.archived_build() {
            (build, confirm_by_archive(&self.tenants, build).await)
        } else if let Some(build) = object.key.completed_build() {
            let confirmed = confirm_by_marker(&self.tenants, build, &object.sequencer).await;
            (build, confirmed.map(Some))
        } else {
            tracing::warn!(key = %object.key, "an upload that is neither completion marker nor archive");
            return Ok(());
        };
        match confirmed {
            Ok(Some(task)) => {
                tracing::info!(build = build.0, %task, "upload confirmed by what was put there")
            }
            Ok(None) => tracing::info!(build = build.0, "an archive of a build that has its files"),
            // Nobody waits for an answer, and no other try would change it.
            Err(error @ (AppError::NotFound | AppError::Invalid(_) | AppError::Refused(_))) => {
                tracing::warn!(build = build.0, %error, "marker or archive of a build that cannot be registered");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
