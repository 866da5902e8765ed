//! The HTTP API: every request becomes one invocation.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::gateway_event::{self, Caller};
use super::invoker::Invoker;
use crate::template::{HttpSource, Stack};

/// What an HTTP API takes (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const MAX_REQUEST: usize = 10 * 1024 * 1024;
/// What a synchronous invocation takes and gives, in bytes of JSON
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

pub(super) struct Gateway {
    function: String,
    api: String,
    account: String,
    timeout: Duration,
    invoker: Arc<Invoker>,
}

impl Gateway {
    pub(super) fn new(stack: &Stack, function: &str, source: &HttpSource, invoker: Arc<Invoker>) -> Self {
        Self {
            function: function.to_owned(),
            api: source.api.to_ascii_lowercase(),
            account: stack.account.clone(),
            timeout: source.timeout,
            invoker,
        }
    }

    /// Serves until the stack stops; requests that run are answered.
    pub(super) async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let listener = listener.tap_io(|stream| {
            // Small answers would wait for the client's delayed acknowledgement otherwise.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays slow");
            }
        });
        let router = Router::new().fallback(answer).with_state(Arc::new(self));
        let stopped = async move {
            // An error means that the runner was dropped, which is a stop, too.
            let _either_way = stop.wait_for(|stopped| *stopped).await;
        };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service)
            .with_graceful_shutdown(stopped)
            .await
        {
            tracing::error!(%error, "the HTTP API ended");
        }
    }
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let caller = Caller {
        address: peer,
        api: &gateway.api,
        account: &gateway.account,
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let event = gateway_event::event(&parts, &body, &caller);
    if event.to_string().len() > MAX_PAYLOAD {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    }
    let call = gateway
        .invoker
        .invoke(&gateway.function, "http".to_owned(), 1, event);
    let Ok(result) = tokio::time::timeout(gateway.timeout, call).await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    };
    let response = match result {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(function = gateway.function, path = parts.uri.path(), %error, "a request failed");
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        }
    };
    let bytes = response.to_string().len();
    if bytes > MAX_PAYLOAD {
        tracing::error!(
            function = gateway.function,
            path = parts.uri.path(),
            bytes,
            "an answer is too large"
        );
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    }
    match gateway_event::response(&response) {
        Ok(response) => response.map(Body::from),
        Err(problem) => {
            tracing::error!(
                function = gateway.function,
                path = parts.uri.path(),
                problem,
                "an answer makes no sense"
            );
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

/// What the gateway itself says.
fn refusal(status: StatusCode, message: &str) -> Response {
    let mut response = (status, json!({ "message": message }).to_string()).into_response();
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
