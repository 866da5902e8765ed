//! Work is begun and goes on: by functions, by clients, by what S3 tells.

use std::sync::Arc;

use futures_util::poll;
use imprint_app::builds::{confirm_by_archive, confirm_by_marker};
use imprint_app::env::Env;
use imprint_app::step::Disposal;
use imprint_domain::message::{CopyEdition, Envelope, Message};
use imprint_testing::mortal;
use jiff::SignedDuration;

use super::{Run, Simulation, Work};
use crate::clients::{Client, Doing, Event, How};
use crate::functions::deliver;
use crate::queues::{Received, brief, timeout};
use crate::surroundings::Skewed;

/// What clients do in one schedule, at most, and half as much again with releases or documents.
const DOINGS: u64 = 12;
/// How often somebody publishes because a copy died.
const OVER: u64 = 4;
/// What is done in several requests, each of which may take half a minute.
const CLIENT_TIME: SignedDuration = SignedDuration::from_mins(3);
/// Clocks of functions differ by so much.
const SKEW_SECONDS: u64 = 5;

impl Simulation {
    pub(super) async fn poll_one(&mut self) {
        if let Some(at) = self.dice.place(self.runs.len()) {
            self.poll_at(at).await;
        }
    }

    pub(super) async fn poll_at(&mut self, at: usize) {
        let std::task::Poll::Ready(disposal) = poll!(self.runs[at].work.as_mut()) else {
            return;
        };
        let run = self.runs.swap_remove(at);
        self.note(|| format!("{} ends: {disposal:?}", run.what));
        if let (Some(number), Some(Disposal::Done)) = (run.message, disposal) {
            // The answer to Lambda may be lost, too.
            if self.has_faults && self.dice.one_in(25) {
                self.injected.count("deletion of a message lost");
            } else {
                self.queues.delete(number);
            }
        }
    }

    /// A function's view of the world: its clock is not everybody's.
    pub(super) fn view(&mut self) -> Env {
        let by =
            SignedDuration::from_secs(self.dice.below(2 * SKEW_SECONDS + 1) as i64 - SKEW_SECONDS as i64);
        Env {
            clock: Arc::new(Skewed::new(self.world.clock.clone(), by)),
            ..self.env.clone()
        }
    }

    pub(super) fn begin(&mut self, what: String, message: Option<u64>, time: SignedDuration, work: Work) {
        self.note(|| format!("{what} begins"));
        let ends_at = self.now() + time;
        let (life, work) = mortal(work);
        self.runs.push(Run {
            what,
            work: Box::pin(work),
            life,
            message,
            copy: None,
            ends_at,
        });
    }

    pub(super) fn work_on(&mut self, received: Received) {
        let Envelope { message, attempt, .. } = &received.envelope;
        let what = format!(
            "{} (message {}, send {attempt}, delivery {})",
            brief(message),
            received.number,
            received.receive_count
        );
        let (number, time) = (received.number, timeout(message));
        let copy = if let Message::CopyEdition(copy) = message {
            Some(copy.clone())
        } else {
            None
        };
        let (env, indexer, press) = (self.view(), self.world.indexer.clone(), self.press.clone());
        let work = Box::pin(async move { Some(deliver(env, (&*indexer, &*press), received).await) });
        self.begin(what, Some(number), time, work);
        if let Some(run) = self.runs.last_mut() {
            run.copy = copy;
        }
    }

    pub(super) fn deliver_one(&mut self) {
        let now = self.now();
        if let Some(received) = self.queues.receive(&mut self.dice, now) {
            if received.receive_count > 1 {
                self.injected.count("delivered again");
            }
            self.work_on(received);
        }
    }

    pub(super) fn deliver_twice(&mut self) {
        let now = self.now();
        if let Some(received) = self.queues.receive_twice(&mut self.dice, now) {
            self.injected.count("delivered twice at once");
            self.work_on(received);
        }
    }

    pub(super) fn begin_doing(&mut self) {
        let plots = [self.plot.registry, self.plot.documents];
        let more = plots.into_iter().filter(|is_there| *is_there).count() as u64;
        if self.doings >= DOINGS + more * DOINGS / 2 {
            return;
        }
        self.doings += 1;
        let editions = self.world.catalog.all_editions();
        let mut known = self.known.borrow_mut();
        let doing = Doing::choose(&mut self.dice, self.plot, &mut known, &editions);
        drop(known);
        self.begin_client(doing);
    }

    /// A copy died: the next build comes before it is resumed.
    pub(super) fn publish_over(&mut self, copy: &CopyEdition) {
        if self.published_over >= OVER {
            return;
        }
        self.published_over += 1;
        let doing = Doing::publish_over(&mut self.dice, &mut self.known.borrow_mut(), copy);
        if let Some(doing) = doing {
            self.begin_client(doing);
        }
    }

    pub(super) fn begin_client(&mut self, doing: Doing) {
        let client = Client {
            env: self.view(),
            known: self.known.clone(),
            world: self.world.clone(),
        };
        let what = format!("client: {}", doing.brief());
        let work = Box::pin(async move {
            doing.act(client).await;
            None
        });
        self.begin(what, None, CLIENT_TIME, work);
    }

    /// S3 tells of one object: once, twice or never.
    pub(super) fn tell_of_object(&mut self) {
        let place = { self.dice.place(self.known.borrow().events.len()) };
        let Some(at) = place else { return };
        let event = self.known.borrow_mut().events.swap_remove(at);
        let times = match self.dice.below(6) {
            0 if self.has_faults => 0,
            1 if self.has_faults => 2,
            _ => 1,
        };
        match times {
            0 => self.injected.count("S3 event lost"),
            1 => {}
            _ => self.injected.count("S3 event twice"),
        }
        for _ in 0..times {
            self.hear_of(event);
        }
    }

    pub(super) fn hear_of(&mut self, event: Event) {
        let tenants = self.world.tenants();
        // Lambda tries an event three times; the sweep finds what is still not heard of.
        let work = Box::pin(async move {
            for _ in 0..3 {
                let heard = match event.how {
                    How::Archive => confirm_by_archive(&tenants, event.build).await.is_ok(),
                    How::Files | How::Marker => confirm_by_marker(&tenants, event.build, "sequencer")
                        .await
                        .is_ok(),
                };
                if heard {
                    break;
                }
            }
            None
        });
        let time = SignedDuration::from_secs(300);
        self.begin(format!("S3 event of build {}", event.build), None, time, work);
    }
}
