//! Route 53 against a stand-in of its XML API on a loopback port.

#![expect(
    clippy::disallowed_types,
    reason = "no client of ours reads how a stand-in refuses"
)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use imprint_app::ports::{Dns, DnsError};
use imprint_aws::{SystemClock, connect};
use imprint_domain::dns::{Cname, DomainName, Visibility, Zone, ZoneId};
use imprint_testing::conformance;
use imprint_testing::conformance::dns::Backstage;
use imprint_testing::memory::DnsRefusal;
use imprint_testing::samples::parsed;
use tokio::task::JoinHandle;

/// What a name is: the value of a CNAME, or something else.
type Records = BTreeMap<(String, String), Option<String>>;
type Answer = (StatusCode, String);

#[derive(Default)]
struct Recorded {
    zones: Vec<Zone>,
    records: Records,
    refusals: VecDeque<DnsRefusal>,
    /// The most zones in an answer, whatever was asked for.
    page: usize,
    requests: Vec<String>,
    signed: Vec<String>,
}

#[derive(Clone, Default)]
struct StandIn(Arc<Mutex<Recorded>>);

struct Route53 {
    standin: StandIn,
    dns: Arc<dyn Dns>,
    serving: JoinHandle<()>,
}

impl Drop for Route53 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl StandIn {
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }

    /// Notes a request and says no to it, if that was planned.
    fn admit(&self, what: String, headers: &HeaderMap) -> Result<(), Answer> {
        let mut recorded = self.recorded();
        recorded.requests.push(what);
        let signature = headers["authorization"].to_str().unwrap().to_owned();
        recorded.signed.push(signature);
        match recorded.refusals.pop_front() {
            None => Ok(()),
            Some(DnsRefusal::Throttled) => Err(refusal(400, "Throttling", "Rate exceeded")),
            Some(DnsRefusal::PriorRequest) => Err(refusal(
                400,
                "PriorRequestNotComplete",
                "The request was rejected because Route 53 was still processing a prior request.",
            )),
            Some(DnsRefusal::Denied) => Err(refusal(
                403,
                "AccessDenied",
                "it is not authorized to perform this",
            )),
        }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></ErrorResponse>"
    );
    (StatusCode::from_u16(status).unwrap(), body)
}

fn contradiction(message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages>\
         <Message>{message}</Message></Messages></InvalidChangeBatch>"
    );
    (StatusCode::BAD_REQUEST, body)
}

async fn list(
    State(standin): State<StandIn>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Answer {
    if let Err(refused) = standin.admit("ListHostedZones".to_owned(), &headers) {
        return refused;
    }
    let recorded = standin.recorded();
    let first = match query.get("marker") {
        None => 0,
        Some(marker) => match recorded.zones.iter().position(|zone| zone.id.as_str() == marker) {
            Some(at) => at,
            None => return refusal(400, "InvalidInput", "unknown marker"),
        },
    };
    let asked: usize = query["maxitems"].parse().unwrap();
    let page = asked.min(recorded.page);
    let zones: String = recorded.zones.iter().skip(first).take(page).map(listed).collect();
    let next = match recorded.zones.get(first + page) {
        Some(next) => format!(
            "<IsTruncated>true</IsTruncated><NextMarker>{}</NextMarker>",
            next.id
        ),
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    let body = format!(
        "<?xml version=\"1.0\"?>\n<ListHostedZonesResponse \
         xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HostedZones>{zones}</HostedZones>{next}\
         <MaxItems>{asked}</MaxItems></ListHostedZonesResponse>"
    );
    (StatusCode::OK, body)
}

fn listed(zone: &Zone) -> String {
    format!(
        "<HostedZone><Id>/hostedzone/{}</Id><Name>{}.</Name><CallerReference>r</CallerReference><Config>\
         <Comment>&lt;none&gt;</Comment><PrivateZone>{}</PrivateZone></Config>\
         <ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone>",
        zone.id,
        zone.name,
        zone.visibility == Visibility::Private
    )
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap();
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

async fn change(
    State(standin): State<StandIn>,
    Path(zone): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    let action = between(&body, "Action");
    let name = between(&body, "Name").trim_end_matches('.').to_owned();
    let value = between(&body, "Value").to_owned();
    assert_eq!((between(&body, "Type"), between(&body, "TTL")), ("CNAME", "900"));
    if let Err(refused) = standin.admit(format!("{action} {name}"), &headers) {
        return refused;
    }
    let mut recorded = standin.recorded();
    if !recorded.zones.iter().any(|known| known.id.as_str() == zone) {
        return refusal(404, "NoSuchHostedZone", "No hosted zone found");
    }
    let key = (zone, name.clone());
    let there = recorded.records.get(&key).cloned();
    match (action, there) {
        ("UPSERT", Some(None)) => {
            return contradiction(&format!(
                "RRSet of type CNAME with DNS name {name}. is not permitted as it conflicts with other records with \
                 the same DNS name in zone example.org."
            ));
        }
        ("UPSERT", _) => {
            recorded.records.insert(key, Some(value));
        }
        ("DELETE", Some(Some(there))) if there == value => {
            recorded.records.remove(&key);
        }
        ("DELETE", Some(Some(_))) => {
            return contradiction(
                "Tried to delete resource record set but the values provided do not match the current values",
            );
        }
        ("DELETE", _) => {
            return contradiction("Tried to delete resource record set but it was not found");
        }
        _ => return refusal(400, "InvalidInput", "unknown action"),
    }
    (StatusCode::OK, "<ChangeResourceRecordSetsResponse/>".to_owned())
}

async fn start() -> Route53 {
    let standin = StandIn::default();
    standin.recorded().page = 100;
    let routes = Router::new()
        .route("/2013-04-01/hostedzone", get(list))
        .route("/2013-04-01/hostedzone/{id}/rrset/", post(change))
        .with_state(standin.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Route53 {
        standin,
        dns: adapter(&url, "eu-central-1").unwrap(),
        serving,
    }
}

/// The adapter as a function has it.
fn adapter(url: &str, region: &str) -> Option<Arc<dyn Dns>> {
    let variables = [
        ("IMPRINT_STAGE", "local"),
        ("IMPRINT_TABLE", "catalog"),
        ("IMPRINT_BUCKET", "docs"),
        ("IMPRINT_DOMAIN", "example.org"),
        ("IMPRINT_DNS", "route53"),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", "a-key"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-may-see"),
        ("AWS_SESSION_TOKEN", "a-token"),
        ("AWS_ENDPOINT_URL_ROUTE_53", url),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let tenants = connect(&variables.into(), Arc::new(SystemClock)).unwrap();
    tenants.of_installation().dns
}

#[async_trait]
impl Backstage for StandIn {
    async fn add_zone(&self, zone: Zone) {
        self.recorded().zones.push(zone);
    }

    async fn occupy(&self, zone: &ZoneId, name: &DomainName) {
        let key = (zone.to_string(), name.to_string());
        self.recorded().records.insert(key, None);
    }

    async fn target(&self, zone: &ZoneId, name: &DomainName) -> Option<DomainName> {
        let key = (zone.to_string(), name.to_string());
        self.recorded()
            .records
            .get(&key)
            .cloned()
            .flatten()
            .map(|target| parsed(&target))
    }

    async fn refuse_next(&self, refusal: DnsRefusal) {
        self.recorded().refusals.push_back(refusal);
    }
}

fn record() -> Cname {
    Cname {
        name: parsed("pipelines.example.org"),
        target: parsed("cdn.example.net"),
    }
}

#[tokio::test]
async fn route_53_is_a_dns() {
    for page in [100, 7] {
        let route53 = start().await;
        route53.standin.recorded().page = page;
        conformance::dns::run(&*route53.dns, &route53.standin).await;
    }
}

#[tokio::test]
async fn each_call_is_one_request_a_page_and_signed_for_the_one_region() {
    let route53 = start().await;
    for n in 0..101 {
        route53.standin.recorded().zones.push(Zone {
            id: parsed(&format!("Z{n}")),
            name: parsed("example.org"),
            visibility: Visibility::Public,
        });
    }
    assert_eq!(route53.dns.zones().await.unwrap().len(), 101);
    route53.dns.put(&parsed("Z1"), &record()).await.unwrap();
    route53.dns.remove(&parsed("Z1"), &record()).await.unwrap();
    let recorded = route53.standin.recorded();
    let expected = [
        "ListHostedZones",
        "ListHostedZones",
        "UPSERT pipelines.example.org",
        "DELETE pipelines.example.org",
    ];
    assert_eq!(recorded.requests, expected);
    for signature in &recorded.signed {
        assert!(
            signature.starts_with("AWS4-HMAC-SHA256 Credential=a-key/"),
            "{signature}"
        );
        assert!(
            signature.contains("/us-east-1/route53/aws4_request"),
            "{signature}"
        );
        assert!(
            signature.contains("host;x-amz-date;x-amz-security-token"),
            "{signature}"
        );
    }
}

#[tokio::test]
async fn a_refusal_says_what_route_53_said_and_no_secret() {
    let route53 = start().await;
    let zone: ZoneId = parsed("Z1");
    route53
        .standin
        .add_zone(Zone {
            id: zone.clone(),
            name: parsed("example.org"),
            visibility: Visibility::Public,
        })
        .await;
    route53.standin.occupy(&zone, &record().name).await;
    let taken = route53.dns.put(&zone, &record()).await.unwrap_err();
    let said = format!("{taken:?}");
    assert!(
        said.contains("conflicts with other records with the same DNS name"),
        "{said}"
    );
    route53.standin.refuse_next(DnsRefusal::Denied).await;
    let denied = route53.dns.zones().await.unwrap_err();
    let said = format!("{said} {denied:?}");
    assert!(said.contains("403 AccessDenied"), "{said}");
    assert!(!said.contains("a-secret") && !said.contains("a-token"), "{said}");
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_ends() {
    let route53 = start().await;
    let zone = Zone {
        id: parsed("Z1"),
        name: parsed("example.org"),
        visibility: Visibility::Public,
    };
    // The page after the first begins with the same id.
    route53.standin.recorded().zones = vec![zone.clone(), zone];
    route53.standin.recorded().page = 1;
    let endless = route53.dns.zones().await;
    assert!(matches!(endless, Err(DnsError::Refused(_))), "{endless:?}");
    assert!(route53.standin.recorded().requests.len() <= 200);
}

#[tokio::test]
async fn nobody_there_is_busy_and_off_is_off() {
    let nowhere = adapter("http://127.0.0.1:9", "eu-central-1").unwrap();
    let error = nowhere.zones().await.unwrap_err();
    assert!(matches!(error, DnsError::Busy(_)), "{error:?}");
    let stack = crate::stack::Stack::start().await;
    assert!(stack.env.dns.is_none());
}
