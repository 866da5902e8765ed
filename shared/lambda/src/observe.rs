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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use lambda_runtime::Context;
    use serde_json::json;

    struct Fails;

    #[async_trait::async_trait]
    impl Function for Fails {
        async fn call(&self, _event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
            Err("the store is away".into())
        }
    }

    #[test]
    fn an_invocation_that_fails_is_one_line_that_names_it() {
        let lines = crate::log::tests::lines("error", || {
            let mut context = Context::default();
            context.request_id = "r1".to_owned();
            let event = LambdaEvent::new(Value::Null, context);
            assert!(observe(&Fails, event).now_or_never().unwrap().is_err());
        });
        assert_eq!(
            lines,
            [
                json!({"level": "ERROR", "target": "imprint_lambda::observe", "message": "an invocation failed",
                "code": "invocation", "error": "the store is away", "request_id": "r1", "function": ""})
            ]
        );
    }
}
