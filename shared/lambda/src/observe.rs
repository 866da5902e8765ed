//! One invocation, with what names it in every line of its log.

use serde_json::Value;
use tracing::Instrument as _;

use imprint_app::Chain;

use crate::{Function, FunctionError, LambdaEvent};

/// Calls a function. Whatever is logged meanwhile names the invocation, and its failure as a whole is a line.
///
/// # Errors
/// Those of the function.
pub async fn observe(function: &dyn Function, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
    let context = &event.context;
    // Of the level of errors, because a span that the filter leaves out names nothing.
    let span = tracing::error_span!(
        "invocation",
        request_id = context.request_id,
        function = context.env_config.function_name,
    );
    async {
        let answer = function.call(event).await;
        if let Err(error) = &answer {
            tracing::error!(code = "invocation", error = %Chain(&**error), "an invocation failed");
        }
        answer
    }
    .instrument(span)
    .await
}
