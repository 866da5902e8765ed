use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::access::Caller;
use imprint_app::builds::{NewBuild, NewEditions};
use imprint_domain::access::{About, Permission};
use imprint_domain::artifact::Format;
use imprint_domain::git::GitRefs;
use imprint_domain::key::SiteDirectory;
use imprint_domain::registry::Documented;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::upload::Upload;

use crate::error::ApiError;
use crate::extract::{BuildForm, RequestBody};

use super::{formats, invalid, one_or_several, parsed, required, slug};

const NOUN: &str = "Build";

/// More directories than any answer could carry forms for.
const MAX_DIRECTORIES: usize = 20_000;

/// A new build. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateBuild {
    /// What it was built from.
    #[schema(required, nullable = false, example = json!(["main"]), min_items = 1, max_items = 64)]
    git_refs: Option<Vec<String>>,
    /// The deployment that it is for: only editions of that alternate follow it. Editions that are of none follow it when
    /// this is absent.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "usdf-dev", max_length = 63)]
    alternate_name: Option<String>,
    /// Its name in URLs, free among all builds that the product ever had. The smallest free number when it is absent.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", max_length = 128)]
    slug: Option<String>,
    /// Who asked for it.
    #[schema(max_length = 255)]
    github_requester: Option<String>,
    /// The directories to make upload forms for; only with the media type that asks for forms. `["/"]` when absent.
    #[schema(example = json!(["/", "_static/"]), max_items = 20000)]
    directories: Option<Vec<String>>,
    /// The component that it documents. A build is of its product, so it can be nothing else than the product's slug.
    #[schema(max_length = 64, example = "pipelines")]
    component: Option<String>,
    /// The train in which the version comes out that it documents; together with `version`. The release is published when
    /// the build is registered, which needs the permission PUBLISH_RELEASE.
    #[schema(min_length = 1, max_length = 24, example = "stable")]
    train: Option<String>,
    /// The version that it documents; together with `train`.
    #[schema(min_length = 1, max_length = 64, example = "2.19.1")]
    version: Option<String>,
    /// The formats that are uploaded beside the pages, each with a form of its own in `artifact_uploads`: `htmlzip`, `pdf`,
    /// `epub` or `json`.
    #[schema(example = json!(["pdf"]), max_items = 4)]
    artifacts: Option<Vec<String>>,
    /// Whether an edition may come with it where none tracks its refs, if the caller may create editions. `true` when it is
    /// absent.
    #[schema(default = true)]
    new_editions: Option<bool>,
    /// `archive`: the files come in one `.tar.gz` or `.zip`, which is sent to the address in `archive_upload`. `files`, when
    /// it is absent: each comes by itself.
    #[schema(example = "archive", default = "files", pattern = "^(files|archive)$")]
    upload: Option<String>,
    /// What the archive's bytes are, `sha256:` and 64 hexadecimal digits; others are refused.
    #[schema(
        pattern = "^sha256:[0-9a-fA-F]{64}$",
        max_length = 71,
        example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    digest: Option<String>,
}

/// A new build of a project. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProjectBuild {
    /// What it was built from.
    #[schema(required, nullable = false, example = "main", max_length = 256)]
    git_ref: Option<String>,
    /// The directories to make upload forms for. `["/"]` when it is absent.
    #[schema(example = json!(["/", "_static/"]), max_items = 20000)]
    directories: Option<Vec<String>>,
    /// Its name in URLs, free among all builds that the project ever had. The smallest free number when it is absent.
    #[schema(pattern = "^[a-zA-Z0-9-._]+$", max_length = 128)]
    slug: Option<String>,
    /// What it was built from, of several repositories; instead of `git_ref`.
    #[schema(example = json!(["tickets/DM-1", "tickets/DM-2"]), min_items = 1, max_items = 64)]
    git_refs: Option<Vec<String>>,
    /// Who asked for it.
    #[schema(max_length = 255)]
    github_requester: Option<String>,
    /// The deployment that it is for: only editions of that alternate follow it. Editions that are of none follow it when
    /// this is absent.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "usdf-dev", max_length = 63)]
    alternate_name: Option<String>,
    /// The component that it documents. A build is of its product, so it can be nothing else than the product's slug.
    #[schema(max_length = 64, example = "pipelines")]
    component: Option<String>,
    /// The train in which the version comes out that it documents; together with `version`. The release is published when
    /// the build is registered, which needs the permission PUBLISH_RELEASE.
    #[schema(min_length = 1, max_length = 24, example = "stable")]
    train: Option<String>,
    /// The version that it documents; together with `train`.
    #[schema(min_length = 1, max_length = 64, example = "2.19.1")]
    version: Option<String>,
    /// The formats that are uploaded beside the pages, each with a form of its own in `artifact_uploads`: `htmlzip`, `pdf`,
    /// `epub` or `json`.
    #[schema(example = json!(["pdf"]), max_items = 4)]
    artifacts: Option<Vec<String>>,
    /// Whether an edition may come with it where none tracks its refs, if the caller may create editions. `true` when it is
    /// absent.
    #[schema(default = true)]
    new_editions: Option<bool>,
    /// `archive`: the files come in one `.tar.gz` or `.zip`, which is sent to the address in `archive_upload`. `files`, when
    /// it is absent: each comes by itself.
    #[schema(example = "archive", default = "files", pattern = "^(files|archive)$")]
    upload: Option<String>,
    /// What the archive's bytes are, `sha256:` and 64 hexadecimal digits; others are refused.
    #[schema(
        pattern = "^sha256:[0-9a-fA-F]{64}$",
        max_length = 71,
        example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    digest: Option<String>,
}

/// What to make upload forms for. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MakeForms {
    /// The directories to make forms for. `["/"]` when it is absent.
    #[schema(example = json!(["/", "_static/"]), max_items = 20000)]
    directories: Option<Vec<String>>,
}

/// A change of a build.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateBuild {
    /// `true` when every file has been uploaded. Saying it again publishes the build again.
    pub(crate) uploaded: Option<bool>,
}

impl RequestBody for CreateBuild {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for CreateProjectBuild {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for MakeForms {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for UpdateBuild {
    const NOUN: &'static str = NOUN;
}

impl CreateBuild {
    /// `product` is the one that the path names.
    pub(crate) fn parse(
        self,
        form: BuildForm,
        caller: &Caller,
        org: &OrganizationSlug,
        product: &ProductSlug,
    ) -> Result<NewBuild, ApiError> {
        let documents = documents(
            product,
            self.component.as_deref(),
            self.train.as_deref(),
            self.version.as_deref(),
        )?;
        let may_publish = || caller.may(org, Permission::PublishRelease, About::Product(product));
        if documents.is_some() && !may_publish() {
            return Err(ApiError::Forbidden);
        }
        let git_refs = required(NOUN, "git_refs", self.git_refs)?;
        Ok(NewBuild {
            slug: slug(self.slug.as_deref())?,
            git_refs: GitRefs::parse(&git_refs)
                .map_err(|error| invalid(NOUN, format_args!("git_refs: {error}")))?,
            alternate: parsed(NOUN, "alternate_name", self.alternate_name.as_deref())?,
            documents,
            github_requester: parsed(NOUN, "github_requester", self.github_requester.as_deref())?,
            artifacts: formats(
                NOUN,
                "artifacts",
                &Format::UPLOADED,
                self.artifacts.unwrap_or_default(),
            )?,
            upload: upload(self.upload.as_deref(), self.digest.as_deref())?,
            directories: match form {
                BuildForm::Plain => None,
                BuildForm::WithForms => Some(directories(self.directories)?),
            },
            new_editions: if self.new_editions.unwrap_or(true) && caller.rights.bring_editions_to(org) {
                NewEditions::Allowed
            } else {
                NewEditions::Forbidden
            },
        })
    }
}

impl CreateProjectBuild {
    /// The same in the words of v1.
    pub(crate) fn parse(
        self,
        caller: &Caller,
        org: &OrganizationSlug,
        project: &ProductSlug,
    ) -> Result<NewBuild, ApiError> {
        let refs = one_or_several(NOUN, ["git_ref", "git_refs"], self.git_ref, self.git_refs)?;
        let build = CreateBuild {
            git_refs: Some(required(NOUN, "git_ref", refs)?),
            slug: self.slug,
            github_requester: self.github_requester,
            directories: self.directories,
            alternate_name: self.alternate_name,
            component: self.component,
            train: self.train,
            version: self.version,
            artifacts: self.artifacts,
            new_editions: self.new_editions,
            upload: self.upload,
            digest: self.digest,
        };
        build.parse(BuildForm::WithForms, caller, org, project)
    }
}

impl MakeForms {
    pub(crate) fn parse(self) -> Result<Vec<SiteDirectory>, ApiError> {
        directories(self.directories)
    }
}

/// The release that a build documents, if it says one.
fn documents(
    product: &ProductSlug,
    component: Option<&str>,
    train: Option<&str>,
    version: Option<&str>,
) -> Result<Option<Documented>, ApiError> {
    if component.is_some_and(|component| component != product.as_str()) {
        let sentence = format_args!("component: a build of {product} documents the component {product}");
        return Err(invalid(NOUN, sentence));
    }
    let train = parsed(NOUN, "train", train)?;
    let version = parsed(NOUN, "version", version)?;
    match (train, version) {
        (Some(train), Some(version)) => Ok(Some(Documented { train, version })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(invalid(NOUN, "train and version come together")),
    }
}

/// In which form the files come.
fn upload(raw: Option<&str>, digest: Option<&str>) -> Result<Upload, ApiError> {
    let digest = parsed(NOUN, "digest", digest)?;
    match (raw, digest) {
        (Some("archive"), digest) => Ok(Upload::archive(digest)),
        (Some("files") | None, None) => Ok(Upload::Files),
        (Some("files") | None, Some(_)) => {
            let sentence = "digest: only an archive has one; say \"upload\": \"archive\", too";
            Err(invalid(NOUN, sentence))
        }
        (Some(_), _) => Err(invalid(NOUN, "upload: it is `files` or `archive`")),
    }
}

/// Each directory once.
fn directories(raw: Option<Vec<String>>) -> Result<Vec<SiteDirectory>, ApiError> {
    let raw = raw.unwrap_or_else(|| vec!["/".to_owned()]);
    if raw.len() > MAX_DIRECTORIES {
        return Err(invalid(
            NOUN,
            format_args!("directories: at most {MAX_DIRECTORIES} are allowed"),
        ));
    }
    let parse = |raw: String| {
        raw.parse()
            .map_err(|error| invalid(NOUN, format_args!("directories: {error}")))
    };
    let unique: BTreeSet<SiteDirectory> = raw.into_iter().map(parse).collect::<Result<_, _>>()?;
    Ok(unique.into_iter().collect())
}
