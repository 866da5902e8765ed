//! A user, its token for CI, and the end of both, over HTTP.

use http::{Method, StatusCode};
use imprint_local::demo::{Client, text};
use serde_json::{Value, json};

use crate::support::Story;

async fn with_token(story: &Story, token: &str, method: Method, path: &str, body: Value) -> StatusCode {
    let url = format!("{}{path}", story.stack.info().api);
    let request = reqwest::Client::new()
        .request(method, url)
        .basic_auth(token, Some(""));
    request.json(&body).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn ci_uploads_to_its_product_until_its_user_is_disabled() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.product("almanac").await;
    let password = "correct horse battery";
    let user = json!({"username": "jo", "password": password, "permissions": ["UPLOAD_BUILD"]});
    let (status, _) = story
        .client
        .send(Method::POST, "/users/", Some(user))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CREATED);

    let jo = Client::log_in(&story.stack.info().api, "jo", password)
        .await
        .unwrap();
    let wanted = json!({"label": "CI", "products": ["handbook"]});
    let (status, issued) = jo
        .send(Method::POST, "/users/jo/tokens/", Some(wanted))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::CREATED, "{issued}");
    let token = text(&issued, "token").unwrap();
    let build = |product: &str| {
        let path = format!("/products/{product}/builds/");
        let (story, token) = (&story, token.to_owned());
        async move { with_token(story, &token, Method::POST, &path, json!({"git_refs": ["main"]})).await }
    };
    assert_eq!(build("handbook").await, StatusCode::CREATED);
    assert_eq!(build("almanac").await, StatusCode::FORBIDDEN);
    let own = with_token(&story, token, Method::PATCH, "/builds/1", json!({})).await;
    assert_eq!(own, StatusCode::OK);
    let listed = jo.read("/users/jo/tokens/").await.unwrap();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2, "{listed}");

    let disable = json!({"disabled": true});
    let (status, _) = story
        .client
        .send(Method::PATCH, "/users/jo", Some(disable))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(build("handbook").await, StatusCode::UNAUTHORIZED);
    assert!(jo.read("/users/jo").await.is_err());
    for _ in 0..10 {
        assert!(
            Client::log_in(&story.stack.info().api, "jo", password)
                .await
                .is_err()
        );
    }
    let locked = reqwest::Client::new().get(format!("{}/token", story.stack.info().api));
    let locked = locked.basic_auth("jo", Some(password)).send().await.unwrap();
    assert_eq!(locked.status(), StatusCode::TOO_MANY_REQUESTS);
    story.end().await;
}
