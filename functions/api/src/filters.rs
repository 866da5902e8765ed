//! What a list may be narrowed down to. Each filter works on what a page of the store holds, so it costs no more than the
//! pages that are looked at.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::git::{GitRef, GitRefs};
use imprint_domain::kind::Kind;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;
use imprint_domain::text::Title;

use crate::Service;
use crate::error::ApiError;
use crate::extract::query;

/// A checked wish.
pub(crate) trait Filter {
    /// The same wish as parameters of the next page.
    fn parameters(&self) -> Vec<(&'static str, String)>;
}

/// Which products to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductParams {
    /// Only those whose slug or title contains this, upper or lower case. A page may have fewer items than its limit.
    #[param(max_length = 255, example = "handbook")]
    q: Option<String>,
}

/// Which builds to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BuildParams {
    /// Only those that were built from this ref. A page may have fewer items than its limit.
    #[param(max_length = 256, example = "main")]
    git_ref: Option<String>,
    /// `true` for those whose upload was confirmed, `false` for the others.
    #[param(value_type = Option<bool>)]
    uploaded: Option<String>,
    /// `true` for deleted ones, too.
    #[param(value_type = Option<bool>)]
    ended: Option<String>,
}

/// Which editions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EditionParams {
    /// Only those that track this ref.
    #[param(max_length = 256, example = "main")]
    git_ref: Option<String>,
    /// Only those that are this to readers: `main`, `release`, `draft`, `major`, `minor` or `alternate`.
    #[param(example = "release")]
    kind: Option<String>,
    /// `true` for deleted ones, too.
    #[param(value_type = Option<bool>)]
    ended: Option<String>,
}

/// Which products a caller wants.
#[derive(Debug)]
pub(crate) struct ProductFilter {
    /// In lower case.
    text: Option<String>,
}

/// Which builds a caller wants.
#[derive(Debug)]
pub(crate) struct BuildFilter {
    git_ref: Option<GitRef>,
    uploaded: Option<bool>,
    ended: Ended,
}

/// Which editions a caller wants.
#[derive(Debug)]
pub(crate) struct EditionFilter {
    git_ref: Option<GitRef>,
    kind: Option<Kind>,
    ended: Ended,
}

/// Whether deleted things are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Included,
    LeftOut,
}

impl ProductParams {
    fn check(self) -> Result<ProductFilter, ApiError> {
        let text: Option<Title> = parsed("q", self.q)?;
        Ok(ProductFilter {
            text: text.map(|text| text.as_str().to_lowercase()),
        })
    }
}

impl BuildParams {
    fn check(self) -> Result<BuildFilter, ApiError> {
        Ok(BuildFilter {
            git_ref: parsed("git_ref", self.git_ref)?,
            uploaded: flag("uploaded", self.uploaded.as_deref())?,
            ended: ended(self.ended.as_deref())?,
        })
    }
}

impl EditionParams {
    fn check(self) -> Result<EditionFilter, ApiError> {
        Ok(EditionFilter {
            git_ref: parsed("git_ref", self.git_ref)?,
            kind: parsed("kind", self.kind)?,
            ended: ended(self.ended.as_deref())?,
        })
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    raw: Option<String>,
) -> Result<Option<T>, ApiError> {
    let parse = |raw: String| raw.parse();
    let raw = raw.filter(|raw| !raw.is_empty());
    let parsed: Result<Option<T>, T::Err> = raw.map(parse).transpose();
    parsed.map_err(|error| ApiError::BadRequest(format!("{name}: {error}")))
}

fn flag(name: &str, raw: Option<&str>) -> Result<Option<bool>, ApiError> {
    match raw {
        None | Some("") => Ok(None),
        Some("1" | "true") => Ok(Some(true)),
        Some("0" | "false") => Ok(Some(false)),
        Some(_) => Err(ApiError::BadRequest(format!("{name} must be true or false"))),
    }
}

fn ended(raw: Option<&str>) -> Result<Ended, ApiError> {
    Ok(match flag("ended", raw)? {
        Some(true) => Ended::Included,
        Some(false) | None => Ended::LeftOut,
    })
}

impl ProductFilter {
    pub(crate) fn admits(&self, product: &Product) -> bool {
        self.text.as_ref().is_none_or(|text| {
            product.slug.as_str().contains(text) || product.title.as_str().to_lowercase().contains(text)
        })
    }
}

impl BuildFilter {
    pub(crate) fn admits(&self, build: &Build) -> bool {
        let uploaded = self
            .uploaded
            .is_none_or(|uploaded| build.is_uploaded() == uploaded);
        uploaded
            && self.ended.admits(build.ended_at().is_some())
            && has(self.git_ref.as_ref(), Some(&build.git_refs))
    }
}

impl EditionFilter {
    pub(crate) fn admits(&self, organization: &Organization, edition: &Edition) -> bool {
        let tracking = &edition.tracking;
        let shown = tracking.refs.as_ref().filter(|_| tracking.mode.shows_refs());
        let is_kind = |kind| edition.kind_in(organization) == kind;
        self.ended.admits(edition.ended_at.is_some())
            && self.kind.is_none_or(is_kind)
            && has(self.git_ref.as_ref(), shown)
    }
}

impl Ended {
    fn admits(self, is_ended: bool) -> bool {
        match self {
            Self::Included => true,
            Self::LeftOut => !is_ended,
        }
    }

    fn parameter(self) -> Option<(&'static str, String)> {
        match self {
            Self::Included => Some(("ended", "true".to_owned())),
            Self::LeftOut => None,
        }
    }
}

fn has(wanted: Option<&GitRef>, refs: Option<&GitRefs>) -> bool {
    wanted.is_none_or(|wanted| refs.is_some_and(|refs| refs.iter().any(|one| one == wanted)))
}

impl Filter for ProductFilter {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        self.text.iter().map(|text| ("q", text.clone())).collect()
    }
}

impl Filter for BuildFilter {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let git_ref = self.git_ref.as_ref().map(|one| ("git_ref", one.to_string()));
        let uploaded = self.uploaded.map(|uploaded| ("uploaded", uploaded.to_string()));
        [git_ref, uploaded, self.ended.parameter()]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Filter for EditionFilter {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let git_ref = self.git_ref.as_ref().map(|one| ("git_ref", one.to_string()));
        let kind = self.kind.map(|kind| ("kind", kind.name().to_owned()));
        [git_ref, kind, self.ended.parameter()]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl FromRequestParts<Service> for ProductFilter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        query::<ProductParams>(parts, service).await?.check()
    }
}

impl FromRequestParts<Service> for BuildFilter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        query::<BuildParams>(parts, service).await?.check()
    }
}

impl FromRequestParts<Service> for EditionFilter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        query::<EditionParams>(parts, service).await?.check()
    }
}
