//! The organization's index follows its products, and is written only when it says something new.

use imprint_app::products::{self, NewProduct, ProductPatch};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::Site;
use imprint_testing::samples::{self, parsed};

use crate::installation::{Installation, sites};

fn index(here: &Installation) -> String {
    let object = here.world.objects.get("index.html").expect("an index");
    String::from_utf8(object.body.to_vec())
        .expect("pages are text")
        .replace("&#x2f;", "/")
}

async fn product(here: &Installation, slug: &str, title: &str) {
    let new = NewProduct {
        slug: parsed(slug),
        title: parsed(title),
        doc_repo: parsed("https://example.org/x"),
        root_domain: None,
        root_fastly_domain: None,
        main_mode: TrackingMode::GitRefs,
    };
    products::create(&here.env, new).await.unwrap();
    here.settle().await;
}

#[tokio::test(start_paused = true)]
async fn products_are_listed_by_title_with_their_newest_release() {
    let here = Installation::new().await;
    product(&here, "zebra", "aardvark").await;
    product(&here, "beta", "Beta").await;
    for git_ref in ["v1.9", "v1.10", "v2.0-rc1"] {
        here.publish(&sites()[0], git_ref).await;
    }
    let page = index(&here);
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(at(">aardvark<") < at(">Alpha<") && at(">Alpha<") < at(">Beta<"));
    assert!(
        page.contains(r#"href="https://alpha.example.org/v/v1.10/""#),
        "{page}"
    );
    assert!(page.contains("2026-01-01"), "the day of the last publication");
    assert!(here.world.objects.get("404.html").is_some());
}

/// Names on the index are as hostile as everywhere (D16).
#[tokio::test(start_paused = true)]
async fn d16_hostile_titles_stay_text_on_the_index() {
    let here = Installation::new().await;
    product(&here, "evil", r#""><script>alert(1)</script>{{ 7*7 }}"#).await;
    let page = index(&here);
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(page.contains("{{ 7*7 }}") && !page.contains("<script>alert"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_product_writes_the_index_once_a_day() {
    let here = Installation::new().await;
    here.publish(&sites()[0], "main").await;
    let written = || {
        let history = here.world.objects.history();
        history
            .iter()
            .filter(|change| change.key().as_str() == "index.html")
            .count()
    };
    here.world.objects.forget_history();
    for site in [&sites()[1], &sites()[2]] {
        here.publish(site, "main").await;
    }
    assert_eq!(written(), 0);
    here.world.clock.advance(jiff::SignedDuration::from_hours(24));
    here.publish(&sites()[0], "main").await;
    assert_eq!(written(), 1);
    let patch = ProductPatch {
        title: Some(parsed("Omega")),
        doc_repo: None,
        ..ProductPatch::default()
    };
    products::update(&here.env, &parsed("alpha"), patch)
        .await
        .unwrap();
    here.settle().await;
    assert_eq!(written(), 2);
    assert!(index(&here).contains(">Omega<"));
}

/// Many products are one read, two writes, a purge and a commit.
#[tokio::test(start_paused = true)]
async fn an_index_costs_the_same_however_many_products_there_are() {
    let here = Installation::new().await;
    let entries = (0..500).map(|n| samples::index_entry(&samples::product(&format!("product-{n}"))));
    here.world
        .catalog
        .seed(entries.map(imprint_app::ports::Change::PutIndexEntry).collect());
    here.publish(&Site::of_pages(1), "main").await;
    let day = jiff::SignedDuration::from_hours(24);
    here.world.clock.advance(day);
    here.publish(&Site::of_pages(2), "main").await;
    assert!(index(&here).contains(">501<"));
    let size = serde_json::to_vec(&samples::index_entry(&samples::product("product-499")))
        .unwrap()
        .len();
    assert!(
        size * 2000 < 1_000_000,
        "{size}: 2,000 products are one read of DynamoDB"
    );
}
