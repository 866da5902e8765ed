//! The router: routes, who may use them, and what every answer has in common.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use lambda_http::RequestExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use imprint_app::registry::Censuses;
use imprint_app::tenants::Tenants;

use crate::access::authorize;
use crate::delivery::{self, Accepted};
use crate::error::{ApiError, REQUEST_ID};
use crate::guards::guard;
use crate::idempotency::once;
use crate::limits::Limits;
use crate::refusal::{Asked, Form};
use crate::{ApiConfig, Service, routes};

/// The API as a service, for Lambda, the local stack and tests alike.
pub fn router(tenants: Tenants, config: ApiConfig) -> Router {
    let limits = Arc::new(Limits::new(config.is_local));
    let service = Service {
        tenants,
        config: Arc::new(config),
        censuses: Censuses::default(),
        limits,
    };
    routes::router()
        // Within that of permissions, which are asked for each time.
        .route_layer(from_fn_with_state(service.clone(), once))
        // Only around the operations themselves: what is no operation needs nobody's permission to be refused.
        .route_layer(from_fn_with_state(service.clone(), authorize))
        .method_not_allowed_fallback(other_method)
        .fallback(async || ApiError::NotFound)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(service.clone(), finish))
        .with_state(service)
}

/// The router itself adds `Allow`.
async fn other_method(method: Method, path: MatchedPath) -> Response {
    if method == Method::OPTIONS && Form::of(path.as_str()) == Form::Keeper {
        StatusCode::NO_CONTENT.into_response()
    } else {
        ApiError::MethodNotAllowed.into_response()
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    ApiError::Internal(format!("panicked: {text}")).into_response()
}

/// A deployed API is there over TLS only, and browsers remember it for a year.
const ONLY_TLS: &str = "max-age=31536000";

/// Names every request, logs what went wrong on our side, and makes every answer deliverable.
async fn finish(State(service): State<Service>, request: Request, next: Next) -> Response {
    let given = request
        .lambda_context_ref()
        .map(|context| context.request_id.clone());
    let id = given
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| random_id(&service.tenants));
    let accepted = Accepted::of(request.headers());
    let asked = Asked::of(&request, id);
    // Of the level of errors, because a span that the filter leaves out names nothing.
    let span =
        tracing::error_span!("request", request_id = asked.id, method = %asked.method, path = asked.path);
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = delivery::fit(response, accepted)
        .await
        .unwrap_or_else(|oversize| {
            let what_to_do = "ask for a page, with ?limit=100, or send Accept-Encoding: gzip";
            ApiError::TooLarge(format!("{oversize}; {what_to_do}")).into_response()
        });
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if let Some((code, reason)) = error.trouble() {
            let _about = span.enter();
            tracing::error!(
                code,
                status = response.status().as_u16(),
                reason,
                "a request failed"
            );
        }
        response = asked.refuse(&error, response);
    }
    if let Ok(id) = HeaderValue::from_str(&asked.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    guard(&mut response);
    if !service.config.is_local {
        let hsts = HeaderValue::from_static(ONLY_TLS);
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    response
}

fn random_id(tenants: &Tenants) -> String {
    let random = &tenants.installation().random;
    imprint_domain::id::TaskId::from_bytes(random.identity()).to_string()
}
