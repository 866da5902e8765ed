use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::editions::{self, EditionPatch, NewEdition, NewName, RollbackTo};
use imprint_domain::git::GitRefs;
use imprint_domain::id::Generation;
use imprint_domain::kind::Retention;
use imprint_domain::slug::EditionSlug;
use imprint_domain::tracking::TrackingMode;

use crate::error::ApiError;
use crate::extract::RequestBody;
use crate::urls::Urls;

use super::{invalid, mode, one_or_several, parsed, required, slug};

const NOUN: &str = "Edition";

/// A new edition. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateEdition {
    /// Its name in URLs. Needed unless `autoincrement` is true.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", example = "v1.0", max_length = 128)]
    slug: Option<String>,
    /// Its title. Needed unless `autoincrement` is true.
    #[schema(example = "Version 1.0", max_length = 255)]
    title: Option<String>,
    /// Whether to name it, slug and title, by the next whole number.
    #[schema(value_type = Option<bool>)]
    autoincrement: Option<Flag>,
    /// How it chooses builds. `git_refs` when it is absent.
    #[schema(example = "git_refs")]
    mode: Option<String>,
    /// The refs whose builds it follows: with `git_refs` builds of exactly this list, with `git_ref` and
    /// `alternate_git_ref` builds of any of them. `semver_major` needs one major version (`2`), `semver_minor` one minor
    /// version (`2.3`), `train` one component and train of the release registry (`handbook/stable`).
    #[schema(example = json!(["v1.0"]), max_items = 64)]
    tracked_refs: Option<Vec<String>>,
    /// The deployment whose builds it follows, and no others; its slug begins with that name and two hyphens. Needed with
    /// the mode `alternate_git_ref`.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "usdf-dev", max_length = 63)]
    alternate_name: Option<String>,
    /// What it is to readers: `release`, `draft`, `major`, `minor` or `alternate`. As it follows from what it tracks when
    /// it is absent.
    #[schema(example = "release")]
    kind: Option<String>,
    /// Whether retention never ends it.
    exempt: Option<bool>,
    /// The build to show at once: a URL of this API.
    #[schema(example = "https://keeper.example.org/builds/1")]
    build_url: Option<String>,
}

/// A change of an edition. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateEdition {
    /// Its name in URLs. Another one than the present is claimed at once, and `queue_url` watches the move.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", example = "v1.0", max_length = 128)]
    slug: Option<String>,
    /// Its title.
    #[schema(max_length = 255)]
    title: Option<String>,
    /// How it chooses builds.
    mode: Option<String>,
    /// The refs whose builds it follows.
    #[schema(max_items = 64)]
    tracked_refs: Option<Vec<String>>,
    /// What it is to readers: `release`, `draft`, `major`, `minor` or `alternate`. The default edition is always `main`.
    kind: Option<String>,
    /// Whether retention never ends it.
    exempt: Option<bool>,
    /// The build to show now: a URL of this API.
    build_url: Option<String>,
    /// `true` publishes the present build again; `false` tries again what is pending.
    pending_rebuild: Option<bool>,
}

/// A new edition of a project. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProjectEdition {
    /// Its title. Needed unless `autoincrement` is true.
    #[schema(example = "Version 1.0", max_length = 255)]
    title: Option<String>,
    /// Its name in URLs. Needed unless `autoincrement` is true.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", example = "v1.0", max_length = 128)]
    slug: Option<String>,
    /// Whether to name it, slug and title, by the next whole number.
    #[schema(value_type = Option<bool>)]
    autoincrement: Option<Flag>,
    /// The build to show at once: a URL of a build of this project.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/builds/1")]
    build_url: Option<String>,
    /// How it chooses builds. `git_refs` when it is absent.
    #[schema(example = "git_refs")]
    mode: Option<String>,
    /// What it is to readers: `release`, `draft`, `major`, `minor` or `alternate`. As it follows from what it tracks when it
    /// is absent.
    #[schema(example = "release")]
    kind: Option<String>,
    /// The ref whose builds it follows, the version whose releases, or the train.
    #[schema(example = "v1.0", max_length = 256)]
    tracked_ref: Option<String>,
    /// Several refs instead of `tracked_ref`.
    #[schema(max_items = 64)]
    tracked_refs: Option<Vec<String>>,
    /// The deployment whose builds it follows, and no others; its slug begins with that name and two hyphens. Needed with
    /// the mode `alternate_git_ref`.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "usdf-dev", max_length = 63)]
    alternate_name: Option<String>,
    /// Whether retention never ends it.
    exempt: Option<bool>,
}

/// A change of an edition of a project. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateProjectEdition {
    /// Its name in URLs. Another one than the present is claimed at once, and `task_url` watches the move.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", example = "v1.0", max_length = 128)]
    slug: Option<String>,
    /// Its title.
    #[schema(max_length = 255)]
    title: Option<String>,
    /// `true` publishes the present build again; `false` tries again what is pending.
    pending_rebuild: Option<bool>,
    /// The ref whose builds it follows, the version whose releases, or the train.
    #[schema(max_length = 256)]
    tracked_ref: Option<String>,
    /// How it chooses builds.
    mode: Option<String>,
    /// What it is to readers: `release`, `draft`, `major`, `minor` or `alternate`. The default edition is always `main`.
    #[schema(example = "release")]
    kind: Option<String>,
    /// The build to show now: a URL of a build of this project.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/builds/1")]
    build_url: Option<String>,
    /// Several refs instead of `tracked_ref`.
    #[schema(max_items = 64)]
    tracked_refs: Option<Vec<String>>,
    /// Whether retention never ends it.
    exempt: Option<bool>,
}

/// A body that may name a build by its URL, which is one of v2 in v2: that has to be looked up first, and then the body is
/// the one of v1, so that there is one way to read it.
pub(crate) trait NamesBuild {
    /// The body of v1.
    type First;

    /// The URL, as it was sent.
    fn build_url(&self) -> Option<&str>;

    /// The same with the build's URL of v1, when it names one.
    ///
    /// # Errors
    /// When fields contradict each other.
    fn with_build_url(self, url: Option<String>) -> Result<Self::First, ApiError>;
}

/// Where an edition goes back to: one of the two. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RollbackEdition {
    /// A build that the edition has shown: a URL of this API.
    #[schema(example = "https://keeper.example.org/builds/1")]
    build_url: Option<String>,
    /// The number of an earlier move, from the edition's history.
    generation: Option<u64>,
}

/// A truth value, which some of LTD's clients write as Python does.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "expected a boolean")]
enum Flag {
    Plain(bool),
    Python(PythonFlag),
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum PythonFlag {
    #[serde(alias = "true")]
    True,
    #[serde(alias = "false")]
    False,
}

impl Flag {
    fn is_set(self) -> bool {
        match self {
            Self::Plain(flag) => flag,
            Self::Python(PythonFlag::True) => true,
            Self::Python(PythonFlag::False) => false,
        }
    }
}

impl RequestBody for CreateEdition {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateEdition {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for CreateProjectEdition {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateProjectEdition {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for RollbackEdition {
    const NOUN: &'static str = NOUN;
}

const TRACKED: [&str; 2] = ["tracked_ref", "tracked_refs"];

impl NamesBuild for CreateProjectEdition {
    type First = CreateEdition;

    fn build_url(&self) -> Option<&str> {
        self.build_url.as_deref()
    }

    fn with_build_url(self, url: Option<String>) -> Result<CreateEdition, ApiError> {
        Ok(CreateEdition {
            slug: self.slug,
            title: self.title,
            autoincrement: self.autoincrement,
            mode: self.mode,
            tracked_refs: one_or_several(NOUN, TRACKED, self.tracked_ref, self.tracked_refs)?,
            alternate_name: self.alternate_name,
            kind: self.kind,
            exempt: self.exempt,
            build_url: url,
        })
    }
}

impl NamesBuild for UpdateProjectEdition {
    type First = UpdateEdition;

    fn build_url(&self) -> Option<&str> {
        self.build_url.as_deref()
    }

    fn with_build_url(self, url: Option<String>) -> Result<UpdateEdition, ApiError> {
        Ok(UpdateEdition {
            slug: self.slug,
            title: self.title,
            mode: self.mode,
            tracked_refs: one_or_several(NOUN, TRACKED, self.tracked_ref, self.tracked_refs)?,
            kind: self.kind,
            exempt: self.exempt,
            build_url: url,
            pending_rebuild: self.pending_rebuild,
        })
    }
}

impl NamesBuild for RollbackEdition {
    type First = Self;

    fn build_url(&self) -> Option<&str> {
        self.build_url.as_deref()
    }

    fn with_build_url(self, url: Option<String>) -> Result<Self, ApiError> {
        Ok(Self {
            build_url: url,
            ..self
        })
    }
}

impl RollbackEdition {
    pub(crate) fn parse(self, urls: &Urls) -> Result<RollbackTo, ApiError> {
        match (self.build_url.as_deref(), self.generation) {
            (Some(url), None) => Ok(RollbackTo::Build(urls.parse_build(url)?)),
            (None, Some(generation)) => Ok(RollbackTo::Generation(Generation(generation))),
            (None, None) | (Some(_), Some(_)) => Err(invalid(
                NOUN,
                "a rollback needs either build_url or generation, as the edition's history names them",
            )),
        }
    }
}

impl CreateEdition {
    pub(crate) fn parse(self, urls: &Urls) -> Result<NewEdition, ApiError> {
        let mode = mode(self.mode.as_deref())?.unwrap_or(TrackingMode::GitRefs);
        let alternate = parsed(NOUN, "alternate_name", self.alternate_name.as_deref())?;
        let tracking = editions::tracking(mode, refs(self.tracked_refs.as_deref())?, alternate)?;
        let build = self
            .build_url
            .as_deref()
            .map(|url| urls.parse_build(url))
            .transpose()?;
        let slug: Option<EditionSlug> = slug(self.slug.as_deref())?;
        let name = match (self.autoincrement.is_some_and(Flag::is_set), slug) {
            (true, None) => NewName::Autoincrement,
            (true, Some(_)) => return Err(invalid(NOUN, "slug cannot be given together with autoincrement")),
            (false, slug) => NewName::Given {
                slug: required(NOUN, "slug", slug)?,
                title: required(NOUN, "title", parsed(NOUN, "title", self.title.as_deref())?)?,
            },
        };
        Ok(NewEdition {
            name,
            tracking,
            kind: parsed(NOUN, "kind", self.kind.as_deref())?,
            retention: self.exempt.map_or(Retention::Applies, retention),
            build,
            by: None,
        })
    }
}

impl UpdateEdition {
    pub(crate) fn parse(self, urls: &Urls) -> Result<EditionPatch, ApiError> {
        Ok(EditionPatch {
            slug: slug(self.slug.as_deref())?,
            title: parsed(NOUN, "title", self.title.as_deref())?,
            mode: mode(self.mode.as_deref())?,
            tracked_refs: refs(self.tracked_refs.as_deref())?,
            kind: parsed(NOUN, "kind", self.kind.as_deref())?,
            retention: self.exempt.map(retention),
            build: self
                .build_url
                .as_deref()
                .map(|url| urls.parse_build(url))
                .transpose()?,
            pending_rebuild: self.pending_rebuild,
            by: None,
        })
    }
}

fn retention(is_exempt: bool) -> Retention {
    if is_exempt {
        Retention::Exempt
    } else {
        Retention::Applies
    }
}

fn refs(raw: Option<&[String]>) -> Result<Option<GitRefs>, ApiError> {
    let parse = |raw: &[String]| {
        GitRefs::parse(raw).map_err(|error| invalid(NOUN, format_args!("tracked_refs: {error}")))
    };
    raw.map(parse).transpose()
}
