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

/// Whether the service runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` when the store answers in time, else `down`.
    #[schema(value_type = String, example = "ok")]
    pub(crate) status: &'static str,
    /// The store, as this process knows it.
    pub(crate) store: StoreMeter,
}

/// What a process has asked of the store since it began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreMeter {
    /// How long a small read took just now, in milliseconds.
    #[schema(example = 4)]
    pub(crate) latency_ms: u64,
    /// Requests that read.
    #[schema(example = 1200)]
    pub(crate) reads: u64,
    /// Requests that write.
    #[schema(example = 340)]
    pub(crate) writes: u64,
    /// Requests that failed.
    #[schema(example = 0)]
    pub(crate) errors: u64,
    /// Of these, requests that were throttled.
    #[schema(example = 0)]
    pub(crate) throttles: u64,
}

/// A token, good for an hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenAnswer {
    /// The token: the user name of Basic authentication, or a Bearer token.
    #[schema(example = "imp_47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")]
    pub(crate) token: String,
}
