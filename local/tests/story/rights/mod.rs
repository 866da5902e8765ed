//! Every function's rights, by what it does in a story that has everything in it: what it needs it has, what it has it needs.

mod dns;
mod documents;
mod exceptions;
mod letters;
mod place;
mod planted;

use std::path::{Path, PathBuf};

use http::{Method, StatusCode};
use imprint_local::rights::compare;
use imprint_local::stack::Options;
use serde_json::{Value, json};

use self::dns::Dns;
use self::place::Place;
use crate::retention::move_clock;
use crate::support::{Story, client};
use crate::webhooks::Receiver;

/// The bucket of an organization that has its own.
const OWN_BUCKET: &str = "imprint-docs-lagoon";

/// What receivers are told of, each by the function in which it happens.
const EVENTS: [&str; 10] = [
    "product.created",
    "build.uploaded",
    "build.registered",
    "build.failed",
    "edition.created",
    "edition.updated",
    "edition.failed",
    "edition.renamed",
    "edition.deleted",
    "edition.restored",
];

/// The project's template. It is read when the story begins: a change of it needs nothing compiled anew.
fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

async fn begin() -> Story {
    let dns = Dns::default();
    let options = Options {
        route53: Some(dns.listen().await),
        template: Some(template()),
        ..Options::default()
    };
    let story = Story::begin_with(options).await;
    dns.tell(story.stack.uses());
    let bucket = story.s3().create_bucket().bucket(OWN_BUCKET).send().await;
    bucket.unwrap();
    // Without a bucket of its own, an organization has a place in the installation's.
    let cdn = json!({"title": "X", "layout": "subdomain", "fastly_service_id": "x", "fastly_domain": "cdn.example.net"});
    for (slug, bucket) in [("lagoon", Some(OWN_BUCKET)), ("reef", None)] {
        let mut new = cdn.clone();
        new["slug"] = json!(slug);
        new["domain"] = json!(format!("{slug}.example.net"));
        new["s3_bucket"] = json!(bucket);
        let (status, answer) = story
            .client
            .send(Method::POST, "/v2/orgs", Some(new))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    story
}

/// The default organization, one with a bucket of its own, and one without.
async fn places(story: &Story) -> [Place<'_>; 3] {
    // A token does not outlive the days that pass here.
    let client = client(&story.stack).await;
    let place = |organization, bucket: &str| Place {
        story,
        client: client.clone(),
        organization,
        bucket: bucket.to_owned(),
    };
    let shared = &story.stack.info().bucket;
    [
        place("default", shared),
        place("lagoon", OWN_BUCKET),
        place("reef", shared),
    ]
}

/// What happens on the first day.
async fn first_day(place: &Place<'_>, receiver: &str) {
    let hook = json!({"url": receiver, "events": EVENTS});
    place.ask(Method::POST, &place.at("/webhooks"), hook).await;
    tokio::join!(
        place.formats(),
        place.editions(),
        place.archives(),
        place.registry(),
        place.documents(),
        place.forgotten(0),
    );
    place.templates().await;
}

/// What is given up, for the days to come.
async fn given_up(place: &Place<'_>) {
    let rules = json!({"end_drafts_after_days": 10, "delete_never_uploaded_after_days": 2});
    let moves = place.at("/projects/moves");
    place.ask(Method::PUT, &format!("{moves}/retention"), rules).await;
    for project in ["/projects/packed", "/projects/formats"] {
        let path = place.at(project);
        place.ask(Method::DELETE, &path, Value::Null).await;
    }
    place.forgotten(1).await;
}

/// Each run of the sweep looks at one edition, those of one organization after those of the other.
async fn looked_at(story: &Story) {
    for _ in 0..20 {
        let runner = &story.stack.controlled().runner;
        runner.run_schedule("sweep").await.unwrap();
    }
}

async fn days_pass(story: &Story) {
    for days in [0, 11, 1, 1] {
        move_clock(story, days).await;
        everything_scheduled(story).await;
        if days == 0 {
            let [default, lagoon, _] = places(story).await;
            for place in [default, lagoon] {
                let path = place.at("/documents/draft");
                place.ask(Method::DELETE, &path, Value::Null).await;
            }
        }
    }
    for days in [31, 1, 1] {
        move_clock(story, days).await;
        everything_scheduled(story).await;
    }
}

async fn everything_scheduled(story: &Story) {
    for schedule in ["retain", "sweep", "render-document"] {
        let runner = &story.stack.controlled().runner;
        runner.run_schedule(schedule).await.unwrap();
    }
    story.quiesce().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_has_the_rights_that_it_needs_and_no_others() {
    let story = begin().await;
    let receiver = Receiver::default().listen().await;
    let [default, lagoon, reef] = places(&story).await;
    reef.project("small", json!([])).await;
    tokio::join!(first_day(&default, &receiver), first_day(&lagoon, &receiver));
    letters::redriven(&story).await;
    letters::swept(&story).await;
    tokio::join!(given_up(&default), given_up(&lagoon));
    story.quiesce().await;
    looked_at(&story).await;
    days_pass(&story).await;

    let stack = story.stack.controlled().runner.stack().clone();
    let uses = story.stack.uses().seen();
    let comparison = compare(&stack, &uses).unwrap();
    exceptions::assert_exact(&comparison);
    planted::is_found(&stack, &uses);
    story.end().await;
}
