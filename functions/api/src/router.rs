//! The router: routes, who may use them, and what every answer has in common.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode};
use lambda_http::RequestExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use imprint_app::registry::Censuses;
use imprint_app::tenants::Tenants;

use crate::access::authorize;
use crate::delivery::{self, Accepted};
use crate::error::{ApiError, REQUEST_ID, Trouble, error_response};
use crate::{ApiConfig, Service, routes};

/// The API as a service, for Lambda, the local stack and tests alike.
pub fn router(tenants: Tenants, config: ApiConfig) -> Router {
    let service = Service {
        tenants,
        config: Arc::new(config),
        censuses: Censuses::default(),
    };
    let (routes, _) = routes::all().split_for_parts();
    routes
        // Only around the operations themselves: what is no operation needs nobody's permission to be refused.
        .route_layer(from_fn_with_state(service.clone(), authorize))
        .method_not_allowed_fallback(other_method)
        .fallback(async || ApiError::NotFound)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(service.clone(), finish))
        .with_state(service)
}

/// The router itself adds `Allow`.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
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

/// Names every request, logs what went wrong on our side, and makes every answer deliverable.
async fn finish(State(service): State<Service>, request: Request, next: Next) -> Response {
    let given = request
        .lambda_context_ref()
        .map(|context| context.request_id.clone());
    let id = given
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| random_id(&service.tenants));
    let accepted = Accepted::of(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let response = delivery::fit(response, accepted)
        .await
        .unwrap_or_else(|oversize| {
            ApiError::TooLarge(format!("{oversize}; ask for a page, with ?limit=100")).into_response()
        });
    let mut response = match response.extensions().get::<Trouble>().cloned() {
        Some(Trouble(reason)) => {
            tracing::error!(request_id = id, %method, path, status = response.status().as_u16(), reason, "a request failed");
            naming(&id, response)
        }
        None => response,
    };
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn random_id(tenants: &Tenants) -> String {
    let random = &tenants.installation().random;
    imprint_domain::id::TaskId::from_bytes(random.identity()).to_string()
}

/// Adds the request's id to the sentence of a failure, so that whoever reports it can be helped.
fn naming(id: &str, response: Response) -> Response {
    let error = if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        ApiError::Busy(String::new())
    } else {
        ApiError::Internal(String::new())
    };
    let (status, word) = error.kind();
    let named = error_response(status, word, format!("{} (request {id})", error.sentence()));
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, named.into_body())
}
