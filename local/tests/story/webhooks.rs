//! A receiver on this machine is told over HTTP, checks who tells it, and is down for a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use imprint_domain::id::EventId;
use imprint_domain::webhook::{Secret, signature_header};
use imprint_local::demo::{Site, text};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{Story, until};

/// What it was told, and whether it takes it.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    told: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    is_down: Arc<AtomicBool>,
}

impl Receiver {
    pub(crate) async fn listen(&self) -> String {
        let routes = Router::new().route("/hook", post(hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    fn told(&self) -> Vec<(HeaderMap, String)> {
        self.told.lock().unwrap().clone()
    }
}

async fn hear(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    receiver.told.lock().unwrap().push((headers, body));
    if receiver.is_down.load(Ordering::Relaxed) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}

/// As the libraries of Standard Webhooks verify it.
fn verified((headers, body): &(HeaderMap, String), secret: &str) -> Value {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let secret: Secret = secret.parse().unwrap();
    let id: EventId = header("webhook-id").parse().unwrap();
    let at = Timestamp::from_second(header("webhook-timestamp").parse().unwrap()).unwrap();
    assert_eq!(
        header("webhook-signature"),
        signature_header([&secret], &id, at, body)
    );
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_told_by_signed_requests_and_can_have_them_again() {
    let story = Story::begin().await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    let hooks = "/v2/orgs/default/webhooks";
    let wanted = json!({"url": url, "format": "ltd"});
    let (status, hook) = story
        .client
        .send(Method::POST, hooks, Some(wanted))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CREATED, "{hook}");
    let (own, secret) = (text(&hook, "self_url").unwrap(), text(&hook, "secret").unwrap());

    story.product("handbook").await;
    let site = Site::from([("index.html", "<h1>Handbook</h1>")]);
    story.publish("handbook", &site).await;
    until("it is told", || async { !receiver.told().is_empty() }).await;
    let told = verified(&receiver.told()[0], secret);
    assert_eq!(told["event_type"], "edition.updated");
    let edition = story.main_edition("handbook").await;
    assert_eq!(told["edition"]["url"], edition["self_url"]);
    assert_eq!(told["edition"]["build_url"], edition["build_url"]);
    assert_eq!(told["edition"]["published_url"], edition["published_url"]);

    story.quiesce().await;
    let deliveries = format!("{own}/deliveries");
    let listed = story.client.read(&deliveries).await.unwrap();
    let log = &listed[0];
    assert_eq!(
        (&log["state"], &log["attempts"][0]["status"]),
        (&json!("delivered"), &json!(204))
    );
    receiver.is_down.store(true, Ordering::Relaxed);
    let replay = format!("{}/replay", text(log, "self_url").unwrap());
    let (status, _) = story.client.send(Method::POST, &replay, None).await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED);
    until("it is told again", || async { receiver.told().len() == 2 }).await;
    let ids: Vec<_> = receiver
        .told()
        .iter()
        .map(|(headers, _)| headers["webhook-id"].clone())
        .collect();
    assert_eq!(ids[0], ids[1]);
    until("that is noted", || async {
        let log = story.client.read(text(log, "self_url").unwrap()).await.unwrap();
        log["state"] == "waiting" && log["attempts"][1]["status"] == 503
    })
    .await;
    story.end().await;
}
