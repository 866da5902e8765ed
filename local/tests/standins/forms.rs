//! Uploads by presigned form.

use std::time::SystemTime;

use base64::Engine as _;
use imprint_local::standins::StandIns;
use serde_json::json;

use super::{ACCESS, BUCKET, SECRET, keys, s3, start};

/// Fields of a form signed for `key`, as the API hands them out.
fn signed_form(
    key: &str,
    conditions: &[serde_json::Value],
    expires_in: i64,
    secret: &str,
) -> Vec<(String, String)> {
    let now = jiff::Timestamp::now();
    let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let credential = format!("{ACCESS}/{}/us-east-1/s3/aws4_request", &date[..8]);
    let mut all = vec![
        json!({"bucket": BUCKET}),
        json!({"x-amz-algorithm": "AWS4-HMAC-SHA256"}),
        json!({"x-amz-credential": credential}),
        json!({"x-amz-date": date}),
    ];
    all.extend_from_slice(conditions);
    let expiration = now + jiff::SignedDuration::from_secs(expires_in);
    let expiration = expiration.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let policy = json!({"expiration": expiration, "conditions": all}).to_string();
    let policy = base64::engine::general_purpose::STANDARD.encode(policy);
    let signing = aws_sigv4::sign::v4::generate_signing_key(secret, SystemTime::now(), "us-east-1", "s3");
    let signature = aws_sigv4::sign::v4::calculate_signature(signing, policy.as_bytes());
    [
        ("key", key),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("policy", &policy),
        ("x-amz-signature", &signature),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

async fn post(
    stand_ins: &StandIns,
    fields: Vec<(String, String)>,
    file_name: &str,
    body: &'static [u8],
) -> u16 {
    let mut form = reqwest::multipart::Form::new().percent_encode_noop();
    for (name, value) in fields {
        form = form.text(name, value);
    }
    let file = reqwest::multipart::Part::bytes(body).file_name(file_name.to_owned());
    let request = reqwest::Client::new().post(format!("{}/{BUCKET}", stand_ins.s3_url()));
    request
        .multipart(form.part("file", file))
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn a_presigned_form_uploads_under_the_name_of_the_file() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let mut events = stand_ins.object_events();
    let conditions = [
        json!(["starts-with", "$key", "p/builds/1/"]),
        json!(["starts-with", "$Content-Type", "text/"]),
        json!(["content-length-range", 0, 100]),
    ];
    for name in [
        "index.html",
        "a b+c.html",
        "Größe.html",
        "日本語.html",
        "100%.html",
    ] {
        let mut fields = signed_form("p/builds/1/${filename}", &conditions, 60, SECRET);
        fields.push(("Content-Type".to_owned(), "text/html".to_owned()));
        assert_eq!(post(&stand_ins, fields, name, b"page").await, 204, "{name}");
        let key = format!("p/builds/1/{name}");
        let object = s3.get_object().bucket(BUCKET).key(&key).send().await.unwrap();
        assert_eq!(object.content_type(), Some("text/html"));
        assert_eq!(object.body.collect().await.unwrap().to_vec(), b"page");
        let event = events.recv().await.unwrap();
        assert_eq!(
            (event.key, event.event_name, event.size),
            (key, "ObjectCreated:Post", 4)
        );
    }
}

#[tokio::test]
async fn a_form_that_its_policy_does_not_allow_is_forbidden() {
    let stand_ins = start(None).await;
    let inside = [json!(["starts-with", "$key", "p/builds/1/"])];
    let exactly = [json!({"key": "p/builds/1/x"})];
    let small = [
        json!({"key": "p/builds/1/x"}),
        json!(["content-length-range", 0, 2]),
    ];
    let form = |key: &str, conditions: &[serde_json::Value]| signed_form(key, conditions, 60, SECRET);
    assert_eq!(
        post(&stand_ins, form("p/builds/10/x", &inside), "x", b"page").await,
        403
    );
    assert_eq!(
        post(&stand_ins, form("p/builds/1/y", &exactly), "x", b"page").await,
        403
    );
    assert_eq!(
        post(&stand_ins, form("p/builds/1/x", &small), "x", b"page").await,
        400
    );
    let mut undeclared = form("p/builds/1/x", &exactly);
    undeclared.push(("x-amz-meta-extra".to_owned(), "1".to_owned()));
    assert_eq!(post(&stand_ins, undeclared, "x", b"page").await, 403);
    let expired = signed_form("p/builds/1/x", &exactly, -5, SECRET);
    assert_eq!(post(&stand_ins, expired, "x", b"page").await, 403);
    let forged = signed_form("p/builds/1/x", &exactly, 60, "another-secret");
    assert_eq!(post(&stand_ins, forged, "x", b"page").await, 403);
    assert_eq!(
        post(&stand_ins, vec![("key".to_owned(), "x".to_owned())], "x", b"page").await,
        403
    );
    assert!(keys(&s3(&stand_ins, "test"), "", 10).await.is_empty());
}
