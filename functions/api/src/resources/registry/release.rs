use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use imprint_domain::registry::{ComponentName, Release, Reported, RowOfTrain, VersionName};

use crate::resources::Moment;

/// A version of a component.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComponentVersion)]
pub(crate) struct ComponentVersionResource<'a> {
    /// The component. Where a release is published, its name is that of the path.
    #[serde(skip_serializing_if = "ComponentResource::is_empty")]
    pub(super) component: ComponentResource<'a>,
    /// The version. Needed where a release is published.
    #[serde(skip_serializing_if = "VersionResource::is_empty")]
    pub(super) version: VersionResource<'a>,
    /// The latest version of its train, where a cluster reported an older one.
    #[serde(rename = "updateAvailable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "2.19.1")]
    pub(super) update_available: Option<&'a str>,
}

/// A component.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Component)]
pub(super) struct ComponentResource<'a> {
    /// Its name. A product is the component of its own name.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(min_length = 1, max_length = 64, example = "handbook")]
    name: &'a str,
    /// What it is.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(max_length = 1000)]
    description: &'a str,
    /// What kind of component it is.
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    #[schema(max_length = 1000, example = "Deployment")]
    kind: &'a str,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Version)]
pub(super) struct VersionResource<'a> {
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
    /// What is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionDataResource>, nullable = false)]
    data: Option<VersionData<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum VersionData<'a> {
    Known(VersionDataResource<'a>),
    All(Cow<'a, Map<String, Value>>),
}

/// What is said of a version. Published is any object of at most 64 KB of JSON: v3 shows these keys of it, v4 all.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = VersionData)]
pub(crate) struct VersionDataResource<'a> {
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "what changed")]
    description: Option<&'a str>,
    /// What it mends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    fixes: Option<&'a str>,
    /// Its image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "sha256:0123")]
    image: Option<&'a str>,
    /// Where its documentation is published, where there is some. Nobody publishes this: the registry knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "https://handbook.example.org/builds/17")]
    docs: Option<Cow<'a, str>>,
    /// A checksum of its documentation as a whole. Nobody publishes this: the registry knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    checksum: Option<String>,
}

/// Which keys of the data of a version are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Those that the original knew.
    Known,
    /// All.
    All,
}

/// Where the documentation of products is published, by their components.
pub(crate) type Documentation = BTreeMap<ComponentName, String>;

impl ComponentResource<'_> {
    fn is_empty(&self) -> bool {
        self.name.is_empty() && self.description.is_empty() && self.kind.is_empty()
    }
}

impl VersionResource<'_> {
    fn is_empty(&self) -> bool {
        self.train.is_empty() && self.version.is_empty() && self.released.is_empty() && self.data.is_none()
    }
}

impl<'a> VersionDataResource<'a> {
    fn of(data: &'a Map<String, Value>) -> Self {
        let text = |name: &str| {
            let exact = data.get(name);
            let found = exact.or_else(|| {
                let spelled = data.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                spelled.map(|(_, value)| value)
            });
            found.and_then(Value::as_str).filter(|text| !text.is_empty())
        };
        Self {
            description: text("description"),
            fixes: text("fixes"),
            image: text("image"),
            docs: None,
            checksum: None,
        }
    }
}

impl<'a> ComponentVersionResource<'a> {
    /// A release as v3 shows it.
    pub(crate) fn new(release: &'a Release, documentation: &Documentation) -> Self {
        let docs = Docs::of(release, documentation);
        let data = VersionDataResource {
            docs: docs.as_ref().map(|docs| Cow::Owned(docs.url.clone())),
            checksum: docs.map(|docs| docs.checksum),
            ..VersionDataResource::of(release.data.map())
        };
        Self {
            component: ComponentResource {
                description: "",
                kind: "",
                ..component(release)
            },
            version: version(release, VersionData::Known(data)),
            update_available: None,
        }
    }

    /// What a cluster reported, with the version that it can update to.
    pub(super) fn reported(reported: &'a Reported, update: Option<&'a VersionName>, keys: Keys) -> Self {
        let data = reported.data.as_ref().map(|data| match keys {
            Keys::Known => VersionData::Known(VersionDataResource::of(data)),
            Keys::All => VersionData::All(Cow::Borrowed(data)),
        });
        Self {
            component: ComponentResource {
                name: &reported.name,
                description: &reported.description,
                kind: &reported.kind,
            },
            version: VersionResource {
                train: &reported.train,
                version: &reported.version,
                released: Cow::Borrowed(&reported.released),
                data,
            },
            update_available: update.map(VersionName::as_str),
        }
    }
}

fn component(release: &Release) -> ComponentResource<'_> {
    ComponentResource {
        name: release.train.component.as_str(),
        description: release.description.as_ref().map_or("", |note| note.as_str()),
        kind: release.kind.as_ref().map_or("", |note| note.as_str()),
    }
}

fn version<'a>(release: &'a Release, data: VersionData<'a>) -> VersionResource<'a> {
    VersionResource {
        train: release.train.label.as_str(),
        version: release.version.as_str(),
        released: second(release.released),
        data: Some(data),
    }
}

/// A time in whole seconds, as texts.
fn second(at: jiff::Timestamp) -> Cow<'static, str> {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

/// Releases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComponentVersionList)]
pub(crate) struct ComponentVersionList<'a> {
    /// The releases.
    pub(crate) data: Vec<ComponentVersionResource<'a>>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
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

/// What both forms say of the documentation.
pub(super) struct Docs {
    url: String,
    checksum: String,
}

impl Docs {
    fn of(release: &Release, documentation: &Documentation) -> Option<Self> {
        let docs = release.docs.as_ref()?;
        let product = documentation.get(&release.train.component)?;
        Some(Self {
            url: format!("{product}/builds/{}", docs.slug),
            checksum: docs.manifest.to_string(),
        })
    }
}

/// A release with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Release)]
pub(crate) struct ReleaseResource<'a> {
    #[serde(flatten)]
    of: ComponentVersionResource<'a>,
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
            of: ComponentVersionResource {
                component: component(release),
                version: version(release, VersionData::All(Cow::Borrowed(release.data.map()))),
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

/// Trains, each with its latest version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrainList)]
pub(crate) struct TrainList<'a> {
    /// The trains, in the order of their components' names and their own.
    data: Vec<ComponentVersionResource<'a>>,
    /// Where the next page begins, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

impl<'a> TrainList<'a> {
    pub(crate) fn new(rows: &'a [RowOfTrain], next: Option<String>) -> Self {
        let row = |row: &'a RowOfTrain| ComponentVersionResource {
            component: ComponentResource {
                name: row.train.component.as_str(),
                description: row.description.as_ref().map_or("", |note| note.as_str()),
                kind: row.kind.as_ref().map_or("", |note| note.as_str()),
            },
            version: VersionResource {
                train: row.train.label.as_str(),
                version: row.version.as_str(),
                released: second(row.released),
                data: None,
            },
            update_available: None,
        };
        let data = rows.iter().map(row).collect();
        Self { data, next }
    }
}
