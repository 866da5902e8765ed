//! The rules by which refs become editions, over HTTP. What follows from each is tested below the API.

use http::StatusCode;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

const RULES: &str = "/products/alpha/slug-rules";
const PREVIEW: &str = "/products/alpha/slug-rules/preview";

async fn set(server: &Server, body: Value) -> Answer {
    server.put(RULES).admin().json(&body).await
}

async fn preview(server: &Server, body: Value) -> Answer {
    server.post(PREVIEW).admin().json(&body).await
}

fn ltd() -> Value {
    json!([
        {"type": "regex", "pattern": "^tickets/([A-Z]+-[0-9]+)$", "replacement": "$1"},
        {"type": "regex", "pattern": "/", "replacement": "-"},
    ])
}

#[tokio::test]
async fn a_product_has_its_organizations_rules_until_it_has_its_own() {
    let server = Server::with_alpha().await;
    let of_organization = json!({
        "self_url": "https://keeper.example.org/products/alpha/slug-rules",
        "product_url": "https://keeper.example.org/products/alpha", "is_own": false, "rules": ltd(),
        "semver_editions": "off",
    });
    let read = async || server.get(RULES).send().await.expect(StatusCode::OK).json();
    assert_eq!(read().await, of_organization);
    let own = json!([
        {"type": "prefix_strip", "prefix": "feature/"},
        {"type": "ignore", "pattern": "dependabot/**"},
    ]);
    for rules in [own.clone(), json!([])] {
        let answer = set(
            &server,
            json!({"rules": rules, "semver_editions": "major_and_minor"}),
        )
        .await;
        let answer = answer.expect(StatusCode::OK).json();
        assert_eq!((&answer["rules"], &answer["is_own"]), (&rules, &true.into()));
        assert_eq!(answer["semver_editions"], "major_and_minor");
        assert_eq!(read().await, answer);
    }
    let answer = set(&server, json!({"rules": null})).await.expect(StatusCode::OK);
    assert_eq!(answer.json(), of_organization);
    set(&server, json!({"rules": own})).await.expect(StatusCode::OK);
    for _ in 0..2 {
        let answer = server.delete(RULES).admin().send().await;
        assert_eq!(answer.expect(StatusCode::OK).json(), of_organization);
    }
}

#[tokio::test]
async fn rules_that_nobody_can_use_are_refused_with_their_number() {
    let server = Server::with_alpha().await;
    let ignore = json!({"type": "ignore", "pattern": "x"});
    let regex = |pattern: &str, with: &str| json!([ignore, {"type": "regex", "pattern": pattern, "replacement": with}]);
    for (rules, said) in [
        (json!(vec![ignore.clone(); 21]), "at most 20 slug rules"),
        (regex("(", ""), "rule 2: pattern: "),
        (regex("(a{100}){100}", ""), "too large when compiled"),
        (
            regex(&"a".repeat(201), ""),
            "rule 2: pattern: it has 201 characters",
        ),
        (regex("a", "$1"), "rule 2: the pattern has no group $1"),
        (
            json!([{"type": "ignore", "pattern": "[ab]"}]),
            "rule 1: pattern: ",
        ),
        (
            json!([{"type": "prefix_strip", "prefix": ""}]),
            "rule 1: prefix: it is empty",
        ),
        (json!([{"type": "sed"}]), "unknown variant `sed`"),
        (json!("x"), "rules"),
    ] {
        set(&server, json!({"rules": rules})).await.bad(said);
        preview(&server, json!({"git_refs": ["main"], "rules": rules}))
            .await
            .bad(said);
    }
    set(&server, json!({})).await.bad("missing rules");
    set(&server, json!({"rules": null, "semver_editions": "on"}))
        .await
        .bad("semver_editions: \"on\" is neither off nor major_and_minor");
    let many = vec!["a"; 101];
    for (body, said) in [
        (json!({}), "missing git_refs"),
        (json!({"git_refs": []}), "git_refs: 1 to 100"),
        (json!({"git_refs": many}), "git_refs: 1 to 100"),
        (json!({"git_refs": ["a", "b\n"]}), "git_refs: \"b\\n\""),
        (
            json!({"git_refs": ["a"], "alternate_name": "A"}),
            "alternate_name",
        ),
    ] {
        preview(&server, body).await.bad(said);
    }
    for answer in [
        server.get("/products/beta/slug-rules").send().await,
        server
            .put("/products/beta/slug-rules")
            .admin()
            .json(&json!({"rules": null}))
            .await,
        server
            .post("/products/beta/slug-rules/preview")
            .admin()
            .json(&json!({}))
            .await,
    ] {
        answer.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_preview_says_what_would_become_of_each_ref_and_changes_nothing() {
    let server = Server::with_alpha().await;
    let body = json!({"slug": "DM-8", "title": "x", "tracked_refs": ["x"]});
    let edition = server.post("/products/alpha/editions/").admin().json(&body).await;
    edition.expect(StatusCode::CREATED);
    let rules = json!([
        {"type": "ignore", "pattern": "dependabot/**"},
        {"type": "prefix_strip", "prefix": "tickets/"},
    ]);
    let asked = json!({
        "git_refs": ["main", "tickets/DM-7", "DM-7", "tickets/DM-8", "dependabot/a", "a/b", "v1.2.3"],
        "rules": rules, "semver_editions": "major_and_minor",
    });
    let answer = preview(&server, asked).await.expect(StatusCode::OK).json();
    let draft = |slug: &str, tracked: &str| json!({"slug": slug, "kind": "draft", "mode": "git_ref", "tracked_refs": [tracked]});
    let main =
        json!({"slug": "main", "edition_url": "https://keeper.example.org/editions/1", "effect": "moves"});
    let expected = [
        (json!([main]), json!([]), Value::Null),
        (json!([]), json!([draft("DM-7", "tickets/DM-7")]), Value::Null),
        (json!([]), json!([]), json!(["slug_taken", null, null])),
        (
            json!([]),
            json!([]),
            json!(["slug_taken", null, "https://keeper.example.org/editions/2"]),
        ),
        (json!([]), json!([]), json!(["ignored", 1, null])),
        (json!([]), json!([]), json!(["invalid_slug", null, null])),
        (
            json!([]),
            json!([
                {"slug": "v1.2.3", "kind": "release", "mode": "git_ref", "tracked_refs": ["v1.2.3"]},
                {"slug": "1", "kind": "major", "mode": "semver_major", "tracked_refs": ["1"]},
                {"slug": "1.2", "kind": "minor", "mode": "semver_minor", "tracked_refs": ["1.2"]},
            ]),
            Value::Null,
        ),
    ];
    let previews = answer["previews"].as_array().unwrap();
    assert_eq!(previews.len(), expected.len());
    for (preview, (feeds, creates, without)) in previews.iter().zip(expected) {
        assert_eq!(
            (&preview["feeds"], &preview["creates"]),
            (&feeds, &creates),
            "{preview}"
        );
        let why = &preview["without"];
        let summary = if why.is_null() {
            Value::Null
        } else {
            json!([why["code"], why["rule"], why["edition_url"]])
        };
        assert_eq!(summary, without, "{preview}");
    }
    assert_eq!(server.world.catalog.all_editions().len(), 2);
    let read = server.get(RULES).send().await.expect(StatusCode::OK).json();
    assert_eq!(read["rules"], ltd());
}

#[tokio::test]
async fn a_build_for_an_alternate_brings_an_edition_of_it() {
    let server = Server::with_alpha().await;
    let build = |name: Value| json!({"git_refs": ["main"], "alternate_name": name});
    let post = async |body: Value| server.post("/products/alpha/builds/").admin().json(&body).await;
    let made = post(build("usdf-dev".into()))
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_eq!(made["alternate_name"], "usdf-dev");
    let edition = server
        .get("/editions/2")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(
        [
            &edition["slug"],
            &edition["mode"],
            &edition["kind"],
            &edition["alternate_name"]
        ],
        ["usdf-dev--main", "alternate_git_ref", "alternate", "usdf-dev"]
    );
    assert_eq!(
        edition["published_url"],
        "https://alpha.example.org/v/usdf-dev--main"
    );
    let plain = post(build(Value::Null)).await.expect(StatusCode::CREATED).json();
    assert_eq!(plain["alternate_name"], Value::Null);
    for bad in ["", "a--b", "A", "a/b"] {
        post(build(bad.into())).await.bad("Invalid Build: alternate_name");
    }
}

#[tokio::test]
async fn the_kind_of_an_edition_and_its_exemption_can_be_said_and_changed() {
    let server = Server::with_alpha().await;
    let post = async |body: Value| server.post("/products/alpha/editions/").admin().json(&body).await;
    let patch =
        async |id: u64, body: Value| server.patch(&format!("/editions/{id}")).admin().json(&body).await;
    let main = server
        .get("/editions/1")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!((&main["kind"], &main["exempt"]), (&json!("main"), &json!(false)));
    let plain = json!({"slug": "v1.0", "title": "x", "tracked_refs": ["v1.0"]});
    let made = post(plain).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["kind"], &made["exempt"]), (&json!("minor"), &json!(false)));
    let said = json!({"slug": "x", "title": "x", "mode": "manual", "kind": "release", "exempt": true});
    let made = post(said).await.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&made["kind"], &made["exempt"]),
        (&json!("release"), &json!(true))
    );
    for (body, kind, exempt) in [
        (json!({"kind": "draft"}), "draft", true),
        (json!({"exempt": false}), "draft", false),
        (json!({"title": "y", "kind": null}), "draft", false),
    ] {
        let changed = patch(3, body).await.expect(StatusCode::OK).json();
        assert_eq!(
            (&changed["kind"], &changed["exempt"]),
            (&json!(kind), &json!(exempt))
        );
    }
    patch(1, json!({"kind": "main"})).await.expect(StatusCode::OK);
    patch(1, json!({"kind": "draft"}))
        .await
        .bad("the default edition is main and stays so");
    patch(3, json!({"kind": "main"}))
        .await
        .bad("only the default edition is main");
    patch(3, json!({"kind": "big"}))
        .await
        .bad("kind: edition kind 'big' unknown");
    let other = json!({"slug": "y", "title": "x", "mode": "manual", "kind": "main"});
    post(other).await.bad("only the default edition is main");
    for (body, said) in [
        (
            json!({"mode": "alternate_git_ref", "tracked_refs": ["x"]}),
            "alternate_git_ref needs an alternate_name",
        ),
        (
            json!({"mode": "train", "tracked_refs": ["x"]}),
            "tracked_refs: train needs exactly one",
        ),
        (json!({"mode": "train"}), "missing tracked_refs"),
        (
            json!({"mode": "manual", "alternate_name": "usdf"}),
            "begins with usdf--",
        ),
    ] {
        let mut body = body;
        body["slug"] = "z".into();
        body["title"] = "z".into();
        post(body).await.bad(said);
    }
    let train = json!({"slug": "z", "title": "z", "mode": "train", "tracked_refs": ["alpha/stable"]});
    let made = post(train).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["tracked_refs"], json!(["alpha/stable"]));
}

#[tokio::test]
async fn an_organizations_rules_hold_for_products_without_their_own() {
    let server = Server::with_alpha().await;
    let path = "/v2/orgs/default/slug-rules";
    let read = async || {
        server
            .get(path)
            .admin()
            .send()
            .await
            .expect(StatusCode::OK)
            .json()
    };
    let first = json!({
        "self_url": "https://keeper.example.org/v2/orgs/default/slug-rules",
        "organization_url": "https://keeper.example.org/v2/orgs/default", "rules": ltd(), "semver_editions": "off",
        "lsst_doc": "2.x",
    });
    assert_eq!(read().await, first);
    let rules = json!([{"type": "prefix_strip", "prefix": "feature/"}]);
    let put = async |body: Value| server.put(path).admin().json(&body).await;
    let body = json!({"rules": rules, "semver_editions": "major_and_minor", "lsst_doc": "1.x"});
    let changed = put(body.clone()).await.expect(StatusCode::OK).json();
    for field in ["rules", "semver_editions", "lsst_doc"] {
        assert_eq!(changed[field], body[field]);
    }
    assert_eq!(read().await, changed);
    let of_product = server.get(RULES).send().await.expect(StatusCode::OK).json();
    assert_eq!(
        (&of_product["rules"], &of_product["is_own"]),
        (&rules, &false.into())
    );
    let build = json!({"git_refs": ["feature/x"]});
    let made = server.post("/products/alpha/builds/").admin().json(&build).await;
    made.expect(StatusCode::CREATED);
    let edition = server
        .get("/editions/2")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(edition["slug"], "x");
    put(json!({"rules": []})).await.expect(StatusCode::OK);
    put(json!({"rules": null, "lsst_doc": "3.x"}))
        .await
        .bad("lsst_doc: \"3.x\" is neither 1.x nor 2.x");
    put(json!({"rules": [{"type": "ignore", "pattern": ""}]}))
        .await
        .bad("rule 1: pattern: it is empty");
    put(json!({})).await.bad("missing rules");
    assert_eq!(
        put(json!({"rules": null})).await.expect(StatusCode::OK).json(),
        first
    );
}
