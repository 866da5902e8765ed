//! No secret is in a log: neither of what goes well nor of what goes wrong.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Method, StatusCode};
use imprint_local::demo::{Client, Site, text};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::support::{Story, control, ended, until, upload};

/// Everything that is logged in this process: the stories beside this one are logged, too, and no harm.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes all that is logged from now on: of ours everything, of others what they tell by default.
    fn begin() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("info,imprint=trace,lambda=debug"))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    }

    fn text(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// The secrets of a story by what they are.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 12, "{what} would be found by accident");
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    /// A token, and the header that it is sent in.
    fn token(&mut self, what: &str, token: &str) {
        self.add(what, token);
        let encoded = BASE64_STANDARD.encode(format!("{token}:"));
        self.add(&format!("{what}, as it is sent"), encoded.trim_end_matches('='));
    }

    /// What a build's forms are signed with.
    fn forms(&mut self, build: &Value) {
        for urls in ["post_prefix_urls", "post_dir_urls"] {
            for (place, form) in build[urls].as_object().unwrap() {
                let field = |name: &str| form["fields"][name].as_str().unwrap().to_owned();
                self.add(
                    &format!("the signature of the form for {place}"),
                    &field("x-amz-signature"),
                );
                self.add(&format!("the policy of the form for {place}"), &field("policy"));
            }
        }
    }
}

const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "incorrect zebra battery staple";
const KEY: &str = "the-fastly-key-of-lagoon";
const PATH: &str = "the-path-of-a-receiver-is-its-secret";

async fn send(client: &Client, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = client.send(method, path, Some(body)).await.unwrap();
    assert!(status.is_success(), "{path}: {answer}");
    answer
}

/// A user with a token for CI, who mistypes a password, and somebody who guesses a token.
async fn people(story: &Story, secrets: &mut Secrets) {
    let api = &story.stack.info().api;
    let user = json!({"username": "jo", "password": PASSWORD, "permissions": ["UPLOAD_BUILD"]});
    send(&story.client, Method::POST, "/users/", user).await;
    secrets.add("a password", PASSWORD);
    secrets.add("a password that was mistyped", WRONG);
    assert!(Client::log_in(api, "jo", WRONG).await.is_err());
    let jo = Client::log_in(api, "jo", PASSWORD).await.unwrap();
    secrets.token("a login", jo.token());
    let issued = send(&jo, Method::POST, "/users/jo/tokens/", json!({"label": "CI"})).await;
    secrets.token("a token for CI", text(&issued, "token").unwrap());
    let guessed = "imp_a-token-that-nobody-ever-had";
    secrets.token("a token that was guessed", guessed);
    for request in [
        reqwest::Client::new()
            .patch(format!("{api}/products/handbook"))
            .basic_auth(guessed, Some("")),
        reqwest::Client::new()
            .patch(format!("{api}/products/handbook"))
            .bearer_auth(guessed),
    ] {
        let answer = request.json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(!answer.text().await.unwrap().contains(guessed));
    }
}

/// An organization with a key of its own, and a receiver that does not answer and has a secret in its address.
async fn tenant(story: &Story, secrets: &mut Secrets) -> String {
    let organization = json!({"slug": "lagoon", "title": "Lagoon", "layout": "path", "domain": "docs.lagoon.example",
        "path_prefix": "/docs", "fastly_service_id": "lagoon", "fastly_api_key": KEY});
    send(&story.client, Method::POST, "/v2/orgs", organization).await;
    secrets.add("a key of a CDN", KEY);
    let url = format!("http://127.0.0.1:9/{PATH}");
    secrets.add("a receiver's address", PATH);
    let hook = json!({"url": url, "events": ["edition.updated"]});
    let hook = send(&story.client, Method::POST, "/v2/orgs/default/webhooks", hook).await;
    secrets.add("a receiver's secret", text(&hook, "secret").unwrap());
    let own = text(&hook, "self_url").unwrap().to_owned();
    let rotated = send(&story.client, Method::POST, &format!("{own}/rotate"), json!({})).await;
    secrets.add("a receiver's new secret", text(&rotated, "secret").unwrap());
    own
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_ever_logged() {
    let log = Log::begin();
    let story = Story::begin().await;
    let mut secrets = Secrets::default();
    secrets.token("an administrator's login", story.client.token());
    story.product("handbook").await;
    people(&story, &mut secrets).await;
    let hook = tenant(&story, &mut secrets).await;
    let site = Site::from([("index.html", "one"), ("a/b.html", "b")]);
    let build = upload(&story.client, "handbook", &site).await;
    secrets.forms(&build);
    // Everything that can fail does: the CDN, the receiver, a form, a message.
    let failures = json!({"count": 2, "status": 503});
    let failing = control(
        &story.stack.info().control,
        Method::PUT,
        "/fastly/failures",
        Some(failures),
    );
    assert_eq!(failing.await.0, StatusCode::OK);
    let queue = story
        .stack
        .controlled()
        .runner
        .reference("RegisterBuildQueue")
        .unwrap();
    story
        .sqs()
        .send_message()
        .queue_url(queue)
        .message_body("{}")
        .send()
        .await
        .unwrap();
    let task = story.client.confirm(&build).await.unwrap();
    ended(&story.client, &task).await;
    until("the receiver is called", || async {
        let deliveries = story.client.read(&format!("{hook}/deliveries")).await.unwrap();
        deliveries[0]["attempts"]
            .as_array()
            .is_some_and(|attempts| !attempts.is_empty())
    })
    .await;
    story.end().await;
    has_none_of_them(&log.text(), &secrets);
}

fn has_none_of_them(text: &str, secrets: &Secrets) {
    // It is really this story's log that is read.
    for (what, part) in [
        ("the CDN that failed", "503"),
        ("the function that was called", "imprint"),
        ("the invocation", "request_id="),
        ("its message", "message_id="),
        ("what that was about", "product=handbook"),
    ] {
        assert!(
            text.contains(part),
            "{what} is not in the log of {} bytes",
            text.len()
        );
    }
    for (what, secret) in &secrets.0 {
        if let Some(at) = text.find(secret.as_str()) {
            let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
            panic!(
                "{what} is in the log: {}",
                text[from..].lines().next().unwrap_or_default()
            );
        }
    }
}
