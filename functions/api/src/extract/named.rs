use std::fmt::Display;

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;

use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::slug::{BuildSlug, ProductSlug};

use crate::Service;
use crate::error::ApiError;
use crate::urls::Urls;

use super::{PathPart, named_part, organization_of, path_parts};

/// The product of a path, as the path names it: what belongs to it is named in the answer by the same of the two APIs.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) slug: ProductSlug,
    by: By,
    urls: Urls,
    url: String,
}

/// How the parts of a product are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// By the numbers of the first API.
    Number,
    /// By the slugs of the second.
    Slug,
}

impl Named {
    /// The URL of the product.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn edition(&self, id: EditionId, slug: impl Display) -> String {
        match self.by {
            By::Number => self.urls.edition(id),
            By::Slug => format!("{}/editions/{slug}", self.url),
        }
    }

    pub(crate) fn build(&self, id: BuildId, slug: impl Display) -> String {
        match self.by {
            By::Number => self.urls.build(id),
            By::Slug => format!("{}/builds/{slug}", self.url),
        }
    }
}

impl FromRequestParts<Service> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let urls = Urls::from_request_parts(parts, service).await?;
        let path = parts.extensions.get::<MatchedPath>().cloned();
        let path = path.as_ref().map_or("", MatchedPath::as_str);
        let raw = path_parts(parts, service).await?;
        if path.starts_with("/v2/") {
            let slug = named_part(&raw, ProductSlug::NAME)?;
            let url = urls.project(&organization_of(path, &raw)?, &slug);
            Ok(Self {
                slug,
                by: By::Slug,
                urls,
                url,
            })
        } else {
            let slug = named_part(&raw, "slug")?;
            let url = urls.product(&slug);
            Ok(Self {
                slug,
                by: By::Number,
                urls,
                url,
            })
        }
    }
}

/// The two builds of a path that are compared. Every number of a build may be a slug, too.
#[derive(Debug)]
pub(crate) struct TwoBuilds {
    pub(crate) a: BuildSlug,
    pub(crate) b: BuildSlug,
}

impl FromRequestParts<Service> for TwoBuilds {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let raw = path_parts(parts, service).await?;
        Ok(Self {
            a: named_part(&raw, "a")?,
            b: named_part(&raw, "b")?,
        })
    }
}
