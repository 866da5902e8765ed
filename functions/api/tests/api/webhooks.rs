//! Webhooks: who may, what is refused, and that no secret is ever seen twice.

use http::StatusCode;
use imprint_domain::access::Permission;
use imprint_domain::webhook::MAX_WEBHOOKS;
use imprint_testing::Step;
use serde_json::{Value, json};

use crate::server::Server;

const HOOKS: &str = "/v2/orgs/default/webhooks";

async fn create(server: &Server, body: Value) -> Value {
    let answer = server.post(HOOKS).admin().json(&body).await;
    answer.expect(StatusCode::CREATED).json()
}

fn hook() -> Value {
    json!({"url": "https://hooks.example.org/imprint"})
}

fn path(url: &Value) -> String {
    url.as_str().unwrap().replace("https://keeper.example.org", "")
}

#[tokio::test]
async fn a_webhook_is_created_read_changed_and_deleted() {
    let server = Server::new();
    let answer = server.post(HOOKS).admin().json(&hook()).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers["cache-control"], "no-store");
    let created = answer.expect(StatusCode::CREATED).json();
    assert_eq!(created["self_url"], location);
    assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(created["events"], json!(["edition.updated"]));
    assert_eq!(
        (&created["format"], &created["enabled"]),
        (&json!("imprint"), &json!(true))
    );

    let own = path(&created["self_url"]);
    let read = server
        .get(&own)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let mut public = created.clone();
    public.as_object_mut().unwrap().remove("secret");
    assert_eq!(read, public);
    let list = server
        .get(HOOKS)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(list, json!([public]));

    let patch = json!({"events": ["build.failed", "edition.failed"], "enabled": false});
    for _ in 0..2 {
        let changed = server
            .patch(&own)
            .admin()
            .json(&patch)
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(changed["events"], json!(["build.failed", "edition.failed"]));
        assert_eq!(
            (&changed["enabled"], &changed["url"]),
            (&json!(false), &created["url"])
        );
        assert_eq!(changed.get("secret"), None);
    }
    server.delete(&own).admin().send().await.expect(StatusCode::OK);
    for gone in [
        server.get(&own).admin().send().await,
        server.delete(&own).admin().send().await,
    ] {
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_secret_is_told_once_and_can_be_replaced() {
    let server = Server::new();
    let mine = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let created = create(
        &server,
        json!({"url": "https://hooks.example.org/", "secret": mine}),
    )
    .await;
    assert_eq!(created["secret"], mine);
    assert_eq!(created["date_old_secret_ends"], Value::Null);
    let rotate = format!("{}/rotate", path(&created["self_url"]));
    let rotated = server
        .post(&rotate)
        .admin()
        .json(&json!({}))
        .await
        .expect(StatusCode::OK)
        .json();
    let secret = rotated["secret"].as_str().unwrap();
    assert_ne!(secret, mine);
    assert_eq!(rotated["date_old_secret_ends"], "2026-01-02T12:00:00Z");
    // Whose answer was lost says the same secret again.
    let again = json!({ "secret": secret });
    let same = server
        .post(&rotate)
        .admin()
        .json(&again)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(same, rotated);
    // What is stored is sealed.
    let stored = format!("{:?}", server.world.catalog.all_organizations());
    assert!(!stored.contains(secret) && !stored.contains(mine), "{stored}");
    assert!(!stored.contains(&secret[6..]));
}

#[tokio::test]
async fn what_no_webhook_can_be_is_refused_by_a_sentence() {
    let server = Server::new();
    let with = |field: &str, value: Value| {
        let mut body = hook();
        body[field] = value;
        body
    };
    let long = format!("https://example.org/{}", "x".repeat(1024));
    for (body, sentence) in [
        (json!({}), "missing url"),
        (with("url", json!("hooks.example.org")), "not an absolute URL"),
        (with("url", json!("ftp://example.org/")), "neither https nor http"),
        (with("url", json!("http://hooks.example.org/")), "not https"),
        (
            with("url", json!("https://me:pass@example.org/")),
            "user name or a password",
        ),
        (
            with("url", json!("https://localhost/")),
            "not a name of the public Internet",
        ),
        (
            with("url", json!("https://169.254.169.254/")),
            "not at a public address",
        ),
        (with("url", json!("https://0x7f.1/")), "not at a public address"),
        (
            with("url", json!("https://[::ffff:10.0.0.1]/")),
            "not at a public address",
        ),
        (with("url", json!(long)), "longer than 1024 bytes"),
        (with("events", json!([])), "at least one event"),
        (with("events", json!(["edition.exploded"])), "is no event"),
        (with("events", json!(["ping"])), "cannot be subscribed to"),
        (with("events", json!(vec!["edition.updated"; 101])), "too many"),
        (with("format", json!("xml")), "neither imprint nor ltd"),
        (with("secret", json!("hunter2")), "whsec_"),
    ] {
        server.post(HOOKS).admin().json(&body).await.bad(sentence);
    }
    let ltd = json!({"url": "https://example.org/", "format": "ltd", "events": ["build.failed"]});
    server
        .post(HOOKS)
        .admin()
        .json(&ltd)
        .await
        .bad("edition.updated only");
    let created = create(&server, hook()).await;
    let own = path(&created["self_url"]);
    for (patch, sentence) in [
        (json!({"url": "https://10.0.0.1/"}), "not at a public address"),
        (json!({"events": []}), "at least one event"),
    ] {
        server.patch(&own).admin().json(&patch).await.bad(sentence);
    }
    for _ in 1..MAX_WEBHOOKS {
        create(&server, hook()).await;
    }
    server.post(HOOKS).admin().json(&hook()).await.bad("may have 10");
}

#[tokio::test]
async fn only_administrators_see_webhooks() {
    let server = Server::new();
    let created = create(&server, hook()).await;
    server.grant("imp_uploader", &[Permission::UploadBuild]);
    let own = path(&created["self_url"]);
    for (method, path) in [
        ("GET", HOOKS.to_owned()),
        ("POST", HOOKS.to_owned()),
        ("GET", own.clone()),
        ("PATCH", own.clone()),
        ("DELETE", own.clone()),
        ("POST", format!("{own}/rotate")),
        ("POST", format!("{own}/ping")),
        ("GET", format!("{own}/deliveries")),
    ] {
        let anybody = server.call(method, &path).send().await;
        assert_eq!(anybody.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let uploader = server.call(method, &path).token("imp_uploader").send().await;
        assert_eq!(uploader.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn a_ping_is_accepted_seen_and_can_be_replayed() {
    let server = Server::new();
    let created = create(&server, hook()).await;
    let own = path(&created["self_url"]);
    let ping = server.post(&format!("{own}/ping")).admin().send().await;
    let ping = ping.expect(StatusCode::ACCEPTED).json();
    assert_eq!(
        (&ping["event"], &ping["state"]),
        (&json!("ping"), &json!("waiting"))
    );
    assert!(server.world.queue.take(Step::DeliverWebhook).is_some());
    let delivery = path(&ping["self_url"]);
    let read = server
        .get(&delivery)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(read, ping);
    let list = server
        .get(&format!("{own}/deliveries?limit=1"))
        .admin()
        .send()
        .await;
    assert_eq!(list.expect(StatusCode::OK).json(), json!([ping]));
    let replay = server.post(&format!("{delivery}/replay")).admin().send().await;
    assert_eq!(replay.expect(StatusCode::ACCEPTED).json()["id"], ping["id"]);
    assert!(server.world.queue.take(Step::DeliverWebhook).is_some());
    let unknown = format!("{own}/deliveries/{}/replay", "0".repeat(32));
    assert_eq!(
        server.post(&unknown).admin().send().await.status,
        StatusCode::NOT_FOUND
    );
    let off = json!({"enabled": false});
    server.patch(&own).admin().json(&off).await.expect(StatusCode::OK);
    for action in [format!("{own}/ping"), format!("{delivery}/replay")] {
        server.post(&action).admin().send().await.bad("switched off");
    }
    server
        .get(&format!("{own}/deliveries?cursor=x"))
        .admin()
        .send()
        .await
        .bad("cursor");
}

#[tokio::test]
async fn what_happens_is_told_from_the_next_request_on() {
    let server = Server::new();
    create(
        &server,
        json!({"url": "https://hooks.example.org/", "events": ["product.created"]}),
    )
    .await;
    let body = json!({"slug": "alpha", "title": "Alpha", "doc_repo": "https://github.com/example/alpha"});
    server
        .post("/products/")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    assert!(server.world.queue.take(Step::DeliverWebhook).is_some());
    assert!(server.world.queue.take(Step::DeliverWebhook).is_none());
}
