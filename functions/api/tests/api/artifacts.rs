//! What builds and editions have besides their pages, over HTTP.

use std::collections::BTreeMap;

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_app::register_build::register_build;
use imprint_domain::artifact::{Artifacts, Format, Origin, State};
use imprint_domain::build::Build;
use imprint_domain::edition::{Edition, Pointer, Reached};
use imprint_domain::id::BuildId;
use imprint_domain::message::Message;
use imprint_domain::task::{FailureCode, Task};
use imprint_testing::{Site, Step, samples};
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, WITH_FORMS, number, path_of};

const BUILDS: &str = "/products/alpha/builds/";
const PROJECT_BUILDS: &str = "/v2/orgs/acme/projects/alpha/builds";

async fn register(server: &Server, path: &str, accept: &str, body: &Value) -> Answer {
    let call = server.post(path).admin().header("accept", accept);
    call.json(body).await
}

fn keys(forms: &Value) -> BTreeMap<String, String> {
    let key = |form: &Value| form["fields"]["key"].as_str().unwrap().to_owned();
    let forms = forms.as_object().unwrap().iter();
    forms.map(|(format, form)| (format.clone(), key(form))).collect()
}

#[tokio::test]
async fn a_build_gets_a_form_for_each_format_that_it_announces() {
    let server = Server::with_acme().await;
    for (path, accept, refs, root) in [
        (BUILDS, WITH_FORMS, "git_refs", "alpha"),
        (BUILDS, "*/*", "git_refs", "alpha"),
        (PROJECT_BUILDS, "*/*", "git_refs", "_orgs/acme/alpha"),
    ] {
        let body = json!({refs: ["main"], "artifacts": ["pdf", "epub", "htmlzip", "json"]});
        let before = server.world.uploads.slots().len();
        let answer = register(&server, path, accept, &body).await;
        let built = answer.expect(StatusCode::CREATED).json();
        let slug = built["slug"].as_str().unwrap();
        let place = |format: &str, name: &str| {
            (
                format.to_owned(),
                format!("{root}/artifacts/{slug}/{format}/{name}"),
            )
        };
        let expected = BTreeMap::from([
            place("pdf", "alpha.pdf"),
            place("epub", "alpha.epub"),
            place("htmlzip", "alpha.zip"),
            place("json", "search.json"),
        ]);
        assert_eq!(keys(&built["artifact_uploads"]), expected);
        assert!(built["artifact_uploads"]["pdf"]["url"].is_string());
        // The forms of the site are for those who ask for them.
        let with_forms = accept == WITH_FORMS || path == PROJECT_BUILDS;
        assert_eq!(
            built["post_prefix_urls"].is_object(),
            with_forms,
            "{path} {accept}"
        );
        assert_eq!(built.get("post_complete_url").is_some(), with_forms);
        let signed = server.world.uploads.slots().len() - before;
        assert_eq!(signed, if with_forms { 7 } else { 4 });
        let expected = json!({"state": "expected"});
        for format in ["pdf", "epub", "htmlzip", "json"] {
            assert_eq!(built["artifacts"][format], expected);
        }
        let read = server
            .get(&path_of(&built["self_url"]))
            .admin()
            .send()
            .await
            .json();
        assert_eq!(read["artifacts"], built["artifacts"]);
        assert_eq!(read.get("artifact_uploads"), None);
    }
}

#[tokio::test]
async fn a_build_that_announces_nothing_looks_as_it_always_did() {
    let server = Server::with_acme().await;
    for (path, accept) in [(BUILDS, WITH_FORMS), (BUILDS, "*/*"), (PROJECT_BUILDS, "*/*")] {
        for body in [
            json!({"git_refs": ["main"]}),
            json!({"git_refs": ["main"], "artifacts": []}),
            json!({"git_refs": ["main"], "artifacts": null}),
        ] {
            let answer = register(&server, path, accept, &body).await;
            let built = answer.expect(StatusCode::CREATED).json();
            assert_eq!(
                (built.get("artifact_uploads"), built.get("artifacts")),
                (None, None)
            );
        }
    }
}

#[tokio::test]
async fn announcements_that_mean_nothing_are_refused_by_name() {
    let server = Server::with_acme().await;
    let known = "htmlzip, pdf, epub, json";
    for (artifacts, said) in [
        (json!(["docx"]), known),
        (json!(["PDF"]), known),
        (json!(["html"]), known),
        (json!(["search"]), known),
        (json!([""]), known),
        (json!(["../pdf"]), "\"../pdf\" is no format here"),
        (json!(["pdf", "pdf"]), "pdf is there twice"),
        (json!(["pdf", "epub", "json", "htmlzip", "pdf"]), known),
        (json!(vec!["pdf"; 10_000]), known),
        (json!(["x".repeat(100_000)]), known),
        (json!(["\u{202e}\u{0}"]), known),
        (json!("pdf"), "artifacts"),
        (json!([1]), "artifacts"),
        (json!({"pdf": true}), "artifacts"),
    ] {
        for path in [BUILDS, PROJECT_BUILDS] {
            let body = json!({"git_refs": ["main"], "artifacts": artifacts});
            let answer = register(&server, path, WITH_FORMS, &body).await;
            answer.bad(said);
            assert!(answer.bytes.len() < 1_000);
        }
    }
    assert!(server.world.catalog.all_builds().is_empty());
    assert!(server.world.uploads.slots().is_empty());
}

/// A build of `alpha` whose formats have got to each place there is.
fn of_all_states(server: &Server, id: u64) {
    let build = server.world.catalog.all_builds();
    let build = build.into_iter().find(|build| build.id.0 == id).unwrap();
    let ready = |files, origin, notes: &[&str]| State::Ready {
        manifest: samples::manifest_id("x"),
        files,
        bytes: 1_000 * files,
        origin,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        at: samples::after_noon(7),
    };
    let failure = FailureCode::ArtifactUnfit.because("it is no PDF", samples::after_noon(8));
    let since = samples::after_noon(9);
    let reason = "it has 6,000 pages".to_owned();
    let states = BTreeMap::from([
        (Format::Html, ready(61, Origin::Uploaded, &[])),
        (
            Format::HtmlZip,
            ready(1, Origin::Derived, &["12 links lead nowhere"]),
        ),
        (Format::Pdf, State::Failed(failure)),
        (Format::Epub, State::Expected),
        (Format::Json, State::Pending { since }),
        (Format::Search, State::Declined { reason }),
    ]);
    let artifacts = Artifacts {
        states,
        ..build.artifacts.clone()
    };
    let build = Build { artifacts, ..build };
    server.world.catalog.seed(vec![Change::UpdateBuild(build)]);
}

fn all_states() -> Value {
    json!({
        "html": {"state": "ready", "files": 61, "bytes": 61_000, "origin": "uploaded", "notes": [],
            "date": "2026-01-01T12:00:07Z"},
        "htmlzip": {"state": "ready", "files": 1, "bytes": 1_000, "origin": "derived",
            "notes": ["12 links lead nowhere"], "date": "2026-01-01T12:00:07Z"},
        "pdf": {"state": "failed", "code": "artifact_unfit", "message": "it is no PDF",
            "remedy": FailureCode::ArtifactUnfit.remedy(), "date": "2026-01-01T12:00:08Z"},
        "epub": {"state": "expected"},
        "json": {"state": "pending", "since": "2026-01-01T12:00:09Z"},
        "search": {"state": "declined", "reason": "it has 6,000 pages"},
    })
}

#[tokio::test]
async fn builds_and_their_tasks_say_where_each_format_has_got_to() {
    let server = Server::with_acme().await;
    let id = number(&server.build(&["main"]).await["self_url"]);
    let confirm = server.patch(&format!("/builds/{id}")).admin();
    let confirmed = confirm.json(&json!({"uploaded": true})).await;
    let queue = path_of(&confirmed.expect(StatusCode::OK).json()["queue_url"]);
    let task = async |path: &str| {
        server
            .get(path)
            .admin()
            .send()
            .await
            .expect(StatusCode::OK)
            .json()
    };
    assert_eq!(task(&queue).await["metadata"].get("artifacts"), None);
    of_all_states(&server, id);
    for path in [
        format!("/builds/{id}"),
        "/v2/orgs/default/projects/alpha/builds/1".to_owned(),
    ] {
        assert_eq!(task(&path).await["artifacts"], all_states(), "{path}");
    }
    let list = task("/products/alpha/builds/?expand=1").await;
    assert_eq!(list["builds"][0]["artifacts"], all_states());
    let second = queue.replace("/queue/", "/v2/task/");
    for path in [&queue, &second] {
        assert_eq!(task(path).await["metadata"]["artifacts"], all_states(), "{path}");
    }
}

#[tokio::test]
async fn watching_a_task_costs_one_look_at_its_build_if_it_has_one() {
    let server = Server::with_alpha().await;
    let id = server.uploaded(&["main"]).await;
    let of_build = server.world.catalog.all_tasks().remove(0);
    assert_eq!(of_build.build, Some(BuildId(id)));
    let without = Task {
        build: None,
        ..samples::task("without", &samples::build(9, "main"))
    };
    server
        .world
        .catalog
        .seed(vec![Change::CreateTask(without.clone())]);
    for (task, looks) in [(&of_build, 1), (&without, 0)] {
        let path = format!("/queue/{}", task.id);
        let before = server.world.counts().of("catalog.build_of");
        let all = server.world.counts().total();
        server.get(&path).send().await.expect(StatusCode::OK);
        assert_eq!(server.world.counts().of("catalog.build_of") - before, looks);
        assert_eq!(server.world.counts().total() - all, 1 + looks);
        // The other API needs the build anyway; a token is read too.
        let all = server.world.counts().total();
        let path = format!("/v2/task/{}", task.id);
        server.get(&path).admin().send().await.expect(StatusCode::OK);
        assert_eq!(server.world.counts().total() - all, 2 + looks);
    }
    // A build that is gone takes nothing with it.
    let gone = samples::task("gone", &samples::build(99, "main"));
    let path = format!("/queue/{}", gone.id);
    server.world.catalog.seed(vec![Change::CreateTask(gone)]);
    let task = server.get(&path).send().await.expect(StatusCode::OK).json();
    assert_eq!(task["metadata"].get("artifacts"), None);
}

/// `main` of `alpha` shows build 5, whose PDF failed, so that it still has that of build 3.
fn published(server: &Server, formats: &[(Format, u64)]) -> Edition {
    let edition = server.world.catalog.all_editions().remove(0);
    let build = samples::build(5, "main");
    let pointer = Pointer {
        formats: formats
            .iter()
            .map(|(format, id)| (*format, BuildId(*id)))
            .collect(),
        ..samples::pointer(&build, samples::manifest_id("x"), 1)
    };
    let published = Some(Reached {
        pointer,
        at: samples::NOON,
    });
    let edition = Edition { published, ..edition };
    server
        .world
        .catalog
        .seed(vec![Change::UpdateEdition(edition.clone())]);
    edition
}

#[tokio::test]
async fn an_edition_says_what_readers_find_beside_its_pages() {
    let server = Server::with_alpha().await;
    let edition = published(
        &server,
        &[
            (Format::Html, 5),
            (Format::Pdf, 3),
            (Format::HtmlZip, 5),
            (Format::Json, 5),
            (Format::Search, 5),
            (Format::Markdown, 5),
        ],
    );
    let slug = &edition.slug;
    let root = "https://alpha.example.org";
    let download = |format: &str, below: &str, id: u64| {
        json!({"format": format, "url": format!("{root}/{below}"), "build_url": format!("https://{HOST}/builds/{id}"),
            "older": id != 5})
    };
    let expected = json!([
        download("htmlzip", &format!("_downloads/{slug}/alpha.zip"), 5),
        download("pdf", &format!("_downloads/{slug}/alpha.pdf"), 3),
        download("json", &format!("_downloads/{slug}/search.json"), 5),
        download("search", "_search/", 5),
        download("markdown", "llms.txt", 5),
    ]);
    let first = format!("/editions/{}", edition.id);
    let found = server.get(&first).send().await.expect(StatusCode::OK).json();
    assert_eq!(found["downloads"], expected);
    let list = server
        .get("/products/alpha/editions/?expand=1")
        .send()
        .await
        .json();
    assert_eq!(list["editions"][0]["downloads"], expected);
    let second = format!("/v2/orgs/default/projects/alpha/editions/{slug}");
    let found = server
        .get(&second)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let downloads = found["downloads"].as_array().unwrap();
    assert_eq!(downloads.len(), 5);
    let build = format!("https://{HOST}/v2/orgs/default/projects/alpha/builds/5");
    assert_eq!(
        (&downloads[0]["build_url"], &downloads[0]["older"]),
        (&json!(build), &json!(false))
    );
    assert_eq!(
        (&downloads[1]["build_url"], &downloads[1]["older"]),
        (&json!(null), &json!(true))
    );
}

#[tokio::test]
async fn an_edition_with_nothing_beside_its_pages_looks_as_it_always_did() {
    let server = Server::with_alpha().await;
    let paths = ["/editions/1", "/v2/orgs/default/projects/alpha/editions/main"];
    let absent = async || {
        for path in paths {
            let found = server
                .get(path)
                .admin()
                .send()
                .await
                .expect(StatusCode::OK)
                .json();
            assert_eq!(found.get("downloads"), None, "{path}");
        }
    };
    absent().await;
    published(&server, &[]);
    absent().await;
    published(&server, &[(Format::Html, 5)]);
    absent().await;
}

#[tokio::test]
async fn what_is_made_of_pages_is_the_organizations_choice_until_a_product_has_its_own() {
    let server = Server::with_acme().await;
    let org = async |body: Value| server.patch("/v2/orgs/acme").admin().json(&body).await;
    let all = json!(["htmlzip", "json", "search", "markdown"]);
    let read = server.get("/v2/orgs/acme").admin().send().await.json();
    assert_eq!(read["derive"], all);
    for (derive, shown) in [
        (json!([]), json!([])),
        (json!(["search", "htmlzip"]), json!(["htmlzip", "search"])),
        (json!(null), all.clone()),
    ] {
        let answer = org(json!({"derive": derive})).await.expect(StatusCode::OK).json();
        assert_eq!(answer["derive"], shown);
        // What is not said stays.
        let answer = org(json!({"title": "Acme"})).await.expect(StatusCode::OK).json();
        assert_eq!((&answer["derive"], &answer["title"]), (&shown, &json!("Acme")));
    }
    // Of the default organization all else is its deployment's business.
    let own = server.patch("/v2/orgs/default").admin();
    let own = own
        .json(&json!({"derive": ["json"]}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(own.json()["derive"], json!(["json"]));
    let projects = ["/v2/orgs/acme/projects/alpha", "/products/alpha"];
    for path in projects {
        let patch = async |body: Value| {
            let answer = server.patch(path).admin().json(&body).await;
            answer.expect(StatusCode::OK);
            server.get(path).admin().send().await.json()
        };
        let before = patch(json!({})).await;
        assert_eq!(before.get("derive"), None);
        assert_eq!(patch(json!({"derive": []})).await["derive"], json!([]));
        assert_eq!(patch(json!({"title": "New"})).await["derive"], json!([]));
        assert_eq!(
            patch(json!({"derive": ["json"]})).await["derive"],
            json!(["json"])
        );
        assert_eq!(patch(json!({"derive": null})).await.get("derive"), None);
    }
    for path in ["/v2/orgs/acme", projects[0], projects[1]] {
        for (derive, said) in [
            (
                json!(["pdf"]),
                "\"pdf\" is no format here; these are: htmlzip, json, search, markdown",
            ),
            (json!(["html"]), "\"html\" is no format here"),
            (json!(["search", "search"]), "search is there twice"),
            (json!(vec!["json"; 5]), "json is there twice"),
            (json!("json"), "derive"),
            (json!([null]), "derive"),
            (json!(true), "derive"),
        ] {
            let answer = server.patch(path).admin().json(&json!({"derive": derive})).await;
            answer.bad(said);
        }
    }
}

#[tokio::test]
async fn a_task_says_that_formats_are_made_before_editions_move() {
    let server = Server::with_alpha().await;
    let derive = json!({"derive": ["search", "json"]});
    let patch = server.patch("/products/alpha").admin().json(&derive).await;
    patch.expect(StatusCode::OK);
    let id = number(&server.build(&["main"]).await["self_url"]);
    let build = server.world.catalog.all_builds().remove(0);
    let site = Site::new().file("index.html", "hello").without_redirects();
    site.upload(&server.world.objects, &build);
    let confirm = server.patch(&format!("/builds/{id}")).admin();
    let confirmed = confirm.json(&json!({"uploaded": true})).await.json();
    let envelope = server.world.queue.take(Step::RegisterBuild).unwrap();
    let Message::RegisterBuild(message) = &envelope.message else {
        panic!("{envelope:?}")
    };
    let env = server.world.tenants().of_default().await.unwrap();
    register_build(&env, &envelope.id, message).await.unwrap();
    let task = server.get(&path_of(&confirmed["queue_url"])).send().await.json();
    let metadata = &task["metadata"];
    assert_eq!(
        (&task["status"], &metadata["registration"]["state"]),
        (&json!("STARTED"), &json!("deriving"))
    );
    assert!(metadata["registration"]["date"].is_string());
    let states: BTreeMap<&String, &Value> = metadata["artifacts"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(format, artifact)| (format, &artifact["state"]))
        .collect();
    let expected = json!({"html": "ready", "json": "pending", "search": "pending"});
    assert_eq!(json!(states), expected);
}
