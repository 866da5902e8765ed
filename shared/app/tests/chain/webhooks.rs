//! Subscribers are told of everything that happened and of nothing that did not, each event at least once, also when
//! they are down for hours or a step dies.

mod deliveries;

use imprint_app::deliver_webhook::deliver_webhook;
use imprint_app::editions;
use imprint_app::error::AppError;
use imprint_app::step::{Delivery, Disposal};
use imprint_app::sweep::sweep;
use imprint_app::webhooks::{self, NewWebhook};
use imprint_domain::message::Message;
use imprint_domain::webhook::{
    Answer, EventKind, Format, OLD_SECRET_LIFE, OldSecret, Secret, State, Topics, Webhook, signature_header,
};
use imprint_testing::memory::Told;
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Moment, Step, Trouble, run_until_death};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::installation::{Installation, sites};

const ONE: &str = "https://one.example.org/";
const TWO: &str = "https://two.example.org/";

/// `one` hears of everything, `two` of what LTD Events hear of.
fn two() -> Vec<Webhook> {
    let all: Vec<EventKind> = EventKind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != EventKind::Ping)
        .collect();
    let ltd = Topics::new(Format::Ltd, [EventKind::EditionUpdated].into()).unwrap();
    let two = Webhook {
        topics: ltd,
        ..samples::webhook("two", &[EventKind::EditionUpdated])
    };
    vec![samples::webhook("one", &all), two]
}

fn updates() -> Vec<Webhook> {
    vec![samples::webhook("one", &[EventKind::EditionUpdated])]
}

fn json_of(told: &Told) -> Value {
    serde_json::from_str(&told.body).unwrap()
}

fn types(told: &[Told]) -> Vec<String> {
    let types = told
        .iter()
        .map(|told| json_of(told)["type"].as_str().unwrap().to_owned());
    types.collect()
}

/// Sweeps each minute for a while, as the schedule does, and delivers what it sends.
async fn pass(here: &Installation, time: SignedDuration) {
    let minute = SignedDuration::from_mins(1);
    for _ in 0..(time.as_mins()) {
        here.world.clock.advance(minute);
        sweep(&here.world.tenants(), SignedDuration::from_secs(120))
            .await
            .unwrap();
        here.settle().await;
    }
}

async fn log(here: &Installation, told: &Told) -> imprint_domain::webhook::Delivery {
    let id = &here.env.organization.policy.webhooks[0].id;
    webhooks::delivery(&here.env, id, &told.id).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_subscriber_hears_what_it_wants_in_its_own_form() {
    let here = Installation::telling(two()).await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    let one = here.world.webhooks.taken_at(ONE);
    let mut heard = types(&one);
    heard.sort();
    assert_eq!(
        heard,
        [
            "build.registered",
            "build.uploaded",
            "edition.created",
            "edition.updated",
            "product.created"
        ]
    );
    let two = here.world.webhooks.taken_at(TWO);
    assert_eq!(two.len(), 1);
    let (updated, ltd) = (one.last().unwrap(), &two[0]);
    assert_eq!(updated.id, ltd.id, "one event, told twice");
    assert_eq!(
        json_of(ltd)["edition"],
        json!({
            "url": "https://keeper.example.org/editions/1",
            "published_url": "https://alpha.example.org",
            "title": "Latest",
            "slug": "main",
            "build_url": "https://keeper.example.org/builds/1",
        })
    );
    assert_eq!(json_of(ltd)["event_type"], "edition.updated");
    assert_eq!(json_of(updated)["data"]["edition"]["generation"], 1);
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_life_of_an_edition_is_told() {
    let here = Installation::telling(two()).await;
    let [a, ..] = sites();
    here.publish(&a, "tickets/DM-1").await;
    let id = here.edition("DM-1").id;
    editions::end(&here.env, id).await.unwrap();
    editions::end(&here.env, id).await.unwrap();
    editions::restore(&here.env, id, None).await.unwrap();
    here.settle().await;
    let told = here.world.webhooks.taken_at(ONE);
    let life: Vec<String> = types(&told)
        .into_iter()
        .filter(|kind| kind.starts_with("edition.") && kind != "edition.updated")
        .collect();
    assert_eq!(
        life,
        [
            "edition.created",
            "edition.created",
            "edition.deleted",
            "edition.restored"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_once_and_what_heals_it_too() {
    let here = Installation::telling(two()).await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.world
        .faults()
        .from("objects.copy", 2, Moment::Before, Trouble::Failed);
    here.publish(&b, "main").await;
    pass(&here, SignedDuration::from_mins(10)).await;
    let failed = |here: &Installation| {
        let told = here.world.webhooks.taken_at(ONE).into_iter();
        told.filter(|told| json_of(told)["type"] == "edition.failed")
            .collect::<Vec<_>>()
    };
    let told = failed(&here);
    assert_eq!(told.len(), 1, "the sweep tries again, and that is no news");
    assert_eq!(json_of(&told[0])["data"]["failure"]["code"], "object_store");
    assert_eq!(json_of(&told[0])["data"]["build"]["slug"], "2");
    here.world.faults().clear();
    here.recover().await;
    assert_eq!(failed(&here).len(), 1);
    assert_eq!(here.world.webhooks.taken_at(TWO).len(), 2);

    let empty = here.upload(&imprint_testing::Site::new(), "main").await;
    here.confirm(&empty).await.unwrap();
    here.settle().await;
    assert_eq!(
        types(&here.world.webhooks.taken_at(ONE)).last().unwrap(),
        "build.failed"
    );
}

/// Whoever sends a step again for the last time works for no organization until then.
#[tokio::test(start_paused = true)]
async fn what_the_sweep_gives_up_is_told_too() {
    let mut here = Installation::new().await;
    let tenants = here.world.tenants();
    let new = NewWebhook {
        url: parsed("https://one.example.org/hook"),
        events: [EventKind::BuildFailed, EventKind::EditionFailed].into(),
        format: Format::Imprint,
        secret: None,
        enabled: true,
    };
    webhooks::create(&tenants, &here.env, new).await.unwrap();
    here.env = tenants.of_default().await.unwrap();
    let (site, mut given_up) = (&sites()[0], 0);
    for lost in [Step::RegisterBuild, Step::CopyEdition] {
        for git_ref in ["main", "main", "v1"] {
            let build = here.upload(site, git_ref).await;
            here.confirm(&build).await.unwrap();
        }
        for _ in 0..10 {
            while let Some(envelope) = here.world.queue.take_any() {
                if Step::of(&envelope.message) != lost {
                    here.deliver(&envelope, 1).await;
                }
            }
            here.world.clock.advance(SignedDuration::from_hours(1));
            here.world.counts().reset();
            let swept = sweep(&here.world.tenants(), SignedDuration::from_secs(120)).await;
            let given_up_now = swept.unwrap().given_up;
            let reads = here.world.counts().of("catalog.organization");
            assert_eq!(reads, given_up_now.min(1), "a read for all that it gives up");
            given_up += given_up_now;
        }
    }
    here.settle().await;
    assert_eq!(given_up, 6);
    let told = here.world.webhooks.taken_at(ONE);
    let mut told = types(&told);
    told.sort();
    assert_eq!(
        told,
        [
            "build.failed",
            "build.failed",
            "build.failed",
            "edition.failed",
            "edition.failed"
        ],
        "main is moved twice and fails once"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_signed_by_every_secret_that_is_good() {
    let mut hooks = updates();
    let old = Secret::of([9; 32]);
    hooks[0].old_secret = Some(OldSecret {
        secret: samples::sealed(&old.reveal()),
        until: samples::NOON + OLD_SECRET_LIFE,
    });
    let here = Installation::telling(hooks).await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.world.clock.advance(OLD_SECRET_LIFE);
    here.publish(&b, "main").await;
    let told = here.world.webhooks.taken_at(ONE);
    let new: Secret = parsed(samples::WEBHOOK_SECRET);
    let [during, after] = &told[..] else {
        panic!("{told:?}")
    };
    let signed = |told: &Told, secrets: &[&Secret]| {
        signature_header(secrets.iter().copied(), &told.id, told.at, &told.body)
    };
    assert_eq!(during.signature, signed(during, &[&new, &old]));
    assert_eq!(after.signature, signed(after, &[&new]));
}

/// The steps that decide an event die at each of their calls; it is told all the same, and as one event.
#[tokio::test(start_paused = true)]
async fn an_event_is_decided_once_wherever_its_step_dies() {
    for victim in [Step::RegisterBuild, Step::PurgeCdn] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let here = Installation::telling(two()).await;
                let [a, ..] = sites();
                let build = here.upload(&a, "main").await;
                here.confirm(&build).await.unwrap();
                let envelope = loop {
                    let envelope = here.world.queue.take_any().unwrap();
                    if Step::of(&envelope.message) == victim {
                        break envelope;
                    }
                    here.deliver(&envelope, 1).await;
                };
                let survived = run_until_death(call, moment, here.deliver(&envelope, 1)).await;
                here.world.queue.give_back(envelope);
                here.recover().await;
                let mut heard = types(&here.world.webhooks.taken_at(ONE));
                heard.sort();
                assert_eq!(
                    heard,
                    [
                        "build.registered",
                        "build.uploaded",
                        "edition.created",
                        "edition.updated",
                        "product.created"
                    ],
                    "{victim:?} {moment:?} {call}"
                );
                if survived.is_some() {
                    break;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_told_and_logged_like_an_event() {
    let mut hooks = updates();
    let off = Webhook {
        enabled: false,
        ..samples::webhook("off", &[EventKind::EditionUpdated])
    };
    hooks.push(off.clone());
    let here = Installation::telling(hooks).await;
    let id = here.env.organization.policy.webhooks[0].id.clone();
    let ping = webhooks::ping(&here.env, &id).await.unwrap();
    here.settle().await;
    let told = here.world.webhooks.told();
    assert_eq!(types(&told), ["ping"]);
    assert_eq!(told[0].id, ping.event.id);
    let page = webhooks::deliveries(&here.env, &id, 10, None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let error = webhooks::ping(&here.env, &off.id).await;
    assert!(matches!(error, Err(AppError::Invalid(sentence)) if sentence.contains("switched off")));
    let unknown = webhooks::ping(
        &here.env,
        &samples::webhook("other", &[EventKind::EditionUpdated]).id,
    )
    .await;
    assert!(matches!(unknown, Err(AppError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn nobody_to_tell_costs_nothing_and_somebody_a_read_and_a_message() {
    let cost = async |hooks: Vec<Webhook>| {
        let here = Installation::telling(hooks).await;
        let [a, b, _] = sites();
        here.publish(&a, "main").await;
        here.world.counts().reset();
        let build = here.upload(&b, "main").await;
        here.confirm(&build).await.unwrap();
        while let Some(envelope) = here.world.queue.take_any() {
            if Step::of(&envelope.message) != Step::DeliverWebhook {
                here.deliver(&envelope, 1).await;
            }
        }
        let counts = here.world.counts();
        (counts.port("catalog"), counts.port("queue"), counts.total())
    };
    let without = cost(Vec::new()).await;
    let elsewhere = cost(vec![samples::webhook("one", &[EventKind::ProductCreated])]).await;
    assert_eq!(without, elsewhere, "what nobody wants to hear of costs nothing");
    let (catalog, queue, total) = cost(updates()).await;
    assert_eq!(
        (catalog, queue, total),
        (without.0 + 1, without.1 + 1, without.2 + 2)
    );
}

#[tokio::test(start_paused = true)]
async fn telling_is_a_read_a_call_and_a_commit() {
    let here = Installation::telling(updates()).await;
    let [a, ..] = sites();
    let build = here.upload(&a, "main").await;
    here.confirm(&build).await.unwrap();
    let envelope = loop {
        let envelope = here.world.queue.take_any().unwrap();
        if Step::of(&envelope.message) == Step::DeliverWebhook {
            break envelope;
        }
        here.deliver(&envelope, 1).await;
    };
    here.world.counts().reset();
    let Message::DeliverWebhook(message) = &envelope.message else {
        panic!("another step")
    };
    let delivery = Delivery {
        envelope: envelope.clone(),
        receive_count: 1,
    };
    let api = parsed("https://keeper.example.org");
    deliver_webhook(&here.env, &api, &delivery, message)
        .await
        .unwrap();
    assert_eq!(
        here.world.counts().all(),
        [
            ("catalog.commit", 1),
            ("catalog.delivery", 1),
            ("webhooks.post", 1)
        ]
        .into()
    );
}
