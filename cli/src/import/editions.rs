//! The editions of a product: last, when the builds are there that they show.

use serde_json::json;

use super::Context;
use super::plan::{self, EditionPlan, Verdict};
use super::product::{ItemError, Known};
use super::report::{About, Report, State};
use crate::http::ApiError;
use crate::imprint::{self, Progress};

/// Says what would be done.
pub(super) fn preview(
    known: &Known<'_>,
    here: &[imprint::Edition],
    builds_here: &[imprint::Build],
    report: &mut Report,
) {
    for plan in plan::editions(&known.site, here, builds_here, &known.targets) {
        tell(report, known, &plan);
    }
}

/// Makes and mends editions, and waits until readers see what they show.
pub(super) async fn take_all(
    context: &Context<'_>,
    known: &Known<'_>,
    report: &mut Report,
) -> Result<(), ApiError> {
    let deadline = tokio::time::Instant::now() + context.options.patience;
    let here = settled(context, known, deadline).await?;
    let builds_here = context.imprint.builds(known.slug).await?;
    let mut watched = Vec::new();
    for plan in plan::editions(&known.site, &here, &builds_here, &known.targets) {
        match take(context, known, &plan).await {
            Ok(task) => {
                tell(report, known, &plan);
                watched.extend(task.map(|task| (plan.slug, task)));
            }
            Err(error) => {
                let (state, reason) = error.told()?;
                report.row(About::Edition, known.slug.as_str(), &plan.slug, state, reason);
            }
        }
    }
    if !watched.is_empty() {
        let place = known.place;
        context
            .narrator
            .say(&format!("{place}: waiting for {} editions", watched.len()));
    }
    for (slug, task) in watched {
        let reason = match context.wait(&task, deadline).await? {
            Progress::Done => continue,
            Progress::Failed { reason, .. } => reason,
            Progress::Running => {
                format!("readers did not see it in time; see GET /queue/{task}, then run it again")
            }
        };
        report.row(About::Edition, known.slug.as_str(), &slug, State::Fail, reason);
    }
    Ok(())
}

/// The editions that are there, once none of them is on the move: where one will be is not known before.
async fn settled(
    context: &Context<'_>,
    known: &Known<'_>,
    deadline: tokio::time::Instant,
) -> Result<Vec<imprint::Edition>, ApiError> {
    loop {
        let here = context.imprint.editions(known.slug).await?;
        if !here.iter().any(imprint::Edition::moves) || tokio::time::Instant::now() >= deadline {
            return Ok(here);
        }
        tokio::time::sleep(context.options.poll).await;
    }
}

/// Makes or mends one; the task that follows, if one does.
async fn take(
    context: &Context<'_>,
    known: &Known<'_>,
    plan: &EditionPlan,
) -> Result<Option<String>, ItemError> {
    let mut body = plan.body.clone();
    if let Some(build) = plan.move_to {
        body["build_url"] = json!(format!("/builds/{build}"));
    }
    let changed = match (&plan.verdict, plan.here) {
        (Verdict::Create, _) => context.imprint.create_edition(known.slug, &body).await?,
        (Verdict::Update(_), Some(number)) => context.imprint.update_edition(number, &body).await?,
        (Verdict::Update(_), None) => {
            return Err(ItemError::Failed(
                "the API did not say its number; run it again".to_owned(),
            ));
        }
        (Verdict::Resume | Verdict::Present | Verdict::Skip(_) | Verdict::Refuse(_), _) => return Ok(None),
    };
    Ok(changed.task().map(ToOwned::to_owned))
}

fn tell(report: &mut Report, known: &Known<'_>, plan: &EditionPlan) {
    let (state, detail) = match &plan.verdict {
        Verdict::Create | Verdict::Resume => (State::Create, String::new()),
        Verdict::Update(fields) => (State::Update, fields.join(", ")),
        Verdict::Present => (State::Present, String::new()),
        Verdict::Skip(reason) => (State::Skip, reason.clone()),
        Verdict::Refuse(reason) => (State::Refuse, reason.clone()),
    };
    let product = known.slug.as_str();
    report.row(About::Edition, product, &plan.slug, state, detail);
    if let Some(reason) = &plan.without_build {
        let detail = format!("it cannot show what it shows at the keeper: {reason}");
        report.row(About::Edition, product, &plan.slug, State::Refuse, detail);
    }
}
