//! Something that stands in for Route 53: it has zones, takes every change, and notes whose right each request is.

#![expect(
    clippy::disallowed_types,
    reason = "no client of ours reads how a stand-in refuses"
)]

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http::HeaderMap;
use imprint_local::rights::{Resource, Uses};

/// The zones, by their ids.
const ZONES: [(&str, &str); 2] = [("Z1EXAMPLE", "example.org."), ("Z2EXAMPLE", "example.net.")];

/// Running, for a stack that is told of it before it notes uses.
#[derive(Clone, Default)]
pub(super) struct Dns(Arc<OnceLock<Uses>>);

impl Dns {
    /// Starts, and says where.
    pub(super) async fn listen(&self) -> String {
        let routes = Router::new()
            .route("/2013-04-01/hostedzone", get(list))
            .route("/2013-04-01/hostedzone/{id}/rrset/", post(change))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    /// Notes there whose right a request is.
    pub(super) fn tell(&self, uses: Uses) {
        assert!(self.0.set(uses).is_ok(), "told before");
    }

    fn note(&self, headers: &HeaderMap, action: &str, resource: Resource) {
        let uses = self.0.get().unwrap();
        uses.add_signed(headers, action, resource);
    }
}

async fn list(State(dns): State<Dns>, headers: HeaderMap) -> String {
    dns.note(&headers, "route53:ListHostedZones", Resource::Everything);
    let zones = ZONES.map(|(id, name)| {
        format!(
            "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}</Name><CallerReference>{id}</CallerReference>\
             <Config><PrivateZone>false</PrivateZone></Config></HostedZone>"
        )
    });
    format!(
        "<?xml version=\"1.0\"?>\n<ListHostedZonesResponse><HostedZones>{}</HostedZones>\
         <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>",
        zones.concat()
    )
}

async fn change(
    State(dns): State<Dns>,
    Path(zone): Path<String>,
    headers: HeaderMap,
    body: String,
) -> &'static str {
    // The right is to these records and changes only.
    assert!(body.contains("<Type>CNAME</Type>"), "{body}");
    assert!(
        body.contains("<Action>UPSERT<") || body.contains("<Action>DELETE<"),
        "{body}"
    );
    dns.note(
        &headers,
        "route53:ChangeResourceRecordSets",
        Resource::HostedZone(zone),
    );
    "<ChangeResourceRecordSetsResponse/>"
}
