//! The CDN's recorder.

use std::collections::HashMap;

use serde_json::json;

use super::start;

#[tokio::test]
async fn the_cdn_records_purges_and_fails_when_told_to() {
    let stand_ins = start(None).await;
    let (fastly, http) = (stand_ins.fastly(), reqwest::Client::new());
    let mut purges = fastly.subscribe();
    let url = format!("{}/service/svc/purge", stand_ins.fastly_url());
    let unauthorised = http
        .post(&url)
        .json(&json!({"surrogate_keys": ["a"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(unauthorised.status(), 401);
    let purge = || http.post(&url).header("fastly-key", "token");
    let soft = purge()
        .header("fastly-soft-purge", "1")
        .json(&json!({"surrogate_keys": ["a", "b"]}));
    let done = soft.send().await.unwrap();
    assert!(done.headers().contains_key("fastly-ratelimit-remaining"));
    assert!(done.headers().contains_key("fastly-ratelimit-reset"));
    assert_eq!(done.json::<HashMap<String, String>>().await.unwrap().len(), 2);
    assert_eq!(
        purge()
            .header("surrogate-key", "c d")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let single = http
        .post(format!("{url}/e"))
        .header("fastly-key", "token")
        .send()
        .await
        .unwrap();
    assert_eq!(single.status(), 200);

    fastly.fail_next(2, reqwest::StatusCode::TOO_MANY_REQUESTS);
    for status in [429, 429, 200] {
        assert_eq!(
            purge()
                .header("surrogate-key", "f")
                .send()
                .await
                .unwrap()
                .status(),
            status
        );
    }
    let many: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    let refused = purge()
        .json(&json!({"surrogate_keys": many}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);

    let recorded: Vec<_> = fastly
        .purges()
        .into_iter()
        .map(|purge| (purge.keys.join(" "), purge.soft))
        .collect();
    let expected = [("a b", true), ("c d", false), ("e", false), ("f", false)];
    assert_eq!(recorded, expected.map(|(keys, soft)| (keys.to_owned(), soft)));
    for (keys, _) in expected {
        assert_eq!(purges.recv().await.unwrap().keys.join(" "), keys);
    }
}
