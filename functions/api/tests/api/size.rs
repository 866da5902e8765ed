//! Large answers: three thousand directories, as a large site has them, with forms that are really signed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imprint_api::function;
use imprint_app::ports::{PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
use imprint_app::tenants::Tenants;
use imprint_domain::key::ObjectKey;
use imprint_lambda::LambdaEvent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::events::event;
use crate::server::{ADMIN, Server, WITH_FORMS, basic, config};

/// What Lambda delivers (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LIMIT: usize = 6 * 1024 * 1024;

/// The ports in memory, but with the forms of S3: signing sends nothing.
fn tenants(server: &Server) -> Tenants {
    let variables: BTreeMap<String, String> = [
        ("IMPRINT_STAGE", "prod"),
        ("IMPRINT_TABLE", "catalog"),
        ("IMPRINT_BUCKET", "docs-of-the-institute"),
        ("IMPRINT_DOMAIN", "example.org"),
        ("IMPRINT_SEALING_KEY", "a random text of thirty-two characters"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        // A function's role has one, and it is in each form twice.
        ("AWS_SESSION_TOKEN", &session_token()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let aws = imprint_aws::connect(&variables, server.world.clock.clone()).unwrap();
    server.world.tenants_with(aws.of_installation().uploads)
}

/// As long as the real ones, and as hard to compress.
fn session_token() -> String {
    let bytes: Vec<u8> = (0..25_u8).flat_map(|n| sha2::Sha256::digest([n])).collect();
    STANDARD.encode(bytes)
}

async fn register(server: &Server, directories: usize, encoding: Option<&str>) -> Value {
    call(tenants(server), directories, encoding).await
}

async fn call(tenants: Tenants, directories: usize, encoding: Option<&str>) -> Value {
    let directories: Vec<String> = (0..directories)
        .map(|n| format!("api/python/package-{n:05}/_modules/"))
        .collect();
    let body = json!({"git_refs": ["main"], "directories": directories}).to_string();
    let mut headers = json!({"host": "keeper.example.org", "accept": WITH_FORMS, "content-type": "application/json",
        "authorization": basic(ADMIN, "")});
    if let Some(encoding) = encoding {
        headers["accept-encoding"] = encoding.into();
    }
    let event = event("POST", "/products/alpha/builds/", &headers, Some(&body));
    let event = LambdaEvent::new(event, lambda_http::Context::default());
    function(tenants, config()).call(event).await.unwrap()
}

#[tokio::test]
async fn three_thousand_directories_fit_for_clients_that_read_gzip() {
    let server = Server::with_alpha().await;
    let response = register(&server, 3000, Some("gzip, deflate")).await;
    assert_eq!(response["statusCode"], 201);
    let size = response.to_string().len();
    assert!(size < LIMIT, "{size}");
    assert_eq!(response["headers"]["content-encoding"], "gzip");
    assert_eq!(response["headers"]["vary"], "Accept-Encoding");
    assert_eq!(response["isBase64Encoded"], true);
    let compressed = STANDARD.decode(response["body"].as_str().unwrap()).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(compressed.as_slice())
        .read_to_string(&mut json)
        .unwrap();
    let build: Value = serde_json::from_str(&json).unwrap();
    assert!(
        json.len() > LIMIT / 2,
        "the forms are smaller than real ones: {}",
        json.len()
    );
    assert_eq!(build["post_prefix_urls"].as_object().unwrap().len(), 3000);
    assert_eq!(build["post_dir_urls"].as_object().unwrap().len(), 3000);
    assert_eq!(server.world.catalog.all_builds().len(), 1);
}

#[tokio::test]
async fn three_thousand_directories_without_gzip_are_refused_before_anything_is_stored() {
    let server = Server::with_alpha().await;
    for encoding in [None, Some("identity"), Some("br"), Some("gzip;q=0")] {
        let response = register(&server, 3000, encoding).await;
        assert_eq!(response["statusCode"], 413, "{encoding:?}");
        let error: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!(error["error"], "payload too large");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("send Accept-Encoding: gzip"), "{message}");
    }
    assert!(server.world.catalog.all_builds().is_empty());
    assert_eq!(server.world.catalog.all_editions().len(), 1);
    // The slug is still free.
    assert_eq!(server.build(&["main"]).await["slug"], "1");
}

/// Forms that no compression makes smaller.
struct Noise;

impl Uploads for Noise {
    fn presign(
        &self,
        slot: &UploadSlot,
        _: Timestamp,
        _: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        let seed = format!("{slot:?}");
        let noise = (0..64_u8).map(|n| hex::encode(sha2::Sha256::digest(format!("{seed}{n}"))));
        let fields = [("noise".to_owned(), noise.collect::<String>().into())]
            .into_iter()
            .collect();
        Ok(PresignedPost {
            url: "https://docs.example.org/".to_owned(),
            fields,
        })
    }

    fn presign_put(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        Ok(PresignedPut {
            url: format!("https://docs.example.org/{key}"),
            expires: now + life,
        })
    }

    fn presign_download(
        &self,
        key: &ObjectKey,
        _: Timestamp,
        _: SignedDuration,
    ) -> Result<String, PresignError> {
        Ok(format!("https://docs.example.org/{key}"))
    }
}

#[tokio::test]
async fn what_does_not_fit_even_compressed_is_refused_before_anything_is_stored() {
    let server = Server::with_alpha().await;
    let tenants = server.world.tenants_with(Arc::new(Noise));
    let response = call(tenants, 2000, Some("gzip")).await;
    assert_eq!(response["statusCode"], 413);
    let error: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("would have compressed") && message.contains("name fewer directories"),
        "{message}"
    );
    assert!(server.world.catalog.all_builds().is_empty());
    assert_eq!(server.world.catalog.all_editions().len(), 1);
}

#[tokio::test]
#[ignore = "takes a minute where nothing is optimized; run it with --release -- --ignored"]
async fn what_is_allowed_at_most_fits_compressed() {
    let server = Server::with_alpha().await;
    let response = register(&server, 20_000, Some("gzip")).await;
    assert_eq!(response["statusCode"], 201);
    let size = response.to_string().len();
    assert!(size < LIMIT, "{size}");
}

#[tokio::test]
async fn a_few_hundred_directories_fit_plain() {
    let server = Server::with_alpha().await;
    let response = register(&server, 300, None).await;
    assert_eq!(response["statusCode"], 201);
    assert!(response.to_string().len() < LIMIT);
    assert_eq!(response["isBase64Encoded"], false);
}
