//! D-24: every refusal has the registry's form, below its paths and nowhere else; nothing that is sent breaks anything.

use http::StatusCode;
use serde_json::{Value, json};

use super::{NOW, refused, server_at};
use crate::server::Server;

#[tokio::test]
async fn d24_what_is_not_there_is_named() {
    let server = server_at(NOW);
    for path in [
        "/v3",
        "/v3/",
        "/v3/nope",
        "/v3/nope/x",
        "/v4/nope",
        "/v2/versions",
        "/v2/versions/beta/x",
        "/v2/clusters",
        "/v3/versions",
        "/v3/versions/beta",
        "/v3/versions/beta/x/1/",
        "/v3/versions/beta/x/1/y",
        "/v3/clusters/",
        "/v3/clusters/count/",
        "/ping/",
        "/swagger.json/",
        "/v4/versions/",
        "/v4/clusters/x/",
        "/v2/orgs/acme/registry/v3",
        "/v2/orgs/acme/registry/v3/nope",
        "/v2/orgs/acme/registry/ping",
        "/v3//clusters",
        "/v3/healthz",
    ] {
        for method in ["GET", "POST", "HEAD"] {
            let answer = server.call(method, path).send().await;
            assert_eq!(answer.status, 404, "{method} {path}");
            if method != "HEAD" {
                refused(&answer, 404, &format!("path {path} was not found"));
            }
        }
    }
    server
        .get("/nope")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    server
        .get("/v2/nope")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn d24_another_method_is_told_those_that_are() {
    let server = server_at(NOW);
    for (path, methods) in [
        ("/ping", "GET"),
        ("/swagger.json", "GET"),
        ("/v2/clusters/x", "POST"),
        ("/v2/versions/latest", "POST"),
        ("/v3/versions/latest", "POST"),
        ("/v3/versions/beta/x", "GET"),
        ("/v3/versions/beta/x/1", "GET,POST"),
        ("/v3/clusters", "POST"),
        ("/v3/clusters/count", "GET"),
        ("/v3/clusters/x", "GET"),
        ("/v3/doctor/x", "GET,POST"),
        ("/v4/versions/x/beta/1", "GET,POST,DELETE"),
        ("/v4/clusters/x", "GET,PATCH,DELETE"),
        ("/v2/orgs/acme/registry/v3/clusters", "POST"),
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"] {
            if methods.split(',').any(|one| one == method) {
                continue;
            }
            let answer = server.call(method, path).send().await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, methods),
                "{method} {path}"
            );
            if method != "HEAD" {
                refused(
                    &answer,
                    405,
                    &format!("method {method} is not allowed, but [{methods}] are"),
                );
            }
        }
    }
    assert_eq!(server.call("OPTIONS", "/products/").send().await.status, 204);
}

#[tokio::test]
async fn d24_only_json_is_read() {
    let server = server_at(NOW);
    let body = json!({"id": "c", "components": [], "data": []}).to_string();
    for path in [
        "/v3/clusters",
        "/v2/clusters/c",
        "/v3/versions/latest",
        "/v2/versions/latest",
        "/v4/versions/latest",
    ] {
        for (media, told) in [
            ("", "application/octet-stream"),
            ("text/plain", "text/plain"),
            ("TEXT/HTML; charset=utf-8", "text/html"),
            ("application/jsonx", "application/jsonx"),
            ("application/vnd.x+json", "application/vnd.x+json"),
        ] {
            let call = server.post(path);
            let call = if media.is_empty() {
                call
            } else {
                call.header("content-type", media)
            };
            let message = format!("unsupported media type \"{told}\", only [application/json] are allowed");
            refused(&call.raw(body.clone()).await, 415, &message);
        }
        for media in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON ;q=1",
        ] {
            server
                .post(path)
                .header("content-type", media)
                .raw(body.clone())
                .await
                .expect(StatusCode::OK);
        }
        for (broken, part) in [
            ("", "EOF"),
            ("{", "EOF while parsing"),
            ("nonsense", "expected"),
            ("{} {}", "trailing"),
            ("\u{feff}{}", "expected value"),
        ] {
            let answer = server
                .post(path)
                .header("content-type", "application/json")
                .raw(broken)
                .await;
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["code"]),
                (400, &json!(400)),
                "{broken}"
            );
            assert!(
                message.starts_with("parsing body body from \"\" failed, because ") && message.contains(part),
                "{message}"
            );
        }
        let bytes = server
            .post(path)
            .header("content-type", "application/json")
            .raw(vec![b'"', 0xff, b'"'])
            .await;
        assert_eq!(bytes.json()["code"], 400);
        let zipped = server
            .post(path)
            .header("content-type", "application/json")
            .header("content-encoding", "gzip");
        assert_eq!(zipped.raw("{}").await.json()["code"], 415);
    }
}

#[tokio::test]
async fn the_registry_is_there_before_anybody_says_a_host() {
    let server = server_at(NOW);
    let ping = server.get("/ping").send().await.expect(StatusCode::OK);
    assert_eq!(
        (ping.bytes.as_slice(), ping.header("content-type")),
        (&b""[..], "application/json")
    );
    assert_eq!(server.world.counts().total(), 0);
}

#[tokio::test]
async fn d28_browsers_are_told_that_there_is_tls_only() {
    let server = server_at(NOW);
    for path in ["/ping", "/v3/nope", "/products/"] {
        let answer = server.get(path).send().await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000",
            "{path}"
        );
    }
}

/// Numbers that follow from a seed (<https://prng.di.unimi.it/splitmix64.c>).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn key(&mut self) -> String {
        let key = self.one(&[
            "id",
            "ID",
            "components",
            "Component",
            "component",
            "version",
            "Version",
            "name",
            "train",
            "released",
            "data",
            "labels",
            "workflow",
            "nodes",
            "namespaces",
            "pods",
            "x",
            "",
            "__proto__",
            "firstSeen",
        ]);
        key.to_owned()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1000)),
            3 => json!(-1.5e300),
            4 | 5 => json!(self.one(&[
                "",
                "x",
                "beta",
                "latest",
                "2016-05-02T12:00:00Z",
                "2016-05-02",
                "ä\u{0}\n\"\\",
                "a#b",
                "a/b",
                "\u{10ffff}",
                "1.0",
                "staff"
            ])),
            6 => {
                let length = self.below(4);
                Value::Array((0..length).map(|_| self.value(depth - 1)).collect())
            }
            _ => {
                let length = self.below(5);
                Value::Object((0..length).map(|_| (self.key(), self.value(depth - 1))).collect())
            }
        }
    }

    /// Mostly JSON, sometimes damaged.
    fn body(&mut self) -> Vec<u8> {
        let mut bytes = self.value(6).to_string().into_bytes();
        if self.below(4) == 0 {
            for _ in 0..=self.below(3) {
                let at = self.below(bytes.len());
                bytes[at] = self.below(256) as u8;
            }
            let end = bytes.len() - self.below(bytes.len());
            bytes.truncate(end);
        }
        bytes
    }
}

/// Each route with bodies that follow from a seed: always JSON, whose code is the status, and never our fault.
#[tokio::test]
async fn d24_no_body_breaks_anything() {
    let server = server_at(NOW);
    let mut numbers = Numbers(1);
    for (method, path) in [
        ("POST", "/v3/versions/beta/x/1"),
        ("POST", "/v4/versions/x/beta/1"),
        ("POST", "/v3/versions/latest"),
        ("POST", "/v2/versions/latest"),
        ("POST", "/v4/versions/latest"),
        ("POST", "/v3/clusters"),
        ("POST", "/v2/clusters/x"),
        ("PATCH", "/v4/clusters/x"),
        ("POST", "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd"),
        ("GET", "/v3/clusters/age"),
        ("DELETE", "/v4/clusters/x"),
        ("GET", "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd"),
    ] {
        for _ in 0..2_000 {
            let body = numbers.body();
            let shown = String::from_utf8_lossy(&body).into_owned();
            let call = server
                .call(method, path)
                .admin()
                .header("content-type", "application/json");
            let answer = call.raw(body).await;
            let of = format!(
                "{method} {path} {shown}: {}",
                String::from_utf8_lossy(&answer.bytes)
            );
            assert!(answer.status.as_u16() < 500, "{of}");
            if answer.status == 200 && path.contains("/doctor/") {
                continue;
            }
            let told: Value =
                serde_json::from_slice(&answer.bytes).unwrap_or_else(|error| panic!("{error}: {of}"));
            if answer.status != 200 {
                let keys: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(
                    (keys, &told["code"]),
                    (vec!["code", "message"], &json!(answer.status.as_u16())),
                    "{of}"
                );
            }
        }
    }
}

/// Each parameter with values that follow from a seed.
#[tokio::test]
async fn d24_no_query_breaks_anything() {
    let server = server_at(NOW);
    super::check_in(&server, "c").await;
    let mut numbers = Numbers(2);
    let names = [
        "checked_in_before",
        "checked_in_after",
        "created_before",
        "created_after",
        "since",
        "stale_for",
        "active_for",
        "appeared_in",
        "exclude_labels",
        "limit",
        "next",
        "epoch",
        "timestamp",
        "order",
        "other",
    ];
    let values = [
        "",
        "now",
        "7d",
        "999999w",
        "0m",
        "last-month",
        "2016-05-02",
        "9999-12-31T23:59:59Z",
        "-0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0000-01-01",
        "2016-05-02T12:00:00%2B23:59",
        "1",
        "%00",
        "%ff",
        "%F0%9F%98%80",
        "a,b",
        "-1",
        "asc",
        "2016-04-11T21:54:39.000000000Z%23c",
        "%23",
        "9999-12-31T23:59:60Z",
    ];
    let paths = [
        "/v3/clusters/age",
        "/v3/clusters/count",
        "/v3/clusters/checkins",
        "/v3/clusters/persistent",
        "/v4/clusters",
        "/v4/clusters/stats",
        "/v4/versions",
        "/v4/versions/x",
        "/v4/versions/x/beta",
        "/v3/versions/beta/x",
    ];
    for at in 0..4_000 {
        let pairs: Vec<String> = (0..=numbers.below(4))
            .map(|_| format!("{}={}", numbers.one(&names), numbers.one(&values)))
            .collect();
        let path = format!("{}?{}", paths[at % paths.len()], pairs.join("&"));
        let answer = server.get(&path).send().await;
        let told = answer.json();
        match answer.status.as_u16() {
            200 => {}
            status @ (400 | 422) => assert_eq!(told["code"], status, "{path}"),
            status => panic!("{path}: {status} {told}"),
        }
    }
}

#[tokio::test]
async fn d24_a_panic_is_a_500_in_the_form_of_its_path() {
    struct Panics;
    impl imprint_app::ports::Clock for Panics {
        fn now(&self) -> jiff::Timestamp {
            panic!("a secret of the inside")
        }
    }
    let server = server_at(NOW);
    let installation = imprint_app::tenants::Installation {
        clock: std::sync::Arc::new(Panics),
        ..server.world.tenants().installation().clone()
    };
    let server = Server::over(imprint_app::tenants::Tenants::new(installation), server.world);
    let answer = server
        .get("/v3/clusters/count")
        .send()
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    let told = answer.json();
    assert_eq!(told["code"], 500);
    let message = told["message"].as_str().unwrap();
    assert!(
        message.contains(answer.header("x-request-id")) && !message.contains("secret"),
        "{message}"
    );
}
