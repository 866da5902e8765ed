//! Arrows point inward: who may depend on whom, read from the manifests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Every edge between our crates that may be, tests left out. What is not here is an error.
const ALLOWED: &[(&str, &[&str])] = &[
    ("imprint-domain", &[]),
    ("imprint-extract", &[]),
    ("imprint-manuscript", &["imprint-domain"]),
    ("imprint-rendering", &["imprint-manuscript"]),
    (
        "imprint-typeset",
        &["imprint-domain", "imprint-manuscript", "imprint-rendering"],
    ),
    ("imprint-search", &[]),
    ("imprint-archive", &["imprint-domain"]),
    (
        "imprint-app",
        &[
            "imprint-archive",
            "imprint-domain",
            "imprint-extract",
            "imprint-manuscript",
        ],
    ),
    ("imprint-aws", &["imprint-app", "imprint-domain"]),
    ("imprint-lambda", &["imprint-app", "imprint-domain"]),
    ("imprint-testing", &["imprint-app", "imprint-domain"]),
    // For tests, too.
    (
        "imprint-simulator",
        &["imprint-app", "imprint-domain", "imprint-testing"],
    ),
    ("imprint-api", FUNCTION),
    ("imprint-register-build", FUNCTION),
    ("imprint-copy-edition", FUNCTION),
    ("imprint-purge-cdn", FUNCTION),
    ("imprint-deliver-webhook", FUNCTION),
    ("imprint-derive-format", FUNCTION),
    (
        "imprint-index-search",
        &[
            "imprint-app",
            "imprint-aws",
            "imprint-domain",
            "imprint-lambda",
            "imprint-search",
        ],
    ),
    ("imprint-render-dashboard", FUNCTION),
    (
        "imprint-render-document",
        &[
            "imprint-app",
            "imprint-aws",
            "imprint-domain",
            "imprint-lambda",
            "imprint-manuscript",
            "imprint-rendering",
            "imprint-typeset",
        ],
    ),
    ("imprint-retain", FUNCTION),
    ("imprint-sweep", FUNCTION),
    ("imprint-unpack-archive", FUNCTION),
    ("imprint-update-dns", FUNCTION),
    // Whatever it wants of Imprint it asks over HTTP, as anybody may.
    ("imprint-cli", &["imprint-domain"]),
    (
        "imprint-local",
        &[
            "imprint-api",
            "imprint-app",
            "imprint-aws",
            "imprint-copy-edition",
            "imprint-deliver-webhook",
            "imprint-derive-format",
            "imprint-domain",
            // Where the Markdown twin of a page lies.
            "imprint-extract",
            "imprint-index-search",
            "imprint-lambda",
            "imprint-purge-cdn",
            "imprint-register-build",
            "imprint-render-dashboard",
            "imprint-render-document",
            "imprint-retain",
            "imprint-sweep",
            "imprint-unpack-archive",
            "imprint-update-dns",
        ],
    ),
];

const FUNCTION: &[&str] = &["imprint-app", "imprint-aws", "imprint-domain", "imprint-lambda"];

/// Crates that only some may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("aws-sdk-", &["imprint-aws", "imprint-cli", "imprint-local"]),
    ("reqwest", &["imprint-aws", "imprint-cli", "imprint-local"]),
    ("axum", &["imprint-api", "imprint-local"]),
    // Heavy to compile and to load: everything else builds and starts without it.
    ("typst", &["imprint-typeset"]),
    ("hayagriva", &["imprint-rendering"]),
    ("pagefind", &["imprint-search"]),
    ("lol_html", &["imprint-search"]),
    ("mimalloc", &["imprint-index-search"]),
    ("html5gum", &["imprint-extract"]),
    (
        "tokio",
        &[
            "imprint-app",
            "imprint-aws",
            "imprint-cli",
            "imprint-lambda",
            // The engine starts threads of its own.
            "imprint-search",
            "imprint-testing",
            "imprint-simulator",
            "imprint-local",
            "functions",
        ],
    ),
];

struct Crate {
    name: String,
    is_function: bool,
    dependencies: BTreeSet<String>,
}

fn crates() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| Crate {
            name: package["name"].as_str().unwrap().to_owned(),
            is_function: package["manifest_path"].as_str().unwrap().contains("/functions/"),
            dependencies: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect(),
        })
        .collect()
}

#[test]
fn our_crates_depend_inward_only() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    for one in crates() {
        let edges = allowed
            .get(one.name.as_str())
            .unwrap_or_else(|| panic!("{} has no place in the house", one.name));
        for dependency in one
            .dependencies
            .iter()
            .filter(|name| name.starts_with("imprint-"))
        {
            assert!(
                edges.contains(&dependency.as_str()),
                "{} may not depend on {dependency}",
                one.name
            );
        }
    }
}

#[test]
fn the_domain_is_pure_and_only_adapters_name_aws() {
    for one in crates() {
        for (prefix, homes) in ONLY_IN {
            let names = one
                .dependencies
                .iter()
                .any(|dependency| dependency.starts_with(prefix));
            let at_home =
                homes.contains(&one.name.as_str()) || one.is_function && homes.contains(&"functions");
            assert!(!names || at_home, "{} may not name {prefix}", one.name);
        }
    }
}

/// A program that is deployed and takes no measurements would be noticed only by the graphs that stay empty.
#[test]
fn every_deployed_program_has_its_log_and_its_measurements() {
    let functions = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
    let mut seen = 0;
    for function in functions {
        let main = function.unwrap().path().join("src/main.rs");
        let text = std::fs::read_to_string(&main).unwrap();
        for call in [
            "imprint_lambda::log_to_stdout(",
            "imprint_lambda::metrics(",
            "imprint_lambda::serve(",
        ] {
            assert!(text.contains(call), "{} lacks {call}", main.display());
        }
        seen += 1;
    }
    assert!(seen >= 13);
}

/// Tests are built with a second provider of cryptography, so a client that begins elsewhere works in all of them, and
/// panics as deployed.
#[test]
fn clients_for_http_begin_where_their_cryptography_is_chosen() {
    let mut beginnings = Vec::new();
    let mut folders = vec![PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/aws/src"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in [
                "Client::new()",
                "Client::builder()",
                "ClientBuilder::",
                "reqwest::get(",
            ] {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                beginnings.extend(text.matches(call).map(|call| (name.clone(), call.to_owned())));
            }
        }
    }
    assert_eq!(
        beginnings,
        [("http.rs".to_owned(), "Client::builder()".to_owned())]
    );
}
