//! The description of the API, and that the router serves it.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use crate::server::Server;

fn document() -> Value {
    serde_json::to_value(imprint_api::openapi()).unwrap()
}

#[test]
fn the_description_is_this() {
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_json_snapshot!("openapi", document());
    });
}

#[tokio::test]
async fn the_description_is_served_by_the_api_itself() {
    let served = Server::new()
        .get("/openapi.json")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn the_router_serves_what_is_described_and_nothing_else() {
    let server = Server::new();
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    for (path, item) in document()["paths"].as_object().unwrap() {
        let described: BTreeSet<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect();
        assert!(
            described.iter().all(|method| all.contains(&method.as_str())),
            "{path}"
        );
        let concrete = path
            .replace("{slug}", "nothing")
            .replace("{id}", "99")
            .replace("{name}", "nobody");
        for method in all {
            let answer = server.call(method, &concrete).send().await;
            let served = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(served, described.contains(method), "{method} {path}");
            // What nobody lists in the table of permissions is refused to everybody.
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
}

#[test]
fn every_operation_says_what_it_does_and_what_can_go_wrong() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                operation["summary"].is_string() && operation["operationId"].is_string(),
                "{name}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.contains_key("500") && responses.contains_key("503"),
                "{name}"
            );
            assert_eq!(responses.contains_key("404"), path.contains('{'), "{name}");
            assert!(
                operation.get("requestBody").is_none() || responses.contains_key("400"),
                "{name}"
            );
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let content = &response["content"]["application/json"];
                assert_eq!(
                    content["schema"]["$ref"], "#/components/schemas/Error",
                    "{name} {status}"
                );
                assert_eq!(content["example"]["status"].to_string(), *status, "{name}");
            }
        }
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}
