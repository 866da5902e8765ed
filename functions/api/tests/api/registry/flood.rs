//! Limits over HTTP: the gateway says where a request came from, and the process counts.

use imprint_api::function;
use imprint_lambda::LambdaEvent;
use serde_json::{Value, json};

use super::{NOW, server_at};
use crate::events::event;
use crate::server::config;

struct Gateway(std::sync::Arc<dyn imprint_lambda::Function>);

impl Gateway {
    async fn post(&self, source: &str, path: &str, headers: Value, body: &Value) -> Value {
        let mut all = json!({"host": "keeper.example.org", "content-type": "application/json"});
        all.as_object_mut()
            .unwrap()
            .extend(headers.as_object().unwrap().clone());
        let mut event = event("POST", path, &all, Some(&body.to_string()));
        event["requestContext"]["http"]["sourceIp"] = source.into();
        self.0
            .call(LambdaEvent::new(event, lambda_http::Context::default()))
            .await
            .unwrap()
    }

    async fn check_in(&self, source: &str, id: &str) -> Value {
        self.post(source, "/v3/clusters", json!({}), &json!({"id": id}))
            .await
    }
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn d25_a_thousand_check_ins_of_an_address_pass_and_a_flood_does_not() {
    let server = server_at(NOW);
    let gateway = Gateway(function(server.world.tenants(), config()));
    for n in 0..1_000 {
        let answer = gateway.check_in("203.0.113.7", &format!("c{n}")).await;
        assert_eq!(answer["statusCode"], 200, "{n} {answer}");
    }
    for _ in 0..200 {
        assert_eq!(gateway.check_in("2001:db8::1", "c1").await["statusCode"], 200);
    }
    // The limiter looks at a clock that goes on, so some more than the rest may pass.
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = gateway.check_in("203.0.113.7", "c2").await;
        if answer["statusCode"] != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(
        (&refused["statusCode"], &body(&refused)["code"]),
        (&json!(429), &json!(429))
    );
    assert!(
        refused["headers"]["retry-after"]
            .as_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            >= 1
    );
    // Others are not concerned, and a cluster with its token neither.
    let other = gateway.check_in("203.0.113.8", "new").await;
    assert_eq!(other["statusCode"], 200);
    let token = json!({"x-cluster-token": other["headers"]["x-cluster-token"]});
    let with_token = gateway
        .post("203.0.113.7", "/v3/clusters", token, &json!({"id": "new"}))
        .await;
    assert_eq!(with_token["statusCode"], 200);
}

#[tokio::test]
async fn d25_tokens_are_not_guessed_without_end() {
    let server = server_at(NOW);
    let gateway = Gateway(function(server.world.tenants(), config()));
    gateway.check_in("203.0.113.8", "c").await;
    let mut last = Value::Null;
    for n in 0..300 {
        let token = json!({"x-cluster-token": format!("{n:064}")});
        last = gateway
            .post("203.0.113.7", "/v3/clusters", token, &json!({"id": "c"}))
            .await;
        if last["statusCode"] != 403 {
            break;
        }
    }
    assert_eq!(last["statusCode"], 429);
}

#[tokio::test]
async fn d29_where_a_check_in_came_from_is_stored_nowhere() {
    let server = server_at(NOW);
    let gateway = Gateway(function(server.world.tenants(), config()));
    let entry = json!({"component": {"name": "x"}, "version": {"version": "1.0"}});
    let answer = gateway
        .post(
            "203.0.113.7",
            "/v3/clusters",
            json!({}),
            &json!({"id": "c", "components": [entry]}),
        )
        .await;
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(server.world.counts().of("registry.spend"), 1);
    assert!(!format!("{:?}", server.world.catalog).contains("203.0.113"));
}
