use async_trait::async_trait;
use serde_json::Value;

pub use lambda_runtime::{Error as FunctionError, LambdaEvent};

/// One Lambda function as both the Lambda runtime and the local runner see it: event JSON in, response JSON out.
///
/// The event is exactly what the AWS service behind the trigger sends; the context carries the request id and
/// the deadline (milliseconds since the epoch, wall clock).
#[async_trait]
pub trait Function: Send + Sync {
    /// Handles one invocation.
    ///
    /// # Errors
    /// When the whole invocation failed and the trigger should deliver the event again. A failed record of an
    /// SQS batch is not an error: it is named in the response's `batchItemFailures`.
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError>;
}
