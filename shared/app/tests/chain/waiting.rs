//! A task ends when the pages show what it did, and not before: whatever dies, comes late or comes twice.

use imprint_app::builds::{self, NewBuild, NewEditions};
use imprint_app::dashboards;
use imprint_app::editions::{self, NewEdition, NewName};
use imprint_app::products::{self, NewProduct};
use imprint_app::step::MAX_RECEIVES;
use imprint_domain::edition::Tracking;
use imprint_domain::git::GitRefs;
use imprint_domain::id::TaskId;
use imprint_domain::message::Envelope;
use imprint_domain::task::{FailureCode, PagesOf, PagesStep, TaskStatus};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, Step, Trouble, run_until_death};

use crate::installation::{Installation, sites};

impl Installation {
    /// Publishes a first site with its pages and its entry in the index, then confirms a second one of `main` and delivers
    /// everything but the renderings.
    async fn about_to_render(&self) -> TaskId {
        self.publish(&sites()[0], "main").await;
        let build = self.upload(&sites()[1], "main").await;
        let task = self.confirm(&build).await.unwrap();
        self.deliver_up_to_renderings().await;
        task
    }

    async fn deliver_up_to_renderings(&self) {
        for step in [Step::RegisterBuild, Step::CopyEdition, Step::PurgeCdn] {
            for envelope in self.world.queue.take_all_of(step) {
                self.deliver(&envelope, 1).await;
            }
        }
    }

    fn rendering(&self) -> Envelope {
        self.world
            .queue
            .take(Step::RenderDashboard)
            .expect("a rendering was sent")
    }

    async fn status(&self, task: &TaskId) -> TaskStatus {
        self.task(task).await.status()
    }

    /// One more edition that follows `main`.
    async fn another_that_follows_main(&self) {
        let new = NewEdition {
            name: NewName::Given {
                slug: parsed("other"),
                title: parsed("Other"),
            },
            tracking: Tracking {
                mode: TrackingMode::GitRefs,
                refs: Some(GitRefs::parse(&["main"]).unwrap()),
                alternate: None,
            },
            kind: None,
            retention: imprint_domain::kind::Retention::Applies,
            build: None,
            by: None,
        };
        editions::create(&self.env, &parsed("alpha"), new).await.unwrap();
        self.settle().await;
    }

    async fn product(&self, slug: &str) {
        let new = NewProduct {
            slug: parsed(slug),
            title: parsed(slug),
            doc_repo: parsed("https://example.org/x"),
            root_domain: None,
            root_fastly_domain: None,
            main_mode: TrackingMode::GitRefs,
        };
        products::create(&self.env, new).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_ends_when_the_pages_show_the_edition() {
    let here = Installation::new().await;
    let task = here.about_to_render().await;
    let before = here.task(&task).await;
    assert_eq!(before.status(), TaskStatus::Started, "{before:?}");
    assert_eq!(before.pages[0].of, PagesOf::Product(parsed("alpha")));
    assert_eq!(before.pages[0].step, PagesStep::Wanted);
    here.deliver(&here.rendering(), 1).await;
    let after = here.task(&task).await;
    assert_eq!(after.status(), TaskStatus::Success, "{after:?}");
    assert!(matches!(after.pages[0].step, PagesStep::Rendered { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_changes_the_index_waits_for_that_too() {
    let here = Installation::new().await;
    let build = here.upload(&sites()[0], "v1.0").await;
    let task = here.confirm(&build).await.unwrap();
    here.deliver_up_to_renderings().await;
    here.deliver(&here.rendering(), 1).await;
    assert_eq!(here.status(&task).await, TaskStatus::Started);
    here.settle().await;
    let task = here.task(&task).await;
    assert_eq!((task.status(), task.pages.len()), (TaskStatus::Success, 2));
}

#[tokio::test(start_paused = true)]
async fn an_earlier_rendering_does_not_end_a_task_whose_later_edition_it_may_not_show() {
    let here = Installation::new().await;
    here.another_that_follows_main().await;
    here.publish(&sites()[0], "main").await;
    let build = here.upload(&sites()[1], "main").await;
    let task = here.confirm(&build).await.unwrap();
    for step in [Step::RegisterBuild, Step::CopyEdition] {
        for envelope in here.world.queue.take_all_of(step) {
            here.deliver(&envelope, 1).await;
        }
    }
    let mut renderings = Vec::new();
    for purge in here.world.queue.take_all_of(Step::PurgeCdn) {
        here.deliver(&purge, 1).await;
        renderings.push(here.rendering());
    }
    let [first, second] = renderings.try_into().expect("two editions moved");
    here.deliver(&first, 1).await;
    assert_eq!(here.status(&task).await, TaskStatus::Started);
    here.deliver(&second, 1).await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
    // The first once more, late: what is on the pages stays there.
    here.deliver(&first, 2).await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_no_edition_follows_waits_for_the_pages_that_list_it() {
    let here = Installation::new().await;
    let new = NewBuild {
        slug: None,
        git_refs: GitRefs::parse(&["branch"]).unwrap(),
        alternate: None,
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        github_requester: None,
        upload: imprint_domain::upload::Upload::Files,
        directories: None,
        new_editions: NewEditions::Forbidden,
    };
    let created = builds::create(&here.env, &parsed("alpha"), new, &|_| Ok(())).await;
    let build = created.unwrap().build;
    sites()[0].upload(&here.world.objects, &build);
    let task = here.confirm(&build).await.unwrap();
    here.deliver_up_to_renderings().await;
    let waiting = here.task(&task).await;
    assert!(waiting.editions.is_empty(), "{waiting:?}");
    assert_eq!(waiting.status(), TaskStatus::Started);
    here.settle().await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_rendering_that_fails_for_good_is_a_failure_of_its_task_and_heals() {
    let here = Installation::new().await;
    let task = here.about_to_render().await;
    here.world
        .faults()
        .from("objects.write", 1, Moment::Before, Trouble::Failed);
    let rendering = here.rendering();
    for receive_count in 1..=MAX_RECEIVES {
        here.deliver(&rendering, receive_count).await;
    }
    let failed = here.task(&task).await;
    assert_eq!(failed.status(), TaskStatus::Failure, "{failed:?}");
    let PagesStep::Failed(failure) = &failed.pages[0].step else {
        panic!("{failed:?}")
    };
    assert_eq!(failure.code, FailureCode::ObjectStore);
    here.world.faults().clear();
    here.recover().await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn a_rendering_that_is_never_delivered_is_given_up_and_says_so() {
    let here = Installation::new().await;
    let task = here.about_to_render().await;
    for _ in 0..10 {
        here.world.queue.take_all();
        here.world.clock.advance(jiff::SignedDuration::from_hours(1));
        imprint_app::sweep::sweep(&here.world.tenants(), jiff::SignedDuration::from_secs(120))
            .await
            .unwrap();
    }
    let task = here.task(&task).await;
    assert_eq!(task.status(), TaskStatus::Failure);
    assert!(matches!(&task.pages[0].step, PagesStep::Failed(failure) if failure.code == FailureCode::GaveUp));
}

/// Invariant 4 for the end of a task.
#[tokio::test(start_paused = true)]
async fn the_rendering_that_a_task_waits_for_may_die_anywhere_and_come_twice() {
    for lost in [false, true] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let here = Installation::new().await;
                let build = here.upload(&sites()[0], "v1.0").await;
                let task = here.confirm(&build).await.unwrap();
                here.deliver_up_to_renderings().await;
                let rendering = here.rendering();
                let survived = run_until_death(call, moment, here.deliver(&rendering, 1))
                    .await
                    .is_some();
                if !survived {
                    let told = here.task(&task).await;
                    let shows = here.world.objects.get("alpha/v/index.html");
                    let shows =
                        shows.is_some_and(|page| String::from_utf8_lossy(&page.body).contains("v1.0"));
                    assert!(
                        told.status() == TaskStatus::Started || shows,
                        "killed at {call}: a success before its pages"
                    );
                }
                if !lost {
                    here.world.queue.give_back(rendering.clone());
                }
                here.recover().await;
                assert_eq!(here.status(&task).await, TaskStatus::Success, "killed at {call}");
                let index = here.world.objects.get("index.html").expect("the index");
                assert!(
                    String::from_utf8_lossy(&index.body).contains("v1.0"),
                    "killed at {call}"
                );
                here.deliver(&rendering, 2).await;
                here.settle().await;
                assert_eq!(
                    here.status(&task).await,
                    TaskStatus::Success,
                    "again after {call}"
                );
                if survived {
                    assert!(call > 14, "only {call} calls");
                    break;
                }
            }
        }
    }
}

/// A standard queue delivers a purge twice now and then.
#[tokio::test(start_paused = true)]
async fn a_purge_that_comes_again_opens_no_task_anew() {
    let here = Installation::new().await;
    here.publish(&sites()[0], "main").await;
    let build = here.upload(&sites()[1], "main").await;
    let task = here.confirm(&build).await.unwrap();
    for step in [Step::RegisterBuild, Step::CopyEdition] {
        for envelope in here.world.queue.take_all_of(step) {
            here.deliver(&envelope, 1).await;
        }
    }
    let purge = here.world.queue.take(Step::PurgeCdn).unwrap();
    here.deliver(&purge, 1).await;
    here.settle().await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
    here.deliver(&purge, 2).await;
    assert_eq!(here.world.queue.waiting(), 0);
    assert_eq!(here.status(&task).await, TaskStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn pages_on_demand_are_a_task_of_their_own() {
    let here = Installation::new().await;
    let task = dashboards::render(&here.env, &parsed("alpha")).await.unwrap();
    assert_eq!(here.status(&task).await, TaskStatus::Pending);
    here.settle().await;
    assert_eq!(here.status(&task).await, TaskStatus::Success);
    assert!(dashboards::render(&here.env, &parsed("beta")).await.is_err());
}

/// One task follows the pages of all products, however many there are, and no commit grows with them.
#[tokio::test(start_paused = true)]
async fn all_pages_of_an_organization_are_one_task() {
    let here = Installation::new().await;
    for n in 0..45 {
        here.product(&format!("product-{n}")).await;
    }
    here.settle().await;
    let before = here.world.objects.snapshot().len();
    here.world.objects.forget_history();
    let task = dashboards::render_all(&here.env).await.unwrap();
    let all = here.world.queue.take(Step::RenderDashboard).unwrap();
    here.deliver(&all, 1).await;
    // Late and twice: the second fans nothing out.
    let waiting = here.world.queue.waiting();
    here.deliver(&all, 2).await;
    assert_eq!(here.world.queue.waiting(), waiting);
    assert_eq!(here.status(&task).await, TaskStatus::Pending);
    here.settle().await;
    let task = here.task(&task).await;
    assert_eq!(
        (task.status(), task.pages.len()),
        (TaskStatus::Success, 47),
        "46 products and the index"
    );
    assert_eq!(here.world.objects.history().len(), 46 * 9 + 2);
    assert_eq!(here.world.objects.snapshot().len(), before);
}

#[tokio::test(start_paused = true)]
async fn having_all_pages_written_may_die_anywhere() {
    for lost in [false, true] {
        for moment in [Moment::Before, Moment::After] {
            for call in 1.. {
                let here = Installation::new().await;
                for n in 0..16 {
                    here.product(&format!("product-{n}")).await;
                }
                here.settle().await;
                let task = dashboards::render_all(&here.env).await.unwrap();
                let all = here.world.queue.take(Step::RenderDashboard).unwrap();
                let survived = run_until_death(call, moment, here.deliver(&all, 1))
                    .await
                    .is_some();
                if !lost {
                    here.world.queue.give_back(all);
                }
                here.recover().await;
                let task = here.task(&task).await;
                assert_eq!((task.status(), task.pages.len()), (TaskStatus::Success, 18));
                if survived {
                    assert!(call > 3, "only {call} calls");
                    break;
                }
            }
        }
    }
}
