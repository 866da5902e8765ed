//! The way of a version to its publication, and what follows.

use http::StatusCode;
use imprint_domain::access::Permission::UploadBuild;
use imprint_domain::document::VersionNumber;
use serde_json::{Value, json};

use super::{Desk, FIRST, png, saying};

fn conflict(answer: &crate::server::Answer, part: &str) {
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let body = answer.json();
    assert_eq!(body["error"], "conflict");
    assert!(body["message"].as_str().unwrap().contains(part), "{body}");
}

#[tokio::test]
async fn a_version_is_published_when_its_newest_state_is_rendered() {
    let desk = Desk::with(saying("One")).await;
    for status in [
        "CLOSED_REVIEW_REQUESTED",
        "CLOSED_REVIEW",
        "OPEN_REVIEW",
        "PUBLICATION_REQUESTED",
        "PUBLICATION",
        "DRAFT",
    ] {
        let moved = desk.status(FIRST, &json!({"status": status})).await;
        assert_eq!(moved.expect(StatusCode::OK).json()["status"], status);
    }
    let published = json!({"status": "PUBLISHED"});
    conflict(&desk.status(FIRST, &published).await, "is not rendered yet");
    desk.render().await;
    let version = desk.publish(FIRST).await;
    let expected = json!({"date": version["publication"]["date"], "by": "somebody", "title": "Fluxes", "alias": "fluxes"});
    assert_eq!(
        (&version["status"], &version["publication"]),
        (&json!("PUBLISHED"), &expected)
    );
    let document = desk.read("/documents/1").await;
    assert_eq!(document["published_version"], "1.0");
    // Once more is a success.
    desk.status(FIRST, &published).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn warnings_stop_a_publication_unless_somebody_accepts_them() {
    let desk = Desk::with(saying("warn")).await;
    desk.render().await;
    let version = desk.read(FIRST).await;
    assert_eq!(version["rendering"]["warnings_count"], 1);
    assert_eq!(version["rendering"]["warnings"][0]["code"], "glyph");
    conflict(
        &desk.status(FIRST, &json!({"status": "PUBLISHED"})).await,
        "no font has it",
    );
    let other = json!({"status": "PUBLISHED", "accept_warnings": ["equation"]});
    conflict(&desk.status(FIRST, &other).await, "no font has it");
    let accepted = json!({"status": "PUBLISHED", "accept_warnings": ["glyph"]});
    desk.status(FIRST, &accepted).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_rendered_is_not_published() {
    let desk = Desk::with(saying("impossible")).await;
    desk.render().await;
    let version = desk.read(FIRST).await;
    let expected = json!({"code": "template", "path": "/document/introduction", "message": "nothing can be made of it",
        "snippet": "impossible"});
    assert_eq!(
        (&version["rendering"]["state"], &version["rendering"]["error"]),
        (&json!("failed"), &expected)
    );
    conflict(
        &desk.status(FIRST, &json!({"status": "PUBLISHED"})).await,
        "nothing can be made of it",
    );
}

#[tokio::test]
async fn publishing_and_touching_what_is_published_is_for_those_who_administer_editions() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    desk.server.grant("imp_upload", &[UploadBuild]);
    let set = async |status: &str| {
        let call = desk.server.patch(FIRST).token("imp_upload");
        call.json(&json!({"status": status})).await.status
    };
    let touch = async |token: &str| {
        let path = format!("{FIRST}/touch");
        desk.server.post(&path).token(token).send().await
    };
    let delete = async |token: &str| {
        desk.server
            .delete("/documents/1")
            .token(token)
            .send()
            .await
            .status
    };
    assert_eq!(set("PUBLICATION").await, 200);
    assert_eq!(touch("imp_upload").await.status, 202);
    assert_eq!(set("PUBLISHED").await, 403);
    desk.render().await;
    desk.publish(FIRST).await;
    desk.render().await;
    assert_eq!(touch("imp_upload").await.status, 403);
    assert_eq!(delete("imp_upload").await, 403);
    assert_eq!(touch(crate::server::ADMIN).await.status, 202);
    assert_eq!(delete(crate::server::ADMIN).await, 200);
}

#[tokio::test]
async fn what_is_published_stays_as_it_is() {
    let desk = Desk::published(saying("One")).await;
    let before = desk.read(FIRST).await;
    let page = desk.led(&format!("{FIRST}/html")).await;
    let body = json!({"names": ["moon.png"]});
    let images = format!("{FIRST}/images");
    for answer in [
        desk.put(FIRST, &saying("Two")).await,
        desk.merge(FIRST, &json!({"language": "en"})).await,
        desk.status(FIRST, &json!({"status": "DRAFT"})).await,
        desk.server.post(&images).admin().json(&body).await,
        desk.server
            .delete(&format!("{images}/moon.png"))
            .admin()
            .send()
            .await,
    ] {
        conflict(&answer, "version 1.0 is published and stays as it is");
    }
    desk.upload(VersionNumber::FIRST, "moon.png", png(10), "1").await;
    let renamed = desk
        .server
        .patch("/documents/1")
        .admin()
        .json(&json!({"title": "Other"}))
        .await;
    renamed.expect(StatusCode::OK);
    desk.render().await;
    assert_eq!(desk.read(FIRST).await, before);
    assert_eq!(desk.led(&format!("{FIRST}/html")).await, page);
}

#[tokio::test]
async fn a_correction_is_a_minor_version_and_more_is_a_major_one() {
    let desk = Desk::with(saying("One")).await;
    let bump = async |body: Value| {
        desk.server
            .post("/documents/fluxes/versions")
            .admin()
            .json(&body)
            .await
    };
    conflict(
        &bump(json!({"bump": "major"})).await,
        "version 1.0 is not published",
    );
    desk.render().await;
    desk.publish(FIRST).await;
    desk.render().await;
    let minor = bump(json!({"bump": "minor", "major": 1}))
        .await
        .expect(StatusCode::CREATED);
    assert!(minor.header("location").ends_with("/documents/1/versions/1.1"));
    assert_eq!(
        (&minor.json()["version"], &minor.json()["status"]),
        (&json!("1.1"), &json!("DRAFT"))
    );
    conflict(
        &bump(json!({"bump": "minor"})).await,
        "version 1.1 is not published",
    );
    let fixed = "/documents/1/versions/1.1";
    desk.put(fixed, &saying("One, corrected"))
        .await
        .expect(StatusCode::OK);
    desk.render().await;
    desk.publish(fixed).await;
    let major = bump(json!({"bump": "major"})).await.expect(StatusCode::CREATED);
    assert_eq!(major.json()["version"], "2.0");
    assert_eq!(
        desk.read("/documents/1/versions/2.0/content").await,
        saying("One, corrected")
    );
    assert_eq!(bump(json!({"bump": "minor", "major": 3})).await.status, 404);
    let listed = desk.read("/documents/1/versions").await;
    let numbers: Vec<&Value> = listed["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["version"])
        .collect();
    assert_eq!(numbers, ["1.0", "1.1", "2.0"]);
}

/// A document with 1.0 and 1.1 published, and a draft 2.0.
async fn versions() -> Desk {
    let desk = Desk::published(saying("One")).await;
    for (bump, version) in [("minor", "1.1"), ("major", "2.0")] {
        let answer = desk.server.post("/documents/1/versions").admin();
        answer
            .json(&json!({ "bump": bump }))
            .await
            .expect(StatusCode::CREATED);
        desk.render().await;
        if bump == "minor" {
            desk.publish(&format!("/documents/1/versions/{version}")).await;
        }
        desk.render().await;
    }
    desk
}

#[tokio::test]
async fn a_path_names_the_newest_version_that_the_caller_may_see() {
    let desk = versions().await;
    for (asked, editor, public) in [
        ("latest", 200, "1.1"),
        ("1", 200, "1.1"),
        ("v1", 200, "1.1"),
        ("v1.0", 200, "1.0"),
        ("2", 200, ""),
        ("2.0", 200, ""),
        ("3", 404, ""),
    ] {
        let path = format!("/documents/1/versions/{asked}");
        assert_eq!(
            desk.server.get(&path).admin().send().await.status.as_u16(),
            editor,
            "{asked}"
        );
        let answer = desk.server.get(&path).send().await;
        if public.is_empty() {
            assert_eq!(answer.status, 404, "{asked}");
        } else {
            assert_eq!(answer.json()["version"], public, "{asked}");
        }
    }
    let seen = desk.server.get("/documents/1").send().await.json();
    assert_eq!(
        (&seen["newest_version"], &seen["created_by"]),
        (&json!("1.1"), &Value::Null)
    );
    let listed = desk.server.get("/documents/1/versions").send().await.json();
    assert_eq!(listed["versions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_touch_renders_anew_and_shows_the_old_until_that_is_done() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let before = desk.led(&format!("{FIRST}/pdf")).await;
    desk.server
        .world
        .clock
        .advance(jiff::SignedDuration::from_secs(1));
    let touched = desk.server.post(&format!("{FIRST}/touch")).admin().send().await;
    let touched = touched.expect(StatusCode::ACCEPTED).json();
    assert_eq!(touched["rendering"]["state"], "queued");
    assert!(touched["date_touched"].is_string());
    assert_eq!(desk.led(&format!("{FIRST}/pdf")).await, before);
    desk.render().await;
    assert_ne!(desk.led(&format!("{FIRST}/pdf")).await, before);
    let empty = desk.create(&json!({"title": "Empty"})).await;
    assert_eq!(empty["id"], 2);
    let answer = desk
        .server
        .post("/documents/2/versions/1/touch")
        .admin()
        .send()
        .await;
    conflict(&answer, "version 1.0 has no content yet");
}
