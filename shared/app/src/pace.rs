//! Many requests at once, as many as the store bears.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use crate::ports::StoreError;

/// How many requests are under way at a time.
///
/// Additive increase, multiplicative decrease: a success makes room for a little more, a throttled request halves. S3
/// takes 3,500 copies a second on a warm prefix, each in 20 to 100 ms, so 70 to 350 at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// At the start.
    pub start: usize,
    /// At most.
    pub most: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { start: 64, most: 256 }
    }
}

impl Pace {
    /// Always the same number.
    pub fn fixed(at_a_time: usize) -> Self {
        Self {
            start: at_a_time,
            most: at_a_time,
        }
    }
}

/// How often one request is sent again when the store is busy: waits of 50 ms up to 3.2 s, 6 s in all.
const MAX_ATTEMPTS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// How a paced run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Everything was done.
    Completely,
    /// The time ran out before everything was begun; what was begun is done.
    OutOfTime,
}

/// The present limit, kept from one run to the next.
#[derive(Debug)]
pub(crate) struct Limit {
    now: f64,
    most: f64,
}

impl Limit {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            now: pace.start.max(1) as f64,
            most: pace.most.max(1) as f64,
        }
    }

    /// How many requests may be under way.
    pub(crate) fn now(&self) -> usize {
        self.now as usize
    }

    /// Learns from a request that was sent so often before the store did it.
    pub(crate) fn learn(&mut self, sent: u32) {
        for _ in 1..sent {
            self.less();
        }
        self.more();
    }

    fn more(&mut self) {
        self.now = (self.now + 1.0 / self.now * 4.0).min(self.most);
    }

    fn less(&mut self) {
        self.now = (self.now / 2.0).max(1.0);
    }
}

/// Sends one request, again and after longer and longer waits while the store is busy.
///
/// # Returns
/// How often it was sent, and what became of it in the end.
pub(crate) async fn patiently<T, F>(request: impl Fn() -> F) -> (u32, Result<T, StoreError>)
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut number = 1;
    loop {
        match request().await {
            Err(error) if error.is_retryable() && number < MAX_ATTEMPTS => {
                tokio::time::sleep(FIRST_WAIT * 2u32.pow(number - 1)).await;
                number += 1;
            }
            outcome => return (number, outcome),
        }
    }
}

/// Does every item, as many at a time as the limit allows, each again when the store is busy.
///
/// On the first error nothing more is begun, but what is under way is awaited, so that no request takes effect after the
/// caller has gone on. `on_done` hears of each finished item.
///
/// # Errors
/// The first error that another try did not mend.
pub(crate) async fn run<T, F>(
    items: impl IntoIterator<Item = T>,
    limit: &mut Limit,
    deadline: Option<Instant>,
    request: impl Fn(T) -> F,
    on_done: impl Fn(),
) -> Result<Ran, StoreError>
where
    T: Clone,
    F: Future<Output = Result<(), StoreError>>,
{
    let attempt = |item: T, number: u32| {
        let pending = request(item.clone());
        async move {
            if number > 1 {
                tokio::time::sleep(FIRST_WAIT * 2u32.pow(number - 2)).await;
            }
            (item, number, pending.await)
        }
    };
    let mut waiting = items.into_iter().peekable();
    let mut under_way = FuturesUnordered::new();
    let mut first_error = None;
    let mut begun_any = false;
    loop {
        // At least one item is begun whatever the time, so that a run that is handed on always gets further.
        let may_begin = |begun: bool| !begun || deadline.is_none_or(|deadline| Instant::now() < deadline);
        while first_error.is_none() && under_way.len() < limit.now as usize && may_begin(begun_any) {
            let Some(item) = waiting.next() else { break };
            begun_any = true;
            under_way.push(attempt(item, 1));
        }
        let Some((item, number, outcome)) = under_way.next().await else {
            break;
        };
        match outcome {
            Ok(()) => {
                limit.more();
                on_done();
            }
            Err(error) if error.is_retryable() && number < MAX_ATTEMPTS && first_error.is_none() => {
                limit.less();
                under_way.push(attempt(item, number + 1));
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    match first_error {
        Some(error) => Err(error),
        None if waiting.peek().is_some() => Ok(Ran::OutOfTime),
        None => Ok(Ran::Completely),
    }
}
