use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::access::Caller;
use imprint_app::editions::Changed;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::kind::Retention;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::artifact::{DownloadResource, downloads};
use super::{FailureResource, Moment, word};
use crate::urls::Urls;

/// A named view of a product at a stable URL.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Edition)]
pub(crate) struct EditionResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/editions/1")]
    self_url: String,
    /// The URL of its product.
    product_url: String,
    /// The URL of the build that readers see; null until there is one.
    build_url: Option<String>,
    /// Where it is published.
    published_url: String,
    /// Its name in URLs.
    #[schema(example = "main")]
    slug: String,
    /// Its title.
    #[schema(example = "Latest")]
    title: String,
    /// When it was created.
    date_created: Moment,
    /// Since when readers see its build; when it was created, until there is one.
    date_rebuilt: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// What the CDN purges it by.
    surrogate_key: String,
    /// Whether it is on its way to another build, or to the same one again.
    pending_rebuild: bool,
    /// The refs whose builds it follows, the one version whose releases, or the one train; null with modes that need none.
    tracked_refs: Option<Vec<String>>,
    /// How it chooses builds.
    #[schema(example = "git_refs")]
    mode: String,
    /// Where to watch the move that the request began; null when it began none.
    queue_url: Option<String>,
    /// Why its newest move did not arrive; null when nothing failed.
    failure: Option<FailureResource>,
    /// Whether it stays where it is, whatever it tracks.
    pinned: bool,
    /// The URL of the build that it shows when it is unpinned; null when none waits.
    waiting_build_url: Option<String>,
    /// What it is to readers: `main`, `release`, `draft`, `major`, `minor` or `alternate`.
    #[schema(example = "release")]
    kind: String,
    /// Whether retention never ends it.
    exempt: bool,
    /// The deployment whose builds it follows; null when it follows those that are for all.
    alternate_name: Option<String>,
    /// What readers find beside its pages. Absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    downloads: Option<Vec<DownloadResource>>,
}

/// A named view of a project at a stable URL.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectEdition)]
pub(crate) struct ProjectEditionResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/editions/main")]
    self_url: String,
    /// The URL of its organization.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme")]
    organization_url: String,
    /// The URL of its project.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines")]
    project_url: String,
    /// The URL of the build that readers see; null until there is one.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/builds/1")]
    build_url: Option<String>,
    /// The same as `task_url`, by the name that LTD documents.
    queue_url: Option<String>,
    /// Where it is published.
    published_url: String,
    /// Its name in URLs.
    #[schema(example = "main")]
    slug: String,
    /// Its title.
    #[schema(example = "Latest")]
    title: String,
    /// When it was created.
    date_created: Moment,
    /// Since when readers see its build; when it was created, until there is one.
    date_rebuilt: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// What the CDN purges it by.
    surrogate_key: String,
    /// Whether it is on its way to another build, or to the same one again.
    pending_rebuild: bool,
    /// The ref whose builds it follows, of several the first; null with modes that need none.
    #[schema(example = "main")]
    tracked_ref: Option<String>,
    /// How it chooses builds.
    #[schema(example = "git_refs")]
    mode: String,
    /// What it is to readers: `main`, `release`, `draft`, `major`, `minor` or `alternate`.
    #[schema(example = "main")]
    kind: String,
    /// Where to watch the move that the request began; null when it began none.
    #[schema(example = "https://keeper.example.org/v2/task/0123456789abcdef0123456789abcdef")]
    task_url: Option<String>,
    /// All the refs that it follows; null with modes that need none.
    tracked_refs: Option<Vec<String>>,
    /// Why its newest move did not arrive; null when nothing failed.
    failure: Option<FailureResource>,
    /// Whether it stays where it is, whatever it tracks.
    pinned: bool,
    /// The URL of the build that it shows when it is unpinned; null when none waits.
    waiting_build_url: Option<String>,
    /// Whether retention never ends it.
    exempt: bool,
    /// The deployment whose builds it follows; null when it follows those that are for all.
    alternate_name: Option<String>,
    /// What readers find beside its pages. Absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    downloads: Option<Vec<DownloadResource>>,
}

/// A move of an edition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EditionMove)]
pub(crate) struct MoveResource {
    /// Which move it was; each has a higher number than the one before.
    #[schema(example = 7)]
    generation: u64,
    /// The URL of the build that it moved to.
    #[schema(example = "https://keeper.example.org/builds/12")]
    build_url: String,
    /// What that was built from.
    git_refs: Vec<String>,
    /// Why: `tracking` (a build that it follows), `person` (somebody named the build), `rollback`, `unpin`,
    /// `restore`, `rename` or `repair` (its files were not those of its build).
    #[schema(example = "rollback")]
    reason: String,
    /// The user who asked for it, or `tracking` where nobody had to. Null for callers without a token.
    #[schema(example = "somebody")]
    actor: Option<String>,
    /// When it was decided; readers see it a little later.
    date: Moment,
}

/// A page of an edition's history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionHistory {
    /// The moves.
    pub(crate) history: Vec<MoveResource>,
}

impl MoveResource {
    /// Names of users are for those who have a token.
    pub(crate) fn new(urls: &Urls, caller: Option<&Caller>, moved: &Moved) -> Self {
        let actor = moved.by.as_ref().map_or("tracking", |by| by.as_str());
        Self {
            generation: moved.pointer.generation.0,
            build_url: urls.build(moved.pointer.build),
            git_refs: moved.pointer.git_refs.iter().map(ToString::to_string).collect(),
            reason: word(&moved.cause),
            actor: caller.map(|_| actor.to_owned()),
            date: Moment(moved.at),
        }
    }

    /// The same with the build's URL of v2.
    pub(crate) fn of_project(urls: &Urls, edition: &Edition, caller: &Caller, moved: &Moved) -> Self {
        let build = &moved.pointer.build_slug;
        Self {
            build_url: urls.project_build(&edition.organization, &edition.product, build),
            ..Self::new(urls, Some(caller), moved)
        }
    }
}

/// All editions of a product, or a page of them, in the order of creation. Deleted ones are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum EditionList {
    /// As URLs.
    Urls {
        /// URLs of editions.
        editions: Vec<String>,
    },
    /// As resources.
    Resources {
        /// Editions.
        editions: Vec<EditionResource>,
    },
}

/// The answer to the deletion of an edition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionEnded {
    /// Null: nothing follows that could be watched.
    pub(crate) queue_url: Option<String>,
}

impl EditionResource {
    pub(crate) fn new(
        urls: &Urls,
        organization: &Organization,
        product: &Product,
        edition: &Edition,
    ) -> Self {
        let published = edition.published.as_ref();
        let refs = edition
            .tracking
            .refs
            .as_ref()
            .filter(|_| edition.tracking.mode.shows_refs());
        Self {
            self_url: urls.edition(edition.id),
            product_url: urls.product(&edition.product),
            build_url: published.map(|reached| urls.build(reached.pointer.build)),
            published_url: layout::edition_url(organization, product, &edition.slug),
            slug: edition.slug.to_string(),
            title: edition.title.to_string(),
            date_created: Moment(edition.created_at),
            date_rebuilt: Moment(published.map_or(edition.created_at, |reached| reached.at)),
            date_ended: edition.ended_at.map(Moment),
            surrogate_key: edition.surrogate_key.to_string(),
            pending_rebuild: edition.is_pending(),
            tracked_refs: refs.map(|refs| refs.iter().map(ToString::to_string).collect()),
            mode: edition.tracking.mode.name().to_owned(),
            queue_url: None,
            failure: edition.failure.as_ref().map(FailureResource::new),
            pinned: edition.pin.is_some(),
            waiting_build_url: edition.waiting().map(|build| urls.build(build)),
            kind: edition.kind_in(organization).name().to_owned(),
            exempt: match edition.retention {
                Retention::Applies => false,
                Retention::Exempt => true,
            },
            alternate_name: edition.tracking.alternate.as_ref().map(ToString::to_string),
            downloads: downloads(organization, product, edition, |id| Some(urls.build(id))),
        }
    }

    /// An edition after a request, with what to watch.
    pub(crate) fn changed(urls: &Urls, organization: &Organization, changed: &Changed) -> Self {
        Self {
            queue_url: changed.task.as_ref().map(|task| urls.task(task)),
            ..Self::new(urls, organization, &changed.product, &changed.edition)
        }
    }
}

impl ProjectEditionResource {
    /// What v1 says of it, by the names of v2.
    pub(crate) fn new(
        urls: &Urls,
        organization: &Organization,
        product: &Product,
        edition: &Edition,
    ) -> Self {
        let first = EditionResource::new(urls, organization, product, edition);
        let (org, project) = (&edition.organization, &edition.product);
        let build = |slug| urls.project_build(org, project, slug);
        let shown = edition.published.as_ref().map(|reached| &reached.pointer);
        // An edition knows the slug of no other build than the one that it shows.
        let of_download = |id| {
            let own = shown.filter(|pointer| pointer.build == id);
            own.map(|pointer| build(&pointer.build_slug))
        };
        Self {
            self_url: urls.project_edition(org, project, &edition.slug),
            organization_url: urls.organization(org),
            project_url: urls.project(org, project),
            build_url: shown.map(|pointer| build(&pointer.build_slug)),
            queue_url: None,
            published_url: first.published_url,
            slug: first.slug,
            title: first.title,
            date_created: first.date_created,
            date_rebuilt: first.date_rebuilt,
            date_ended: first.date_ended,
            surrogate_key: first.surrogate_key,
            pending_rebuild: first.pending_rebuild,
            tracked_ref: first.tracked_refs.as_ref().and_then(|refs| refs.first().cloned()),
            mode: first.mode,
            kind: first.kind,
            task_url: None,
            tracked_refs: first.tracked_refs,
            failure: first.failure,
            pinned: first.pinned,
            waiting_build_url: edition.next_waiting().map(|waiting| build(&waiting.slug)),
            exempt: first.exempt,
            alternate_name: first.alternate_name,
            downloads: downloads(organization, product, edition, of_download),
        }
    }

    /// An edition after a request, with what to watch.
    pub(crate) fn changed(urls: &Urls, organization: &Organization, changed: &Changed) -> Self {
        let task_url = changed.task.as_ref().map(|task| urls.task_of_project(task));
        Self {
            queue_url: task_url.clone(),
            task_url,
            ..Self::new(urls, organization, &changed.product, &changed.edition)
        }
    }
}
