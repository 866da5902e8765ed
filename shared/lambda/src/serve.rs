use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use crate::{Function, FunctionError, LambdaEvent};

/// Serves a function's invocations until the runtime ends the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve(function: Arc<dyn Function>) -> Result<(), FunctionError> {
    let handler = move |event: LambdaEvent<serde_json::Value>| {
        let function = function.clone();
        async move { function.call(event).await }
    };
    lambda_runtime::run(lambda_runtime::service_fn(handler)).await
}

/// Logs JSON lines to standard output, which Lambda keeps. `filter` has the form of `RUST_LOG`; our crates all begin
/// with `imprint`.
pub fn log_to_stdout(filter: Option<&str>) {
    let filter = EnvFilter::new(
        filter
            .filter(|filter| !filter.is_empty())
            .unwrap_or("warn,imprint=info"),
    );
    // Lambda's own lines have the time, so ours do not repeat it.
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time();
    if subscriber.try_init().is_err() {
        tracing::debug!("a log was set up before");
    }
}
