//! An edition that is renamed, as its readers and its owner see it.

use std::collections::BTreeMap;

use http::{Method, StatusCode, header};
use imprint_local::demo::{Site, text};
use serde_json::{Value, json};

use crate::place::Place;
use crate::support::{Story, succeeded, until};

fn site(odd_page: &str, of: &str) -> Site {
    Site::from([
        ("index.html", "<h1>Home</h1>"),
        (odd_page, "about"),
        ("own.html", of),
    ])
}

/// A product whose editions `v1`, `v1.0`, `v10` and `v1-old` show a build each; gives the number of each edition.
async fn with_editions(place: &Place, product: &str) -> BTreeMap<&'static str, String> {
    place.product(product).await;
    let mut editions = BTreeMap::new();
    for slug in ["v1", "v1.0", "v10", "v1-old"] {
        let (client, site) = (&place.client, site(place.odd_page, slug));
        let build = client.create_build(product, slug, &site).await.unwrap();
        client.upload(&build, &site).await.unwrap();
        let task = client.confirm(&build).await.unwrap();
        let task = succeeded(client, &task).await;
        let url = text(&task["metadata"]["editions"][0], "url").unwrap();
        editions.insert(slug, url.to_owned());
    }
    editions
}

async fn rename(place: &Place, edition: &str, slug: &str) -> Value {
    let body = json!({ "slug": slug });
    let renamed = place.client.send(Method::PATCH, edition, Some(body)).await;
    let (status, accepted) = renamed.unwrap();
    assert_eq!(status, StatusCode::OK, "{accepted}");
    succeeded(&place.client, text(&accepted, "queue_url").unwrap()).await;
    place.client.read(edition).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_renamed_edition_follow_it_and_its_siblings_stay_as_they_are() {
    let story = Story::begin().await;
    readers_follow(&story, "handbook").await;
    story.end().await;
}

/// An edition is renamed twice.
pub(crate) async fn readers_follow(place: &Place, product: &str) {
    let editions = with_editions(place, product).await;
    let reader = place.reader(product);
    // In the cache, so that the purge has something to do.
    reader
        .below("v/v1")
        .has_all(&site(place.odd_page, "v1"))
        .await
        .unwrap();
    let siblings = ["v1.0", "v10", "v1-old"];
    let mut before = Vec::new();
    for sibling in siblings {
        before.push(place.written(&format!("{product}/v/{sibling}/")).await);
    }

    let renamed = rename(place, &editions["v1"], "v1-new").await;
    assert_eq!(renamed["slug"], "v1-new");
    assert!(text(&renamed, "published_url").unwrap().ends_with("/v/v1-new"));
    assert_eq!(renamed["pending_rebuild"], false);
    reader
        .below("v/v1-new")
        .has_all(&site(place.odd_page, "v1"))
        .await
        .unwrap();
    for (sibling, before) in siblings.iter().zip(&before) {
        assert_eq!(&place.written(&format!("{product}/v/{sibling}/")).await, before);
        let below = reader.below(&format!("v/{sibling}"));
        below.has_all(&site(place.odd_page, sibling)).await.unwrap();
    }
    let (old, new) = ("href=\"../v/v1/\"", "href=\"../v/v1-new/\"");
    until("the dashboard shows the new name alone", || async {
        let page = reader.read("v/").await.unwrap();
        let page = String::from_utf8_lossy(&page.body).replace("&#x2f;", "/");
        page.contains(new) && !page.contains(old)
    })
    .await;
    until("nothing is left below the old name", || async {
        place.written(&format!("{product}/v/v1/")).await.is_empty()
    })
    .await;

    // A second rename: both old names lead to the last one.
    rename(place, &editions["v1"], "v2").await;
    old_names_lead(place, product, &["v1", "v1-new"]).await;
    let followed = reqwest::get(format!("{}/{product}/v/v1/own.html", place.docs));
    assert_eq!(followed.await.unwrap().text().await.unwrap(), "v1");
}

/// Former names of the edition that is `v2` now.
async fn old_names_lead(place: &Place, product: &str, former: &[&str]) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let http = http.build().unwrap();
    // What a browser encodes is less than what a redirect does.
    let asked = place.odd_page.replace(' ', "%20").replace('Ü', "%C3%9C");
    let told = asked.replace('&', "%26").replace('+', "%2B");
    for old in former {
        for (rest, target) in [
            ("", "v2"),
            ("/", "v2/"),
            ("/own.html?q=1", "v2/own.html?q=1"),
            (&format!("/{asked}"), &format!("v2/{told}")),
        ] {
            let path = format!("/{product}/v/{old}{rest}");
            let moved = http.get(format!("{}{path}", place.docs)).send().await.unwrap();
            assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY, "{path}");
            assert_eq!(
                moved.headers()[header::LOCATION],
                format!("/{product}/v/{target}")
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_product_keeps_its_readers_and_comes_back() {
    let story = Story::begin().await;
    comes_back(&story, "handbook").await;
    story.end().await;
}

/// A product is deleted and restored.
pub(crate) async fn comes_back(place: &Place, product: &str) {
    place.product(product).await;
    place.publish(product, &site(place.odd_page, "main")).await;
    let send = async |method: Method, path: &str, body: Option<Value>| {
        place.client.send(method, path, body).await.unwrap()
    };
    let own = format!("/products/{product}");
    let (status, ended) = send(Method::DELETE, &own, None).await;
    assert_eq!(status, StatusCode::OK, "{ended}");
    assert!(text(&ended, "date_ended").is_ok());
    let list = place.client.read("/products/").await.unwrap();
    assert!(!list["products"].to_string().contains(&own), "{list}");
    let new = json!({"git_refs": ["main"]});
    let (status, _) = send(Method::POST, &format!("{own}/builds/"), Some(new)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    place
        .reader(product)
        .has_all(&site(place.odd_page, "main"))
        .await
        .unwrap();
    let (status, _) = send(Method::POST, &format!("{own}/restore"), None).await;
    assert_eq!(status, StatusCode::OK);
    place.publish(product, &site(place.odd_page, "again")).await;
    place
        .reader(product)
        .has_all(&site(place.odd_page, "again"))
        .await
        .unwrap();
}
