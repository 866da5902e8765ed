//! Users: who makes and changes them, and how they log in.

use http::StatusCode;
use imprint_testing::{Moment, Trouble, samples};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, basic};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) async fn create(server: &Server, name: &str, permissions: Value) -> Value {
    let body = json!({"username": name, "password": PASSWORD, "permissions": permissions});
    let answer = server.post("/users/").admin().json(&body).await;
    answer.expect(StatusCode::CREATED).json()
}

pub(crate) async fn try_login(server: &Server, name: &str, password: &str) -> Answer {
    let call = server
        .get("/token")
        .header("authorization", &basic(name, password));
    call.send().await
}

pub(crate) async fn login(server: &Server, name: &str) -> String {
    let answer = try_login(server, name, PASSWORD).await.expect(StatusCode::OK);
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Whether the token is accepted, asked of a route that needs no permission of its user.
pub(crate) async fn is_accepted(server: &Server, token: &str) -> bool {
    let answer = server.get("/users/no%20such%20user").token(token).send().await;
    answer.status != StatusCode::UNAUTHORIZED
}

async fn patch(server: &Server, name: &str, token: &str, body: Value) -> Answer {
    server
        .patch(&format!("/users/{name}"))
        .token(token)
        .json(&body)
        .await
}

#[tokio::test]
async fn a_user_is_created_read_and_listed() {
    let server = Server::new();
    let created = create(&server, "Jörg/a b", json!(["upload_build", "ADMIN_EDITION"])).await;
    let url = format!("https://{HOST}/users/J%C3%B6rg%2Fa%20b");
    let expected = json!({
        "self_url": url, "username": "Jörg/a b", "permissions": ["ADMIN_EDITION", "UPLOAD_BUILD"],
        "permission_bits": 12, "organizations": {}, "disabled": false, "date_disabled": null, "date_created": "2026-01-01T12:00:00Z",
        "tokens_url": format!("{url}/tokens/"),
    });
    assert_eq!(created, expected);
    let path = "/users/J%C3%B6rg%2Fa%20b";
    let read = server.get(path).admin().send().await.expect(StatusCode::OK);
    assert_eq!(read.json(), expected);
    create(&server, "ci", json!(8)).await;
    let list = |query: &str| server.get(&format!("/users/{query}")).admin().send();
    let urls = list("").await.json();
    assert_eq!(urls, json!({"users": [url, format!("https://{HOST}/users/ci")]}));
    let page = list("?limit=1&expand=1").await;
    assert_eq!(page.json(), json!({"users": [expected]}));
    assert!(page.header("link").ends_with("&expand=1>; rel=\"next\""));
    let answer = server.get(path).admin().send().await;
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("argon2"));
}

#[tokio::test]
async fn a_wrong_user_is_refused_with_a_sentence() {
    let server = Server::new();
    create(&server, "taken", json!([])).await;
    let (name, password) = ("ci", PASSWORD);
    for (body, part) in [
        (
            json!({"password": password, "permissions": 8}),
            "missing username",
        ),
        (json!({"username": name, "permissions": 8}), "missing password"),
        (
            json!({"username": name, "password": password}),
            "missing permissions",
        ),
        (
            json!({"username": "taken", "password": password, "permissions": 8}),
            "A user already exists",
        ),
        (
            json!({"username": "a:b", "password": password, "permissions": 8}),
            "username",
        ),
        (
            json!({"username": name, "password": "elevenchars", "permissions": 8}),
            "fewer than 12",
        ),
        (
            json!({"username": name, "password": "a".repeat(20), "permissions": 8}),
            "again and again",
        ),
        (
            json!({"username": name, "password": "ab".repeat(600), "permissions": 8}),
            "more than 1024 bytes",
        ),
        (
            json!({"username": name, "password": password, "permissions": 64}),
            "from 0 to 63",
        ),
        (
            json!({"username": name, "password": password, "permissions": -1}),
            "a list of names",
        ),
        (
            json!({"username": name, "password": password, "permissions": "UPLOAD_BUILD"}),
            "a list of names",
        ),
        (
            json!({"username": name, "password": password, "permissions": ["ROOT"]}),
            "no such permission",
        ),
        (
            json!({"username": name, "password_hash": "plain$$x", "permissions": 8}),
            "pbkdf2:sha256",
        ),
        (
            json!({"username": name, "password": password, "password_hash": HASH, "permissions": 8}),
            "not both",
        ),
    ] {
        server.post("/users/").admin().json(&body).await.bad(part);
    }
    assert_eq!(try_login(&server, name, password).await.status, 401);
}

#[tokio::test]
async fn the_own_password_is_changed_with_the_old_one() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    let token = login(&server, "ci").await;
    let ours = |body| patch(&server, "ci", &token, body);
    let new = "another horse battery";
    ours(json!({"password": new})).await.bad("missing old_password");
    ours(json!({"password": new, "old_password": "wrong"}))
        .await
        .bad("old_password is not");
    ours(json!({"password": "short", "old_password": PASSWORD}))
        .await
        .bad("fewer than 12");
    let other = login(&server, "ci").await;
    let change = json!({"password": new, "old_password": PASSWORD});
    ours(change.clone()).await.expect(StatusCode::OK);
    assert!(!is_accepted(&server, &token).await && !is_accepted(&server, &other).await);
    assert_eq!(try_login(&server, "ci", PASSWORD).await.status, 401);
    let answer = try_login(&server, "ci", new).await.expect(StatusCode::OK).json();
    // Whose first answer was lost asks again, and the password that is no longer the old one does not matter.
    let token = answer["token"].as_str().unwrap();
    patch(&server, "ci", token, change).await.expect(StatusCode::OK);
    // Who manages users needs no old password for others, and does for its own.
    let by_admin = server
        .patch("/users/ci")
        .admin()
        .json(&json!({"password": PASSWORD}))
        .await;
    by_admin.expect(StatusCode::OK);
    login(&server, "ci").await;
    create(&server, "chief", json!(1)).await;
    let chief = login(&server, "chief").await;
    let answer = patch(&server, "chief", &chief, json!({"password": new})).await;
    answer.bad("missing old_password");
}

#[tokio::test]
async fn only_who_manages_users_changes_permissions_and_nobody_locks_itself_out() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    create(&server, "chief", json!(1)).await;
    let (ci, chief) = (login(&server, "ci").await, login(&server, "chief").await);
    for body in [
        json!({"permissions": 31}),
        json!({"permissions": 8}),
        json!({"disabled": false}),
    ] {
        patch(&server, "ci", &ci, body)
            .await
            .refused(403, "unauthorized", "not authorized");
    }
    patch(&server, "ci", &ci, json!({})).await.expect(StatusCode::OK);
    for body in [json!({"permissions": 30}), json!({"disabled": true})] {
        patch(&server, "chief", &chief, body)
            .await
            .bad("nobody can lock itself out");
    }
    patch(&server, "chief", &chief, json!({"permissions": 3}))
        .await
        .expect(StatusCode::OK);
    assert!(is_accepted(&server, &chief).await);
    // A token that may do more than its user does not outlive that.
    patch(&server, "ci", &chief, json!({"permissions": 24}))
        .await
        .expect(StatusCode::OK);
    assert!(is_accepted(&server, &ci).await);
    patch(&server, "ci", &chief, json!({"permissions": 16}))
        .await
        .expect(StatusCode::OK);
    assert!(!is_accepted(&server, &ci).await);
}

#[tokio::test]
async fn a_disabled_user_is_let_in_nowhere() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    let own = login(&server, "ci").await;
    let mut tokens = vec![own.clone()];
    for n in 0..70 {
        let body = json!({"label": format!("token {n}")});
        let answer = server.post("/users/ci/tokens/").token(&own).json(&body).await;
        let answer = answer.expect(StatusCode::CREATED).json();
        tokens.push(answer["token"].as_str().unwrap().to_owned());
    }
    let body = json!({"disabled": true});
    let disable = || server.patch("/users/ci").admin().json(&body);
    // It stops after the first of three commits. The same request again ends the rest.
    let faults = server.world.faults();
    faults.once("catalog.commit", 2, Moment::Before, Trouble::Busy);
    disable().await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(try_login(&server, "ci", PASSWORD).await.status, 401);
    let answer = disable().await.expect(StatusCode::OK).json();
    assert_eq!(
        (&answer["disabled"], &answer["date_disabled"]),
        (&json!(true), &json!("2026-01-01T12:00:00Z"))
    );
    for token in &tokens {
        assert!(!is_accepted(&server, token).await);
    }
    disable().await.expect(StatusCode::OK);
    let body = json!({"label": "late"});
    let late = server.post("/users/ci/tokens/").admin().json(&body).await;
    late.bad("the user is disabled");
    // The answer is that of a wrong password.
    let answer = try_login(&server, "ci", PASSWORD).await;
    answer.refused(401, "unauthorized", "please authenticate");
    let enable = server
        .patch("/users/ci")
        .admin()
        .json(&json!({"disabled": false}))
        .await;
    assert_eq!(enable.expect(StatusCode::OK).json()["disabled"], false);
    assert!(!is_accepted(&server, &own).await);
    login(&server, "ci").await;
}

#[tokio::test]
async fn a_login_that_meets_a_change_of_its_user_looks_again() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    // The password was right, and while its token is being stored the user is disabled.
    let hold = server.world.faults().hold("catalog.commit", 1);
    let disabled = async {
        hold.reached().await;
        let body = json!({"disabled": true});
        let answer = server.patch("/users/ci").admin().json(&body).await;
        answer.expect(StatusCode::OK);
        hold.release();
    };
    let (answer, ()) = tokio::join!(try_login(&server, "ci", PASSWORD), disabled);
    answer.refused(401, "unauthorized", "please authenticate");
    let listed = server.get("/users/ci/tokens/").admin().send().await;
    assert_eq!(listed.json(), json!({"tokens": []}));
}

/// `hashlib.pbkdf2_hmac("sha256", PASSWORD, b"Zx3lVbN8", 50000)` in werkzeug's form.
const HASH: &str =
    "pbkdf2:sha256:50000$Zx3lVbN8$7cad7714020bae9edb69a14058a2226dbcd2c0e4e5cf4143087cc42ae0234677";

#[tokio::test]
async fn a_user_of_a_keeper_logs_in_and_is_upgraded() {
    let server = Server::new();
    let body = json!({"username": "moved", "password_hash": HASH, "permissions": 12});
    server
        .post("/users/")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    let stored = || async {
        let user = server.world.env().catalog.user(&samples::parsed("moved")).await;
        user.unwrap().unwrap().password_hash
    };
    assert_eq!(try_login(&server, "moved", "wrong").await.status, 401);
    assert_eq!(stored().await, HASH);
    let token = login(&server, "moved").await;
    assert!(is_accepted(&server, &token).await);
    let upgraded = stored().await;
    assert!(upgraded.starts_with("$argon2id$"));
    login(&server, "moved").await;
    assert_eq!(stored().await, upgraded);
    assert_eq!(try_login(&server, "moved", "wrong").await.status, 401);
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_name_for_a_quarter_of_an_hour() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    create(&server, "other", json!(8)).await;
    let minute = SignedDuration::from_mins(1);
    // A name that nobody has is treated the same, so that nobody learns which there are.
    for name in ["ci", "nobody"] {
        for _ in 0..10 {
            let answer = try_login(&server, name, "wrong").await;
            answer.refused(401, "unauthorized", "please authenticate");
        }
    }
    server.world.clock.advance(minute * 10);
    for (name, password) in [("ci", "wrong"), ("ci", PASSWORD), ("nobody", "wrong")] {
        let answer = try_login(&server, name, password).await;
        let message = "too many wrong passwords were given with this name; Retry-After says when the next one is looked at";
        answer.refused(429, "too many requests", message);
        assert_eq!(answer.header("retry-after"), "301");
    }
    login(&server, "other").await;
    server.world.clock.advance(minute * 5);
    login(&server, "ci").await;
}

#[tokio::test]
async fn a_right_password_forgives_the_wrong_ones() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    for _ in 0..3 {
        for _ in 0..9 {
            assert_eq!(try_login(&server, "ci", "wrong").await.status, 401);
        }
        login(&server, "ci").await;
    }
    // Guessing the old password is guessing, too.
    let token = login(&server, "ci").await;
    let guess = json!({"password": "another horse battery", "old_password": "wrong"});
    for _ in 0..10 {
        patch(&server, "ci", &token, guess.clone())
            .await
            .bad("old_password is not");
    }
    let locked = patch(&server, "ci", &token, guess).await;
    assert_eq!(
        (locked.status.as_u16(), locked.header("retry-after")),
        (429, "901")
    );
}

#[tokio::test]
async fn a_login_costs_three_requests_and_a_wrong_one_as_many_for_every_name() {
    let server = Server::new();
    create(&server, "ci", json!(8)).await;
    for (name, password, requests) in [
        ("ci", PASSWORD, 3),
        ("ci", "wrong", 2),
        ("nobody", "wrong", 2),
        ("ci", PASSWORD, 3),
    ] {
        let before = server.world.counts().port("catalog");
        try_login(&server, name, password).await;
        let spent = server.world.counts().port("catalog") - before;
        assert_eq!(spent, requests, "{name} {password}");
    }
}
