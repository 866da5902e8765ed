//! The settings that a program starts with, parsed from its variables.

mod bootstrap;
mod doctor;
mod queues;
mod variables;

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::{AppName, Region};
use imprint_app::ports::PurgeMode;
use imprint_app::seal::SealingKey;
use imprint_domain::id::Revision;
use imprint_domain::organization::{Layout, Organization, Policy};
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::text::WebUrl;
use imprint_domain::webhook::{ApiAddress, Reach};
use jiff::Timestamp;
use reqwest::header::{HeaderValue, InvalidHeaderValue};

pub use bootstrap::bootstrap;
pub use doctor::{DoctorAuth, doctor_auth};
pub(crate) use queues::Queues;
pub use variables::ConfigError;
use variables::Variables;

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// One machine, one person: well-known passwords are welcome.
    Local,
    /// Deployed, for trying things out.
    Dev,
    /// Deployed, for readers.
    Prod,
}

/// Who takes care of products' names in the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Somebody else: a wildcard record, or people.
    Elsewhere,
    /// Imprint, in the hosted zones of this AWS account.
    Route53,
}

/// How to reach the CDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FastlySettings {
    /// The API's address without a final slash.
    pub(crate) api: String,
    /// The API token, marked as sensitive, so that printing it shows nothing.
    pub(crate) key: Option<HeaderValue>,
    pub(crate) mode: PurgeMode,
}

impl FastlySettings {
    /// The same with the API token of an organization's own service. One that no header can hold is none.
    pub(crate) fn with_key(&self, key: Option<&str>) -> Self {
        let own = key.and_then(|key| secret_header(key).ok());
        Self {
            key: if key.is_some() { own } else { self.key.clone() },
            ..self.clone()
        }
    }
}

fn secret_header(raw: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(raw)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where AWS is and who we are to it.
#[derive(Debug, Clone)]
pub(crate) struct AwsSettings {
    pub(crate) region: Region,
    pub(crate) credentials: Credentials,
    pub(crate) app: Option<AppName>,
    pub(crate) s3: Option<String>,
    pub(crate) dynamodb: Option<String>,
    pub(crate) sqs: Option<String>,
    pub(crate) route53: Option<String>,
}

/// Everything the adapters need.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How far webhooks may reach.
    pub(crate) reach: Reach,
    pub(crate) table: String,
    /// The default organization.
    pub(crate) organization: Organization,
    pub(crate) sealing: SealingKey,
    pub(crate) queues: Queues,
    pub(crate) fastly: FastlySettings,
    pub(crate) naming: Naming,
    pub(crate) aws: AwsSettings,
}

impl Settings {
    pub(crate) fn read(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let variables = Variables(variables);
        let reach = match stage(variables)? {
            Stage::Local => Reach::Everywhere,
            Stage::Dev | Stage::Prod => Reach::Public,
        };
        Ok(Self {
            reach,
            table: variables
                .needed("IMPRINT_TABLE", "the name of the DynamoDB table")?
                .to_owned(),
            organization: organization(variables)?,
            sealing: sealing(variables)?,
            queues: Queues::read(variables)?,
            fastly: fastly(variables)?,
            naming: variables.one_of(
                "IMPRINT_DNS",
                &[("none", Naming::Elsewhere), ("route53", Naming::Route53)],
                Naming::Elsewhere,
            )?,
            aws: aws(variables)?,
        })
    }
}

/// Where the API is, for the bodies of webhooks.
///
/// # Errors
/// When it is not said, or is no address.
pub fn api_address(variables: &BTreeMap<String, String>) -> Result<ApiAddress, ConfigError> {
    const VARIABLE: &str = "IMPRINT_API_URL";
    const SHOULD_BE: &str = "the address of the API, such as https://keeper.example.org";
    let raw = Variables(variables).needed(VARIABLE, SHOULD_BE)?;
    raw.parse()
        .map_err(|_| ConfigError::bad(VARIABLE, raw, SHOULD_BE))
}

fn stage(variables: Variables<'_>) -> Result<Stage, ConfigError> {
    let stages = [
        ("local", Stage::Local),
        ("dev", Stage::Dev),
        ("prod", Stage::Prod),
    ];
    variables.needed("IMPRINT_STAGE", "local, dev or prod")?;
    variables.one_of("IMPRINT_STAGE", &stages, Stage::Prod)
}

fn organization(variables: Variables<'_>) -> Result<Organization, ConfigError> {
    const DOMAIN: &str = "a domain without scheme and path, such as docs.example.org";
    const PREFIX: &str = "empty, or a path that starts with a slash, such as /docs";
    let domain = variables.needed("IMPRINT_DOMAIN", DOMAIN)?;
    if domain.contains(|c: char| c == '/' || c == '@' || c.is_whitespace() || c.is_control()) {
        return Err(ConfigError::bad("IMPRINT_DOMAIN", domain, DOMAIN));
    }
    let prefix = variables
        .get("IMPRINT_PATH_PREFIX")
        .unwrap_or("")
        .trim_end_matches('/');
    if !prefix.is_empty() && !prefix.starts_with('/') {
        return Err(ConfigError::bad("IMPRINT_PATH_PREFIX", prefix, PREFIX));
    }
    let layouts = [("subdomain", Layout::Subdomain), ("path", Layout::Path)];
    let edition = variables.get("IMPRINT_DEFAULT_EDITION").unwrap_or("main");
    Ok(Organization {
        slug: OrganizationSlug::default(),
        title: domain
            .parse()
            .map_err(|_| ConfigError::bad("IMPRINT_DOMAIN", domain, DOMAIN))?,
        layout: variables.one_of("IMPRINT_LAYOUT", &layouts, Layout::Subdomain)?,
        domain: domain.to_owned(),
        path_prefix: prefix.to_owned(),
        scheme: variables
            .one_of(
                "IMPRINT_DOCS_SCHEME",
                &[("https", "https"), ("http", "http")],
                "https",
            )?
            .to_owned(),
        bucket: variables
            .needed("IMPRINT_BUCKET", "the name of the S3 bucket")?
            .to_owned(),
        fastly_domain: variables.get("IMPRINT_FASTLY_DOMAIN").unwrap_or("").to_owned(),
        fastly_service: variables.get("IMPRINT_FASTLY_SERVICE").map(str::to_owned),
        // The installation's own key is not stored.
        fastly_key: None,
        ticket_url: ticket_url(variables)?,
        default_edition: edition.parse().map_err(|_| {
            ConfigError::bad(
                "IMPRINT_DEFAULT_EDITION",
                edition,
                "an edition's slug, such as main or __main",
            )
        })?,
        created_at: Timestamp::UNIX_EPOCH,
        policy: Policy::default(),
        revision: Revision::NEW,
    })
}

/// A shorter text can be guessed, and with it every secret of every organization.
const MIN_SEALING_KEY: usize = 32;

/// What a local stack seals with: nothing on it is a secret.
const LOCAL_SEALING_KEY: &str = "the sealing key of every local stack";

fn sealing(variables: Variables<'_>) -> Result<SealingKey, ConfigError> {
    const VARIABLE: &str = "IMPRINT_SEALING_KEY";
    let given = match (variables.get(VARIABLE), stage(variables)?) {
        (None, Stage::Local) => LOCAL_SEALING_KEY,
        (_, _) => variables.needed(VARIABLE, "a random text of at least 32 characters")?,
    };
    if given.len() < MIN_SEALING_KEY {
        let sentence = format!("should be a random text of at least {MIN_SEALING_KEY} characters");
        return Err(ConfigError::refused(VARIABLE, sentence));
    }
    Ok(SealingKey::of(given))
}

fn ticket_url(variables: Variables<'_>) -> Result<Option<WebUrl>, ConfigError> {
    const VARIABLE: &str = "IMPRINT_TICKET_URL";
    const SHOULD_BE: &str = "an http or https address that a ticket's key is put behind, such as \
                             https://example.atlassian.net/browse/";
    let raw = variables.get(VARIABLE);
    raw.map(|raw| {
        raw.parse()
            .map_err(|_| ConfigError::bad(VARIABLE, raw, SHOULD_BE))
    })
    .transpose()
}

fn fastly(variables: Variables<'_>) -> Result<FastlySettings, ConfigError> {
    let key = match variables.get("IMPRINT_FASTLY_KEY") {
        None => None,
        Some(raw) => {
            let key = secret_header(raw).map_err(|_| {
                ConfigError::refused(
                    "IMPRINT_FASTLY_KEY",
                    "should be an API token of Fastly, in one line",
                )
            })?;
            Some(key)
        }
    };
    let api = variables.url("IMPRINT_FASTLY_API")?;
    let api = api.unwrap_or_else(|| "https://api.fastly.com".to_owned());
    let modes = [("soft", PurgeMode::Soft), ("hard", PurgeMode::Hard)];
    Ok(FastlySettings {
        api: api.trim_end_matches('/').to_owned(),
        key,
        mode: variables.one_of("IMPRINT_PURGE", &modes, PurgeMode::Soft)?,
    })
}

/// Lambda gives each sandbox credentials in its environment that outlive it, so nothing has to be asked for them.
fn aws(variables: Variables<'_>) -> Result<AwsSettings, ConfigError> {
    const KEYS: &str = "set, as Lambda does";
    let region = variables.needed("AWS_REGION", "the region, such as eu-central-1")?;
    let credentials = Credentials::new(
        variables.needed("AWS_ACCESS_KEY_ID", KEYS)?,
        variables.needed("AWS_SECRET_ACCESS_KEY", KEYS)?,
        variables.get("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    Ok(AwsSettings {
        region: Region::new(region.to_owned()),
        credentials,
        app: variables.get("AWS_LAMBDA_FUNCTION_NAME").map(app_name),
        s3: variables.url("AWS_ENDPOINT_URL_S3")?,
        dynamodb: variables.url("AWS_ENDPOINT_URL_DYNAMODB")?,
        sqs: variables.url("AWS_ENDPOINT_URL_SQS")?,
        route53: variables.url("AWS_ENDPOINT_URL_ROUTE_53")?,
    })
}

/// The function's name as each request carries it. What a user agent cannot hold becomes a hyphen.
fn app_name(function: &str) -> AppName {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let name: String = function
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .collect();
    AppName::new(name).expect("other characters were replaced")
}

#[cfg(test)]
mod tests;
