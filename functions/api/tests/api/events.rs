//! The API as a function: events of an HTTP API in, its responses out.

use std::path::Path;

use imprint_api::function;
use imprint_lambda::LambdaEvent;
use imprint_testing::World;
use serde_json::{Value, json};

use crate::server::{ADMIN, Server, basic, config};

pub(crate) fn event(method: &str, path: &str, headers: &Value, body: Option<&str>) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "keeper.example.org", "domainPrefix": "keeper",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x"},
            "requestId": "id", "routeKey": "$default", "stage": "$default", "time": "", "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = body.into();
    }
    event
}

pub(crate) async fn call(world: &World, event: Value) -> Value {
    let mut context = lambda_http::Context::default();
    context.request_id = "the-invocation".to_owned();
    function(world.tenants(), config())
        .call(LambdaEvent::new(event, context))
        .await
        .unwrap()
}

fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_request_through_the_gateway_is_the_same_request() {
    let server = Server::with_alpha().await;
    let headers = json!({"host": "keeper.example.org", "authorization": basic(ADMIN, ""), "x-forwarded-proto": "https",
        "content-type": "application/json"});
    let event = event(
        "POST",
        "/products/alpha/builds",
        &headers,
        Some(r#"{"git_refs": ["main"]}"#),
    );
    let response = call(&server.world, event).await;
    assert_eq!(response["statusCode"], 201);
    assert_eq!(response["isBase64Encoded"], false);
    assert_eq!(
        response["headers"]["location"],
        "https://keeper.example.org/builds/1"
    );
    assert_eq!(response["headers"]["x-request-id"], "the-invocation");
    assert_eq!(body(&response)["slug"], "1");
}

#[tokio::test]
async fn a_body_may_come_in_base64() {
    use base64::Engine as _;
    let server = Server::with_alpha().await;
    let headers = json!({"host": "keeper.example.org", "authorization": basic(ADMIN, "")});
    let text = base64::engine::general_purpose::STANDARD.encode(r#"{"title": "Ü"}"#);
    let mut event = event("PATCH", "/products/alpha", &headers, Some(&text));
    event["isBase64Encoded"] = true.into();
    let response = call(&server.world, event).await;
    assert_eq!(response["statusCode"], 200, "{response}");
    assert_eq!(body(&response)["title"], "Ü");
}

/// The gateway hands paths on decoded, so anything may be in them; nothing of it may break the function.
#[tokio::test]
async fn odd_paths_hosts_and_queries_are_refused_and_break_nothing() {
    let server = Server::with_alpha().await;
    let long = format!("/products/{}", "ü".repeat(60_000));
    for path in [
        "/products/a b",
        "/products/ü",
        "/products/%",
        "/products/%zz",
        "/products/100%",
        "/products/a?b#c",
        "/products/a\\b",
        "/products/<x>",
        "/products/\u{0}",
        "/products/{slug}",
        "/products/a|b^c`d\"e",
        "nothing",
        "//",
        "/..//../x",
        &long,
    ] {
        let response = call(
            &server.world,
            event("GET", path, &json!({"host": "h.example.org"}), None),
        )
        .await;
        assert_eq!(response["statusCode"], 404, "{path:.40} {response}");
        assert_eq!(body(&response)["message"], "invalid resource URI");
    }
    for host in [
        "a b",
        "h/x",
        "h:port",
        "[",
        "u@h",
        "",
        "h:99999",
        "%",
        "xn--0",
        "1.2.3.4.5",
        "h:",
    ] {
        for proto in ["https", "http", "gopher", "x y", ""] {
            let event = event(
                "GET",
                "/products/alpha",
                &json!({"host": host, "x-forwarded-proto": proto}),
                None,
            );
            let response = call(&server.world, event).await;
            assert!(
                [200, 400].contains(&response["statusCode"].as_i64().unwrap()),
                "{host:?} {proto:?} {response}"
            );
        }
    }
    let long = "x".repeat(100_000);
    for (query, status) in [
        ("limit=ü", 400),
        ("a b=c d", 200),
        ("cursor=\"<>`#", 400),
        ("&&&===", 200),
        ("%zz=%", 200),
        ("limit=%", 400),
        (&long, 404),
    ] {
        let mut event = event("GET", "/products/", &json!({"host": "h.example.org"}), None);
        event["rawQueryString"] = query.into();
        let response = call(&server.world, event).await;
        assert_eq!(response["statusCode"], status, "{query:.40} {response}");
    }
}

/// What each sample event of the repository is answered with.
#[tokio::test]
async fn every_sample_event_goes_through() {
    let server = Server::with_alpha().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/api");
    let mut seen = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let response = call(&server.world, event).await;
        let expected = match path.file_name().unwrap().to_str().unwrap() {
            "list-builds.json" | "root.json" | "token.json" => 200,
            // Their token is nobody's.
            "create-build.json" | "no-text.json" | "not-json.json" => 401,
            "encoded-path.json" => 404,
            other => panic!("{other} has no expectation here"),
        };
        assert_eq!(response["statusCode"], expected, "{} {response}", path.display());
        assert!(body(&response).is_object());
        seen += 1;
    }
    assert!(seen >= 7);
}

#[tokio::test]
async fn what_is_no_request_is_an_error_of_the_invocation() {
    let world = World::new();
    let event = LambdaEvent::new(json!({"Records": []}), lambda_http::Context::default());
    assert!(function(world.tenants(), config()).call(event).await.is_err());
}
