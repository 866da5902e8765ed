//! The known cases over HTTP, against the whole stack with its clock at the time of the cases.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use imprint_local::stack::Options;
use imprint_testing::cases::{self, Reply, check, list, required};
use serde_json::{Value, json};

use crate::support::{Story, control};

const NOW: &str = "2016-05-02T12:00:00Z";

/// Where the registry of an organization lies; the default one's lies at the root.
struct Place<'a> {
    story: &'a Story,
    http: reqwest::Client,
    base: String,
}

impl<'a> Place<'a> {
    fn default_one(story: &'a Story) -> Self {
        Self {
            story,
            http: reqwest::Client::new(),
            base: story.stack.info().api.clone(),
        }
    }

    /// A registry that nobody has used, in an organization of its own.
    async fn fresh(story: &'a Story, name: &str) -> Self {
        let new =
            json!({"slug": name, "title": name, "layout": "path", "domain": format!("{name}.example.org")});
        let (status, answer) = story
            .client
            .send(Method::POST, "/v2/orgs", Some(new))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let mut place = Self::default_one(story);
        place.base = format!("{}/v2/orgs/{name}/registry", place.base);
        place
    }

    async fn ask(&self, request: &Value) -> Reply {
        let (method, path) = (
            request["method"].as_str().unwrap(),
            request["path"].as_str().unwrap(),
        );
        let method: Method = method.parse().unwrap();
        let mut asked = self.http.request(method.clone(), format!("{}{path}", self.base));
        let is_publication = method == Method::POST && path.matches('/').count() == 5;
        asked = match request["auth"].as_str() {
            None if is_publication => asked.bearer_auth(self.story.client.token()),
            None => asked,
            Some("basic ok") => asked.basic_auth("dev", Some("dev")),
            Some(other) => {
                let (user, password) = other.strip_prefix("basic ").unwrap().split_once(':').unwrap();
                asked.basic_auth(user, Some(password))
            }
        };
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            asked = asked.header(name, value.as_str().unwrap());
        }
        asked = match request.get("body") {
            Some(Value::String(raw)) if request["raw"] == true => asked.body(raw.clone()),
            Some(body) => asked.body(body.to_string()),
            None => asked,
        };
        let answer = asked.send().await.unwrap();
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = answer.headers().iter();
        let headers: BTreeMap<String, String> = headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        Reply {
            status: answer.status().as_u16(),
            headers,
            body: answer.text().await.unwrap(),
        }
    }

    async fn post(&self, path: &str, body: &Value) {
        let headers = json!({"Content-Type": "application/json"});
        let reply = self
            .ask(&json!({"method": "POST", "path": path, "headers": headers, "body": body}))
            .await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    }

    async fn make_true(&self, given: &Value) {
        let Some(checkins) = given["checkins_of"].as_object() else {
            let text = |pointer: &str| given.pointer(pointer).unwrap().as_str().unwrap();
            let (train, component) = (text("/version/train"), text("/component/name"));
            self.post(
                &format!("/v3/versions/{train}/{component}/{}", text("/version/version")),
                given,
            )
            .await;
            return;
        };
        for (id, times) in checkins {
            for at in times.as_array().unwrap() {
                set_clock(self.story, at.as_str().unwrap()).await;
                self.post("/v3/clusters", &json!({"id": id})).await;
            }
        }
        set_clock(self.story, NOW).await;
    }
}

async fn set_clock(story: &Story, now: &str) {
    let base = &story.stack.info().control;
    let (status, answer) = control(base, Method::PUT, "/clock", Some(json!({"now": now}))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_registry_over_http() {
    let options = Options {
        clock: Some(NOW.parse().unwrap()),
        ..Options::default()
    };
    let story = Story::begin_with(options).await;
    for (n, case) in list(&cases::registry(), "http").iter().enumerate() {
        let id = case["id"].as_str().unwrap();
        let given = case["given"].as_array().unwrap();
        let writes = case["request"]["method"] == "POST" || !given.is_empty();
        let place = if writes {
            Place::fresh(&story, &format!("case-{n}")).await
        } else {
            Place::default_one(&story)
        };
        for one in given {
            place.make_true(one).await;
        }
        let reply = place.ask(&case["request"]).await;
        check(id, &reply, required(case));
    }
    story.end().await;
}
