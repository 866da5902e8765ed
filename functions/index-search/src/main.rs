//! Starts the index-search function.

use std::sync::Arc;

use imprint_lambda::FunctionError;

/// A quarter of the engine's time goes into the C library's allocator, because it makes words on one thread and drops them
/// on another. The template says that this one gives no memory back while the process lives.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let variables = imprint_aws::variables_of_process();
    imprint_lambda::log_to_stdout(variables.get("RUST_LOG").map(String::as_str));
    let clock = Arc::new(imprint_aws::SystemClock);
    let tenants = imprint_aws::connect(&variables, clock.clone())?;
    let tenants = tenants.watched_by(imprint_lambda::metrics(&variables, clock));
    imprint_lambda::serve(imprint_index_search::function(tenants)).await
}
