//! Images of versions.

use http::StatusCode;
use imprint_domain::document::VersionNumber;
use serde_json::json;

use super::{Desk, FIRST, png, saying, showing};

#[tokio::test]
async fn images_are_uploaded_by_forms_and_listed_with_what_they_are() {
    let desk = Desk::with(showing("moon.png")).await;
    let images = format!("{FIRST}/images");
    let missing = desk.read(&images).await;
    assert_eq!(
        (&missing["images"][0]["name"], &missing["images"][0]["state"]),
        (&json!("moon.png"), &json!("missing"))
    );
    let body = json!({"names": ["moon.png", "moon.png", "sun.gif"]});
    let answer = desk.server.post(&images).admin().json(&body).await;
    let forms = answer.expect(StatusCode::OK).json()["forms"].clone();
    assert_eq!(forms.as_object().unwrap().len(), 2);
    let key = forms["moon.png"]["fields"]["key"].as_str().unwrap();
    assert!(
        key.ends_with("moon.png") && forms["moon.png"]["url"].is_string(),
        "{forms}"
    );
    desk.upload(VersionNumber::FIRST, "moon.png", png(20), "1").await;
    desk.upload(VersionNumber::FIRST, "sun.gif", b"nonsense".to_vec(), "1")
        .await;
    let listed = desk.read(&images).await["images"].clone();
    let good = json!({
        "name": "moon.png", "state": "good", "is_shown": true, "media_type": "image/png", "width": 20, "height": 10,
        "bytes": png(20).len(), "sha256": listed[0]["sha256"], "problem": null,
    });
    assert_eq!(listed[0], good);
    assert_eq!(
        (&listed[1]["state"], &listed[1]["is_shown"]),
        (&json!("bad"), &json!(false))
    );
    assert_eq!(listed[1]["problem"], "it is neither PNG nor JPEG nor GIF");
    assert_eq!(desk.read(FIRST).await["images"], listed);
    let gone = desk
        .server
        .delete(&format!("{images}/sun.gif"))
        .admin()
        .send()
        .await;
    assert_eq!(
        gone.expect(StatusCode::OK).json()["images"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let again = desk
        .server
        .delete(&format!("{images}/sun.gif"))
        .admin()
        .send()
        .await;
    again.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_was_uploaded_and_is_not_shown_is_for_editors() {
    let desk = Desk::with(showing("moon.png")).await;
    for name in ["moon.png", "secret.png"] {
        desk.upload(VersionNumber::FIRST, name, png(20), "1").await;
    }
    desk.render().await;
    desk.publish(FIRST).await;
    desk.render().await;
    for path in [FIRST.to_owned(), format!("{FIRST}/images")] {
        let editor = desk.server.get(&path).admin().send().await.expect(StatusCode::OK);
        assert!(
            String::from_utf8_lossy(&editor.bytes).contains("secret.png"),
            "{path}"
        );
        let public = desk.server.get(&path).send().await.expect(StatusCode::OK);
        let public = String::from_utf8_lossy(&public.bytes);
        assert!(
            public.contains("moon.png") && !public.contains("secret"),
            "{path} {public}"
        );
    }
}

#[tokio::test]
async fn the_image_of_a_page_lies_beside_it() {
    let desk = Desk::with(showing("moon.png")).await;
    desk.upload(VersionNumber::FIRST, "moon.png", png(20), "1").await;
    desk.render().await;
    let page = desk.led(&format!("{FIRST}/html")).await;
    let image = page.replace("/index.html", "/images/moon.png");
    let draft = desk
        .server
        .get(&image)
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(draft.bytes, png(20));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        // Another upload may take its place.
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(draft.header(name), value, "{name}");
    }
    desk.server.get(&image).send().await.expect(StatusCode::NOT_FOUND);
    desk.publish(FIRST).await;
    desk.render().await;
    let page = desk.server.get(&format!("{FIRST}/html")).send().await;
    let page = crate::server::path_of(&page.header("location").into());
    let image = page.replace("/index.html", "/images/moon.png");
    let public = desk.server.get(&image).send().await.expect(StatusCode::OK);
    assert_eq!(
        public.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let call = desk
        .server
        .get(&image)
        .header("if-none-match", public.header("etag"));
    let kept = call.send().await.expect(StatusCode::NOT_MODIFIED);
    assert!(kept.bytes.is_empty());
    let missing = image.replace("moon.png", "sun.png");
    desk.server
        .get(&missing)
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_large_image_is_got_from_the_bucket_which_the_page_allows() {
    let desk = Desk::with(showing("moon.png")).await;
    let mut large = png(20);
    large.resize(super::press::LARGE, 0);
    desk.upload(VersionNumber::FIRST, "moon.png", large, "1").await;
    desk.render().await;
    let page = desk.led(&format!("{FIRST}/html")).await;
    let image = page.replace("/index.html", "/images/moon.png");
    let answer = desk
        .server
        .get(&image)
        .admin()
        .send()
        .await
        .expect(StatusCode::FOUND);
    assert_eq!(answer.header("cache-control"), "no-store");
    let origin: url::Url = answer.header("location").parse().unwrap();
    let page = desk.server.get(&page).admin().send().await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains(&format!(
            "img-src 'self' {};",
            origin.origin().ascii_serialization()
        )),
        "{policy}"
    );
}

#[tokio::test]
async fn a_wrong_name_of_an_image_is_refused() {
    let desk = Desk::with(saying("One")).await;
    let images = format!("{FIRST}/images");
    let many: Vec<String> = (0..201).map(|n| format!("i{n}.png")).collect();
    for (body, part) in [
        (json!({}), "missing names"),
        (json!({"names": []}), "name at least one"),
        (json!({"names": ["../x"]}), "is no name of an image"),
        (json!({"names": "moon.png"}), "names"),
        (json!({"names": many}), "at most 200 images"),
        (json!({"names": ["a.png"], "x": 1}), "unknown field"),
    ] {
        desk.server.post(&images).admin().json(&body).await.bad(part);
    }
    let answer = desk
        .server
        .delete(&format!("{images}/..%2Fx"))
        .admin()
        .send()
        .await;
    answer.expect(StatusCode::NOT_FOUND);
}
