//! Builds compared over HTTP. The rule itself is tested in the domain.

use std::collections::BTreeMap;

use http::StatusCode;
use imprint_app::register_build::register_build;
use imprint_domain::access::{Products, Role};
use imprint_domain::build::Build;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_testing::{Site, Step};
use serde_json::{Value, json};

use crate::server::{Answer, HOST, Server, number, path_of};

fn site(files: &[(&str, &str)]) -> Site {
    let add = |site: Site, (path, body): &(&str, &str)| site.file(path, (*body).to_owned());
    files.iter().fold(Site::new(), add)
}

fn stored(server: &Server, id: u64) -> Build {
    let builds = server.world.catalog.all_builds();
    builds.into_iter().find(|build| build.id.0 == id).unwrap()
}

/// A build of a product of an organization that is uploaded and registered.
async fn built(server: &Server, org: &str, slug: &str, site: &Site) -> Build {
    let body = json!({"git_ref": "main", "slug": slug});
    let path = format!("/v2/orgs/{org}/projects/alpha/builds");
    let built = server.post(&path).admin().json(&body).await;
    let built = built.expect(StatusCode::CREATED).json();
    let builds = server.world.catalog.all_builds();
    let build = builds.into_iter().max_by_key(|build| build.id).unwrap();
    site.upload(&server.world.objects, &build);
    let confirm = json!({"uploaded": true});
    let answer = server
        .patch(&path_of(&built["self_url"]))
        .admin()
        .json(&confirm)
        .await;
    answer.expect(StatusCode::ACCEPTED);
    while let Some(envelope) = server.world.queue.take(Step::RegisterBuild) {
        let Message::RegisterBuild(message) = &envelope.message else {
            panic!("{envelope:?}")
        };
        let env = server.world.tenants().of(&message.organization).await.unwrap();
        register_build(&env, &envelope.id, message).await.unwrap();
    }
    stored(server, build.id.0)
}

/// Says what the pages of a build say: path, digest and title.
fn say(server: &Server, build: &Build, pages: &[(&str, &str, &str)]) {
    let page = |(path, digest, title): &(&str, &str, &str)| {
        ((*path).to_owned(), json!({"digest": digest, "title": title}))
    };
    let pages: BTreeMap<String, Value> = pages.iter().map(page).collect();
    put_pages(server, build, &json!({ "pages": pages }).to_string());
}

fn put_pages(server: &Server, build: &Build, body: &str) {
    let site = build.artifacts.site.as_ref().unwrap();
    let key = ObjectKey::page_digests(build.id, site);
    let body = body.to_owned();
    server.world.objects.put(key.as_str(), body, Headers::default());
}

async fn diff(server: &Server, a: &str, b: &str) -> Answer {
    let path = format!("/products/alpha/builds/{a}/diff/{b}");
    server.get(&path).send().await
}

async fn summary(server: &Server, a: &str, b: &str) -> String {
    let path = format!("/products/alpha/builds/{a}/diff/{b}");
    let answer = server.get(&path).header("accept", "text/markdown").send().await;
    let answer = answer.expect(StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!(answer.header("vary"), "Accept");
    String::from_utf8(answer.bytes).unwrap()
}

/// Two builds with a difference of each sort.
async fn stage(server: &Server, org: &str) -> (Build, Build) {
    let old = site(&[
        ("index.html", "<p>one"),
        ("guide/a.html", "<p>a 2025-12-31"),
        ("guide/b.html", "<p>b"),
        ("old name.html", "<p>moved"),
        ("gone.html", "<p>gone"),
        ("_static/app.css", "a{}"),
        ("same.png", "png"),
    ]);
    let new = site(&[
        ("index.html", "<p>two"),
        ("guide/a.html", "<p>a 2026-01-01"),
        ("guide/b.html", "<p>b"),
        ("guide/new.html", "<p>new"),
        ("new name.html", "<p>moved"),
        ("_static/app.css", "b{}"),
        ("same.png", "png"),
    ]);
    let before = built(server, org, "b1", &old).await;
    let after = built(server, org, "b2", &new).await;
    let (a, b) = (("guide/a.html", "aa", "A"), ("guide/b.html", "bb", "B"));
    say(
        server,
        &before,
        &[a, b, ("index.html", "1", "Home"), ("gone.html", "3", "Gone")],
    );
    say(
        server,
        &after,
        &[
            a,
            b,
            ("index.html", "2", "Home"),
            ("guide/new.html", "4", "[New] <b>"),
        ],
    );
    (before, after)
}

#[tokio::test]
async fn two_builds_are_compared_with_every_field() {
    let server = Server::with_alpha().await;
    let (before, after) = stage(&server, "default").await;
    let found = diff(&server, "b1", "b2").await.expect(StatusCode::OK);
    assert_eq!(found.header("vary"), "Accept");
    let mut found = found.json();
    let url = |build: &str, path: &str| format!("https://alpha.example.org/builds/{build}/{path}");
    let named = |build: &Build| {
        json!({"build_url": format!("https://{HOST}/builds/{}", build.id), "slug": build.slug.as_str(),
            "git_refs": ["main"], "published_url": format!("https://alpha.example.org/builds/{}", build.slug)})
    };
    let text = found["summary"].take();
    let expected = json!({
        "self_url": format!("https://{HOST}/products/alpha/builds/b1/diff/b2"),
        "product_url": format!("https://{HOST}/products/alpha"),
        "before": named(&before), "after": named(&after), "compared_by": "content",
        "totals": {"added": 1, "removed": 1, "changed": 2, "moved": 1, "changed_markup_only": 1, "unchanged": 2},
        "added": [{"path": "guide/new.html", "title": "[New] <b>", "url": url("b2", "guide/new.html")}],
        "removed": [{"path": "gone.html", "title": "Gone", "before_url": url("b1", "gone.html")}],
        "changed": [
            {"path": "index.html", "title": "Home", "url": url("b2", "index.html"),
                "before_url": url("b1", "index.html")},
            {"path": "_static/app.css", "url": url("b2", "_static/app.css"),
                "before_url": url("b1", "_static/app.css")},
        ],
        "moved": [{"path": "new name.html", "moved_from": "old name.html", "url": url("b2", "new%20name.html"),
            "before_url": url("b1", "old%20name.html")}],
        "truncated": false, "summary": null,
    });
    assert_eq!(found, expected);
    let markdown = summary(&server, "b1", "b2").await;
    assert_eq!(text, json!(markdown));
    insta::assert_snapshot!(markdown, @r"
    ### Documentation: 1 page added, 1 removed, 1 changed, 1 moved

    Build [b2](https://alpha.example.org/builds/b2/) of [Alpha](https://alpha.example.org/) against [b1](https://alpha.example.org/builds/b1/), by what pages say.

    **Added**

    - [\[New\] \<b\>](https://alpha.example.org/builds/b2/guide/new.html)

    **Removed**

    - [Gone](https://alpha.example.org/builds/b1/gone.html)

    **Changed**

    - [Home](https://alpha.example.org/builds/b2/index.html)

    **Moved**

    - [new name.html](https://alpha.example.org/builds/b2/new%20name.html), from [old name.html](https://alpha.example.org/builds/b1/old%20name.html)

    1 other file changed; 1 page changed in markup only.
    ");
}

#[tokio::test]
async fn without_digests_of_both_every_byte_counts() {
    let server = Server::with_alpha().await;
    let (_, after) = stage(&server, "default").await;
    for broken in ["", "[]", "{\"pages\": {\"../x\": {\"digest\": \"1\"}}}", "\u{0}"] {
        put_pages(&server, &after, broken);
        let found = diff(&server, "b1", "b2").await.expect(StatusCode::OK).json();
        assert_eq!(found["compared_by"], "bytes", "{broken}");
        assert_eq!(found["totals"]["changed"], 3);
        assert_eq!(found["totals"]["changed_markup_only"], 0);
    }
    let text = summary(&server, "b1", "b2").await;
    assert!(text.contains("byte by byte"), "{text}");
}

#[tokio::test]
async fn the_same_build_has_no_difference() {
    let server = Server::with_alpha().await;
    stage(&server, "default").await;
    let found = diff(&server, "b1", "b1").await.expect(StatusCode::OK).json();
    assert_eq!(found["totals"]["unchanged"], 7);
    for list in ["added", "removed", "changed", "moved"] {
        assert_eq!((&found[list], &found["totals"][list]), (&json!([]), &json!(0)));
    }
    let text = summary(&server, "b1", "b1").await;
    assert!(text.starts_with("### Documentation: no page changed\n"), "{text}");
}

#[tokio::test]
async fn a_build_is_named_by_its_slug_and_else_by_its_number() {
    let server = Server::with_alpha().await;
    let one = built(&server, "default", "first", &site(&[("a.html", "1")])).await;
    // Its slug is the number of the one before.
    let two = built(&server, "default", &one.id.to_string(), &site(&[("a.html", "2")])).await;
    let slugs = async |a: &str, b: &str| {
        let found = diff(&server, a, b).await.expect(StatusCode::OK).json();
        [&found["before"]["build_url"], &found["after"]["build_url"]].map(number)
    };
    let (by_number, other) = (one.id.to_string(), two.id.to_string());
    assert_eq!(slugs("first", &by_number).await, [one.id.0, two.id.0]);
    assert_eq!(slugs(&other, "first").await, [two.id.0, one.id.0]);
    for nothing in [
        "nothing",
        "99",
        "0",
        "+1",
        "18446744073709551616",
        &format!("0{other}"),
    ] {
        let answer = diff(&server, "first", nothing).await;
        answer.refused(404, "not found", "invalid resource URI");
        let answer = diff(&server, nothing, "first").await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    let answer = server.get("/products/beta/builds/1/diff/2").send().await;
    answer.refused(404, "not found", "invalid resource URI");
}

#[tokio::test]
async fn builds_of_others_are_not_there() {
    let server = Server::with_acme().await;
    let (before, _) = stage(&server, "acme").await;
    let own = built(&server, "default", "own", &site(&[("a.html", "1")])).await;
    let body = json!({"slug": "beta", "title": "Beta", "doc_repo": "https://github.com/example/b"});
    let made = server.post("/products/").admin().json(&body).await;
    made.expect(StatusCode::CREATED);
    for (a, b) in [("own", "b1"), ("own", &before.id.to_string()), ("b1", "own")] {
        diff(&server, a, b)
            .await
            .refused(404, "not found", "invalid resource URI");
    }
    for name in ["own", &own.id.to_string()] {
        let path = format!("/products/beta/builds/{name}/diff/{name}");
        let answer = server.get(&path).send().await;
        answer.refused(404, "not found", "invalid resource URI");
        let path = format!("/v2/orgs/acme/projects/alpha/builds/{name}/diff/b1");
        let answer = server.get(&path).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn in_v2_the_difference_has_the_urls_of_v2_and_is_for_members() {
    let server = Server::with_acme().await;
    let (_, after) = stage(&server, "acme").await;
    let path = "/v2/orgs/acme/projects/alpha/builds/b1/diff/b2";
    let anonymous = server.get(path).send().await;
    anonymous.refused(401, "unauthorized", "please send your authentication token");
    server.member("imp_reader", "acme", Role::Reader, Products::All);
    server.member("imp_other", "default", Role::Admin, Products::All);
    let stranger = server.get(path).token("imp_other").send().await;
    stranger.refused(404, "not found", "invalid resource URI");
    let found = server.get(path).token("imp_reader").send().await;
    let found = found.expect(StatusCode::OK).json();
    let base = format!("https://{HOST}/v2/orgs/acme/projects/alpha");
    assert_eq!(found["self_url"], format!("https://{HOST}{path}"));
    assert_eq!(found["product_url"], base);
    assert_eq!(found["after"]["build_url"], format!("{base}/builds/b2"));
    let published = "https://www.example.net/docs/alpha/builds/b2/guide/new.html";
    assert_eq!(found["added"][0]["url"], published);
    // By its number, which v2 shows nowhere, it is the same.
    let by_number = format!("/v2/orgs/acme/projects/alpha/builds/b1/diff/{}", after.id);
    let again = server.get(&by_number).token("imp_reader").send().await;
    assert_eq!(again.expect(StatusCode::OK).json(), found);
}

#[tokio::test]
async fn a_build_whose_files_are_not_known_says_what_to_do() {
    let server = Server::with_alpha().await;
    let one = built(&server, "default", "one", &site(&[("a.html", "1")])).await;
    let path = "/products/alpha/builds/";
    for slug in ["two", "three", "four"] {
        let body = json!({"git_refs": ["main"], "slug": slug});
        let made = server.post(path).admin().json(&body).await;
        made.expect(StatusCode::CREATED);
    }
    let id = one.id.0;
    let confirm = server.patch(&format!("/builds/{}", id + 2)).admin();
    confirm
        .json(&json!({"uploaded": true}))
        .await
        .expect(StatusCode::OK);
    let end = server.delete(&format!("/builds/{}", id + 3)).admin().send().await;
    end.expect(StatusCode::OK);
    for (slug, what_to_do) in [
        ("two", "confirm its upload"),
        ("three", "ask again when its task is done"),
        ("four", "it was deleted before"),
    ] {
        for answer in [diff(&server, "one", slug).await, diff(&server, slug, "one").await] {
            let said = answer.expect(StatusCode::CONFLICT).json();
            let message = said["message"].as_str().unwrap();
            assert!(
                message.contains(slug) && message.contains(what_to_do),
                "{message}"
            );
        }
    }
    // Retention deletes the files first.
    let key = ObjectKey::manifest(one.id, one.artifacts.site.as_ref().unwrap());
    server.world.objects.remove(key.as_str());
    let said = diff(&server, "one", "one")
        .await
        .expect(StatusCode::CONFLICT)
        .json();
    assert!(
        said["message"].as_str().unwrap().contains("not there any more"),
        "{said}"
    );
    server.world.objects.put(key.as_str(), "{}", Headers::default());
    diff(&server, "one", "one")
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_difference_is_compared_before_a_deletion_and_after_it() {
    let server = Server::with_alpha().await;
    let (before, _) = stage(&server, "default").await;
    let first = diff(&server, "b1", "b2").await.expect(StatusCode::OK).json();
    let end = server
        .delete(&format!("/builds/{}", before.id))
        .admin()
        .send()
        .await;
    end.expect(StatusCode::OK);
    assert_eq!(
        diff(&server, "b1", "b2").await.expect(StatusCode::OK).json(),
        first
    );
}

#[tokio::test]
async fn long_lists_are_cut_and_counted() {
    let server = Server::with_alpha().await;
    built(&server, "default", "b1", &site(&[("index.html", "1")])).await;
    let many = (0..1_100).fold(site(&[("index.html", "1")]), |site, n| {
        site.file(&format!("p{n:04}.html"), format!("{n}"))
            .file(&format!("f{n:04}.txt"), format!("f{n}"))
    });
    built(&server, "default", "b2", &many).await;
    let found = diff(&server, "b1", "b2").await.expect(StatusCode::OK).json();
    let added = found["added"].as_array().unwrap();
    assert_eq!(
        (added.len(), &found["totals"]["added"], &found["truncated"]),
        (1_000, &json!(2_200), &json!(true))
    );
    assert_eq!(
        (&added[0]["path"], &added[999]["path"]),
        (&json!("p0000.html"), &json!("p0999.html"))
    );
    let text = summary(&server, "b1", "b2").await;
    assert_eq!(text.lines().filter(|line| line.starts_with("- [")).count(), 25);
    assert!(
        text.starts_with("### Documentation: 1,100 pages added\n"),
        "{text}"
    );
    assert!(
        text.contains("- and 1,075 more\n") && text.contains("1,100 other files added."),
        "{text}"
    );
}

#[tokio::test]
async fn the_longest_names_of_many_files_can_be_delivered() {
    let server = Server::with_alpha().await;
    built(&server, "default", "b1", &site(&[("index.html", "1")])).await;
    let long = "\"ü".repeat(320);
    let many = (0..600).fold(site(&[("index.html", "1")]).without_redirects(), |site, n| {
        site.file(&format!("{long}{n:04}.html"), format!("{n}"))
    });
    built(&server, "default", "b2", &many).await;
    for (a, b, list) in [("b1", "b2", "added"), ("b2", "b1", "removed")] {
        let found = diff(&server, a, b).await.expect(StatusCode::OK).json();
        let named = found[list].as_array().unwrap().len();
        assert!((100..600).contains(&named), "{named}");
        assert_eq!(
            (&found["totals"][list], &found["truncated"]),
            (&json!(600), &json!(true))
        );
    }
}

#[tokio::test]
async fn hostile_titles_and_paths_are_text() {
    let server = Server::with_alpha().await;
    built(&server, "default", "b1", &site(&[("index.html", "1")])).await;
    let hostile = [
        ("a](javascript:x).html", ""),
        ("<script>.html", "</a><script>alert(1)</script>"),
        ("b.html", "x](https://evil.example) @everyone\n\n# big"),
        ("c).html", "\u{202e}\u{200b}"),
    ];
    let files: Vec<(&str, &str)> = hostile.iter().map(|(path, _)| (*path, *path)).collect();
    let after = built(&server, "default", "b2", &site(&files).file("index.html", "1")).await;
    let pages: Vec<(&str, &str, &str)> = hostile.iter().map(|(path, title)| (*path, "1", *title)).collect();
    say(&server, &after, &pages);
    let text = summary(&server, "b1", "b2").await;
    let links: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
    insta::assert_snapshot!(links.join("\n"), @r"
    - [\</a\>\<script\>alert(1)\</script\>](https://alpha.example.org/builds/b2/%3Cscript%3E.html)
    - [a\](javascript\:x).html](https://alpha.example.org/builds/b2/a%5D%28javascript%3Ax%29.html)
    - [x\](https\://evil.example) \@everyone \# big](https://alpha.example.org/builds/b2/b.html)
    - [c).html](https://alpha.example.org/builds/b2/c%29.html)
    ");
    let found = diff(&server, "b1", "b2").await.expect(StatusCode::OK).json();
    let files = found["added"].as_array().unwrap();
    let script = files.iter().find(|file| file["path"] == "<script>.html").unwrap();
    assert_eq!(
        script["url"],
        "https://alpha.example.org/builds/b2/%3Cscript%3E.html"
    );
    assert_eq!(script["title"], "</a><script>alert(1)</script>");
}

#[tokio::test]
async fn who_names_markdown_gets_it_unless_json_is_preferred() {
    let server = Server::with_alpha().await;
    stage(&server, "default").await;
    for (accept, is_markdown) in [
        ("text/markdown", true),
        ("Text/Markdown; charset=utf-8", true),
        ("application/json;q=0.9, text/markdown", true),
        ("text/markdown;q=0.5, */*", true),
        ("text/markdown;q=0", false),
        ("text/markdown;q=0.1, application/json", false),
        ("text/*", false),
        ("*/*", false),
        ("application/json", false),
    ] {
        let call = server
            .get("/products/alpha/builds/b1/diff/b2")
            .header("accept", accept);
        let answer = call.send().await.expect(StatusCode::OK);
        let is = answer.header("content-type").starts_with("text/markdown");
        assert_eq!(is, is_markdown, "{accept}");
    }
}
