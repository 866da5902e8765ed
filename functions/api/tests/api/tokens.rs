//! What is no token any more, or never was one, and what a token says about itself.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::server::Server;
use crate::users::{PASSWORD, create, is_accepted, login, try_login};

/// A server with `ci`, who has a token.
async fn logged_in() -> (Server, String) {
    let server = Server::with_alpha().await;
    create(&server, "ci", json!(31)).await;
    let token = login(&server, "ci").await;
    (server, token)
}

#[tokio::test]
async fn only_the_whole_token_is_one() {
    let (server, token) = logged_in().await;
    assert!(is_accepted(&server, &token).await);
    let stored = hex::encode(Sha256::digest(&token));
    let (head, last) = token.split_at(token.len() - 1);
    // The last of 43 characters of Base64 has two bits that say nothing: another spelling is another token.
    let other = if last == "A" { "B" } else { "A" };
    for (what, wrong) in [
        ("nothing", String::new()),
        ("its beginning", "imp_".to_owned()),
        ("cut by one", head.to_owned()),
        ("cut in half", token[..token.len() / 2].to_owned()),
        ("one more", format!("{token}A")),
        ("another end", format!("{head}{other}")),
        ("upper case", token.to_ascii_uppercase()),
        ("without its prefix", token["imp_".len()..].to_owned()),
        ("what is stored of it", stored.clone()),
        ("what is stored, as a token", format!("imp_{stored}")),
        ("twice", format!("{token}{token}")),
        ("with a null", format!("{token}\0")),
        ("longer than any", format!("{token}{}", "A".repeat(300))),
        ("the password", PASSWORD.to_owned()),
        ("the name", "ci".to_owned()),
    ] {
        assert!(!is_accepted(&server, &wrong).await, "{what}");
        let answer = server
            .patch("/products/alpha")
            .token(&wrong)
            .json(&json!({"title": "Stolen"}))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        // Nobody is told what is wrong with it.
        assert_eq!(
            answer.json()["message"],
            "please send your authentication token",
            "{what}"
        );
    }
    assert!(is_accepted(&server, &token).await);
}

#[tokio::test]
async fn a_token_ends_with_its_hour_its_revocation_its_users_rights_and_its_user() {
    let (server, token) = logged_in().await;
    let issue = async |label: &str| {
        let body = json!({"label": label, "permissions": 31, "expires_in_days": 1});
        let answer = server.post("/users/ci/tokens/").token(&token).json(&body).await;
        answer.expect(StatusCode::CREATED).json()
    };
    let secret = |issued: &serde_json::Value| issued["token"].as_str().unwrap().to_owned();
    let revoked = issue("to be revoked").await;
    let path = format!("/users/ci/tokens/{}", revoked["id"].as_str().unwrap());
    server
        .delete(&path)
        .token(&token)
        .send()
        .await
        .expect(StatusCode::OK);
    assert!(!is_accepted(&server, &secret(&revoked)).await);

    let expiring = secret(&issue("for a day").await);
    server
        .world
        .clock
        .advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert!(is_accepted(&server, &expiring).await);
    assert!(!is_accepted(&server, &token).await, "a login is good for an hour");
    server.world.clock.advance(SignedDuration::from_secs(1));
    assert!(!is_accepted(&server, &expiring).await);

    let token = login(&server, "ci").await;
    server.grant("imp_boss", &[imprint_domain::access::Permission::AdminUser]);
    // The boss's token is of yesterday, too.
    server.world.clock.set(imprint_testing::samples::NOON);
    let fewer = json!({"permissions": 0});
    server
        .patch("/users/ci")
        .token("imp_boss")
        .json(&fewer)
        .await
        .expect(StatusCode::OK);
    assert!(
        !is_accepted(&server, &token).await,
        "it may do more than its user"
    );
    let token = login(&server, "ci").await;
    let disabled = json!({"disabled": true});
    server
        .patch("/users/ci")
        .token("imp_boss")
        .json(&disabled)
        .await
        .expect(StatusCode::OK);
    assert!(!is_accepted(&server, &token).await);
}

#[tokio::test]
async fn the_token_of_another_user_opens_nothing_of_this_one() {
    let (server, token) = logged_in().await;
    // Every right but that of managing users.
    create(&server, "other", json!(30)).await;
    let other = login(&server, "other").await;
    let body = json!({"label": "mine"});
    let own = server.post("/users/ci/tokens/").token(&token).json(&body).await;
    let id = own.expect(StatusCode::CREATED).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (method, path) in [
        ("GET", "/users/ci".to_owned()),
        ("PATCH", "/users/ci".to_owned()),
        ("GET", "/users/ci/tokens/".to_owned()),
        ("POST", "/users/ci/tokens/".to_owned()),
        ("DELETE", format!("/users/ci/tokens/{id}")),
    ] {
        let answer = server.call(method, &path).token(&other).json(&body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    // Nor is it found below the name of whoever asks.
    let answer = server
        .delete(&format!("/users/other/tokens/{id}"))
        .token(&other)
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

/// What the log, a trace or an error of the store could show.
#[tokio::test]
async fn a_token_is_looked_up_by_its_digest_and_stored_nowhere() {
    let (server, token) = logged_in().await;
    let stored = format!("{:?}", server.world.catalog.all_tokens());
    assert!(stored.contains(&hex::encode(Sha256::digest(&token))));
    assert!(!stored.contains(&token));
    for answer in [
        try_login(&server, "ci", "a wrong password").await,
        try_login(&server, "nobody", "a wrong password").await,
    ] {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(
            !text.contains("a wrong password") && !text.contains("nobody"),
            "{text}"
        );
    }
}
