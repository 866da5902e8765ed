//! Route 53, as far as Imprint needs it: the list of hosted zones, and one CNAME at a time
//! (<https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html>).
//!
//! Two requests of a REST API, signed here: its SDK has seventy operations and takes longer to compile than all of ours.

mod xml;

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use imprint_app::ports::{Clock, Dns, DnsError, Source};
use imprint_domain::dns::{Cname, Zone, ZoneId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::CONTENT_TYPE;

use crate::call::{Unusable, is_retryable_code};
use crate::http::{LazyClient, beginning};
use crate::settings::AwsSettings;

const VERSION: &str = "2013-04-01";

/// The most that Route 53 lists in one answer.
const PAGE: usize = 100;
/// An account has 500 zones unless it asked for more. A list that never ends is no list.
const MAX_PAGES: usize = 200;
/// A page of 100 zones has about 50 kB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long others may keep the answer, in seconds: what LTD's records have. Removing a record takes the same number.
const TTL: u32 = 900;

/// Route 53's API.
pub(crate) struct Route53 {
    api: String,
    /// Where signatures say that it is: it is one service for all regions of a partition.
    region: &'static str,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    client: LazyClient,
}

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Upsert,
    Delete,
}

/// An answer that is no success.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    code: String,
    message: String,
}

impl Route53 {
    pub(crate) fn new(aws: &AwsSettings, clock: Arc<dyn Clock>) -> Self {
        let (api, region) = endpoint(aws.region.as_ref());
        let api = aws.route53.as_deref().unwrap_or(api);
        Self {
            api: api.trim_end_matches('/').to_owned(),
            region,
            credentials: aws.credentials.clone(),
            clock,
            client: LazyClient::default(),
        }
    }

    async fn change(
        &self,
        action: Action,
        zone: &ZoneId,
        record: &Cname,
    ) -> Result<Result<(), Refusal>, DnsError> {
        let path = format!("hostedzone/{zone}/rrset/");
        let answer = self.call("POST", &path, xml::change(action, record, TTL)).await?;
        Ok(answer.map(|_| ()))
    }

    /// Sends a request. What is no success and may be one later is an error; every other refusal is for the caller.
    async fn call(
        &self,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<Result<String, Refusal>, DnsError> {
        let url = format!("{}/{VERSION}/{path}", self.api);
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers.push((CONTENT_TYPE.as_str(), "application/xml"));
        }
        let signature = self
            .signature(method, &url, &headers, body.as_bytes())
            .map_err(DnsError::Refused)?;
        let method = method
            .parse()
            .map_err(|error| DnsError::Refused(Source::from(error)))?;
        let client = self.client.get().map_err(|error| DnsError::Busy(error.into()))?;
        let mut request = client.request::<String>(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in signature {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|error| DnsError::Busy(error.into()))?;
        let status = answer.status();
        let body = beginning(answer, MAX_BODY_BYTES).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() {
            return Ok(Ok(body));
        }
        let (code, message) = xml::refusal(&body).unwrap_or_default();
        let refusal = Refusal {
            status: status.as_u16(),
            code,
            message,
        };
        if status.is_server_error() || status.as_u16() == 429 || is_retryable_code(&refusal.code) {
            return Err(DnsError::Busy(refusal.into_source()));
        }
        Ok(Err(refusal))
    }

    fn signature(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Source> {
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("route53")
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let request = SignableRequest::new(method, url, headers.iter().copied(), SignableBody::Bytes(body))?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(instructions.headers().map(owned).collect())
    }
}

/// The address of the API and the region of its signatures
/// (<https://docs.aws.amazon.com/general/latest/gr/r53.html>), by the partition that a region is in.
fn endpoint(region: &str) -> (&'static str, &'static str) {
    if region.starts_with("cn-") {
        ("https://route53.amazonaws.com.cn", "cn-northwest-1")
    } else if region.starts_with("us-gov-") {
        ("https://route53.us-gov.amazonaws.com", "us-gov-west-1")
    } else {
        ("https://route53.amazonaws.com", "us-east-1")
    }
}

impl Refusal {
    /// Whether a change contradicts what is there. All of it is one code; the message says the rest.
    fn is_contradiction(&self) -> bool {
        self.code == "InvalidChangeBatch"
    }

    fn into_source(self) -> Source {
        let Self {
            status,
            code,
            message,
        } = self;
        Box::new(Unusable(format!("Route 53 answered {status} {code}: {message}")))
    }
}

#[async_trait]
impl Dns for Route53 {
    async fn zones(&self) -> Result<Vec<Zone>, DnsError> {
        let mut zones = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let after = marker.map(|marker| {
                let marker = utf8_percent_encode(&marker, NON_ALPHANUMERIC);
                format!("&marker={marker}")
            });
            let path = format!("hostedzone?maxitems={PAGE}{}", after.unwrap_or_default());
            let answer = self.call("GET", &path, String::new()).await?;
            let answer = answer.map_err(|refusal| DnsError::Refused(refusal.into_source()))?;
            let page = xml::zones(&answer).map_err(|reason| DnsError::Busy(Box::new(Unusable(reason))))?;
            zones.extend(page.zones);
            match page.next {
                Some(next) => marker = Some(next),
                None => return Ok(zones),
            }
        }
        let reason = format!("Route 53 lists more than {} zones", MAX_PAGES * PAGE);
        Err(DnsError::Refused(Box::new(Unusable(reason))))
    }

    async fn put(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError> {
        let answer = self.change(Action::Upsert, zone, record).await?;
        answer.map_err(|refusal| match refusal.is_contradiction() {
            true => DnsError::Taken(refusal.into_source()),
            false => DnsError::Refused(refusal.into_source()),
        })
    }

    async fn remove(&self, zone: &ZoneId, record: &Cname) -> Result<(), DnsError> {
        match self.change(Action::Delete, zone, record).await? {
            Ok(()) => Ok(()),
            // Not found, or not with these values: the record is gone, or somebody else's by now.
            Err(refusal) if refusal.is_contradiction() => {
                tracing::info!(name = %record.name, reason = refusal.message, "there is no such record to remove");
                Ok(())
            }
            Err(refusal) => Err(DnsError::Refused(refusal.into_source())),
        }
    }
}
