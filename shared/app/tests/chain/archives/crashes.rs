//! Unpacking may stop anywhere, come twice, and be handed on.

use std::time::Duration;

use imprint_app::Pace;
use imprint_app::builds;
use imprint_app::copy_edition::Bounds;
use imprint_app::sweep::confirm_unheard;
use imprint_domain::task::{Registration, TaskStatus};
use imprint_testing::{Moment, Site, Step, Trouble, run_until_death};
use jiff::SignedDuration;
use tokio::time::Instant;

use super::{announced, heard, put, tar_gz, waiting, zipped};
use crate::installation::{Installation, sites};

fn one_at_a_time() -> Bounds {
    Bounds {
        pace: Pace::fixed(1),
        ..Bounds::default()
    }
}

/// Kills the step at its `call`-th call. False when it was finished before it came to that.
async fn killed(archive: &[u8], site: &Site, call: u64, moment: Moment, is_lost: bool) -> bool {
    let mut here = Installation::new().await;
    here.bounds = one_at_a_time();
    let (_, task, envelope) = waiting(&here, archive.to_vec()).await;
    let survived = run_until_death(call, moment, here.deliver(&envelope, 1)).await;
    if !is_lost {
        here.world.queue.give_back(envelope);
    }
    here.recover().await;
    here.assert_shows("main", site);
    let task = here.task(&task).await;
    assert_eq!(task.status(), TaskStatus::Success, "{call} {moment:?}: {task:?}");
    here.world.clock.advance(SignedDuration::from_mins(6));
    confirm_unheard(&here.world.tenants()).await.unwrap();
    assert_eq!(here.world.objects.keys("_imprint/uploads/"), [""; 0]);
    survived.is_none()
}

#[tokio::test(start_paused = true)]
async fn unpacking_may_die_anywhere() {
    let site = Site::of_pages(4).file("deep/er/p.html", "deep");
    for archive in [tar_gz(&site), zipped(&site)] {
        let mut deaths = 0;
        for is_lost in [false, true] {
            for moment in [Moment::Before, Moment::After] {
                let mut call = 1;
                while killed(&archive, &site, call, moment, is_lost).await {
                    call += 1;
                    deaths += 1;
                }
            }
        }
        assert!(
            deaths >= 80,
            "only {deaths} deaths: the step was not killed where it works"
        );
    }
}

/// Twice at once, and the build is deleted between: one run ends the task, the other is still writing.
#[tokio::test(start_paused = true)]
async fn progress_does_not_hide_that_another_run_has_failed() {
    let here = Installation::new().await;
    let (build, task, envelope) = waiting(&here, tar_gz(&Site::of_pages(4))).await;
    let hold = here.world.faults().hold("objects.write", 3);
    let meanwhile = async {
        hold.reached().await;
        builds::end(&here.env, build.id).await.unwrap();
        here.deliver(&envelope, 1).await;
        tokio::time::sleep(Duration::from_secs(11)).await;
        let registration = here.task(&task).await.registration;
        assert!(
            matches!(registration, Registration::Failed(_)),
            "{registration:?}"
        );
        hold.release();
    };
    tokio::join!(here.deliver(&envelope, 1), meanwhile);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Failure);
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_resumes_and_redoes_at_most_one_in_twenty() {
    let mut here = Installation::new().await;
    here.bounds = Bounds {
        pace: Pace::fixed(4),
        ..Bounds::default()
    };
    let site = Site::of_pages(400);
    let (_, _, envelope) = waiting(&here, tar_gz(&site)).await;
    here.world.counts().reset();
    let died = run_until_death(300, Moment::After, here.deliver(&envelope, 1)).await;
    assert!(died.is_none());
    here.deliver(&envelope, 2).await;
    let (writes, files) = (here.world.counts().of("objects.write"), site.paths().len() as u64);
    assert!(writes <= files + files / 20, "{writes} writes for {files} files");
    // The second run checks nothing again: it reads the archive once.
    assert_eq!(here.world.counts().of("objects.read_part"), 6);
    here.settle().await;
    here.assert_shows("main", &site);
}

#[tokio::test(start_paused = true)]
async fn a_long_run_is_handed_on_until_it_is_done() {
    let mut here = Installation::new().await;
    here.bounds = Bounds {
        pace: Pace::fixed(1),
        deadline: Some(Instant::now()),
    };
    let site = Site::of_pages(20);
    let build = announced(&here).await;
    put(&here, &build, tar_gz(&site));
    let task = heard(&here, &build).await;
    here.world.counts().reset();
    let mut runs = 0;
    while let Some(envelope) = here.world.queue.take(Step::UnpackArchive) {
        here.deliver(&envelope, 1).await;
        runs += 1;
        assert!(runs < 100, "no run gets further");
    }
    assert!(runs > 10, "{runs}");
    let files = site.paths().len() as u64;
    let writes = here.world.counts().of("objects.write");
    assert!(
        writes <= files + 2 + files / 20,
        "{writes} writes for {files} files"
    );
    here.bounds = Bounds::default();
    here.settle().await;
    here.assert_shows("main", &site);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_twice_does_its_work_once() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (_, task, envelope) = waiting(&here, tar_gz(&a)).await;
    // At once, and after everything is done.
    tokio::join!(here.deliver(&envelope, 1), here.deliver(&envelope, 1));
    here.settle().await;
    here.world.objects.forget_history();
    here.deliver(&envelope, 2).await;
    here.settle().await;
    assert_eq!(here.world.objects.history(), []);
    here.assert_shows("main", &a);
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    assert_eq!(here.edition("main").generation.0, 1);
}

/// Neither the journal nor the files of an archive speak for another one that took its place.
#[tokio::test(start_paused = true)]
async fn an_archive_that_is_replaced_half_way_leaves_nothing() {
    let [a, b, _] = sites();
    for call in 1..40 {
        let mut here = Installation::new().await;
        here.bounds = one_at_a_time();
        let (build, _, envelope) = waiting(&here, tar_gz(&a)).await;
        let survived = run_until_death(call, Moment::After, here.deliver(&envelope, 1)).await;
        if survived.is_some() || !here.world.catalog.all_builds()[0].upload.awaits_archive() {
            break;
        }
        put(&here, &build, tar_gz(&b));
        let task = heard(&here, &build).await;
        here.world.queue.give_back(envelope);
        here.recover().await;
        here.assert_shows("main", &b);
        assert_eq!(here.task(&task).await.status(), TaskStatus::Success, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_store_slows_a_run_down_and_a_failing_one_shows_until_it_is_mended() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = announced(&here).await;
    put(&here, &build, tar_gz(&a));
    let task = heard(&here, &build).await;
    for method in ["objects.write", "objects.read_part"] {
        here.world.faults().once(method, 1, Moment::Before, Trouble::Busy);
    }
    here.world
        .faults()
        .from("objects.finish_parts", 1, Moment::Before, Trouble::Failed);
    here.world
        .faults()
        .from("objects.write", 6, Moment::Before, Trouble::Failed);
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Failure);
    here.world.faults().clear();
    // Saying it again is enough.
    assert_eq!(here.confirm(&build).await.unwrap(), task);
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    here.assert_shows("main", &a);
}
