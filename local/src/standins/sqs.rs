//! SQS: rustack's queues, in memory, mounted in our server.

use std::net::Ipv4Addr;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::Service as _;
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};

use super::server::{Answer, BoxError, StandIn};

/// The queues. Signatures are not checked: nothing here is worth guarding, and S3 shows wrong keys.
#[derive(Debug)]
pub(crate) struct Queues(SqsHttpService<RustackSqsHandler>);

impl Queues {
    /// No queues yet; the URLs of those to come name `port`.
    pub(crate) fn new(port: u16) -> Self {
        let config = SqsConfig { host: Ipv4Addr::LOCALHOST.to_string(), port, ..SqsConfig::default() };
        let handler = RustackSqsHandler::new(Arc::new(RustackSqs::new(config)));
        Self(SqsHttpService::new(Arc::new(handler), SqsHttpConfig::default()))
    }
}

impl StandIn for Queues {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        match self.0.call(request).await {
            Ok(answer) => answer.map(|body| body.map_err(BoxError::from).boxed_unsync()),
        }
    }
}
