//! D-23: the Swagger, the description and the router say the same.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::Value;

use super::{NOW, server_at};
use crate::server::Server;

/// The original's operations, by the contract and not by the code.
const ORIGINAL: [(&str, &str, &str); 16] = [
    ("get", "/ping", "ping"),
    ("get", "/swagger.json", "getSwagger"),
    (
        "get",
        "/v3/versions/{train}/{component}/{release}",
        "getComponentByRelease",
    ),
    (
        "post",
        "/v3/versions/{train}/{component}/{release}",
        "publishComponentRelease",
    ),
    ("get", "/v3/versions/{train}/{component}", "getComponentByName"),
    ("post", "/v3/versions/latest", "getComponentsByLatestRelease"),
    ("post", "/v2/versions/latest", "getComponentsByLatestReleaseForV2"),
    ("get", "/v3/clusters/count", "getClustersCount"),
    ("get", "/v3/clusters/age", "getClustersByAge"),
    ("get", "/v3/clusters/checkins", "getClusterCheckins"),
    ("get", "/v3/clusters/persistent", "getPersistentClusters"),
    ("get", "/v3/clusters/{id}", "getClusterById"),
    ("post", "/v3/clusters", "createClusterDetails"),
    ("post", "/v2/clusters/{id}", "createClusterDetailsForV2"),
    ("get", "/v3/doctor/{uuid}", "getDoctorInfo"),
    ("post", "/v3/doctor/{uuid}", "publishDoctorInfo"),
];

type Operations = BTreeMap<(String, String), String>;

fn operations(document: &Value, wanted: impl Fn(&str, &Value) -> bool) -> Operations {
    let mut all = Operations::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if wanted(path, operation) {
                all.insert(
                    (method.clone(), path.clone()),
                    operation["operationId"].as_str().unwrap().to_owned(),
                );
            }
        }
    }
    all
}

#[tokio::test]
async fn d23_the_swagger_has_the_originals_operations_and_no_others() {
    let served = server_at(NOW)
        .get("/swagger.json")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(served, imprint_api::swagger());
    assert_eq!(
        (
            &served["swagger"],
            &served["info"]["title"],
            &served["info"]["version"]
        ),
        (&"2.0".into(), &"Workflow Manager".into(), &"2.0.0".into())
    );
    let original = ORIGINAL.map(|(method, path, id)| ((method.to_owned(), path.to_owned()), id.to_owned()));
    assert_eq!(operations(&served, |_, _| true), Operations::from(original));
}

/// What regenerating the original's server from a description of its own once lost: the router has each path in just this
/// order of its parts, and nothing that the descriptions do not know.
#[tokio::test]
async fn d23_swagger_description_and_router_say_the_same() {
    let (swagger, document) = (imprint_api::swagger(), imprint_api::openapi());
    let of_original = operations(&document, |_, operation| operation["tags"][0] == "registry");
    assert_eq!(operations(&swagger, |_, _| true), of_original);
    let of_registry = operations(&document, |_, operation| {
        operation["tags"][0].as_str().unwrap().starts_with("registry")
    });
    let below = |path: &str| {
        ["/v2/versions", "/v2/clusters", "/v3", "/v4"]
            .iter()
            .any(|base| path.starts_with(base))
    };
    let by_path = operations(&document, |path, _| {
        below(path) || ["/ping", "/swagger.json"].contains(&path)
    });
    assert_eq!(of_registry, by_path);
    let server = Server::new();
    let paths: BTreeSet<&String> = of_registry.keys().map(|(_, path)| path).collect();
    for path in paths {
        let concrete = path.replace(['{', '}'], "");
        for method in ["get", "put", "post", "patch", "delete"] {
            let answer = server.call(&method.to_uppercase(), &concrete).send().await;
            let is_served = answer.status != 405;
            let is_described = of_registry.contains_key(&(method.to_owned(), path.clone()));
            assert_eq!(is_served, is_described, "{method} {path}");
            let is_no_path = || {
                answer.json()["message"]
                    .as_str()
                    .unwrap_or_default()
                    .starts_with("path ")
            };
            assert!(answer.status != 404 || !is_no_path(), "{method} {path}");
        }
    }
}

/// D-05: the train comes first in v3, and the component in v4.
#[tokio::test]
async fn d23_the_order_of_a_path_is_that_of_its_names() {
    let server = server_at(NOW);
    for path in imprint_api::openapi()["paths"].as_object().unwrap().keys() {
        let names: Vec<&str> = path
            .split('/')
            .filter(|part| ["{component}", "{train}"].contains(part))
            .collect();
        match (path.starts_with("/v3"), names.as_slice()) {
            (true, ["{train}", "{component}"])
            | (false, ["{component}", "{train}"] | ["{component}"])
            | (_, []) => {}
            (_, names) => panic!("{path}: {names:?}"),
        }
    }
    super::publish(&server, &super::release("the-component", "the-train", "1", NOW)).await;
    for path in [
        "/v3/versions/{train}/{component}/1",
        "/v4/versions/{component}/{train}/1",
    ] {
        let path = path
            .replace("{component}", "the-component")
            .replace("{train}", "the-train");
        let read = server.get(&path).send().await.expect(StatusCode::OK).json();
        assert_eq!(read["component"]["name"], "the-component", "{path}");
        assert_eq!(read["version"]["train"], "the-train", "{path}");
    }
}

/// What Swagger 2.0 does not know, and readers of it stumble over.
#[test]
fn d23_the_swagger_is_swagger() {
    let swagger = imprint_api::swagger();
    let text = swagger.to_string();
    for foreign in [
        "#/components/",
        "requestBody",
        "\"content\"",
        "anyOf",
        "oneOf",
        "\"null\"",
        "nullable\":false",
        "securitySchemes",
    ] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    let definitions = swagger["definitions"].as_object().unwrap();
    for part in text.split("#/definitions/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(definitions.contains_key(name), "{name}");
    }
    assert!(definitions.contains_key("ComponentVersion") && !definitions.contains_key("Product"));
    let count = &swagger["paths"]["/v3/clusters/count"]["get"]["responses"]["200"]["schema"];
    assert_eq!(count["type"], "integer");
    assert_eq!(swagger["securityDefinitions"]["basicAuth"]["type"], "basic");
    assert_eq!(
        swagger["paths"]["/v3/doctor/{uuid}"]["get"]["security"],
        serde_json::json!([{"basicAuth": []}])
    );
    for (path, item) in swagger["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let of = format!("{method} {path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let in_body = parameter["in"] == "body";
                assert_eq!(parameter["schema"].is_object(), in_body, "{of}");
                assert_eq!(parameter["type"].is_string(), !in_body, "{of}");
                assert!(parameter["name"].is_string(), "{of}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{of}");
                assert!(
                    status == "200" || response["schema"]["$ref"] == "#/definitions/RegistryError",
                    "{of} {status}"
                );
            }
        }
    }
}
