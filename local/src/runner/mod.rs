//! Runs a [`Stack`](crate::template::Stack): makes its tables, queues and bucket on the stand-ins, and calls its
//! functions with the event JSON that the services of AWS send.
//!
//! Knows the stand-ins by their addresses only and the functions by one trait only, so nothing here can take a
//! short cut that does not exist on AWS.

mod asynchronous;
mod backlog;
mod environment;
mod gateway;
mod gateway_event;
mod invoker;
mod objects;
mod queue_event;
mod queues;
mod resources;
mod schedules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use imprint_lambda::Function;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::template::{Source, Stack};
use asynchronous::Asynchronous;
use invoker::{Deployed, Invoker};
use resources::{Clients, Resources};

pub use backlog::{Busy, QueueDepth};
pub use environment::Environment;
pub use invoker::{Invocation, InvocationError, Phase};
pub use objects::ObjectCreated;
pub use resources::Endpoints;

/// Makes the functions that a template names.
#[async_trait]
pub trait FunctionFactory: Send + Sync {
    /// Every function it can make, such as `api`.
    fn names(&self) -> Vec<String>;

    /// Makes one, with the environment that Lambda would give its process.
    ///
    /// # Errors
    /// When the environment does not suit the function.
    async fn create(&self, name: &str, environment: &Environment) -> anyhow::Result<Arc<dyn Function>>;
}

/// Whether schedules fire by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedules {
    /// At their rates, in real time.
    Ticking,
    /// Only when [`Runner::run_schedule`] is called.
    OnRequest,
}

/// How a stack is run.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Variables that every function gets over those of the template.
    pub environment: Environment,
    /// How long a failed queue record waits for its next delivery. AWS waits for the visibility timeout, which
    /// is minutes. Whole seconds count, as SQS has no smaller ones.
    pub redelivery_delay: Duration,
    /// How long a failed asynchronous invocation waits. AWS waits a minute, then two.
    pub retry_delay: Duration,
    /// The most invocations at once of one queue's function, where the template sets no lower bound: this is one machine.
    pub queue_concurrency: usize,
    /// Whether schedules fire by themselves.
    pub schedules: Schedules,
    /// How long [`Runner::shutdown`] lets invocations finish.
    pub patience: Duration,
}

impl RunnerOptions {
    /// The defaults of a local run.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            environment: Environment::new(),
            redelivery_delay: Duration::from_secs(1),
            retry_delay: Duration::from_secs(1),
            queue_concurrency: 8,
            schedules: Schedules::Ticking,
            patience: Duration::from_secs(10),
        }
    }
}

/// What happens outside and calls functions.
pub struct Triggers {
    /// Every object that appears in a bucket.
    pub objects: BoxStream<'static, ObjectCreated>,
    /// Where requests for the HTTP API arrive; a template with such an API needs it.
    pub http: Option<TcpListener>,
}

/// A running stack.
pub struct Runner {
    stack: Stack,
    resources: Arc<Resources>,
    clients: Clients,
    invoker: Arc<Invoker>,
    asynchronous: Arc<Asynchronous>,
    stop: watch::Sender<bool>,
    sources: Mutex<Vec<JoinHandle<()>>>,
    patience: Duration,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("stack", &self.stack.name)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Makes the resources and the functions, then starts the event sources.
    ///
    /// # Errors
    /// When a stand-in does not answer, a resource exists in another shape, an environment variable has no value
    /// here, or the template and the factory do not have the same functions.
    pub async fn start(
        stack: Stack,
        options: RunnerOptions,
        factory: &dyn FunctionFactory,
        triggers: Triggers,
    ) -> anyhow::Result<Self> {
        same_functions(&stack, &factory.names())?;
        let clients = Clients::new(&stack, &options.endpoints)?;
        let resources = Arc::new(Resources::create(&stack, &clients).await?);
        let mut deployed = BTreeMap::new();
        for function in &stack.functions {
            let environment = environment::of(&stack, function, &resources, &options)?;
            let program = factory
                .create(&function.name, &environment)
                .await
                .with_context(|| format!("making the function {}", function.name))?;
            deployed.insert(function.name.clone(), Deployed::new(&stack, function, program));
        }
        let invoker = Arc::new(Invoker::new(deployed));
        let asynchronous = Arc::new(Asynchronous::new(
            Arc::clone(&invoker),
            clients.sqs.clone(),
            Arc::clone(&resources),
            options.retry_delay,
        ));
        let (stop, _) = watch::channel(false);
        let runner = Self {
            stack,
            resources,
            clients,
            invoker,
            asynchronous,
            stop,
            sources: Mutex::default(),
            patience: options.patience,
        };
        runner.start_sources(&options, triggers)?;
        Ok(runner)
    }

    fn start_sources(&self, options: &RunnerOptions, triggers: Triggers) -> anyhow::Result<()> {
        let mut tasks = Vec::new();
        let mut listeners = Vec::new();
        let mut http = triggers.http;
        for function in &self.stack.functions {
            for source in &function.sources {
                match source {
                    Source::Queue(source) => {
                        let poller = queues::Poller::new(self, function, source, options)?;
                        tasks.push(tokio::spawn(poller.run(self.stop.subscribe())));
                    }
                    Source::Objects(source) => {
                        let bucket = self.resources.name_of(&source.bucket)?;
                        listeners.push(objects::Listener::new(&self.stack, function, source, bucket));
                    }
                    Source::Schedule(source) => {
                        let schedule = schedules::Schedule::new(&self.stack, function, source);
                        if options.schedules == Schedules::Ticking && source.enabled {
                            let asynchronous = Arc::clone(&self.asynchronous);
                            tasks.push(tokio::spawn(schedule.tick(asynchronous, self.stop.subscribe())));
                        }
                    }
                    Source::Http(source) => {
                        let listener = http
                            .take()
                            .context("the template has an HTTP API and no listener was given")?;
                        let gateway = gateway::Gateway::new(
                            &self.stack,
                            &function.name,
                            source,
                            Arc::clone(&self.invoker),
                        );
                        tasks.push(tokio::spawn(gateway.serve(listener, self.stop.subscribe())));
                    }
                }
            }
        }
        let asynchronous = Arc::clone(&self.asynchronous);
        tasks.push(tokio::spawn(objects::notify(
            triggers.objects,
            listeners,
            asynchronous,
            self.stop.subscribe(),
        )));
        self.sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(tasks);
        Ok(())
    }

    /// The template's stack.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// What `!Ref` of a resource stands for here: a queue's URL, the name of a table or a bucket.
    pub fn reference(&self, logical: &str) -> Option<&str> {
        self.resources.reference(logical)
    }

    /// The beginning and the end of every invocation from now on. A slow receiver misses the oldest.
    pub fn invocations(&self) -> broadcast::Receiver<Invocation> {
        self.invoker.subscribe()
    }

    /// How many invocations run, by function; functions with none are absent.
    pub fn running(&self) -> BTreeMap<String, usize> {
        self.invoker.running()
    }

    /// How full each queue is, by its short name. Dead-letter queues are counted at the queue they belong to.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub async fn queues(&self) -> anyhow::Result<BTreeMap<String, QueueDepth>> {
        backlog::depths(&self.stack, &self.clients.sqs, &self.resources).await
    }

    /// Waits until nothing is queued, running or about to run. Dead letters do not count.
    ///
    /// # Errors
    /// What is left when the time is over.
    pub async fn quiesce(&self, timeout: Duration) -> Result<(), Busy> {
        backlog::quiesce(self, timeout).await
    }

    /// Fires a schedule now and answers what its function answered.
    ///
    /// # Errors
    /// When there is no such schedule, or its function failed.
    pub async fn run_schedule(&self, name: &str) -> anyhow::Result<Value> {
        let schedule = self.schedule(name)?;
        let event = schedule.event();
        Ok(self
            .invoker
            .invoke(schedule.function(), schedule.trigger(), 1, event)
            .await?)
    }

    /// Fires a schedule now with another input than the template's.
    ///
    /// # Errors
    /// As [`Runner::run_schedule`].
    pub async fn run_schedule_with(&self, name: &str, input: Value) -> anyhow::Result<Value> {
        let schedule = self.schedule(name)?;
        Ok(self
            .invoker
            .invoke(schedule.function(), schedule.trigger(), 1, input)
            .await?)
    }

    fn schedule(&self, name: &str) -> anyhow::Result<schedules::Schedule> {
        self.stack
            .functions
            .iter()
            .flat_map(|function| function.sources.iter().map(move |source| (function, source)))
            .find_map(|(function, source)| match source {
                Source::Schedule(source) if source.name == name => {
                    Some(schedules::Schedule::new(&self.stack, function, source))
                }
                _ => None,
            })
            .with_context(|| format!("the template has no schedule {name}"))
    }

    /// Stops the event sources, lets what runs finish for a while, and ends the rest.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let sources: Vec<_> =
            std::mem::take(&mut *self.sources.lock().unwrap_or_else(PoisonError::into_inner));
        let ending = async {
            for source in sources {
                if let Err(error) = source.await {
                    tracing::error!(%error, "an event source ended badly");
                }
            }
            self.invoker.idle().await;
        };
        if tokio::time::timeout(self.patience, ending).await.is_err() {
            tracing::warn!(running = ?self.running(), "invocations were cut off at shutdown");
        }
        self.invoker.end();
    }
}

fn same_functions(stack: &Stack, known: &[String]) -> anyhow::Result<()> {
    let in_template: BTreeSet<&str> = stack
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    if let Some(name) = in_template.difference(&known).next() {
        anyhow::bail!("the template has the function {name}, which is not built into the local stack");
    }
    if let Some(name) = known.difference(&in_template).next() {
        anyhow::bail!("the function {name} is not in the template");
    }
    Ok(())
}

/// AWS stamps events and deadlines with the time of day; the clock that tests move is the functions' own.
#[expect(
    clippy::disallowed_methods,
    reason = "the services of AWS have a clock of their own"
)]
fn wall_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
