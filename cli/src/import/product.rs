//! One product: looked at on both sides, then taken.

use std::collections::BTreeMap;

use imprint_domain::slug::ProductSlug;

use super::plan::{self, BuildPlan, ProductPlan, Target, Verdict};
use super::report::{About, Report, State};
use super::{Context, builds, editions};
use crate::bucket::BucketError;
use crate::http::{ApiError, quoted};
use crate::import::copy::CopyError;
use crate::imprint;
use crate::keeper::{Kind, Site};

/// What is known of a product on both sides.
pub(super) struct Known<'a> {
    pub(super) slug: &'a ProductSlug,
    pub(super) site: Site,
    /// Where each build of the keeper is to be found here.
    pub(super) targets: BTreeMap<u64, Target>,
    /// How messages name it.
    pub(super) place: &'a str,
}

/// Why one thing was not taken.
#[derive(Debug)]
pub(super) enum ItemError {
    /// Nothing else can be done either.
    Unauthorized(ApiError),
    /// It will be the same again.
    Refused(String),
    /// It may be otherwise at another time.
    Failed(String),
}

impl From<ApiError> for ItemError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unauthorized { .. } => Self::Unauthorized(error),
            ApiError::Refused { .. } => Self::Refused(error.to_string()),
            ApiError::NotFound(_) | ApiError::Failed { .. } | ApiError::Strange { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<BucketError> for ItemError {
    fn from(error: BucketError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<CopyError> for ItemError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Api(error) => error.into(),
            CopyError::Bucket(_) | CopyError::Upload { .. } | CopyError::NoForm(_) => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl ItemError {
    /// As a row of the report, unless everything ends here.
    pub(super) fn told(self) -> Result<(State, String), ApiError> {
        match self {
            Self::Unauthorized(error) => Err(error),
            Self::Refused(reason) => Ok((State::Refuse, reason)),
            Self::Failed(reason) => Ok((State::Fail, reason)),
        }
    }
}

/// Takes a product, or says what that would mean.
pub(super) async fn take(
    context: &Context<'_>,
    slug: &ProductSlug,
    place: &str,
    report: &mut Report,
) -> Result<(), ApiError> {
    context.narrator.say(&format!("{place}: looking"));
    let site = context.keeper.site(slug).await?;
    let here = context.imprint.product(slug).await?;
    let builds_here = match here {
        Some(_) => context.imprint.builds(slug).await?,
        None => Vec::new(),
    };
    tell_unread(slug, &site, report);
    let product = plan::product(slug.as_str(), &site, here.as_ref(), context.options.domains);
    if !make(context, slug, &product, report).await? {
        return Ok(());
    }
    let mut plans = plan::builds(&site, &builds_here, context.options.builds);
    if context.options.bucket.is_none() {
        note_buckets(&plans, report);
    }
    let mut known = Known {
        slug,
        site,
        targets: BTreeMap::new(),
        place,
    };
    if context.options.dry_run {
        builds::measure(context, &known, &mut plans, report).await?;
        known.targets = plan::targets(&plans);
        let editions_here = match here {
            Some(_) => context.imprint.editions(slug).await?,
            None => Vec::new(),
        };
        editions::preview(&known, &editions_here, &builds_here, report);
        return Ok(());
    }
    let tasks = builds::take_all(context, &known, &mut plans, report).await?;
    builds::wait_for(context, &known, tasks, &mut plans, report).await?;
    known.targets = plan::targets(&plans);
    editions::take_all(context, &known, report).await
}

/// Makes or mends the product. Whether there is one to go on with.
async fn make(
    context: &Context<'_>,
    slug: &ProductSlug,
    plan: &ProductPlan,
    report: &mut Report,
) -> Result<bool, ApiError> {
    let (imprint, is_dry) = (&context.imprint, context.options.dry_run);
    let (state, detail) = match &plan.verdict {
        Verdict::Present => (State::Present, String::new()),
        Verdict::Update(fields) => (State::Update, fields.join(", ")),
        Verdict::Create | Verdict::Resume => (State::Create, String::new()),
        Verdict::Skip(reason) => (State::Skip, reason.clone()),
        Verdict::Refuse(reason) => (State::Refuse, reason.clone()),
    };
    let done: Result<imprint::Product, ApiError> = match state {
        State::Create if !is_dry => imprint.create_product(&plan.body).await,
        State::Update if !is_dry => imprint.update_product(slug, &plan.body).await,
        State::Create | State::Update | State::Present => {
            report.product(slug.as_str(), state, detail);
            return Ok(true);
        }
        State::Resume | State::Skip | State::Refuse | State::Fail => {
            report.product(slug.as_str(), state, detail);
            return Ok(false);
        }
    };
    match done.map_err(ItemError::from) {
        Ok(_) => {
            report.product(slug.as_str(), state, detail);
            Ok(true)
        }
        Err(error) => {
            let (state, reason) = error.told()?;
            report.product(slug.as_str(), state, reason);
            Ok(false)
        }
    }
}

fn tell_unread(slug: &ProductSlug, site: &Site, report: &mut Report) {
    for unread in &site.unread {
        let about = match unread.what {
            Kind::Build => About::Build,
            Kind::Edition => About::Edition,
        };
        let state = match unread.passes {
            true => State::Fail,
            false => State::Refuse,
        };
        let name = format!("number {}", unread.name);
        let detail = format!("the keeper cannot show it: {}", unread.reason);
        report.row(about, slug.as_str(), &name, state, detail);
    }
}

/// Says which buckets are read. The keeper names them, and whoever runs this can tell whether they are its own.
fn note_buckets(plans: &[BuildPlan], report: &mut Report) {
    let read = plans
        .iter()
        .filter(|plan| matches!(plan.verdict, Verdict::Create | Verdict::Resume));
    for bucket in read.filter_map(|plan| plan.bucket.as_deref()) {
        let note = format!(
            "files come from the bucket {}, as the keeper says",
            quoted(bucket)
        );
        if !report.notes.contains(&note) {
            report.notes.push(note);
        }
    }
}

/// The refs of a build, as a row shows them.
pub(super) fn refs(plan: &BuildPlan) -> String {
    plan.git_refs.join(", ")
}
