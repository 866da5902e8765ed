//! What a key does, case by case.

use std::io::Read as _;
use std::sync::Arc;

use http::StatusCode;
use imprint_app::ports::{Change, PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
use imprint_domain::access::{Permission, Permissions, Products, Rights, Token};
use imprint_domain::key::ObjectKey;
use imprint_testing::{Moment, Trouble, samples};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{KEY, image, is_replayed, same};
use crate::server::{ADMIN, Answer, Server, WITH_FORMS};

const BUILDS: &str = "/products/alpha/builds/";

fn build() -> Value {
    json!({"git_refs": ["main"]})
}

async fn register(server: &Server, token: &str, key: &str) -> Answer {
    let call = server.post(BUILDS).token(token).header("idempotency-key", key);
    call.json(&build()).await
}

fn number_of_builds(server: &Server) -> usize {
    server.world.catalog.all_builds().len()
}

#[tokio::test]
async fn the_same_key_and_request_get_the_same_answer_and_have_one_effect() {
    let server = Server::with_alpha().await;
    let first = register(&server, ADMIN, KEY).await.expect(StatusCode::CREATED);
    assert!(!is_replayed(&first));
    let once = image(&server);
    for _ in 0..3 {
        let again = register(&server, ADMIN, KEY).await;
        assert!(is_replayed(&again));
        assert_eq!(same(&again), same(&first));
        assert!(again.header("location").ends_with("/builds/1"));
    }
    assert_eq!(image(&server), once);
    // Another key, or none, means another request.
    register(&server, ADMIN, "another")
        .await
        .expect(StatusCode::CREATED);
    server
        .post(BUILDS)
        .admin()
        .json(&build())
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(number_of_builds(&server), 3);
}

#[tokio::test]
async fn the_same_key_with_anything_else_is_refused() {
    let server = Server::with_alpha().await;
    register(&server, ADMIN, KEY).await.expect(StatusCode::CREATED);
    let once = image(&server);
    let keyed = |method: &str, path: &str| server.call(method, path).admin().header("idempotency-key", KEY);
    let others = [
        keyed("POST", BUILDS).json(&json!({"git_refs": ["other"]})).await,
        keyed("POST", "/products/alpha/builds/?x=1").json(&build()).await,
        keyed("POST", "/products/alpha/editions/").json(&build()).await,
        keyed("PATCH", "/products/alpha").json(&build()).await,
        keyed("POST", BUILDS)
            .header("if-match", "\"x\"")
            .json(&build())
            .await,
    ];
    for answer in others {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let body = answer.json();
        assert_eq!(
            (&body["status"], &body["error"]),
            (&json!(422), &json!("idempotency_key_reused"))
        );
    }
    assert_eq!(image(&server), once);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let server = Server::with_alpha().await;
    for key in ["", " ", "a b", &"x".repeat(256)] {
        let answer = register(&server, ADMIN, key).await;
        answer.bad("a key has 1 to 255 visible ASCII characters");
    }
    let twice = server
        .post(BUILDS)
        .admin()
        .header("idempotency-key", "a")
        .header("idempotency-key", "a");
    twice.json(&build()).await.bad("given twice");
    assert_eq!(number_of_builds(&server), 0);
    // What changes nothing has no use for a key and does not look at it.
    let read = server.get("/products/alpha").header("idempotency-key", "a b");
    let read = read.send().await.expect(StatusCode::OK);
    assert!(!is_replayed(&read));
    register(&server, ADMIN, &"x".repeat(255))
        .await
        .expect(StatusCode::CREATED);
}

fn token_of(secret: &str, user: &str, permissions: &[Permission]) -> Change {
    Change::CreateToken(Token {
        rights: Rights::of(Permissions::of(permissions)),
        ..samples::token(&hex::encode(Sha256::digest(secret)), user)
    })
}

#[tokio::test]
async fn a_key_is_its_users_and_nobody_elses() {
    let server = Server::with_alpha().await;
    let rights = [Permission::UploadBuild];
    server.world.catalog.seed(vec![
        token_of("imp_a", "a", &rights),
        token_of("imp_a2", "a", &rights),
        token_of("imp_b", "b", &rights),
    ]);
    let first = register(&server, "imp_a", KEY).await.expect(StatusCode::CREATED);
    // A user logs in anew and asks again.
    let again = register(&server, "imp_a2", KEY).await;
    assert!(is_replayed(&again));
    assert_eq!(same(&again), same(&first));
    let other = register(&server, "imp_b", KEY).await.expect(StatusCode::CREATED);
    assert!(!is_replayed(&other));
    assert_eq!(number_of_builds(&server), 2);
}

#[tokio::test]
async fn an_answer_is_repeated_only_for_whoever_may_still_ask() {
    let server = Server::with_alpha().await;
    let rights = [Permission::UploadBuild];
    server.world.catalog.seed(vec![token_of("imp_a", "a", &rights)]);
    register(&server, "imp_a", KEY).await.expect(StatusCode::CREATED);
    let revoked = samples::token(&hex::encode(Sha256::digest("imp_a")), "a");
    server.world.catalog.seed(vec![Change::RevokeToken(revoked)]);
    let answer = register(&server, "imp_a", KEY).await;
    answer.refused(401, "unauthorized", "please send your authentication token");
    // Without the permission, and with others.
    let limited = Token {
        products: Products::Only([samples::parsed("alpha")].into()),
        ..samples::token(&hex::encode(Sha256::digest("imp_limited")), "a")
    };
    server.world.catalog.seed(vec![
        token_of("imp_less", "a", &[Permission::AdminEdition]),
        Change::CreateToken(limited),
    ]);
    register(&server, "imp_less", KEY)
        .await
        .expect(StatusCode::FORBIDDEN);
    register(&server, "imp_limited", KEY)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(number_of_builds(&server), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let server = Server::with_alpha().await;
    let day = SignedDuration::from_hours(24);
    let long = Token {
        expires_at: samples::NOON + day * 3,
        ..samples::token(&hex::encode(Sha256::digest("imp_long")), "a")
    };
    server.world.catalog.seed(vec![Change::CreateToken(long)]);
    register(&server, "imp_long", KEY)
        .await
        .expect(StatusCode::CREATED);
    server.world.clock.advance(day - SignedDuration::from_secs(1));
    assert!(is_replayed(&register(&server, "imp_long", KEY).await));
    server.world.clock.advance(SignedDuration::from_secs(1));
    let anew = register(&server, "imp_long", KEY)
        .await
        .expect(StatusCode::CREATED);
    assert!(!is_replayed(&anew));
    assert_eq!(number_of_builds(&server), 2);
}

#[tokio::test]
async fn what_is_under_way_is_not_begun_again() {
    let server = Server::with_alpha().await;
    // The first commit says that it begins.
    let hold = server.world.faults().hold("catalog.commit", 2);
    let second = async {
        hold.reached().await;
        let answer = register(&server, ADMIN, KEY).await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(register(&server, ADMIN, KEY), second);
    assert_eq!(second.header("retry-after"), "2");
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert_eq!(second.json()["error"], "idempotency_key_in_progress");
    let first = first.expect(StatusCode::CREATED);
    let third = register(&server, ADMIN, KEY).await;
    assert_eq!(same(&third), same(&first));
    assert_eq!(number_of_builds(&server), 1);
}

#[tokio::test]
async fn of_many_at_once_one_has_the_effect() {
    for seed in 0..40 {
        let server = Server::with_alpha().await;
        server.world.gate.interleave(seed, 4);
        let all = (0..4).map(|_| register(&server, ADMIN, KEY));
        let answers = futures_util::future::join_all(all).await;
        assert_eq!(number_of_builds(&server), 1, "{seed}");
        let created: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == StatusCode::CREATED)
            .collect();
        assert_eq!(
            created.iter().filter(|answer| !is_replayed(answer)).count(),
            1,
            "{seed}"
        );
        for answer in &answers {
            let is_told = answer.status == StatusCode::CREATED
                || answer.json()["error"] == "idempotency_key_in_progress";
            assert!(is_told, "{seed}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_that_will_not_change_is_kept_and_others_are_not() {
    let server = Server::with_alpha().await;
    let keyed = |path: &str| server.patch(path).admin().header("idempotency-key", KEY);
    let missing = keyed("/products/beta").json(&json!({"title": "B"})).await;
    let missing = missing.expect(StatusCode::NOT_FOUND);
    let body = json!({"slug": "beta", "title": "Beta", "doc_repo": "https://github.com/example/beta"});
    server
        .post("/products/")
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED);
    let again = keyed("/products/beta").json(&json!({"title": "B"})).await;
    assert!(is_replayed(&again));
    assert_eq!(same(&again), same(&missing));
    // Others were in the way: it is to be sent again.
    let faults = server.world.faults();
    let keyed = || {
        let call = server.patch("/products/beta").admin();
        call.header("idempotency-key", "another")
    };
    faults.times("catalog.commit", 2, 8, Moment::Before, Trouble::Conflict);
    let refused = keyed().json(&json!({"title": "B"})).await;
    assert_eq!(refused.expect(StatusCode::CONFLICT).json()["error"], "conflict");
    faults.clear();
    let done = keyed().json(&json!({"title": "B"})).await.expect(StatusCode::OK);
    assert!(!is_replayed(&done));
    assert_eq!(done.json()["title"], "B");
}

#[tokio::test]
async fn what_failed_by_our_fault_is_tried_again_with_the_same_key() {
    let server = Server::with_alpha().await;
    for trouble in [Trouble::Busy, Trouble::Failed] {
        let faults = server.world.faults();
        faults.once("catalog.commit", 2, Moment::Before, trouble);
        let failed = register(&server, ADMIN, KEY).await;
        assert!(failed.status.is_server_error());
    }
    let done = register(&server, ADMIN, KEY).await.expect(StatusCode::CREATED);
    assert!(!is_replayed(&done));
    assert_eq!(number_of_builds(&server), 1);
}

#[tokio::test]
async fn no_secret_of_an_answer_is_stored_in_plain() {
    let server = Server::new();
    let ci = samples::user("ci");
    server.world.catalog.seed(vec![Change::CreateUser(ci)]);
    let make = || {
        let call = server.post("/users/ci/tokens/").admin();
        call.header("idempotency-key", KEY)
    };
    let first = make().json(&json!({"label": "laptop"})).await;
    let secret = first.expect(StatusCode::CREATED).json()["token"].clone();
    let secret = secret.as_str().unwrap().to_owned();
    let kept = server.world.catalog.image_of_kept();
    assert!(kept.contains("Answered"), "{kept}");
    assert!(
        !kept.contains(&secret) && !kept.contains("laptop") && !kept.contains(KEY),
        "{kept}"
    );
    let again = make().json(&json!({"label": "laptop"})).await;
    assert_eq!(again.json()["token"], secret);
}

/// Forms with noise in them, as signatures are.
struct Noisy(usize);

impl Uploads for Noisy {
    fn presign(
        &self,
        slot: &UploadSlot,
        _: jiff::Timestamp,
        _: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        let noise = (0..self.0).map(|n| hex::encode(Sha256::digest(format!("{slot:?} {n}"))));
        let noise: String = noise.collect();
        let fields: Map<String, Value> = [("policy".to_owned(), noise.into())].into_iter().collect();
        Ok(PresignedPost {
            url: "https://docs.s3.example.org/".to_owned(),
            fields,
        })
    }

    fn presign_put(
        &self,
        _: &ObjectKey,
        _: jiff::Timestamp,
        _: SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        Err(PresignError("nobody sends an archive".into()))
    }

    fn presign_download(
        &self,
        _: &ObjectKey,
        _: jiff::Timestamp,
        _: SignedDuration,
    ) -> Result<String, PresignError> {
        Ok(String::new())
    }
}

async fn forms(noise: usize) -> Server {
    let server = Server::with_alpha().await;
    let tenants = server.world.tenants_with(Arc::new(Noisy(noise)));
    Server::over(tenants, server.world)
}

async fn register_with_forms(server: &Server, encoding: &str) -> Answer {
    let call = server.post(BUILDS).admin().header("accept", WITH_FORMS);
    let call = call
        .header("accept-encoding", encoding)
        .header("idempotency-key", KEY);
    call.json(&json!({"git_refs": ["main"], "directories": ["/"]}))
        .await
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_for_who_cannot_read_it() {
    let server = forms(1_600).await;
    let first = register_with_forms(&server, "gzip").await;
    let first = first.expect(StatusCode::CREATED);
    assert_eq!(first.header("content-encoding"), "gzip");
    assert_eq!(same(&register_with_forms(&server, "gzip").await), same(&first));
    let plain = register_with_forms(&server, "identity").await;
    assert!(is_replayed(&plain));
    assert_eq!(plain.header("content-encoding"), "");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(first.bytes.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(plain.bytes, unpacked);
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_kept_says_so_and_where_to_look() {
    let server = forms(12_000).await;
    let first = register_with_forms(&server, "gzip").await;
    let location = first.expect(StatusCode::CREATED).header("location").to_owned();
    let again = register_with_forms(&server, "gzip").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.json()["error"], "answer_lost");
    assert!(again.json()["message"].as_str().unwrap().contains("too large"));
    assert_eq!(again.header("location"), location);
    assert_eq!(number_of_builds(&server), 1);
}

#[tokio::test]
async fn whoever_shows_no_token_has_keys_of_a_path() {
    let server = Server::new();
    let check_in = |path: &str, key: &str| {
        let call = server.post(path).header("idempotency-key", key);
        async move { call.json(&json!({"id": "c1"})).await }
    };
    let short = check_in("/v3/clusters", "short").await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(
        short.json()["message"]
            .as_str()
            .unwrap()
            .contains("16 characters")
    );
    let first = check_in("/v3/clusters", KEY).await.expect(StatusCode::OK);
    let again = check_in("/v3/clusters", KEY).await;
    assert!(is_replayed(&again));
    assert_eq!(same(&again), same(&first));
    // The path is another one, and so is the request.
    let other = check_in("/v2/clusters/c1", KEY).await.expect(StatusCode::OK);
    assert!(!is_replayed(&other));
    let cluster = server.get("/v4/clusters/c1").send().await.json();
    assert_eq!(cluster["checkins"], 2);
    // The registry's refusals have the registry's form.
    let body = json!({"id": "c2"});
    let call = server.post("/v3/clusters").header("idempotency-key", KEY);
    let reused = call.json(&body).await;
    assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reused.json()["code"], 422);
}
