use std::error::Error as _;

use imprint_app::ports::PurgeError;
use imprint_domain::id::SurrogateKey;
use reqwest::StatusCode;

use crate::stack::{FASTLY_KEY, Stack};

fn keys(count: u8) -> Vec<SurrogateKey> {
    (0..count).map(|n| SurrogateKey::from_bytes([n; 16])).collect()
}

#[tokio::test]
async fn a_purge_is_one_request_and_soft_unless_told_otherwise() {
    let stack = Stack::start().await;
    let keys = keys(3);
    stack.env.cdn.purge("service-1", &keys).await.unwrap();
    stack
        .with(&[("IMPRINT_PURGE", "hard")])
        .cdn
        .purge("service-1", &keys[..1])
        .await
        .unwrap();
    stack.env.cdn.purge("service-1", &[]).await.unwrap();
    let purges = stack.standins.fastly().purges();
    assert_eq!(
        purges.iter().map(|purge| purge.soft).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(
        purges[0].keys,
        keys.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    assert_eq!(purges[0].service, "service-1");
}

#[tokio::test]
async fn a_busy_cdn_is_told_from_one_that_refuses() {
    let stack = Stack::start().await;
    let purge = async |status| {
        stack
            .standins
            .fastly()
            .fail_next(1, StatusCode::from_u16(status).unwrap());
        stack.env.cdn.purge("service-1", &keys(1)).await.unwrap_err()
    };
    for status in [429, 500, 503] {
        let error = purge(status).await;
        assert!(matches!(error, PurgeError::Busy { .. }), "{status}: {error:?}");
    }
    for status in [400, 401, 403, 404] {
        let error = purge(status).await;
        assert!(matches!(error, PurgeError::Refused(_)), "{status}: {error:?}");
    }
    assert!(stack.standins.fastly().purges().is_empty());
    let nowhere = stack.with(&[("IMPRINT_FASTLY_API", "http://127.0.0.1:9")]).cdn;
    let error = nowhere.purge("service-1", &keys(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            PurgeError::Busy {
                retry_after: None,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    let stack = Stack::start().await;
    stack.standins.fastly().fail_next(1, StatusCode::FORBIDDEN);
    let refused = stack.env.cdn.purge("service-1", &keys(1)).await.unwrap_err();
    let nowhere = stack.with(&[("IMPRINT_FASTLY_API", "http://127.0.0.1:9")]).cdn;
    let unreachable = nowhere.purge("service-1", &keys(1)).await.unwrap_err();
    for error in [refused, unreachable] {
        let said = format!("{error:?} {error} {}", error.source().unwrap());
        assert!(!said.contains(FASTLY_KEY), "{said}");
    }
}

#[tokio::test]
async fn a_function_without_key_is_refused_by_name() {
    let stack = Stack::start().await;
    let cdn = stack.with(&[("IMPRINT_FASTLY_KEY", "")]).cdn;
    let error = cdn.purge("service-1", &keys(1)).await.unwrap_err();
    assert!(
        matches!(&error, PurgeError::Refused(source) if source.to_string().contains("IMPRINT_FASTLY_KEY"))
    );
}
