use serde::Serialize;
use utoipa::ToSchema;

/// What this service is and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Root {
    /// What it is.
    pub(crate) data: RootData,
    /// Where to go on.
    pub(crate) links: RootLinks,
}

/// What this service is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RootData {
    /// The version of LTD Keeper whose API this is, then Imprint's own. Clients compare its first three numbers.
    #[schema(value_type = String)]
    pub(crate) server_version: &'static str,
    /// The description of the API, for people.
    pub(crate) documentation: String,
    /// A sentence.
    #[schema(value_type = String)]
    pub(crate) message: &'static str,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RootLinks {
    /// This resource, by the name that LTD 1.x gives it.
    #[serde(rename = "self")]
    pub(crate) own: String,
    /// This resource, by the name that LTD 2.x gives it.
    pub(crate) self_url: String,
    /// Where to get a token.
    pub(crate) token: String,
    /// The products.
    pub(crate) products: String,
    /// The description of the API, for people.
    pub(crate) documentation: String,
    /// The description of the API, for programs.
    pub(crate) openapi: String,
}

/// That the service runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(value_type = String, example = "ok")]
    pub(crate) status: &'static str,
}

/// A token, good for an hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenAnswer {
    /// The token: the user name of Basic authentication, or a Bearer token.
    #[schema(example = "imp_47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")]
    pub(crate) token: String,
}
