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

/// Everything that S3 would take from whoever may sign, and a form does not give.
#[tokio::test]
async fn no_field_can_be_added_changed_or_left_out() {
    let stack = Stack::start().await;
    let form = sign(&stack, &files());
    let html = ("Content-Type", "text/html");
    for (field, value) in [
        ("x-amz-meta-edition-redirect", "v1"),
        ("x-amz-meta-dir-redirect", "true"),
        ("x-amz-meta-surrogate-control", "max-age=1"),
        ("x-amz-website-redirect-location", "https://example.org/"),
        ("success_action_redirect", "https://example.org/"),
        ("redirect", "https://example.org/"),
        ("acl", "public-read"),
        ("tagging", "<Tagging/>"),
        ("x-amz-storage-class", "GLACIER"),
        ("Content-Encoding", "gzip"),
        ("Content-Disposition", "attachment"),
        ("x-amz-date", "20200101T000000Z"),
        ("x-amz-credential", "other/20200101/us-east-1/s3/aws4_request"),
        ("policy", "e30="),
    ] {
        let status = post(&form, &[html, (field, value)], "x.html", "<p>").await;
        assert!((400..500).contains(&status), "{field}: {status}");
    }
    for field in [
        "policy",
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-date",
        "key",
    ] {
        let mut less = form.clone();
        less.fields.remove(field).unwrap();
        let status = post(&less, &[html], "x.html", "<p>").await;
        assert!((400..500).contains(&status), "without {field}: {status}");
    }
    nothing_came_of_it(&stack).await;
}

#[tokio::test]
async fn a_form_is_good_for_its_own_bucket_prefix_and_time() {
    let stack = Stack::start().await;
    let form = sign(&stack, &files());
    let html = ("Content-Type", "text/html");
    let mut elsewhere = form.clone();
    elsewhere.url = form.url.replace("/docs", "/other");
    assert_ne!(elsewhere.url, form.url);
    let status = post(&elsewhere, &[html], "x.html", "<p>").await;
    assert!((400..500).contains(&status), "another bucket: {status}");
    // The policy of one form with the signature of another, and the key of one with the policy of the other.
    let other = sign(
        &stack,
        &UploadSlot::Marker {
            key: ObjectKey::new("_imprint/uploads/1/complete"),
        },
    );
    for field in ["x-amz-signature", "policy", "key"] {
        let value = other.fields[field].as_str().unwrap();
        let status = post(&form, &[html, (field, value)], "x.html", "<p>").await;
        assert!(
            (400..500).contains(&status),
            "the {field} of another form: {status}"
        );
    }
    static LONG: [u8; 8 * 1024] = [b'x'; 8 * 1024];
    let long = std::str::from_utf8(&LONG).unwrap();
    let marker = post(&other, &[], "complete", long).await;
    assert!(
        (400..500).contains(&marker),
        "a marker as long as a file: {marker}"
    );
    let long_ago = SystemClock.now() - SignedDuration::from_hours(2);
    let old = stack
        .env
        .uploads
        .presign(&files(), long_ago, SignedDuration::from_hours(1))
        .unwrap();
    let status = post(&old, &[html], "x.html", "<p>").await;
    assert!((400..500).contains(&status), "its time is over: {status}");
    nothing_came_of_it(&stack).await;
    // Of the name of a file S3 takes what follows the last slash.
    assert_eq!(post(&form, &[html], "../../2/x.html", "<p>").await, 204);
    let prefix = KeyPrefix::try_from("alpha/builds/1/a b/".to_owned()).unwrap();
    assert_eq!(
        stack.env.objects.list(&prefix, None).await.unwrap().objects.len(),
        1
    );
}

async fn nothing_came_of_it(stack: &Stack) {
    for prefix in ["alpha/", "_imprint/uploads/"] {
        let prefix = KeyPrefix::try_from(prefix.to_owned()).unwrap();
        let found = stack.env.objects.list(&prefix, None).await.unwrap();
        assert!(found.objects.is_empty(), "{prefix}");
    }
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

#[tokio::test]
async fn an_image_is_posted_as_an_image_or_not_at_all() {
    let stack = Stack::start().await;
    let key = ObjectKey::new("_imprint/incoming/images/7/1.0/a.png");
    let form = sign(&stack, &UploadSlot::Image { key: key.clone() });
    let png = ("Content-Type", "image/png");
    for (changes, body) in [
        (vec![], "bytes"),
        (vec![("Content-Type", "text/html")], "bytes"),
        (vec![("Content-Type", "application/image/png")], "bytes"),
        (
            vec![png, ("key", "_imprint/incoming/images/7/1.0/b.png")],
            "bytes",
        ),
        (vec![png, ("x-amz-meta-extra", "1")], "bytes"),
        (vec![png], ""),
    ] {
        let status = post(&form, &changes, "a.png", body).await;
        assert!(
            (400..500).contains(&status),
            "{changes:?} with {body:?} was answered with {status}"
        );
    }
    assert!(stack.env.objects.headers(&key).await.unwrap().is_none());
    assert_eq!(post(&form, &[png], "another.png", "bytes").await, 204);
    let stored = stack.env.objects.read(&key).await.unwrap().unwrap();
    assert_eq!(stored.body, "bytes");
    assert_eq!(stored.headers.content_type.as_deref(), Some("image/png"));
    assert!(stored.headers.metadata.is_empty());
}

#[tokio::test]
async fn an_image_has_as_many_bytes_as_are_taken() {
    const MOST: usize = 10 * 1024 * 1024;
    static BYTES: [u8; MOST + 1] = [b'x'; MOST + 1];
    let stack = Stack::start().await;
    for (bytes, is_taken) in [(MOST, true), (MOST + 1, false)] {
        let key = ObjectKey::new(format!("_imprint/incoming/images/7/1.0/{bytes}.png"));
        let form = sign(&stack, &UploadSlot::Image { key: key.clone() });
        let body = std::str::from_utf8(&BYTES[..bytes]).unwrap();
        let status = post(&form, &[("Content-Type", "image/png")], "a.png", body).await;
        assert_eq!(status == 204, is_taken, "{bytes} bytes: {status}");
        assert_eq!(stack.env.objects.headers(&key).await.unwrap().is_some(), is_taken);
    }
}

#[tokio::test]
async fn whoever_has_an_address_to_upload_to_puts_that_object_and_no_other() {
    let stack = Stack::start().await;
    let now = SystemClock.now();
    let key = ObjectKey::new("_imprint/uploads/7/archive");
    let second = SignedDuration::from_secs(1);
    let address = |at, life| stack.env.uploads.presign_put(&key, at, life).unwrap();
    let put = async |url: &str, body: &'static str| {
        let sent = reqwest::Client::new().put(url).body(body).send().await.unwrap();
        sent.status().as_u16()
    };
    let hour = SignedDuration::from_hours(1);
    let good = address(now, hour);
    assert_eq!(good.expires, now + hour);
    assert_eq!(put(&good.url, "an archive").await, 200);
    let stored = stack.env.inbox.read(&key).await.unwrap().unwrap();
    assert_eq!(stored.body, "an archive");
    assert_eq!(put(&good.url.replacen("/7/", "/8/", 1), "forged").await, 403);
    assert_eq!(put(&address(now - 10 * second, second).url, "late").await, 403);
    assert_eq!(get(&good.url).await.0, 403, "it is good for writing only");
    let stored = stack.env.inbox.read(&key).await.unwrap().unwrap();
    assert_eq!(stored.body, "an archive");
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::Client::new().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn whoever_has_an_address_gets_that_object_until_its_time_is_over() {
    let stack = Stack::start().await;
    let now = SystemClock.now();
    let hour = SignedDuration::from_hours(1);
    let address = |key: &str, at, life| {
        let signed = stack.env.uploads.presign_download(&ObjectKey::new(key), at, life);
        signed.unwrap()
    };
    for key in [
        "_imprint/documents/7/renderings/a/document.pdf",
        "a b+c.pdf",
        "Größe/日本語 100%?x=1&y#z.pdf",
        "it's(so)*fine!~.pdf",
    ] {
        let body = format!("the bytes of {key}");
        let headers = imprint_domain::manifest::Headers::default();
        let object = ObjectKey::new(key);
        let written = stack.env.objects.write(&object, body.clone().into(), &headers);
        written.await.unwrap();
        assert_eq!(get(&address(key, now, hour)).await, (200, body), "{key}");
    }
    assert_eq!(get(&address("nothing", now, hour)).await.0, 404);
    let second = SignedDuration::from_secs(1);
    let over = address("a b+c.pdf", now - 10 * second, second);
    assert_eq!(get(&over).await.0, 403, "its time is over");
    let good = address("a b+c.pdf", now, hour);
    for (from, to) in [
        ("X-Amz-Expires=3600", "X-Amz-Expires=7200"),
        ("a%20b", "a%20c"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
    ] {
        let forged = good.replacen(from, to, 1);
        assert_ne!(forged, good);
        let (status, body) = get(&forged).await;
        assert!(
            (400..500).contains(&status) && !body.contains("the bytes"),
            "{forged}: {status}"
        );
    }
    let unsigned = good.split_once('?').unwrap().0;
    assert_eq!(get(unsigned).await.0, 403);
    let put = reqwest::Client::new()
        .put(&good)
        .body("other")
        .send()
        .await
        .unwrap();
    assert_eq!(put.status().as_u16(), 403, "it is good for reading only");
}
