use imprint_app::ports::{Clock as _, PresignedPost, UploadSlot};
use imprint_aws::SystemClock;
use imprint_domain::id::SurrogateKey;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use jiff::SignedDuration;
use reqwest::multipart::{Form, Part};

use crate::stack::Stack;

fn sign(stack: &Stack, slot: &UploadSlot) -> PresignedPost {
    let now = SystemClock.now();
    stack
        .env
        .uploads
        .presign(slot, now, SignedDuration::from_hours(24))
        .unwrap()
}

/// Posts a form as clients do, with changes to its fields.
async fn post(form: &PresignedPost, changes: &[(&str, &str)], name: &str, body: &'static str) -> u16 {
    let mut fields = form.fields.clone();
    for (field, value) in changes {
        fields.insert((*field).to_owned(), (*value).into());
    }
    let mut multipart = Form::new();
    for (field, value) in fields {
        multipart = multipart.text(field, value.as_str().unwrap().to_owned());
    }
    let multipart = multipart.part("file", Part::text(body).file_name(name.to_owned()));
    let answer = reqwest::Client::new()
        .post(&form.url)
        .multipart(multipart)
        .send()
        .await
        .unwrap();
    answer.status().as_u16()
}

fn files() -> UploadSlot {
    UploadSlot::Files {
        prefix: KeyPrefix::try_from("alpha/builds/1/a b/".to_owned()).unwrap(),
        surrogate_key: SurrogateKey::from_bytes([7; 16]),
    }
}

#[tokio::test]
async fn a_file_is_posted_with_its_headers() {
    let stack = Stack::start().await;
    let form = sign(&stack, &files());
    assert_eq!(
        post(&form, &[("Content-Type", "text/html")], "Über uns.html", "<p>").await,
        204
    );
    let stored = stack
        .env
        .objects
        .read(&ObjectKey::new("alpha/builds/1/a b/Über uns.html"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.body, "<p>");
    assert_eq!(stored.headers.content_type.as_deref(), Some("text/html"));
    assert_eq!(stored.headers.cache_control.as_deref(), Some("max-age=31536000"));
    assert_eq!(stored.headers.metadata["surrogate-key"], "07".repeat(16));
}

#[tokio::test]
async fn a_form_is_good_for_nothing_else() {
    let stack = Stack::start().await;
    let form = sign(&stack, &files());
    let kinds = ("Content-Type", "text/html");
    for change in [
        ("key", "alpha/builds/2/${filename}"),
        ("key", "alpha/builds/1/a bc"),
        ("x-amz-meta-surrogate-key", "another"),
        ("Cache-Control", "no-store"),
        ("x-amz-meta-extra", "1"),
        ("x-amz-signature", &"0".repeat(64)),
    ] {
        let status = post(&form, &[kinds, change], "x.html", "<p>").await;
        assert!(
            (400..500).contains(&status),
            "{change:?} was answered with {status}"
        );
    }
    let prefix = KeyPrefix::try_from("alpha/".to_owned()).unwrap();
    assert!(
        stack
            .env
            .objects
            .list(&prefix, None)
            .await
            .unwrap()
            .objects
            .is_empty()
    );
}

#[tokio::test]
async fn a_directory_is_posted_empty_or_not_at_all() {
    let stack = Stack::start().await;
    let key = ObjectKey::new("alpha/builds/1/a b");
    let slot = UploadSlot::Directory {
        key: key.clone(),
        surrogate_key: SurrogateKey::from_bytes([7; 16]),
    };
    let form = sign(&stack, &slot);
    assert!((400..500).contains(&post(&form, &[], "x", "no redirect").await));
    assert!(stack.env.objects.headers(&key).await.unwrap().is_none());
    assert_eq!(post(&form, &[], "", "").await, 204);
    assert!(
        stack
            .env
            .objects
            .headers(&key)
            .await
            .unwrap()
            .unwrap()
            .is_redirect()
    );
}

#[tokio::test]
async fn a_marker_is_posted() {
    let stack = Stack::start().await;
    let key = ObjectKey::new("_imprint/uploads/1/complete");
    let form = sign(&stack, &UploadSlot::Marker { key: key.clone() });
    assert_eq!(post(&form, &[], "complete", "").await, 204);
    assert!(stack.env.objects.headers(&key).await.unwrap().is_some());
}
