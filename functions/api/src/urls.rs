//! The API's own URLs, as the caller sees the API.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use imprint_domain::access::UserName;
use imprint_domain::id::{BuildId, EditionId, TaskId, TokenId};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};

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

    /// The build that a URL of this API names, absolute or as a path.
    pub(crate) fn parse_build(&self, raw: &str) -> Result<BuildId, ApiError> {
        let path = ["https", "http"]
            .into_iter()
            .find_map(|scheme| {
                let (authority, path) = raw.strip_prefix(scheme)?.strip_prefix("://")?.split_once('/')?;
                (without_default_port(scheme, authority) == self.authority).then_some(path)
            })
            .or_else(|| raw.strip_prefix('/'));
        let number = path
            .and_then(|path| path.strip_prefix("builds/"))
            .map(|number| number.trim_end_matches('/'));
        let id = number.and_then(|number| {
            let id: BuildId = number.parse().ok()?;
            (id.to_string() == number).then_some(id)
        });
        let shortened = || raw.chars().take(200).collect::<String>();
        id.ok_or_else(|| ApiError::BadRequest(format!("Invalid build_url: {}", shortened())))
    }
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
