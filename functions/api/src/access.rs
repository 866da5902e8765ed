//! Who may do what: the one table of every operation and the permission it needs, and the layer that enforces it, the
//! limits of tokens to products included.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use imprint_app::access::{self, Caller};
use imprint_app::error::AppError;
use imprint_domain::access::{About, Permission, Role, UserName};
use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};

use crate::Service;
use crate::credentials;
use crate::error::{ApiError, Needed};
use crate::extract::{named_part, organization_of};

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Anyone,
    /// Any token that is accepted.
    Token,
    /// A token with this permission: in the default organization, or for the installation.
    With(Permission),
    /// A login of the user whom the path names, or a token with this permission.
    SelfOr(Permission),
    /// Some role in the organization of the path.
    Reader,
    /// A role that includes this permission in the organization of the path.
    Within(Permission),
    /// The role of an administrator of the organization of the path.
    Administrator,
}

use Access::{Administrator, Anyone, Reader, SelfOr, Token, With, Within};
use Permission::{AdminEdition, AdminProduct, AdminUser, DeprecateBuild, UploadBuild};

/// Every operation. One that is registered and not listed here is refused to everybody (D8).
pub(crate) const OPERATIONS: &[(Method, &str, Access)] = &[
    (Method::GET, "/", Anyone),
    (Method::GET, "/healthz", Anyone),
    (Method::GET, "/openapi.json", Anyone),
    (Method::GET, "/docs", Anyone),
    // It asks for a name and a password instead.
    (Method::GET, "/token", Anyone),
    (Method::GET, "/products/", Anyone),
    (Method::POST, "/products/", With(AdminProduct)),
    (Method::GET, "/products/{slug}", Anyone),
    (Method::PATCH, "/products/{slug}", With(AdminProduct)),
    (Method::GET, "/products/{slug}/slug-rules", Anyone),
    (Method::PUT, "/products/{slug}/slug-rules", With(AdminProduct)),
    (Method::DELETE, "/products/{slug}/slug-rules", With(AdminProduct)),
    (
        Method::POST,
        "/products/{slug}/slug-rules/preview",
        With(AdminProduct),
    ),
    (Method::DELETE, "/products/{slug}", With(AdminProduct)),
    (Method::POST, "/products/{slug}/restore", With(AdminProduct)),
    (Method::GET, "/products/{slug}/dashboard", Anyone),
    (Method::POST, "/products/{slug}/dashboard", With(AdminProduct)),
    (Method::POST, "/dashboards", With(AdminProduct)),
    (Method::GET, "/products/{slug}/retention", With(AdminProduct)),
    (Method::PUT, "/products/{slug}/retention", With(AdminProduct)),
    (Method::DELETE, "/products/{slug}/retention", With(AdminProduct)),
    (
        Method::GET,
        "/products/{slug}/retention/preview",
        With(AdminProduct),
    ),
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
    (Method::GET, "/v2/orgs", Token),
    (Method::POST, "/v2/orgs", With(AdminUser)),
    (Method::GET, "/v2/orgs/{org}", Reader),
    (Method::PATCH, "/v2/orgs/{org}", Administrator),
    (Method::GET, "/v2/orgs/{org}/slug-rules", Reader),
    (Method::PUT, "/v2/orgs/{org}/slug-rules", Administrator),
    (Method::GET, "/v2/orgs/{org}/retention", Reader),
    (Method::PUT, "/v2/orgs/{org}/retention", Administrator),
    (Method::POST, "/v2/orgs/{org}/dashboards", Within(AdminProduct)),
    (Method::PUT, "/v2/orgs/{org}/dashboard-template", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/dashboard-template", Administrator),
    (Method::GET, "/v2/orgs/{org}/members", Reader),
    (Method::GET, "/v2/orgs/{org}/members/{user}", Reader),
    (Method::PUT, "/v2/orgs/{org}/members/{user}", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/members/{user}", Administrator),
    (Method::GET, "/v2/orgs/{org}/projects", Reader),
    (Method::POST, "/v2/orgs/{org}/projects", Within(AdminProduct)),
    (Method::GET, "/v2/orgs/{org}/projects/{project}", Reader),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/restore",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/dashboard",
        Within(AdminProduct),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Reader,
    ),
    (
        Method::PUT,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/slug-rules/preview",
        Within(AdminProduct),
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/retention", Reader),
    (
        Method::PUT,
        "/v2/orgs/{org}/projects/{project}/retention",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/retention",
        Within(AdminProduct),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/retention/preview",
        Within(AdminProduct),
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/builds", Reader),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/builds",
        Within(UploadBuild),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Reader,
    ),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Within(UploadBuild),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Within(DeprecateBuild),
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/editions", Reader),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions",
        Within(AdminEdition),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Reader,
    ),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Within(AdminEdition),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Within(AdminEdition),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/history",
        Reader,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/rollback",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/unpin",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/restore",
        Within(AdminEdition),
    ),
    // Its organization is known once it is read; then it is there for those who have a role in it.
    (Method::GET, "/v2/task/{id}", Token),
    (Method::GET, "/v2/orgs/{org}/webhooks", Administrator),
    (Method::POST, "/v2/orgs/{org}/webhooks", Administrator),
    (Method::GET, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (Method::PATCH, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/rotate",
        Administrator,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/ping",
        Administrator,
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries",
        Administrator,
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}",
        Administrator,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}/replay",
        Administrator,
    ),
    (Method::GET, "/registry", Anyone),
    (Method::GET, "/v2/orgs/{org}/registry", Reader),
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
/// Whoever has no role in an organization is not told whether it exists.
pub(crate) async fn authorize(
    State(service): State<Service>,
    path: MatchedPath,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let access = needed(request.method(), path.as_str()).ok_or(ApiError::Forbidden)?;
    if access != Anyone {
        let token = credentials::token(request.headers()).ok_or(ApiError::Unauthenticated(Needed::Token))?;
        let caller = access::authenticate(&service.tenants.of_installation(), &token).await?;
        let caller = caller.ok_or(ApiError::Unauthenticated(Needed::Token))?;
        let parts =
            parts.map_err(|_| ApiError::BadRequest("the path is not percent-encoded UTF-8".to_owned()))?;
        let asked = Asked {
            service: &service,
            path: path.as_str(),
            parts: &parts,
            organization: organization_of(path.as_str(), &parts)?,
        };
        asked.check(access, &caller).await?;
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Whether a caller may see what belongs to a product of an organization that the path does not name.
pub(crate) fn sees(caller: &Caller, organization: &OrganizationSlug, product: Option<&ProductSlug>) -> bool {
    let about = product.map_or(About::Everything, About::Product);
    caller.rights.role_in(organization).is_some() && caller.products.include(about)
}

/// A request as far as rights are concerned.
struct Asked<'a> {
    service: &'a Service,
    path: &'a str,
    parts: &'a RawPathParams,
    organization: OrganizationSlug,
}

impl Asked<'_> {
    async fn check(&self, access: Access, caller: &Caller) -> Result<(), ApiError> {
        let role = caller.rights.role_in(&self.organization);
        if matches!(access, Reader | Within(_) | Administrator) && role.is_none() {
            return Err(ApiError::NotFound);
        }
        let allowed = match access {
            Anyone | Token => true,
            SelfOr(_) if self.names(caller) => true,
            SelfOr(AdminUser) | With(AdminUser) => caller.manages_installation(),
            SelfOr(permission) | With(permission) | Within(permission) => {
                caller.rights.permissions_in(&self.organization).has(permission)
                    && self.is_within_limit(caller).await?
            }
            Reader => self.is_within_limit(caller).await?,
            Administrator => role == Some(Role::Admin) && self.is_within_limit(caller).await?,
        };
        if allowed { Ok(()) } else { Err(ApiError::Forbidden) }
    }

    /// Whether the user whom the path names asks.
    fn names(&self, caller: &Caller) -> bool {
        named_part::<UserName>(self.parts, "name").is_ok_and(|user| caller.is(&user))
    }

    /// Whether what the request is about is within the products that a token is limited to. Most tokens are not, and need
    /// no look.
    async fn is_within_limit(&self, caller: &Caller) -> Result<bool, ApiError> {
        if caller.products.include(About::Everything) {
            return Ok(true);
        }
        let product = self.product().await?;
        Ok(product.is_some_and(|product| caller.products.include(About::Product(&product))))
    }

    /// The product that a request is about; nothing when it is about more, or about none that is there yet.
    async fn product(&self) -> Result<Option<ProductSlug>, ApiError> {
        let catalog = &self.service.tenants.installation().catalog;
        if self.path.contains("{project}") {
            return named_part(self.parts, "project").map(Some);
        }
        match self.path.split('/').nth(1) {
            Some("products") if self.path.contains("{slug}") => named_part(self.parts, "slug").map(Some),
            Some("builds") => {
                let build = catalog.build(named_part::<BuildId>(self.parts, "id")?).await;
                let build = build.map_err(AppError::from)?;
                let build = build.filter(|build| build.organization == self.organization);
                let build = build.ok_or(ApiError::NotFound)?;
                Ok(Some(build.product))
            }
            Some("editions") => {
                let edition = catalog.edition(named_part::<EditionId>(self.parts, "id")?).await;
                let edition = edition.map_err(AppError::from)?;
                let edition = edition.filter(|edition| edition.organization == self.organization);
                let edition = edition.ok_or(ApiError::NotFound)?;
                Ok(Some(edition.product))
            }
            _ => Ok(None),
        }
    }
}
