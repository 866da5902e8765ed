//! Organizations and their members.

use http::StatusCode;
use imprint_app::ports::Catalog as _;
use imprint_domain::access::{Products, Role};
use imprint_testing::{Moment, Trouble, samples};
use serde_json::{Value, json};

use crate::server::{HOST, Server, path_of};
use crate::users::{create as create_user, is_accepted, login};

const KEY: &str = "fastly-key-that-nobody-sees";

fn acme() -> Value {
    json!({"slug": "acme", "title": "Acme", "layout": "path", "domain": "www.example.net", "path_prefix": "/docs/"})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[tokio::test]
async fn an_organization_is_created_read_listed_and_changed() {
    let server = Server::new();
    let created = server.post("/v2/orgs").admin().json(&acme()).await;
    let created = created.expect(StatusCode::CREATED);
    let url = format!("https://{HOST}/v2/orgs/acme");
    assert_eq!(created.header("location"), url);
    let expected = json!({
        "self_url": url, "projects_url": format!("{url}/projects"), "members_url": format!("{url}/members"),
        "slug": "acme", "title": "Acme", "layout": "path", "domain": "www.example.net", "path_prefix": "/docs",
        "fastly_support": false, "fastly_domain": null, "fastly_service_id": null, "s3_bucket": "docs",
        "s3_public_read": false, "ticket_url": null, "default_edition": "main", "date_created": "2026-01-01T12:00:00Z",
        "derive": ["htmlzip", "json", "search", "markdown"],
    });
    assert_eq!(created.json(), expected);
    for path in ["/v2/orgs/acme", "/v2/orgs/acme/"] {
        assert_eq!(server.get(path).admin().send().await.json(), expected);
    }
    let all = server.get("/v2/orgs/").admin().send().await.json();
    assert_eq!((&all[0]["slug"], &all[1]), (&json!("default"), &expected));
    let first = server.get("/v2/orgs?limit=1").admin().send().await;
    assert_eq!(first.json(), json!([all[0]]));
    let next = first
        .header("link")
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'));
    let next = path_of(&json!(next.unwrap().0));
    let second = server.get(&next).admin().send().await;
    assert_eq!((second.json(), second.header("link")), (json!([expected]), ""));

    let patch = |body: Value| {
        let server = &server;
        async move { server.patch("/v2/orgs/acme").admin().json(&body).await }
    };
    let changed =
        patch(json!({"title": "Acme Inc", "domain": "docs.example.net", "path_prefix": "", "other": 1}))
            .await;
    let changed = changed.expect(StatusCode::OK);
    assert_eq!(changed.header("location"), url);
    let expected = with(
        with(
            with(expected, "title", "Acme Inc".into()),
            "domain",
            "docs.example.net".into(),
        ),
        "path_prefix",
        "".into(),
    );
    assert_eq!(changed.json(), expected);
    // What it is already.
    assert_eq!(patch(json!({"title": "Acme Inc"})).await.json(), expected);
    server
        .patch("/v2/orgs/nothing")
        .admin()
        .json(&json!({}))
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_organization_is_refused_with_a_sentence() {
    let server = Server::new();
    server.organization("taken", "www.example.net").await;
    for (field, value, part) in [
        ("slug", json!(null), "missing slug"),
        ("slug", json!("../x"), "Invalid slug"),
        ("slug", json!("taken"), "already exists"),
        ("slug", json!("default"), "already exists"),
        ("title", json!(""), "title"),
        ("layout", json!("tree"), "subdomain or path"),
        ("domain", json!("not a host"), "domain"),
        ("domain", json!(7), "domain"),
        ("path_prefix", json!("docs"), "path_prefix"),
        ("s3_bucket", json!("Not_A_Bucket"), "s3_bucket"),
        ("fastly_support", json!(true), "missing fastly_service_id"),
        ("fastly_api_key", json!("a b"), "fastly_api_key"),
        ("fastly_service_id", json!(".."), "letters, digits"),
        ("fastly_service_id", json!("x/../../tokens"), "letters, digits"),
        ("ticket_url", json!("javascript:alert(1)"), "ticket_url"),
        // The same place as another one's, below it, and a host that a product of the default organization may have.
        ("domain", json!("www.example.net"), "publishes there already"),
        ("domain", json!("alpha.example.org"), "publishes there already"),
    ] {
        let body = with(with(acme(), "domain", "free.example.com".into()), field, value);
        server.post("/v2/orgs").admin().json(&body).await.bad(part);
    }
    let below = with(acme(), "path_prefix", "/docs/more".into());
    server
        .post("/v2/orgs")
        .admin()
        .json(&below)
        .await
        .bad("publishes there already");
    let subdomains = with(
        with(acme(), "layout", "subdomain".into()),
        "domain",
        "example.org".into(),
    );
    server
        .post("/v2/orgs")
        .admin()
        .json(&subdomains)
        .await
        .bad("publishes there already");
    // Beside it is another place.
    let beside = with(acme(), "path_prefix", "/docs-more".into());
    server
        .post("/v2/orgs")
        .admin()
        .json(&beside)
        .await
        .expect(StatusCode::CREATED);
    let onto = json!({"path_prefix": "/docs"});
    server
        .patch("/v2/orgs/acme")
        .admin()
        .json(&onto)
        .await
        .bad("publishes there already");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_refused_before_anything_is_stored() {
    let server = Server::new();
    server
        .world
        .faults()
        .once("objects.list", 1, Moment::Before, Trouble::Failed);
    let body = with(acme(), "s3_bucket", "acme-docs".into());
    server
        .post("/v2/orgs")
        .admin()
        .json(&body)
        .await
        .bad("s3_bucket: acme-docs is not there");
    server
        .get("/v2/orgs/acme")
        .admin()
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    let created = server
        .post("/v2/orgs")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(created.json()["s3_bucket"], "acme-docs");
}

#[tokio::test]
async fn the_default_organization_keeps_what_its_deployment_says() {
    let server = Server::new();
    let patch = |body: Value| {
        let server = &server;
        async move { server.patch("/v2/orgs/default").admin().json(&body).await }
    };
    for body in [
        json!({"domain": "elsewhere.example.org"}),
        json!({"layout": "path"}),
        json!({"path_prefix": "/docs"}),
        json!({"fastly_service_id": null}),
        json!({"fastly_api_key": "another-key"}),
        json!({"ticket_url": null}),
    ] {
        patch(body).await.bad("set by its deployment");
    }
    assert_eq!(
        patch(json!({"title": "Ours"}))
            .await
            .expect(StatusCode::OK)
            .json()["title"],
        "Ours"
    );
    let read = server.get("/v2/orgs/default").admin().send().await.json();
    assert_eq!(
        (&read["title"], &read["domain"], &read["date_created"]),
        (&json!("Ours"), &json!("example.org"), &json!(null))
    );
}

#[tokio::test]
async fn a_key_is_never_shown_and_never_stored_as_it_is() {
    let server = Server::new();
    let body = with(
        with(acme(), "fastly_service_id", "service-2".into()),
        "fastly_api_key",
        KEY.into(),
    );
    let mut answers = vec![
        server
            .post("/v2/orgs")
            .admin()
            .json(&body)
            .await
            .expect(StatusCode::CREATED),
    ];
    let another = json!({"fastly_api_key": KEY, "title": "Other"});
    answers.push(
        server
            .patch("/v2/orgs/acme")
            .admin()
            .json(&another)
            .await
            .expect(StatusCode::OK),
    );
    answers.push(server.get("/v2/orgs/acme").admin().send().await);
    answers.push(server.get("/v2/orgs").admin().send().await);
    let wrong = with(another, "layout", "tree".into());
    answers.push(server.patch("/v2/orgs/acme").admin().json(&wrong).await);
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!text.contains(KEY) && !text.contains("api_key"), "{text}");
    }
    let stored = server
        .world
        .catalog
        .organization(&samples::parsed("acme"))
        .await
        .unwrap()
        .unwrap();
    assert!(stored.fastly_key.is_some());
    assert!(!serde_json::to_string(&stored).unwrap().contains(KEY));
    assert!(!format!("{stored:?}").contains(KEY));
}

#[tokio::test]
async fn members_are_made_read_listed_and_ended() {
    let server = Server::new();
    server.organization("acme", "www.example.net").await;
    for name in ["jo", "ann"] {
        create_user(&server, name, json!([])).await;
    }
    let put = |name: &str, role: Value| {
        let (server, path) = (&server, format!("/v2/orgs/acme/members/{name}"));
        async move { server.put(&path).admin().json(&json!({"role": role})).await }
    };
    put("jo", json!("owner")).await.bad("reader, uploader and admin");
    put("jo", json!(null)).await.bad("missing role");
    put("nobody", json!("reader")).await.bad("create it first");
    let url = format!("https://{HOST}/v2/orgs/acme");
    let expected = json!({"self_url": format!("{url}/members/jo"), "organization_url": url,
        "user_url": format!("https://{HOST}/users/jo"), "username": "jo", "role": "uploader"});
    for _ in 0..2 {
        assert_eq!(
            put("jo", json!("uploader")).await.expect(StatusCode::OK).json(),
            expected
        );
    }
    put("ann", json!("admin")).await.expect(StatusCode::OK);
    let list = |query: &str| {
        server
            .get(&format!("/v2/orgs/acme/members{query}"))
            .admin()
            .send()
    };
    let listed = list("").await.json();
    assert_eq!((&listed[0]["username"], &listed[1]), (&json!("ann"), &expected));
    let first = list("?limit=1").await;
    assert!(
        first
            .header("link")
            .contains("/v2/orgs/acme/members?limit=1&cursor=")
    );
    let user = server.get("/users/jo").admin().send().await.json();
    assert_eq!(user["organizations"], json!({"acme": "uploader"}));
    for status in [StatusCode::OK, StatusCode::OK] {
        server
            .delete("/v2/orgs/acme/members/jo")
            .admin()
            .send()
            .await
            .expect(status);
    }
    server
        .get("/v2/orgs/acme/members/jo")
        .admin()
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    server
        .delete("/v2/orgs/acme/members/nobody")
        .admin()
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    assert_eq!(list("").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lesser_role_ends_the_tokens_that_rest_on_the_greater_one() {
    let server = Server::new();
    server.organization("acme", "www.example.net").await;
    create_user(&server, "jo", json!([])).await;
    let put = |role: &str| {
        let (server, body) = (&server, json!({"role": role}));
        async move {
            let answer = server.put("/v2/orgs/acme/members/jo").admin().json(&body).await;
            answer.expect(StatusCode::OK)
        }
    };
    put("admin").await;
    let of_admin = login(&server, "jo").await;
    let machine = json!({"label": "CI", "organization": "acme"});
    let machine = server
        .post("/users/jo/tokens/")
        .token(&of_admin)
        .json(&machine)
        .await;
    let machine = machine.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&machine["organizations"], &machine["permissions"]),
        (&json!({"acme": "uploader"}), &json!([]))
    );
    let machine = machine["token"].as_str().unwrap().to_owned();
    put("uploader").await;
    assert!(!is_accepted(&server, &of_admin).await);
    assert!(is_accepted(&server, &machine).await);
    let own = login(&server, "jo").await;
    for asked in [
        json!({"role": "admin"}),
        json!({"permissions": 8, "organization": "acme"}),
    ] {
        let mut body = json!({"label": "more", "organization": "acme"});
        body.as_object_mut()
            .unwrap()
            .extend(asked.as_object().unwrap().clone());
        let answer = server.post("/users/jo/tokens/").token(&own).json(&body).await;
        answer.expect(StatusCode::BAD_REQUEST);
    }
    let gone = server.delete("/v2/orgs/acme/members/jo").admin().send().await;
    gone.expect(StatusCode::OK);
    assert!(!is_accepted(&server, &machine).await && !is_accepted(&server, &own).await);
}

#[tokio::test]
async fn callers_see_the_organizations_that_they_are_in() {
    let server = Server::new();
    for slug in ["acme", "beta", "gamma"] {
        server.organization(slug, &format!("{slug}.example.net")).await;
    }
    server.member("imp_beta", "beta", Role::Reader, Products::All);
    let slugs = |token: &str| {
        let call = server.get("/v2/orgs").token(token).send();
        async move {
            let all = call.await.expect(StatusCode::OK).json();
            let all = all.as_array().unwrap().iter();
            all.map(|one| one["slug"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(slugs("imp_beta").await, ["beta"]);
    assert_eq!(slugs("imp_admin").await, ["default", "acme", "beta", "gamma"]);
    server.grant("imp_upload", &[imprint_domain::access::Permission::UploadBuild]);
    assert_eq!(slugs("imp_upload").await, ["default"]);
}
