//! The schedule of one seed.

mod trouble;
mod work;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use imprint_app::env::Env;
use imprint_app::step::Disposal;
use imprint_domain::document::{Checksum, RenderingState};
use imprint_domain::id::BuildId;
use imprint_domain::message::CopyEdition;
use imprint_domain::retention::Doom;
use imprint_domain::task::{Registration, Task, TaskEdition};
use imprint_testing::{Life, Press, World};
use jiff::{SignedDuration, Timestamp};

use crate::clients::{Known, Plot};
use crate::dice::Dice;
use crate::end::{complaints, happened, missing};
use crate::functions::Schedule;
use crate::installation;
use crate::queues::Queues;
use crate::reader::{Histories, is_readable, read};
use crate::surroundings::Witness;
use crate::tally::Tally;

/// Decisions of the scheduler while faults happen.
const STEPS: u64 = 500;
/// Awaits that are passed at once: without faults a build takes a few hundred of them, in seconds.
const POLLS: u64 = 4;
/// Within so much time everything has to arrive once faults have stopped.
const QUIESCENCE: SignedDuration = SignedDuration::from_mins(15);
/// Messages are late by so much at most.
const LATEST_SECONDS: u64 = 15 * 60;

/// What a schedule was.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What was done to the chain.
    pub injected: Tally,
    /// What the chain did.
    pub happened: Tally,
    /// How long it took to come to rest, in virtual seconds.
    pub rested_after: i64,
    /// What happened, when it was asked for.
    pub trace: Vec<String>,
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

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, complaints, .. } = self;
        writeln!(f, "seed {seed}: {}", complaints.join("\n  "))?;
        write!(
            f,
            "replay it with: cargo run -p imprint-simulator -- --trace {seed}"
        )
    }
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
                happened: happened(&simulation.world, &simulation.known.borrow()),
                injected: simulation.injected,
                rested_after,
                trace: simulation.trace,
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
    life: Arc<Life>,
    message: Option<u64>,
    copy: Option<CopyEdition>,
    ends_at: Timestamp,
}

/// What a dead process has sent and nobody has seen yet.
struct Ghost {
    run: Run,
    lands_at: Timestamp,
}

pub(crate) struct Simulation {
    dice: Dice,
    plot: Plot,
    world: World,
    press: Arc<Press>,
    env: Env,
    witness: Arc<Witness>,
    queues: Queues,
    runs: Vec<Run>,
    ghosts: Vec<Ghost>,
    known: Rc<RefCell<Known>>,
    histories: Histories,
    doings: u64,
    published_over: u64,
    /// Builds whose deletion began.
    deleted: BTreeSet<BuildId>,
    ran_at: BTreeMap<Schedule, Timestamp>,
    has_faults: bool,
    injected: Tally,
    tracing: bool,
    trace: Vec<String>,
}

impl Simulation {
    async fn new(seed: u64, tracing: bool) -> Self {
        let mut dice = Dice::new(seed);
        let plot = Plot::choose(&mut dice);
        let world = installation::set_up(plot).await;
        let witness = Arc::new(Witness::new(world.cdn.clone(), world.objects.clone()));
        let env = Env {
            cdn: witness.clone(),
            ..world.env()
        };
        world.gate.interleave(seed, 1);
        Self {
            dice,
            plot,
            world,
            press: Arc::default(),
            env,
            witness,
            queues: Queues::default(),
            runs: Vec::new(),
            ghosts: Vec::new(),
            known: Rc::default(),
            histories: Histories::default(),
            doings: 0,
            published_over: 0,
            deleted: BTreeSet::new(),
            ran_at: BTreeMap::new(),
            has_faults: true,
            injected: Tally::default(),
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
        self.schedule();
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
                complaints.extend(
                    self.world
                        .catalog
                        .all_renderings()
                        .iter()
                        .map(|rendering| format!("{:?} {:?}", rendering.checksum, rendering.state)),
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
            0..=54 => {
                for _ in 0..POLLS {
                    self.poll_one().await;
                }
            }
            55..=72 => self.deliver_one(),
            73..=78 => self.begin_doing(),
            79..=81 => self.kill_one(),
            82..=86 => match self.dice.below(60) {
                // Rules speak of days.
                0..=9 if self.plot.retention => self.let_days_pass().await?,
                0..=4 => self.let_some_pass(60, 900).await,
                _ => self.let_some_pass(1, 30).await,
            },
            87..=90 => self.tell_of_object(),
            91..=92 => self.deliver_twice(),
            93 => self.storm(),
            94 => self.refuse_a_deletion(),
            _ => {}
        }
        self.look()
    }

    /// Without faults: everything that can be done is done, then time passes.
    async fn go_on(&mut self) -> Result<(), Vec<String>> {
        self.deliver_one();
        self.tell_of_object();
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
            && self.ghosts.is_empty()
            && self.queues.is_empty()
            && self.world.queue.waiting() == 0
            && self.world.catalog.all_outbox().is_empty()
            && self.known.borrow().events.is_empty()
            && self.world.objects.keys("_imprint/uploads/").is_empty()
            && self
                .world
                .catalog
                .all_tasks()
                .iter()
                .all(imprint_domain::task::Task::is_final)
            && !self.is_deleting()
            && !self.is_rendering()
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
        if self.plot.retention {
            self.watch_deletions()?;
        }
        let (histories, mut readable, mut complaints) = (&mut self.histories, Vec::new(), Vec::new());
        self.world.catalog.each_edition(|edition| {
            let purges = self.witness.purges(&edition.surrogate_key);
            complaints.extend(histories.observe(edition, purges).err());
            if is_readable(edition) {
                readable.push(edition.id);
            }
        });
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let Some(chosen) = self.dice.one_of(&readable) else {
            return Ok(());
        };
        let mut edition = None;
        self.world.catalog.each_edition(|one| {
            if one.id == *chosen {
                edition = Some(one.clone());
            }
        });
        let Some(edition) = edition else { return Ok(()) };
        let known = self.known.borrow();
        read(
            &mut self.dice,
            &edition,
            &self.histories,
            &known,
            &self.world.objects,
        )
        .map_err(|complaint| vec![complaint])
    }

    /// Nothing is deleted that somebody works on or relies on.
    fn watch_deletions(&mut self) -> Result<(), Vec<String>> {
        let (mut going, mut begun) = (Vec::new(), Vec::new());
        self.world.catalog.each_build(|build| {
            if matches!(build.doom, Some(Doom::Deleting { .. })) {
                going.push(build.clone());
                if self.deleted.insert(build.id) {
                    begun.push(build.id);
                }
            }
        });
        if going.is_empty() {
            return Ok(());
        }
        let known = self.known.borrow();
        let relied = known.fleet.relied_on(&self.world);
        for build in going.iter().filter(|build| !known.ended.contains(&build.id)) {
            // One whose deletion has begun may still be spared, until its first file goes.
            if let Some((cluster, version)) = relied.get(&build.id)
                && let Some(lost) = missing(&self.world, &known, build, "it is being deleted")
            {
                return Err(vec![format!(
                    "{lost}, and cluster {cluster}, which runs version {version}, was not told"
                )]);
            }
        }
        for build in begun {
            let tasks = self.world.catalog.all_tasks();
            if let Some(task) = tasks
                .iter()
                .find(|task| task.build == Some(build) && is_worked_on(task))
            {
                return Err(vec![format!(
                    "build {build} is deleted, and task {task:?} works on it"
                )]);
            }
        }
        Ok(())
    }

    /// Whether something is deleted half.
    fn is_deleting(&self) -> bool {
        let is_going = |doom: &Option<Doom>| matches!(doom, Some(Doom::Deleting { .. }));
        let catalog = &self.world.catalog;
        let mut is_deleting = false;
        catalog.each_build(|build| is_deleting |= is_going(&build.doom));
        catalog.each_edition(|edition| is_deleting |= is_going(&edition.doom));
        is_deleting
    }

    /// Whether a rendering that is wanted is under way.
    fn is_rendering(&self) -> bool {
        let versions = self.world.catalog.all_versions();
        let wanted: BTreeSet<&Checksum> = versions
            .iter()
            .filter_map(|version| version.current.as_ref())
            .collect();
        let all = self.world.catalog.all_renderings();
        all.iter().any(|rendering| {
            wanted.contains(&rendering.checksum) && matches!(rendering.state, RenderingState::Running { .. })
        })
    }
}

/// Whether somebody needs the files of a task's build. Pages of the product do not.
fn is_worked_on(task: &Task) -> bool {
    let is_registered = matches!(
        task.registration,
        Registration::NotNeeded | Registration::Done { .. } | Registration::Failed(_)
    );
    let is_copied = |row: &TaskEdition| row.step.is_final();
    !is_registered || !task.editions.iter().all(is_copied)
}
