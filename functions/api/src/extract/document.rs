//! Documents and their versions as paths name them, as far as the caller may know of them.

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;

use imprint_app::access::Caller;
use imprint_app::documents;
use imprint_domain::document::{
    Checksum, Document, ImageName, OutputName, Reader, Version, VersionNumber, Which,
};
use imprint_domain::id::DocumentId;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};

use crate::access;
use crate::error::{ApiError, Needed};
use crate::urls::Urls;
use crate::{Api, Service};

use super::{Known, PathPart, organization_of, path_parts, raw_part};

impl PathPart for Checksum {
    const NAME: &'static str = "checksum";
}
impl PathPart for OutputName {
    const NAME: &'static str = "name";
}
impl PathPart for ImageName {
    const NAME: &'static str = "name";
}

/// The URLs of documents: below the organization where the path named it.
#[derive(Debug, Clone)]
pub(crate) struct DocumentUrls {
    urls: Urls,
    organization: Option<OrganizationSlug>,
}

impl DocumentUrls {
    pub(crate) fn urls(&self) -> &Urls {
        &self.urls
    }

    /// The path of the list.
    pub(crate) fn list_path(&self) -> String {
        match &self.organization {
            Some(organization) => format!("/v2/orgs/{organization}/documents"),
            None => "/documents".to_owned(),
        }
    }

    /// A document, by its number: that never changes.
    pub(crate) fn document(&self, id: DocumentId) -> String {
        self.urls.path(&format!("{}/{id}", self.list_path()))
    }

    pub(crate) fn version(&self, id: DocumentId, number: VersionNumber) -> String {
        format!("{}/versions/{number}", self.document(id))
    }

    pub(crate) fn output(&self, id: DocumentId, checksum: &Checksum, name: OutputName) -> String {
        format!("{}/renderings/{checksum}/{name}", self.document(id))
    }

    pub(crate) fn product(&self, slug: &ProductSlug) -> String {
        match &self.organization {
            Some(organization) => self.urls.project(organization, slug),
            None => self.urls.product(slug),
        }
    }
}

impl FromRequestParts<Service> for DocumentUrls {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let urls = Urls::from_request_parts(parts, service).await?;
        let path = parts.extensions.get::<MatchedPath>().cloned();
        let path = path.as_ref().map_or("", MatchedPath::as_str);
        let organization = if path.contains("{org}") {
            let raw = path_parts(parts, service).await?;
            Some(organization_of(path, &raw)?)
        } else {
            None
        };
        Ok(Self { urls, organization })
    }
}

/// A document that the caller may know of, and who asks.
pub(crate) struct OfDocument {
    pub(crate) api: Api,
    pub(crate) urls: DocumentUrls,
    pub(crate) document: Document,
    pub(crate) reader: Reader,
    caller: Option<Caller>,
}

impl OfDocument {
    /// Who asks, where the access table asks for a permission.
    pub(crate) fn caller(&self) -> Result<&Caller, ApiError> {
        self.caller
            .as_ref()
            .ok_or(ApiError::Unauthenticated(Needed::Token))
    }
}

impl FromRequestParts<Service> for OfDocument {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let api = Api::from_request_parts(parts, service).await?;
        let urls = DocumentUrls::from_request_parts(parts, service).await?;
        let raw = path_parts(parts, service).await?;
        let name = raw_part(&raw, "document");
        // `007` and `+7` are not `7`.
        if name.parse().is_ok_and(|id: DocumentId| id.to_string() != name) {
            return Err(ApiError::NotFound);
        }
        let caller = match parts.extensions.get::<Caller>() {
            Some(caller) => Some(caller.clone()),
            None => Known::from_request_parts(parts, service).await?.0,
        };
        let document = documents::find(&api.env, name).await?;
        let reader = access::reader(caller.as_ref(), &document);
        if !document.is_visible(reader) {
            return Err(ApiError::NotFound);
        }
        Ok(Self {
            api,
            urls,
            document,
            reader,
            caller,
        })
    }
}

/// A version that the caller may know of, and who asks.
pub(crate) struct OfVersion {
    pub(crate) of: OfDocument,
    pub(crate) version: Version,
}

impl FromRequestParts<Service> for OfVersion {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let of = OfDocument::from_request_parts(parts, service).await?;
        let raw = path_parts(parts, service).await?;
        let which: Result<Which, _> = raw_part(&raw, "version").parse();
        let which = which.map_err(|error| ApiError::BadRequest(error.to_string()))?;
        let found = documents::found(&of.api.env, of.document.clone(), which, of.reader).await?;
        Ok(Self {
            of,
            version: found.version,
        })
    }
}
