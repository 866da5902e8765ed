use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Instant, timeout};

use imprint_app::{Chain, access};

use crate::credentials;
use crate::delivery;
use crate::error::{ApiError, Needed};
use crate::extract::{Known, Source};
use crate::openapi::STORED;
use crate::reference::PAGE;
use crate::resources::{Health, Root, RootData, RootLinks, StoreMeter, TokenAnswer};
use crate::urls::Urls;
use crate::{Api, Service};

/// LTD Keeper 1.23.0 is the version whose API this is, and clients choose theirs by it: from 2.0.0 on they need an
/// organization and use v2. Imprint's own version follows, where it can grow without misleading them.
const SERVER_VERSION: &str = concat!("1.23.0+imprint.", env!("CARGO_PKG_VERSION"));

/// What those are told who have rights in organizations only, and so nothing that they could do with the first API.
const SERVER_VERSION_2: &str = concat!("2.0.0+imprint.", env!("CARGO_PKG_VERSION"));

/// What this service is
///
/// Its version and where to go on. The version is a 2.x for a token that has a role in organizations and nothing in the
/// default one, because clients choose by it whether they use v2; for everybody else it is a 1.x.
#[utoipa::path(get, path = "/", tag = "service", operation_id = "read_root",
    responses((status = 200, description = "The service", body = Root)))]
pub(crate) async fn root(urls: Urls, Known(caller): Known) -> Response {
    let is_elsewhere = caller.is_some_and(|caller| caller.rights.are_elsewhere());
    let root = Root {
        data: RootData {
            server_version: if is_elsewhere {
                SERVER_VERSION_2
            } else {
                SERVER_VERSION
            },
            documentation: urls.path("/docs"),
            message: "Imprint publishes documentation. Its API is that of LTD Keeper.",
        },
        links: RootLinks {
            own: urls.path("/"),
            self_url: urls.path("/"),
            token: urls.path("/token"),
            products: urls.path("/products/"),
            documentation: urls.path("/docs"),
            openapi: urls.path("/openapi.json"),
        },
    };
    let mut response = delivery::json(StatusCode::OK, &root);
    let vary = HeaderValue::from_static("Authorization");
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// How long the store may take to answer.
const BUDGET: Duration = Duration::from_secs(1);

/// Whether the service runs
///
/// One small read of the store shows it, which may take a second.
#[utoipa::path(get, path = "/healthz", tag = "service", operation_id = "read_health",
    responses((status = 200, description = "It runs", body = Health),
        (status = 503, description = "The store does not answer in time", body = Health)))]
pub(crate) async fn healthz(State(service): State<Service>) -> Response {
    let health = &service.tenants.installation().health;
    let began = Instant::now();
    let probe = timeout(BUDGET, health.probe()).await;
    let latency = began.elapsed();
    let reason = match &probe {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Chain(error).to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    };
    let (status, word) = match reason {
        None => (StatusCode::OK, "ok"),
        Some(reason) => {
            tracing::error!(code = "store_down", reason, "the store is down");
            (StatusCode::SERVICE_UNAVAILABLE, "down")
        }
    };
    let meter = health.meter();
    let store = StoreMeter {
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        reads: meter.reads,
        writes: meter.writes,
        errors: meter.errors,
        throttles: meter.throttles,
    };
    let mut response = delivery::json(status, &Health { status: word, store });
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// This description
///
/// Generated from the handlers of the API.
#[utoipa::path(get, path = "/openapi.json", tag = "service", operation_id = "read_openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], STORED).into_response()
}

/// This description for people
///
/// One page of HTML with everything in it: it loads nothing.
#[utoipa::path(get, path = "/docs", tag = "service", operation_id = "read_docs",
    responses((status = 200, description = "The reference", body = String, content_type = "text/html",
        example = "<!doctype html> …")))]
pub(crate) async fn docs() -> Response {
    let page = &*PAGE;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page.policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // It changes with a deployment.
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, page.html.as_str()).into_response()
}

/// Exchange a name and a password for a token
///
/// The token is good for an hour.
#[utoipa::path(get, path = "/token", tag = "service", operation_id = "issue_token", security(("password" = [])),
    responses((status = 200, description = "A token", body = TokenAnswer)))]
pub(crate) async fn token(
    api: Api,
    Source(source): Source,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::Unauthenticated(Needed::Password);
    let basic = credentials::basic(&headers).ok_or_else(unknown)?;
    let (limits, source) = (&api.service.limits, source.as_deref());
    limits.password(source)?;
    let bootstrap = api.service.config.bootstrap.as_ref();
    let token = access::issue_token(&api.env, bootstrap, &basic.user, &basic.password).await?;
    let Some(token) = token else {
        limits.wrong_password(source);
        return Err(unknown());
    };
    let answer = TokenAnswer { token };
    let mut response = delivery::json(StatusCode::OK, &answer);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
