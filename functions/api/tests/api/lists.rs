use http::StatusCode;
use imprint_app::ports::Change;
use imprint_testing::samples;
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server};

fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    let (url, relation) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(relation, "; rel=\"next\"");
    Some(url.strip_prefix(&format!("https://{HOST}")).unwrap().to_owned())
}

/// Follows `Link` to the end.
async fn pages(server: &Server, first: &str, name: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut path = Some(first.to_owned());
    while let Some(this) = path {
        let answer = server.get(&this).send().await.expect(StatusCode::OK);
        path = next(&answer);
        pages.push(answer.json()[name].as_array().unwrap().clone());
    }
    pages
}

fn seeded() -> Server {
    let server = Server::new();
    let product = samples::product("alpha");
    server
        .world
        .catalog
        .seed(vec![Change::CreateProduct(product.clone())]);
    for n in 1..=7 {
        let letter = char::from(b'a' + u8::try_from(n).unwrap());
        server.world.catalog.seed(vec![
            Change::CreateProduct(samples::product(&format!("{letter}{letter}"))),
            Change::CreateBuild(samples::build_of(&product, n, "main")),
            Change::CreateEdition(samples::edition_of(&product, n, &format!("e{n}"), "main")),
        ]);
    }
    server
}

#[tokio::test]
async fn lists_hold_everything_as_urls_by_default() {
    let server = seeded();
    let url = |path: &str, n: u64| json!(format!("https://{HOST}/{path}/{n}"));
    let products = server.get("/products/").send().await.expect(StatusCode::OK);
    assert_eq!(products.json()["products"].as_array().unwrap().len(), 8);
    assert_eq!(
        products.json()["products"][0],
        format!("https://{HOST}/products/alpha")
    );
    assert_eq!(products.header("link"), "");
    let builds = server.get("/products/alpha/builds/").send().await.json();
    let newest_first: Vec<_> = (1..=7).rev().map(|n| url("builds", n)).collect();
    assert_eq!(builds["builds"], json!(newest_first));
    let editions = server.get("/products/alpha/editions/").send().await.json();
    let oldest_first: Vec<_> = (1..=7).map(|n| url("editions", n)).collect();
    assert_eq!(editions["editions"], json!(oldest_first));
}

/// D20: no list had pages, and each item had to be fetched by itself.
#[tokio::test]
async fn d20_lists_have_pages_that_together_hold_everything_once() {
    let server = seeded();
    for (path, name) in [
        ("/products/", "products"),
        ("/products/alpha/builds/", "builds"),
        ("/products/alpha/editions/", "editions"),
    ] {
        let all = server.get(path).send().await.json()[name]
            .as_array()
            .unwrap()
            .clone();
        let resources = server.get(&format!("{path}?expand=1")).send().await.json()[name]
            .as_array()
            .unwrap()
            .clone();
        for limit in [1, 3, 7, 8, 1000] {
            let paged = pages(&server, &format!("{path}?limit={limit}"), name).await;
            assert!(paged.iter().all(|page| page.len() <= limit));
            assert_eq!(paged.concat(), all, "{path} by {limit}");
            let paged = pages(&server, &format!("{path}?limit={limit}&expand=1"), name).await;
            assert_eq!(paged.concat(), resources, "{path} by {limit}");
        }
    }
}

/// D20: 300 products were 301 requests.
#[tokio::test]
async fn d20_resources_come_in_one_request_and_cost_no_more_than_urls() {
    let server = seeded();
    for (path, name) in [
        ("/products/", "products"),
        ("/products/alpha/builds/", "builds"),
        ("/products/alpha/editions/", "editions"),
    ] {
        // The organization's rules are read now and then; they are no part of a list.
        server.get(path).send().await;
        server.world.counts().reset();
        let urls = server.get(path).send().await.json();
        let cost = server.world.counts().total();
        assert!(cost <= 3, "{path}: {cost}");
        server.world.counts().reset();
        let resources = server.get(&format!("{path}?expand=1")).send().await.json();
        assert_eq!(server.world.counts().total(), cost);
        for (url, resource) in urls[name]
            .as_array()
            .unwrap()
            .iter()
            .zip(resources[name].as_array().unwrap())
        {
            assert_eq!(&resource["self_url"], url);
            let own = url
                .as_str()
                .unwrap()
                .strip_prefix(&format!("https://{HOST}"))
                .unwrap();
            assert_eq!(&server.get(own).send().await.json(), resource);
        }
    }
}

#[tokio::test]
async fn a_wrong_page_is_refused() {
    let server = seeded();
    for path in [
        "/products/",
        "/products/alpha/builds/",
        "/products/alpha/editions/",
    ] {
        for (query, part) in [
            ("limit=0", "limit must be a number from 1 to 1000"),
            ("limit=1001", "limit must be"),
            ("limit=-1", "limit must be"),
            ("limit=x", "limit must be"),
            ("limit=", "limit must be"),
            ("expand=2", "expand must be 0 or 1"),
            ("limit=1&limit=2", "limit"),
            ("cursor=nonsense", "cursor"),
        ] {
            server.get(&format!("{path}?{query}")).send().await.bad(part);
        }
        server
            .get(&format!("{path}?unknown=1&expand=0"))
            .send()
            .await
            .expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a_list_without_a_limit_is_bounded_and_says_where_it_goes_on() {
    let server = Server::new();
    let product = samples::product("alpha");
    server
        .world
        .catalog
        .seed(vec![Change::CreateProduct(product.clone())]);
    for n in 1..=1001 {
        server
            .world
            .catalog
            .seed(vec![Change::CreateBuild(samples::build_of(&product, n, "main"))]);
    }
    let all = server.get("/products/alpha/builds/").send().await;
    assert_eq!(all.json()["builds"].as_array().unwrap().len(), 1001);
    let expanded = pages(&server, "/products/alpha/builds/?expand=1", "builds").await;
    assert_eq!(expanded.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1]);
}

#[tokio::test]
async fn lists_are_narrowed_by_what_is_asked_for_and_ltds_lists_stay_as_they_are() {
    let server = seeded();
    let uploaded = samples::uploaded(samples::build(8, "release/1.0 main"));
    let ended = samples::build(9, "main").end(samples::NOON);
    let gone = samples::edition(9, "gone", "main").end(samples::NOON);
    for change in [
        Change::CreateBuild(uploaded),
        Change::CreateBuild(ended),
        Change::CreateEdition(gone),
    ] {
        server.world.catalog.seed(vec![change]);
    }
    let numbers = |path: &str, name: &'static str| {
        let call = server.get(path).send();
        async move {
            let list = call.await.expect(StatusCode::OK).json();
            let list = list[name].as_array().unwrap().iter();
            list.map(|url| url.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        }
    };
    for (query, found) in [
        ("", "8 7 6 5 4 3 2 1"),
        ("?ended=false", "8 7 6 5 4 3 2 1"),
        ("?ended=true", "9 8 7 6 5 4 3 2 1"),
        ("?uploaded=true", "8"),
        ("?uploaded=false&limit=2", "7"),
        ("?git_ref=release%2F1.0", "8"),
        ("?git_ref=main&uploaded=1&ended=1", "8"),
        ("?git_ref=nothing", ""),
        ("?git_ref=", "8 7 6 5 4 3 2 1"),
    ] {
        let path = format!("/products/alpha/builds/{query}");
        let all = numbers(&path, "builds").await;
        assert!(
            all == found || query.contains("limit") && all.starts_with(found),
            "{query}: {all}"
        );
    }
    for (query, found) in [
        ("", "1 2 3 4 5 6 7"),
        ("?ended=true", "1 2 3 4 5 6 7 9"),
        ("?git_ref=main&limit=2", "1 2"),
        ("?git_ref=x", ""),
        ("?kind=draft&limit=1", "1"),
        ("?kind=release", ""),
    ] {
        let path = format!("/products/alpha/editions/{query}");
        assert_eq!(numbers(&path, "editions").await, found, "{query}");
    }
    for (query, found) in [
        ("?q=LPH", "alpha"),
        ("?q=the%20bb%20HAND", "bb"),
        ("?q=zz", ""),
        ("?q=&limit=1", "alpha"),
    ] {
        assert_eq!(
            numbers(&format!("/products/{query}"), "products").await,
            found,
            "{query}"
        );
    }
    let next = next(
        &server
            .get("/products/alpha/builds/?ended=1&git_ref=main&limit=2")
            .send()
            .await,
    )
    .unwrap();
    assert!(next.contains("&git_ref=main&ended=true"), "{next}");
    for (path, part) in [
        (
            "/products/alpha/builds/?uploaded=yes",
            "uploaded must be true or false",
        ),
        ("/products/alpha/builds/?ended=2", "ended must be true or false"),
        ("/products/alpha/builds/?git_ref=%00", "git_ref"),
        ("/products/alpha/editions/?kind=best", "kind"),
        ("/products/alpha/builds/?git_ref=a&git_ref=b", "git_ref"),
    ] {
        server.get(path).send().await.bad(part);
    }
    let long = format!("/products/?q={}", "x".repeat(256));
    server.get(&long).send().await.bad("q: ");
}
