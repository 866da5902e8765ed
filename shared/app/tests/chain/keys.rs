//! Requests that bear a key, below HTTP: one run has an effect, whatever dies, sleeps or comes late.

use std::sync::Arc;

use imprint_app::idempotency::{Answer, Begun, Ended, KeptBody, Once, begin};
use imprint_app::ports::{Change, StoreError};
use imprint_app::tenants::Tenants;
use imprint_domain::idempotency::{Fingerprint, LEASE};
use imprint_testing::{World, samples};

async fn begun(tenants: &Tenants) -> Begun {
    let kept = samples::kept_request("a key");
    let fingerprint = Fingerprint::of(&[b"a request"]);
    begin(tenants, kept.id, fingerprint).await.unwrap()
}

async fn run(tenants: &Tenants) -> Arc<Once> {
    match begun(tenants).await {
        Begun::Run(once) => once,
        other => panic!("{other:?}"),
    }
}

/// The effect: a product, by whoever is first.
async fn take_effect(tenants: &Tenants, once: &Arc<Once>) -> Result<(), StoreError> {
    let env = tenants.lent_by(once).of_default().await.unwrap();
    let product = Change::CreateProduct(samples::product("alpha"));
    env.catalog.commit(vec![product]).await
}

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: Vec::new(),
        body: KeptBody::Whole(b"{}".to_vec()),
    }
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_not_had_again() {
    let world = World::new();
    let tenants = world.tenants();
    let once = run(&tenants).await;
    take_effect(&tenants, &once).await.unwrap();
    assert!(matches!(begun(&tenants).await, Begun::UnderWay));
    world.clock.advance(LEASE);
    assert!(matches!(begun(&tenants).await, Begun::Lost));
    // Somebody had only slept.
    assert_eq!(once.conclude(Some(&answer())).await, Ended::Answered);
    let Begun::Replay(replayed) = begun(&tenants).await else {
        panic!("it was answered");
    };
    assert_eq!(replayed, answer());
}

#[tokio::test]
async fn of_a_run_that_slept_and_the_one_that_took_over_one_has_the_effect() {
    let world = World::new();
    let tenants = world.tenants();
    let slept = run(&tenants).await;
    world.clock.advance(LEASE);
    let awake = run(&tenants).await;
    let late = take_effect(&tenants, &slept).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(world.catalog.all_products(), []);
    assert_eq!(slept.conclude(Some(&answer())).await, Ended::TakenOver);
    // Nor later, whatever it tries.
    let env = tenants.lent_by(&slept).of_default().await.unwrap();
    let other = Change::CreateProduct(samples::product("beta"));
    assert!(env.catalog.commit(vec![other]).await.is_err());
    take_effect(&tenants, &awake).await.unwrap();
    assert_eq!(awake.conclude(Some(&answer())).await, Ended::Answered);
    assert_eq!(world.catalog.all_products().len(), 1);
}

#[tokio::test]
async fn a_run_without_an_effect_frees_its_key_at_once() {
    let world = World::new();
    let tenants = world.tenants();
    let first = run(&tenants).await;
    assert_eq!(first.conclude(None).await, Ended::Answered);
    let second = run(&tenants).await;
    take_effect(&tenants, &second).await.unwrap();
    // We failed after the effect: it is not had again.
    assert_eq!(second.conclude(None).await, Ended::Answered);
    world.clock.advance(LEASE);
    assert!(matches!(begun(&tenants).await, Begun::Lost));
}

#[tokio::test]
async fn whoever_is_lent_nothing_says_nothing_of_effects() {
    let world = World::new();
    let tenants = world.tenants();
    let once = run(&tenants).await;
    // Organizations are kept for some seconds, by whoever has read them.
    let lent = tenants.lent_by(&once).of_default().await.unwrap();
    let own = tenants.of_default().await.unwrap();
    let product = Change::CreateProduct(samples::product("alpha"));
    own.catalog.commit(vec![product]).await.unwrap();
    assert!(!once.took_effect().await);
    lent.catalog.commit(Vec::new()).await.unwrap();
    assert!(!once.took_effect().await);
    let product = Change::CreateProduct(samples::product("beta"));
    lent.catalog.commit(vec![product]).await.unwrap();
    assert!(once.took_effect().await);
}
