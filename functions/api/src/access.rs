//! Who may do what: the one table of every operation and the permission it needs, and the layer that enforces it.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use imprint_app::access;
use imprint_domain::access::Permission;

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
}

use Access::{Anyone, With};
use Permission::{AdminEdition, AdminProduct, DeprecateBuild, UploadBuild};

/// Every operation. One that is registered and not listed here is refused to everybody (D8).
pub(crate) const OPERATIONS: [(Method, &str, Access); 24] = [
    (Method::GET, "/", Anyone),
    (Method::GET, "/healthz", Anyone),
    (Method::GET, "/openapi.json", Anyone),
    // It asks for a name and a password instead.
    (Method::GET, "/token", Anyone),
    (Method::GET, "/products/", Anyone),
    (Method::POST, "/products/", With(AdminProduct)),
    (Method::GET, "/products/{slug}", Anyone),
    (Method::PATCH, "/products/{slug}", With(AdminProduct)),
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
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match needed(request.method(), path.as_str()) {
        Some(Anyone) => {}
        Some(With(permission)) => {
            let token =
                credentials::token(request.headers()).ok_or(ApiError::Unauthenticated(Needed::Token))?;
            let caller = access::authenticate(&api.env, &token).await?;
            let caller = caller.ok_or(ApiError::Unauthenticated(Needed::Token))?;
            if !caller.permissions.has(permission) {
                return Err(ApiError::Forbidden);
            }
            request.extensions_mut().insert(caller);
        }
        None => return Err(ApiError::Forbidden),
    }
    Ok(next.run(request).await)
}
