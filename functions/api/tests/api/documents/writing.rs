//! Writing documents and what they say.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Desk, FIRST, saying};
use crate::server::{HOST, path_of};

fn url(path: &str) -> String {
    format!("https://{HOST}{path}")
}

#[tokio::test]
async fn a_new_document_has_a_draft_and_an_address() {
    let desk = Desk::new().await;
    let body = json!({"title": "Fluxes", "alias": "fluxes", "product": "alpha", "drafts": "private"});
    let answer = desk.server.post("/documents/").admin().json(&body).await;
    let answer = answer.expect(StatusCode::CREATED);
    assert_eq!(answer.header("location"), url("/documents/1"));
    let expected = json!({
        "self_url": url("/documents/1"), "versions_url": url("/documents/1/versions"), "product_url": url("/products/alpha"),
        "id": 1, "title": "Fluxes", "alias": "fluxes", "former_aliases": [], "drafts": "private",
        "newest_version": "1.0", "newest_version_url": url(FIRST),
        "published_version": null, "published_version_url": null,
        "date_created": "2026-01-01T12:00:00Z", "created_by": "somebody",
    });
    assert_eq!(answer.json(), expected);
    for path in [
        "/documents/1",
        "/documents/fluxes/",
        "/v2/orgs/default/documents/fluxes",
    ] {
        assert_eq!(desk.read(path).await["title"], "Fluxes", "{path}");
    }
    let version = desk.read("/documents/fluxes/versions/latest").await;
    let expected = json!({
        "self_url": url(FIRST), "document_url": url("/documents/1"), "content_url": url(&format!("{FIRST}/content")),
        "images_url": url(&format!("{FIRST}/images")), "status_url": url(&format!("{FIRST}/status")),
        "version": "1.0", "status": "DRAFT", "form": null, "bytes": null, "images": [], "revision": 1, "edit": 0,
        "date_created": "2026-01-01T12:00:00Z", "date_updated": "2026-01-01T12:00:00Z", "date_touched": null,
        "updated_by": "somebody", "publication": null, "rendering": null,
        "pdf_url": url(&format!("{FIRST}/pdf")), "journal_pdf_url": url(&format!("{FIRST}/pdf?journal=true")),
        "html_url": url(&format!("{FIRST}/html")), "epub_url": url(&format!("{FIRST}/epub")),
        "latex_url": url(&format!("{FIRST}/latex")), "bibliography_url": url(&format!("{FIRST}/bibliography")),
        "search_url": url(&format!("{FIRST}/search")),
    });
    assert_eq!(version, expected);
    // Every link is one of the API.
    for name in ["self_url", "document_url", "images_url"] {
        desk.read(&path_of(&version[name])).await;
    }
}

#[tokio::test]
async fn a_document_is_written_piece_by_piece() {
    let desk = Desk::with(saying("One")).await;
    let path = format!("{FIRST}/content");
    let first = desk.server.get(&path).admin().send().await.expect(StatusCode::OK);
    assert_eq!(first.json(), saying("One"));
    let piece = json!({"keywords": [{"label": "flux"}]});
    let written = desk.merge(FIRST, &piece).await.expect(StatusCode::OK);
    assert_eq!(written.json()["rendering"]["state"], "queued");
    let second = desk.server.get(&path).admin().send().await;
    assert_ne!(first.header("etag"), second.header("etag"));
    assert_eq!(written.header("etag"), second.header("etag"));
    let mut both = saying("One");
    both["keywords"] = piece["keywords"].clone();
    assert_eq!(second.json(), both);
    // A part goes by null, and the rest by being left out of all that it says.
    let answer = desk.merge(FIRST, &json!({"keywords": null})).await;
    assert_eq!(answer.header("etag"), first.header("etag"));
    desk.put(FIRST, &both).await.expect(StatusCode::OK);
    desk.put(FIRST, &saying("Two")).await.expect(StatusCode::OK);
    assert_eq!(desk.read(&path).await, saying("Two"));
}

#[tokio::test]
async fn what_it_says_already_is_no_change() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let before = desk.read(FIRST).await;
    for answer in [
        desk.put(FIRST, &saying("One")).await,
        desk.merge(FIRST, &json!({})).await,
    ] {
        assert_eq!(answer.expect(StatusCode::OK).json(), before);
    }
    assert_eq!(desk.server.world.queue.waiting(), 0);
    assert_eq!(before["rendering"]["state"], "succeeded");
}

#[tokio::test]
async fn of_two_editors_who_save_at_once_the_second_is_told() {
    let desk = Desk::with(saying("One")).await;
    let path = format!("{FIRST}/content");
    let seen = desk.server.get(&path).admin().send().await;
    let seen = seen.header("etag").to_owned();
    let save = |expected: &str, patch: Value| {
        let call = desk.server.patch(&path).admin().header("if-match", expected);
        async move { call.json(&patch).await }
    };
    let first = save(&seen, json!({"doi": "10.5067/a"}))
        .await
        .expect(StatusCode::OK);
    save(&seen, json!({"doi": "10.5067/b"})).await.refused(
        412,
        "precondition failed",
        "somebody else has changed it since you read it; read it again and repeat your change",
    );
    let put = desk.server.put(&path).admin().header("if-match", &seen);
    put.json(&saying("Mine"))
        .await
        .expect(StatusCode::PRECONDITION_FAILED);
    assert_eq!(desk.read(&path).await["doi"], "10.5067/a");
    // Who does not ask writes parts that others leave alone.
    desk.merge(FIRST, &json!({"language": "en"}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(desk.read(&path).await["doi"], "10.5067/a");
    save("\"nonsense\", *", json!({"doi": "10.5067/c"}))
        .await
        .expect(StatusCode::OK);
    save(first.header("etag"), json!({}))
        .await
        .expect(StatusCode::PRECONDITION_FAILED);
}

/// Two requests at the very same time: the first has read what is there, and the second writes before it does.
#[tokio::test]
async fn an_editor_who_is_overtaken_is_told_and_one_who_does_not_ask_overwrites_nothing_else() {
    for (asks, expected) in [(true, StatusCode::PRECONDITION_FAILED), (false, StatusCode::OK)] {
        let desk = Desk::with(saying("One")).await;
        let path = format!("{FIRST}/content");
        let seen = desk.server.get(&path).admin().send().await;
        let hold = desk.server.world.faults().hold("catalog.commit", 1);
        let late = desk.server.patch(&path).admin();
        let late = if asks {
            late.header("if-match", seen.header("etag"))
        } else {
            late
        };
        let patch = json!({"doi": "10.5067/late"});
        let late = late.json(&patch);
        let (late, ()) = tokio::join!(late, async {
            hold.reached().await;
            let early = desk.merge(FIRST, &json!({"language": "en"})).await;
            early.expect(StatusCode::OK);
            hold.release();
        });
        late.expect(expected);
        let content = desk.read(&path).await;
        assert_eq!(content["language"], "en");
        assert_eq!(content.get("doi").is_some(), !asks);
    }
}

/// The version is written when it is rendered, its content is not.
#[tokio::test]
async fn a_rendering_does_not_outdate_what_an_editor_has_seen() {
    let desk = Desk::with(saying("One")).await;
    let path = format!("{FIRST}/content");
    let seen = desk.server.get(&path).admin().send().await;
    let before = desk.read(FIRST).await["revision"].as_u64();
    desk.render().await;
    assert!(desk.read(FIRST).await["revision"].as_u64() > before);
    let put = desk
        .server
        .put(&path)
        .admin()
        .header("if-match", seen.header("etag"));
    put.json(&saying("Two")).await.expect(StatusCode::OK);
    assert_eq!(desk.read(&path).await, saying("Two"));
}

#[tokio::test]
async fn a_text_in_markdown_leaves_all_else_as_it_is() {
    let mut content = saying("One");
    content["keywords"] = json!([{"label": "flux"}]);
    let desk = Desk::with(content).await;
    let path = format!("{FIRST}/content");
    let call = desk
        .server
        .put(&path)
        .admin()
        .header("content-type", "text/markdown; charset=utf-8");
    let written = call
        .raw("# Introduction\n\nTwo.\n")
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(written["form"], "markdown");
    let expected = json!({"markdown": "# Introduction\n\nTwo.\n", "keywords": [{"label": "flux"}]});
    assert_eq!(desk.read(&path).await, expected);
}

#[tokio::test]
async fn what_nobody_has_written_is_not_there() {
    let desk = Desk::new().await;
    desk.create(&json!({"title": "Fluxes"})).await;
    let path = format!("{FIRST}/content");
    let answer = desk.server.get(&path).admin().send().await;
    answer.refused(404, "not found", "the version has no content yet");
    let call = desk.server.put(&path).admin().header("if-match", "*");
    call.json(&saying("One"))
        .await
        .expect(StatusCode::PRECONDITION_FAILED);
    desk.put(FIRST, &saying("One")).await.expect(StatusCode::OK);
    assert_eq!(desk.read(&path).await, saying("One"));
}

#[tokio::test]
async fn a_renamed_document_answers_by_its_old_alias_and_is_rendered_anew() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let before = desk.read(FIRST).await["rendering"]["checksum"].clone();
    let body = json!({"alias": "flux-retrieval", "title": "Flux retrieval"});
    let renamed = desk.server.patch("/documents/fluxes").admin().json(&body).await;
    let renamed = renamed.expect(StatusCode::OK).json();
    assert_eq!(
        (&renamed["alias"], &renamed["former_aliases"], &renamed["title"]),
        (
            &json!("flux-retrieval"),
            &json!(["fluxes"]),
            &json!("Flux retrieval")
        )
    );
    desk.render().await;
    for alias in ["fluxes", "flux-retrieval"] {
        let version = desk.read(&format!("/documents/{alias}/versions/1")).await;
        assert_eq!(version["self_url"], url(FIRST), "{alias}");
        assert_ne!(version["rendering"]["checksum"], before, "{alias}");
    }
    let other = json!({"title": "Other", "alias": "fluxes"});
    desk.server
        .post("/documents")
        .admin()
        .json(&other)
        .await
        .bad("another document has or had the alias fluxes");
    // A change to what it is already is none, and null takes the alias away.
    let revision = desk.read(FIRST).await["revision"].clone();
    desk.server
        .patch("/documents/1")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(desk.read(FIRST).await["revision"], revision);
    let none = desk
        .server
        .patch("/documents/1")
        .admin()
        .json(&json!({"alias": null}))
        .await;
    assert_eq!(none.json()["alias"], Value::Null);
    assert_eq!(desk.read("/documents/flux-retrieval").await["id"], 1);
}

#[tokio::test]
async fn a_deleted_document_is_not_there() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let file = desk.led(&format!("{FIRST}/html")).await;
    let answer = desk.server.delete("/documents/fluxes").admin().send().await;
    assert_eq!(answer.expect(StatusCode::OK).json(), json!({}));
    for path in ["/documents/1", "/documents/fluxes", FIRST, &file] {
        let answer = desk.server.get(path).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    assert_eq!(desk.read("/documents").await, json!({"documents": []}));
    desk.put(FIRST, &saying("Two"))
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_content_is_checked_without_being_stored() {
    let desk = Desk::new().await;
    desk.server.grant("imp_nobody", &[]);
    let check = async |body: &Value| {
        let answer = desk
            .server
            .post("/documents/check")
            .token("imp_nobody")
            .json(body)
            .await;
        answer.expect(StatusCode::OK).json()
    };
    assert_eq!(
        check(&saying("One")).await,
        json!({"problems": [], "warnings": []})
    );
    // Images may still come.
    assert_eq!(check(&super::showing("moon.png")).await["warnings"], json!([]));
    let wrong = json!({"document": {"introduction": {"children": [{"type": "video", "children": []}]}}});
    let found = check(&wrong).await;
    assert_eq!(found["problems"][0]["code"], "schema");
    assert!(
        found["problems"][0]["path"]
            .as_str()
            .unwrap()
            .starts_with("/document/introduction/children/0")
    );
    let link = json!({"document": {"introduction": {"children": [{"type": "p", "children": [
        {"type": "a", "url": "javascript:alert(1)", "children": [{"text": "x"}]}]}]}}});
    assert_eq!(check(&link).await["warnings"][0]["code"], "link");
    assert!(desk.server.world.objects.keys("_imprint/documents/").is_empty());
    assert_eq!(desk.read("/documents").await, json!({"documents": []}));
    let anonymous = desk.server.post("/documents/check").json(&saying("One")).await;
    anonymous.expect(StatusCode::UNAUTHORIZED);
}
