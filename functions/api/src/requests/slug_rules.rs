use serde::Deserialize;
use utoipa::ToSchema;

use imprint_app::slug_rules::{Asked, OrganizationRules, OwnRules};
use imprint_domain::git::GitRef;
use imprint_domain::rules::SemverEditions;
use imprint_domain::slug_rules::{SlugRule, SlugRules};

use crate::error::ApiError;
use crate::extract::RequestBody;
use crate::resources::SlugRuleResource;

use super::{given, invalid, parsed, required};

const NOUN: &str = "slug rules";
/// As many refs as a page of a repository's branches. Each is judged by every edition of the product.
const MAX_REFS: usize = 100;

/// The rules by which refs become editions. Replaces those that were there. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SetSlugRules {
    /// The rules in their order, at most 20; null for those of the organization.
    #[serde(default, deserialize_with = "given")]
    #[schema(required, value_type = Option<Vec<SlugRuleResource>>)]
    rules: Option<Option<Vec<SlugRuleResource>>>,
    /// `major_and_minor`: a build of `2.3.1` creates the editions `2` and `2.3` where they are missing; or `off`. The
    /// organization's choice when it is absent or null.
    #[schema(example = "major_and_minor")]
    semver_editions: Option<String>,
}

/// The rules of an organization, for products that have none of their own. Replaces those that were there. Other fields
/// are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SetOrganizationRules {
    /// The rules in their order, at most 20; null for LTD's.
    #[serde(default, deserialize_with = "given")]
    #[schema(required, value_type = Option<Vec<SlugRuleResource>>)]
    rules: Option<Option<Vec<SlugRuleResource>>>,
    /// `major_and_minor`, or `off` when it is absent or null.
    #[schema(example = "off")]
    semver_editions: Option<String>,
    /// Which tags the mode `lsst_doc` follows: those of LTD Keeper `1.x`, or of `2.x` when it is absent or null.
    #[schema(example = "2.x")]
    lsst_doc: Option<String>,
}

/// Refs whose fate is to be foreseen. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PreviewSlugRules {
    /// The refs, as if builds of one each came in this order.
    #[schema(required, nullable = false, example = json!(["main", "tickets/DM-1234"]), min_items = 1, max_items = 100)]
    git_refs: Option<Vec<String>>,
    /// Rules to try. Those in force when it is absent.
    rules: Option<Vec<SlugRuleResource>>,
    /// As in the rules. What is in force when it is absent.
    semver_editions: Option<String>,
    /// The deployment that the builds are for.
    #[schema(example = "usdf-dev")]
    alternate_name: Option<String>,
}

impl RequestBody for SetSlugRules {
    const NOUN: &'static str = NOUN;
}
impl RequestBody for PreviewSlugRules {
    const NOUN: &'static str = NOUN;
}

impl RequestBody for SetOrganizationRules {
    const NOUN: &'static str = NOUN;
}

impl SetOrganizationRules {
    pub(crate) fn parse(self) -> Result<OrganizationRules, ApiError> {
        let rules = required(NOUN, "rules", self.rules)?;
        let own = own(rules, self.semver_editions.as_deref())?;
        Ok(OrganizationRules {
            slugs: own.slugs.unwrap_or_default(),
            semver_editions: own.semver_editions.unwrap_or_default(),
            lsst_doc: parsed(NOUN, "lsst_doc", self.lsst_doc.as_deref())?.unwrap_or_default(),
        })
    }
}

impl SetSlugRules {
    pub(crate) fn parse(self) -> Result<OwnRules, ApiError> {
        let rules = required(NOUN, "rules", self.rules)?;
        own(rules, self.semver_editions.as_deref())
    }
}

impl PreviewSlugRules {
    pub(crate) fn parse(self) -> Result<Asked, ApiError> {
        let refs = required(NOUN, "git_refs", self.git_refs)?;
        if refs.is_empty() || refs.len() > MAX_REFS {
            return Err(invalid(
                NOUN,
                format_args!("git_refs: 1 to {MAX_REFS} are allowed"),
            ));
        }
        let parse = |raw: &String| {
            let shown: String = raw.chars().take(40).collect();
            raw.parse::<GitRef>()
                .map_err(|error| invalid(NOUN, format_args!("git_refs: {shown:?}: {error}")))
        };
        Ok(Asked {
            refs: refs.iter().map(parse).collect::<Result<_, _>>()?,
            rules: own(self.rules, self.semver_editions.as_deref())?,
            alternate: parsed(NOUN, "alternate_name", self.alternate_name.as_deref())?,
        })
    }
}

fn own(rules: Option<Vec<SlugRuleResource>>, semver: Option<&str>) -> Result<OwnRules, ApiError> {
    Ok(OwnRules {
        slugs: rules.map(list).transpose()?,
        semver_editions: parsed::<SemverEditions>(NOUN, "semver_editions", semver)?,
    })
}

/// Compiles no more rules than are allowed and one, by which it is seen that there are too many.
fn list(raw: Vec<SlugRuleResource>) -> Result<SlugRules, ApiError> {
    let some = raw.into_iter().take(SlugRules::MAX + 1).zip(1..);
    let parse = |(rule, at): (SlugRuleResource, usize)| {
        rule.parse()
            .map_err(|error| invalid(NOUN, format_args!("rule {at}: {error}")))
    };
    let rules: Vec<SlugRule> = some.map(parse).collect::<Result<_, _>>()?;
    rules.try_into().map_err(|error| invalid(NOUN, error))
}
