//! The exchanges of the clients that exist, as they were seen on the wire.

use http::StatusCode;
use serde_json::json;

use crate::server::{HOST, Server, WITH_FORMS, basic, path_of};
use crate::users::{create as create_user, login};

/// ltd-conveyor 0.8.4: `ltd -u dev -p dev upload --product alpha --dir site --git-ref main`.
#[tokio::test]
async fn conveyor_0_8_4_uploads_a_site() {
    let server = Server::with_alpha().await;
    let get = server
        .get("/token")
        .header("accept", "*/*")
        .header("authorization", &basic("dev", "dev"));
    let token = get.send().await.expect(StatusCode::OK).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();

    let directories = json!(["/", "dir with space/", "_static/", "a/", "a/aa/"]);
    let body = json!({"git_refs": ["main"], "directories": directories});
    let post = server
        .post("/products/alpha/builds/")
        .token(&token)
        .header("accept", WITH_FORMS);
    let post = post
        .header("accept-encoding", "gzip, deflate")
        .header("user-agent", "python-requests/2.32.3");
    let build = post.json(&body).await.expect(StatusCode::CREATED).json();
    assert_eq!(build["published_url"], "https://alpha.example.org/builds/1");
    for name in ["post_prefix_urls", "post_dir_urls"] {
        let forms = build[name].as_object().unwrap();
        assert_eq!(forms.len(), 5);
        for directory in directories.as_array().unwrap() {
            let form = &forms[directory.as_str().unwrap()];
            assert!(form["url"].as_str().unwrap().starts_with("https://"));
            assert_eq!(form["fields"]["success_action_status"], "204");
        }
    }
    assert_eq!(
        build["post_dir_urls"]["a/aa/"]["fields"]["x-amz-meta-dir-redirect"],
        "true"
    );

    // It follows `self_url` word for word.
    let own = build["self_url"]
        .as_str()
        .unwrap()
        .strip_prefix(&format!("https://{HOST}"))
        .unwrap()
        .to_owned();
    let patch = server.patch(&own).token(&token).header("accept", "*/*");
    patch
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(server.world.queue.waiting_to_publish(), 1);
}

/// When the registration fails, 0.8.4 asks whether the product is there, still with the media type of forms.
#[tokio::test]
async fn conveyor_0_8_4_finds_out_that_there_is_no_product() {
    let server = Server::with_alpha().await;
    let post = server
        .post("/products/beta/builds/")
        .admin()
        .header("accept", WITH_FORMS);
    post.json(&json!({"git_refs": ["main"], "directories": ["/"]}))
        .await
        .expect(StatusCode::NOT_FOUND);
    let get = |path: &str| server.get(path).admin().header("accept", WITH_FORMS).send();
    get("/products/beta").await.expect(StatusCode::NOT_FOUND);
    get("/products/alpha").await.expect(StatusCode::OK);
}

/// ltd-conveyor 0.9: a new token before every call, the version first, and any 2xx will do.
#[tokio::test]
async fn conveyor_0_9_stays_with_the_first_version_of_the_api() {
    let server = Server::with_alpha().await;
    let token = async || {
        let answer = server
            .get("/token")
            .header("authorization", &basic("dev", "dev"))
            .send()
            .await;
        answer.expect(StatusCode::OK).json()["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let root = server
        .get("/")
        .token(&token().await)
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let major: u64 = root["data"]["server_version"]
        .as_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(major < 2);
    let post = server
        .post("/products/alpha/builds/")
        .token(&token().await)
        .header("accept", WITH_FORMS);
    let build = post
        .json(&json!({"git_refs": ["main"], "directories": ["/"]}))
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert!(build["post_dir_urls"]["/"]["fields"].is_object());
    let patch = server
        .patch("/builds/1")
        .token(&token().await)
        .json(&json!({"uploaded": true}))
        .await;
    assert!(patch.expect(StatusCode::OK).json()["queue_url"].is_string());
}

/// ltd-mason 0.2.5 uploads with keys of its own.
#[tokio::test]
async fn mason_gets_what_it_uploads_by() {
    let server = Server::with_alpha().await;
    let answer = server
        .get("/token")
        .header("authorization", &basic("dev", "dev"))
        .send()
        .await;
    let token = answer.expect(StatusCode::OK).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let body =
        json!({"git_refs": ["tickets/DM-1", "tickets/DM-2"], "slug": "b17", "github_requester": "someone"});
    let post = server
        .post("/products/alpha/builds/")
        .token(&token)
        .json(&body)
        .await;
    let build = post.expect(StatusCode::CREATED).json();
    assert_eq!(build["bucket_name"], "docs");
    assert_eq!(build["bucket_root_dir"], "alpha/builds/b17");
    assert_eq!(build["surrogate_key"].as_str().unwrap().len(), 32);
    let own = build["self_url"]
        .as_str()
        .unwrap()
        .strip_prefix(&format!("https://{HOST}"))
        .unwrap()
        .to_owned();
    let patch = server
        .patch(&own)
        .token(&token)
        .json(&json!({"uploaded": true}))
        .await;
    assert!(patch.expect(StatusCode::OK).json().is_object());
}

/// The sync client of Docverse reads without a token and takes numbers from the ends of URLs.
#[tokio::test]
async fn docverse_reads_everything_it_needs() {
    let server = Server::with_alpha().await;
    server.uploaded(&["main"]).await;
    let products = server.get("/products/").send().await.json();
    let path = |url: &serde_json::Value| {
        url.as_str()
            .unwrap()
            .strip_prefix(&format!("https://{HOST}"))
            .unwrap()
            .to_owned()
    };
    let product = server.get(&path(&products["products"][0])).send().await.json();
    for field in ["self_url", "slug", "doc_repo", "title", "domain", "published_url"] {
        assert!(product[field].is_string(), "{field}");
    }
    let editions = server.get("/products/alpha/editions/").send().await.json();
    let edition = server.get(&path(&editions["editions"][0])).send().await.json();
    for field in [
        "self_url",
        "product_url",
        "published_url",
        "slug",
        "title",
        "date_created",
        "mode",
    ] {
        assert!(edition[field].is_string(), "{field}");
    }
    assert_eq!(edition["slug"], "main");
    assert_eq!(crate::server::number(&edition["self_url"]), 1);
    let build = server.get("/builds/1").send().await.json();
    for field in [
        "product_url",
        "slug",
        "date_created",
        "bucket_name",
        "bucket_root_dir",
        "published_url",
    ] {
        assert!(build[field].is_string(), "{field}");
    }
}

/// ltd-conveyor 0.9 with `--org`, as a user who is in that organization only: the slash at the end, one ref, and the token
/// of a login before every call.
#[tokio::test]
async fn conveyor_0_9_publishes_into_an_organization_by_the_second_version_of_the_api() {
    let server = Server::with_acme().await;
    create_user(&server, "jo", json!([])).await;
    let role = json!({"role": "uploader"});
    let member = server.put("/v2/orgs/acme/members/jo").admin().json(&role).await;
    member.expect(StatusCode::OK);
    let token = async || login(&server, "jo").await;
    let root = server
        .get("/")
        .header("accept", "*/*")
        .token(&token().await)
        .send()
        .await;
    let root = root.expect(StatusCode::OK).json();
    assert!(
        root["data"]["server_version"]
            .as_str()
            .unwrap()
            .starts_with("2.0.0")
    );
    let directories = json!(["/", "_static/", "dir with space/"]);
    let post = server
        .post("/v2/orgs/acme/projects/alpha/builds/")
        .header("accept", "*/*")
        .header("accept-encoding", "gzip, deflate")
        .header("user-agent", "python-httpx/0.28.1");
    let body = json!({"git_ref": "main", "directories": directories});
    let build = post
        .token(&token().await)
        .json(&body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    for directory in directories.as_array().unwrap() {
        for forms in ["post_prefix_urls", "post_dir_urls"] {
            let form = &build[forms][directory.as_str().unwrap()];
            assert!(
                form["url"].is_string() && form["fields"].is_object(),
                "{forms} {directory}"
            );
        }
    }
    let own = path_of(&build["self_url"]);
    let patch = server
        .patch(&own)
        .token(&token().await)
        .json(&json!({"uploaded": true}))
        .await;
    assert!(patch.expect(StatusCode::ACCEPTED).json()["task_url"].is_string());
    // What it would do without `--org` is not for this user.
    let first = json!({"git_refs": ["main"], "directories": directories});
    let first = server
        .post("/products/alpha/builds/")
        .token(&token().await)
        .json(&first)
        .await;
    first.expect(StatusCode::FORBIDDEN);
}

/// ltd-dasher 0.1.11: the bulk document, and without it the product, its lists, and each thing by itself. It reads times as
/// whole seconds only, and sends no token.
#[tokio::test]
async fn dasher_gets_all_that_it_lists() {
    let server = Server::with_alpha().await;
    server.uploaded(&["main"]).await;
    server.uploaded(&["tickets/DM-1"]).await;
    let is_whole_second = |date: &serde_json::Value| {
        let date = date.as_str().unwrap();
        jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%SZ", date).is_ok()
    };
    let product = server
        .get("/products/alpha")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    for field in [
        "slug",
        "title",
        "doc_repo",
        "published_url",
        "bucket_name",
        "surrogate_key",
        "domain",
    ] {
        assert!(product[field].is_string(), "{field}");
    }
    for (name, count, dates) in [
        ("editions", 2, &["date_created", "date_rebuilt"][..]),
        ("builds", 2, &["date_created"][..]),
    ] {
        let list = server
            .get(&format!("/products/alpha/{name}/"))
            .send()
            .await
            .json();
        let urls = list[name].as_array().unwrap().clone();
        assert_eq!(urls.len(), count);
        for url in urls {
            let thing = server
                .get(&path_of(&url))
                .send()
                .await
                .expect(StatusCode::OK)
                .json();
            for date in dates {
                assert!(is_whole_second(&thing[date]), "{name} {date}");
            }
            for field in ["slug", "published_url", "self_url"] {
                assert!(thing[field].is_string(), "{name} {field}");
            }
        }
    }
    // The bulk document has the same in one answer.
    let bulk = server
        .get("/products/alpha/dashboard")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(bulk["product"], product);
    for (name, dates) in [
        ("editions", &["date_created", "date_rebuilt"][..]),
        ("builds", &["date_created"][..]),
    ] {
        let things = bulk[name].as_array().unwrap();
        assert_eq!(things.len(), 2);
        for thing in things {
            assert_eq!(
                server.get(&path_of(&thing["self_url"])).send().await.json(),
                *thing
            );
            assert!(dates.iter().all(|date| is_whole_second(&thing[*date])));
        }
    }
}
