//! Releases and versions with all that is known of them, as v4 shows them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use imprint_domain::registry::{Release, Reported, VersionName};

use super::release::{ComponentResource, Docs, Documentation, second};
use crate::resources::Moment;

/// A version of a component with all that is said of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownVersion)]
pub(crate) struct KnownVersionResource<'a> {
    /// The component. Where a release is published, its name is that of the path.
    #[serde(skip_serializing_if = "ComponentResource::is_empty")]
    component: ComponentResource<'a>,
    /// The version. Needed where a release is published.
    #[serde(skip_serializing_if = "WholeVersionResource::is_empty")]
    version: WholeVersionResource<'a>,
    /// The latest version of its train, where a cluster reported an older one.
    #[serde(rename = "updateAvailable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "2.19.1")]
    update_available: Option<&'a str>,
}

/// A version with all that is said of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeVersion)]
struct WholeVersionResource<'a> {
    /// The train that it came out in.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(min_length = 1, max_length = 24, example = "stable")]
    train: &'a str,
    /// Its name.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(min_length = 1, max_length = 64, example = "2.19.1")]
    version: &'a str,
    /// When it came out.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(value_type = String, format = DateTime, example = "2026-04-11T21:54:39Z")]
    released: Cow<'a, str>,
    /// What is said of it: any object of at most 64 KB of JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false, example = json!({"description": "what changed", "notes": ["one"]}))]
    data: Option<&'a Map<String, Value>>,
}

impl WholeVersionResource<'_> {
    fn is_empty(&self) -> bool {
        self.train.is_empty() && self.version.is_empty() && self.released.is_empty() && self.data.is_none()
    }
}

impl<'a> KnownVersionResource<'a> {
    /// What a cluster reported, with the version that it can update to.
    pub(super) fn reported(reported: &'a Reported, update: Option<&'a VersionName>) -> Self {
        Self {
            component: ComponentResource::reported(reported),
            version: WholeVersionResource {
                train: &reported.train,
                version: &reported.version,
                released: Cow::Borrowed(&reported.released),
                data: reported.data.as_ref(),
            },
            update_available: update.map(VersionName::as_str),
        }
    }
}

/// The documentation of a release: a build of the product whose component it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReleaseDocs)]
pub(crate) struct DocsResource {
    /// Where it is published.
    #[schema(example = "https://handbook.example.org/builds/17")]
    pub(crate) url: String,
    /// The URL of the build.
    #[schema(example = "https://keeper.example.org/builds/42")]
    pub(crate) build_url: String,
    /// A checksum of all its files.
    pub(crate) checksum: String,
}

/// A release with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Release)]
pub(crate) struct ReleaseResource<'a> {
    #[serde(flatten)]
    of: KnownVersionResource<'a>,
    /// Its documentation, where there is some.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    docs: Option<DocsResource>,
    /// When the registry took it.
    published_at: Moment,
    /// Who published it; only for callers with a token, and not where a build did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "jo")]
    published_by: Option<String>,
    /// Where to watch the editions that move, where some do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://keeper.example.org/queue/0123456789abcdef0123456789abcdef"
    )]
    queue_url: Option<String>,
}

impl<'a> ReleaseResource<'a> {
    /// A release as v4 shows it. `build_url` is that of its documentation's build.
    pub(crate) fn new(
        release: &'a Release,
        documentation: &Documentation,
        build_url: Option<String>,
    ) -> Self {
        let docs = Docs::of(release, documentation)
            .zip(build_url)
            .map(|(docs, build_url)| DocsResource {
                url: docs.url,
                build_url,
                checksum: docs.checksum,
            });
        Self {
            of: KnownVersionResource {
                component: ComponentResource::of(release),
                version: WholeVersionResource {
                    train: release.train.label.as_str(),
                    version: release.version.as_str(),
                    released: second(release.released),
                    data: Some(release.data.map()),
                },
                update_available: None,
            },
            docs,
            published_at: Moment(release.published_at),
            published_by: None,
            queue_url: None,
        }
    }

    /// The same for a caller who is known.
    pub(crate) fn with_publisher(self, release: &Release) -> Self {
        let published_by = release.published_by.as_ref().map(ToString::to_string);
        Self { published_by, ..self }
    }

    /// The same with where to watch what follows.
    pub(crate) fn watched(self, queue_url: Option<String>) -> Self {
        Self { queue_url, ..self }
    }
}

/// Releases with all that is known of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReleaseList)]
pub(crate) struct ReleaseList<'a> {
    /// The releases.
    pub(crate) data: Vec<ReleaseResource<'a>>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}
