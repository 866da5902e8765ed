//! Builds that are published as they should be.

use http::{Method, StatusCode, header};
use imprint_local::demo::{Site, text};
use imprint_local::stack::Options;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::place::{ODD_PAGE, Place};
use crate::support::{Story, control, counts, succeeded, until, upload};

fn first() -> Site {
    first_with(ODD_PAGE)
}

fn first_with(odd_page: &str) -> Site {
    Site::from([
        ("index.html", "<h1>Home</h1> one"),
        ("guides/index.html", "<h1>Guides</h1>"),
        (odd_page, "about"),
        ("guides/old page.html", "old"),
        ("gone/only.html", "the last of its directory"),
        ("_static/style.css", "body{}"),
    ])
}

fn second_with(odd_page: &str) -> Site {
    let over = Site::from([("index.html", "<h1>Home</h1> two"), ("guides/new.html", "new")]);
    first_with(odd_page).changed(
        &over,
        &["guides/old page.html".to_owned(), "gone/only.html".to_owned()],
    )
}

/// What the functions measured of both is what their tasks say, and what the queues did.
async fn is_measured(story: &Story) {
    let (status, metrics) = control(&story.stack.info().control, Method::GET, "/metrics", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(metrics["ObjectsCopied"]["total"], 9 + 2, "{metrics}");
    assert_eq!(metrics["ObjectsDeleted"]["total"], 3, "{metrics}");
    assert_eq!(metrics["QueueWait.copy-edition"]["times"], 2, "{metrics}");
    assert!(
        metrics["PurgesAccepted"]["total"].as_u64() >= Some(2),
        "{metrics}"
    );
    let failures = metrics
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.starts_with("Failures"));
    assert_eq!(failures.count(), 0, "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_published_and_the_next_one_takes_its_place() {
    let story = Story::begin().await;
    takes_the_place_of_the_first(&story, "handbook").await;
    let by_host = story.reader_by_host("handbook");
    assert!(by_host.read("index.html").await.unwrap().is_hit());
    is_measured(&story).await;
    story.end().await;
}

/// The main job, seen from outside.
pub(crate) async fn takes_the_place_of_the_first(place: &Place, product: &str) {
    place.product(product).await;
    let (first, second) = (first_with(place.odd_page), second_with(place.odd_page));
    let (by_path, by_host) = (place.reader(product), place.reader_by_host(product));
    let task = place.publish(product, &first).await;
    // Six files and the objects of three directories.
    assert_eq!(counts(&task), (9, 0, 0));
    by_path.has_all(&first).await.unwrap();
    by_host.has_all(&first).await.unwrap();
    let home = by_path.read("").await.unwrap();
    assert_eq!(home.body, "<h1>Home</h1> one");
    assert_eq!(
        (home.header("content-type"), home.header("cache-control")),
        ("text/html", "no-cache")
    );
    let edition = place.main_edition(product).await;
    assert_eq!(place.purges_of(&edition), 1);
    let before = place.written(&format!("{product}/v/main/")).await;

    let task = place.publish(product, &second).await;
    // Changed and new; the two files and the directory that went; the rest.
    assert_eq!(counts(&task), (2, 3, 5));
    by_path.has_all(&second).await.unwrap();
    by_host.has_all(&second).await.unwrap();
    let gone = ["guides/old page.html", "gone/only.html", "gone"].map(str::to_owned);
    by_path.has_none(&gone).await.unwrap();
    let after = place.written(&format!("{product}/v/main/")).await;
    for untouched in ["guides/index.html", place.odd_page, "_static/style.css", "guides"] {
        assert_eq!(
            before[untouched], after[untouched],
            "{untouched} was written again"
        );
    }
    assert!(after["index.html"] > before["index.html"]);
    assert_eq!(place.purges_of(&edition), 2);
    by_path.below("builds/1").has_all(&first).await.unwrap();
    by_path.below("builds/2").has_all(&second).await.unwrap();
    by_path.below("v/main").has_all(&second).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_get_what_a_cdn_would_give_them() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.publish("handbook", &first()).await;
    directories_redirect(&story, "handbook").await;
    let docs = &story.docs;
    let http = following_nothing();
    let get = |path: &str| http.get(format!("{docs}{path}"));
    let page = get("/handbook/guides/").send().await.unwrap();
    let tag = page.headers()[header::ETAG].clone();
    assert!(page.headers().contains_key(header::LAST_MODIFIED) && page.headers().contains_key(header::AGE));
    let known = get("/handbook/guides/")
        .header(header::IF_NONE_MATCH, tag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let head = http
        .head(format!("{docs}/handbook/guides/"))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "15");
    assert_eq!(head.text().await.unwrap(), "");
    story.end().await;
}

fn following_nothing() -> reqwest::Client {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    http.build().unwrap()
}

/// Of a product whose first build was published: a directory without its slash leads to the one with it.
pub(crate) async fn directories_redirect(place: &Place, product: &str) {
    let (http, docs) = (following_nothing(), &place.docs);
    for (bare, target) in [
        ("", "/"),
        ("/guides?q=1", "/guides/?q=1"),
        ("/v/main", "/v/main/"),
        ("/builds/1", "/builds/1/"),
    ] {
        let moved = http.get(format!("{docs}/{product}{bare}"));
        let moved = moved.send().await.unwrap();
        assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY, "{bare}");
        assert_eq!(moved.headers()[header::LOCATION], format!("/{product}{target}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_published_pages_and_nothing_else() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.publish("handbook", &first()).await;
    let docs = &story.stack.info().docs;
    let http = reqwest::Client::new();
    let get = |path: &str| http.get(format!("{docs}{path}"));
    for path in [
        "/_imprint/builds/1/x.json",
        "/handbook/../_imprint/x",
        "/handbook/%2e%2e/_imprint/x",
        "/other/",
    ] {
        assert_eq!(
            get(path).send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let refused = http
        .put(format!("{docs}/handbook/"))
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    story.quiesce().await;
    let index = get("/").send().await.unwrap().text().await.unwrap();
    let index = index.replace("&#x2f;", "/");
    let (_, port) = docs.rsplit_once(':').unwrap();
    let link = format!("<a href=\"http://handbook.localhost:{port}/\">");
    assert!(index.contains(&link), "{index}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_large_to_keep_is_passed_on_whole() {
    let story = Story::begin().await;
    let large = vec![b'x'; 9 * 1024 * 1024];
    let put = story.s3().put_object().bucket(&story.stack.info().bucket);
    let put = put.key("handbook/builds/1/large.bin").body(large.clone().into());
    let put = put.cache_control("max-age=60").content_disposition("attachment");
    put.send().await.unwrap();
    for _ in 0..2 {
        let read = story.reader("handbook").read("builds/1/large.bin").await.unwrap();
        assert!(read.body == large && !read.is_hit());
        assert_eq!(read.header("content-disposition"), "attachment");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_marker_publishes_as_a_patch_does() {
    let story = Story::begin().await;
    marker_confirms(&story, "handbook").await;
    story.end().await;
}

/// A build is confirmed by what S3 tells of its marker; the client says nothing.
pub(crate) async fn marker_confirms(place: &Place, product: &str) {
    place.product(product).await;
    let site = &first_with(place.odd_page);
    let build = upload(&place.client, product, site).await;
    put_marker(&build).await;
    let reader = &place.reader(product);
    until("the site is there", || async move {
        reader.has_all(site).await.is_ok()
    })
    .await;
    let told = place.client.read(text(&build, "self_url").unwrap()).await;
    assert_eq!(told.unwrap()["uploaded"], true);
    // The client that confirms as well does no harm, and can watch.
    let task = place.client.confirm(&build).await.unwrap();
    succeeded(&place.client, &task).await;
}

async fn put_marker(build: &Value) {
    let marker = &build["post_complete_url"];
    let mut form = Form::new();
    for (name, value) in marker["fields"].as_object().unwrap() {
        form = form.text(name.clone(), value.as_str().unwrap().to_owned());
    }
    let form = form.part("file", Part::bytes(Vec::new()).file_name("complete"));
    let sent = reqwest::Client::new()
        .post(text(marker, "url").unwrap())
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(
        sent.status(),
        StatusCode::NO_CONTENT,
        "{}",
        sent.text().await.unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_products_never_mix() {
    let story = Story::begin().await;
    let names = ["tide", "tide-pool"];
    let sites = names.map(|name| Site::from([("index.html", name), ("a/b.html", name)]));
    for name in names {
        story.product(name).await;
    }
    tokio::join!(
        story.publish(names[0], &sites[0]),
        story.publish(names[1], &sites[1])
    );
    for (name, site) in names.iter().zip(&sites) {
        story.reader(name).has_all(site).await.unwrap();
    }
    let changed = Site::from([("index.html", "changed")]);
    story.publish(names[0], &changed).await;
    story.reader(names[0]).has_all(&changed).await.unwrap();
    story
        .reader(names[0])
        .has_none(&["a/b.html".to_owned()])
        .await
        .unwrap();
    story.reader(names[1]).has_all(&sites[1]).await.unwrap();
    // The purge of one product leaves the other's pages in the cache.
    assert!(story.reader(names[1]).read("a/b.html").await.unwrap().is_hit());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_sees_the_clock_that_was_set() {
    // Far in the past, where S3 would think that every form had expired.
    let clock = Some("2020-02-02T00:00:00Z".parse().unwrap());
    let story = Story::begin_with(Options {
        clock,
        ..Options::default()
    })
    .await;
    story.product("early").await;
    story.publish("early", &first()).await;
    let early = story.main_edition("early").await;
    assert!(
        text(&early, "date_rebuilt")
            .unwrap()
            .starts_with("2020-02-02T00:0"),
        "{early}"
    );

    let base = &story.stack.info().control;
    let (status, clock) = control(
        base,
        Method::PUT,
        "/clock",
        Some(json!({"now": "2031-04-01T12:00:00Z"})),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{clock}");
    let (refused, _) = story
        .client
        .send(Method::POST, "/products/", Some(json!({})))
        .await
        .unwrap();
    assert_eq!(
        refused,
        StatusCode::UNAUTHORIZED,
        "a token of an earlier time still counts"
    );

    let later = Story::on(story.stack).await;
    later.product("handbook").await;
    later.publish("handbook", &first()).await;
    let edition = later.main_edition("handbook").await;
    for field in ["date_created", "date_rebuilt"] {
        assert!(
            text(&edition, field).unwrap().starts_with("2031-04-01T12:0"),
            "{field}: {edition}"
        );
    }
    later.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_has_pages_of_its_own() {
    let story = Story::begin().await;
    story.product("handbook").await;
    story.publish("handbook", &first()).await;
    story.quiesce().await;
    has_pages_of_its_own(&story, "handbook").await;
    story.end().await;
}

/// What readers and themes find beside the editions, and what they see where there is nothing.
pub(crate) async fn has_pages_of_its_own(place: &Place, product: &str) {
    for reader in [place.reader(product), place.reader_by_host(product)] {
        for (path, content_type, says) in [
            ("v/", "text/html; charset=utf-8", "default edition"),
            ("builds/", "text/html; charset=utf-8", "Build 1"),
            ("v/switcher.json", "application/json", "\"version\": \"main\""),
            ("v/versions.json", "application/json", "\"version\": \"main\""),
            ("robots.txt", "text/plain; charset=utf-8", "Disallow:"),
            ("sitemap.xml", "application/xml", "<lastmod>"),
        ] {
            let page = || reader.read(path);
            until(&format!("{path} says {says}"), || async {
                let page = page().await.unwrap();
                page.status == StatusCode::OK && String::from_utf8_lossy(&page.body).contains(says)
            })
            .await;
            let page = page().await.unwrap();
            assert_eq!(page.header("content-type"), content_type, "{path}");
            assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        }
        let missing = reader.read("no/such page.html").await.unwrap();
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert!(String::from_utf8_lossy(&missing.body).contains("There is no such page"));
    }
}
