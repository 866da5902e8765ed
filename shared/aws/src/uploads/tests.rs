use std::collections::BTreeSet;

use imprint_domain::id::SurrogateKey;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::slug::OrganizationSlug;

use super::*;

/// The credentials of AWS's own examples.
const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn uploads(token: Option<&str>, endpoint: Option<&str>) -> S3Uploads {
    let aws = AwsSettings {
        region: Region::new("us-east-1"),
        credentials: Credentials::new(ID, SECRET, token.map(str::to_owned), None, "example"),
        app: None,
        s3: endpoint.map(str::to_owned),
        dynamodb: None,
        sqs: None,
        route53: None,
    };
    S3Uploads::new(&aws, "sigv4examplebucket".to_owned(), "inbox".to_owned())
}

fn now() -> Timestamp {
    "2015-12-29T00:00:00Z".parse().unwrap()
}

fn day() -> SignedDuration {
    SignedDuration::from_hours(24)
}

fn files() -> UploadSlot {
    UploadSlot::Files {
        prefix: KeyPrefix::build(
            &OrganizationSlug::default(),
            &"pipelines".parse().unwrap(),
            &"7".parse().unwrap(),
        ),
        surrogate_key: SurrogateKey::from_bytes([0xab; 16]),
    }
}

fn sign(uploads: &S3Uploads, slot: &UploadSlot) -> (Map<String, Value>, Value) {
    let form = uploads.presign(slot, now(), day()).unwrap();
    let policy = STANDARD.decode(form.fields["policy"].as_str().unwrap()).unwrap();
    (form.fields, serde_json::from_slice(&policy).unwrap())
}

/// A set, because the order of conditions means nothing.
fn conditions(policy: &Value) -> BTreeSet<String> {
    policy["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect()
}

fn set(conditions: Value) -> BTreeSet<String> {
    conditions
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect()
}

#[test]
fn the_signature_of_the_documentation_comes_out() {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html, with the line ends it was signed with.
    let policy = r#"{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}"#;
    let encoded = STANDARD.encode(policy.replace('\n', "\r\n"));
    let signature = uploads(None, None).sign(&encoded, now(), "20151229");
    assert_eq!(
        signature,
        "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
    );
}

#[test]
fn files_may_be_posted_below_their_prefix_and_nowhere_else() {
    let (fields, policy) = sign(&uploads(None, None), &files());
    assert_eq!(fields["key"], "pipelines/builds/7/${filename}");
    assert_eq!(fields["Cache-Control"], "max-age=31536000");
    assert_eq!(fields["x-amz-meta-surrogate-key"], "ab".repeat(16));
    assert_eq!(fields["success_action_status"], "204");
    assert_eq!(
        fields["x-amz-credential"],
        "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"
    );
    assert_eq!(fields["x-amz-signature"].as_str().unwrap().len(), 64);
    assert_eq!(fields.len(), 9, "{fields:?}");
    assert_eq!(policy["expiration"], "2015-12-30T00:00:00Z");
    let expected = json!([
        {"Cache-Control": "max-age=31536000"},
        {"x-amz-meta-surrogate-key": "ab".repeat(16)},
        {"success_action_status": "204"},
        ["starts-with", "$Content-Type", ""],
        {"bucket": "sigv4examplebucket"},
        ["starts-with", "$key", "pipelines/builds/7/"],
        ["content-length-range", 0, 5_368_709_120_u64],
        {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
        {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
        {"x-amz-date": "20151229T000000Z"},
    ]);
    assert_eq!(conditions(&policy), set(expected));
}

#[test]
fn a_directory_is_an_empty_object_with_one_key_and_no_content_type() {
    let slot = UploadSlot::Directory {
        key: ObjectKey::new("pipelines/builds/7/a"),
        surrogate_key: SurrogateKey::from_bytes([0xab; 16]),
    };
    let (fields, policy) = sign(&uploads(None, None), &slot);
    assert_eq!(fields["x-amz-meta-dir-redirect"], "true");
    let conditions = conditions(&policy);
    assert!(conditions.contains(&json!({"key": "pipelines/builds/7/a"}).to_string()));
    assert!(conditions.contains(&json!({"x-amz-meta-dir-redirect": "true"}).to_string()));
    assert!(conditions.contains(&json!(["content-length-range", 0, 0]).to_string()));
    assert!(
        !conditions
            .iter()
            .any(|condition| condition.contains("Content-Type"))
    );
}

#[test]
fn a_marker_has_one_key_and_nothing_else() {
    let slot = UploadSlot::Marker {
        key: ObjectKey::new("_imprint/uploads/7/complete"),
    };
    let (fields, policy) = sign(&uploads(None, None), &slot);
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let mut expected = [
        "key",
        "success_action_status",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
    ]
    .to_vec();
    expected.extend(["policy", "x-amz-signature"]);
    assert_eq!(names.iter().collect::<BTreeSet<_>>(), expected.iter().collect());
    assert_eq!(conditions(&policy).len(), 7);
    assert!(conditions(&policy).contains(&json!(["content-length-range", 0, 1024]).to_string()));
}

#[test]
fn temporary_credentials_send_their_token_and_the_policy_allows_it() {
    let (fields, policy) = sign(&uploads(Some("the token"), None), &files());
    assert_eq!(fields["x-amz-security-token"], "the token");
    assert!(conditions(&policy).contains(&json!({"x-amz-security-token": "the token"}).to_string()));
}

#[test]
fn forms_go_to_the_bucket() {
    let url = |endpoint| {
        uploads(None, endpoint)
            .presign(&files(), now(), day())
            .unwrap()
            .url
    };
    assert_eq!(
        url(None),
        "https://sigv4examplebucket.s3.us-east-1.amazonaws.com/"
    );
    assert_eq!(
        url(Some("http://127.0.0.1:9000/")),
        "http://127.0.0.1:9000/sigv4examplebucket"
    );
}

#[test]
fn a_new_day_has_a_new_key() {
    let uploads = uploads(None, None);
    let sign = |at: &str| {
        let form = uploads.presign(&files(), at.parse().unwrap(), day()).unwrap();
        form.fields["x-amz-signature"].clone()
    };
    let first = sign("2015-12-29T00:00:00Z");
    assert_ne!(first, sign("2015-12-30T00:00:00Z"));
    assert_eq!(first, sign("2015-12-29T00:00:00Z"));
}

#[test]
fn a_form_that_would_outlive_time_is_an_error() {
    assert!(
        uploads(None, None)
            .presign(&files(), Timestamp::MAX, day())
            .is_err()
    );
}

#[test]
fn three_thousand_directories_are_signed_at_once() {
    let uploads = uploads(Some(&"t".repeat(1000)), None);
    #[expect(
        clippy::disallowed_methods,
        reason = "the time that signing takes is what this measures"
    )]
    let clock = SystemTime::now;
    let begun = clock();
    for _ in 0..6_000 {
        uploads.presign(&files(), now(), day()).unwrap();
    }
    let seconds = clock().duration_since(begun).unwrap().as_secs_f64();
    assert!(seconds < 5.0, "{seconds} s for 6,000 signatures");
}
