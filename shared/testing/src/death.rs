//! Killing a use-case at any of its calls, as Lambda kills a function that runs out of time.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

/// Which side of a call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request was never seen.
    Before,
    /// The request had its effect; its answer was never seen.
    After,
}

/// One run of a use-case, which ends at a given call or when its owner says so.
#[derive(Debug)]
pub struct Life {
    /// Calls that may still begin, the fatal one included.
    calls: AtomicU64,
    moment: Moment,
    dead: AtomicBool,
}

impl Life {
    fn of(calls: u64, moment: Moment) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU64::new(calls),
            moment,
            dead: AtomicBool::new(false),
        })
    }

    /// Ends the run. Requests that it has sent still have their effect when it is polled once more, and nothing else
    /// happens in it.
    pub fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }
}

thread_local! {
    /// Whose future is being polled. Death is a matter of one run: others on the same ports live on.
    static LIFE: RefCell<Option<Arc<Life>>> = const { RefCell::new(None) };
}

/// Runs `work` until its `call`-th call of a port (counted from 1) and drops it there: before that call's effect or
/// after it. `Some` when the work was finished before it came to that.
///
/// Calls of the same run that are in flight at that moment may still have their effect, as sent requests do. Work that
/// is spawned onto other threads or tasks is not part of the run.
pub async fn run_until_death<F: Future>(call: u64, moment: Moment, work: F) -> Option<F::Output> {
    let life = Life::of(call, moment);
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let polled = {
            let _within = Within::enter(life.clone());
            work.as_mut().poll(context)
        };
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if life.dead.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Work that can be ended from outside while its requests are under way, and what ends it.
pub fn mortal<F: Future>(work: F) -> (Arc<Life>, impl Future<Output = F::Output>) {
    let life = Life::of(u64::MAX, Moment::After);
    let own = life.clone();
    let work = async move {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            let _within = Within::enter(own.clone());
            work.as_mut().poll(context)
        })
        .await
    };
    (life, work)
}

/// Puts the outer run back, also when the work panics.
struct Within(Option<Arc<Life>>);

impl Within {
    fn enter(life: Arc<Life>) -> Self {
        Self(LIFE.with(|current| current.borrow_mut().replace(life)))
    }
}
impl Drop for Within {
    fn drop(&mut self) {
        LIFE.with(|current| *current.borrow_mut() = self.0.take());
    }
}

/// What becomes of a call.
pub(crate) enum Fate {
    /// Nothing special.
    Lives,
    /// Its run ends with it.
    Dies(Moment, Death),
}

/// The end of a run, once it is due.
pub(crate) struct Death(Arc<Life>);

impl Death {
    /// Ends the run. Never returns.
    pub(crate) async fn strike(self) {
        self.0.dead.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }
}

/// Nobody hears of the effect of a call whose run has ended meanwhile.
pub(crate) async fn end_call() {
    let is_dead = LIFE.with(|current| {
        let current = current.borrow();
        current
            .as_ref()
            .is_some_and(|life| life.dead.load(Ordering::Relaxed))
    });
    if is_dead {
        std::future::pending::<()>().await;
    }
}

/// Counts a call that begins. A call of a dead run never goes on.
pub(crate) async fn begin_call() -> Fate {
    let Some(life) = LIFE.with(|current| current.borrow().clone()) else {
        return Fate::Lives;
    };
    if life.dead.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    let left = life.calls.load(Ordering::Relaxed).saturating_sub(1);
    life.calls.store(left, Ordering::Relaxed);
    if left == 0 {
        Fate::Dies(life.moment, Death(life))
    } else {
        Fate::Lives
    }
}
