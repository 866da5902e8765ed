//! Who may do what: the one table of every operation and the permission it needs, and the layer that enforces it, the
//! limits of tokens to products included.

mod documents;
mod operations;

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
use crate::refusal::Form;

pub(crate) use documents::{authority, may_delete, may_write, reader};

use Access::{Administrator, Anyone, Naming, Reader, SelfOr, Token, With, Within};
use Permission::AdminUser;
use operations::{DOCUMENTS, OPERATIONS, Operation, REGISTRY};

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
    /// This permission for what the body names, which is the handler's to look at.
    Naming(Permission),
}

/// What the paths of the release registry of another organization than the default one begin with.
pub(crate) const OF_ORGANIZATION: &str = "/v2/orgs/{org}/registry";

/// What the paths of documents of another organization than the default one begin with.
pub(crate) const DOCUMENTS_OF: &str = "/v2/orgs/{org}";

/// The operations of a path, by their methods. One that is registered and not listed is refused to everybody (D8). The page
/// of an organization's registry is no part of the registry, which is below it.
fn listed(path: &str) -> impl Iterator<Item = &'static Operation> {
    let registry = path.strip_prefix(OF_ORGANIZATION).filter(|below| below.len() > 1);
    let documents = path
        .strip_prefix(DOCUMENTS_OF)
        .filter(|below| is_of_documents(below));
    let tables: [&[Operation]; 3] = match (registry, documents) {
        (Some(_), _) => [&[], REGISTRY, &[]],
        (None, Some(_)) => [&[], &[], DOCUMENTS],
        (None, None) => [OPERATIONS, REGISTRY, DOCUMENTS],
    };
    let path = registry
        .or(documents)
        .unwrap_or(path)
        .trim_end_matches('/')
        .to_owned();
    tables
        .into_iter()
        .flatten()
        .filter(move |(_, listed, _)| listed.trim_end_matches('/') == path)
}

/// Whether a path is about documents of the default organization.
pub(crate) fn is_of_documents(path: &str) -> bool {
    let rest = path.strip_prefix("/documents");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The methods of a path.
pub(crate) fn methods_of(path: &str) -> impl Iterator<Item = &'static Method> {
    listed(path).map(|(method, _, _)| method)
}

/// What an operation asks for; nothing for one that is not listed.
pub(crate) fn needed(method: &Method, path: &str) -> Option<Access> {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let access = listed(path)
        .find(|(listed, _, _)| listed == method)
        .map(|(_, _, access)| *access)?;
    Some(match access {
        With(permission) if path.starts_with(DOCUMENTS_OF) => Within(permission),
        access => access,
    })
}

/// What a path of the registry is refused for before anybody asks who sent it: it knows no HEAD, and no name in it has a
/// slash, also when that comes encoded.
fn check_path(request: &Request, path: &str, parts: Option<&RawPathParams>) -> Result<(), ApiError> {
    if Form::of(path) == Form::Keeper {
        return Ok(());
    }
    if *request.method() == Method::HEAD {
        return Err(ApiError::MethodNotAllowed);
    }
    let is_one_name = |parts: &RawPathParams| parts.iter().all(|(_, part)| !part.contains('/'));
    if parts.is_some_and(is_one_name) {
        Ok(())
    } else {
        Err(ApiError::NotFound)
    }
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
    check_path(&request, path.as_str(), parts.as_ref().ok())?;
    let access = needed(request.method(), path.as_str()).ok_or(ApiError::Forbidden)?;
    if access != Anyone {
        let token = credentials::token(request.headers()).ok_or(ApiError::Unauthenticated(Needed::Token))?;
        let caller = caller(&service, &token).await?;
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

/// Whose token it is, unless it sends too many requests; nobody's when it is not accepted.
pub(crate) async fn caller(service: &Service, token: &str) -> Result<Option<Caller>, ApiError> {
    service.limits.request(token)?;
    Ok(access::authenticate(&service.tenants.of_installation(), token).await?)
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
        let is_of_role = match access {
            Reader | Within(_) | Administrator => true,
            Naming(_) => self.path.starts_with(DOCUMENTS_OF),
            Anyone | Token | With(_) | SelfOr(_) => false,
        };
        if is_of_role && role.is_none() {
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
            Naming(permission) => caller.rights.permissions_in(&self.organization).has(permission),
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
        if self.path.contains("{document}") {
            return self.is_within_limit_of_document(caller).await;
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
        // A component that can be no product is beyond every limit.
        if self.path.contains("{component}") {
            return Ok(named_part(self.parts, "component").ok());
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
