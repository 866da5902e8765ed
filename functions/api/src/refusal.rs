//! The bodies of refusals: in the form of LTD, or in that of the release registry. The path says which.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderValue, Method, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access;
use crate::delivery;
use crate::error::ApiError;
use crate::resources::{ProblemResource, RenderingErrorResource};

/// Who wrote the API that a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// LTD Keeper, and what Imprint added to it.
    Keeper,
    /// Deis Workflow Manager: the release registry.
    Registry,
}

/// The body of every answer that is no success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What kind of error it is.
    #[schema(value_type = String)]
    pub(crate) error: &'static str,
    /// A sentence for people: what is wrong, and what to do where that is not plain.
    pub(crate) message: String,
    /// Everything that is wrong with what a document shall say; only where it is refused for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) problems: Option<Vec<ProblemResource>>,
    /// Why a document could not be rendered; only where there is nothing to show for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) rendering: Option<RenderingErrorResource>,
}

impl ErrorBody {
    /// The body of a refusal with a sentence.
    pub(crate) fn new(error: &ApiError, message: String) -> Self {
        let (status, word) = error.kind();
        let (problems, rendering) = match error {
            ApiError::Problems(_, problems) => {
                (Some(problems.iter().map(ProblemResource::new).collect()), None)
            }
            ApiError::Unrendered(error) => (None, Some(RenderingErrorResource::new(error))),
            _ => (None, None),
        };
        Self {
            status: status.as_u16(),
            error: word,
            message,
            problems,
            rendering,
        }
    }
}

/// The body of every answer of the release registry that is no success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistryError)]
pub(crate) struct RegistryErrorBody {
    /// The HTTP status.
    pub(crate) code: u16,
    /// What is wrong.
    pub(crate) message: String,
}

impl Form {
    /// The form of a path, whether or not anything is there.
    pub(crate) fn of(path: &str) -> Self {
        let mut parts = path.split('/').skip(1);
        let registry = match parts.next() {
            Some("ping" | "swagger.json" | "v3" | "v4") => true,
            Some("v2") => match parts.next() {
                Some("versions" | "clusters") => true,
                // The page of an organization's registry, which has nothing below, is one of ours.
                Some("orgs") => {
                    parts.nth(1) == Some("registry") && parts.next().is_some_and(|part| !part.is_empty())
                }
                Some(_) | None => false,
            },
            Some(_) | None => false,
        };
        if registry { Self::Registry } else { Self::Keeper }
    }
}

/// A request as far as a refusal repeats it.
pub(crate) struct Asked {
    /// The request's name.
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    matched: Option<MatchedPath>,
}

impl Asked {
    pub(crate) fn of(request: &Request, id: String) -> Self {
        Self {
            id,
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            matched: request.extensions().get::<MatchedPath>().cloned(),
        }
    }

    /// Gives a refusal its body.
    pub(crate) fn refuse(&self, error: &ApiError, mut response: Response) -> Response {
        let message = self.named(error, error.sentence());
        let (status, _) = error.kind();
        let body = match Form::of(&self.path) {
            Form::Keeper => delivery::json(status, &ErrorBody::new(error, message)),
            Form::Registry => {
                let message = self.of_registry(error, &mut response).unwrap_or(message);
                let code = status.as_u16();
                delivery::json(status, &RegistryErrorBody { code, message })
            }
        };
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        let (body_parts, body) = body.into_parts();
        parts.headers.extend(body_parts.headers);
        Response::from_parts(parts, body)
    }

    /// With the request's name where the failure is ours, so that whoever reports it can be helped.
    fn named(&self, error: &ApiError, sentence: &str) -> String {
        match error.trouble() {
            Some(_) => format!("{sentence} (request {})", self.id),
            None => sentence.to_owned(),
        }
    }

    /// The registry's own sentences about paths and methods.
    fn of_registry(&self, error: &ApiError, response: &mut Response) -> Option<String> {
        match error {
            ApiError::NotFound => Some(format!("path {} was not found", self.path)),
            ApiError::MethodNotAllowed => {
                let methods = access::methods_of(self.matched.as_ref().map_or("", MatchedPath::as_str));
                let methods: Vec<&str> = methods.map(Method::as_str).collect();
                let methods = methods.join(",");
                // Otherwise the router adds its own, with HEAD.
                if let Ok(allow) = HeaderValue::from_str(&methods) {
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                Some(format!(
                    "method {} is not allowed, but [{methods}] are",
                    self.method
                ))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d24_the_path_says_whose_form_a_refusal_has() {
        for path in [
            "/ping",
            "/swagger.json",
            "/v3",
            "/v3/",
            "/v3/nope",
            "/v4/versions",
            "/v2/versions/latest",
            "/v2/clusters",
            "/v2/orgs/acme/registry/v4",
            "/v2/orgs/acme/registry/v3/nope",
            "/ping/",
        ] {
            assert_eq!(Form::of(path), Form::Registry, "{path}");
        }
        for path in [
            "",
            "/",
            "/products/",
            "/v2",
            "/v2/orgs",
            "/v2/orgs/registry",
            "/v2/orgs/acme/projects/registry",
            "/v2/task/x",
            "/v33",
            "/products/v3",
            "/pingx",
            "/registry",
            "/v2/orgs/acme/registry",
            "/v2/orgs/acme/registry/",
        ] {
            assert_eq!(Form::of(path), Form::Keeper, "{path}");
        }
    }
}
