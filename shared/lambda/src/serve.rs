use std::sync::Arc;

use crate::{Function, FunctionError, LambdaEvent, observe};

/// Serves a function's invocations until the runtime ends the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve(function: Arc<dyn Function>) -> Result<(), FunctionError> {
    let handler = move |event: LambdaEvent<serde_json::Value>| {
        let function = function.clone();
        async move { observe(function.as_ref(), event).await }
    };
    lambda_runtime::run(lambda_runtime::service_fn(handler)).await
}
