//! What every [`Cdn`] must do.

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use imprint_app::ports::{Cdn, PurgeError};
use imprint_domain::id::SurrogateKey;
use imprint_domain::purge::MAX_KEYS;
use jiff::SignedDuration;

use super::{run_all, suite, unique};
use crate::memory::{MemoryCdn, Purge, Refusal};
use crate::samples;

/// The CDN's side of the line.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// Every purge that was accepted, in order.
    async fn purges(&self) -> Vec<Purge>;

    /// Says no to the next call.
    async fn refuse_next(&self, refusal: Refusal);
}

#[async_trait]
impl Backstage for MemoryCdn {
    async fn purges(&self) -> Vec<Purge> {
        self.purges()
    }

    async fn refuse_next(&self, refusal: Refusal) {
        self.fail_next(1, refusal);
    }
}

/// Both sides.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The adapter.
    pub cdn: &'a dyn Cdn,
    /// What it talks to.
    pub backstage: &'a dyn Backstage,
    /// A service that the CDN knows.
    pub service: &'a str,
}

impl std::fmt::Debug for Sides<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sides").field(&self.service).finish()
    }
}

/// A test of the suite.
pub type Test = for<'a> fn(Sides<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one, and not at the same time: a refusal meets whoever calls next.
pub const ALL: &[(&str, Test)] = suite![Test:
    a_purge_that_is_accepted_names_every_key_once,
    the_most_keys_go_in_one_call,
    a_busy_cdn_says_so_and_may_say_when_to_come_back,
    a_refusal_is_for_good,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(cdn: &dyn Cdn, backstage: &dyn Backstage, service: &str) {
    let sides = Sides {
        cdn,
        backstage,
        service,
    };
    run_all(ALL.iter().map(|(name, test)| (*name, test(sides)))).await;
}

fn keys(count: usize) -> Vec<SurrogateKey> {
    let tag = unique();
    (0..count)
        .map(|n| samples::surrogate_key(&format!("{tag} {n}")))
        .collect()
}

/// The accepted calls that name one of these keys.
async fn accepted(sides: Sides<'_>, keys: &[SurrogateKey]) -> Vec<Purge> {
    let mut purges = sides.backstage.purges().await;
    purges.retain(|purge| purge.keys.iter().any(|key| keys.contains(key)));
    purges
}

fn purge_of(sides: Sides<'_>, keys: &[SurrogateKey]) -> Purge {
    Purge {
        service: sides.service.to_owned(),
        keys: keys.to_vec(),
    }
}

async fn a_purge_that_is_accepted_names_every_key_once(sides: Sides<'_>) {
    for count in [1, 3] {
        let keys = keys(count);
        sides.cdn.purge(sides.service, &keys).await.unwrap();
        assert_eq!(accepted(sides, &keys).await, [purge_of(sides, &keys)]);
    }
}

async fn the_most_keys_go_in_one_call(sides: Sides<'_>) {
    let keys = keys(MAX_KEYS);
    sides.cdn.purge(sides.service, &keys).await.unwrap();
    assert_eq!(accepted(sides, &keys).await, [purge_of(sides, &keys)]);
}

async fn a_busy_cdn_says_so_and_may_say_when_to_come_back(sides: Sides<'_>) {
    let half_a_minute = SignedDuration::from_secs(30);
    for asked in [None, Some(half_a_minute)] {
        let keys = keys(1);
        let refusal = Refusal::Busy { retry_after: asked };
        sides.backstage.refuse_next(refusal).await;
        match sides.cdn.purge(sides.service, &keys).await {
            Err(PurgeError::Busy { retry_after, .. }) => {
                // The CDN may name a moment instead, so that some of the time has passed.
                assert_eq!(retry_after.is_some(), asked.is_some());
                let in_range = |wait| wait > SignedDuration::ZERO && wait <= half_a_minute;
                assert!(retry_after.is_none_or(in_range), "{retry_after:?}");
            }
            other => panic!("{other:?} of a busy CDN"),
        }
        assert_eq!(accepted(sides, &keys).await, []);
        sides.cdn.purge(sides.service, &keys).await.unwrap();
        assert_eq!(accepted(sides, &keys).await.len(), 1);
    }
}

async fn a_refusal_is_for_good(sides: Sides<'_>) {
    let keys = keys(2);
    sides.backstage.refuse_next(Refusal::Refused).await;
    let refused = sides.cdn.purge(sides.service, &keys).await;
    assert!(matches!(refused, Err(PurgeError::Refused(_))), "{refused:?}");
    assert_eq!(accepted(sides, &keys).await, []);
}
