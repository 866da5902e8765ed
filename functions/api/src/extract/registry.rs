//! What handlers of the release registry take out of a request.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Service;
use crate::error::ApiError;
use crate::requests::registry::Json;

use super::body::{MAX_BODY, read_body};

/// The variable parts of a path, which are looked at by whoever knows what to say of a wrong one.
#[derive(Debug)]
pub(crate) struct PathNames(RawPathParams);

impl PathNames {
    /// The text that stands where the path has a name.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(found, _)| *found == name);
        found.map_or("", |(_, raw)| raw)
    }

    /// The same as what it shall be; nothing when it cannot be that.
    pub(crate) fn read<T: FromStr>(&self, name: &str) -> Option<T> {
        self.raw(name).parse().ok()
    }
}

impl FromRequestParts<Service> for PathNames {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let raw = RawPathParams::from_request_parts(parts, service).await;
        // What is no text names nothing.
        raw.map(Self).map_err(|_| ApiError::NotFound)
    }
}

/// The parameters of a query. Of repeated ones the last counts.
#[derive(Debug)]
pub(crate) struct InQuery<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Service> for InQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let last: Map<String, Value> = pairs
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect();
        let read = serde_json::from_value(Value::Object(last));
        read.map(Self)
            .map_err(|error| ApiError::Unprocessable(error.to_string()))
    }
}

/// A body of JSON, as it is written.
#[derive(Debug)]
pub(crate) struct Posted<const MAX: usize = MAX_BODY>(pub(crate) Json);

impl<const MAX: usize> FromRequest<Service> for Posted<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Service) -> Result<Self, ApiError> {
        check_type(request.headers())?;
        let bytes = read_body(request, MAX).await?;
        Json::read(&bytes).map(Self)
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("?").trim())
    };
    let full = text(header::CONTENT_TYPE).unwrap_or("application/octet-stream");
    let name = full
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let found = if name == "application/json" {
        let encoding = text(header::CONTENT_ENCODING);
        encoding
            .filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
            .map(str::to_owned)
    } else {
        Some(name)
    };
    let Some(found) = found else { return Ok(()) };
    let found: String = found.chars().take(80).collect();
    Err(ApiError::UnsupportedType(format!(
        "unsupported media type {found:?}, only [application/json] are allowed"
    )))
}

/// Where a request came from, as far as the gateway says. It is counted and never stored.
#[derive(Debug)]
pub(crate) struct Source(pub(crate) Option<String>);

impl FromRequestParts<Service> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        let address = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            Some(_) | None => None,
        };
        Ok(Self(
            address
                .filter(|address| !address.is_empty())
                .map(|address| network_of(&address)),
        ))
    }
}

/// An address, or the network that one subscriber has: with IPv6 that is a whole one of addresses.
fn network_of(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_address_or_the_network_of_a_subscriber() {
        for (address, source) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(network_of(address), source);
        }
    }
}
