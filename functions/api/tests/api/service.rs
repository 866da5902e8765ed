use http::StatusCode;
use imprint_domain::access::{Permission, Products, Role};
use imprint_testing::{Moment, Trouble};
use jiff::SignedDuration;
use serde_json::json;

use crate::server::{HOST, Server, basic};

#[tokio::test]
async fn the_root_says_what_this_is_and_where_to_go_on() {
    let root = Server::new().get("/").send().await.expect(StatusCode::OK).json();
    let base = format!("https://{HOST}");
    let links = json!({
        "self": format!("{base}/"), "self_url": format!("{base}/"), "token": format!("{base}/token"),
        "products": format!("{base}/products/"), "documentation": format!("{base}/docs"),
        "openapi": format!("{base}/openapi.json"),
    });
    assert_eq!(root["links"], links);
    assert_eq!(root["data"]["documentation"], root["links"]["documentation"]);
    assert!(root["data"]["message"].is_string());
}

#[tokio::test]
async fn clients_that_compare_versions_stay_with_the_routes_that_are_here() {
    let root = Server::new().get("/").send().await.json();
    let version = root["data"]["server_version"].as_str().unwrap();
    let mut numbers = version.splitn(3, '.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap()
    });
    assert!(numbers.next().unwrap() < 2, "{version}");
    assert!(numbers.next().is_some() && numbers.next().is_some(), "{version}");
    assert!(version.contains("imprint"), "{version}");
}

/// conveyor 0.9 sends its token with this, and uses v2 from 2.0.0 on.
#[tokio::test]
async fn the_version_is_a_2_for_those_who_have_rights_in_organizations_only() {
    let server = Server::with_acme().await;
    server.member("imp_acme", "acme", Role::Uploader, Products::All);
    server.member("imp_own", "default", Role::Uploader, Products::All);
    server.grant("imp_upload", &[Permission::UploadBuild]);
    server.grant("imp_nothing", &[]);
    for (token, major) in [
        ("imp_acme", "2.0.0+imprint."),
        ("imp_own", "1."),
        ("imp_upload", "1."),
        ("imp_nothing", "1."),
        ("imp_admin", "1."),
        ("imp_unknown", "1."),
    ] {
        let answer = server.get("/").token(token).send().await.expect(StatusCode::OK);
        assert_eq!(answer.header("vary"), "Authorization");
        let version = answer.json()["data"]["server_version"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(version.starts_with(major), "{token}: {version}");
    }
}

#[tokio::test]
async fn d22_health_is_one_small_read_of_the_store_and_never_kept() {
    let server = Server::new();
    let answer = server.get("/healthz").send().await.expect(StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let health = answer.json();
    assert_eq!(health["status"], "ok");
    for number in ["latency_ms", "reads", "writes", "errors", "throttles"] {
        assert!(health["store"][number].is_u64(), "{number}");
    }
    assert_eq!(health.as_object().unwrap().len(), 2);
    assert_eq!(
        (
            server.world.counts().total(),
            server.world.counts().of("health.probe")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn d22_a_store_that_fails_is_a_503() {
    for trouble in [Trouble::Failed, Trouble::Busy] {
        let server = Server::new();
        server
            .world
            .faults()
            .once("health.probe", 1, Moment::Before, trouble);
        let answer = server
            .get("/healthz/")
            .send()
            .await
            .expect(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["status"], "down");
        assert!(answer.json()["store"]["latency_ms"].is_u64());
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("a test made it"));
    }
}

/// The store does not answer at all.
#[tokio::test(start_paused = true)]
async fn d22_a_store_that_is_silent_is_a_503_after_a_second() {
    let server = Server::new();
    let _held = server.world.faults().hold("health.probe", 1);
    let began = tokio::time::Instant::now();
    let answer = server
        .get("/healthz")
        .send()
        .await
        .expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["status"], "down");
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!(answer.json()["store"]["latency_ms"], 1000);
}

#[tokio::test]
async fn a_name_and_a_password_give_a_token_that_works_for_an_hour_both_ways() {
    let server = Server::with_alpha().await;
    let answer = server
        .get("/token")
        .header("authorization", &basic("dev", "dev"))
        .send()
        .await;
    let token = answer.expect(StatusCode::OK).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(token.len() < 256);
    let patch = |value: String| server.patch("/products/alpha").header("authorization", &value);
    for value in [
        basic(&token, ""),
        basic(&token, "ignored"),
        format!("Bearer {token}"),
        format!("bearer {token}"),
    ] {
        patch(value).json(&json!({})).await.expect(StatusCode::OK);
    }
    server.world.clock.advance(SignedDuration::from_secs(3600));
    let message = "please send your authentication token";
    patch(basic(&token, ""))
        .json(&json!({}))
        .await
        .refused(401, "unauthorized", message);
}

#[tokio::test]
async fn whoever_is_not_known_gets_no_token() {
    let server = Server::new();
    for value in [
        basic("dev", "wrong"),
        basic("dev", ""),
        basic("nobody", "dev"),
        basic("", ""),
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        "Bearer dev".to_owned(),
        format!("Basic {}", "A".repeat(5000)),
    ] {
        let answer = server.get("/token").header("authorization", &value).send().await;
        answer.refused(401, "unauthorized", "please authenticate");
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Basic realm="Authentication Required""#
        );
    }
    server
        .get("/token")
        .send()
        .await
        .refused(401, "unauthorized", "please authenticate");
}

#[tokio::test]
async fn every_path_works_with_and_without_its_final_slash() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    for path in [
        "/openapi.json",
        "/products",
        "/products/alpha",
        "/products/alpha/builds",
        "/products/alpha/editions",
        "/builds/1",
        "/editions/1",
    ] {
        let plain = server.get(path).send().await.expect(StatusCode::OK);
        let slashed = server
            .get(&format!("{path}/"))
            .send()
            .await
            .expect(StatusCode::OK);
        assert_eq!(plain.bytes, slashed.bytes, "{path}");
    }
    let body = json!({"git_refs": ["main"]});
    server
        .post("/products/alpha/builds")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    server
        .patch("/builds/1/")
        .admin()
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    server
        .get("/products//alpha")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let server = Server::with_alpha().await;
    for path in [
        "/",
        "/products/",
        "/products/alpha",
        "/editions/1",
        "/openapi.json",
    ] {
        let get = server.get(path).send().await;
        let head = server.call("HEAD", path).send().await.expect(StatusCode::OK);
        assert!(head.bytes.is_empty());
        assert_eq!(
            head.header("content-length"),
            get.bytes.len().to_string(),
            "{path}"
        );
    }
    server
        .call("HEAD", "/products/nothing")
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn urls_are_those_that_the_caller_used() {
    let server = Server::new();
    for (host, forwarded, base) in [
        (HOST, None, "https://keeper.example.org"),
        (HOST, Some("https"), "https://keeper.example.org"),
        ("127.0.0.1:8700", Some("http"), "http://127.0.0.1:8700"),
        (
            "KEEPER.example.org:443",
            Some("https"),
            "https://keeper.example.org",
        ),
        (HOST, Some("javascript"), "https://keeper.example.org"),
    ] {
        let mut request = http::Request::builder().uri("/").header("host", host);
        if let Some(scheme) = forwarded {
            request = request.header("x-forwarded-proto", scheme);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let router = imprint_api::router(server.world.tenants(), crate::server::config());
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let root: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(root["links"]["token"], format!("{base}/token"));
    }
}
