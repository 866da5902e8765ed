//! What the original's client sends, word for word, and what it needs of the answers.

use http::StatusCode;
use serde_json::{Value, json};

use super::{NOW, doctor, publish, release, server_at};

const ID: &str = "9d2bcd5f-1b1e-4a6c-9b61-6a0f0f2b2f7a";

#[tokio::test]
async fn a_client_asks_checks_in_and_reports() {
    let server = server_at(NOW);
    publish(&server, &release("deis-builder", "stable", "v2.19.0", NOW)).await;
    publish(&server, &release("deis-builder", "beta", "v3.0.0", NOW)).await;
    // At start and every twelve hours: all that is installed, always the train stable.
    let names = ["deis-builder", "deis-controller"];
    let asked: Vec<Value> = names
        .map(|name| json!({"component": {"name": name}, "version": {"train": "stable"}}))
        .into();
    let latest = server
        .post("/v3/versions/latest")
        .json(&json!({"data": asked}))
        .await
        .expect(StatusCode::OK)
        .json();
    let expected = json!({"data": [{"component": {"name": "deis-builder"},
        "version": {"train": "stable", "version": "v2.19.0", "released": NOW, "data": {}}}]});
    assert_eq!(latest, expected);
    // Then it says what it runs: without a train, and perhaps nothing.
    let entry = |name: &str, kind: &str| json!({"component": {"name": name, "type": kind}, "version": {"version": "v2.18.0", "data": {"image": "quay.io/deis/x"}}});
    let body = json!({"id": ID, "components": [entry("deis-builder", "Deployment"), entry("deis-logger", "Daemon Set"),
        entry("deis-router", "Replication Controller")]});
    for _ in 0..3 {
        let told = server
            .post("/v3/clusters")
            .json(&body)
            .await
            .expect(StatusCode::OK)
            .json();
        assert_eq!(told["components"][0]["updateAvailable"], "v2.19.0");
        assert_eq!(
            told["components"][1]["component"],
            json!({"name": "deis-logger", "type": "Daemon Set"})
        );
        assert_eq!(
            told["components"][2]["version"],
            json!({"version": "v2.18.0", "data": {"image": "quay.io/deis/x"}})
        );
        server.world.clock.advance(jiff::SignedDuration::from_hours(12));
    }
    let empty = server
        .post("/v3/clusters")
        .json(&json!({"id": ID, "components": null}))
        .await;
    assert_eq!(empty.expect(StatusCode::OK).json()["components"], json!([]));
    let count = server.get("/v3/clusters/count").send().await;
    assert_eq!(
        (count.bytes.as_slice(), count.header("content-type")),
        (&b"1"[..], "application/json")
    );
    // When its own user asks for it.
    let report = json!({"workflow": body, "nodes": [], "namespaces": [{"name": "deis", "pods": [{"data": {"kind": "Pod"}}]}]});
    let path = "/v3/doctor/5d9b4e9c-35ff-4b65-a1b2-3d8b6c2b7a01";
    let stored = server.post(path).json(&report).await.expect(StatusCode::OK);
    assert!(stored.bytes.is_empty());
    let read = doctor(server.get(path))
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(read["workflow"]["components"], report["workflow"]["components"]);
    // Whatever is no success has a code and a message for its log.
    let error = server
        .post("/v3/clusters")
        .json(&json!({"components": []}))
        .await
        .json();
    assert_eq!(error, json!({"code": 422, "message": "id in body is required"}));
}

#[tokio::test]
async fn a_client_of_the_beta_asks_and_checks_in() {
    let server = server_at(NOW);
    publish(&server, &release("deis-builder", "beta", "2.0.0-beta1", NOW)).await;
    let asked = json!({"data": [{"component": {"name": "deis-builder"}, "version": {"train": ""}}]});
    let latest = server
        .post("/v2/versions/latest")
        .json(&asked)
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(latest["data"][0]["version"]["version"], "2.0.0-beta1");
    let body = json!({"id": ID, "components": []});
    server
        .post(&format!("/v2/clusters/{ID}"))
        .json(&body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(server.get("/v3/clusters/count").send().await.json(), json!(1));
}
