//! The schedule of one seed.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::poll;
use imprint_app::builds::confirm_by_marker;
use imprint_app::env::Env;
use imprint_app::products::{self, NewProduct};
use imprint_app::step::Disposal;
use imprint_domain::artifact::Derivation;
use imprint_domain::id::BuildId;
use imprint_domain::message::{Envelope, Message};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::World;
use imprint_testing::samples;
use jiff::{SignedDuration, Timestamp};

use crate::clients::{Doing, Known, PRODUCTS, act};
use crate::dice::Dice;
use crate::end::complaints;
use crate::faults::Injected;
use crate::functions::{deliver, scheduled};
use crate::queues::{Queues, Received, timeout};
use crate::reader::{Histories, read};
use crate::surroundings::{Skewed, Witness};

/// Decisions of the scheduler while faults happen.
const STEPS: u64 = 500;
/// What clients do in one schedule, at most.
const DOINGS: u64 = 12;
/// Within so much time everything has to arrive once faults have stopped.
const QUIESCENCE: SignedDuration = SignedDuration::from_mins(15);
/// Messages are late by so much at most.
const LATEST_SECONDS: u64 = 15 * 60;
/// Clocks of functions differ by so much.
const SKEW_SECONDS: u64 = 5;

/// What a schedule was.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What was done to the chain.
    pub injected: Injected,
    /// How long it took to come to rest, in virtual seconds.
    pub rested_after: i64,
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The schedule.
    pub seed: u64,
    /// What is wrong.
    pub complaints: Vec<String>,
    /// What had happened, when it was asked for.
    pub trace: Vec<String>,
}

/// Runs the schedule of a seed.
///
/// # Errors
/// When a promise is broken.
///
/// # Panics
/// When the runtime cannot be made.
pub fn simulate(seed: u64, tracing: bool) -> Result<Report, Broken> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without threads and sockets needs nothing");
    runtime.block_on(async {
        let mut simulation = Simulation::new(seed, tracing).await;
        match simulation.run().await {
            Ok(rested_after) => Ok(Report {
                injected: simulation.injected,
                rested_after,
            }),
            Err(complaints) => Err(Broken {
                seed,
                complaints,
                trace: simulation.trace,
            }),
        }
    })
}

type Work = Pin<Box<dyn Future<Output = Option<Disposal>>>>;

/// Something that is being worked on.
struct Run {
    what: String,
    work: Work,
    message: Option<u64>,
    ends_at: Timestamp,
}

pub(crate) struct Simulation {
    dice: Dice,
    world: World,
    env: Env,
    witness: Arc<Witness>,
    queues: Queues,
    runs: Vec<Run>,
    known: Rc<RefCell<Known>>,
    histories: Histories,
    doings: u64,
    swept_at: Timestamp,
    has_faults: bool,
    injected: Injected,
    tracing: bool,
    trace: Vec<String>,
}

impl Simulation {
    async fn new(seed: u64, tracing: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut organization = samples::organization();
        // Every other installation has formats made of its pages.
        if dice.one_in(2) {
            organization.policy.derive = Derivation::default();
        }
        let world = World::of(organization);
        world.clock.tick(SignedDuration::from_millis(1));
        let witness = Arc::new(Witness::new(world.cdn.clone(), world.objects.clone()));
        let env = Env {
            cdn: witness.clone(),
            ..world.env()
        };
        for slug in PRODUCTS {
            let new = NewProduct {
                slug: slug.parse().expect("it is a slug"),
                title: slug.parse().expect("it is a title"),
                doc_repo: "https://example.org/source".parse().expect("it is an address"),
                root_domain: None,
                root_fastly_domain: None,
                main_mode: TrackingMode::GitRefs,
            };
            products::create(&env, new).await.expect("nothing goes wrong yet");
        }
        world.gate.interleave(seed, 1);
        let swept_at = world.clock.stands_at();
        Self {
            dice,
            world,
            env,
            witness,
            queues: Queues::default(),
            runs: Vec::new(),
            known: Rc::default(),
            histories: Histories::default(),
            doings: 0,
            swept_at,
            has_faults: true,
            injected: Injected::default(),
            tracing,
            trace: Vec::new(),
        }
    }

    /// How long it took to come to rest, in seconds.
    async fn run(&mut self) -> Result<i64, Vec<String>> {
        for _ in 0..STEPS {
            self.step().await?;
        }
        self.has_faults = false;
        self.world.faults().clear();
        self.note(|| "faults stop".to_owned());
        let stopped_at = self.now();
        self.queues.hurry(stopped_at);
        while !self.is_at_rest() {
            if self.now().duration_since(stopped_at) > QUIESCENCE {
                let mut complaints = vec!["it does not come to rest".to_owned()];
                complaints.extend(self.queues.texts());
                complaints.extend(
                    self.world
                        .catalog
                        .all_outbox()
                        .iter()
                        .map(|entry| format!("{entry:?}")),
                );
                complaints.extend(self.runs.iter().map(|run| run.what.clone()));
                return Err(complaints);
            }
            self.go_on().await?;
        }
        let found = complaints(&self.world, &self.known.borrow(), &self.witness);
        if found.is_empty() {
            Ok(self.now().duration_since(stopped_at).as_secs())
        } else {
            Err(found)
        }
    }

    async fn step(&mut self) -> Result<(), Vec<String>> {
        match self.dice.below(100) {
            0..=54 => self.poll_one().await,
            55..=72 => self.deliver_one(),
            73..=78 => self.begin_doing(),
            79..=81 => self.kill_one(),
            82..=90 => {
                let seconds = if self.dice.one_in(12) {
                    self.dice.between(60, 900)
                } else {
                    self.dice.between(1, 30)
                };
                self.let_pass(seconds).await;
            }
            91..=93 => self.tell_of_marker(),
            94..=95 => self.deliver_twice(),
            96 => self.storm(),
            97 => self.refuse_a_deletion(),
            _ => {}
        }
        self.look()
    }

    /// Without faults: everything that can be done is done, then time passes.
    async fn go_on(&mut self) -> Result<(), Vec<String>> {
        self.deliver_one();
        self.tell_of_marker();
        if self.runs.is_empty() {
            self.let_pass(5).await;
        }
        while !self.runs.is_empty() {
            let before = self.runs.len();
            for at in (0..before).rev() {
                self.poll_at(at).await;
            }
            self.look()?;
            // What waits for a time needs that time.
            tokio::time::advance(Duration::from_millis(50)).await;
        }
        self.let_pass(1).await;
        Ok(())
    }

    fn is_at_rest(&self) -> bool {
        self.runs.is_empty()
            && self.queues.is_empty()
            && self.world.queue.waiting() == 0
            && self.world.catalog.all_outbox().is_empty()
            && self.known.borrow().markers.is_empty()
            && self.world.objects.keys("_imprint/uploads/").is_empty()
            && self
                .world
                .catalog
                .all_tasks()
                .iter()
                .all(imprint_domain::task::Task::is_final)
    }

    fn now(&self) -> Timestamp {
        self.world.clock.stands_at()
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.tracing {
            let line = format!("{} {}", self.now(), what());
            self.trace.push(line);
        }
    }

    /// The reader reads, and what was sent gets into the queues.
    fn look(&mut self) -> Result<(), Vec<String>> {
        let now = self.now();
        for envelope in self.world.queue.take_all() {
            let late = if self.has_faults && self.dice.one_in(10) {
                self.injected.count("message late");
                SignedDuration::from_secs(self.dice.between(1, LATEST_SECONDS) as i64)
            } else {
                SignedDuration::ZERO
            };
            self.queues.put(envelope, now + late);
        }
        let editions = self.world.catalog.all_editions();
        self.histories.observe(&editions);
        let known = self.known.borrow();
        read(
            &mut self.dice,
            &editions,
            &self.histories,
            &known,
            &self.world.objects,
        )
        .map_err(|complaint| vec![complaint])
    }

    async fn poll_one(&mut self) {
        if let Some(at) = self.dice.place(self.runs.len()) {
            self.poll_at(at).await;
        }
    }

    async fn poll_at(&mut self, at: usize) {
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
    fn view(&mut self) -> Env {
        let by =
            SignedDuration::from_secs(self.dice.below(2 * SKEW_SECONDS + 1) as i64 - SKEW_SECONDS as i64);
        Env {
            clock: Arc::new(Skewed::new(self.world.clock.clone(), by)),
            ..self.env.clone()
        }
    }

    fn begin(&mut self, what: String, message: Option<u64>, time: SignedDuration, work: Work) {
        self.note(|| format!("{what} begins"));
        let ends_at = self.now() + time;
        self.runs.push(Run {
            what,
            work,
            message,
            ends_at,
        });
    }

    fn work_on(&mut self, received: Received) {
        let Envelope { message, attempt, .. } = &received.envelope;
        let what = format!(
            "{} (message {}, send {attempt}, delivery {})",
            brief(message),
            received.number,
            received.receive_count
        );
        let (number, time) = (received.number, timeout(message));
        let (env, indexer) = (self.view(), self.world.indexer.clone());
        let work = Box::pin(async move { Some(deliver(env, &*indexer, received).await) });
        self.begin(what, Some(number), time, work);
    }

    fn deliver_one(&mut self) {
        let now = self.now();
        if let Some(received) = self.queues.receive(&mut self.dice, now) {
            if received.receive_count > 1 {
                self.injected.count("delivered again");
            }
            self.work_on(received);
        }
    }

    fn deliver_twice(&mut self) {
        let now = self.now();
        if let Some(received) = self.queues.receive_twice(&mut self.dice, now) {
            self.injected.count("delivered twice at once");
            self.work_on(received);
        }
    }

    fn begin_doing(&mut self) {
        if self.doings >= DOINGS {
            return;
        }
        self.doings += 1;
        let editions = self.world.catalog.all_editions();
        let doing = Doing::choose(&mut self.dice, &mut self.known.borrow_mut(), &editions);
        let (env, objects, known) = (self.view(), self.world.objects.clone(), self.known.clone());
        let what = format!("client: {}", doing.brief());
        let work = Box::pin(async move {
            act(env, objects, known, doing).await;
            None
        });
        self.begin(what, None, SignedDuration::from_secs(29), work);
    }

    fn kill_one(&mut self) {
        if let Some(at) = self.dice.place(self.runs.len()) {
            let run = self.runs.swap_remove(at);
            self.injected.count("process died");
            self.note(|| format!("{} dies", run.what));
        }
    }

    /// One marker's event arrives: once, twice or never.
    fn tell_of_marker(&mut self) {
        let place = { self.dice.place(self.known.borrow().markers.len()) };
        let Some(at) = place else { return };
        let build = self.known.borrow_mut().markers.swap_remove(at);
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
            self.hear_of(build);
        }
    }

    fn hear_of(&mut self, build: BuildId) {
        let tenants = self.world.tenants();
        // Lambda tries an event three times; the sweep finds what is still not heard of.
        let work = Box::pin(async move {
            for _ in 0..3 {
                if confirm_by_marker(&tenants, build, "sequencer").await.is_ok() {
                    break;
                }
            }
            None
        });
        let time = SignedDuration::from_secs(300);
        self.begin(format!("S3 event of build {build}"), None, time, work);
    }

    /// One object cannot be deleted a few times, within requests that succeed.
    fn refuse_a_deletion(&mut self) {
        let keys = self.world.objects.keys("alpha/v/");
        if let Some(key) = self.dice.one_of(&keys) {
            self.injected.count("deletion of an object refused");
            self.world
                .objects
                .fail_deletes_of(key, self.dice.between(1, 3), true);
        }
    }

    /// Requests begin to fail, or stop failing.
    fn storm(&mut self) {
        let faults = self.world.faults();
        faults.clear();
        if self.dice.one_in(2) {
            let one_in = self.dice.between(2, 12);
            faults.chaos(self.dice.below(u64::MAX), one_in);
            self.injected.count("storm of failing requests");
            self.note(|| format!("one request in {one_in} fails"));
        }
    }

    /// Time passes: functions that take too long are killed, and each minute the schedule runs.
    async fn let_pass(&mut self, seconds: u64) {
        self.world
            .clock
            .advance(SignedDuration::from_secs(seconds as i64));
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let now = self.now();
        let (late, in_time): (Vec<Run>, Vec<Run>) = std::mem::take(&mut self.runs)
            .into_iter()
            .partition(|run| run.ends_at <= now);
        self.runs = in_time;
        for run in late {
            self.injected.count("time of a function ran out");
            self.note(|| format!("{} runs out of time", run.what));
        }
        if now.duration_since(self.swept_at) >= SignedDuration::from_mins(1) {
            self.swept_at = now;
            let tenants = self.world.tenants();
            let work = Box::pin(async move {
                scheduled(tenants).await;
                None
            });
            self.begin("sweep".to_owned(), None, SignedDuration::from_secs(60), work);
        }
    }
}

/// A message in a few words.
fn brief(message: &Message) -> String {
    match message {
        Message::RegisterBuild(register) => format!("register build {}", register.build),
        Message::DeriveFormat(derive) => format!("derive {} of build {}", derive.format, derive.then.build),
        Message::MoveEditions(moving) => format!("move editions to build {}", moving.build),
        Message::CopyEdition(copy) => format!(
            "copy build {} to edition {} (generation {})",
            copy.pointer.build, copy.edition, copy.pointer.generation.0
        ),
        Message::RetireName(retire) => format!("retire name {} of edition {}", retire.name, retire.edition),
        Message::PurgeCdn(purge) => format!("purge edition {}", purge.edition),
        Message::RenderDashboard(render) => format!("pages of {}", render.product),
        Message::RenderIndex(_) | Message::RenderAll(_) => "index".to_owned(),
        Message::UpdateDns(_) => "DNS".to_owned(),
        Message::DeliverWebhook(_) => "webhook".to_owned(),
        Message::RenderDocument(_) | Message::PublishRendering(_) => "document".to_owned(),
    }
}
