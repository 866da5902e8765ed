//! Starts the derive-format function.

use std::sync::Arc;

use imprint_lambda::FunctionError;

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let variables = imprint_aws::variables_of_process();
    imprint_lambda::log_to_stdout(variables.get("RUST_LOG").map(String::as_str));
    let clock = Arc::new(imprint_aws::SystemClock);
    let tenants = imprint_aws::connect(&variables, clock.clone())?;
    let tenants = tenants.watched_by(imprint_lambda::metrics(&variables, clock));
    imprint_lambda::serve(imprint_derive_format::function(tenants)).await
}
