//! What has to be done so that Imprint has what a keeper has. Pure: it looks at both and changes nothing.
//!
//! What is there already is known by its slug, which both sides keep for ever: a product, a build of it, an edition of it.
//! So no file has to be kept between two runs, and a run goes on where another one stopped, on whatever machine.

use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::git::GitRefs;
use imprint_domain::slug::{BuildSlug, EditionSlug};
use imprint_domain::text::{Title, WebUrl};
use imprint_domain::tracking::TrackingMode;
use serde_json::{Map, Value, json};

use crate::keeper::{self, Shows, Site};
use crate::{http::quoted, imprint};

/// The default edition where nothing else is known.
const DEFAULT_EDITION: &str = "main";
/// What the default edition of a keeper 2.x is called.
const DEFAULT_OF_2: &str = "__main";

/// Which builds are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All that have files.
    All,
    /// Those that editions show.
    Current,
    /// Those that editions show, and so many of the newest.
    Newest(usize),
}

impl std::str::FromStr for Wanted {
    type Err = String;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match raw {
            "all" => Ok(Self::All),
            "current" => Ok(Self::Current),
            number => number
                .parse()
                .map(Self::Newest)
                .map_err(|_| "it is `all`, `current` or a number".to_owned()),
        }
    }
}

/// What is to be done about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not there.
    Create,
    /// It was begun, by an earlier run.
    Resume,
    /// It differs in these fields.
    Update(Vec<&'static str>),
    /// It is as it should be.
    Present,
    /// It is not to be taken, and nobody misses it.
    Skip(String),
    /// It cannot be taken, and somebody has to know.
    Refuse(String),
}

/// A product, and the body that makes or mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductPlan {
    pub(crate) verdict: Verdict,
    pub(crate) body: Value,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildPlan {
    /// Its number at the keeper.
    pub(crate) number: u64,
    pub(crate) slug: String,
    pub(crate) git_refs: Vec<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) verdict: Verdict,
    /// Its number here, once it has one.
    pub(crate) here: Option<u64>,
    pub(crate) body: Value,
}

/// An edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EditionPlan {
    pub(crate) slug: String,
    pub(crate) verdict: Verdict,
    /// Its number here, if it is there.
    pub(crate) here: Option<u64>,
    /// Without the build.
    pub(crate) body: Value,
    /// The number here of the build to show, where that has to be said.
    pub(crate) move_to: Option<u64>,
    /// Why it will not show what it shows at the keeper.
    pub(crate) without_build: Option<String>,
}

/// What to know of a build of the keeper to point an edition at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// It has this slug here, and this number once it is there.
    Here { slug: String, number: Option<u64> },
    /// It is not taken, and why.
    Missing(String),
}

/// Plans a product. With `domains` it keeps those that it has.
pub(crate) fn product(
    slug: &str,
    site: &Site,
    here: Option<&imprint::Product>,
    domains: Domains,
) -> ProductPlan {
    let found = &site.product;
    let title = found
        .title
        .parse::<Title>()
        .map_err(|error| format!("title: {error}"));
    let repo = found
        .doc_repo
        .parse::<WebUrl>()
        .map_err(|error| format!("doc_repo: {error}"));
    let mut body = json!({"title": found.title, "doc_repo": found.doc_repo});
    let verdict = match (title.and(repo.map(drop)), here) {
        (Err(reason), _) => Verdict::Refuse(format!(
            "{reason}; mend it at the keeper with PATCH /products/{slug}"
        )),
        (Ok(()), Some(here)) if here.has_ended() => Verdict::Refuse(format!(
            "it was deleted here; POST /products/{slug}/restore first"
        )),
        (Ok(()), Some(here)) => {
            let differs = [
                ("title", here.title != found.title),
                ("doc_repo", here.doc_repo != found.doc_repo),
            ];
            update(differs)
        }
        (Ok(()), None) => {
            body["slug"] = json!(slug);
            // Its default edition waits until it is said what to follow: otherwise each build would be copied to it.
            body["main_mode"] = json!(TrackingMode::Manual.name());
            if domains == Domains::Keep {
                body["root_domain"] = json!(found.root_domain);
                body["root_fastly_domain"] = json!(found.root_fastly_domain);
            }
            Verdict::Create
        }
    };
    ProductPlan { verdict, body }
}

/// Under which domains products are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domains {
    /// Under the installation's.
    Installation,
    /// Under their own, as at the keeper.
    Keep,
}

fn update(differs: impl IntoIterator<Item = (&'static str, bool)>) -> Verdict {
    let fields: Vec<&'static str> = differs
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
    if fields.is_empty() {
        Verdict::Present
    } else {
        Verdict::Update(fields)
    }
}

/// Plans the builds of a product, oldest first.
pub(crate) fn builds(site: &Site, here: &[imprint::Build], wanted: Wanted) -> Vec<BuildPlan> {
    let shown: BTreeSet<u64> = site.shown().collect();
    let known: BTreeMap<&str, &imprint::Build> =
        here.iter().map(|build| (build.slug.as_str(), build)).collect();
    let usable = site
        .builds
        .iter()
        .rev()
        .filter(|build| build.is_uploaded && !build.has_ended);
    let newest: BTreeSet<u64> = match wanted {
        Wanted::All => usable.map(|build| build.number).collect(),
        Wanted::Current => BTreeSet::new(),
        Wanted::Newest(most) => usable.take(most).map(|build| build.number).collect(),
    };
    let mut taken = BTreeSet::new();
    let plan = |build: &keeper::Build| {
        let found = known.get(build.slug.as_str()).copied();
        let is_wanted = shown.contains(&build.number) || newest.contains(&build.number);
        let verdict = if !build.is_uploaded {
            Verdict::Skip("it was never uploaded".to_owned())
        } else if !is_wanted {
            Verdict::Skip(match build.has_ended {
                true => "it was deleted at the keeper".to_owned(),
                false => "--builds leaves it out".to_owned(),
            })
        } else if !taken.insert(build.slug.clone()) {
            Verdict::Refuse("another build of the keeper has the same slug".to_owned())
        } else {
            judge(build, found)
        };
        BuildPlan {
            number: build.number,
            slug: quoted(&build.slug),
            git_refs: build.git_refs.clone(),
            bucket: build.bucket.clone(),
            here: found.and_then(imprint::Build::number),
            body: body_of(build),
            verdict,
        }
    };
    site.builds.iter().map(plan).collect()
}

fn body_of(build: &keeper::Build) -> Value {
    let mut body = json!({
        "slug": build.slug,
        "git_refs": build.git_refs,
        // Editions come from the keeper as well.
        "new_editions": false,
    });
    let requester = build.github_requester.as_deref();
    if let Some(requester) = requester.filter(|name| name.parse::<Title>().is_ok()) {
        body["github_requester"] = json!(requester);
    }
    body
}

fn judge(build: &keeper::Build, here: Option<&imprint::Build>) -> Verdict {
    if let Err(error) = build.slug.parse::<BuildSlug>() {
        return Verdict::Refuse(format!("Imprint has no such slugs: {error}"));
    }
    if let Err(error) = GitRefs::parse(&build.git_refs) {
        return Verdict::Refuse(format!("git_refs: {error}"));
    }
    match here {
        None => Verdict::Create,
        Some(here) if here.has_ended() => {
            Verdict::Refuse("it was deleted here, and its slug stays taken".to_owned())
        }
        Some(here) if here.git_refs != build.git_refs => Verdict::Refuse(format!(
            "another build has its slug here, one of {}; was it uploaded to Imprint?",
            quoted(&here.git_refs.join(", "))
        )),
        Some(here) if here.uploaded => Verdict::Present,
        Some(_) => Verdict::Resume,
    }
}

/// Where each build of the keeper is to be found here.
pub(crate) fn targets(plans: &[BuildPlan]) -> BTreeMap<u64, Target> {
    let target = |plan: &BuildPlan| match &plan.verdict {
        Verdict::Create | Verdict::Resume | Verdict::Present | Verdict::Update(_) => Target::Here {
            slug: plan.slug.clone(),
            number: plan.here,
        },
        Verdict::Skip(reason) | Verdict::Refuse(reason) => {
            Target::Missing(format!("build {}: {reason}", plan.slug))
        }
    };
    plans.iter().map(|plan| (plan.number, target(plan))).collect()
}

/// Plans the editions of a product that have not ended at the keeper.
pub(crate) fn editions(
    site: &Site,
    here: &[imprint::Edition],
    builds_here: &[imprint::Build],
    targets: &BTreeMap<u64, Target>,
) -> Vec<EditionPlan> {
    let default_here = here.iter().find(|edition| edition.is_default());
    let default_slug = default_here.map_or(DEFAULT_EDITION, |edition| edition.slug.as_str());
    let default = default_of(site);
    let slugs: BTreeMap<u64, &str> = builds_here
        .iter()
        .filter_map(|build| Some((build.number()?, build.slug.as_str())))
        .collect();
    let mut taken = BTreeSet::new();
    let live = site
        .editions
        .iter()
        .enumerate()
        .filter(|(_, edition)| !edition.has_ended);
    let plan = |(at, edition): (usize, &keeper::Edition)| {
        let is_default = default == Some(at);
        let slug = if is_default {
            default_slug
        } else {
            edition.slug.as_str()
        };
        let found = here.iter().find(|here| here.slug == slug);
        let refusal = if !is_default && slug == default_slug {
            Some(format!(
                "{slug} is the default edition here; deploy with DefaultEdition={DEFAULT_OF_2} to have both"
            ))
        } else if !taken.insert(slug.to_owned()) {
            Some("another edition of the keeper has the same slug".to_owned())
        } else {
            None
        };
        match refusal {
            Some(reason) => refused(slug, reason),
            None => one(edition, slug, found, &slugs, targets),
        }
    };
    live.map(plan).collect()
}

fn refused(slug: &str, reason: String) -> EditionPlan {
    EditionPlan {
        slug: quoted(slug),
        verdict: Verdict::Refuse(reason),
        here: None,
        body: Value::Null,
        move_to: None,
        without_build: None,
    }
}

/// Which edition is at the root of the product: by its address, or else by its name.
fn default_of(site: &Site) -> Option<usize> {
    let root = site.product.published_url.trim_end_matches('/');
    let position = |is: &dyn Fn(&keeper::Edition) -> bool| {
        let mut live = site
            .editions
            .iter()
            .enumerate()
            .filter(|(_, edition)| !edition.has_ended);
        live.find(|(_, edition)| is(edition)).map(|(at, _)| at)
    };
    position(&|edition| !root.is_empty() && edition.published_url.trim_end_matches('/') == root)
        .or_else(|| position(&|edition| edition.slug == DEFAULT_OF_2))
        .or_else(|| position(&|edition| edition.slug == DEFAULT_EDITION))
}

fn one(
    edition: &keeper::Edition,
    slug: &str,
    here: Option<&imprint::Edition>,
    slugs: &BTreeMap<u64, &str>,
    targets: &BTreeMap<u64, Target>,
) -> EditionPlan {
    let tracking = match tracking(edition, slug) {
        Ok(tracking) => tracking,
        Err(reason) => return refused(slug, reason),
    };
    // Some of a keeper's editions have none.
    let title = match edition.title.parse::<Title>() {
        Ok(title) => title.to_string(),
        Err(_) => slug.to_owned(),
    };
    let (wanted, without_build) = match &edition.shows {
        Shows::Nothing => (None, None),
        Shows::Unnamed(url) => (None, Some(format!("{url} names no build"))),
        Shows::Build(number) => match targets.get(number) {
            Some(Target::Here { slug, number }) => (Some((slug.as_str(), *number)), None),
            Some(Target::Missing(reason)) => (None, Some(reason.clone())),
            None => (None, Some(format!("the keeper has no build {number}"))),
        },
    };
    let shown = here.and_then(imprint::Edition::build);
    let shown_slug = shown.and_then(|number| slugs.get(&number).copied());
    let moves = wanted.filter(|(slug, _)| shown_slug != Some(slug));
    let mut body = tracking;
    body.insert("title".to_owned(), json!(title));
    let verdict = match here {
        None => {
            body.insert("slug".to_owned(), json!(slug));
            Verdict::Create
        }
        Some(here) => update([
            ("title", here.title != title),
            ("mode", body["mode"] != json!(here.mode)),
            (
                "tracked_refs",
                body.get("tracked_refs")
                    .is_some_and(|refs| *refs != json!(here.tracked_refs)),
            ),
            ("build", moves.is_some()),
        ]),
    };
    EditionPlan {
        slug: slug.to_owned(),
        verdict,
        here: here.and_then(imprint::Edition::number),
        body: Value::Object(body),
        move_to: moves.and_then(|(_, number)| number),
        without_build,
    }
}

/// Mode and refs, where both sides know them.
fn tracking(edition: &keeper::Edition, slug: &str) -> Result<Map<String, Value>, String> {
    slug.parse::<EditionSlug>()
        .map_err(|error| format!("Imprint has no such slugs: {error}"))?;
    let mode: TrackingMode = edition.mode.parse().map_err(|error| format!("mode: {error}"))?;
    let mut body = Map::from_iter([("mode".to_owned(), json!(mode.name()))]);
    if mode.shows_refs() {
        let refs = edition.tracked_refs.as_deref().unwrap_or_default();
        GitRefs::parse(refs).map_err(|error| format!("tracked_refs: {error}"))?;
        body.insert("tracked_refs".to_owned(), json!(refs));
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
