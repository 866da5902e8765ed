//! Requests about documents that mean nothing, and contents that are refused.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Desk, FIRST, saying};
use crate::server::Answer;

#[tokio::test]
async fn a_wrong_document_is_refused_with_a_sentence() {
    let desk = Desk::with(saying("One")).await;
    for (body, part) in [
        (json!({}), "Invalid Document: missing title"),
        (json!({"title": ""}), "title"),
        (json!({"title": "x".repeat(256)}), "title"),
        (json!({"title": 1}), "Invalid Document: title: invalid type"),
        (json!({"title": "T", "alias": "Not An Alias"}), "is no alias"),
        (json!({"title": "T", "alias": "42"}), "is no alias"),
        (json!({"title": "T", "alias": ""}), "is no alias"),
        (json!({"title": "T", "alias": "x".repeat(33)}), "is no alias"),
        (json!({"title": "T", "alias": "check"}), "check is no alias"),
        (
            json!({"title": "T", "alias": "fluxes"}),
            "another document has or had the alias fluxes",
        ),
        (
            json!({"title": "T", "product": "nothing"}),
            "there is no product nothing",
        ),
        (json!({"title": "T", "product": "NO"}), "Invalid slug"),
        (
            json!({"title": "T", "drafts": "secret"}),
            "drafts must be public or private",
        ),
        (json!({"title": "T", "status": "DRAFT"}), "unknown field `status`"),
    ] {
        desk.server.post("/documents").admin().json(&body).await.bad(part);
        if body.get("title") == Some(&json!("T")) {
            let mut change = body.clone();
            change.as_object_mut().unwrap().remove("title");
            let is_own = part.ends_with("the alias fluxes");
            let answer = desk.server.patch("/documents/1").admin().json(&change).await;
            if is_own {
                answer.expect(StatusCode::OK);
            } else {
                answer.bad(part);
            }
        }
    }
    let listed = desk.read("/documents").await;
    assert_eq!(listed["documents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_version_is_refused_with_a_sentence() {
    let desk = Desk::with(saying("One")).await;
    for (body, part) in [
        (json!({}), "missing status"),
        (json!({"status": "draft"}), "there is no such status"),
        (
            json!({"status": "PUBLISHED", "accept_warnings": ["all"]}),
            "there is no such kind of warning",
        ),
        (
            json!({"status": "PUBLISHED", "accept_warnings": "glyph"}),
            "accept_warnings",
        ),
        (json!({"status": "DRAFT", "title": "x"}), "unknown field `title`"),
    ] {
        desk.status(FIRST, &body).await.bad(part);
    }
    for (body, part) in [
        (json!({}), "missing bump"),
        (json!({"bump": "patch"}), "bump must be minor or major"),
        (json!({"bump": "major", "major": 2}), "leave major out"),
        (json!({"bump": "minor", "major": -1}), "major"),
        (json!({"bump": "minor", "major": 4_294_967_296_u64}), "major"),
    ] {
        let answer = desk
            .server
            .post("/documents/1/versions")
            .admin()
            .json(&body)
            .await;
        answer.bad(part);
    }
    for version in [
        "x", "0", "v", "v1.", "01", "1.00", "-1", "1.0.0", "Latest", "%20", "100000",
    ] {
        for below in ["", "/content", "/pdf", "/status", "/images"] {
            let path = format!("/documents/1/versions/{version}{below}");
            desk.server
                .get(&path)
                .admin()
                .send()
                .await
                .bad("names no version: write `2`, `v2.1` or `latest`");
        }
    }
    let path = format!("{FIRST}/pdf?journal=perhaps");
    desk.server
        .get(&path)
        .admin()
        .send()
        .await
        .bad("journal must be true or false");
}

#[tokio::test]
async fn what_can_be_no_document_is_not_there() {
    let desk = Desk::with(saying("One")).await;
    for name in [
        "0",
        "01",
        "+1",
        "-1",
        "1.0",
        "FLUXES",
        "%20",
        "..",
        "18446744073709551616",
        "a%2Fb",
        "%F0%9F%8C%95",
    ] {
        let answer = desk
            .server
            .get(&format!("/documents/{name}"))
            .admin()
            .send()
            .await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    let answer = desk.server.get("/documents/%ff").admin().send().await;
    assert!([400, 404].contains(&answer.status.as_u16()));
}

/// Checks that a content is refused with everything that is wrong.
#[track_caller]
fn problems(answer: &Answer, path: &str, code: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["error"]),
        (&json!(422), &json!("unprocessable entity"))
    );
    let problems = body["problems"].as_array().unwrap();
    let first = &problems[0];
    assert!(first["path"].as_str().unwrap().starts_with(path), "{body}");
    assert_eq!(first["code"], code, "{body}");
    assert!(
        first["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains(first["message"].as_str().unwrap()),
        "{body}"
    );
}

#[tokio::test]
async fn a_content_that_is_refused_says_each_place() {
    let desk = Desk::with(saying("One")).await;
    let section = |children: Value| json!({"document": {"introduction": {"children": children}}});
    let at = "/document/introduction/children/0";
    let mut deep = json!({"text": "x"});
    for _ in 0..45 {
        deep = json!({"type": "ul", "children": [deep]});
    }
    for (content, path, code) in [
        (json!([]), "", "schema"),
        (json!("text"), "", "schema"),
        (json!(null), "", "schema"),
        (json!({"document": 1}), "/document", "schema"),
        (section(json!([{"type": "video", "children": []}])), at, "schema"),
        (section(json!([{"type": "p"}])), at, "schema"),
        (
            section(json!([{"type": "image-block", "children": []}])),
            at,
            "schema",
        ),
        (section(json!([deep])), "", "limit"),
    ] {
        problems(&desk.put(FIRST, &content).await, path, code);
        let new = json!({"title": "T", "content": content});
        if !content.is_null() {
            problems(
                &desk.server.post("/documents").admin().json(&new).await,
                path,
                code,
            );
        }
        if content.is_object() {
            problems(&desk.merge(FIRST, &content).await, path, code);
        }
    }
    assert_eq!(desk.read(&format!("{FIRST}/content")).await, saying("One"));
}

#[tokio::test]
async fn what_is_no_content_is_not_read() {
    let desk = Desk::with(saying("One")).await;
    let path = format!("{FIRST}/content");
    let send = |method: &str, path: &str, kind: &str| {
        let call = desk.server.call(method, path).admin();
        if kind.is_empty() {
            call
        } else {
            call.header("content-type", kind)
        }
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, part) in [
        (&b""[..], "the body is no"),
        (b"{", "the body is no"),
        (b"{\"a\": 1} x", "the body is no"),
        (b"{\"a\": \"\xff\"}", "the body is no"),
        (b"nonsense", "the body is no"),
        (deep.as_bytes(), "more than 127 arrays and objects"),
    ] {
        for (method, path) in [
            ("PUT", path.as_str()),
            ("PATCH", path.as_str()),
            ("POST", "/documents/check"),
        ] {
            send(method, path, "application/json")
                .raw(body.to_vec())
                .await
                .bad(part);
        }
    }
    send("PUT", &path, "text/markdown")
        .raw(&b"\xff"[..])
        .await
        .bad("the body is no UTF-8");
    for (method, path, kind) in [
        ("PUT", path.as_str(), "text/plain"),
        ("PUT", path.as_str(), "application/merge-patch+json"),
        ("PUT", path.as_str(), "application/x-www-form-urlencoded"),
        ("PATCH", path.as_str(), "text/markdown"),
        ("POST", "/documents/check", "application/merge-patch+json"),
        ("POST", "/documents/check", "text/html"),
    ] {
        let answer = send(method, path, kind).raw("{}").await;
        assert_eq!(
            answer.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{method} {path} {kind}"
        );
    }
    let encoded = send("PUT", &path, "application/json").header("content-encoding", "gzip");
    encoded.raw("{}").await.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // curl and scripts forget it.
    send("PATCH", &path, "")
        .raw("{\"language\": \"en\"}")
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_content_may_have_five_megabytes_and_no_more() {
    let desk = Desk::with(saying("One")).await;
    let path = format!("{FIRST}/content");
    let most = 5 * 1024 * 1024;
    for (method, path, kind) in [
        ("PUT", path.as_str(), "application/json"),
        ("PUT", path.as_str(), "text/markdown"),
        ("PATCH", path.as_str(), "application/merge-patch+json"),
        ("POST", "/documents/check", "application/json"),
    ] {
        let call = desk
            .server
            .call(method, path)
            .admin()
            .header("content-type", kind);
        let answer = call
            .raw("x".repeat(most + 1))
            .await
            .expect(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            answer.json()["message"],
            "the body is longer than 5 MB or broke off",
            "{method} {path}"
        );
    }
    // Spaces around it are a part of the body, and of nothing else.
    let fits = format!("{}{}", " ".repeat(most - 100), json!({"language": "en"}));
    let call = desk
        .server
        .patch(&path)
        .admin()
        .header("content-type", "application/json");
    call.raw(fits).await.expect(StatusCode::OK);
    // What is small stays small.
    let long = json!({"status": "DRAFT", "accept_warnings": ["x".repeat(1024 * 1024)]});
    desk.status(FIRST, &long)
        .await
        .expect(StatusCode::PAYLOAD_TOO_LARGE);
}
