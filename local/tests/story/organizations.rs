//! Two organizations in one installation: the default one with a client of LTD's first API, another with a client of the
//! second.

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{Method, StatusCode, header};
use imprint_local::demo::{Client, Reader, Site, text};
use serde_json::{Value, json};

use crate::support::{Story, client, control, succeeded, until, upload_of};

const HOST: &str = "docs.lagoon.example";
const PREFIX: &str = "/handbooks";
const ORGANIZATION: &str = "/v2/orgs/lagoon";
/// The same slug as a product of the default organization.
const PROJECT: &str = "/v2/orgs/lagoon/projects/handbook";
/// Builds that arrive at once.
const STORM: usize = 20;
/// Uploads of the storm at a time.
const UPLOADERS: usize = 5;

/// A client of the second API: an administrator of the organization `lagoon` who has no other rights.
struct Second<'a> {
    story: &'a Story,
    client: Client,
}

impl<'a> Second<'a> {
    async fn begin(story: &'a Story) -> Self {
        let first = &story.client;
        let organization = json!({"slug": "lagoon", "title": "Lagoon", "layout": "path", "domain": HOST,
            "path_prefix": PREFIX, "fastly_service_id": "lagoon"});
        made(first, "/v2/orgs", organization).await;
        let password = "correct horse battery";
        let user = json!({"username": "jo", "password": password, "permissions": []});
        made(first, "/users/", user).await;
        let member = format!("{ORGANIZATION}/members/jo");
        let role = Some(json!({"role": "admin"}));
        let (status, answer) = first.send(Method::PUT, &member, role).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{answer}");
        let api = &story.stack.info().api;
        let client = Client::log_in(api, "jo", password).await.unwrap();
        let project = json!({"slug": "handbook", "title": "Lagoon's handbook",
            "source_repo_url": "https://github.com/example/lagoon"});
        made(&client, &format!("{ORGANIZATION}/projects"), project).await;
        let nothing_made = Some(json!({"derive": []}));
        let (status, answer) = client.send(Method::PATCH, PROJECT, nothing_made).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{answer}");
        Self { story, client }
    }

    async fn announce(&self, git_ref: &str, site: &Site) -> Value {
        let build = json!({"git_ref": git_ref, "directories": site.directories()});
        made(&self.client, &format!("{PROJECT}/builds"), build).await
    }

    /// Uploads an announced build and confirms it; gives the task to watch.
    async fn deliver(&self, build: &Value, site: &Site) -> String {
        self.client.upload(build, site).await.unwrap();
        let url = text(build, "self_url").unwrap();
        let confirmed = self.accepted(Method::PATCH, url, json!({"uploaded": true})).await;
        text(&confirmed, "task_url").unwrap().to_owned()
    }

    async fn publish(&self, git_ref: &str, site: &Site) -> Value {
        let build = self.announce(git_ref, site).await;
        let task = self.deliver(&build, site).await;
        succeeded(&self.client, &task).await;
        self.client.read(text(&build, "self_url").unwrap()).await.unwrap()
    }

    async fn accepted(&self, method: Method, url: &str, body: Value) -> Value {
        let (status, answer) = self.client.send(method, url, Some(body)).await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer
    }

    async fn act(&self, edition: &str, action: &str, body: Value) -> Value {
        let path = format!("{PROJECT}/editions/{edition}/{action}");
        self.accepted(Method::POST, &path, body).await
    }

    async fn edition(&self, slug: &str) -> Value {
        let path = format!("{PROJECT}/editions/{slug}");
        self.client.read(&path).await.unwrap()
    }

    /// The moves of an edition, newest first, without a gap: the reason and the URL of the build of each.
    async fn history(&self, edition: &str) -> Vec<(String, Value)> {
        let path = format!("{PROJECT}/editions/{edition}/history");
        let moves = self.client.read(&path).await.unwrap();
        let moves = moves.as_array().unwrap();
        let generations: Vec<u64> = moves
            .iter()
            .map(|one| one["generation"].as_u64().unwrap())
            .collect();
        let whole: Vec<u64> = (1..=moves.len() as u64).rev().collect();
        assert_eq!(generations, whole, "{edition}");
        let tell = |one: &Value| (text(one, "reason").unwrap().to_owned(), one["build_url"].clone());
        moves.iter().map(tell).collect()
    }

    fn reader(&self) -> Reader {
        let docs = &self.story.stack.info().docs;
        Reader::at(docs, HOST, &format!("{PREFIX}/handbook")).unwrap()
    }
}

/// Creates something.
async fn made(client: &Client, path: &str, body: Value) -> Value {
    let (status, answer) = client.send(Method::POST, path, Some(body)).await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "POST {path}: {answer}");
    answer
}

/// Three pages of one name with other bytes, and one that nobody else has.
fn site(of: &str) -> Site {
    let page = |name: &str| format!("<h1>{name}</h1> of {of}");
    let (own, index, about) = (format!("only/{of}.html"), page("Home"), page("About"));
    Site::from([
        ("index.html", index.as_str()),
        ("guides/Über uns & mehr.html", about.as_str()),
        (own.as_str(), of),
    ])
}

fn own_page(of: &str) -> [String; 1] {
    [format!("only/{of}.html")]
}

/// Everything that the first API says of the product of the default organization.
async fn first_api(story: &Story) -> Vec<Value> {
    let mut found = Vec::new();
    for path in [
        "",
        "/editions/?expand=1&ended=true",
        "/builds/?expand=1&ended=true",
    ] {
        let path = format!("/products/handbook{path}");
        found.push(story.client.read(&path).await.unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_organizations_publish_a_product_of_one_name_each_at_its_own_place() {
    let story = Story::begin().await;
    let docs = &story.stack.info().docs;
    story.product("handbook").await;
    let refs = ["tickets/DM-1", "tickets/DM-2"];
    let (first, both) = (site("first"), site("both"));
    story.publish("handbook", &first).await;
    let build = story.client.create_build_of_refs("handbook", &refs, &both);
    let build = build.await.unwrap();
    assert_eq!(build["git_refs"], json!(refs));
    story.client.upload(&build, &both).await.unwrap();
    let task = story.client.confirm(&build).await.unwrap();
    let task = succeeded(&story.client, &task).await;
    let draft = text(&task["metadata"]["editions"][0], "slug").unwrap();
    story.quiesce().await;
    let (said, written) = (first_api(&story).await, story.written("handbook/").await);
    let own = Reader::by_host(docs, "handbook").unwrap();
    own.has_all(&first).await.unwrap();
    let purged = story.purges_of(&story.main_edition("handbook").await);

    let lagoon = Second::begin(&story).await;
    let second = site("second");
    let build = lagoon.publish("main", &second).await;
    story.quiesce().await;
    let other = lagoon.reader();
    until("its pages are served", async || {
        other.has_all(&second).await.is_ok()
    })
    .await;
    assert_eq!(
        lagoon.edition("main").await["published_url"],
        format!("http://{HOST}{PREFIX}/handbook")
    );
    assert_eq!((&build["slug"], &build["git_ref"]), (&json!("1"), &json!("main")));

    // Both have an edition `main` and a build `1`, and nothing else in common.
    for part in ["", "v/main/", "builds/1/"] {
        for (reader, site, others) in [(&own, &first, "second"), (&other, &second, "first")] {
            let below = match part.strip_suffix('/') {
                Some(part) => reader.below(part),
                None => reader.clone(),
            };
            below.has_all(site).await.unwrap();
            below.has_none(&own_page(others)).await.unwrap();
        }
    }
    own.below(&format!("v/{draft}")).has_all(&both).await.unwrap();
    let absent = [format!("v/{draft}/index.html"), "builds/2/index.html".to_owned()];
    other.has_none(&absent).await.unwrap();
    let stored = ["/_orgs/lagoon/handbook/index.html", "/handbook/index.html"];
    for path in stored {
        let strayed = Reader::at(docs, HOST, "").unwrap().read(path).await.unwrap();
        assert_eq!(strayed.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(first_api(&story).await, said);
    assert_eq!(story.written("handbook/").await, written);
    assert_eq!(story.purges_of(&story.main_edition("handbook").await), purged);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_organization_without_a_cdn_are_never_stale() {
    let story = Story::begin().await;
    let lagoon = Second::begin(&story).await;
    let change = Some(json!({"fastly_service_id": null}));
    let (status, answer) = lagoon
        .client
        .send(Method::PATCH, ORGANIZATION, change)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    for of in ["one", "two"] {
        lagoon.publish("main", &site(of)).await;
        story.quiesce().await;
        for _ in 0..2 {
            until("its pages are served", async || {
                lagoon.reader().has_all(&site(of)).await.is_ok()
            })
            .await;
            assert!(!lagoon.reader().read("").await.unwrap().is_hit());
        }
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_there_for_its_members_only() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let lagoon = Second::begin(&story).await;
    let seen = lagoon.client.read("/v2/orgs").await.unwrap();
    let slugs = seen.as_array().unwrap().iter().map(|one| &one["slug"]);
    assert_eq!(slugs.collect::<Vec<_>>(), ["lagoon"]);
    for path in ["", "/projects", "/projects/handbook", "/members"] {
        let path = format!("/v2/orgs/default{path}");
        let (status, answer) = lagoon.client.send(Method::GET, &path, None).await.unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
    }
    let build = Some(json!({"git_refs": ["main"]}));
    let (status, _) = lagoon
        .client
        .send(Method::POST, "/products/handbook/builds/", build)
        .await
        .unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    // The first API knows the default organization and no other.
    lagoon.publish("main", &site("second")).await;
    let listed = story.client.read("/products/handbook/builds/").await.unwrap();
    assert_eq!(listed["builds"], json!([]));
    let (status, _) = story.client.send(Method::GET, "/builds/1", None).await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edition_of_another_organization_is_renamed_among_its_siblings() {
    let story = Story::begin().await;
    let lagoon = Second::begin(&story).await;
    let siblings = ["v1.0", "v10", "v1-old"];
    for slug in ["v1", "v1.0", "v10", "v1-old"] {
        lagoon.publish(slug, &site(slug)).await;
    }
    story.quiesce().await;
    let key = |slug: &str| format!("_orgs/lagoon/handbook/v/{slug}/");
    let mut before = Vec::new();
    for sibling in siblings {
        before.push(story.written(&key(sibling)).await);
    }

    let path = format!("{PROJECT}/editions/v1");
    let renamed = lagoon
        .accepted(Method::PATCH, &path, json!({"slug": "v1-new"}))
        .await;
    succeeded(&lagoon.client, text(&renamed, "task_url").unwrap()).await;
    story.quiesce().await;
    let edition = lagoon.edition("v1-new").await;
    assert_eq!(
        (&edition["published_url"], &edition["pending_rebuild"]),
        (
            &json!(format!("http://{HOST}{PREFIX}/handbook/v/v1-new")),
            &json!(false)
        )
    );
    let reader = lagoon.reader();
    reader.below("v/v1-new").has_all(&site("v1")).await.unwrap();
    for (sibling, before) in siblings.iter().zip(&before) {
        assert_eq!(&story.written(&key(sibling)).await, before, "{sibling}");
        let below = reader.below(&format!("v/{sibling}"));
        below.has_all(&site(sibling)).await.unwrap();
    }
    assert!(story.written(&key("v1")).await.is_empty());
    let old = reader.read("v/v1/only/v1.html").await.unwrap();
    assert_eq!(old.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(
        old.header(header::LOCATION.as_str()),
        format!("{PREFIX}/handbook/v/v1-new/only/v1.html")
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_builds_waits_for_a_pinned_edition_and_takes_on_one_that_went_back() {
    let story = Story::begin().await;
    let lagoon = Second::begin(&story).await;
    let one = lagoon.publish("main", &site("one")).await;
    // It follows the same ref and is not pinned.
    let latest =
        json!({"slug": "latest", "title": "Latest", "tracked_ref": "main", "build_url": one["self_url"]});
    let latest = lagoon
        .accepted(Method::POST, &format!("{PROJECT}/editions"), latest)
        .await;
    succeeded(&lagoon.client, text(&latest, "task_url").unwrap()).await;
    let two = lagoon.publish("main", &site("two")).await;
    let pinned = lagoon.act("main", "pin", json!({})).await;
    assert_eq!(pinned["pinned"], true);
    story.quiesce().await;
    let purged = story.purges_of(&pinned);

    let mut storm = Vec::new();
    for number in 0..STORM {
        let site = site(&format!("storm {number}"));
        storm.push((lagoon.announce("main", &site).await, site));
    }
    let (before, after) = storm.split_at(STORM / 2);
    rain(&lagoon, before).await;
    // In the middle of it: one goes back, the other one cannot.
    let back = json!({"build_url": one["self_url"]});
    lagoon.act("latest", "rollback", back.clone()).await;
    let (status, refused) = lagoon
        .client
        .send(
            Method::POST,
            &format!("{PROJECT}/editions/main/rollback"),
            Some(back),
        )
        .await
        .unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    rain(&lagoon, after).await;
    story.quiesce().await;

    let (newest, newest_site) = &storm[STORM - 1];
    let newest = &newest["self_url"];
    let waits = lagoon.edition("main").await;
    assert_eq!(
        (&waits["build_url"], &waits["waiting_build_url"]),
        (&two["self_url"], newest)
    );
    lagoon.reader().has_all(&site("two")).await.unwrap();
    assert_eq!(story.purges_of(&waits), purged);
    let reasons = |history: &[(String, Value)]| -> Vec<String> {
        history.iter().map(|(reason, _)| reason.clone()).collect()
    };
    assert_eq!(reasons(&lagoon.history("main").await), ["tracking", "tracking"]);
    assert_eq!(lagoon.edition("latest").await["build_url"], *newest);
    let moves = lagoon.history("latest").await;
    assert_eq!(moves[0], ("tracking".to_owned(), newest.clone()));
    assert!(moves.contains(&("rollback".to_owned(), one["self_url"].clone())));
    let latest = lagoon.reader().below("v/latest");
    latest.has_all(newest_site).await.unwrap();

    let follows = lagoon.act("main", "unpin", json!({})).await;
    succeeded(&lagoon.client, text(&follows, "task_url").unwrap()).await;
    let again = lagoon.act("main", "unpin", json!({})).await;
    assert_eq!(again["task_url"], Value::Null);
    story.quiesce().await;
    let history = lagoon.history("main").await;
    assert_eq!(reasons(&history), ["unpin", "tracking", "tracking"]);
    assert_eq!(&history[0].1, newest);
    lagoon.reader().has_all(newest_site).await.unwrap();
    assert_eq!(story.purges_of(&waits), purged + 1);
    story.end().await;
}

/// Uploads and confirms builds, several at a time, without waiting for what follows.
async fn rain(lagoon: &Second<'_>, builds: &[(Value, Site)]) {
    let deliveries = builds.iter().map(async |(build, site)| {
        lagoon.deliver(build, site).await;
        Ok::<_, std::convert::Infallible>(())
    });
    let deliveries = futures_util::stream::iter(deliveries).buffer_unordered(UPLOADERS);
    deliveries.try_collect::<()>().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_edition_of_another_organization_comes_back_as_it_was() {
    let story = Story::begin().await;
    let lagoon = Second::begin(&story).await;
    lagoon.publish("main", &site("main")).await;
    let build = lagoon.publish("v1", &site("v1")).await;
    story.quiesce().await;
    let path = format!("{PROJECT}/editions/v1");
    for _ in 0..2 {
        let (status, ended) = lagoon.client.send(Method::DELETE, &path, None).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{ended}");
        assert!(text(&ended, "date_ended").is_ok(), "{ended}");
    }
    let slugs = async || -> Vec<Value> {
        let listed = lagoon.client.read(&format!("{PROJECT}/editions")).await.unwrap();
        let editions = listed.as_array().unwrap().iter();
        editions.map(|edition| edition["slug"].clone()).collect()
    };
    assert_eq!(slugs().await, ["main"]);

    let restored = lagoon.act("v1", "restore", json!({})).await;
    succeeded(&lagoon.client, text(&restored, "task_url").unwrap()).await;
    story.quiesce().await;
    assert_eq!(slugs().await, ["main", "v1"]);
    let edition = lagoon.edition("v1").await;
    assert_eq!(
        (&edition["build_url"], &edition["date_ended"]),
        (&build["self_url"], &Value::Null)
    );
    let reasons = lagoon.history("v1").await.into_iter().map(|(reason, _)| reason);
    assert_eq!(reasons.collect::<Vec<_>>(), ["restore", "tracking"]);
    lagoon.reader().below("v/v1").has_all(&site("v1")).await.unwrap();
    lagoon.reader().has_all(&site("main")).await.unwrap();
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_product_end_its_draft_and_not_that_of_its_namesake() {
    let story = Story::begin().await;
    story.product("handbook").await;
    let lagoon = Second::begin(&story).await;
    for git_ref in ["main", "DM-1"] {
        let build = upload_of(&story.client, "handbook", git_ref, &site(git_ref)).await;
        let task = story.client.confirm(&build).await.unwrap();
        succeeded(&story.client, &task).await;
        lagoon.publish(git_ref, &site(git_ref)).await;
    }
    let rules = "/products/handbook/retention";
    let body = Some(json!({"end_drafts_after_days": 30}));
    let (status, answer) = story.client.send(Method::PUT, rules, body).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{answer}");
    let effects = async || -> Vec<Value> {
        // A token does not live for so long.
        let client = client(&story.stack).await;
        let preview = client.read(&format!("{rules}/preview")).await.unwrap();
        assert_eq!(preview["unknown"], Value::Null, "{preview}");
        let effects = preview["effects"].as_array().unwrap().iter();
        effects
            .map(|effect| json!([effect["effect"], effect["slug"]]))
            .collect()
    };
    assert_eq!(effects().await, [Value::Null; 0]);

    let base = &story.stack.info().control;
    let (_, clock) = control(base, Method::GET, "/clock", None).await;
    let now: jiff::Timestamp = text(&clock, "now").unwrap().parse().unwrap();
    let later = now + jiff::SignedDuration::from_hours(24 * 31);
    let later = json!({"now": later.to_string()});
    let (status, answer) = control(base, Method::PUT, "/clock", Some(later)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(effects().await, [json!(["end_edition", "DM-1"])]);
    let (status, answer) = control(base, Method::POST, "/schedules/retain/run", None).await;
    assert!(status.is_success(), "{answer}");
    story.quiesce().await;
    assert_eq!(effects().await, [Value::Null; 0]);

    let client = client(&story.stack).await;
    let ended = client
        .read("/products/handbook/editions/?expand=1&ended=true")
        .await;
    let ended = ended.unwrap()["editions"].as_array().unwrap().clone();
    let ended = ended
        .iter()
        .filter(|edition| edition["date_ended"] != Value::Null);
    assert_eq!(
        ended.map(|edition| &edition["slug"]).collect::<Vec<_>>(),
        ["DM-1"]
    );
    let draft = client.read(&format!("{PROJECT}/editions/DM-1")).await.unwrap();
    assert_eq!(draft["date_ended"], Value::Null);
    lagoon
        .reader()
        .below("v/DM-1")
        .has_all(&site("DM-1"))
        .await
        .unwrap();
    story.end().await;
}
