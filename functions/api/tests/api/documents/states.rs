//! What a version leads to while it is rendered, and when it could not be.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Desk, FIRST, saying};
use crate::server::path_of;

const NAMES: [(&str, &str); 8] = [
    ("pdf", "document.pdf"),
    ("pdf?journal=false", "document.pdf"),
    ("pdf?journal", "journal.pdf"),
    ("pdf?journal=true", "journal.pdf"),
    ("html", "index.html"),
    ("epub", "document.epub"),
    ("latex", "document.tex"),
    ("bibliography", "references.bib"),
];

#[tokio::test]
async fn a16_what_is_good_is_led_to_and_what_is_published_may_be_kept_for_a_minute() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    for (name, file) in NAMES.into_iter().chain([("search", "search.json")]) {
        let path = format!("{FIRST}/{name}");
        let draft = desk
            .server
            .get(&path)
            .admin()
            .send()
            .await
            .expect(StatusCode::FOUND);
        assert!(draft.header("location").ends_with(file), "{name}");
        assert_eq!(draft.header("cache-control"), "private, no-store", "{name}");
        let public = desk.server.get(&path).send().await;
        public.refused(404, "not found", "invalid resource URI");
    }
    desk.publish(FIRST).await;
    desk.render().await;
    for (name, file) in NAMES {
        let path = format!("/documents/fluxes/versions/latest/{name}");
        let public = desk.server.get(&path).send().await.expect(StatusCode::FOUND);
        let editor = desk
            .server
            .get(&path)
            .admin()
            .send()
            .await
            .expect(StatusCode::FOUND);
        assert_eq!(public.header("location"), editor.header("location"), "{name}");
        assert!(public.header("location").ends_with(file), "{name}");
        assert_eq!(public.header("cache-control"), "public, max-age=60", "{name}");
        assert_eq!(public.header("vary"), "Authorization");
        let found = desk
            .server
            .get(&path_of(&public.header("location").into()))
            .send()
            .await;
        found.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a16_what_is_not_rendered_yet_is_said_to_editors_only() {
    let desk = Desk::with(saying("One")).await;
    let pdf = format!("{FIRST}/pdf");
    let answer = desk
        .server
        .get(&pdf)
        .admin()
        .send()
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(
        (answer.header("retry-after"), answer.header("cache-control")),
        ("2", "private, no-store")
    );
    let expected = json!({
        "checksum": null, "document": "1", "version": "1.0", "state": "queued", "attempts": 0, "started_at": null,
        "finished_at": null, "engine": null, "outputs": {}, "warnings": [], "error": null, "served": null,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(desk.read(&format!("{FIRST}/status")).await, expected);
    for path in [
        pdf,
        format!("{FIRST}/status"),
        FIRST.to_owned(),
        format!("{FIRST}/content"),
    ] {
        let public = desk.server.get(&path).send().await;
        public.refused(404, "not found", "invalid resource URI");
    }
}

#[tokio::test]
async fn a16_what_could_not_be_rendered_says_why_to_editors_only() {
    let desk = Desk::with(saying("impossible")).await;
    desk.render().await;
    let pdf = format!("{FIRST}/pdf");
    let answer = desk
        .server
        .get(&pdf)
        .admin()
        .send()
        .await
        .expect(StatusCode::CONFLICT);
    let expected = json!({
        "status": 409, "error": "conflict", "message": "nothing can be made of it",
        "rendering": {"code": "template", "path": "/document/introduction", "message": "nothing can be made of it",
            "snippet": "impossible"},
    });
    assert_eq!(answer.json(), expected);
    let status = desk.read(&format!("{FIRST}/status")).await;
    assert_eq!(
        (&status["state"], &status["error"]),
        (&json!("failed"), &expected["rendering"])
    );
    desk.server
        .get(&pdf)
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    // A change is on its way.
    desk.put(FIRST, &saying("One")).await.expect(StatusCode::OK);
    desk.server
        .get(&pdf)
        .admin()
        .send()
        .await
        .expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a16_what_was_good_is_shown_while_something_newer_is_made_or_has_failed() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let pdf = format!("{FIRST}/pdf");
    let good = desk.led(&pdf).await;
    let checksum = desk.read(&format!("{FIRST}/status")).await["checksum"].clone();
    desk.put(FIRST, &saying("impossible"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(desk.led(&pdf).await, good);
    let status = desk.read(&format!("{FIRST}/status")).await;
    assert_eq!(
        (&status["state"], &status["served"]),
        (&json!("queued"), &checksum)
    );
    desk.render().await;
    assert_eq!(desk.led(&pdf).await, good);
    let status = desk.read(&format!("{FIRST}/status")).await;
    assert_eq!(
        (&status["state"], &status["served"]),
        (&json!("failed"), &checksum)
    );
    let rendering = desk.read(FIRST).await["rendering"].clone();
    assert_eq!(
        (&rendering["state"], &rendering["served"]),
        (&json!("failed"), &checksum)
    );
}

/// The correction of what is published is nothing that readers see.
#[tokio::test]
async fn a16_readers_keep_what_is_published_while_a_correction_fails() {
    let desk = Desk::published(saying("One")).await;
    let pdf = "/documents/1/versions/latest/pdf";
    let before = desk.server.get(pdf).send().await.header("location").to_owned();
    let body = json!({"bump": "minor"});
    let made = desk
        .server
        .post("/documents/1/versions")
        .admin()
        .json(&body)
        .await;
    made.expect(StatusCode::CREATED);
    desk.put("/documents/1/versions/1.1", &saying("impossible"))
        .await
        .expect(StatusCode::OK);
    desk.render().await;
    let after = desk.server.get(pdf).send().await.expect(StatusCode::FOUND);
    assert_eq!(after.header("location"), before);
    desk.server
        .get("/documents/1/versions/1.1/pdf")
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    desk.server
        .get(pdf)
        .admin()
        .send()
        .await
        .expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_status_names_every_file_and_where_it_is() {
    let desk = Desk::published(saying("One")).await;
    let status: Value = desk
        .server
        .get(&format!("{FIRST}/status"))
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!(
        (&status["state"], &status["attempts"], &status["engine"]),
        (&json!("succeeded"), &json!(1), &json!("press 1"))
    );
    assert_eq!(status["served"], status["checksum"]);
    let outputs = status["outputs"].as_object().unwrap();
    assert_eq!(outputs.len(), 7);
    for (name, output) in outputs {
        let answer = desk
            .server
            .get(&path_of(&output["url"]))
            .send()
            .await
            .expect(StatusCode::OK);
        assert_eq!(json!(answer.bytes.len()), output["bytes"], "{name}");
        assert_eq!(answer.header("content-type"), output["content_type"], "{name}");
        assert_eq!(
            answer.header("etag"),
            format!("\"{}\"", output["sha256"].as_str().unwrap()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn nothing_can_be_shown_of_what_nobody_has_written() {
    let desk = Desk::new().await;
    desk.create(&json!({"title": "Fluxes"})).await;
    let answer = desk.server.get(&format!("{FIRST}/pdf")).admin().send().await;
    answer.refused(404, "not found", "the version has no content yet");
    let answer = desk.server.get(&format!("{FIRST}/status")).admin().send().await;
    answer.refused(404, "not found", "the version has no rendering");
}
