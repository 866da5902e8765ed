//! What is still to be done.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Serialize;
use tokio::time::Instant;

use super::Runner;
use super::resources::Resources;
use crate::template::Stack;

/// How full a queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// Messages that wait.
    pub visible: u64,
    /// Messages that a function has.
    pub in_flight: u64,
    /// Messages that wait for their delay.
    pub delayed: u64,
    /// Messages that failed too often.
    pub dead_letters: u64,
}

impl QueueDepth {
    /// Messages that are still to be handled.
    fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// What was still to be done when the waiting ended.
#[derive(Debug, Clone, Default, Serialize, thiserror::Error)]
#[error("still busy: running {running:?}, waiting asynchronously {pending}, queues {queues:?}{}", problem.as_deref().unwrap_or_default())]
pub struct Busy {
    /// Queues that are not empty.
    pub queues: BTreeMap<String, QueueDepth>,
    /// Invocations by function.
    pub running: BTreeMap<String, usize>,
    /// Asynchronous invocations that wait, run or wait again.
    pub pending: usize,
    /// Why the queues could not be looked at.
    pub problem: Option<String>,
}

impl Busy {
    fn is_idle(&self) -> bool {
        self.queues.is_empty() && self.running.is_empty() && self.pending == 0 && self.problem.is_none()
    }
}

pub(super) async fn depths(
    stack: &Stack,
    sqs: &aws_sdk_sqs::Client,
    resources: &Resources,
) -> anyhow::Result<BTreeMap<String, QueueDepth>> {
    let mut depths = BTreeMap::new();
    for queue in stack
        .queues
        .iter()
        .filter(|queue| !stack.belongs_to_a_queue(&queue.logical))
    {
        let mut depth = depth(sqs, &resources.name_of(&queue.logical)?).await?;
        if stack.is_dead_letter_queue(&queue.logical) {
            depth = QueueDepth {
                dead_letters: depth.total(),
                ..QueueDepth::default()
            };
        }
        if let Some(redrive) = &queue.redrive {
            depth.dead_letters = self::depth(sqs, &resources.name_of(&redrive.target)?)
                .await?
                .total();
        }
        depths.insert(queue.name.clone(), depth);
    }
    Ok(depths)
}

async fn depth(sqs: &aws_sdk_sqs::Client, url: &str) -> anyhow::Result<QueueDepth> {
    let found = sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
        .send()
        .await
        .with_context(|| format!("looking at the queue {url}"))?
        .attributes
        .unwrap_or_default();
    let count = |name| {
        found
            .get(&name)
            .and_then(|count| count.parse().ok())
            .unwrap_or_default()
    };
    Ok(QueueDepth {
        visible: count(QueueAttributeName::ApproximateNumberOfMessages),
        in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        dead_letters: 0,
    })
}

/// Between two looks. A message on its way from one queue to the next may be missed by one look over all queues,
/// but an invocation will have begun by the next.
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);
/// Looks in a row that must find nothing.
const QUIET_LOOKS: u32 = 3;

pub(super) async fn quiesce(runner: &Runner, timeout: Duration) -> Result<(), Busy> {
    let deadline = Instant::now() + timeout;
    let mut quiet = 0;
    let mut started = runner.invoker.started();
    loop {
        let busy = look(runner).await;
        let now_started = runner.invoker.started();
        quiet = if busy.is_idle() && now_started == started {
            quiet + 1
        } else {
            0
        };
        started = now_started;
        if quiet == QUIET_LOOKS {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(busy);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn look(runner: &Runner) -> Busy {
    let (queues, problem) = match runner.queues().await {
        Ok(queues) => (queues, None),
        Err(error) => (BTreeMap::new(), Some(format!("; {error:#}"))),
    };
    Busy {
        queues: queues
            .into_iter()
            .filter(|(_, depth)| depth.total() > 0)
            .collect(),
        running: runner.running(),
        pending: runner.asynchronous.pending(),
        problem,
    }
}
