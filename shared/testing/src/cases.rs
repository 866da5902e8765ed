//! The known cases of the registry's API, from the tests of deis/workflow-manager-api (commit 73167ff) and from probes of
//! that server: what the original answered, and what is required of ours. Whoever has the API behind something, a router
//! or HTTP, asks them there.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests; they are a library so that they can be asked in several places"
)]

use std::collections::BTreeMap;

use serde_json::Value;

/// All cases by what they are about.
pub fn registry() -> Value {
    serde_json::from_str(include_str!("../cases/registry.json")).unwrap()
}

/// A list of cases, which is never empty.
///
/// # Panics
/// When there is none of that name.
pub fn list(cases: &Value, name: &str) -> Vec<Value> {
    let list = cases[name]
        .as_array()
        .unwrap_or_else(|| panic!("there are no {name}"));
    assert!(!list.is_empty(), "{name}");
    list.clone()
}

/// What a case requires of ours.
pub fn required(case: &Value) -> &Value {
    if case["ours"] == "same" {
        &case["legacy"]
    } else {
        &case["ours"]
    }
}

/// An answer, however it was got.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What stands at places of each item of `data`: a list of it for several places.
    fn of_data(&self, places: &[&str]) -> Value {
        let of = |item: &Value| match places {
            [one] => item.pointer(one).unwrap().clone(),
            several => several
                .iter()
                .map(|one| item.pointer(one).unwrap().clone())
                .collect(),
        };
        self.json()["data"].as_array().unwrap().iter().map(of).collect()
    }
}

fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        (whole, part) => whole == part,
    }
}

/// Checks an answer against everything that a case expects of it.
///
/// # Panics
/// When it is not as expected, or a case expects what nobody checks.
pub fn check(id: &str, reply: &Reply, expected: &Value) {
    assert_eq!(
        u64::from(reply.status),
        expected["status"].as_u64().unwrap(),
        "{id}: {}",
        reply.body
    );
    for (key, value) in expected.as_object().unwrap() {
        match key.as_str() {
            "status" | "note" => {}
            "json" => assert_eq!(reply.json(), *value, "{id}"),
            "json_subset" => assert!(contains(&reply.json(), value), "{id}: {}", reply.body),
            "json_shape" => {
                let body = reply.json();
                let keys: Value = body.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(keys, *value, "{id}");
            }
            "body" => assert_eq!(reply.body, value.as_str().unwrap(), "{id}"),
            "content_type" => assert_eq!(reply.headers["content-type"], value.as_str().unwrap(), "{id}"),
            "headers" => {
                for (name, value) in value.as_object().unwrap() {
                    let found = &reply.headers[&name.to_lowercase()];
                    assert_eq!(found, value.as_str().unwrap(), "{id}: {name}");
                }
            }
            "pairs" => {
                let pairs = reply.of_data(&["/component/name", "/version/train"]);
                assert_eq!(pairs, *value, "{id}");
            }
            "versions" => assert_eq!(reply.of_data(&["/version/version"]), *value, "{id}"),
            "ids" => assert_eq!(reply.of_data(&["/clusterID"]), *value, "{id}"),
            other => panic!("{id} expects {other}, which nobody checks"),
        }
    }
}
