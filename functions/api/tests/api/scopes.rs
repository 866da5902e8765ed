//! Tokens for machines: what they may do, where, how long, and who makes them.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, number};
use crate::users::{create, is_accepted, login};

async fn try_issue(server: &Server, name: &str, by: &str, body: Value) -> Answer {
    let path = format!("/users/{name}/tokens/");
    server.post(&path).token(by).json(&body).await
}

async fn issue(server: &Server, name: &str, by: &str, body: Value) -> Value {
    let answer = try_issue(server, name, by, body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.expect(StatusCode::CREATED).json()
}

fn secret(issued: &Value) -> &str {
    issued["token"].as_str().unwrap()
}

async fn product(server: &Server, slug: &str) {
    let body = json!({"slug": slug, "title": slug, "doc_repo": "https://github.com/example/x"});
    let answer = server.post("/products/").admin().json(&body).await;
    answer.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_token_is_shown_once_listed_and_revoked() {
    let server = Server::with_alpha().await;
    create(&server, "ci", json!(12)).await;
    let own = login(&server, "ci").await;
    let body = json!({"label": "alpha on GitHub", "products": ["alpha"], "expires_in_days": 365});
    let issued = issue(&server, "ci", &own, body).await;
    let token = secret(&issued).to_owned();
    let id = issued["id"].as_str().unwrap();
    let mut expected = json!({
        "self_url": format!("https://{HOST}/users/ci/tokens/{id}"), "id": id, "kind": "machine",
        "label": "alpha on GitHub", "permissions": ["UPLOAD_BUILD"], "organizations": {}, "products": ["alpha"],
        "date_created": "2026-01-01T12:00:00Z", "date_expires": "2027-01-01T12:00:00Z", "token": token,
    });
    assert_eq!(issued, expected);
    expected.as_object_mut().unwrap().remove("token");

    let list = |by: String| async move {
        let answer = server.get("/users/ci/tokens").token(&by).send().await;
        (server, answer.expect(StatusCode::OK))
    };
    let (server, listed) = list(own.clone()).await;
    let text = String::from_utf8_lossy(&listed.bytes).into_owned();
    assert!(!text.contains("imp_") && !text.contains("hash"), "{text}");
    let tokens = &listed.json()["tokens"];
    assert_eq!(
        (&tokens[0]["kind"], &tokens[0]["label"]),
        (&json!("login"), &json!(null))
    );
    assert_eq!(tokens[1], expected);

    let revoke = |by: String| {
        let path = format!("/users/ci/tokens/{id}/");
        let server = &server;
        async move { server.delete(&path).token(&by).send().await }
    };
    assert!(is_accepted(&server, &token).await);
    revoke(token.clone())
        .await
        .refused(403, "unauthorized", "not authorized");
    let revoked = revoke(own.clone()).await.expect(StatusCode::OK);
    assert_eq!(revoked.json(), json!({}));
    assert!(!is_accepted(&server, &token).await);
    revoke(own.clone()).await.expect(StatusCode::NOT_FOUND);
    let listed = server.get("/users/ci/tokens/?limit=1").token(&own).send().await;
    assert_eq!(listed.json()["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(listed.header("link"), "");
}

#[tokio::test]
async fn a_token_for_one_product_is_refused_by_every_other() {
    let server = Server::with_alpha().await;
    product(&server, "beta").await;
    create(&server, "ci", json!(31)).await;
    let own = login(&server, "ci").await;
    let body = json!({"label": "CI", "permissions": 30, "products": ["alpha"]});
    let token = secret(&issue(&server, "ci", &own, body).await).to_owned();
    let build = json!({"git_refs": ["main"]});
    let mut ids = Vec::new();
    for slug in ["alpha", "beta"] {
        let path = format!("/products/{slug}/builds/");
        let built = server.post(&path).admin().json(&build).await.json();
        ids.push(number(&built["self_url"]));
    }
    let edition = json!({"slug": "v1", "title": "v1", "tracked_refs": ["v1"]});
    let none = json!({});
    // The default editions have the numbers 1 and 2.
    let calls = |slug: &str, build_id: u64, edition_id: u64| {
        [
            ("POST", format!("/products/{slug}/builds/"), &build),
            ("POST", format!("/products/{slug}/editions"), &edition),
            ("PATCH", format!("/products/{slug}"), &none),
            ("PATCH", format!("/builds/{build_id}/"), &none),
            ("DELETE", format!("/builds/{build_id}"), &none),
            ("PATCH", format!("/editions/{edition_id}"), &none),
            ("DELETE", format!("/editions/{edition_id}"), &none),
        ]
    };
    let send = |method: &str, path: &str, body: &Value| {
        let call = server.call(method, path).token(&token);
        let body = body.clone();
        async move { call.json(&body).await }
    };
    for (method, path, body) in calls("beta", ids[1], 2) {
        let answer = send(method, &path, body).await;
        answer.refused(403, "unauthorized", "not authorized");
    }
    for (method, path, body) in calls("alpha", ids[0], 1) {
        let answer = send(method, &path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    }
    for path in ["/builds/99", "/editions/99", "/builds/x"] {
        let answer = send("PATCH", path, &none).await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    // What is about no product, or about one that is not there yet, is beyond the limit.
    let new = json!({"slug": "gamma", "title": "G", "doc_repo": "https://github.com/example/x"});
    send("POST", "/products/", &new)
        .await
        .expect(StatusCode::FORBIDDEN);
    send("GET", "/users/", &none).await.expect(StatusCode::FORBIDDEN);
    // Nothing of beta was changed.
    let beta = server.get(&format!("/builds/{}", ids[1])).send().await.json();
    assert_eq!(
        (&beta["date_ended"], &beta["uploaded"]),
        (&json!(null), &json!(false))
    );
}

#[tokio::test]
async fn others_pay_nothing_for_tokens_that_are_limited() {
    let server = Server::with_alpha().await;
    server.build(&["main"]).await;
    let before = server.world.counts().port("catalog");
    let patch = server.patch("/builds/1").admin().json(&json!({})).await;
    patch.expect(StatusCode::OK);
    // The token, and the build, which is found in two.
    assert_eq!(server.world.counts().port("catalog") - before, 3);
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_a_sentence() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    create(&server, "chief", json!(31)).await;
    let (own, chief) = (login(&server, "ci").await, login(&server, "chief").await);
    for (body, part) in [
        (json!({}), "missing label"),
        (json!({"label": ""}), "label"),
        (
            json!({"label": "x", "permissions": 9}),
            "permissions that its user does not have",
        ),
        (json!({"label": "x", "permissions": []}), "no permission"),
        (json!({"label": "x", "permissions": ["x"]}), "no such permission"),
        (json!({"label": "x", "products": []}), "products is empty"),
        (json!({"label": "x", "products": ["Not A Slug"]}), "products"),
        (json!({"label": "x", "products": "alpha"}), "products"),
        (json!({"label": "x", "expires_in_days": 0}), "from 1 to 365 days"),
        (
            json!({"label": "x", "expires_in_days": 366}),
            "from 1 to 365 days",
        ),
        (json!({"label": "x", "expires_in_days": 1.5}), "expires_in_days"),
    ] {
        try_issue(&server, "ci", &own, body).await.bad(part);
    }
    let users = json!({"label": "x", "permissions": 1, "products": ["alpha"]});
    try_issue(&server, "chief", &chief, users)
        .await
        .bad("cannot have ADMIN_USER");
    let label = json!({"label": "x"});
    try_issue(&server, "nobody", &chief, label)
        .await
        .expect(StatusCode::NOT_FOUND);
    for path in [
        "/users/ci/tokens/x",
        "/users/ci/tokens/%ff",
        "/users/a:b/tokens/x",
    ] {
        let answer = server.delete(path).token(&chief).send().await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{path} {answer:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_exactly_one_is_none() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    let own = login(&server, "ci").await;
    let body = json!({"label": "CI", "expires_in_days": 1});
    let issued = issue(&server, "ci", &own, body).await;
    let token = secret(&issued);
    assert!(is_accepted(&server, token).await);
    let id = issued["id"].as_str().unwrap();
    for wrong in [
        &token[..token.len() - 1],
        &token[4..],
        &format!("{token}A"),
        &token.to_lowercase(),
        id,
    ] {
        assert!(!is_accepted(&server, wrong).await, "{wrong}");
    }
    let day = SignedDuration::from_hours(24);
    server.world.clock.advance(day - SignedDuration::from_secs(1));
    assert!(is_accepted(&server, token).await);
    server.world.clock.advance(SignedDuration::from_secs(1));
    assert!(!is_accepted(&server, token).await);
    // One of another installation, well formed.
    let other = Server::new();
    other.world.env().random.bytes();
    create(&other, "ci", json!(8)).await;
    let foreign = login(&other, "ci").await;
    assert!(!is_accepted(&server, &foreign).await);
}

/// Each route by each caller: nobody, somebody else, who manages users, the user, and a machine of the user.
#[tokio::test]
async fn what_is_somebodys_own_is_open_to_nobody_else() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    create(&server, "other", json!(30)).await;
    create(&server, "chief", json!(1)).await;
    let own = login(&server, "ci").await;
    let machine = issue(&server, "ci", &own, json!({"label": "CI"})).await;
    let id = machine["id"].as_str().unwrap();
    let callers = [
        ("own", own.clone()),
        ("machine", secret(&machine).to_owned()),
        ("other", login(&server, "other").await),
        ("chief", login(&server, "chief").await),
        ("unknown", "imp_unknown".to_owned()),
    ];
    let label = json!({"label": "x"});
    for (method, path, body, for_own) in [
        ("GET", "/users/".to_owned(), json!({}), false),
        ("POST", "/users/".to_owned(), json!({}), false),
        ("GET", "/users/ci".to_owned(), json!({}), true),
        ("PATCH", "/users/ci".to_owned(), json!({}), true),
        ("GET", "/users/ci/tokens/".to_owned(), json!({}), true),
        ("POST", "/users/ci/tokens/".to_owned(), label, true),
        (
            "DELETE",
            format!("/users/ci/tokens/{}", id.replace(|_| true, "0")),
            json!({}),
            true,
        ),
    ] {
        let anonymous = server.call(method, &path).json(&body).await;
        assert_eq!(anonymous.status, 401, "{method} {path}");
        for (who, token) in &callers {
            let status = server.call(method, &path).token(token).json(&body).await.status;
            let expected = match *who {
                "unknown" => StatusCode::UNAUTHORIZED,
                "chief" => status,
                "own" if for_own => status,
                _ => StatusCode::FORBIDDEN,
            };
            assert_eq!(status, expected, "{method} {path} by {who}");
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
            let let_in = *who == "chief" || *who == "own" && for_own;
            assert_eq!(refused, !let_in, "{method} {path} by {who}");
        }
    }
}
