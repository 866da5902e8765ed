//! Moving in from LTD Keeper: what `imprint import keeper` does, seen by readers and counted at the API.

mod keeper;
mod proxy;
mod stage;

use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use imprint_cli::import::{About, Ending, Options, Report, State};
use imprint_cli::{Login, S3Access, Secret};
use serde_json::{Value, json};

use self::keeper::{BUCKET, Keeper, Shelf, Version};
use self::stage::{INSIDE, KEYS, Move, moved, shelf, site};

fn counts(report: &Report, about: About) -> Vec<(State, usize)> {
    let all = [
        State::Create,
        State::Resume,
        State::Update,
        State::Present,
        State::Skip,
        State::Refuse,
        State::Fail,
    ];
    let counted = all.map(|state| (state, report.count(about, state)));
    counted.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn detail<'a>(report: &'a Report, product: &str, name: &str) -> &'a str {
    let told = report
        .items
        .iter()
        .filter(|row| row.product == product && row.name == name);
    let told = told.filter(|row| matches!(row.state, State::Refuse | State::Fail));
    told.map(|row| row.detail.as_str()).next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_come_and_changes_nothing() {
    let here = moved(Version::One).await;
    let options = Options {
        dry_run: true,
        to_login: Login::Nobody,
        ..here.options()
    };
    let report = here.import_with(&options).await;
    assert_eq!(report.ending(), Ending::Done, "{}", report.table());
    assert_eq!(here.proxy.writes(), 0);
    assert_eq!(here.get("/products/").await, json!({"products": []}));
    assert_eq!(counts(&report, About::Product), [(State::Create, 2)]);
    assert_eq!(counts(&report, About::Build), [(State::Create, 3)]);
    assert_eq!(counts(&report, About::Edition), [(State::Create, 4)]);
    // Three builds of five files: the objects of directories are none.
    let (objects, bytes) = report.copied();
    assert_eq!(objects, 15);
    let sites = ["one", "two", "hand"].map(|name| site(name).bytes() as u64);
    assert_eq!(bytes, sites.iter().sum::<u64>());
    let methods: Vec<String> = here
        .keeper
        .asked()
        .into_iter()
        .map(|asked| asked.method)
        .collect();
    assert!(methods.iter().all(|method| method == "GET"), "{methods:?}");
    here.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_served_where_it_was_and_a_second_run_writes_nothing() {
    for version in [Version::One, Version::Two] {
        let here = moved(version).await;
        let report = here.import().await;
        assert_eq!(report.ending(), Ending::Done, "{}", report.table());
        assert!(here.proxy.writes() > 0);
        here.shows_everything().await;
        let data = here
            .story
            .reader("pipelines")
            .read("_static/deep/er/data.inv")
            .await
            .unwrap();
        assert_eq!(data.header("content-type"), "application/x-of-the-keeper");
        // What a URL of a directory without its slash needs.
        let redirects = here.story.written("pipelines/builds/b-2").await;
        for directory in ["", "/guides", "/_static", "/_static/deep/er"] {
            assert!(redirects.contains_key(directory), "{directory}: {redirects:?}");
        }
        let product = here.get("/products/pipelines").await;
        assert_eq!(
            (&product["title"], &product["date_ended"]),
            (&json!("Pipelines"), &Value::Null)
        );
        let edition = here.edition("pipelines", "v1.0").await;
        assert_eq!(
            (&edition["title"], &edition["tracked_refs"]),
            (&json!("Version 1.0"), &json!(["v1.0"]))
        );
        let weekly = here.edition("pipelines", "weekly").await;
        assert_eq!(
            (&weekly["mode"], &weekly["build_url"]),
            (&json!("eups_weekly_release"), &Value::Null)
        );
        assert_eq!(here.edition("handbook", "main").await["mode"], "lsst_doc");
        // Each build once, and no edition that the keeper has not.
        let builds = here.get("/products/pipelines/builds/?expand=1").await;
        let builds: Vec<&Value> = builds["builds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|build| &build["slug"])
            .collect();
        assert_eq!(builds, ["b-2", "1"]);
        let editions = here.get("/products/pipelines/editions/").await;
        assert_eq!(editions["editions"].as_array().unwrap().len(), 3);

        let again = here.import().await;
        assert_eq!(
            (again.ending(), here.proxy.writes()),
            (Ending::Done, 0),
            "{}",
            again.table()
        );
        assert_eq!(counts(&again, About::Edition), [(State::Present, 4)]);
        here.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_at_the_keeper_since_is_taken_by_the_next_run() {
    let here = moved(Version::One).await;
    here.import().await;
    here.proxy.writes();
    here.upload("pipelines", "3", &site("three")).await;
    here.keeper.with(|shelf| {
        shelf.product("pipelines", "The pipelines");
        shelf.build("pipelines", 14, "3", "main", json!({}));
        shelf.edition("pipelines", 21, "main", Some(14), json!({"title": "Latest"}));
        // Back to an older one than its refs say.
        shelf.edition("pipelines", 22, "v1.0", Some(12), json!({"title": "Version 1.0"}));
    });
    let report = here.import().await;
    assert_eq!(report.ending(), Ending::Done, "{}", report.table());
    assert_eq!(
        counts(&report, About::Build),
        [(State::Create, 1), (State::Present, 3)]
    );
    assert_eq!(here.get("/products/pipelines").await["title"], "The pipelines");
    let reader = here.story.reader("pipelines");
    reader.has_all(&site("three")).await.unwrap();
    reader.below("v/v1.0").has_all(&site("two")).await.unwrap();
    // Here it follows what it followed there.
    assert_eq!(
        here.edition("pipelines", "main").await["tracked_refs"],
        json!(["main"])
    );
    here.end().await;
}

/// It is killed after every second write until nothing is left to do, and each time goes on where it stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_again_and_again_gets_there() {
    let here = moved(Version::One).await;
    let options = here.options();
    let (mut kills, mut writes) = (0, 0);
    loop {
        let finished = tokio::select! {
            biased;
            () = here.proxy.pull_after(2) => None,
            report = here.import_with(&options) => Some(report),
        };
        here.proxy.mend();
        writes += here.proxy.writes();
        match finished {
            Some(report) => {
                assert_eq!(report.ending(), Ending::Done, "{}", report.table());
                break;
            }
            None => kills += 1,
        }
        assert!(kills < 40, "it gets nowhere");
    }
    assert!(kills >= 5, "{kills}");
    here.shows_everything().await;
    let builds = here.get("/products/pipelines/builds/?ended=true").await;
    assert_eq!(
        builds["builds"].as_array().unwrap().len(),
        2,
        "no build was made twice"
    );
    assert_eq!(
        (here.import().await.ending(), here.proxy.writes()),
        (Ending::Done, 0)
    );
    assert!(writes < 150, "{writes}");
    here.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_named_and_stops_nothing_else() {
    let mut shelf = shelf();
    shelf.odd_product("no_slug");
    shelf.build("pipelines", 15, "empty", "main", json!({}));
    shelf.build("pipelines", 16, "..", "main", json!({}));
    shelf.build("pipelines", 17, "17", "main", json!({"uploaded": false}));
    shelf.build(
        "pipelines",
        18,
        "18",
        "old",
        json!({"date_ended": "2018-01-01T00:00:00Z"}),
    );
    shelf.build("pipelines", 19, "19", "x", json!({"git_refs": []}));
    shelf.build("pipelines", 20, "20", "tickets/DM-1", json!({}));
    shelf.edition("pipelines", 25, "dangling", Some(99), json!({}));
    shelf.edition("pipelines", 26, "empty", Some(15), json!({}));
    shelf.edition("pipelines", 27, "index.html", Some(11), json!({}));
    shelf.edition("pipelines", 28, "foreign", Some(13), json!({}));
    shelf.edition(
        "pipelines",
        29,
        "gone",
        Some(11),
        json!({"date_ended": "2018-01-01T00:00:00Z"}),
    );
    shelf.edition(
        "pipelines",
        30,
        "nothing",
        Some(11),
        json!({"tracked_refs": null}),
    );
    shelf.edition("pipelines", 31, "poisoned", Some(11), json!({}));
    shelf.broken = vec!["/editions/31".to_owned()];
    let here = Move::begin(Version::Two, shelf).await;
    for (product, build, name) in [
        ("pipelines", "1", "one"),
        ("pipelines", "b-2", "two"),
        ("handbook", "1", "hand"),
    ] {
        here.upload(product, build, &site(name)).await;
    }
    here.upload("pipelines", "20", &site("odd")).await;
    let put = here.bucket().put_object().bucket(BUCKET).content_encoding("gzip");
    let put = put
        .key("pipelines/builds/20/packed.html")
        .body(ByteStream::from_static(b"x"));
    put.send().await.unwrap();

    let report = here.import().await;
    // The poisoned one may be readable at another time.
    assert_eq!(report.ending(), Ending::Failed, "{}", report.table());
    for (name, said) in [
        ("empty", "no files below pipelines/builds/empty/"),
        ("..", "no such slugs"),
        ("19", "git_refs"),
        ("20/packed.html", "Content-Encoding gzip"),
        ("dangling", "the keeper has no build 99"),
        ("index.html", "no such slugs"),
        ("foreign", "the keeper has no build 13"),
        ("nothing", "tracked_refs"),
        ("number 31", "500"),
        ("number 13", "another product"),
    ] {
        let found = detail(&report, "pipelines", name);
        assert!(found.contains(said), "{name}: {found:?} in {}", report.table());
    }
    assert!(detail(&report, "no_slug", "").contains("no such slugs"));
    here.shows_everything().await;
    here.story
        .reader("pipelines")
        .below("builds/20")
        .has_all(&site("odd"))
        .await
        .unwrap();
    // No edition came with a build whose refs none tracks, and what has ended is not here.
    let listed = here.get("/products/pipelines/editions/?expand=1").await;
    let slugs: Vec<&Value> = listed["editions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["slug"])
        .collect();
    assert_eq!(slugs, ["main", "v1.0", "weekly", "dangling", "empty", "foreign"]);

    here.keeper.with(|shelf| shelf.broken.clear());
    here.proxy.writes();
    let again = here.import().await;
    assert_eq!(again.ending(), Ending::Incomplete, "{}", again.table());
    assert_eq!(
        here.proxy.writes(),
        1,
        "the edition that can be read now: {}",
        again.table()
    );
    here.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_fails_at_times_is_asked_again_and_no_other_host_ever_is() {
    let decoy = Keeper::start(Version::One, Shelf::new(INSIDE)).await;
    let mut shelf = Shelf::new(&decoy.url);
    shelf.product("pipelines", "Pipelines");
    shelf.build("pipelines", 11, "1", "main", json!({}));
    shelf.edition("pipelines", 21, "main", Some(11), json!({}));
    let here = Move::begin(Version::Two, shelf).await;
    here.upload("pipelines", "1", &site("one")).await;
    here.keeper.fail(3);
    let options = Options {
        from_login: Login::Token(Secret::new("token-of-the-keeper")),
        ..here.options()
    };
    let report = here.import_with(&options).await;
    assert_eq!(report.ending(), Ending::Done, "{}", report.table());
    here.story
        .reader("pipelines")
        .has_all(&site("one"))
        .await
        .unwrap();
    assert_eq!(decoy.asked(), []);
    let sent = format!("Basic {}", BASE64_STANDARD.encode("token-of-the-keeper:"));
    let asked = here.keeper.asked();
    assert!(
        asked.len() > 5
            && asked
                .iter()
                .all(|asked| asked.authorization.as_deref() == Some(sent.as_str()))
    );
    here.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_can_do_nothing_says_why() {
    let here = moved(Version::One).await;
    let wrong = Options {
        to_login: Login::Token(Secret::new("imp_wrong")),
        ..here.options()
    };
    let report = here.import_with(&wrong).await;
    assert_eq!(report.ending(), Ending::Failed);
    assert!(
        report
            .ended_early
            .as_deref()
            .is_some_and(|why| why.contains("does not accept the token")),
        "{report:?}"
    );

    let locked_out = Options {
        s3: S3Access {
            keys: Some((KEYS.0.to_owned(), Secret::new("wrong"), None)),
            ..here.options().s3
        },
        ..here.options()
    };
    let report = here.import_with(&locked_out).await;
    assert_eq!(
        (report.ending(), counts(&report, About::Build)),
        (Ending::Failed, vec![(State::Fail, 3)])
    );
    assert!(
        detail(&report, "handbook", "1").contains("refuses to be read"),
        "{}",
        report.table()
    );
    let missing = Options {
        products: vec!["nobody".to_owned()],
        ..here.options()
    };
    let report = here.import_with(&missing).await;
    assert!(
        detail(&report, "nobody", "").contains("is not there"),
        "{}",
        report.table()
    );
    // What was begun without files goes on when there are some.
    let report = here.import().await;
    assert_eq!(report.ending(), Ending::Done, "{}", report.table());
    here.shows_everything().await;
    here.end().await;
}
