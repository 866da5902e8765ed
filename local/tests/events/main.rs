//! Every sample event goes through its function, and does what it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod archives;
mod shapes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imprint_api::{ApiConfig, Credentials};
use imprint_app::ports::Change;
use imprint_domain::artifact::{Artifacts, Format, State};
use imprint_domain::build::Build;
use imprint_domain::dns::{Visibility, Zone, ZoneId};
use imprint_domain::id::{BuildId, Generation, ManifestId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::{File, Headers, Manifest};
use imprint_domain::task::Registration;
use imprint_domain::webhook::EventKind;
use imprint_lambda::{Function, LambdaEvent};
use imprint_local::template::{self, Deployment, Stack};
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Site, World};
use serde_json::Value;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn event(function: &str, case: &str) -> Value {
    let path = project()
        .join("events")
        .join(function)
        .join(format!("{case}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn folders(path: PathBuf) -> BTreeSet<String> {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// What is deployed, under the name and in the place that the events are from.
fn stack() -> Stack {
    let text = std::fs::read_to_string(project().join("template.yaml")).unwrap();
    let parameters = [("Domain", "example.org"), ("BucketName", "imprint-example-org")];
    let deployment = Deployment {
        stack_name: "imprint".into(),
        region: "eu-central-1".into(),
        account: "123456789012".into(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    template::read(&text, &deployment).unwrap()
}

#[test]
fn the_template_lists_exactly_the_functions_there_are_and_each_has_events() {
    let in_template: BTreeSet<String> = stack()
        .functions
        .iter()
        .map(|function| function.name.clone())
        .collect();
    assert_eq!(in_template, folders(project().join("functions")));
    assert_eq!(in_template, folders(project().join("events")));
}

/// The queues put a message aside exactly when the steps say that it has failed.
#[test]
fn the_queues_give_up_when_the_steps_do() {
    let text = std::fs::read_to_string(project().join("template.yaml")).unwrap();
    let counts: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("maxReceiveCount: "))
        .collect();
    assert_eq!(counts, vec![imprint_app::step::MAX_RECEIVES.to_string(); 10]);
}

const MANIFEST: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// A world in which the events are about something: product `alpha`, build 17 of `main`, editions 3 and 4.
fn world() -> World {
    let world = World::new();
    let build = samples::uploaded(samples::build(17, "main"));
    Site::new()
        .file("index.html", "home")
        .upload(&world.objects, &build);
    let file = File {
        path: parsed("index.html"),
        size: 4,
        etag: "106a6c241b8797f52e1e77317b96a201".into(),
        headers: Arc::new(Headers::default()),
        source: imprint_domain::manifest::Source::Build,
    };
    let (_, manifest) = Manifest::of([file]).store();
    let id: ManifestId = parsed(MANIFEST);
    world.objects.put(
        ObjectKey::manifest(BuildId(17), &id).as_str(),
        manifest,
        Headers::default(),
    );
    let edition = |number, slug| {
        let mut edition = samples::edition(number, slug, slug);
        edition.generation = Generation(4);
        edition.former = vec![parsed(&format!("old-{slug}"))];
        edition.desired = Some(samples::pointer(&build, id.clone(), 4));
        edition
    };
    let mut task = samples::task("events", &build);
    task.id = parsed("0a1b2c3d4e5f60718293a4b5c6d7e8f9");
    world.catalog.seed(vec![
        Change::CreateProduct(samples::product("alpha")),
        Change::CreateBuild(build.clone()),
        Change::CreateEdition(edition(3, "main")),
        Change::CreateEdition(edition(4, "other")),
        Change::CreateTask(task),
    ]);
    world
}

async fn call(function: &Arc<dyn Function>, event: Value) -> Value {
    let mut context = lambda_runtime::Context::default();
    context.deadline = 4_000_000_000_000;
    function.call(LambdaEvent::new(event, context)).await.unwrap()
}

fn failed(response: &Value) -> Vec<&str> {
    let failures = response["batchItemFailures"]
        .as_array()
        .expect("a batch response");
    failures
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn register_build_takes_its_events() {
    let world = world();
    let function = imprint_register_build::function(world.tenants());
    assert!(failed(&call(&function, event("register-build", "requested")).await).is_empty());
    let task = world.catalog.all_tasks().remove(0);
    assert!(
        matches!(task.registration, Registration::Done { files: 1, .. }),
        "{task:?}"
    );

    let poisonous = call(&function, event("register-build", "poisonous")).await;
    assert_eq!(
        failed(&poisonous),
        [
            "059f36b4-87a3-44ab-83d2-661970000001",
            "059f36b4-87a3-44ab-83d2-661970000003"
        ]
    );

    // S3 delivers at least once.
    for _ in 0..2 {
        call(&function, event("register-build", "uploaded")).await;
    }
    assert_eq!(world.catalog.all_tasks().len(), 2);
}

/// The same world, whose build has a page and waits for all formats that can be made of it.
fn deriving_world() -> World {
    let world = world();
    let html = "<!doctype html><html><body><main><h1>Home</h1><p>Where to begin.</p></main></body></html>";
    let headers = Headers {
        content_type: Some("text/html".to_owned()),
        ..Headers::default()
    };
    let build = world.catalog.all_builds().remove(0);
    let site: ManifestId = parsed(MANIFEST);
    let page = File {
        path: parsed("index.html"),
        size: html.len() as u64,
        etag: "d41d8cd98f00b204e9800998ecf8427e".into(),
        headers: Arc::new(headers.clone()),
        source: imprint_domain::manifest::Source::Build,
    };
    let manifest = Manifest::of([page]).store().1;
    world.objects.put(
        ObjectKey::manifest(build.id, &site).as_str(),
        manifest,
        Headers::default(),
    );
    world
        .objects
        .put(&format!("{}index.html", build.prefix()), html, headers);
    let pending = |format| (format, State::Pending { since: samples::NOON });
    let artifacts = Artifacts {
        site: Some(site),
        states: Format::DERIVED.map(pending).into(),
        ..Artifacts::default()
    };
    world
        .catalog
        .seed(vec![Change::UpdateBuild(Build { artifacts, ..build })]);
    world
}

fn ready(world: &World) -> Vec<Format> {
    let build = world.catalog.all_builds().remove(0);
    build.artifacts.ready().map(|(format, _)| format).collect()
}

#[tokio::test]
async fn derive_format_takes_its_events() {
    let world = deriving_world();
    let function = imprint_derive_format::function(world.tenants());
    for case in ["requested", "requested", "search-json", "markdown"] {
        assert!(failed(&call(&function, event("derive-format", case)).await).is_empty());
    }
    assert_eq!(ready(&world), [Format::HtmlZip, Format::Json, Format::Markdown]);
    let poisonous = call(&function, event("derive-format", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000001"]);
    let foreign = call(&function, event("derive-format", "foreign")).await;
    assert_eq!(failed(&foreign), ["059f36b4-87a3-44ab-83d2-661970000002"]);
}

#[tokio::test]
async fn index_search_takes_its_events_and_makes_an_index_that_the_engine_reads() {
    let world = deriving_world();
    let function = imprint_index_search::function(world.tenants());
    for _ in 0..2 {
        assert!(failed(&call(&function, event("index-search", "requested")).await).is_empty());
    }
    assert_eq!(ready(&world), [Format::Search]);
    assert_eq!(world.objects.keys("_imprint/search/").len(), 1);
    assert_eq!(world.objects.keys("alpha/artifacts/17/search/").len(), 1);
    let poisonous = call(&function, event("index-search", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000001"]);
    let foreign = call(&function, event("index-search", "foreign")).await;
    assert_eq!(failed(&foreign), ["059f36b4-87a3-44ab-83d2-661970000002"]);
}

#[tokio::test]
async fn copy_edition_takes_its_events() {
    let world = world();
    let function = imprint_copy_edition::function(world.tenants());
    assert!(failed(&call(&function, event("copy-edition", "requested")).await).is_empty());
    assert_eq!(world.objects.keys("alpha/v/main/"), ["alpha/v/main/index.html"]);
    world
        .objects
        .put("alpha/v/old-main/index.html", "home", Headers::default());
    assert!(failed(&call(&function, event("copy-edition", "retired")).await).is_empty());
    assert!(world.objects.keys("alpha/v/old-main/").is_empty());
    let redirect = world.objects.get("alpha/v/old-main").unwrap();
    assert_eq!(redirect.headers.metadata["edition-redirect"], "main");
    assert_eq!(
        failed(&call(&function, event("copy-edition", "poisonous")).await).len(),
        1
    );
}

#[tokio::test]
async fn purge_cdn_takes_its_events_in_one_call() {
    let world = world();
    let function = imprint_purge_cdn::function(world.tenants());
    assert!(failed(&call(&function, event("purge-cdn", "batch")).await).is_empty());
    assert_eq!(
        world.cdn.purges().len(),
        1,
        "three messages of two keys are one call"
    );
    assert_eq!(world.cdn.purged_keys().len(), 2);
    let poisonous = call(&function, event("purge-cdn", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000002"]);
    let published = world
        .catalog
        .all_editions()
        .into_iter()
        .all(|edition| edition.published.is_some());
    assert!(published);
}

#[tokio::test]
async fn render_dashboard_takes_its_events_in_one_rendering_a_product() {
    let world = world();
    let function = imprint_render_dashboard::function(world.tenants());
    assert!(failed(&call(&function, event("render-dashboard", "requested")).await).is_empty());
    assert_eq!(
        world.cdn.purges().len(),
        1,
        "two messages of one product are one rendering"
    );
    assert!(failed(&call(&function, event("render-dashboard", "organization")).await).is_empty());
    assert!(world.objects.get("index.html").is_some());
    assert_eq!(world.cdn.purges().len(), 2, "two messages are one index");
    assert!(world.objects.get("alpha/v/index.html").is_some());
    // What stands behind a message that cannot be read waits with it; a product that is gone is forgotten.
    let poisonous = call(&function, event("render-dashboard", "poisonous")).await;
    assert_eq!(
        failed(&poisonous),
        [
            "059f36b4-87a3-44ab-83d2-661970000001",
            "059f36b4-87a3-44ab-83d2-661970000002"
        ]
    );
}

#[tokio::test]
async fn update_dns_takes_its_events() {
    let world = world();
    let zone: ZoneId = parsed("Z1");
    let cdn = parsed("cdn.example.org");
    world.dns.add_zone(Zone {
        id: zone.clone(),
        name: parsed("example.org"),
        visibility: Visibility::Public,
    });
    let function = imprint_update_dns::function(world.tenants_with_dns());
    for case in ["requested", "given-up"] {
        assert!(failed(&call(&function, event("update-dns", case)).await).is_empty());
    }
    let there = |name| world.dns.target(&zone, &parsed(name));
    assert_eq!(there("alpha.example.org"), Some(cdn));
    assert_eq!(there("gone.example.org"), None);
    let poisonous = call(&function, event("update-dns", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000001"]);
}

#[tokio::test]
async fn deliver_webhook_takes_its_events_and_tells_each_subscriber_once() {
    let mut organization = samples::organization();
    organization.policy.webhooks = vec![imprint_domain::webhook::Webhook {
        id: parsed("5f2b1c9e8d7a46b3a0c4e1d2f3b4a596"),
        ..samples::webhook("hook", &[EventKind::EditionUpdated])
    }];
    let world = World::of(organization);
    let api = parsed("https://keeper.example.org");
    let function = imprint_deliver_webhook::function(world.tenants(), api);
    for _ in 0..2 {
        let answer = call(&function, event("deliver-webhook", "requested")).await;
        assert!(failed(&answer).is_empty());
    }
    let told = world.webhooks.taken_at("https://hook.example.org/");
    assert_eq!(
        told.len(),
        2,
        "two events, delivered twice by the queue, told once"
    );
    assert!(
        told[0].body.contains("https://keeper.example.org/editions/3"),
        "{}",
        told[0].body
    );
    let poisonous = call(&function, event("deliver-webhook", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000002"]);
    assert_eq!(world.webhooks.told().len(), 3);
}

#[tokio::test]
async fn sweep_takes_its_event() {
    let world = world();
    let function = imprint_sweep::function(world.tenants());
    let swept = call(&function, event("sweep", "every-minute")).await;
    assert_eq!(
        (&swept["sent_again"], &swept["confirmed"]),
        (&0.into(), &0.into())
    );
    let without = LambdaEvent::new(
        event("sweep", "without-input"),
        lambda_runtime::Context::default(),
    );
    let error = function.call(without).await.unwrap_err().to_string();
    assert!(error.contains("older_than_seconds"), "{error}");
}

#[tokio::test]
async fn retain_takes_its_event() {
    let world = world();
    let function = imprint_retain::function(world.tenants());
    // It needs to be told nothing, so it does not mind what it is told.
    for case in ["every-hour", "without-input"] {
        let retained = call(&function, event("retain", case)).await;
        assert_eq!(
            (&retained["products"], &retained["failed"]),
            (&1.into(), &0.into())
        );
    }
}

#[tokio::test]
async fn the_api_takes_its_events() {
    let world = world();
    let function = imprint_api::function(
        world.tenants(),
        ApiConfig {
            bootstrap: None,
            doctor: Credentials::new("doctor", "a password"),
            is_local: false,
        },
    );
    for (case, status) in [
        ("root", 200),
        ("list-builds", 200),
        ("token", 401),
        ("create-build", 401),
        ("not-json", 401),
        ("no-text", 401),
        ("encoded-path", 404),
    ] {
        let response = call(&function, event("api", case)).await;
        assert_eq!(response["statusCode"], status, "{case}: {response}");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert!(status == 200 || body["status"] == status, "{case}: {body}");
    }
}

#[tokio::test]
async fn render_document_takes_its_events() {
    let world = world();
    let env = world.env();
    let new = imprint_app::documents::NewDocument {
        title: parsed("Fluxes"),
        alias: None,
        product: None,
        drafts: imprint_domain::document::Drafts::Public,
        content: Some(serde_json::json!({"markdown": "# Fluxes\n\n![Moon](full-moon.png)\n\n$E = mc^2$"})),
        by: None,
    };
    let (document, _) = imprint_app::documents::create(&env, new).await.unwrap();
    let moon = "_imprint/incoming/images/1/1.0/full-moon.png";
    let png = include_bytes!("../../demo-site/document/tide.png").as_slice();
    world.objects.put(moon, png, Headers::default());
    let batch = br#"{"title": "Imported", "markdown": "Hello"}"#.as_slice();
    let imported = "_imprint/incoming/documents/default/imported-text.json";
    world.objects.put(imported, batch, Headers::default());
    let function = imprint_render_document::function(world.tenants());
    for case in ["incoming-image", "incoming-document", "incoming-stranger"] {
        call(&function, event("render-document", case)).await;
    }
    let version = || async {
        let version = env.documents.version(document.id, parsed("1.0")).await.unwrap();
        version.unwrap()
    };
    assert_eq!(version().await.images.len(), 1, "the event's image was taken");
    assert!(imprint_app::documents::find(&env, "imported-text").await.is_ok());
    for case in ["requested", "requested", "published"] {
        assert!(failed(&call(&function, event("render-document", case)).await).is_empty());
    }
    // The event asks for the first edit, and the image that came since was the second.
    assert_eq!(version().await.last_good, None);
    let poisonous = call(&function, event("render-document", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000001"]);
    world.clock.advance(jiff::SignedDuration::from_mins(10));
    let scanned = call(&function, event("render-document", "scan")).await;
    assert_eq!(
        (&scanned["scanned"]["documents"], &scanned["scanned"]["rendered"]),
        (&2.into(), &2.into())
    );
}
