use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::access::Caller;
use imprint_app::builds::{NewBuild, NewEditions};
use imprint_domain::git::GitRefs;
use imprint_domain::key::SiteDirectory;
use imprint_domain::slug::OrganizationSlug;

use crate::error::ApiError;
use crate::extract::{BuildForm, RequestBody};

use super::{invalid, one_or_several, parsed, required, slug};

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
impl RequestBody for UpdateBuild {
    const NOUN: &'static str = NOUN;
}

impl CreateBuild {
    pub(crate) fn parse(
        self,
        form: BuildForm,
        caller: &Caller,
        org: &OrganizationSlug,
    ) -> Result<NewBuild, ApiError> {
        let git_refs = required(NOUN, "git_refs", self.git_refs)?;
        Ok(NewBuild {
            slug: slug(self.slug.as_deref())?,
            git_refs: GitRefs::parse(&git_refs)
                .map_err(|error| invalid(NOUN, format_args!("git_refs: {error}")))?,
            alternate: parsed(NOUN, "alternate_name", self.alternate_name.as_deref())?,
            documents: None,
            github_requester: parsed(NOUN, "github_requester", self.github_requester.as_deref())?,
            directories: match form {
                BuildForm::Plain => None,
                BuildForm::WithForms => Some(directories(self.directories)?),
            },
            new_editions: if caller.rights.bring_editions_to(org) {
                NewEditions::Allowed
            } else {
                NewEditions::Forbidden
            },
        })
    }
}

impl CreateProjectBuild {
    /// The same in the words of v1.
    pub(crate) fn parse(self, caller: &Caller, org: &OrganizationSlug) -> Result<NewBuild, ApiError> {
        let refs = one_or_several(NOUN, ["git_ref", "git_refs"], self.git_ref, self.git_refs)?;
        let build = CreateBuild {
            git_refs: Some(required(NOUN, "git_ref", refs)?),
            slug: self.slug,
            github_requester: self.github_requester,
            directories: self.directories,
            alternate_name: self.alternate_name,
        };
        build.parse(BuildForm::WithForms, caller, org)
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
