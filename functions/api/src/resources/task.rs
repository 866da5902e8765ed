use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::build::Build;
use imprint_domain::id::BuildId;
use imprint_domain::task::{EditionStep, PagesStep, Registration, Task, TaskEdition, TaskPages};

use super::artifact::{ArtifactResource, ArtifactsByFormat, by_format};
use super::{FailureResource, Moment, word};
use crate::urls::Urls;

/// How far a request that goes on in the background has got.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskResource {
    /// Its identity.
    id: String,
    /// Its own URL.
    self_url: String,
    /// `PENDING`, `STARTED`, `SUCCESS` or `FAILURE`: that of the whole.
    #[schema(example = "STARTED")]
    status: String,
    /// The details.
    metadata: TaskDetails,
}

/// The details of a task.
#[derive(Debug, Serialize, ToSchema)]
struct TaskDetails {
    /// The product it belongs to; null when it is about all products.
    product_url: Option<String>,
    /// The build it publishes, if it publishes one; null when that is gone.
    build_url: Option<String>,
    /// When it was accepted.
    date_created: Moment,
    /// Where registering the build has got to.
    registration: RegistrationDetails,
    /// Where each edition that moves has got to.
    editions: Vec<EditionDetails>,
    /// Where the pages that list them have got to: they come after the editions.
    pages: PagesDetails,
    /// What the caller should know that is no failure.
    notes: Vec<NoteDetails>,
    /// Where each format of the build has got to, by its name. Absent before anything is known of one. One that failed fails
    /// no task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, ArtifactResource>>, nullable = false)]
    artifacts: Option<ArtifactsByFormat>,
}

/// Where registering a build has got to.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationDetails {
    /// `not_needed`, `queued`, `unpacking` (the archive is checked and its files are written), `deriving` (formats are made of its pages, for which editions wait a little), `done` or
    /// `failed`.
    #[schema(value_type = String, example = "done")]
    state: &'static str,
    /// When it was done, since when formats are made, or when unpacking last got on.
    date: Option<Moment>,
    /// How many files of the archive are written, once it is checked. Only while it is unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<Progress>,
    /// How many files the build has, once it is done.
    files: Option<u64>,
    /// Their size, once it is done.
    bytes: Option<u64>,
    /// Why it failed.
    failure: Option<FailureResource>,
}

/// Where an edition has got to.
#[derive(Debug, Serialize, ToSchema)]
struct EditionDetails {
    /// Its slug.
    slug: String,
    /// Its URL in this API.
    url: String,
    /// The build it moves to; null when that is gone.
    build_url: Option<String>,
    /// `queued`, `copying`, `purging`, `published`, `superseded` or `failed`.
    #[schema(value_type = String, example = "copying")]
    state: &'static str,
    /// How far the copy is, while it runs.
    progress: Option<Progress>,
    /// What the copy did, once it is done.
    report: Option<Report>,
    /// Why it failed.
    failure: Option<FailureResource>,
    /// When any of this last changed.
    date_updated: Moment,
}

/// Where the pages have got to that list what the task changes.
#[derive(Debug, Serialize, ToSchema)]
struct PagesDetails {
    /// `not_needed`, `wanted`, `rendered` or `failed`: that of all of them.
    #[schema(value_type = String, example = "rendered")]
    state: &'static str,
    /// When the last of them was written.
    date: Option<Moment>,
    /// Of how many products the pages are written, the index of the products counted as one.
    done: usize,
    /// Of how many they are wanted.
    total: usize,
    /// Why the first of them failed, if any did.
    failure: Option<FailureResource>,
}

/// How far a copy is, or the unpacking of an archive.
#[derive(Debug, Serialize, ToSchema)]
struct Progress {
    /// Objects copied, or files written, so far.
    done: u64,
    /// How many there are.
    total: u64,
}

/// What a copy did, in objects.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// Copied.
    copied: u64,
    /// Deleted.
    deleted: u64,
    /// Right already.
    unchanged: u64,
}

/// Something a caller should know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
struct NoteDetails {
    /// A stable word for machines.
    #[schema(example = "no_edition_follows")]
    code: String,
    /// A sentence.
    message: String,
}

impl TaskResource {
    /// `build` is the one that it publishes, if that is still there.
    pub(crate) fn new(urls: &Urls, task: &Task, build: Option<&Build>) -> Self {
        Self {
            id: task.id.to_string(),
            self_url: urls.task(&task.id),
            status: word(&task.status()),
            metadata: TaskDetails {
                product_url: task.product.as_ref().map(|product| urls.product(product)),
                build_url: task.build.map(|build| urls.build(build)),
                date_created: Moment(task.created_at),
                registration: RegistrationDetails::new(&task.registration),
                editions: task
                    .editions
                    .iter()
                    .map(|edition| EditionDetails::new(urls, edition))
                    .collect(),
                pages: PagesDetails::new(&task.pages),
                notes: task
                    .notes
                    .iter()
                    .map(|note| NoteDetails {
                        code: word(&note.code),
                        message: note.message.clone(),
                    })
                    .collect(),
                artifacts: build.and_then(|build| by_format(&build.artifacts)),
            },
        }
    }
}

impl TaskResource {
    /// The same with URLs of v2. `builds` has the builds that are still there.
    pub(crate) fn of_project(urls: &Urls, task: &Task, builds: &BTreeMap<BuildId, Build>) -> Self {
        let own = task.build.and_then(|id| builds.get(&id));
        let mut resource = Self::new(urls, task, own);
        resource.self_url = urls.task_of_project(&task.id);
        // One that is about all products names none, and no builds.
        let (org, Some(project)) = (&task.organization, &task.product) else {
            return resource;
        };
        let build = |id: &BuildId| {
            let found = builds.get(id);
            found.map(|build| urls.project_build(org, project, &build.slug))
        };
        resource.metadata.product_url = Some(urls.project(org, project));
        resource.metadata.build_url = task.build.as_ref().and_then(build);
        for (details, edition) in resource.metadata.editions.iter_mut().zip(&task.editions) {
            details.url = urls.project_edition(org, project, &edition.slug);
            details.build_url = build(&edition.build);
        }
        resource
    }
}

impl RegistrationDetails {
    fn new(registration: &Registration) -> Self {
        let bare = |state| Self {
            state,
            date: None,
            progress: None,
            files: None,
            bytes: None,
            failure: None,
        };
        match registration {
            Registration::NotNeeded => bare("not_needed"),
            Registration::Queued => bare("queued"),
            Registration::Unpacking {
                done,
                total,
                updated_at,
            } => Self {
                date: Some(Moment(*updated_at)),
                progress: total.map(|total| Progress { done: *done, total }),
                ..bare("unpacking")
            },
            Registration::Deriving { since } => Self {
                date: Some(Moment(*since)),
                ..bare("deriving")
            },
            Registration::Done { at, files, bytes } => Self {
                date: Some(Moment(*at)),
                files: Some(*files),
                bytes: Some(*bytes),
                ..bare("done")
            },
            Registration::Failed(failure) => Self {
                failure: Some(FailureResource::new(failure)),
                ..bare("failed")
            },
        }
    }
}

impl PagesDetails {
    fn new(pages: &[TaskPages]) -> Self {
        let (mut failure, mut dates) = (None, Vec::new());
        for pages in pages {
            match &pages.step {
                PagesStep::Wanted => {}
                PagesStep::Rendered { at } => dates.push(*at),
                PagesStep::Failed(found) => failure = failure.or(Some(found)),
            }
        }
        let waits = pages.iter().any(|pages| !pages.step.is_final());
        let state = match failure {
            _ if pages.is_empty() => "not_needed",
            _ if waits => "wanted",
            Some(_) => "failed",
            None => "rendered",
        };
        Self {
            state,
            date: dates
                .iter()
                .max()
                .filter(|_| state == "rendered")
                .copied()
                .map(Moment),
            done: dates.len(),
            total: pages.len(),
            failure: failure.map(FailureResource::new),
        }
    }
}

impl EditionDetails {
    fn new(urls: &Urls, edition: &TaskEdition) -> Self {
        let (state, progress, failure) = match &edition.step {
            EditionStep::Queued => ("queued", None, None),
            EditionStep::Copying { done, total } => (
                "copying",
                Some(Progress {
                    done: *done,
                    total: *total,
                }),
                None,
            ),
            EditionStep::Purging => ("purging", None, None),
            EditionStep::Published { .. } => ("published", None, None),
            EditionStep::Superseded => ("superseded", None, None),
            EditionStep::Failed(failure) => ("failed", None, Some(FailureResource::new(failure))),
        };
        Self {
            slug: edition.slug.to_string(),
            url: urls.edition(edition.edition),
            build_url: Some(urls.build(edition.build)),
            state,
            progress,
            report: edition.report.map(|report| Report {
                copied: report.copied,
                deleted: report.deleted,
                unchanged: report.unchanged,
            }),
            failure,
            date_updated: Moment(edition.updated_at),
        }
    }
}
