//! The organization's registry as a page.

mod look;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use imprint_app::env::Env;
use imprint_app::ports::{Change, RegistryChange};
use imprint_app::registry;
use imprint_domain::access::{Products, Role};
use imprint_domain::registry::{
    CheckIn, ClusterToken, Data, Docs, Head, Release, Report, Reported, TrainName,
};
use imprint_testing::samples::{self, parsed};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::server::{Answer, Server};

/// A release that came out so many days before now.
struct Given<'a> {
    train: &'a str,
    version: &'a str,
    days: i64,
    note: &'a str,
    description: &'a str,
    build: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn of(train: &'a str, version: &'a str, days: i64) -> Self {
        Self {
            train,
            version,
            days,
            note: "",
            description: "What it is",
            build: None,
        }
    }
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

async fn publish(env: &Env, given: Given<'_>) {
    let train: TrainName = parsed(given.train);
    let org = &env.organization.slug;
    let news = env
        .registry
        .news(org, std::slice::from_ref(&train), &[])
        .await
        .unwrap();
    let head = news.heads.into_iter().next();
    let head = head.unwrap_or_else(|| Head::new(org.clone(), train.clone()));
    let now: Timestamp = env.clock.now();
    let data = json!({ "description": given.note });
    let release = Release {
        organization: org.clone(),
        train,
        version: parsed(given.version),
        released: now - days(given.days),
        data: Data::new(data.as_object().unwrap().clone()).unwrap(),
        description: (!given.description.is_empty()).then(|| parsed(given.description)),
        kind: None,
        published_at: now,
        published_by: None,
        docs: given.build.map(|slug| Docs {
            own_domain: None,
            build: imprint_domain::id::BuildId(1),
            slug: parsed(slug),
            manifest: samples::manifest_id(slug),
        }),
    };
    let publication = head.publish(None, None, release).unwrap();
    let change = RegistryChange::Publish(publication);
    env.catalog
        .commit(vec![Change::Registry(Box::new(change))])
        .await
        .unwrap();
}

async fn check_in(env: &Env, id: &str, runs: &[(&str, &str)]) -> Option<ClusterToken> {
    check_in_with(env, id, runs, None).await
}

async fn check_in_with(
    env: &Env,
    id: &str,
    runs: &[(&str, &str)],
    token: Option<ClusterToken>,
) -> Option<ClusterToken> {
    let reported = runs.iter().map(|(name, version)| Reported {
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        ..Reported::default()
    });
    let check_in = CheckIn {
        id: parsed(id),
        report: Report::new(reported.collect()).unwrap(),
        token,
        at: env.clock.now(),
    };
    registry::check_in(env, check_in, id).await.unwrap().token
}

/// `handbook` is a product of its own name.
fn product(server: &Server, slug: &str) {
    let entry = samples::index_entry(&samples::product(slug));
    server.world.catalog.seed(vec![Change::PutIndexEntry(entry)]);
}

fn text(answer: &Answer) -> String {
    // Slashes are escaped too, which says the same.
    String::from_utf8(answer.bytes.clone())
        .unwrap()
        .replace("&#x2f;", "/")
}

async fn page(server: &Server) -> String {
    text(&server.get("/registry").send().await.expect(StatusCode::OK))
}

#[tokio::test]
async fn an_empty_registry_says_how_it_is_filled() {
    let page = page(&Server::new()).await;
    for part in [
        "No release was published yet",
        "https://keeper.example.org/v4/versions/handbook/stable/1.0.0",
        "&quot;train&quot;:&quot;stable&quot;,&quot;version&quot;:&quot;1.0.0&quot;}",
        "No installation has checked in yet",
        "https://keeper.example.org/v3/clusters",
        "href=\"https://example.org/\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<svg"));
}

#[tokio::test]
async fn the_page_shows_components_their_releases_and_who_runs_them() {
    let server = Server::new();
    let env = server.world.env();
    product(&server, "handbook");
    publish(&env, Given::of("handbook/stable", "2.18.0", 40)).await;
    let given = Given::of("handbook/stable", "2.19.1", 3);
    publish(
        &env,
        Given {
            note: "Faster search",
            build: Some("27"),
            ..given
        },
    )
    .await;
    publish(&env, Given::of("tutorial/beta", "0.1", 10)).await;
    for n in 0..3 {
        check_in(&env, &format!("c{n}"), &[("handbook", "v2.18.0")]).await;
    }
    let token = check_in(&env, "new", &[("handbook", "2.19.1"), ("unheard-of", "1")]).await;
    check_in_with(&env, "new", &[("handbook", "2.19.1"), ("unheard-of", "1")], token).await;
    let page = page(&server).await;
    for part in [
        "id=\"component-handbook\"",
        "id=\"component-tutorial\"",
        "What it is",
        "Faster search",
        "3 days ago",
        "href=\"https://handbook.example.org/builds/27/\"",
        "href=\"https://handbook.example.org/\"",
        "<title>2.18.0 · 2025-11-22</title>",
        "aria-label=\"Releases of handbook/stable over time. 2 releases from 2.18.0 on 2025-11-22 to 2.19.1 on 2025-12-29.\"",
        "<strong>25 %</strong> of 4 installations on <code>2.19.1</code>, the latest of stable",
        "<title>2.18.0: 3 installations, 75 %</title>",
        "<span class=\"badge\">latest stable</span>",
        "<p class=\"figure\">4</p>",
        "are verified: 25 %",
        "<td class=\"plus\">+4</td>",
        "No installation says that it runs tutorial.",
        "1 component that installations report and of which no release was published",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains("unheard-of"),
        "whoever checks in puts no names of things on the page"
    );
    // The newest release first.
    assert!(page.find("id=\"component-handbook\"") < page.find("id=\"component-tutorial\""));
}

/// What stands behind `-d` in a command of the page.
fn body(page: &str, url: &str) -> serde_json::Value {
    let page = page.replace("&quot;", "\"").replace("&#x27;", "'");
    let (before, _) = page.split_once(url).expect(url);
    let (_, body) = before.rsplit_once("-d '").unwrap();
    let (body, _) = body.rsplit_once("' \\").unwrap();
    serde_json::from_str(&body.replace("'$id'", "c1")).expect(body)
}

#[tokio::test]
async fn the_commands_on_the_page_put_something_on_it() {
    let server = Server::with_alpha().await;
    let empty = page(&server).await;
    let release = "/v4/versions/handbook/stable/1.0.0";
    let published = server.post(release).admin().json(&body(&empty, release)).await;
    published.expect(StatusCode::OK);
    let checked_in = server
        .post("/v3/clusters")
        .json(&body(&empty, "/v3/clusters"))
        .await;
    checked_in.expect(StatusCode::OK);
    let text = empty.replace("&quot;", "\"");
    let (_, build) = text.split_once("<code>{").unwrap();
    let (build, _) = build.split_once("</code>").unwrap();
    let build = serde_json::from_str(&format!("{{{build}")).unwrap();
    let registered = server.post("/products/alpha/builds/").admin().json(&build).await;
    registered.expect(StatusCode::CREATED);
    let documents = server.world.catalog.all_builds()[0].documents.clone().unwrap();
    assert_eq!(
        (documents.train.as_str(), documents.version.as_str()),
        ("stable", "1.0.0")
    );
    let page = page(&server).await;
    assert!(page.contains("What is new"), "{page}");
    assert!(
        page.contains("<strong>100 %</strong> of 1 installation on <code>1.0.0</code>"),
        "{page}"
    );
}

/// Publishers are trusted with releases, and not with what other readers' browsers do.
#[tokio::test]
async fn hostile_texts_stay_text() {
    let server = Server::new();
    let env = server.world.env();
    let hostile = r#"</title></style><script>alert('x')</script>"><img src=x onerror=alert(1)>{{ 7*7 }}&"#;
    let given = Given::of("handbook/stable", "1.0", 1);
    publish(
        &env,
        Given {
            note: hostile,
            description: hostile,
            ..given
        },
    )
    .await;
    publish(&env, Given::of("handbook/stable", "1.1+~_x", 0)).await;
    publish(
        &env,
        Given {
            note: hostile,
            description: hostile,
            ..Given::of("handbook/beta", "1", 1)
        },
    )
    .await;
    let page = page(&server).await;
    assert!(page.contains("&lt;script&gt;alert(&#x27;x&#x27;)"), "{page}");
    assert!(page.contains("{{ 7*7 }}"), "a text is no template");
    for alive in ["<img", "<script", "</title></style>"] {
        assert!(!page.contains(alive), "{alive}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
}

#[tokio::test]
async fn the_page_loads_nothing_and_runs_nothing() {
    let server = Server::new();
    publish(&server.world.env(), Given::of("handbook/stable", "1.0", 1)).await;
    let answer = server.get("/registry").send().await.expect(StatusCode::OK);
    let page = text(&answer);
    for loaded in [
        "src=",
        "<link",
        "@import",
        "url(",
        "<script",
        " style=",
        "onclick",
        "javascript:",
    ] {
        assert!(!page.contains(loaded), "{loaded}");
    }
    let (_, style) = page.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        answer.header("content-security-policy"),
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
}

#[tokio::test]
async fn each_organization_has_its_own_page_which_is_for_its_members() {
    let server = Server::with_acme().await;
    let acme = server.world.tenants().of(&parsed("acme")).await.unwrap();
    publish(&server.world.env(), Given::of("ours/stable", "1.0", 1)).await;
    publish(&acme, Given::of("theirs/stable", "1.0", 1)).await;
    check_in(&acme, "c", &[("theirs", "1.0"), ("ours", "1.0")]).await;
    let own = page(&server).await;
    assert!(own.contains("component-ours") && !own.contains("theirs"), "{own}");
    assert!(own.contains("No installation has checked in yet"));

    let path = "/v2/orgs/acme/registry";
    server.member("imp_reader", "acme", Role::Reader, Products::All);
    server.member("imp_other", "other", Role::Admin, Products::All);
    let answer = server
        .get(path)
        .token("imp_reader")
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let theirs = text(&answer);
    assert!(
        theirs.contains("component-theirs") && !theirs.contains("component-ours"),
        "{theirs}"
    );
    assert!(
        theirs.contains("https://keeper.example.org/v2/orgs/acme/registry/v4/versions/"),
        "{theirs}"
    );
    let stranger = server.get(path).token("imp_other").send().await;
    stranger.refused(404, "not found", "invalid resource URI");
    server.get(path).send().await.expect(StatusCode::UNAUTHORIZED);
}

/// However much was published: 40 trains over time, the others by their latest release, and all of it told.
#[tokio::test]
async fn what_is_too_much_for_a_page_is_left_out_and_told() {
    let server = Server::new();
    let env = server.world.env();
    for n in 0..205 {
        publish(&env, Given::of(&format!("c{n:03}/stable"), "1.0", n)).await;
    }
    for n in 0..51 {
        publish(&env, Given::of("c000/stable", &format!("2.{n}"), 51 - n)).await;
    }
    server.world.counts().reset();
    let page = page(&server).await;
    // A list of trains, 40 trains, two times a hundred heads, the index, and the clusters in four partitions.
    assert_eq!(
        server.world.counts().total_except(&["catalog.organization"]),
        1 + 40 + 2 + 1 + 4
    );
    assert!(page.contains("id=\"component-c199\"") && !page.contains("component-c200"));
    assert_eq!(page.matches("<svg class=\"timeline\"").count(), 40);
    for part in [
        "at most 200 components",
        "Older releases of 160 trains",
        "Releases before the newest 50 of 1 train.",
        "The newest 50 releases of stable",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// Counting 100,000 clusters for each reader would be a hundred requests each time.
#[tokio::test]
async fn a_large_census_is_kept_for_five_minutes_and_a_small_one_is_not() {
    let server = Server::new();
    let clusters = |from: usize, to: usize| {
        let report = Report::new(Vec::new()).unwrap();
        let cluster = move |n: usize| {
            let check_in = CheckIn {
                id: parsed(&format!("c{n}")),
                report: report.clone(),
                token: None,
                at: samples::NOON,
            };
            check_in.first(samples::organization_slug(), &ClusterToken::from_bytes([0; 32]))
        };
        let creations = (from..to).map(move |n| RegistryChange::CreateCluster(cluster(n)));
        creations
            .map(|change| Change::Registry(Box::new(change)))
            .collect::<Vec<_>>()
    };
    server.world.catalog.seed(clusters(0, 5_000));
    assert!(page(&server).await.contains("<p class=\"figure\">5,000</p>"));
    server.world.catalog.seed(clusters(5_000, 5_001));
    assert!(page(&server).await.contains("<p class=\"figure\">5,001</p>"));
    server.world.catalog.seed(clusters(5_001, 5_002));
    assert!(page(&server).await.contains("<p class=\"figure\">5,001</p>"));
    server.world.clock.advance(SignedDuration::from_secs(301));
    assert!(page(&server).await.contains("<p class=\"figure\">5,002</p>"));
}
