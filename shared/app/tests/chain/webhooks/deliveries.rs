//! What becomes of a delivery: tries, deaths, replays, and addresses that are not called.

use super::*;

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
