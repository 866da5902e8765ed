//! Calls functions as Lambda does: a deadline, one failure that harms nothing else, and books about it all.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use imprint_lambda::{Function, LambdaEvent, observe};
use lambda_runtime::{Config, Context};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use super::resources::function_arn;
use super::wall_clock;
use crate::template;

/// Something that happened to an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function, such as `copy-edition`.
    pub function: String,
    /// Its id, which the function sees too.
    pub request_id: String,
    /// What called it: `queue copy-edition.fifo`, `schedule sweep`, `objects`, `http`.
    pub trigger: String,
    /// How many records the event has.
    pub records: usize,
    /// What happened.
    pub phase: Phase,
}

/// Where an invocation is.
#[derive(Debug, Clone)]
pub enum Phase {
    /// It begins.
    Started,
    /// It has ended.
    Ended {
        /// How long it took.
        elapsed: Duration,
        /// Why it failed, if it did.
        failure: Option<String>,
    },
}

/// Why an invocation failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// The function returned an error.
    #[error("{0}")]
    Failed(String),
    /// The function panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The function did not answer in its time.
    #[error("timed out after {0:?}")]
    TimedOut(Duration),
    /// The stack was shut down.
    #[error("cut off at shutdown")]
    CutOff,
    /// No function has this name.
    #[error("there is no function {0}")]
    Unknown(String),
}

/// A function with what Lambda knows about it.
pub(super) struct Deployed {
    program: Arc<dyn Function>,
    timeout: Duration,
    arn: String,
    config: Arc<Config>,
}

impl Deployed {
    pub(super) fn new(
        stack: &template::Stack,
        function: &template::Function,
        program: Arc<dyn Function>,
    ) -> Self {
        let mut config = Config::default();
        config.function_name.clone_from(&function.name);
        config.memory = i32::try_from(function.memory).unwrap_or(i32::MAX);
        config.version = "$LATEST".to_owned();
        Self {
            program,
            timeout: function.timeout,
            arn: function_arn(stack, &function.deployed_name),
            config: Arc::new(config),
        }
    }

    fn context(&self, request_id: &str) -> Context {
        let timeout = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline = wall_clock().as_millisecond().saturating_add(timeout);
        let mut context = Context::default();
        context.request_id = request_id.to_owned();
        context.deadline = u64::try_from(deadline).unwrap_or_default();
        context.invoked_function_arn.clone_from(&self.arn);
        context.env_config = Arc::clone(&self.config);
        context
    }
}

/// Events that a slow reader may lag behind before it misses some.
const EVENT_BACKLOG: usize = 4096;

pub(super) struct Invoker {
    functions: BTreeMap<String, Deployed>,
    running: Arc<Running>,
    events: broadcast::Sender<Invocation>,
    end: watch::Sender<bool>,
    started: AtomicU64,
}

/// How many invocations run, by function.
struct Running(watch::Sender<BTreeMap<String, usize>>);

/// One running invocation.
struct Guard {
    running: Arc<Running>,
    function: String,
}

impl Guard {
    fn new(running: &Arc<Running>, function: &str) -> Self {
        running
            .0
            .send_modify(|running| *running.entry(function.to_owned()).or_default() += 1);
        Self {
            running: Arc::clone(running),
            function: function.to_owned(),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.running.0.send_modify(|running| {
            if let Some(count) = running.get_mut(&self.function) {
                *count -= 1;
                if *count == 0 {
                    running.remove(&self.function);
                }
            }
        });
    }
}

impl Invoker {
    pub(super) fn new(functions: BTreeMap<String, Deployed>) -> Self {
        Self {
            functions,
            running: Arc::new(Running(watch::Sender::default())),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            end: watch::Sender::new(false),
            started: AtomicU64::new(0),
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Invocation> {
        self.events.subscribe()
    }

    pub(super) fn running(&self) -> BTreeMap<String, usize> {
        self.running.0.borrow().clone()
    }

    /// How many invocations have begun since the start.
    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::SeqCst)
    }

    /// Waits until nothing runs.
    pub(super) async fn idle(&self) {
        let mut running = self.running.0.subscribe();
        // The sender lives as long as this invoker, so this cannot fail.
        let _always_open = running.wait_for(BTreeMap::is_empty).await;
    }

    /// Ends whatever still runs.
    pub(super) fn end(&self) {
        self.end.send_replace(true);
    }

    /// Runs one invocation to its end, even when the caller loses interest: Lambda does the same.
    pub(super) async fn invoke(
        &self,
        function: &str,
        trigger: String,
        records: usize,
        payload: Value,
    ) -> Result<Value, InvocationError> {
        let deployed = self
            .functions
            .get(function)
            .ok_or_else(|| InvocationError::Unknown(function.to_owned()))?;
        let request_id = request_id();
        let event = LambdaEvent::new(payload, deployed.context(&request_id));
        let guard = Guard::new(&self.running, function);
        self.started.fetch_add(1, Ordering::SeqCst);
        let about = Invocation {
            function: function.to_owned(),
            request_id,
            trigger,
            records,
            phase: Phase::Started,
        };
        // Nobody has to listen.
        let _unheard = self.events.send(about.clone());
        let call = call(
            Arc::clone(&deployed.program),
            event,
            deployed.timeout,
            self.end.subscribe(),
        );
        let events = self.events.clone();
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            let result = call.await;
            drop(guard);
            let failure = result.as_ref().err().map(ToString::to_string);
            let phase = Phase::Ended {
                elapsed: begun.elapsed(),
                failure,
            };
            let _unheard = events.send(Invocation { phase, ..about });
            result
        });
        task.await
            .unwrap_or_else(|error| Err(InvocationError::Panicked(error.to_string())))
    }
}

async fn call(
    program: Arc<dyn Function>,
    event: LambdaEvent<Value>,
    timeout: Duration,
    mut end: watch::Receiver<bool>,
) -> Result<Value, InvocationError> {
    // The program is not used again by this invocation, and its state is its own to keep consistent, as in a
    // Lambda process that survives a panic.
    let work = AssertUnwindSafe(observe(program.as_ref(), event)).catch_unwind();
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(timeout, work) => outcome,
        _ = end.wait_for(|ended| *ended) => return Err(InvocationError::CutOff),
    };
    match outcome {
        Err(_) => Err(InvocationError::TimedOut(timeout)),
        Ok(Err(panic)) => Err(InvocationError::Panicked(panic_message(&*panic))),
        Ok(Ok(Err(error))) => Err(InvocationError::Failed(with_sources(&*error))),
        Ok(Ok(Ok(response))) => Ok(response),
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

fn with_sources(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A random id in the form of a UUID, as AWS gives to requests.
pub(super) fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A count that goes down again when its guard is dropped.
#[derive(Debug, Default, Clone)]
pub(super) struct Pending(Arc<Mutex<usize>>);

/// One thing that is pending.
#[derive(Debug)]
pub(super) struct PendingGuard(Pending);

impl Pending {
    pub(super) fn one(&self) -> PendingGuard {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        PendingGuard(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PendingGuard {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}
