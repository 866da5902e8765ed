//! What the gate promises to tests: counts, faults, deaths, interleaving.

use imprint_app::ports::{
    Catalog, Change, Clock, Ids, Objects, Queue, Random, StoreError, UploadSlot, Uploads,
};
use imprint_domain::id::BuildId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Moment, Site, Step, Trouble, World, run_until_death};
use jiff::SignedDuration;

/// Five calls, two of them copies.
async fn five_calls(world: &World) -> Result<(), StoreError> {
    let env = world.env();
    let key = ObjectKey::new("a");
    env.objects
        .write(&key, "body".into(), &Headers::default())
        .await?;
    for to in ["b", "c"] {
        env.objects
            .copy(&key, &ObjectKey::new(to), &Headers::default())
            .await?;
    }
    env.catalog
        .allot(Ids {
            builds: 1,
            editions: 1,
        })
        .await?;
    env.catalog.build(BuildId(1)).await?;
    Ok(())
}

#[tokio::test]
async fn requests_are_counted_as_the_real_adapters_send_them() {
    let world = World::new();
    five_calls(&world).await.unwrap();
    let counts = world.counts();
    assert_eq!(counts.of("objects.copy"), 2);
    assert_eq!(counts.of("catalog.allot"), 2);
    assert_eq!(counts.calls("catalog.allot"), 1);
    assert_eq!(counts.of("catalog.build"), 2);
    assert_eq!(counts.port("objects"), 3);
    assert_eq!(counts.total(), 7);
    assert_eq!(counts.total_except(&["objects.copy"]), 5);
    assert_eq!(counts.all_calls(), 5);
    counts.reset();
    assert_eq!(counts.total(), 0);
}

#[tokio::test]
async fn sending_costs_a_request_for_each_queue_and_ten_messages() {
    let world = World::new();
    let build = samples::build(1, "main");
    let edition = samples::edition(1, "main", "main");
    let task = samples::task_id("t");
    let mut envelopes: Vec<_> = (0..11)
        .map(|n| {
            let message = samples::copy_message(&task, &edition, &build, n);
            samples::outbox_entry(&n.to_string(), message).envelope()
        })
        .collect();
    envelopes.push(samples::outbox_entry("r", samples::register_message(&task, &build)).envelope());
    world.queue.send(&envelopes).await.unwrap();
    assert_eq!(world.counts().of("queue.send"), 3);
    assert_eq!(world.queue.take(Step::RegisterBuild), envelopes.last().cloned());
    assert_eq!(world.queue.take_all(), envelopes[..11]);
}

#[tokio::test]
async fn a_run_that_dies_before_a_call_leaves_the_effects_of_the_calls_before_it() {
    let keys_at_death = [0, 1, 2, 3, 3];
    for (before, keys) in keys_at_death.into_iter().enumerate() {
        let world = World::new();
        let outcome = run_until_death(before as u64 + 1, Moment::Before, five_calls(&world)).await;
        assert!(outcome.is_none(), "dies at call {}", before + 1);
        assert_eq!(world.objects.keys("").len(), keys);
    }
}

#[tokio::test]
async fn a_run_that_dies_after_a_call_leaves_its_effect_too() {
    let world = World::new();
    let outcome = run_until_death(2, Moment::After, five_calls(&world)).await;
    assert!(outcome.is_none());
    assert_eq!(world.objects.keys(""), ["a", "b"]);
}

#[tokio::test]
async fn a_run_with_fewer_calls_than_its_death_needs_lives() {
    let world = World::new();
    assert!(
        run_until_death(6, Moment::Before, five_calls(&world))
            .await
            .is_some()
    );
    assert!(
        run_until_death(5, Moment::After, five_calls(&world))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn one_run_dies_while_another_on_the_same_ports_lives() {
    let world = World::new();
    world.gate.interleave(7, 3);
    let dies = run_until_death(1, Moment::Before, async {
        five_calls(&world).await.unwrap();
    });
    let (dead, alive) = futures_util::future::join(dies, five_calls(&world)).await;
    assert!(dead.is_none());
    alive.unwrap();
}

#[tokio::test]
async fn a_planned_failure_strikes_before_or_after_the_effect() {
    for (moment, keys) in [
        (Moment::Before, vec!["a", "b"]),
        (Moment::After, vec!["a", "b", "c"]),
    ] {
        let world = World::new();
        world.faults().once("objects.copy", 2, moment, Trouble::Busy);
        let failed = five_calls(&world).await;
        assert!(matches!(failed, Err(StoreError::Busy(_))));
        assert_eq!(world.objects.keys(""), keys);
        five_calls(&world).await.unwrap();
    }
}

#[tokio::test]
async fn a_lasting_failure_ends_when_it_is_cleared() {
    let world = World::new();
    world
        .faults()
        .from("catalog.allot", 1, Moment::Before, Trouble::Failed);
    for _ in 0..3 {
        assert!(matches!(five_calls(&world).await, Err(StoreError::Failed(_))));
    }
    world.faults().clear();
    five_calls(&world).await.unwrap();
}

#[tokio::test]
async fn chaos_follows_from_its_seed() {
    let outcomes = |seed: u64| async move {
        let world = World::new();
        world.faults().chaos(seed, 3);
        let mut outcomes = Vec::new();
        for _ in 0..20 {
            outcomes.push(five_calls(&world).await.is_ok());
        }
        outcomes
    };
    assert_eq!(outcomes(1).await, outcomes(1).await);
    assert_ne!(outcomes(1).await, outcomes(2).await);
}

#[tokio::test]
async fn a_held_call_waits_until_it_is_released() {
    let world = World::new();
    let hold = world.faults().hold("objects.copy", 1);
    let other = async {
        hold.reached().await;
        assert_eq!(world.objects.keys(""), ["a"]);
        hold.release();
    };
    let (done, ()) = futures_util::future::join(five_calls(&world), other).await;
    done.unwrap();
}

#[tokio::test]
async fn interleaved_work_takes_many_orders_and_the_same_for_the_same_seed() {
    let order = |seed: u64| async move {
        let world = World::new();
        world.gate.interleave(seed, 4);
        let one = |name: &'static str| {
            let objects = world.objects.clone();
            async move {
                for n in 0..4 {
                    let key = ObjectKey::new(format!("{name}{n}"));
                    objects.write(&key, "".into(), &Headers::default()).await.unwrap();
                }
            }
        };
        futures_util::future::join(one("a"), one("b")).await;
        world.objects.history()
    };
    assert_eq!(order(1).await, order(1).await);
    let mut orders = std::collections::HashSet::new();
    for seed in 0..20 {
        orders.insert(format!("{:?}", order(seed).await));
    }
    assert!(orders.len() > 10, "20 seeds gave {} orders", orders.len());
}

#[test]
fn signing_can_be_made_to_fail() {
    let world = World::new();
    world
        .faults()
        .once("uploads.presign", 2, Moment::Before, Trouble::Failed);
    let slot = UploadSlot::Marker {
        key: ObjectKey::new("done"),
    };
    let sign = || {
        world
            .uploads
            .presign(&slot, samples::NOON, SignedDuration::from_hours(1))
    };
    let first = sign().unwrap();
    sign().unwrap_err();
    assert_eq!(sign().unwrap(), first);
    assert_eq!(world.uploads.slots().len(), 2);
    assert_eq!(world.counts().total(), 0);
}

#[test]
fn seeded_randomness_follows_from_its_seed_and_never_repeats() {
    let draw = |seed: u64| {
        let random = imprint_testing::SeededRandom::new(seed);
        (0..1000).map(|_| random.bytes()).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1)[0], draw(2)[0]);
    let mut prefixes: Vec<_> = draw(1).iter().map(|bytes| bytes[..8].to_vec()).collect();
    prefixes.sort();
    prefixes.dedup();
    assert_eq!(prefixes.len(), 1000);
}

#[test]
fn the_clock_moves_only_when_it_is_told_to() {
    let world = World::new();
    assert_eq!(world.clock.now(), world.clock.now());
    world.clock.advance(SignedDuration::from_secs(5));
    assert_eq!(world.clock.now(), samples::after_noon(5));
    world.clock.tick(SignedDuration::from_secs(1));
    world.clock.now();
    assert_eq!(world.clock.now(), samples::after_noon(6));
}

#[tokio::test]
async fn the_bucket_has_a_clock_of_its_own() {
    let world = World::new();
    world.clock.advance(SignedDuration::from_nanos(1_999_999_999));
    world.objects.set_skew(SignedDuration::from_secs(-60));
    world.objects.set_resolution(SignedDuration::from_secs(1));
    world.objects.put("a", "x", Headers::default());
    let object = world.objects.get("a").unwrap();
    assert_eq!(object.written_at, samples::after_noon(-59));
    assert_eq!(object.etag, "9dd4e461268c8034f5c8564e155c67a6", "the MD5 of x");
}

#[tokio::test]
async fn a_deletion_can_fail_for_one_key_within_a_success() {
    let world = World::new();
    for key in ["a", "b"] {
        world.objects.put(key, "", Headers::default());
    }
    world.objects.fail_deletes_of("a", 1, true);
    let keys = [ObjectKey::new("a"), ObjectKey::new("b")];
    let failures = world.objects.delete(&keys).await.unwrap();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].retryable && failures[0].key == keys[0]);
    assert_eq!(world.objects.keys(""), ["a"]);
    assert!(world.objects.delete(&keys).await.unwrap().is_empty());
}

#[test]
fn a_site_is_uploaded_as_clients_leave_it() {
    let world = World::new();
    let build = samples::build(1, "main");
    let site = Site::new().file("index.html", "home").file("a/b/c.css", "p {}");
    site.upload(&world.objects, &build);
    assert_eq!(
        world.objects.keys("alpha/builds/"),
        ["1", "1/a", "1/a/b", "1/a/b/c.css", "1/index.html"].map(|key| format!("alpha/builds/{key}"))
    );
    assert_eq!(site.paths(), ["a", "a/b", "a/b/c.css", "index.html"]);
    let directory = world.objects.get("alpha/builds/1/a").unwrap();
    assert!(directory.headers.is_redirect() && directory.body.is_empty());
    let page = world.objects.get("alpha/builds/1/index.html").unwrap();
    assert_eq!(page.headers.content_type.as_deref(), Some("text/html"));
    assert_eq!(
        page.headers.metadata.get("surrogate-key").map(String::as_str),
        Some(build.surrogate_key.as_str())
    );
}

#[tokio::test]
async fn a_commit_that_writes_one_thing_twice_is_refused_as_by_dynamodb() {
    let world = World::new();
    let product = samples::product("alpha");
    let twice = vec![
        Change::CreateProduct(product.clone()),
        Change::UpdateProduct(product),
    ];
    let refused = world.catalog.commit(twice).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))));
    assert_eq!(
        world
            .catalog
            .product(&samples::organization_slug(), &parsed("alpha"))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn messages_may_be_delivered_in_any_order_but_within_a_group() {
    let world = World::new();
    let build = samples::build(1, "main");
    let task = samples::task_id("t");
    let copy = |edition: u64, generation: u64| {
        let edition = samples::edition(edition, &format!("e{edition}"), "main");
        let message = samples::copy_message(&task, &edition, &build, generation);
        samples::outbox_entry(&format!("{}-{generation}", edition.id), message).envelope()
    };
    let envelopes = [copy(1, 1), copy(1, 2), copy(2, 1)];
    world.queue.send(&envelopes).await.unwrap();
    let mut seen = 0;
    let last = world.queue.take_one_of(|free| {
        seen = free;
        free - 1
    });
    assert_eq!((seen, last), (2, Some(envelopes[2].clone())));
    assert_eq!(world.queue.take_one_of(|_| 5), Some(envelopes[0].clone()));
    assert_eq!(world.queue.take_one_of(|_| 0), Some(envelopes[1].clone()));
    assert_eq!(world.queue.take_one_of(|_| 0), None);
}

#[tokio::test]
async fn what_is_held_back_is_delivered_in_its_time_and_holds_up_no_other() {
    let world = World::new();
    let version = samples::version(&samples::document(1, "handbook"), "1.0");
    let envelope = |quiet: u32| {
        let message = samples::render_document_message(&version, quiet);
        samples::outbox_entry(&quiet.to_string(), message).envelope()
    };
    let sent = [envelope(60), envelope(5), envelope(0)];
    world.queue.send(&sent).await.unwrap();
    assert_eq!(world.queue.waiting(), 3);
    assert_eq!(world.queue.next_due(), Some(samples::after_noon(5)));
    assert_eq!(
        world.queue.take_one_of(|due| due - 1).as_ref(),
        Some(&sent[2]),
        "the only one that is due"
    );
    assert_eq!(world.queue.take_any(), None);
    assert_eq!(world.queue.take(Step::RenderDocument), None);
    assert_eq!(world.queue.take_all(), []);

    world.clock.set(samples::after_noon(4));
    assert_eq!(world.queue.take_all_of(Step::RenderDocument), []);
    assert!(world.queue.wait_for_next());
    assert_eq!(world.clock.now(), samples::after_noon(5));
    assert!(world.queue.wait_for_next(), "one is due already");
    assert_eq!(world.clock.now(), samples::after_noon(5));
    assert_eq!(world.queue.take(Step::RenderDocument).as_ref(), Some(&sent[1]));

    assert!(world.queue.wait_for_next());
    assert_eq!(world.queue.next_due(), None, "it is due and held back no more");
    let last = world.queue.take_any().unwrap();
    assert_eq!((world.clock.now(), &last), (samples::after_noon(60), &sent[0]));
    world.queue.give_back(last);
    assert_eq!(
        world.queue.take_all(),
        sent[..1],
        "what failed is delivered again at once"
    );
    assert!(!world.queue.wait_for_next());
    assert_eq!(world.clock.now(), samples::after_noon(60));
}

#[tokio::test]
async fn documents_are_counted_and_fail_like_all_else() {
    let world = World::new();
    let env = world.env();
    let (org, alias) = (samples::organization_slug(), parsed("handbook"));
    world
        .faults()
        .once("documents.version", 2, Moment::Before, Trouble::Busy);
    let id = env.documents.allot_document().await.unwrap();
    env.documents.document_with_alias(&org, &alias).await.unwrap();
    env.documents.version(id, parsed("1.0")).await.unwrap();
    let failed = env.documents.version(id, parsed("1.0")).await;
    assert!(matches!(failed, Err(StoreError::Busy(_))));
    let counts = world.counts();
    assert_eq!(counts.of("documents.document_with_alias"), 2);
    assert_eq!((counts.port("documents"), counts.all_calls()), (5, 4));
    let dies = run_until_death(1, Moment::Before, env.documents.document(id)).await;
    assert!(dies.is_none());
}

#[test]
fn an_address_is_signed_for_its_time_or_not_at_all() {
    let world = World::new();
    world
        .faults()
        .once("uploads.presign_download", 2, Moment::Before, Trouble::Failed);
    let key = ObjectKey::new("a/b.pdf");
    let sign = |hours| {
        world
            .uploads
            .presign_download(&key, samples::NOON, SignedDuration::from_hours(hours))
    };
    let first = sign(1).unwrap();
    sign(1).unwrap_err();
    assert_eq!(sign(1).unwrap(), first);
    assert_ne!(sign(2).unwrap(), first);
    assert!(first.contains("a/b.pdf"), "{first}");
    assert_eq!(world.uploads.downloads(), vec![key.clone(); 3]);
    assert!(world.uploads.slots().is_empty());
}
