//! An edition that is renamed, as its readers and its owner see it.

use std::collections::BTreeMap;

use http::{Method, StatusCode, header};
use imprint_local::demo::{Site, text};
use serde_json::{Value, json};

use crate::support::{Story, succeeded};

fn site(of: &str) -> Site {
    Site::from([
        ("index.html", "<h1>Home</h1>"),
        ("guides/Über uns & mehr.html", "about"),
        ("own.html", of),
    ])
}

/// A product whose editions `v1`, `v1.0`, `v10` and `v1-old` show a build each; gives the number of each edition.
async fn with_editions(story: &Story) -> BTreeMap<&'static str, String> {
    story.product("handbook").await;
    let mut editions = BTreeMap::new();
    for slug in ["v1", "v1.0", "v10", "v1-old"] {
        let (client, site) = (&story.client, site(slug));
        let build = client.create_build("handbook", slug, &site).await.unwrap();
        client.upload(&build, &site).await.unwrap();
        let task = client.confirm(&build).await.unwrap();
        let task = succeeded(client, &task).await;
        let url = text(&task["metadata"]["editions"][0], "url").unwrap();
        editions.insert(slug, url.to_owned());
    }
    story.quiesce().await;
    editions
}

async fn rename(story: &Story, edition: &str, slug: &str) -> Value {
    let body = json!({ "slug": slug });
    let (status, accepted) = story
        .client
        .send(Method::PATCH, edition, Some(body))
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK, "{accepted}");
    succeeded(&story.client, text(&accepted, "queue_url").unwrap()).await;
    story.quiesce().await;
    story.client.read(edition).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_renamed_edition_follow_it_and_its_siblings_stay_as_they_are() {
    let story = Story::begin().await;
    let editions = with_editions(&story).await;
    let reader = story.reader("handbook");
    // In the cache, so that the purge has something to do.
    reader.below("v/v1").has_all(&site("v1")).await.unwrap();
    let siblings = ["v1.0", "v10", "v1-old"];
    let mut before = Vec::new();
    for sibling in siblings {
        before.push(story.written(&format!("handbook/v/{sibling}/")).await);
    }

    let renamed = rename(&story, &editions["v1"], "v1-new").await;
    assert_eq!(renamed["slug"], "v1-new");
    assert!(text(&renamed, "published_url").unwrap().ends_with("/v/v1-new"));
    assert_eq!(renamed["pending_rebuild"], false);
    reader.below("v/v1-new").has_all(&site("v1")).await.unwrap();
    for (sibling, before) in siblings.iter().zip(&before) {
        assert_eq!(&story.written(&format!("handbook/v/{sibling}/")).await, before);
        let below = reader.below(&format!("v/{sibling}"));
        below.has_all(&site(sibling)).await.unwrap();
    }
    assert!(story.written("handbook/v/v1/").await.is_empty());
    assert!(String::from_utf8_lossy(&reader.read("v/").await.unwrap().body).contains("v1-new/"));

    // A second rename: both old names lead to the last one.
    rename(&story, &editions["v1"], "v2").await;
    let docs = &story.stack.info().docs;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let location = async |path: &str| {
        let moved = http.get(format!("{docs}/handbook{path}")).send().await.unwrap();
        assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY, "{path}");
        moved.headers()[header::LOCATION].to_str().unwrap().to_owned()
    };
    for old in ["v1", "v1-new"] {
        for (rest, target) in [
            ("", "/handbook/v/v2"),
            ("/", "/handbook/v/v2/"),
            ("/own.html?q=1", "/handbook/v/v2/own.html?q=1"),
            (
                "/guides/%C3%9Cber%20uns%20&%20mehr.html",
                "/handbook/v/v2/guides/%C3%9Cber%20uns%20%26%20mehr.html",
            ),
        ] {
            assert_eq!(location(&format!("/v/{old}{rest}")).await, target);
        }
    }
    let followed = reqwest::get(format!("{docs}/handbook/v/v1/own.html"))
        .await
        .unwrap();
    assert_eq!(followed.text().await.unwrap(), "v1");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_product_keeps_its_readers_and_comes_back() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.publish("handbook", &site("main")).await;
    let send = async |method: Method, path: &str, body: Option<Value>| {
        story.client.send(method, path, body).await.unwrap()
    };
    let (status, ended) = send(Method::DELETE, "/products/handbook", None).await;
    assert_eq!(status, StatusCode::OK, "{ended}");
    assert!(text(&ended, "date_ended").is_ok());
    let list = story.client.read("/products/").await.unwrap();
    assert_eq!(list["products"], json!([]));
    let new = json!({"git_refs": ["main"]});
    let (status, _) = send(Method::POST, "/products/handbook/builds/", Some(new)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    story.quiesce().await;
    story.reader("handbook").has_all(&site("main")).await.unwrap();
    let (status, _) = send(Method::POST, "/products/handbook/restore", None).await;
    assert_eq!(status, StatusCode::OK);
    story.publish("handbook", &site("again")).await;
    story.reader("handbook").has_all(&site("again")).await.unwrap();
    story.end().await;
}
