//! Imprint on AWS: the adapters of the ports for DynamoDB, S3, SQS and Route 53, and for Fastly, and the settings they start with.
//!
//! The only crate that names the AWS SDK or an HTTP client. It never decides anything about publishing, never reads the
//! environment but in [`variables_of_process`], and makes no network call before the first use of a port.

mod call;
mod catalog;
mod connect;
mod dead_letters;
mod fastly;
mod http;
mod objects;
mod places;
mod queue;
mod route53;
mod settings;
mod surroundings;
mod uploads;
mod webhooks;

pub use connect::connect;
pub use settings::{ConfigError, DoctorAuth, api_address, bootstrap, doctor_auth};
pub use surroundings::{SystemClock, variables_of_process};
