//! What a key costs, and that nobody else pays for it.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::json;

use super::KEY;
use crate::server::Server;

async fn requests(server: &Server, key: Option<&str>, title: &str) -> BTreeMap<&'static str, u64> {
    server.world.counts().reset();
    let call = server.patch("/products/alpha").admin();
    let call = match key {
        Some(key) => call.header("idempotency-key", key),
        None => call,
    };
    let answer = call.json(&json!({ "title": title })).await;
    answer.expect(StatusCode::OK);
    server.world.counts().all()
}

fn total(requests: &BTreeMap<&'static str, u64>) -> u64 {
    requests.values().sum()
}

#[tokio::test]
async fn a_request_without_a_key_asks_the_store_for_nothing_more() {
    let server = Server::with_alpha().await;
    let without = requests(&server, None, "Alef").await;
    assert!(!without.contains_key("catalog.kept_request"), "{without:?}");
    assert_eq!(without["catalog.commit"], 1, "{without:?}");
    assert_eq!(without["catalog.token"], 1, "{without:?}");
}

#[tokio::test]
async fn a_key_costs_two_writes_and_its_repetition_three_requests_in_all() {
    let server = Server::with_alpha().await;
    let without = requests(&server, None, "Alef").await;
    let mut with = requests(&server, Some(KEY), "Bet").await;
    assert_eq!(with["catalog.commit"], 3, "{with:?}");
    assert_eq!(total(&with), total(&without) + 2, "{with:?}");
    with = requests(&server, Some(KEY), "Bet").await;
    let expected = [
        ("catalog.commit", 1),
        ("catalog.kept_request", 1),
        ("catalog.token", 1),
    ];
    assert_eq!(with, expected.into());
}
