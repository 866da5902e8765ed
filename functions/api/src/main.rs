//! Starts the API.

use std::sync::Arc;

use imprint_api::{ApiConfig, Credentials};
use imprint_lambda::FunctionError;

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    let variables = imprint_aws::variables_of_process();
    imprint_lambda::log_to_stdout(variables.get("RUST_LOG").map(String::as_str));
    let clock = Arc::new(imprint_aws::SystemClock);
    let tenants = imprint_aws::connect(&variables, clock.clone())?;
    let tenants = tenants.watched_by(imprint_lambda::metrics(&variables, clock));
    let doctor = imprint_aws::doctor_auth(&variables)?;
    let config = ApiConfig {
        bootstrap: imprint_aws::bootstrap(&variables)?,
        doctor: Credentials::new(&doctor.user, &doctor.password),
        is_local: variables
            .get("IMPRINT_STAGE")
            .is_some_and(|stage| stage == "local"),
    };
    imprint_lambda::serve(imprint_api::function(tenants, config)).await
}
