use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use imprint_domain::registry::{ComponentName, Release, Reported, RowOfTrain, VersionName};

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
    #[schema(nullable = false)]
    data: Option<VersionDataResource<'a>>,
}

/// What is said of a version. Published is any object of at most 64 KB of JSON: v3 shows these keys of it where they are texts, v4 all of it.
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

/// Where the documentation of products is published, by their components.
pub(crate) type Documentation = BTreeMap<ComponentName, String>;

impl<'a> ComponentResource<'a> {
    /// The component of a release.
    pub(super) fn of(release: &'a Release) -> Self {
        Self {
            name: release.train.component.as_str(),
            description: release.description.as_ref().map_or("", |note| note.as_str()),
            kind: release.kind.as_ref().map_or("", |note| note.as_str()),
        }
    }

    /// The component that a cluster reported.
    pub(super) fn reported(reported: &'a Reported) -> Self {
        Self {
            name: &reported.name,
            description: &reported.description,
            kind: &reported.kind,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
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
                ..ComponentResource::of(release)
            },
            version: VersionResource {
                train: release.train.label.as_str(),
                version: release.version.as_str(),
                released: second(release.released),
                data: Some(data),
            },
            update_available: None,
        }
    }

    /// What a cluster reported, with the version that it can update to.
    pub(super) fn reported(reported: &'a Reported, update: Option<&'a VersionName>) -> Self {
        Self {
            component: ComponentResource::reported(reported),
            version: VersionResource {
                train: &reported.train,
                version: &reported.version,
                released: Cow::Borrowed(&reported.released),
                data: reported.data.as_ref().map(VersionDataResource::of),
            },
            update_available: update.map(VersionName::as_str),
        }
    }
}

/// A time in whole seconds, as texts.
pub(super) fn second(at: jiff::Timestamp) -> Cow<'static, str> {
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

/// What both forms say of the documentation.
pub(super) struct Docs {
    pub(super) url: String,
    pub(super) checksum: String,
}

impl Docs {
    pub(super) fn of(release: &Release, documentation: &Documentation) -> Option<Self> {
        let docs = release.docs.as_ref()?;
        let product = documentation.get(&release.train.component)?;
        Some(Self {
            url: format!("{product}/builds/{}", docs.slug),
            checksum: docs.manifest.to_string(),
        })
    }
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
