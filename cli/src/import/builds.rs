//! The builds of a product, oldest first, so that they have the same order here.

use futures_util::{StreamExt as _, stream};

use super::Context;
use super::copy::{Copied, Source};
use super::plan::{BuildPlan, Verdict};
use super::product::{ItemError, Known, refs};
use super::report::{About, Report, Row, State, size};
use super::tree::Tree;
use crate::bucket::Bucket;
use crate::http::ApiError;
use crate::imprint::Progress;

/// Files that are named of one build; the others are counted.
const NAMED_FILES: usize = 20;

/// A build that is there, and what watches it.
pub(super) struct Watched {
    /// Its place among the plans.
    at: usize,
    task: String,
}

/// What came of one build.
struct Taken {
    copied: Copied,
    task: Option<String>,
    here: u64,
}

/// Where the files of a build are.
fn place_of(
    context: &Context<'_>,
    known: &Known<'_>,
    plan: &BuildPlan,
) -> Result<(Bucket, String), ItemError> {
    let named = context.options.bucket.as_ref().or(plan.bucket.as_ref());
    let name = named.ok_or_else(|| {
        ItemError::Failed("the keeper does not say in which bucket it is; name that with --bucket".to_owned())
    })?;
    let bucket = Bucket::new(context.s3.clone(), name.clone());
    // By its slug and not by what the keeper says, which could lead anywhere in the bucket.
    Ok((bucket, format!("{}/builds/{}/", known.slug, plan.slug)))
}

async fn tree_of(bucket: &Bucket, prefix: &str) -> Result<Tree, ItemError> {
    let tree = Tree::of(bucket.list(prefix).await?);
    match tree.files.as_slice() {
        [] => Err(ItemError::Refused(format!("there are no files below {prefix}"))),
        [_, ..] => Ok(tree),
    }
}

/// Says what would be copied. A build without files is one that cannot be taken.
pub(super) async fn measure(
    context: &Context<'_>,
    known: &Known<'_>,
    plans: &mut [BuildPlan],
    report: &mut Report,
) -> Result<(), ApiError> {
    let measured = plans.iter().map(|plan| async move {
        match plan.verdict {
            Verdict::Create | Verdict::Resume => {
                let (bucket, prefix) = place_of(context, known, plan)?;
                tree_of(&bucket, &prefix).await.map(Some)
            }
            Verdict::Update(_) | Verdict::Present | Verdict::Skip(_) | Verdict::Refuse(_) => Ok(None),
        }
    });
    let measured: Vec<_> = measured.collect();
    let measured: Vec<_> = stream::iter(measured)
        .buffered(context.options.jobs)
        .collect()
        .await;
    for (plan, measured) in plans.iter_mut().zip(measured) {
        match measured {
            Ok(None) => tell(report, known, plan, &Copied::default()),
            Ok(Some(tree)) => {
                let copied = Copied {
                    files: tree.files.len() as u64,
                    bytes: tree.bytes(),
                    left_out: tree.left_out,
                };
                tell(report, known, plan, &copied);
            }
            Err(error) => not_taken(report, known, plan, error)?,
        }
    }
    Ok(())
}

/// Takes every build that is missing. One that cannot be taken does not stop the others.
pub(super) async fn take_all(
    context: &Context<'_>,
    known: &Known<'_>,
    plans: &mut [BuildPlan],
    report: &mut Report,
) -> Result<Vec<Watched>, ApiError> {
    let mut watched = Vec::new();
    for (at, plan) in plans.iter_mut().enumerate() {
        match plan.verdict {
            Verdict::Create | Verdict::Resume => {}
            Verdict::Update(_) | Verdict::Present | Verdict::Skip(_) | Verdict::Refuse(_) => {
                tell(report, known, plan, &Copied::default());
                continue;
            }
        }
        match take(context, known, plan).await {
            Ok(taken) => {
                plan.here = Some(taken.here);
                tell(report, known, plan, &taken.copied);
                watched.extend(taken.task.map(|task| Watched { at, task }));
            }
            Err(error) => not_taken(report, known, plan, error)?,
        }
    }
    Ok(watched)
}

async fn take(context: &Context<'_>, known: &Known<'_>, plan: &BuildPlan) -> Result<Taken, ItemError> {
    let (bucket, prefix) = place_of(context, known, plan)?;
    // Before anything is made here: a build without files would be of no use, and keep its slug.
    let tree = tree_of(&bucket, &prefix).await?;
    let (files, bytes) = (tree.files.len(), size(tree.bytes()));
    let what = format!("{}: build {}", known.place, plan.slug);
    context.narrator.say(&format!("{what}: {files} files, {bytes}"));
    let here = match plan.here {
        Some(number) => number,
        None => {
            let created = context.imprint.create_build(known.slug, &plan.body).await?;
            created.number().ok_or_else(|| {
                ItemError::Failed("the API made a build and did not say its number; run it again".to_owned())
            })?
        }
    };
    let done = std::sync::atomic::AtomicU64::new(0);
    let on_file = |_| {
        let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        context
            .narrator
            .say_sometimes(|| format!("{what}: {done} of {files} files"));
    };
    let source = Source {
        bucket: &bucket,
        prefix: &prefix,
    };
    let copied = context
        .copier
        .copy(&context.imprint, here, &source, &tree, &on_file)
        .await?;
    if copied.files == 0 {
        return Err(ItemError::Refused(format!("nothing of {prefix} could be taken")));
    }
    let task = context.imprint.confirm(here).await?;
    Ok(Taken { copied, task, here })
}

/// Waits until every build is registered: an edition is pointed at a build only then, so that no older one comes late and
/// takes its place.
pub(super) async fn wait_for(
    context: &Context<'_>,
    known: &Known<'_>,
    watched: Vec<Watched>,
    plans: &mut [BuildPlan],
    report: &mut Report,
) -> Result<(), ApiError> {
    if !watched.is_empty() {
        context
            .narrator
            .say(&format!("{}: waiting for {} builds", known.place, watched.len()));
    }
    let deadline = tokio::time::Instant::now() + context.options.patience;
    for Watched { at, task } in watched {
        let reason = match context.wait(&task, deadline).await? {
            Progress::Done
            | Progress::Failed {
                is_unregistered: false,
                ..
            } => continue,
            Progress::Failed { reason, .. } => reason,
            Progress::Running => {
                format!("it was not registered in time; see GET /queue/{task}, then run it again")
            }
        };
        let plan = &mut plans[at];
        plan.verdict = Verdict::Refuse(reason.clone());
        report.row(About::Build, known.slug.as_str(), &plan.slug, State::Fail, reason);
    }
    Ok(())
}

impl Context<'_> {
    /// Watches a task until it ends, or time is over.
    pub(super) async fn wait(
        &self,
        task: &str,
        deadline: tokio::time::Instant,
    ) -> Result<Progress, ApiError> {
        loop {
            match self.imprint.progress(task).await {
                Ok(Progress::Running) if tokio::time::Instant::now() >= deadline => {
                    return Ok(Progress::Running);
                }
                Ok(Progress::Running) => tokio::time::sleep(self.options.poll).await,
                Ok(ended @ (Progress::Done | Progress::Failed { .. })) => return Ok(ended),
                // Tasks are forgotten after a while.
                Err(ApiError::NotFound(_)) => return Ok(Progress::Done),
                Err(error) => return Err(error),
            }
        }
    }
}

fn not_taken(
    report: &mut Report,
    known: &Known<'_>,
    plan: &mut BuildPlan,
    error: ItemError,
) -> Result<(), ApiError> {
    let (state, reason) = error.told()?;
    plan.verdict = Verdict::Refuse(reason.clone());
    report.row(About::Build, known.slug.as_str(), &plan.slug, state, reason);
    Ok(())
}

fn tell(report: &mut Report, known: &Known<'_>, plan: &BuildPlan, copied: &Copied) {
    let (state, detail) = match &plan.verdict {
        Verdict::Create => (State::Create, refs(plan)),
        Verdict::Resume => (State::Resume, refs(plan)),
        Verdict::Present => (State::Present, String::new()),
        // Builds do not change.
        Verdict::Update(fields) => (State::Update, fields.join(", ")),
        Verdict::Skip(reason) => (State::Skip, reason.clone()),
        Verdict::Refuse(reason) => (State::Refuse, reason.clone()),
    };
    report.items.push(Row {
        about: About::Build,
        product: known.slug.to_string(),
        name: plan.slug.clone(),
        state,
        detail,
        objects: copied.files,
        bytes: copied.bytes,
    });
    for (path, reason) in copied.left_out.iter().take(NAMED_FILES) {
        let name = format!("{}/{path}", plan.slug);
        report.row(About::File, known.slug.as_str(), &name, State::Refuse, reason);
    }
    let more = copied.left_out.len().saturating_sub(NAMED_FILES);
    if more > 0 {
        let detail = format!("and {more} more files");
        report.row(
            About::File,
            known.slug.as_str(),
            &plan.slug,
            State::Refuse,
            detail,
        );
    }
}
