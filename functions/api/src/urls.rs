//! The API's own URLs, as the caller sees the API.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use imprint_domain::access::UserName;
use imprint_domain::id::{BuildId, EditionId, TaskId, TokenId, WebhookId};
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};

use crate::Service;
use crate::error::ApiError;

/// Makes absolute URLs on the host that the request was sent to.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    base: String,
    authority: String,
}

impl Urls {
    fn new(scheme: &str, authority: &Authority) -> Self {
        let authority = without_default_port(scheme, authority.as_str());
        Self {
            base: format!("{scheme}://{authority}"),
            authority,
        }
    }

    /// The URL of a path that begins with a slash.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn organization(&self, slug: &OrganizationSlug) -> String {
        self.path(&format!("/v2/orgs/{slug}"))
    }

    pub(crate) fn member(&self, org: &OrganizationSlug, user: &UserName) -> String {
        format!("{}/members/{}", self.organization(org), in_path(user))
    }

    pub(crate) fn product(&self, slug: &ProductSlug) -> String {
        self.path(&format!("/products/{slug}"))
    }

    pub(crate) fn build(&self, id: BuildId) -> String {
        self.path(&format!("/builds/{id}"))
    }

    pub(crate) fn edition(&self, id: EditionId) -> String {
        self.path(&format!("/editions/{id}"))
    }

    pub(crate) fn user(&self, name: &UserName) -> String {
        self.path(&format!("/users/{}", in_path(name)))
    }

    pub(crate) fn tokens(&self, name: &UserName) -> String {
        self.path(&tokens_path(name))
    }

    pub(crate) fn token(&self, name: &UserName, id: &TokenId) -> String {
        format!("{}{id}", self.tokens(name))
    }

    pub(crate) fn task(&self, id: &TaskId) -> String {
        self.path(&format!("/queue/{id}"))
    }

    pub(crate) fn project(&self, org: &OrganizationSlug, project: &ProductSlug) -> String {
        format!("{}/projects/{project}", self.organization(org))
    }

    pub(crate) fn project_build(
        &self,
        org: &OrganizationSlug,
        project: &ProductSlug,
        build: &BuildSlug,
    ) -> String {
        format!("{}/builds/{build}", self.project(org, project))
    }

    pub(crate) fn project_edition(
        &self,
        org: &OrganizationSlug,
        project: &ProductSlug,
        edition: &EditionSlug,
    ) -> String {
        format!("{}/editions/{edition}", self.project(org, project))
    }

    /// A task by the name that it has in v2.
    pub(crate) fn task_of_project(&self, id: &TaskId) -> String {
        self.path(&format!("/v2/task/{id}"))
    }

    /// The build of a project that a v2 URL of this API names, absolute or as a path.
    pub(crate) fn parse_project_build(
        &self,
        raw: &str,
        org: &OrganizationSlug,
        project: &ProductSlug,
    ) -> Result<BuildSlug, ApiError> {
        let prefix = format!("v2/orgs/{org}/projects/{project}/builds/");
        let slug = self.own_path(raw).and_then(|path| path.strip_prefix(&prefix));
        let slug = slug.and_then(|slug| slug.trim_end_matches('/').parse().ok());
        slug.ok_or_else(|| no_build(raw))
    }

    pub(crate) fn webhook(&self, org: &OrganizationSlug, id: &WebhookId) -> String {
        self.path(&webhook_path(org, id))
    }

    pub(crate) fn deliveries(&self, org: &OrganizationSlug, id: &WebhookId) -> String {
        self.path(&deliveries_path(org, id))
    }

    /// The build that a URL of this API names, absolute or as a path.
    pub(crate) fn parse_build(&self, raw: &str) -> Result<BuildId, ApiError> {
        let number = self
            .own_path(raw)
            .and_then(|path| path.strip_prefix("builds/"))
            .map(|number| number.trim_end_matches('/'));
        let id = number.and_then(|number| {
            let id: BuildId = number.parse().ok()?;
            (id.to_string() == number).then_some(id)
        });
        id.ok_or_else(|| no_build(raw))
    }

    /// The path of a URL of this API, without its first slash.
    fn own_path<'a>(&self, raw: &'a str) -> Option<&'a str> {
        ["https", "http"]
            .into_iter()
            .find_map(|scheme| {
                let (authority, path) = raw.strip_prefix(scheme)?.strip_prefix("://")?.split_once('/')?;
                (without_default_port(scheme, authority) == self.authority).then_some(path)
            })
            .or_else(|| raw.strip_prefix('/'))
    }
}

/// The refusal of a URL that names no build.
pub(crate) fn no_build(raw: &str) -> ApiError {
    let shortened: String = raw.chars().take(200).collect();
    ApiError::BadRequest(format!("Invalid build_url: {shortened}"))
}

fn webhook_path(org: &OrganizationSlug, id: &WebhookId) -> String {
    format!("/v2/orgs/{org}/webhooks/{id}")
}

/// The path of what a webhook was told.
pub(crate) fn deliveries_path(org: &OrganizationSlug, id: &WebhookId) -> String {
    format!("{}/deliveries", webhook_path(org, id))
}

/// The path of the tokens of a user.
pub(crate) fn tokens_path(name: &UserName) -> String {
    format!("/users/{}/tokens/", in_path(name))
}

/// A user's name may have any character; what every reader of a URL leaves alone stays as it is.
fn in_path(name: &UserName) -> impl Display + use<'_> {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(name.as_str(), UNRESERVED)
}

fn without_default_port(scheme: &str, authority: &str) -> String {
    let port = if scheme == "https" { ":443" } else { ":80" };
    authority
        .strip_suffix(port)
        .unwrap_or(authority)
        .to_ascii_lowercase()
}

/// The host that a `Host` header names, unless it is none.
pub(crate) fn authority(raw: &str) -> Option<Authority> {
    let authority: Authority = raw.parse().ok()?;
    // Characters that a host and a port have; no user, and nothing that could leave its place in a URL.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    let is_host = || url::Url::parse(&format!("https://{raw}/")).is_ok();
    (!authority.host().is_empty() && raw.bytes().all(plain) && is_host()).then_some(authority)
}

/// The scheme that the caller used, when a proxy that ended his connection says so.
pub(crate) fn forwarded_scheme(headers: &HeaderMap) -> Option<&'static str> {
    match headers.get("x-forwarded-proto")?.as_bytes() {
        b"https" => Some("https"),
        b"http" => Some("http"),
        _ => None,
    }
}

impl FromRequestParts<Service> for Urls {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Service) -> Result<Self, ApiError> {
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host
            .or_else(|| parts.uri.authority().map(Authority::as_str))
            .and_then(authority);
        let host = host.ok_or_else(|| {
            ApiError::BadRequest(
                "the Host header is missing or names no host, so no URLs can be made".to_owned(),
            )
        })?;
        let scheme =
            forwarded_scheme(&parts.headers).unwrap_or(if api.config.is_local { "http" } else { "https" });
        Ok(Self::new(scheme, &host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_url_is_absolute_on_this_host_or_a_path() {
        let urls = Urls::new("https", &authority("Keeper.example.org:443").unwrap());
        assert_eq!(urls.build(BuildId(7)), "https://keeper.example.org/builds/7");
        for good in [
            "https://keeper.example.org/builds/7",
            "https://KEEPER.example.org:443/builds/7/",
            "http://keeper.example.org/builds/7",
            "/builds/7",
        ] {
            assert_eq!(urls.parse_build(good).unwrap(), BuildId(7), "{good}");
        }
        for bad in [
            "",
            "7",
            "builds/7",
            "/builds/",
            "/builds/07",
            "/builds/+7",
            "/builds/7/x",
            "/editions/7",
            "https://other.example.org/builds/7",
            "https://keeper.example.org:8443/builds/7",
            "https://keeper.example.org@evil.example/builds/7",
            "ftp://keeper.example.org/builds/7",
            "//keeper.example.org/builds/7",
            "/builds/18446744073709551616",
        ] {
            assert!(urls.parse_build(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_build_url_of_v2_names_the_project_that_it_is_given_to() {
        let urls = Urls::new("https", &authority("keeper.example.org").unwrap());
        let (org, project) = ("acme".parse().unwrap(), "alpha".parse().unwrap());
        let parse = |raw: &str| urls.parse_project_build(raw, &org, &project);
        let own = urls.project_build(&org, &project, &"b-1".parse().unwrap());
        assert_eq!(
            own,
            "https://keeper.example.org/v2/orgs/acme/projects/alpha/builds/b-1"
        );
        for good in [own.as_str(), "/v2/orgs/acme/projects/alpha/builds/b-1/"] {
            assert_eq!(parse(good).unwrap().as_str(), "b-1", "{good}");
        }
        for bad in [
            "",
            "b-1",
            "/builds/1",
            "/v2/orgs/acme/projects/alpha/builds/",
            "/v2/orgs/acme/projects/alpha/builds/b-1/x",
            "/v2/orgs/acme/projects/beta/builds/b-1",
            "/v2/orgs/other/projects/alpha/builds/b-1",
            "https://other.example.org/v2/orgs/acme/projects/alpha/builds/b-1",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_has_no_user_and_no_path() {
        for good in ["localhost", "127.0.0.1:8700", "[::1]:80", "a.example.org"] {
            assert!(authority(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "u@h",
            "h:x:y",
            "<h>",
            ":80",
            "h?x",
            "h:99999",
            "h:x",
            "xn--0",
            "1.2.3.4.5",
            "256.0.0.1",
        ] {
            assert!(authority(bad).is_none(), "{bad}");
        }
    }
}
