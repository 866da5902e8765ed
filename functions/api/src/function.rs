//! The router as a Lambda function behind an API Gateway HTTP API.

use std::sync::Arc;

use axum::Router;
use http::HeaderName;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service as _};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use imprint_app::tenants::Tenants;
use imprint_lambda::{Function, FunctionError, LambdaEvent};

use crate::urls::{authority, forwarded_scheme};
use crate::{ApiConfig, router};

/// The API as a function: the event of an HTTP API in, its response out.
pub fn function(tenants: Tenants, config: ApiConfig) -> Arc<dyn Function> {
    Arc::new(ApiFunction {
        router: router(tenants, config),
    })
}

struct ApiFunction {
    router: Router,
}

#[async_trait::async_trait]
impl Function for ApiFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let request = readable(serde_json::from_value(event.payload)?);
        let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(request), event.context);
        // The adapter itself may not be held while its answer is awaited.
        let answer = { Adapter::from(self.router.clone()).call(event) };
        let response = answer.await?;
        Ok(serde_json::to_value(response)?)
    }
}

/// A longer path or query is none of ours, and a URI holds 65,534 bytes.
const MAX_URI: usize = 16 * 1024;

/// What a path must not contain in plain, so that it stays a path.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What a query must not contain in plain.
const NOT_IN_QUERIES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`');

/// Makes an event one that an HTTP request can be made of, which `lambda_http` takes for granted: the gateway hands the
/// path on decoded, so it may contain anything.
fn readable(mut event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpRequest {
    let path = event.raw_path.as_deref().unwrap_or("/");
    let path = utf8_percent_encode(&whole_escapes(path), NOT_IN_PATHS).to_string();
    let query = event.raw_query_string.as_deref().unwrap_or_default();
    let query = utf8_percent_encode(query, NOT_IN_QUERIES).to_string();
    let fits = path.len() + query.len() <= MAX_URI;
    event.raw_path = Some(match (fits, path.starts_with('/')) {
        (true, true) => path,
        (true, false) => format!("/{path}"),
        // Nothing has this name, so the router answers that.
        (false, _) => "/too-long".to_owned(),
    });
    event.raw_query_string = Some(if fits { query } else { String::new() });
    let host = event
        .headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.and_then(authority).is_none() {
        event.headers.remove(http::header::HOST);
        event.request_context.domain_name = None;
    }
    if forwarded_scheme(&event.headers).is_none() {
        event.headers.remove(HeaderName::from_static("x-forwarded-proto"));
    }
    event
}

/// Encodes percent signs that begin no escape.
fn whole_escapes(path: &str) -> String {
    let mut whole = String::with_capacity(path.len());
    for (at, c) in path.char_indices() {
        whole.push(c);
        let hex = path
            .as_bytes()
            .get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if c == '%' && !hex {
            whole.push_str("25");
        }
    }
    whole
}
