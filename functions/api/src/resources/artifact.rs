use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::artifact::{Artifacts, Derivation, Format, State};
use imprint_domain::edition::Edition;
use imprint_domain::id::BuildId;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::{FailureResource, Moment, word};

/// Where each format of a build has got to, by its name.
pub(super) type ArtifactsByFormat = BTreeMap<&'static str, ArtifactResource>;

/// Where one format of a build has got to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Artifact)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum ArtifactResource {
    /// The client has a form to upload it with, and has not confirmed the upload.
    Expected,
    /// It is being made of the pages.
    Pending {
        /// When that was asked for.
        since: Moment,
    },
    /// It is there.
    Ready {
        /// How many files it has.
        #[schema(example = 61)]
        files: u64,
        /// Their size in bytes.
        #[schema(example = 123_456)]
        bytes: u64,
        /// `uploaded` by the client, or `derived` from the pages.
        #[schema(example = "uploaded")]
        origin: String,
        /// What people may want to know of it.
        #[schema(example = json!([]))]
        notes: Vec<String>,
        /// Since when.
        date: Moment,
    },
    /// It failed, and nothing else did. An edition keeps the last good one; confirming the upload again tries again.
    Failed(FailureResource),
    /// It is not made of a site like this.
    Declined {
        /// The sentence that says why.
        reason: String,
    },
}

impl ArtifactResource {
    fn new(state: &State) -> Self {
        match state {
            State::Expected => Self::Expected,
            State::Pending { since } => Self::Pending {
                since: Moment(*since),
            },
            State::Ready {
                manifest: _,
                files,
                bytes,
                origin,
                notes,
                at,
            } => Self::Ready {
                files: *files,
                bytes: *bytes,
                origin: word(origin),
                notes: notes.clone(),
                date: Moment(*at),
            },
            State::Failed(failure) => Self::Failed(FailureResource::new(failure)),
            State::Declined { reason } => Self::Declined {
                reason: reason.clone(),
            },
        }
    }
}

/// Where the formats of a build have got to; nothing when nobody knows of any.
pub(super) fn by_format(artifacts: &Artifacts) -> Option<ArtifactsByFormat> {
    let states = artifacts.states.iter();
    let all: ArtifactsByFormat = states
        .map(|(format, state)| (format.name(), ArtifactResource::new(state)))
        .collect();
    (!all.is_empty()).then_some(all)
}

/// The names of the formats that a rule has made.
pub(super) fn names_of(derivation: &Derivation) -> Vec<&'static str> {
    derivation.0.iter().map(|format| format.name()).collect()
}

/// A format that readers find beside the pages of an edition, at a URL that outlives its builds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Download)]
pub(crate) struct DownloadResource {
    /// `htmlzip`, `pdf`, `epub`, `json`, `search` or `markdown`.
    #[schema(value_type = String, example = "pdf")]
    format: &'static str,
    /// Where readers find it.
    #[schema(example = "https://pipelines.example.org/_downloads/main/pipelines.pdf")]
    url: String,
    /// The URL of the build that it is of. Null in v2 where that is an earlier one than the pages'.
    #[schema(example = "https://keeper.example.org/builds/42")]
    build_url: Option<String>,
    /// Whether it is of an earlier build than the pages, because the present one's failed.
    older: bool,
}

/// What readers find beside the pages of an edition; nothing when there is nothing. `url` names a build.
pub(super) fn downloads(
    organization: &Organization,
    product: &Product,
    edition: &Edition,
    url: impl Fn(BuildId) -> Option<String>,
) -> Option<Vec<DownloadResource>> {
    let pointer = &edition.published.as_ref()?.pointer;
    let download = |(format, build): (&Format, &BuildId)| {
        Some(DownloadResource {
            format: format.name(),
            url: layout::download_url(organization, product, &edition.slug, *format)?,
            build_url: url(*build),
            older: *build != pointer.build,
        })
    };
    let all: Vec<DownloadResource> = pointer.formats.iter().filter_map(download).collect();
    (!all.is_empty()).then_some(all)
}
