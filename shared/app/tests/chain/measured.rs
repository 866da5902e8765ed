//! What is measured: each thing once, and only what happened.

use imprint_app::sweep::sweep;
use imprint_domain::task::TaskStatus;
use imprint_testing::memory::Refusal;
use jiff::SignedDuration;

use crate::installation::{Installation, sites};

impl Installation {
    fn measured(&self, metric: &str, of: Option<&str>) -> Vec<u64> {
        self.world.telemetry.values(metric, of)
    }

    async fn sweep_after(&self, rest: SignedDuration) {
        self.world.clock.advance(rest);
        let patience = SignedDuration::from_secs(120);
        sweep(&self.world.tenants(), patience).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_measured_once_as_its_task_reports_it() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    let (_, first) = here.publish(&a, "main").await;
    let (_, second) = here.publish(&b, "main").await;
    let reports = [first, second].map(|task| task.editions[0].report.unwrap());
    for (metric, of_reports) in [
        ("ObjectsCopied", reports.map(|report| report.copied)),
        ("ObjectsDeleted", reports.map(|report| report.deleted)),
        ("ObjectsUnchanged", reports.map(|report| report.unchanged)),
    ] {
        assert_eq!(here.measured(metric, None), of_reports, "{metric}");
    }
    assert!(here.measured("BytesCopied", None).iter().all(|bytes| *bytes > 0));
    assert!(here.measured("Failures", None).is_empty(), "nothing failed");
}

/// A message that comes twice, and a copy that finds nothing to do, are no second copy.
#[tokio::test(start_paused = true)]
async fn a_copy_that_is_delivered_twice_is_measured_once() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = here.upload(&a, "main").await;
    here.confirm(&build).await.unwrap();
    while let Some(envelope) = here.world.queue.take_any() {
        here.deliver(&envelope, 1).await;
        here.deliver(&envelope, 2).await;
    }
    assert_eq!(here.measured("ObjectsCopied", None).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_measured_when_it_shows_and_not_each_time_it_is_tried() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    // Nine deliveries fail: five of the first send show it, the rest heals before it would show again.
    here.world.cdn.fail_next(9, Refusal::Busy { retry_after: None });
    here.publish(&a, "main").await;
    assert_eq!(here.measured("Failures", Some("purge_refused")), [1]);
    here.recover().await;
    assert_eq!(here.measured("Failures", None), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_measured_when_the_sweep_finds_that_it_has_ended_and_only_then() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (_, task) = here.publish(&a, "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    assert!(here.measured("TasksFailed", None).is_empty());
    here.sweep_after(SignedDuration::from_mins(11)).await;
    assert_eq!(here.measured("TasksFailed", Some("publish")), [0]);
    let took = u64::try_from(task.took().unwrap().as_millis()).unwrap();
    assert_eq!(here.measured("TaskDuration", Some("publish")), [took]);
    here.sweep_after(SignedDuration::from_mins(11)).await;
    assert_eq!(
        here.measured("TasksFailed", Some("publish")),
        [0],
        "it is watched no longer"
    );
}

#[tokio::test(start_paused = true)]
async fn every_purge_is_measured_whoever_asks_for_it() {
    let here = Installation::new().await;
    let env = here.world.tenants().of_default().await.unwrap();
    let keys = [here.edition("main").surrogate_key];
    here.world.cdn.fail_next(1, Refusal::Refused);
    assert!(env.cdn.purge("service-1", &keys).await.is_err());
    assert!(env.cdn.purge("service-1", &keys).await.is_ok());
    assert_eq!(here.measured("PurgesAccepted", None), [0, 1]);
    assert_eq!(here.measured("PurgesRefused", None), [1, 0]);
    assert_eq!(here.measured("KeysPurged", None), [0, 1]);
}
