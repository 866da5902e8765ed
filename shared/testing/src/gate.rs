//! The gate that every call of an in-memory adapter goes through: it counts, delays, fails and kills.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use imprint_app::ports::{DnsError, PresignError, PurgeError, SendError, StoreError};
use tokio::sync::Semaphore;

use crate::death::{self, Fate, Moment};
use crate::surroundings::Splitmix;

/// How a call fails when it is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody else wrote first.
    Conflict,
    /// The thing is not there.
    NotFound,
    /// Throttled or not reachable.
    Busy,
    /// Refused for good.
    Failed,
}

impl Trouble {
    /// As an error of a store.
    pub fn store(self) -> StoreError {
        match self {
            Self::Conflict => StoreError::Conflict,
            Self::NotFound => StoreError::NotFound("what a test took away".to_owned()),
            Self::Busy => StoreError::Busy("a test made it busy".into()),
            Self::Failed => StoreError::Failed("a test made it fail".into()),
        }
    }

    /// As an error of a queue.
    pub(crate) fn send(self) -> SendError {
        SendError(format!("a test made it fail: {self:?}").into())
    }

    /// As an error of the CDN.
    pub(crate) fn purge(self) -> PurgeError {
        let source = format!("a test made it fail: {self:?}").into();
        match self {
            Self::Busy => PurgeError::Busy {
                retry_after: None,
                source,
            },
            Self::Conflict | Self::NotFound | Self::Failed => PurgeError::Refused(source),
        }
    }

    /// As an error of the DNS.
    pub(crate) fn dns(self) -> DnsError {
        let source = format!("a test made it fail: {self:?}").into();
        match self {
            Self::Busy => DnsError::Busy(source),
            Self::Conflict => DnsError::Taken(source),
            Self::NotFound | Self::Failed => DnsError::Refused(source),
        }
    }

    /// As an error of signing.
    pub(crate) fn presign(self) -> PresignError {
        PresignError(format!("a test made it fail: {self:?}").into())
    }
}

/// A call as the gate sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// `port.method`.
    pub(crate) method: &'static str,
    /// How many requests the real adapter needs for it.
    pub(crate) requests: u64,
}

impl Call {
    pub(crate) const fn one(method: &'static str) -> Self {
        Self { method, requests: 1 }
    }
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<&'static str, u64>,
    requests: BTreeMap<&'static str, u64>,
    planned: Vec<Planned>,
    holds: Vec<(Matcher, Hold)>,
    chaos: Option<(Splitmix, u64)>,
    yields: Option<(Splitmix, u64)>,
}

#[derive(Debug)]
struct Planned {
    matcher: Matcher,
    times: u64,
    moment: Moment,
    trouble: Trouble,
}

/// Counts the calls that it matches.
#[derive(Debug)]
struct Matcher {
    /// None matches every method.
    method: Option<String>,
    nth: u64,
    seen: u64,
}

impl Matcher {
    fn new(method: &str, nth: u64) -> Self {
        let method = (method != Faults::ANY).then(|| method.to_owned());
        Self { method, nth, seen: 0 }
    }

    /// Whether the call is the `nth` one or one of the `times - 1` after it.
    fn hits(&mut self, method: &str, times: u64) -> bool {
        if self.method.as_deref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        self.seen += 1;
        self.seen >= self.nth && self.seen - self.nth < times
    }
}

/// The one gate of a [`World`](crate::World). Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Mutex<State>>);

/// What the gate decided for one call.
#[derive(Default)]
struct Verdict {
    failure: Option<(Moment, Trouble)>,
    hold: Option<Hold>,
    yields: (u64, u64),
}

impl Gate {
    /// Takes a call through the gate: `effect` runs unless the call is to fail or die before it.
    pub(crate) async fn pass<T>(&self, call: Call, effect: impl FnOnce() -> T) -> Result<T, Trouble> {
        let fate = death::begin_call().await;
        let verdict = self.judge(call);
        let (before, after) = verdict.yields;
        give_way(before).await;
        if let Some(hold) = verdict.hold {
            hold.wait().await;
        }
        let fate = match fate {
            Fate::Dies(Moment::Before, death) => {
                death.strike().await;
                Fate::Lives
            }
            fate @ (Fate::Dies(Moment::After, _) | Fate::Lives) => fate,
        };
        if let Some((Moment::Before, trouble)) = verdict.failure {
            return Err(trouble);
        }
        let done = effect();
        death::end_call().await;
        give_way(after).await;
        if let Fate::Dies(_, death) = fate {
            death.strike().await;
        }
        match verdict.failure {
            Some((_, trouble)) => Err(trouble),
            None => Ok(done),
        }
    }

    /// The same for a call that waits for nothing, so that it can neither die nor give way.
    pub(crate) fn pass_now(&self, call: Call) -> Result<(), Trouble> {
        match self.judge(call).failure {
            Some((_, trouble)) => Err(trouble),
            None => Ok(()),
        }
    }

    /// What was called so far.
    pub fn counts(&self) -> Counts {
        Counts(self.clone())
    }

    /// What shall go wrong.
    pub fn faults(&self) -> Faults {
        Faults(self.clone())
    }

    /// Makes every call give way to others up to `most` times before its effect and after it, so that concurrent work
    /// really interleaves: another way for each seed, the same way each time.
    pub fn interleave(&self, seed: u64, most: u64) {
        self.state().yields = Some((Splitmix::new(seed), most));
    }

    fn judge(&self, call: Call) -> Verdict {
        let mut state = self.state();
        *state.calls.entry(call.method).or_default() += 1;
        *state.requests.entry(call.method).or_default() += call.requests;
        let mut verdict = Verdict::default();
        for planned in &mut state.planned {
            if planned.matcher.hits(call.method, planned.times) {
                verdict.failure = Some((planned.moment, planned.trouble));
            }
        }
        if let Some((random, one_in)) = &mut state.chaos
            && random.below(*one_in) == 0
        {
            let moment = [Moment::Before, Moment::After][random.below(2) as usize];
            verdict.failure = verdict.failure.or(Some((moment, Trouble::Busy)));
        }
        for (matcher, hold) in &mut state.holds {
            if matcher.hits(call.method, 1) {
                verdict.hold = Some(hold.clone());
            }
        }
        if let Some((random, most)) = &mut state.yields {
            verdict.yields = (random.below(*most + 1), random.below(*most + 1));
        }
        verdict
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it counts")
    }
}

async fn give_way(times: u64) {
    for _ in 0..times {
        let mut given = false;
        std::future::poll_fn(|context| {
            if given {
                return std::task::Poll::Ready(());
            }
            given = true;
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}

/// What was asked of the ports, by `port.method`: `catalog.commit`, `objects.copy`, `documents.version`, `queue.send`,
/// `cdn.purge`, `uploads.presign`.
#[derive(Debug, Clone)]
pub struct Counts(Gate);

impl Counts {
    /// Requests of one method, as the real adapter would send them (`catalog.build` is two, signing none).
    pub fn of(&self, method: &str) -> u64 {
        self.0.state().requests.get(method).copied().unwrap_or(0)
    }

    /// Calls of one method.
    pub fn calls(&self, method: &str) -> u64 {
        self.0.state().calls.get(method).copied().unwrap_or(0)
    }

    /// Requests of one port, such as `catalog`.
    pub fn port(&self, port: &str) -> u64 {
        let state = self.0.state();
        let of_port = |method: &str| method.split_once('.').is_some_and(|(name, _)| name == port);
        state
            .requests
            .iter()
            .filter(|(method, _)| of_port(method))
            .map(|(_, n)| n)
            .sum()
    }

    /// Requests of all methods.
    pub fn total(&self) -> u64 {
        self.total_except(&[])
    }

    /// Requests of all methods but these.
    pub fn total_except(&self, methods: &[&str]) -> u64 {
        let state = self.0.state();
        state
            .requests
            .iter()
            .filter(|(method, _)| !methods.contains(method))
            .map(|(_, n)| n)
            .sum()
    }

    /// Calls of all methods: the number that [`run_until_death`](crate::run_until_death) counts, signing left out.
    pub fn all_calls(&self) -> u64 {
        self.0.state().calls.values().sum()
    }

    /// Requests by method, for a message when an assertion fails.
    pub fn all(&self) -> BTreeMap<&'static str, u64> {
        self.0.state().requests.clone()
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        let mut state = self.0.state();
        state.calls.clear();
        state.requests.clear();
    }
}

/// What shall go wrong. Every plan counts calls from when it was made.
#[derive(Debug, Clone)]
pub struct Faults(Gate);

impl Faults {
    /// Matches every method, where one is asked for.
    pub const ANY: &str = "*";

    /// Fails the `nth` call (from 1) of a method, before or after its effect.
    pub fn once(&self, method: &str, nth: u64, moment: Moment, trouble: Trouble) {
        self.times(method, nth, 1, moment, trouble);
    }

    /// Fails the `nth` call (from 1) of a method and every one after it.
    pub fn from(&self, method: &str, nth: u64, moment: Moment, trouble: Trouble) {
        self.times(method, nth, u64::MAX, moment, trouble);
    }

    /// Fails `times` calls of a method, the `nth` (from 1) first.
    pub fn times(&self, method: &str, nth: u64, times: u64, moment: Moment, trouble: Trouble) {
        self.0.state().planned.push(Planned {
            matcher: Matcher::new(method, nth),
            times,
            moment,
            trouble,
        });
    }

    /// Makes one call in `one_in` of all ports busy, before or after its effect.
    pub fn chaos(&self, seed: u64, one_in: u64) {
        self.0.state().chaos = Some((Splitmix::new(seed), one_in));
    }

    /// Holds the `nth` call (from 1) of a method before its effect, until it is released.
    pub fn hold(&self, method: &str, nth: u64) -> Hold {
        let hold = Hold::default();
        self.0
            .state()
            .holds
            .push((Matcher::new(method, nth), hold.clone()));
        hold
    }

    /// Nothing goes wrong any more. What is held stays held.
    pub fn clear(&self) {
        let mut state = self.0.state();
        state.planned.clear();
        state.holds.clear();
        state.chaos = None;
    }
}

/// A call that waits until a test lets it go on: for races that must happen in one order.
#[derive(Debug, Clone)]
pub struct Hold {
    reached: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Default for Hold {
    fn default() -> Self {
        Self {
            reached: Arc::new(Semaphore::new(0)),
            released: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Hold {
    /// Waits until the call is there.
    pub async fn reached(&self) {
        let _open = self.reached.acquire().await;
    }

    /// Lets the call go on.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    async fn wait(&self) {
        self.reached.add_permits(1);
        let _open = self.released.acquire().await;
    }
}
