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

#[test]
fn an_image_has_one_key_some_bytes_and_the_type_of_an_image() {
    let slot = UploadSlot::Image {
        key: ObjectKey::new("_imprint/incoming/images/7/1.0/a.png"),
    };
    let (fields, policy) = sign(&uploads(None, None), &slot);
    let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
    let own = ["key", "success_action_status"];
    let of_all = ["algorithm", "credential", "date", "signature"].map(|name| format!("x-amz-{name}"));
    let expected = own.into_iter().chain(["policy"]);
    assert_eq!(names, expected.chain(of_all.iter().map(String::as_str)).collect());
    let expected = json!([
        {"key": "_imprint/incoming/images/7/1.0/a.png"},
        ["starts-with", "$Content-Type", "image/"],
        ["content-length-range", 1, 10_485_760],
        {"success_action_status": "204"},
        {"bucket": "inbox"},
        {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
        {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
        {"x-amz-date": "20151229T000000Z"},
    ]);
    assert_eq!(conditions(&policy), set(expected));
    let url = uploads(None, None).presign(&slot, now(), day()).unwrap().url;
    assert_eq!(url, "https://inbox.s3.us-east-1.amazonaws.com/");
}

fn download(uploads: &S3Uploads, key: &str, life: SignedDuration) -> Result<String, PresignError> {
    uploads.presign_download(&ObjectKey::new(key), now(), life)
}

#[test]
fn the_signature_of_the_documentation_comes_out_for_an_address_too() {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    let at = "2013-05-24T00:00:00Z".parse().unwrap();
    let bucket = "https://examplebucket.s3.amazonaws.com";
    let signed = uploads(None, None).sign_address("GET", bucket, &ObjectKey::new("test.txt"), at, day());
    assert_eq!(
        signed.unwrap(),
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

#[test]
fn an_address_is_of_the_bucket_and_its_key_is_encoded() {
    let until_query = |endpoint, key| {
        let address = download(&uploads(None, endpoint), key, day()).unwrap();
        address.split_once('?').unwrap().0.to_owned()
    };
    assert_eq!(
        until_query(None, "_imprint/documents/7/a b+ü?#%&=.pdf"),
        "https://sigv4examplebucket.s3.us-east-1.amazonaws.com/_imprint/documents/7/a%20b%2B%C3%BC%3F%23%25%26%3D.pdf"
    );
    assert_eq!(
        until_query(Some("http://127.0.0.1:9000/"), "a/~b-c_d.e"),
        "http://127.0.0.1:9000/sigv4examplebucket/a/~b-c_d.e"
    );
}

#[test]
fn temporary_credentials_send_their_token_with_an_address_and_sign_it() {
    let query = |token| {
        let address = download(&uploads(token, None), "a", day()).unwrap();
        let query = address.split_once('?').unwrap().1.to_owned();
        let (signed, signature) = query.split_once("&X-Amz-Signature=").unwrap();
        (signed.to_owned(), signature.to_owned())
    };
    let (plain, temporary) = (query(None), query(Some("the/token=")));
    assert!(
        temporary
            .0
            .contains("&X-Amz-Security-Token=the%2Ftoken%3D&X-Amz-SignedHeaders=host"),
        "{}",
        temporary.0
    );
    assert!(!plain.0.contains("Token"));
    assert_ne!(plain.1, temporary.1);
    assert_ne!(temporary.1, query(Some("another")).1);
}

#[test]
fn an_address_to_upload_to_is_of_the_bucket_that_tells_of_it_and_of_its_method() {
    let key = ObjectKey::new("_imprint/uploads/7/archive");
    let put = uploads(None, None).presign_put(&key, now(), day()).unwrap();
    let (place, query) = put.url.split_once('?').unwrap();
    assert_eq!(
        place,
        "https://inbox.s3.us-east-1.amazonaws.com/_imprint/uploads/7/archive"
    );
    assert!(query.contains("&X-Amz-SignedHeaders=host&"), "{query}");
    assert_eq!(put.expires, now() + day());
    let read = uploads(None, None).sign_address(
        "GET",
        "https://inbox.s3.us-east-1.amazonaws.com/",
        &key,
        now(),
        day(),
    );
    assert_ne!(read.unwrap(), put.url, "it is not good for reading");
    assert!(
        uploads(None, None)
            .presign_put(&key, Timestamp::MAX, day())
            .is_err()
    );
}

#[test]
fn an_address_that_could_not_work_is_an_error() {
    let uploads = uploads(None, None);
    for life in [0, -1, 7 * 24 * 3600 + 1] {
        let life = SignedDuration::from_secs(life);
        assert!(download(&uploads, "a", life).is_err(), "{life}");
    }
    for life in [1, 7 * 24 * 3600] {
        assert!(download(&uploads, "a", SignedDuration::from_secs(life)).is_ok());
    }
    for key in ["a/../b", "./a", "a/.."] {
        assert!(download(&uploads, key, day()).is_err(), "{key}");
    }
    assert!(download(&uploads, "a/..b/.c", day()).is_ok());
}
