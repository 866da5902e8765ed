//! D-21: reports of clusters' doctors.

use http::StatusCode;
use imprint_domain::registry::MAX_REPORT;
use imprint_testing::{Moment, Trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{NOW, doctor, refused, server_at};
use crate::server::{Answer, Server, basic};

const PATH: &str = "/v3/doctor/7e57d004-2b97-4e7a-b45f-5387367791cd";

async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.post(path).json(body).await
}

#[tokio::test]
async fn d21_a_report_is_stored_once_and_read_with_a_password() {
    let server = server_at(NOW);
    let body = json!({"Workflow": {"ID": "c1", "firstSeen": NOW, "components": [
            {"component": {"name": "deis-builder", "description": "Deis Workflow"}, "version": {"train": "", "version": "v2.0.0"}}]},
        "nodes": [{"data": {"kind": "Node", "n": [1, null]}, "more": 1}, {}],
        "Namespaces": [{"name": "deis", "DaemonSets": null, "pods": [{"Data": "text"}]}], "other": 1});
    let stored = post(&server, PATH, &body).await.expect(StatusCode::OK);
    assert_eq!(
        (stored.bytes.as_slice(), stored.header("content-type")),
        (&b""[..], "application/json")
    );
    let expected = json!({
        "workflow": {"id": "c1", "components": [
            {"component": {"name": "deis-builder", "description": "Deis Workflow"}, "version": {"version": "v2.0.0"}}]},
        "nodes": [{"data": {"kind": "Node", "n": [1, null]}}, {"data": null}],
        "namespaces": [{"name": "deis", "daemonSets": [], "deployments": [], "events": [], "pods": [{"data": "text"}],
            "replicaSets": [], "replicationControllers": [], "services": []}],
    });
    let read = || async { doctor(server.get(PATH)).send().await };
    let report = read().await.expect(StatusCode::OK);
    assert_eq!(report.json(), expected);
    // The same again, in other words and under the same identity in upper case.
    post(
        &server,
        &PATH.to_uppercase().replace("/V3/DOCTOR/", "/v3/doctor/"),
        &expected,
    )
    .await
    .expect(StatusCode::OK);
    let other = post(&server, PATH, &json!({"workflow": {"id": "c2"}})).await;
    refused(&other, 409, "another report is stored under this uuid");
    assert_eq!(read().await.json(), expected);
    server.world.clock.advance(SignedDuration::from_hours(30 * 24));
    refused(&read().await, 404, "404 doctor report not found");
}

#[tokio::test]
async fn d21_whoever_has_not_the_password_reads_nothing() {
    let server = server_at(NOW);
    post(&server, PATH, &json!({"workflow": {"id": "c1"}}))
        .await
        .expect(StatusCode::OK);
    for value in [
        "",
        "Basic",
        "Basic !!!",
        &basic("doctor", ""),
        &basic("doctor", "wrong"),
        &basic("", "a long random password"),
        &basic("Doctor", "a long random password"),
        &basic("doctor", "a long random password "),
        &basic("imp_admin", ""),
        "Bearer imp_admin",
    ] {
        for path in [PATH, "/v3/doctor/unknown"] {
            let call = server.get(path);
            let call = if value.is_empty() {
                call
            } else {
                call.header("authorization", value)
            };
            let answer = call.send().await;
            refused(&answer, 401, "unauthenticated for invalid credentials");
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"doctor\"");
        }
    }
    let absent = "/v3/doctor/00000000-2b97-4e7a-b45f-5387367791cd";
    for path in [
        absent,
        "/v3/doctor/unknown",
        "/v3/doctor/7e57d0042b974e7ab45f5387367791cd",
    ] {
        refused(
            &doctor(server.get(path)).send().await,
            404,
            "404 doctor report not found",
        );
    }
}

#[tokio::test]
async fn d21_what_is_no_report_is_refused() {
    let server = server_at(NOW);
    let body = json!({"workflow": {"id": "c1"}});
    refused(
        &post(&server, "/v3/doctor/x", &body).await,
        422,
        "uuid in path must be of type uuid: \"x\"",
    );
    for (body, message) in [
        (json!({}), "workflow in body is required"),
        (Value::Null, "workflow in body is required"),
        (json!({"workflow": {}}), "workflow.id in body is required"),
    ] {
        refused(&post(&server, PATH, &body).await, 422, message);
    }
    for (body, part) in [
        (
            json!({"workflow": []}),
            "workflow should be an object and is an array",
        ),
        (
            json!({"workflow": {"id": "c"}, "nodes": {}}),
            "nodes should be an array and is an object",
        ),
        (
            json!({"workflow": {"id": "c"}, "nodes": [1]}),
            "nodes.0 should be an object and is a number",
        ),
        (
            json!({"workflow": {"id": "c"}, "namespaces": [{"name": 1}]}),
            "namespaces.0.name should be a string and is a number",
        ),
        (json!([]), "it should be an object and is an array"),
    ] {
        let message = format!("parsing body body from \"\" failed, because {part}");
        refused(&post(&server, PATH, &body).await, 400, &message);
    }
    let media = server
        .post(PATH)
        .header("content-type", "text/plain")
        .raw("{}")
        .await;
    refused(
        &media,
        415,
        "unsupported media type \"text/plain\", only [application/json] are allowed",
    );
    refused(
        &doctor(server.get(PATH)).send().await,
        404,
        "404 doctor report not found",
    );
}

#[tokio::test]
async fn d21_a_report_has_at_most_five_megabytes() {
    let server = server_at(NOW);
    let with = |bytes: usize| json!({"workflow": {"id": "c"}, "nodes": [{"data": "x".repeat(bytes)}]});
    let overhead = with(0).to_string().len();
    let fits = post(&server, PATH, &with(MAX_REPORT - overhead)).await;
    fits.expect(StatusCode::OK);
    let path = "/v3/doctor/00000000-2b97-4e7a-b45f-5387367791cd";
    let large = post(&server, path, &with(MAX_REPORT - overhead + 1)).await;
    refused(&large, 413, "the body is longer than 5 MB or broke off");
    let read = doctor(server.get(PATH)).send().await.expect(StatusCode::OK);
    assert!(read.bytes.len() > MAX_REPORT - 100);
}

#[tokio::test]
async fn d21_a_report_that_could_not_be_stored_is_not_there() {
    let server = server_at(NOW);
    let body = json!({"workflow": {"id": "c1"}});
    for method in ["objects.write", "catalog.commit", "registry.doctor_report"] {
        server
            .world
            .faults()
            .once(method, 1, Moment::Before, Trouble::Failed);
        let answer = post(&server, PATH, &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["code"]),
            (500, &json!(500)),
            "{method}"
        );
        refused(
            &doctor(server.get(PATH)).send().await,
            404,
            "404 doctor report not found",
        );
    }
    post(&server, PATH, &body).await.expect(StatusCode::OK);
}
