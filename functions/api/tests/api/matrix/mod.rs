//! Everybody tries everything: each operation of the description, by each sort of caller, with what is its own and what is
//! another organization's. The answers are written out in `tests/snapshots/matrix.snap`, for people to read and to review.
//!
//! A request has no body, so one that is let in and needs a body ends with 400 or 415, whose body is wrong, and nothing of
//! the rights is hidden by that: they come before the body.

mod stage;

use std::fmt::Write as _;

use stage::{CALLERS, Stage};

/// What the answers of a table mean.
const LEGEND: &str = "\
Every operation (down) by every caller (across): the status of its answer.
401: nobody knows who it is. 403: it is known and refused. 404: for it, nothing is there.
Everything else is let in: what is refused then is the empty body (400, 415), or it clashes with what is there (409).

Paths with {org} are about `acme`, all others about the organization `default`; {project} and {slug} are `alpha` in both.

";

/// What organizations have below paths of their own, besides what the description lists.
fn twins(path: &str) -> Option<String> {
    let of_documents = path == "/documents" || path.starts_with("/documents/");
    let of_registry = ["/v3/", "/v4/", "/v2/versions/", "/v2/clusters/"]
        .iter()
        .any(|start| path.starts_with(start));
    match (of_documents, of_registry) {
        (true, _) => Some(format!("/v2/orgs/{{org}}{path}")),
        (_, true) => Some(format!("/v2/orgs/{{org}}/registry{path}")),
        (false, false) => None,
    }
}

/// The operations that the description lists, and their twins.
fn operations() -> Vec<(String, String)> {
    let document = imprint_api::openapi();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        for method in methods.map(|method| method.to_uppercase()) {
            all.extend(twins(path).map(|twin| (twin, method.clone())));
            all.push((path.clone(), method));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Rows of answers, in the order of [`CALLERS`].
async fn rows() -> Vec<(String, String, Vec<u16>)> {
    let mut rows = Vec::new();
    let mut stage = Stage::new().await;
    for (path, method) in operations() {
        let mut answers = Vec::new();
        for (_, caller) in CALLERS {
            let status = stage.status(&method, &path, caller).await;
            answers.push(status);
            // The next one shall find what this one found.
            if method != "GET" && (200..300).contains(&status) {
                stage = Stage::new().await;
            }
        }
        rows.push((method, path, answers));
    }
    rows
}

fn table(rows: &[(String, String, Vec<u16>)]) -> String {
    let mut text = LEGEND.to_owned();
    for (at, (what, _)) in CALLERS.iter().enumerate() {
        let letter = letter(at);
        writeln!(text, "{letter}  {what}").unwrap();
    }
    let header: String = (0..CALLERS.len())
        .map(|at| format!("  {} ", letter(at)))
        .collect();
    writeln!(text, "\n{header}").unwrap();
    for (method, path, answers) in rows {
        let answers: String = answers.iter().map(|status| format!("{status} ")).collect();
        writeln!(text, "{answers} {method} {path}").unwrap();
    }
    text
}

fn letter(at: usize) -> char {
    char::from(b'a' + u8::try_from(at).unwrap())
}

/// What everybody may read and do without a token, and what is no mutation of a user's.
fn is_public(method: &str, path: &str) -> bool {
    let below = path.strip_prefix("/v2/orgs/{org}").unwrap_or(path);
    let below = below
        .strip_prefix("/registry")
        .filter(|rest| rest.len() > 1)
        .unwrap_or(below);
    let reads = [
        "/documents",
        "/products",
        "/builds",
        "/editions",
        "/queue",
        "/v3",
        "/v4",
    ];
    let is_read = method == "GET" && reads.iter().any(|start| below.starts_with(start));
    let of_service = [
        "/",
        "/healthz",
        "/openapi.json",
        "/docs",
        "/ping",
        "/swagger.json",
        "/registry",
    ]
    .contains(&path);
    let of_installations = [
        // It asks for a password of its own.
        "/v3/doctor/{uuid}",
        "/v2/clusters/{id}",
        "/v2/versions/latest",
        "/v3/clusters",
        "/v3/versions/latest",
        "/v4/versions/latest",
    ];
    let is_retention = below.contains("/retention");
    of_service || is_read && !is_retention || of_installations.contains(&below)
}

#[tokio::test]
async fn everybody_tries_everything() {
    let rows = rows().await;
    let column = |name: &str| CALLERS.iter().position(|(_, caller)| *caller == name).unwrap();
    let strangers = ["imp_other_reader", "imp_other_uploader", "imp_other_admin"].map(column);
    let nobody = ["", "imp_unknown", "imp_expired"].map(column);
    for (method, path, answers) in &rows {
        let name = format!("{method} {path}: {answers:?}");
        // Whatever the table below says, and whoever reviews it: these never change.
        if !is_public(method, path) {
            for at in nobody {
                assert_eq!(answers[at], 401, "{name}");
            }
        }
        if path.starts_with("/v2/orgs/{org}") && !is_public(method, path) {
            for at in strangers {
                let expected = if path.ends_with("/documents/check") {
                    answers[at]
                } else {
                    404
                };
                assert_eq!(answers[at], expected, "{name}");
            }
        }
    }
    insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => "../../snapshots", omit_expression => true}, {
        insta::assert_snapshot!("matrix", table(&rows));
    });
}
