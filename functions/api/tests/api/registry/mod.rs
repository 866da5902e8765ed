//! The release registry over HTTP. A test's name begins with the requirement that it shows.

mod builds;
mod cases;
mod check_ins;
mod clusters;
mod counts;
mod doctor;
mod flood;
mod forms;
mod lists;
mod organizations;
mod releases;
mod spec;
mod story;

use http::StatusCode;
use serde_json::{Value, json};

use crate::server::{Answer, Call, Server, basic};

/// When the cases happen.
pub(crate) const NOW: &str = "2016-05-02T12:00:00Z";

/// A server whose clock stands at a time.
pub(crate) fn server_at(now: &str) -> Server {
    let server = Server::new();
    server.world.clock.set(now.parse().unwrap());
    server
}

/// A call with the credentials for reports of doctors.
pub(crate) fn doctor(call: Call<'_>) -> Call<'_> {
    call.header("authorization", &basic("doctor", "a long random password"))
}

/// Publishes a release with an admin's token.
pub(crate) async fn publish(server: &Server, release: &Value) -> Value {
    let text = |pointer: &str| {
        release
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    let (train, component) = (text("/version/train"), text("/component/name"));
    let path = format!("/v3/versions/{train}/{component}/{}", text("/version/version"));
    server
        .post(&path)
        .admin()
        .json(release)
        .await
        .expect(StatusCode::OK)
        .json()
}

/// A release in few words.
pub(crate) fn release(component: &str, train: &str, version: &str, released: &str) -> Value {
    json!({"component": {"name": component}, "version": {"train": train, "version": version, "released": released}})
}

/// Checks in without a token.
pub(crate) async fn check_in(server: &Server, id: &str) -> Answer {
    server.post("/v3/clusters").json(&json!({"id": id})).await
}

/// Makes true what is given.
pub(crate) async fn given(server: &Server, what: &Value) {
    let Some(checkins) = what["checkins_of"].as_object() else {
        publish(server, what).await;
        return;
    };
    let before = imprint_app::ports::Clock::now(&*server.world.clock);
    for (id, times) in checkins {
        for at in times.as_array().unwrap() {
            server.world.clock.set(at.as_str().unwrap().parse().unwrap());
            check_in(server, id).await.expect(StatusCode::OK);
        }
    }
    server.world.clock.set(before);
}

/// The identities of a list of clusters.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let all = list["data"].as_array().unwrap().iter();
    all.map(|cluster| cluster["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The clusters that a query finds, in the order of their identities.
pub(crate) async fn age_ids(server: &Server, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/v3/clusters/age?{query}")).send().await;
    let mut ids = ids(&answer.expect(StatusCode::OK).json());
    ids.sort();
    ids
}

/// Posts with an admin's token.
pub(crate) async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.post(path).admin().json(body).await
}

/// Reads what is there.
pub(crate) async fn get(server: &Server, path: &str) -> Value {
    server.get(path).send().await.expect(StatusCode::OK).json()
}

/// Checks a refusal in the registry's form.
#[track_caller]
pub(crate) fn refused(answer: &Answer, code: u16, message: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (code, json!({"code": code, "message": message}))
    );
}

/// The versions of a list of releases.
pub(crate) async fn versions(server: &Server, path: &str) -> Vec<String> {
    let list = get(server, path).await;
    let all = list["data"].as_array().unwrap().iter();
    all.map(|one| one["version"]["version"].as_str().unwrap().to_owned())
        .collect()
}
