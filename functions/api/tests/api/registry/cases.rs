//! The known cases, asked of the router.

use http::StatusCode;
use serde_json::{Value, json};

use imprint_testing::cases::{self, Reply, check, list, required};

use super::{NOW, age_ids, doctor, given, publish, server_at};
use crate::server::{Answer, Call, Server};

/// The request of a case. What only publishers may is asked with an admin's token.
async fn ask(server: &Server, request: &Value) -> Answer {
    let (method, path) = (
        request["method"].as_str().unwrap(),
        request["path"].as_str().unwrap(),
    );
    let mut call: Call<'_> = server.call(method, path);
    call = match request["auth"].as_str() {
        None if method == "POST" && path.matches('/').count() == 5 => call.admin(),
        None => call,
        Some("basic ok") => doctor(call),
        Some(other) => {
            let (user, password) = other.strip_prefix("basic ").unwrap().split_once(':').unwrap();
            call.header("authorization", &crate::server::basic(user, password))
        }
    };
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        call = call.header(name, value.as_str().unwrap());
    }
    match &request["body"] {
        Value::String(raw) if request["raw"] == true => call.raw(raw.clone()).await,
        body => {
            let text = if request.get("body").is_some() {
                body.to_string()
            } else {
                String::new()
            };
            call.raw(text).await
        }
    }
}

fn reply(answer: &Answer) -> Reply {
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = answer.headers.iter();
    Reply {
        status: answer.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: String::from_utf8(answer.bytes.clone()).unwrap(),
    }
}

#[tokio::test]
async fn every_case_over_http() {
    for case in list(&cases::registry(), "http") {
        let id = case["id"].as_str().unwrap();
        let server = server_at(NOW);
        for one in case["given"].as_array().unwrap() {
            given(&server, one).await;
        }
        let answer = ask(&server, &case["request"]).await;
        check(id, &reply(&answer), required(&case));
    }
}

fn query(filter: &Value, names: &[&str]) -> String {
    let given = names
        .iter()
        .filter_map(|name| Some((name, filter[*name].as_str()?)));
    let pairs: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B")))
        .collect();
    pairs.join("&")
}

const BOUNDS: [&str; 4] = [
    "checked_in_before",
    "checked_in_after",
    "created_before",
    "created_after",
];

#[tokio::test]
async fn d14_d17_every_filter_is_valid_or_refused_with_its_sentence() {
    let all = cases::registry();
    let server = server_at(NOW);
    for case in list(&all, "age_filter_validity")
        .iter()
        .chain(&list(&all, "age_filter_partial"))
    {
        let query = query(&case["filter"], &BOUNDS);
        for path in ["/v3/clusters/age", "/v3/clusters/count", "/v4/clusters"] {
            let answer = server.get(&format!("{path}?{query}")).send().await;
            if case["valid"] == true {
                answer.expect(StatusCode::OK);
            } else {
                let error = json!({"code": 400, "message": case["message"]});
                assert_eq!((answer.status.as_u16(), answer.json()), (400, error), "{query}");
            }
        }
    }
}

#[tokio::test]
async fn d19_impossible_times_of_checkins_and_persistent_clusters_are_refused() {
    let all = cases::registry();
    let server = server_at(NOW);
    for (name, path, names) in [
        (
            "checkins_filter_validity",
            "/v3/clusters/checkins",
            ["created_after", "created_before"],
        ),
        (
            "persistent_filter_validity",
            "/v3/clusters/persistent",
            ["epoch", "timestamp"],
        ),
    ] {
        for case in list(&all, name) {
            let answer = server
                .get(&format!("{path}?{}", query(&case, &names)))
                .send()
                .await;
            let error = json!({"code": 400, "message": case["message"]});
            assert_eq!(answer.json(), error, "{case}");
        }
    }
}

#[tokio::test]
async fn d04_released_is_rfc_3339_with_a_zone() {
    let server = server_at(NOW);
    for case in list(&cases::registry(), "released_timestamps") {
        let body = json!({"component": {}, "version": {"released": case["value"]}});
        let answer = server.post("/v3/versions/stable/x/1").admin().json(&body).await;
        let accepted = answer.status == StatusCode::OK;
        assert_eq!(accepted, case["accepted"] == true, "{case}");
        if accepted {
            assert_eq!(answer.json()["version"]["released"], "2016-05-02T12:00:00Z");
        } else {
            assert_eq!(answer.json()["code"], 422);
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("version.released in body "), "{message}");
        }
    }
}

#[tokio::test]
async fn d15_human_times_mean_what_they_say() {
    for case in list(&cases::registry(), "human_times") {
        let server = server_at(case["now"].as_str().unwrap());
        let value = case["value"].as_str().unwrap().replace(' ', "%20");
        let Some(means) = case["means"].as_str() else {
            for name in BOUNDS {
                let answer = server
                    .get(&format!("/v3/clusters/age?{name}={value}"))
                    .send()
                    .await;
                let message = format!(
                    "{name} in query must be of type date-time: {:?}",
                    case["value"].as_str().unwrap()
                );
                assert_eq!(answer.json(), json!({"code": 422, "message": message}));
            }
            continue;
        };
        // Bounds are exclusive, so what checked in at that very time is neither before nor after it.
        let at: jiff::Timestamp = means.parse().unwrap();
        for (name, second) in [("earlier", -1), ("same", 0), ("later", 1)] {
            let at = at + jiff::SignedDuration::from_secs(second);
            given(&server, &json!({"checkins_of": {name: [at.to_string()]}})).await;
        }
        server
            .world
            .clock
            .set(case["now"].as_str().unwrap().parse().unwrap());
        for (parameter, expected) in [
            ("created_after", "later"),
            ("created_before", "earlier"),
            ("since", "later"),
        ] {
            let ids = age_ids(&server, &format!("{parameter}={value}")).await;
            assert_eq!(ids, [expected], "{parameter}={value}");
        }
    }
}

#[tokio::test]
async fn d19_intervals_are_those_of_postgresql() {
    for case in list(&cases::registry(), "interval_text") {
        let server = server_at(NOW);
        let times = [&case["from"], &case["to"]];
        given(&server, &json!({"checkins_of": {"c": times}})).await;
        server.world.clock.set(NOW.parse().unwrap());
        let answer = server.get("/v3/clusters/checkins").send().await.json();
        assert_eq!(answer["data"][0]["clusterAge"], case["text"], "{case}");
    }
}

/// The comparison that the client never had is the server's, which says where there is an update.
#[tokio::test]
async fn newer_is_by_semantic_version() {
    let all = cases::registry();
    let known = list(&all, "client_newest_semver");
    for case in known.iter().chain(&list(&all, "client_newest_semver_ours_too")) {
        for (installed, latest) in [("a", "b"), ("b", "a")] {
            let server = server_at(NOW);
            let version = json!({"train": "stable", "version": case[latest], "released": NOW});
            publish(&server, &json!({"component": {"name": "x"}, "version": version})).await;
            let body = json!({"id": "c", "components": [
                {"component": {"name": "x"}, "version": {"version": case[installed]}}]});
            let cluster = server.post("/v3/clusters").json(&body).await.json();
            let update = &cluster["components"][0]["updateAvailable"];
            let is_newer = case[installed] != case["newest"] && case[latest] == case["newest"];
            assert_eq!(
                *update,
                if is_newer {
                    case[latest].clone()
                } else {
                    Value::Null
                },
                "{case}"
            );
        }
    }
}
