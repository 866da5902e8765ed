//! Who may do what: the one table of every operation and the permission it needs, and the layer that enforces it, the
//! limits of tokens to products included.

use std::str::FromStr;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use imprint_app::access::{self, Caller};
use imprint_app::error::AppError;
use imprint_domain::access::{About, Permission, UserName};
use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::slug::ProductSlug;

use crate::Api;
use crate::credentials;
use crate::error::{ApiError, Needed};

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Anyone,
    /// A token with this permission.
    With(Permission),
    /// A login of the user whom the path names, or a token with this permission.
    SelfOr(Permission),
}

use Access::{Anyone, SelfOr, With};
use Permission::{AdminEdition, AdminProduct, AdminUser, DeprecateBuild, UploadBuild};

/// Every operation. One that is registered and not listed here is refused to everybody (D8).
pub(crate) const OPERATIONS: [(Method, &str, Access); 35] = [
    (Method::GET, "/", Anyone),
    (Method::GET, "/healthz", Anyone),
    (Method::GET, "/openapi.json", Anyone),
    // It asks for a name and a password instead.
    (Method::GET, "/token", Anyone),
    (Method::GET, "/products/", Anyone),
    (Method::POST, "/products/", With(AdminProduct)),
    (Method::GET, "/products/{slug}", Anyone),
    (Method::PATCH, "/products/{slug}", With(AdminProduct)),
    (Method::GET, "/products/{slug}/retention", With(AdminProduct)),
    (Method::PUT, "/products/{slug}/retention", With(AdminProduct)),
    (Method::DELETE, "/products/{slug}/retention", With(AdminProduct)),
    (Method::GET, "/products/{slug}/retention/preview", With(AdminProduct)),
    (Method::GET, "/products/{slug}/builds/", Anyone),
    (Method::POST, "/products/{slug}/builds/", With(UploadBuild)),
    (Method::GET, "/builds/{id}", Anyone),
    (Method::PATCH, "/builds/{id}", With(UploadBuild)),
    (Method::DELETE, "/builds/{id}", With(DeprecateBuild)),
    (Method::GET, "/products/{slug}/editions/", Anyone),
    (Method::POST, "/products/{slug}/editions/", With(AdminEdition)),
    (Method::GET, "/editions/{id}", Anyone),
    (Method::PATCH, "/editions/{id}", With(AdminEdition)),
    (Method::DELETE, "/editions/{id}", With(AdminEdition)),
    (Method::GET, "/editions/{id}/history", Anyone),
    (Method::POST, "/editions/{id}/rollback", With(AdminEdition)),
    (Method::POST, "/editions/{id}/pin", With(AdminEdition)),
    (Method::POST, "/editions/{id}/unpin", With(AdminEdition)),
    (Method::POST, "/editions/{id}/restore", With(AdminEdition)),
    (Method::GET, "/queue/{id}", Anyone),
    (Method::GET, "/users/", With(AdminUser)),
    (Method::POST, "/users/", With(AdminUser)),
    (Method::GET, "/users/{name}", SelfOr(AdminUser)),
    (Method::PATCH, "/users/{name}", SelfOr(AdminUser)),
    (Method::GET, "/users/{name}/tokens/", SelfOr(AdminUser)),
    (Method::POST, "/users/{name}/tokens/", SelfOr(AdminUser)),
    (Method::DELETE, "/users/{name}/tokens/{id}", SelfOr(AdminUser)),
];

/// What an operation asks for; nothing for one that is not listed.
pub(crate) fn needed(method: &Method, path: &str) -> Option<Access> {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let path = path.trim_end_matches('/');
    OPERATIONS
        .iter()
        .find(|(listed, operation, _)| listed == method && operation.trim_end_matches('/') == path)
        .map(|(_, _, access)| *access)
}

/// Lets an operation run only for those who may: authentication first, then permission, before anything is looked up.
pub(crate) async fn authorize(
    State(api): State<Api>,
    path: MatchedPath,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let access = needed(request.method(), path.as_str()).ok_or(ApiError::Forbidden)?;
    if access != Anyone {
        let token = credentials::token(request.headers()).ok_or(ApiError::Unauthenticated(Needed::Token))?;
        let caller = access::authenticate(&api.env, &token).await?;
        let caller = caller.ok_or(ApiError::Unauthenticated(Needed::Token))?;
        let parts =
            parts.map_err(|_| ApiError::BadRequest("the path is not percent-encoded UTF-8".to_owned()))?;
        check(&api, access, path.as_str(), &parts, &caller).await?;
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

async fn check(
    api: &Api,
    access: Access,
    path: &str,
    parts: &RawPathParams,
    caller: &Caller,
) -> Result<(), ApiError> {
    let permission = match access {
        Anyone => return Ok(()),
        SelfOr(_) if part::<UserName>(parts, "name").is_ok_and(|user| caller.is(&user)) => return Ok(()),
        SelfOr(permission) | With(permission) => permission,
    };
    // Most callers need no look at what the request is about.
    let allowed = caller.may(permission, About::Everything)
        || caller.permissions.has(permission)
            && match product(api, path, parts).await? {
                Some(product) => caller.may(permission, About::Product(&product)),
                None => false,
            };
    if allowed { Ok(()) } else { Err(ApiError::Forbidden) }
}

/// The product that a request is about; nothing when it is about more, or about none that is there yet. Asked only for
/// callers whose token is limited to products: it costs them the look that others are spared.
async fn product(api: &Api, path: &str, parts: &RawPathParams) -> Result<Option<ProductSlug>, ApiError> {
    let catalog = &api.env.catalog;
    match path.split('/').nth(1) {
        Some("products") if path.contains("{slug}") => part(parts, "slug").map(Some),
        Some("builds") => {
            let build = catalog.build(part::<BuildId>(parts, "id")?).await;
            let build = build.map_err(AppError::from)?.ok_or(ApiError::NotFound)?;
            Ok(Some(build.product))
        }
        Some("editions") => {
            let edition = catalog.edition(part::<EditionId>(parts, "id")?).await;
            let edition = edition.map_err(AppError::from)?.ok_or(ApiError::NotFound)?;
            Ok(Some(edition.product))
        }
        _ => Ok(None),
    }
}

/// A variable part of the path. One that cannot be a name of anything names nothing.
fn part<T: FromStr>(parts: &RawPathParams, name: &str) -> Result<T, ApiError> {
    let found = parts.iter().find(|(found, _)| *found == name);
    let parsed = found.and_then(|(_, raw)| raw.parse().ok());
    parsed.ok_or(ApiError::NotFound)
}
