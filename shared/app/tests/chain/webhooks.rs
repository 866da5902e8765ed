//! Subscribers are told of everything that happened and of nothing that did not, each event at least once, also when
//! they are down for hours or a step dies.

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

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_for_an_hour_hears_of_it_once_it_is_up() {
    let here = Installation::telling(two()).await;
    let before = here.world.webhooks.taken_at(ONE).len();
    here.world.webhooks.take_down(ONE);
    let [a, ..] = sites();
    let (_, task) = here.publish(&a, "main").await;
    assert_eq!(
        task.status(),
        imprint_domain::task::TaskStatus::Success,
        "publishing waits for nobody"
    );
    assert_eq!(
        here.world.webhooks.taken_at(TWO).len(),
        1,
        "nor does anybody else"
    );
    pass(&here, SignedDuration::from_mins(60)).await;
    assert_eq!(here.world.webhooks.taken_at(ONE).len(), before);
    here.world.webhooks.bring_up();
    pass(&here, SignedDuration::from_hours(3)).await;
    let taken = here.world.webhooks.taken_at(ONE);
    let mut heard = types(&taken[before..]);
    heard.sort();
    assert_eq!(
        heard,
        ["build.registered", "build.uploaded", "edition.updated"],
        "each once"
    );
    assert!(here.world.catalog.all_outbox().is_empty());
    let log = log(&here, taken.last().unwrap()).await;
    assert!(matches!(log.state, State::Delivered { .. }));
    // At once, after ten minutes, half an hour and two hours; five tries each but the last.
    assert_eq!(log.attempts.len(), 16);
    assert!(log.attempts.is_sorted_by_key(|attempt| attempt.at));
    let same_id = here
        .world
        .webhooks
        .told()
        .into_iter()
        .filter(|told| told.id == log.event.id);
    assert_eq!(same_id.filter(|told| told.url.starts_with(ONE)).count(), 16);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_takes_it_is_given_up_and_that_shows() {
    let here = Installation::telling(updates()).await;
    here.world.webhooks.take_down(ONE);
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    pass(&here, SignedDuration::from_hours(20)).await;
    assert!(here.world.catalog.all_outbox().is_empty());
    let told = here.world.webhooks.told();
    assert_eq!(told.len(), 30);
    let log = log(&here, &told[0]).await;
    let State::GivenUp { reason, .. } = &log.state else {
        panic!("{:?}", log.state)
    };
    assert!(reason.contains("a test took it down"), "{reason}");
    assert_eq!(log.attempts.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_each_answer_means_to_the_queue() {
    for (answer, disposal, delivered) in [
        (Answer::answered(200, "ok"), Disposal::Done, true),
        (Answer::answered(500, "oops"), Disposal::Redeliver, false),
        (Answer::answered(302, ""), Disposal::Done, false),
        (Answer::answered(404, ""), Disposal::Done, false),
        (Answer::answered(410, ""), Disposal::Done, false),
    ] {
        let here = Installation::telling(updates()).await;
        here.world.webhooks.answer_next(1, &answer);
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
        assert_eq!(here.deliver(&envelope, 1).await, disposal, "{answer:?}");
        let log = log(&here, &here.world.webhooks.told()[0]).await;
        assert_eq!(
            matches!(log.state, State::Delivered { .. }),
            delivered,
            "{answer:?}"
        );
        let waits = here
            .world
            .catalog
            .all_outbox()
            .iter()
            .any(|entry| entry.id == envelope.id);
        assert_eq!(waits, log.state == State::Waiting, "{answer:?}");
    }
}

/// The last delivery of a send is not left to the dead-letter queue: a receiver's trouble is no alarm of ours.
#[tokio::test(start_paused = true)]
async fn a_receivers_trouble_never_reaches_the_dead_letters() {
    let here = Installation::telling(updates()).await;
    here.world.webhooks.take_down(ONE);
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    let told = here.world.webhooks.told();
    assert_eq!(told.len(), 5);
    here.world.clock.advance(SignedDuration::from_mins(15));
    sweep(&here.world.tenants(), SignedDuration::from_secs(120))
        .await
        .unwrap();
    let again = here.world.queue.take(Step::DeliverWebhook).unwrap();
    assert_eq!(here.deliver(&again, 4).await, Disposal::Redeliver);
    assert_eq!(here.deliver(&again, 5).await, Disposal::Done);
}

/// Delivering dies at each of its calls, before and after the effect, and its message is delivered again or lost.
#[tokio::test(start_paused = true)]
async fn telling_may_die_anywhere() {
    let mut deaths = 0;
    for lost in [false, true] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
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
                let survived = run_until_death(call, moment, here.deliver(&envelope, 1)).await;
                if !lost {
                    here.world.queue.give_back(envelope);
                }
                here.recover().await;
                let told = here.world.webhooks.taken_at(ONE);
                assert!(
                    (1..=2).contains(&told.len()),
                    "{lost} {moment:?} {call}: {told:?}"
                );
                assert!(
                    told.iter()
                        .all(|one| one.id == told[0].id && one.body == told[0].body)
                );
                let log = log(&here, &told[0]).await;
                assert!(matches!(log.state, State::Delivered { .. }));
                if survived.is_some() {
                    assert_eq!(told.len(), 1);
                    break;
                }
                deaths += 1;
            }
        }
    }
    assert!(deaths >= 12, "only {deaths} deaths");
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
async fn two_deliveries_of_one_message_at_once_note_both_and_end_as_one() {
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
    here.world.gate.interleave(7, 3);
    let (first, second) = tokio::join!(here.deliver(&envelope, 1), here.deliver(&envelope, 1));
    assert_eq!((first, second), (Disposal::Done, Disposal::Done));
    let told = here.world.webhooks.told();
    let log = log(&here, &told[0]).await;
    assert!(matches!(log.state, State::Delivered { .. }));
    assert!(
        here.world
            .catalog
            .all_outbox()
            .iter()
            .all(|entry| entry.id != envelope.id)
    );
}

#[tokio::test(start_paused = true)]
async fn a_replay_tells_the_same_event_again() {
    let here = Installation::telling(updates()).await;
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    let told = here.world.webhooks.told();
    let id = here.env.organization.policy.webhooks[0].id.clone();
    here.world.clock.advance(SignedDuration::from_secs(5));
    let again = webhooks::replay(&here.env, &id, &told[0].id).await.unwrap();
    assert_eq!(again.state, State::Waiting);
    here.settle().await;
    let told = here.world.webhooks.told();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0].id, &told[0].body), (&told[1].id, &told[1].body));
    assert!(told[0].at < told[1].at && told[0].signature != told[1].signature);
    let log = log(&here, &told[0]).await;
    assert_eq!(log.attempts.len(), 2);
    assert!(matches!(log.state, State::Delivered { .. }));
    let unknown = webhooks::replay(&here.env, &id, &parsed(&"0".repeat(32))).await;
    assert!(matches!(unknown, Err(AppError::NotFound)));
}

/// Somebody who mended the receiver does not wait for the next try; and that one, when it comes, finds nothing to do.
#[tokio::test(start_paused = true)]
async fn a_replay_takes_the_place_of_a_delivery_that_waits() {
    let here = Installation::telling(updates()).await;
    here.world.webhooks.take_down(ONE);
    let [a, ..] = sites();
    here.publish(&a, "main").await;
    here.world.webhooks.bring_up();
    let id = here.env.organization.policy.webhooks[0].id.clone();
    let event = here.world.webhooks.told()[0].id.clone();
    webhooks::replay(&here.env, &id, &event).await.unwrap();
    here.settle().await;
    assert_eq!(here.world.webhooks.taken_at(ONE).len(), 1);
    here.recover().await;
    assert_eq!(here.world.webhooks.taken_at(ONE).len(), 1);
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
async fn what_was_decided_for_a_webhook_that_is_off_or_gone_by_now_is_not_told() {
    for gone in [false, true] {
        let mut here = Installation::telling(updates()).await;
        here.world.webhooks.take_down(ONE);
        let [a, ..] = sites();
        here.publish(&a, "main").await;
        let mut organization = (*here.env.organization).clone();
        if gone {
            organization.policy.webhooks.clear();
        } else {
            organization.policy.webhooks[0].enabled = false;
        }
        here.env.organization = organization.into();
        here.world.webhooks.bring_up();
        pass(&here, SignedDuration::from_mins(20)).await;
        assert_eq!(here.world.webhooks.told().len(), 5, "nothing since");
        assert!(here.world.catalog.all_outbox().is_empty());
    }
}

/// A function keeps an organization's settings for some seconds, in which a webhook may be made and pinged.
#[tokio::test(start_paused = true)]
async fn a_webhook_that_is_too_new_for_a_function_is_told_by_the_next_delivery() {
    let mut here = Installation::telling(updates()).await;
    let with = here.env.organization.clone();
    let id = with.policy.webhooks[0].id.clone();
    webhooks::ping(&here.env, &id).await.unwrap();
    let mut without = (*with).clone();
    without.policy.webhooks.clear();
    here.env.organization = without.into();
    let envelope = here.world.queue.take(Step::DeliverWebhook).unwrap();
    assert_eq!(here.deliver(&envelope, 1).await, Disposal::Redeliver);
    here.env.organization = with;
    assert_eq!(here.deliver(&envelope, 2).await, Disposal::Done);
    assert_eq!(here.world.webhooks.told().len(), 1);
}

/// An address may have been stored before the rules were what they are.
#[tokio::test(start_paused = true)]
async fn an_address_that_may_not_be_called_is_never_called() {
    let mut hooks = updates();
    hooks[0].url = parsed("https://169.254.169.254/latest/meta-data/");
    let here = Installation::telling(hooks).await;
    let id = here.env.organization.policy.webhooks[0].id.clone();
    let ping = webhooks::ping(&here.env, &id).await.unwrap();
    here.settle().await;
    assert_eq!(here.world.webhooks.told(), []);
    let log = webhooks::delivery(&here.env, &id, &ping.event.id).await.unwrap();
    assert!(matches!(&log.attempts[0].answer, Answer::Forbidden { .. }));
    assert!(matches!(log.state, State::GivenUp { .. }));
    assert!(here.world.catalog.all_outbox().is_empty());
}

/// A thousand deliveries that wait for a receiver may not keep the sweep from work that was lost.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_receiver_is_in_nobodys_way() {
    let here = Installation::telling(updates()).await;
    here.world.webhooks.take_down(ONE);
    let id = here.env.organization.policy.webhooks[0].id.clone();
    for _ in 0..250 {
        webhooks::ping(&here.env, &id).await.unwrap();
    }
    here.settle().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "main").await;
    here.confirm(&build).await.unwrap();
    here.world.queue.take_all();
    here.world.clock.advance(SignedDuration::from_mins(5));
    sweep(&here.world.tenants(), SignedDuration::from_secs(120))
        .await
        .unwrap();
    here.settle().await;
    here.assert_shows("main", &a);
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
