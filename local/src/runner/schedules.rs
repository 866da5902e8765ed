//! Schedules of EventBridge.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::asynchronous::{Asynchronous, Target};
use super::invoker::request_id;
use super::wall_clock;
use crate::template::{Function, ScheduleSource, Stack};

pub(super) struct Schedule {
    target: Target,
    source: ScheduleSource,
    region: String,
    account: String,
}

impl Schedule {
    pub(super) fn new(stack: &Stack, function: &Function, source: &ScheduleSource) -> Self {
        Self {
            target: Target::new(stack, function),
            source: source.clone(),
            region: stack.region.clone(),
            account: stack.account.clone(),
        }
    }

    pub(super) fn function(&self) -> &str {
        &self.target.function
    }

    pub(super) fn trigger(&self) -> String {
        format!("schedule {}", self.source.name)
    }

    /// The template's `Input`, which replaces the whole event, or the service's own event
    /// (<https://docs.aws.amazon.com/eventbridge/latest/ref/events.html>).
    pub(super) fn event(&self) -> Value {
        self.source.input.clone().unwrap_or_else(|| {
            let rule = format!(
                "arn:aws:events:{}:{}:rule/{}",
                self.region, self.account, self.source.name
            );
            json!({
                "version": "0",
                "id": request_id(),
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": self.account,
                "time": wall_clock().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "region": self.region,
                "resources": [rule],
                "detail": {},
            })
        })
    }

    /// Fires at the schedule's rate until the stack stops. The first time is one period after the start.
    pub(super) async fn tick(self, asynchronous: Arc<Asynchronous>, mut stop: watch::Receiver<bool>) {
        let period = self.source.rate.0;
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => asynchronous.send(self.target.clone(), self.trigger(), self.event()),
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }
}
