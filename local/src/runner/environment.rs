//! The environment of a function's process.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::RunnerOptions;
use super::resources::Resources;
use crate::rights::access_key;
use crate::template::{Function, Stack};

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;

/// Lambda's own variables, the template's, the way to the stand-ins, and what the caller says, in this order:
/// the later wins.
pub(super) fn of(
    stack: &Stack,
    function: &Function,
    resources: &Resources,
    options: &RunnerOptions,
) -> anyhow::Result<Environment> {
    let mut environment = Environment::new();
    let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.to_owned());
    // The short name: what counts and logs by function is read by people.
    set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory.to_string());
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    // What the caller says may stand for something that is nothing here, such as the API's host name.
    let own = |name: &&String| !options.environment.contains_key(*name);
    for (name, text) in function.environment.iter().filter(|(name, _)| own(name)) {
        let value = text
            .resolve(|reference| resources.value(reference))
            .with_context(|| format!("the variable {name} of the function {}", function.name))?;
        set(name, &value);
    }
    set("AWS_REGION", &stack.region);
    set("AWS_DEFAULT_REGION", &stack.region);
    set(
        "AWS_ACCESS_KEY_ID",
        &access_key(&options.endpoints.access_key, &function.name),
    );
    set("AWS_SECRET_ACCESS_KEY", &options.endpoints.secret_key);
    set("AWS_ENDPOINT_URL_S3", &options.endpoints.s3);
    set("AWS_ENDPOINT_URL_DYNAMODB", &options.endpoints.dynamodb);
    set("AWS_ENDPOINT_URL_SQS", &options.endpoints.sqs);
    environment.extend(options.environment.clone());
    Ok(environment)
}
