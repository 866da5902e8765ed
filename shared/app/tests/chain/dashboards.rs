//! A product's own pages follow every change, in few requests, and nothing in a name becomes part of a page.

use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch};
use imprint_app::ports::Change;
use imprint_app::products::{self, ProductPatch};
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::step::Disposal;
use imprint_domain::edition::Edition;
use imprint_domain::git::GitRefs;
use imprint_domain::id::{EditionId, Revision};
use imprint_domain::message::Message;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Site, Step, run_until_death};

use crate::installation::{Installation, sites};

fn page(here: &Installation, path: &str) -> String {
    let object = here.world.objects.get(&format!("alpha/{path}"));
    // Slashes are escaped too, which says the same.
    String::from_utf8(object.expect(path).body.to_vec())
        .expect("pages are text")
        .replace("&#x2f;", "/")
}

fn product_key(here: &Installation) -> String {
    here.world.catalog.all_products()[0].surrogate_key.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_published_edition_is_on_the_pages_and_the_product_key_is_purged_last() {
    let here = Installation::new().await;
    assert!(page(&here, "v/index.html").contains("Nothing has been published yet"));
    here.publish(&sites()[0], "main").await;
    here.publish(&sites()[1], "v1.0").await;
    here.publish(&sites()[2], "tickets/DM-7").await;
    let editions = page(&here, "v/index.html");
    for link in [
        r#"href="../v/v1.0/""#,
        r#"href="../v/DM-7/""#,
        r#"href="https://tickets.example.org/browse/DM-7""#,
    ] {
        assert!(editions.contains(link), "{link}: {editions}");
    }
    assert!(page(&here, "builds/index.html").contains(r#"href="../builds/3/""#));
    assert!(page(&here, "v/404.html").contains(r#"href="https://alpha.example.org/v/v1.0/""#));
    assert!(page(&here, "v/robots.txt").contains("Allow: /v/v1.0/\n"));
    let sitemap = page(&here, "v/sitemap.xml");
    assert!(
        sitemap.contains("<loc>https://alpha.example.org/v/v1.0/</loc>"),
        "{sitemap}"
    );
    let switcher: serde_json::Value = serde_json::from_str(&page(&here, "v/switcher.json")).unwrap();
    assert_eq!(switcher[1]["version"], "v1.0");
    let key = imprint_domain::dashboard::index_key(&here.env.organization.slug);
    let mut purges = here.world.cdn.purges();
    purges.retain(|purge| purge.keys != [key.clone()]);
    let last = purges.pop().unwrap();
    assert_eq!(last.keys.len(), 1);
    assert_eq!(last.keys[0].as_str(), product_key(&here));
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_page_has_the_headers_of_the_contract() {
    let here = Installation::new().await;
    for (path, content_type) in [
        ("v/index.html", Some("text/html; charset=utf-8")),
        ("builds/index.html", Some("text/html; charset=utf-8")),
        ("v/404.html", Some("text/html; charset=utf-8")),
        ("v/switcher.json", Some("application/json")),
        ("v/versions.json", Some("application/json")),
        ("v/sitemap.xml", Some("application/xml")),
        ("v/robots.txt", Some("text/plain; charset=utf-8")),
        ("v", None),
        ("builds", None),
    ] {
        let object = here.world.objects.get(&format!("alpha/{path}")).expect(path);
        let headers = object.headers;
        assert_eq!(headers.content_type.as_deref(), content_type, "{path}");
        assert_eq!(headers.cache_control.as_deref(), Some("no-cache"), "{path}");
        assert_eq!(headers.metadata["surrogate-key"], product_key(&here), "{path}");
        assert_eq!(
            headers.metadata["surrogate-control"], "max-age=31536000",
            "{path}"
        );
        assert_eq!(headers.is_redirect(), content_type.is_none(), "{path}");
    }
}

/// D16: titles and refs were written into pages as they came.
#[tokio::test(start_paused = true)]
async fn d16_hostile_names_stay_text() {
    let here = Installation::new().await;
    let hostile = r#"</title><script>alert('x')</script>"><img src=x onerror=alert(1)>{{ 7*7 }}&"#;
    let patch = ProductPatch {
        title: Some(parsed(hostile)),
        doc_repo: Some(parsed("https://github.com/o/r'onmouseover='alert(1)&x")),
        ..ProductPatch::default()
    };
    products::update(&here.env, &parsed("alpha"), patch)
        .await
        .unwrap();
    let new = NewBuild {
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        slug: None,
        git_refs: GitRefs::parse(&["main"]).unwrap(),
        alternate: None,
        github_requester: Some(parsed(hostile)),
        upload: imprint_domain::upload::Upload::Files,
        directories: None,
        new_editions: NewEditions::Forbidden,
    };
    let edition = here.edition("main").id;
    let refs = GitRefs::parse(&[hostile, "javascript:alert(1)"]).unwrap();
    let build = NewBuild {
        git_refs: refs.clone(),
        ..new
    };
    let created = builds::create(&here.env, &parsed("alpha"), build, &|_| Ok(()))
        .await
        .unwrap();
    Site::of_pages(1).upload(&here.world.objects, &created.build);
    let patch = EditionPatch {
        title: Some(parsed(hostile)),
        tracked_refs: Some(refs),
        ..EditionPatch::default()
    };
    editions::update(&here.env, edition, patch).await.unwrap();
    builds::confirm_upload(&here.env, created.build.id, &Confirmation::Request)
        .await
        .unwrap();
    here.settle().await;
    for path in ["v/index.html", "builds/index.html", "v/404.html"] {
        let page = page(&here, path);
        assert!(
            page.contains("&lt;script&gt;alert(&#x27;x&#x27;)"),
            "{path}: {page}"
        );
        assert!(page.contains("{{ 7*7 }}"), "{path}: a name is no template");
        for bad in ["<img", "<script>alert", "'onmouseover", "href=\"javascript:"] {
            assert!(!page.contains(bad), "{path}: {bad}");
        }
    }
    let switcher: serde_json::Value = serde_json::from_str(&page(&here, "v/switcher.json")).unwrap();
    assert!(switcher[0]["name"].as_str().unwrap().starts_with(hostile));
}

#[tokio::test(start_paused = true)]
async fn what_ends_leaves_the_pages_and_a_new_title_shows_at_once() {
    let here = Installation::new().await;
    let (build, _) = here.publish(&sites()[0], "v1.0").await;
    let edition = here.edition("v1.0").id;
    let patch = EditionPatch {
        title: Some(parsed("The First")),
        ..EditionPatch::default()
    };
    editions::update(&here.env, edition, patch).await.unwrap();
    here.settle().await;
    assert!(page(&here, "v/index.html").contains(">The First</a>"));
    editions::end(&here.env, edition).await.unwrap();
    here.settle().await;
    assert!(!page(&here, "v/index.html").contains("The First"));
    assert!(page(&here, "builds/index.html").contains("Build 1"));
    builds::end(&here.env, build.id).await.unwrap();
    here.settle().await;
    assert!(!page(&here, "builds/index.html").contains("Build 1"));
    let patch = ProductPatch {
        title: Some(parsed("Another Name")),
        doc_repo: None,
        ..ProductPatch::default()
    };
    products::update(&here.env, &parsed("alpha"), patch)
        .await
        .unwrap();
    here.settle().await;
    assert!(page(&here, "v/index.html").contains("Another Name"));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_no_edition_follows_is_listed_all_the_same() {
    let here = Installation::new().await;
    let edition = here.edition("main").id;
    here.publish(&sites()[0], "branch").await;
    editions::end(&here.env, here.edition("branch").id).await.unwrap();
    editions::end(&here.env, edition).await.unwrap();
    here.publish(&sites()[1], "branch").await;
    assert!(page(&here, "builds/index.html").contains("Build 2"));
}

/// A batch of purges is one rendering a product, sent when all its editions are committed.
#[tokio::test(start_paused = true)]
async fn a_batch_of_purges_is_one_rendering() {
    let here = Installation::new().await;
    for git_ref in ["main", "one", "two"] {
        let build = here.upload(&sites()[0], git_ref).await;
        here.confirm(&build).await.unwrap();
    }
    for step in [Step::RegisterBuild, Step::CopyEdition] {
        for envelope in here.world.queue.take_all_of(step) {
            here.deliver(&envelope, 1).await;
        }
    }
    let purges = here.world.queue.take_all_of(Step::PurgeCdn);
    let orders: Vec<Order<'_>> = purges
        .iter()
        .map(|envelope| match &envelope.message {
            Message::PurgeCdn(message) => Order {
                entry: &envelope.id,
                message,
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(orders.len(), 3);
    for outcome in purge_cdn(&here.env, &orders).await {
        outcome.unwrap();
    }
    assert_eq!(here.world.queue.waiting(), 1);
    assert_eq!(here.world.catalog.all_outbox().len(), 1);
    here.settle().await;
    assert!(here.world.catalog.all_outbox().is_empty());
    assert!(page(&here, "v/index.html").contains(r#"href="../v/two/""#));
}

/// However much there is to list. 500 editions are one read also of DynamoDB, which reads a megabyte at a time.
#[tokio::test(start_paused = true)]
async fn a_product_with_500_editions_is_five_reads_nine_writes_a_purge_and_two_commits() {
    let here = Installation::new().await;
    here.publish(&Site::of_pages(1), "main").await;
    let main = here.edition("main");
    let more = (0..500).map(|n| Edition {
        id: EditionId(1000 + n),
        slug: parsed(&format!("tickets-DM-{}", 10_000 + n)),
        revision: Revision::NEW,
        ..main.clone()
    });
    here.world.catalog.seed(more.map(Change::CreateEdition).collect());
    let size: usize = here
        .world
        .catalog
        .all_editions()
        .iter()
        .map(|edition| serde_json::to_vec(edition).unwrap().len())
        .sum();
    assert!(size < 1_000_000, "{size} bytes of editions");
    let patch = ProductPatch {
        title: Some(parsed("Many")),
        doc_repo: None,
        ..ProductPatch::default()
    };
    products::update(&here.env, &parsed("alpha"), patch)
        .await
        .unwrap();
    here.world.counts().reset();
    let rendering = here.world.queue.take(Step::RenderDashboard).unwrap();
    here.deliver(&rendering, 1).await;
    let counts = here.world.counts();
    assert_eq!(
        counts.of("catalog.commit"),
        2,
        "one for the index, which has a new title"
    );
    assert_eq!(counts.port("catalog") - 2, 4, "{:?}", counts.all());
    assert_eq!(counts.port("registry"), 1, "how many installations run it");
    assert_eq!(counts.of("objects.write"), 9);
    assert_eq!(counts.port("objects"), 9);
    assert_eq!(counts.of("cdn.purge"), 1);
    assert!(page(&here, "v/index.html").contains("tickets-DM-10499"));
}

/// Invariant 4 for this step: killed at each call, redelivered or lost, the pages end right and purged.
#[tokio::test(start_paused = true)]
async fn rendering_may_die_anywhere() {
    for lost in [false, true] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let here = Installation::new().await;
                here.publish(&sites()[0], "main").await;
                let patch = ProductPatch {
                    title: Some(parsed("Renamed")),
                    doc_repo: None,
                    ..ProductPatch::default()
                };
                products::update(&here.env, &parsed("alpha"), patch)
                    .await
                    .unwrap();
                let envelope = here.world.queue.take(Step::RenderDashboard).unwrap();
                let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
                    .await
                    .is_some();
                if !lost {
                    here.world.queue.give_back(envelope);
                }
                here.recover().await;
                for path in ["v/index.html", "builds/index.html", "v/404.html"] {
                    assert!(page(&here, path).contains("Renamed"), "{path}, killed at {call}");
                }
                here.assert_shows("main", &sites()[0]);
                if survived {
                    assert!(call > 12, "only {call} calls");
                    break;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_purge_waits_in_the_outbox_and_a_vanished_product_does_not() {
    let here = Installation::new().await;
    here.world
        .cdn
        .fail_next(1, imprint_testing::memory::Refusal::Refused);
    let patch = ProductPatch {
        title: Some(parsed("Renamed")),
        doc_repo: None,
        ..ProductPatch::default()
    };
    products::update(&here.env, &parsed("alpha"), patch)
        .await
        .unwrap();
    let envelope = here.world.queue.take(Step::RenderDashboard).unwrap();
    assert_eq!(here.deliver(&envelope, 1).await, Disposal::Done);
    assert_eq!(here.world.catalog.all_outbox().len(), 1);
    here.recover().await;
    let mut gone = envelope;
    if let Message::RenderDashboard(message) = &mut gone.message {
        message.product = parsed("beta");
    }
    assert_eq!(here.deliver(&gone, 1).await, Disposal::Done);
}

#[test]
fn what_can_be_taken_away_and_searched_is_linked_and_what_failed_says_why() {
    let dashboard = imprint_domain::dashboard::Dashboard::sample("<Sample>");
    let pages = imprint_app::pages::render(imprint_app::pages::Templates::built_in(), &dashboard).unwrap();
    let page = |path: &str| {
        let page = pages.iter().find(|page| page.path == path).unwrap();
        page.body.replace("&#x2f;", "/")
    };
    let editions = page("v/index.html");
    for part in [
        r##"<script src="../_search/box.js" defer data-imprint-search="#find"></script>"##,
        r#"<a href="../_downloads/main/sample.pdf" aria-label="PDF of &lt;Sample&gt;">PDF</a>"#,
        r#"<span class="older" title="&lt;Sample&gt;">of build 1</span>"#,
        r#"<a href="../v/v1.0/_search/" aria-label="Search &lt;Sample&gt;">Search</a>"#,
    ] {
        assert!(editions.contains(part), "{part}: {editions}");
    }
    let builds = page("builds/index.html");
    for part in [
        r#"<span class="format ready">PDF</span>"#,
        r#"<span class="format failed" title="&lt;Sample&gt;">PDF failed</span>"#,
    ] {
        assert!(builds.contains(part), "{part}: {builds}");
    }
    assert!(
        page("v/404.html").contains(r#"<a href="https://sample.example.org/v/main/_search/">Search it</a>"#)
    );
    let bare = imprint_domain::dashboard::Dashboard::empty_sample();
    let bare = imprint_app::pages::render(imprint_app::pages::Templates::built_in(), &bare).unwrap();
    assert!(bare.iter().all(|page| !page.body.contains("box.js")));
}
