use std::sync::OnceLock;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use imprint_app::access;

use crate::Api;
use crate::credentials;
use crate::delivery;
use crate::error::{ApiError, Needed};
use crate::resources::{Health, Root, RootData, RootLinks, TokenAnswer};
use crate::urls::Urls;

/// LTD Keeper 1.23.0 is the version whose API this is, and clients choose theirs by it: from 2.0.0 on they use routes
/// that are not here. Imprint's own version follows, where it can grow without misleading them.
const SERVER_VERSION: &str = concat!("1.23.0+imprint.", env!("CARGO_PKG_VERSION"));

/// What this service is
///
/// Its version and where to go on.
#[utoipa::path(get, path = "/", tag = "service", operation_id = "read_root",
    responses((status = 200, description = "The service", body = Root)))]
pub(crate) async fn root(urls: Urls) -> Response {
    let root = Root {
        data: RootData {
            server_version: SERVER_VERSION,
            documentation: urls.path("/openapi.json"),
            message: "Imprint publishes documentation. Its API is that of LTD Keeper.",
        },
        links: RootLinks {
            own: urls.path("/"),
            self_url: urls.path("/"),
            token: urls.path("/token"),
            products: urls.path("/products/"),
        },
    };
    delivery::json(StatusCode::OK, &root)
}

/// Whether the service runs
#[utoipa::path(get, path = "/healthz", tag = "service", operation_id = "read_health",
    responses((status = 200, description = "It runs", body = Health)))]
pub(crate) async fn healthz() -> Response {
    delivery::json(StatusCode::OK, &Health { status: "ok" })
}

/// This description
///
/// Generated from the handlers of the API.
#[utoipa::path(get, path = "/openapi.json", tag = "service", operation_id = "read_openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn openapi() -> Response {
    static DOCUMENT: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();
    delivery::json(StatusCode::OK, DOCUMENT.get_or_init(crate::openapi))
}

/// Exchange a name and a password for a token
///
/// The token is good for an hour.
#[utoipa::path(get, path = "/token", tag = "service", operation_id = "issue_token", security(("password" = [])),
    responses((status = 200, description = "A token", body = TokenAnswer)))]
pub(crate) async fn token(api: Api, headers: HeaderMap) -> Result<Response, ApiError> {
    let unknown = || ApiError::Unauthenticated(Needed::Password);
    let basic = credentials::basic(&headers).ok_or_else(unknown)?;
    let bootstrap = api.service.config.bootstrap.as_ref();
    let token = access::issue_token(&api.env, bootstrap, &basic.user, &basic.password).await?;
    let answer = TokenAnswer {
        token: token.ok_or_else(unknown)?,
    };
    let mut response = delivery::json(StatusCode::OK, &answer);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
