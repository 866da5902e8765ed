use http::StatusCode;
use serde_json::{Value, json};

use crate::server::Server;

fn pipelines() -> Value {
    json!({
        "slug": "pipelines", "doc_repo": "https://github.com/lsst/pipelines_docs", "title": "LSST Science Pipelines",
        "root_domain": ".lsst.io", "root_fastly_domain": "global.ssl.fastly.net", "bucket_name": "bucket-name",
    })
}

#[tokio::test]
async fn a_product_is_created_with_every_field_of_the_contract() {
    let server = Server::new();
    let answer = server
        .post("/products/")
        .admin()
        .json(&pipelines())
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(
        answer.header("location"),
        "https://keeper.example.org/products/pipelines"
    );
    let mut product = answer.json();
    let key = product["surrogate_key"].take();
    assert_eq!(key.as_str().unwrap().len(), 32);
    let expected = json!({
        "self_url": "https://keeper.example.org/products/pipelines", "slug": "pipelines",
        "doc_repo": "https://github.com/lsst/pipelines_docs", "title": "LSST Science Pipelines",
        "root_domain": "lsst.io", "root_fastly_domain": "global.ssl.fastly.net", "domain": "pipelines.lsst.io",
        "fastly_domain": "global.ssl.fastly.net", "bucket_name": "docs", "published_url": "https://pipelines.lsst.io",
        "surrogate_key": null, "queue_url": null, "date_created": "2026-01-01T12:00:00Z", "date_ended": null,
    });
    assert_eq!(product, expected);
    let read = server
        .get("/products/pipelines")
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(read.bytes, answer.bytes);
}

#[tokio::test]
async fn a_product_comes_with_its_default_edition() {
    let server = Server::new();
    server
        .post("/products/")
        .admin()
        .json(&pipelines())
        .await
        .expect(StatusCode::CREATED);
    let editions = server
        .get("/products/pipelines/editions/?expand=1")
        .send()
        .await
        .json();
    let edition = &editions["editions"][0];
    assert_eq!(editions["editions"].as_array().unwrap().len(), 1);
    assert_eq!(edition["slug"], "main");
    assert_eq!(edition["title"], "Latest");
    assert_eq!(edition["mode"], "git_refs");
    assert_eq!(edition["tracked_refs"], json!(["main"]));
    assert_eq!(edition["published_url"], "https://pipelines.lsst.io");
}

#[tokio::test]
async fn empty_domains_mean_those_of_the_organization() {
    let server = Server::new();
    let mut body = pipelines();
    body["root_domain"] = "".into();
    body["root_fastly_domain"] = Value::Null;
    body["main_mode"] = "lsst_doc".into();
    let product = server
        .post("/products/")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_eq!(product["root_domain"], "example.org");
    assert_eq!(product["fastly_domain"], "cdn.example.org");
    let edition = server.get("/editions/1").send().await.json();
    assert_eq!(
        (&edition["mode"], &edition["tracked_refs"]),
        (&"lsst_doc".into(), &Value::Null)
    );
}

#[tokio::test]
async fn a_wrong_product_is_refused_and_leaves_nothing_behind() {
    let server = Server::new();
    let too_long = "a".repeat(300);
    for (field, value, message) in [
        ("slug", json!(null), "Invalid Product: missing slug"),
        ("doc_repo", json!(null), "Invalid Product: missing doc_repo"),
        ("title", json!(null), "Invalid Product: missing title"),
        ("slug", json!(".."), "Invalid slug"),
        ("slug", json!("pipelines\n"), "Invalid slug"),
        ("slug", json!("0qserv"), "Invalid slug"),
        ("slug", json!("qserv_distrib"), "Invalid slug"),
        ("slug", json!("qserv.distrib"), "Invalid slug"),
        ("slug", json!(too_long), "Invalid slug"),
        ("slug", json!(5), "Invalid Product: slug: invalid type"),
        ("title", json!(""), "Invalid Product: title: it is empty"),
        ("title", json!(["x"]), "Invalid Product: title: invalid type"),
        (
            "title",
            json!(too_long),
            "Invalid Product: title: it has 300 characters",
        ),
        (
            "doc_repo",
            json!("javascript:alert(1)"),
            "Invalid Product: doc_repo",
        ),
        ("root_domain", json!("lsst.io/x"), "Invalid Product: root_domain"),
        ("root_domain", json!("a b"), "Invalid Product: root_domain"),
        ("root_domain", json!("-x.io"), "Invalid Product: root_domain"),
        ("root_domain", json!("x..io"), "Invalid Product: root_domain"),
        (
            "root_fastly_domain",
            json!("x:y"),
            "Invalid Product: root_fastly_domain",
        ),
        (
            "main_mode",
            json!("semver"),
            "Edition tracking mode 'semver' unknown. Valid values are git_refs, lsst_doc",
        ),
    ] {
        let mut body = pipelines();
        body[field] = value;
        server.post("/products/").admin().json(&body).await.bad(message);
    }
    assert!(server.world.catalog.all_products().is_empty());
    assert!(server.world.catalog.all_editions().is_empty());
}

#[tokio::test]
async fn a_slug_is_taken_once() {
    let server = Server::new();
    server
        .post("/products/")
        .admin()
        .json(&pipelines())
        .await
        .expect(StatusCode::CREATED);
    let again = server.post("/products/").admin().json(&pipelines()).await;
    again.refused(
        400,
        "bad request",
        "A product already exists with slug 'pipelines'",
    );
    assert_eq!(server.world.catalog.all_editions().len(), 1);
}

#[tokio::test]
async fn title_and_repository_can_be_changed_and_nothing_else() {
    let server = Server::with_alpha().await;
    let patch = json!({"title": "Omega", "doc_repo": "https://example.org/o", "slug": "omega", "root_domain": "x.io"});
    let answer = server
        .patch("/products/alpha")
        .admin()
        .json(&patch)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        answer.header("location"),
        "https://keeper.example.org/products/alpha"
    );
    let product = answer.json();
    assert_eq!(product["title"], "Omega");
    assert_eq!(product["doc_repo"], "https://example.org/o");
    assert_eq!(product["slug"], "alpha");
    assert_eq!(product["root_domain"], "example.org");
    server
        .patch("/products/alpha")
        .admin()
        .json(&patch)
        .await
        .expect(StatusCode::OK);
    server
        .patch("/products/nothing")
        .admin()
        .json(&patch)
        .await
        .refused(404, "not found", "invalid resource URI");
    server
        .patch("/products/alpha")
        .admin()
        .json(&json!({"title": " "}))
        .await
        .bad("Invalid Product: title");
}

#[tokio::test]
async fn what_is_no_product_is_not_found() {
    let server = Server::with_alpha().await;
    for path in [
        "/products/beta",
        "/products/ALPHA",
        "/products/..",
        "/products/a%20b",
        "/products/%zz",
        "/products/a%2Fb",
    ] {
        server
            .get(path)
            .send()
            .await
            .refused(404, "not found", "invalid resource URI");
    }
    for path in ["/products/beta/builds/", "/products/beta/editions/"] {
        server
            .get(path)
            .send()
            .await
            .refused(404, "not found", "invalid resource URI");
    }
    server.get("/products/%ff").send().await.bad("UTF-8");
}

#[tokio::test]
async fn a_deleted_product_is_read_and_restored_and_otherwise_gone() {
    let server = Server::with_alpha().await;
    let build = server.build(&["main"]).await;
    let ended = server.delete("/products/alpha").admin().send().await;
    let ended = ended.expect(StatusCode::OK);
    assert_eq!(ended.json()["date_ended"], "2026-01-01T12:00:00Z");
    let again = server.delete("/products/alpha").admin().send().await;
    assert_eq!(again.expect(StatusCode::OK).bytes, ended.bytes);
    let read = server.get("/products/alpha").send().await;
    assert_eq!(read.expect(StatusCode::OK).bytes, ended.bytes);
    for query in ["", "?expand=1"] {
        let list = server.get(&format!("/products/{query}")).send().await.json();
        assert_eq!(list, json!({"products": []}));
    }
    for (path, body) in [
        ("/products/alpha/builds/", json!({"git_refs": ["main"]})),
        (
            "/products/alpha/editions/",
            json!({"slug": "x", "title": "x", "mode": "manual"}),
        ),
        ("/editions/1/pin", json!({})),
        ("/editions/1/restore", json!({})),
    ] {
        let answer = server.post(path).admin().json(&body).await;
        answer.bad("Product was deprecated: alpha; POST to its /restore first");
    }
    for (path, body) in [
        ("/products/alpha", json!({"title": "x"})),
        ("/editions/1", json!({"title": "x"})),
    ] {
        server
            .patch(path)
            .admin()
            .json(&body)
            .await
            .bad("Product was deprecated");
    }
    let taken = json!({"slug": "alpha", "title": "A", "doc_repo": "https://example.org/a"});
    let taken = server.post("/products/").admin().json(&taken).await;
    taken.bad("it was deleted; POST to its /restore");
    for path in ["/editions/1", build["self_url"].as_str().unwrap()] {
        server.get(path).send().await.expect(StatusCode::OK);
    }
    for _ in 0..2 {
        let restored = server.post("/products/alpha/restore").admin().send().await;
        assert_eq!(restored.expect(StatusCode::OK).json()["date_ended"], Value::Null);
    }
    server.build(&["main"]).await;
    for path in ["/products/nobody", "/products/nobody/restore"] {
        let method = if path.ends_with("restore") {
            "POST"
        } else {
            "DELETE"
        };
        let unknown = server.call(method, path).admin().send().await;
        unknown.refused(404, "not found", "invalid resource URI");
    }
}
