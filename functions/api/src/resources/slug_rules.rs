use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use imprint_domain::automatic::NoEdition;
use imprint_domain::edition::{Blueprint, Edition, Verdict};
use imprint_domain::id::EditionId;
use imprint_domain::organization::Organization;
use imprint_domain::preview::{Foreseen, is_imagined};
use imprint_domain::product::Product;
use imprint_domain::rules::Rules;
use imprint_domain::slug::EditionSlug;
use imprint_domain::slug_rules::{NoSlug, SlugRule};

use crate::extract::Named;
use crate::urls::Urls;

/// One rule. Each works on what the one before made of the ref, but `ignore` looks at the ref itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SlugRule)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum SlugRuleResource {
    /// Takes a prefix off, where it is there.
    PrefixStrip {
        /// The prefix, as it is written.
        #[schema(example = "feature/", max_length = 200)]
        prefix: String,
    },
    /// Replaces every match of a regular expression over ASCII.
    Regex {
        /// The expression, in the syntax of the Rust crate regex.
        #[schema(example = "^tickets/([A-Z]+-[0-9]+)$", max_length = 200)]
        pattern: String,
        /// What stands for each match; `$1` or `${name}` is a group of the expression.
        #[schema(example = "$1", max_length = 200)]
        replacement: String,
    },
    /// Lets refs bring no edition. Editions that track such a ref follow it all the same.
    Ignore {
        /// A glob over the whole ref: `*` and `?` stop at slashes, `**` does not.
        #[schema(example = "dependabot/**", max_length = 200)]
        pattern: String,
    },
}

impl SlugRuleResource {
    /// The rule, or what is wrong with which of its parts.
    pub(crate) fn parse(&self) -> Result<SlugRule, String> {
        Ok(match self {
            Self::PrefixStrip { prefix } => SlugRule::PrefixStrip {
                prefix: part("prefix", prefix)?,
            },
            Self::Regex { pattern, replacement } => SlugRule::Regex {
                pattern: part("pattern", pattern)?,
                replacement: part("replacement", replacement)?,
            },
            Self::Ignore { pattern } => SlugRule::Ignore {
                pattern: part("pattern", pattern)?,
            },
        })
    }

    fn new(rule: &SlugRule) -> Self {
        match rule {
            SlugRule::PrefixStrip { prefix } => Self::PrefixStrip {
                prefix: prefix.to_string(),
            },
            SlugRule::Regex { pattern, replacement } => Self::Regex {
                pattern: pattern.as_str().to_owned(),
                replacement: replacement.to_string(),
            },
            SlugRule::Ignore { pattern } => Self::Ignore {
                pattern: pattern.as_str().to_owned(),
            },
        }
    }
}

fn part<T: FromStr<Err: Display>>(name: &str, raw: &str) -> Result<T, String> {
    raw.parse().map_err(|error| format!("{name}: {error}"))
}

/// The rules by which a product's refs become editions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlugRules)]
pub(crate) struct SlugRulesResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/products/pipelines/slug-rules")]
    self_url: String,
    /// The URL of its product.
    product_url: String,
    /// Whether the product has a list of its own, which then takes the place of the organization's.
    is_own: bool,
    /// The rules in force, in their order.
    rules: Vec<SlugRuleResource>,
    /// Whether a release brings the editions of its major and minor version with it: `off` or `major_and_minor`.
    #[schema(example = "off")]
    semver_editions: String,
}

impl SlugRulesResource {
    pub(crate) fn new(named: &Named, organization: &Organization, product: &Product) -> Self {
        let rules = Rules::of(organization, product);
        Self {
            self_url: format!("{}/slug-rules", named.url()),
            product_url: named.url().to_owned(),
            is_own: product.policy.slug_rules.is_some(),
            rules: rules.slugs.iter().map(SlugRuleResource::new).collect(),
            semver_editions: rules.semver_editions.name().to_owned(),
        }
    }
}

/// The rules of an organization, for products that have none of their own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganizationRules)]
pub(crate) struct OrganizationRulesResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/slug-rules")]
    self_url: String,
    /// The URL of the organization.
    organization_url: String,
    /// The rules in their order.
    rules: Vec<SlugRuleResource>,
    /// Whether a release brings the editions of its major and minor version with it: `off` or `major_and_minor`.
    #[schema(example = "off")]
    semver_editions: &'static str,
    /// Which tags the mode `lsst_doc` follows: those of LTD Keeper `1.x` or `2.x`.
    #[schema(example = "2.x")]
    lsst_doc: &'static str,
}

impl OrganizationRulesResource {
    pub(crate) fn new(urls: &Urls, organization: &Organization) -> Self {
        let (policy, url) = (&organization.policy, urls.organization(&organization.slug));
        Self {
            self_url: format!("{url}/slug-rules"),
            organization_url: url,
            rules: policy.slug_rules.iter().map(SlugRuleResource::new).collect(),
            semver_editions: policy.semver_editions.name(),
            lsst_doc: policy.lsst_doc.name(),
        }
    }
}

/// What would become of refs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlugPreview {
    /// One for each ref, in their order.
    pub(crate) previews: Vec<PreviewResource>,
}

/// What would become of a build of a ref.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefPreview)]
pub(crate) struct PreviewResource {
    /// The ref.
    git_ref: String,
    /// The editions that follow such builds.
    feeds: Vec<FeedResource>,
    /// The editions that the build would bring with it.
    creates: Vec<BirthResource>,
    /// Why it would bring none of its own; null when it would, or has one.
    without: Option<WithoutResource>,
}

/// An edition that follows a build.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedEdition)]
struct FeedResource {
    /// Its name.
    slug: String,
    /// Its URL; null when a ref before this one would have brought it.
    edition_url: Option<String>,
    /// `moves` to the build, `waits` because it is pinned, or shows what is `newer`.
    #[schema(example = "moves")]
    effect: &'static str,
}

/// An edition that a build would bring with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedBirth)]
struct BirthResource {
    /// Its name.
    slug: String,
    /// What it would be to readers.
    kind: &'static str,
    /// How it would choose builds.
    mode: &'static str,
    /// What it would track.
    tracked_refs: Vec<String>,
}

/// Why a build would bring no edition of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewedRefusal)]
struct WithoutResource {
    /// `ignored` by a rule, `invalid_slug`, or `slug_taken` by another edition.
    #[schema(example = "slug_taken")]
    code: &'static str,
    /// A sentence.
    message: String,
    /// The rule that ignores it, counted from 1; null with other reasons.
    rule: Option<usize>,
    /// The edition that has the slug; null with other reasons, and when a ref before this one would have brought it.
    edition_url: Option<String>,
}

impl PreviewResource {
    pub(crate) fn new(named: &Named, foreseen: &Foreseen) -> Self {
        Self {
            git_ref: foreseen.git_ref.to_string(),
            feeds: foreseen
                .feeds
                .iter()
                .map(|(edition, verdict)| FeedResource::new(named, edition, *verdict))
                .collect(),
            creates: foreseen.births.iter().map(BirthResource::new).collect(),
            without: foreseen
                .without
                .as_ref()
                .map(|why| WithoutResource::new(named, why)),
        }
    }
}

fn known(named: &Named, edition: EditionId, slug: &EditionSlug) -> Option<String> {
    (!is_imagined(edition)).then(|| named.edition(edition, slug))
}

impl FeedResource {
    fn new(named: &Named, edition: &Edition, verdict: Verdict) -> Self {
        Self {
            slug: edition.slug.to_string(),
            edition_url: known(named, edition.id, &edition.slug),
            effect: match verdict {
                Verdict::Moves => "moves",
                Verdict::Waits => "waits",
                Verdict::Older => "newer",
                Verdict::NotTracked => "none",
            },
        }
    }
}

impl BirthResource {
    fn new(born: &Blueprint) -> Self {
        let refs = born.tracking.refs.iter().flat_map(|refs| refs.iter());
        Self {
            slug: born.slug.to_string(),
            kind: born.kind.name(),
            mode: born.tracking.mode.name(),
            tracked_refs: refs.map(ToString::to_string).collect(),
        }
    }
}

impl WithoutResource {
    fn new(named: &Named, why: &NoEdition) -> Self {
        let (code, rule, edition_url) = match why {
            NoEdition::Unnamed(NoSlug::Ignored { rule }) => ("ignored", Some(*rule), None),
            NoEdition::Unnamed(NoSlug::Invalid(_)) => ("invalid_slug", None, None),
            NoEdition::Taken { slug, by } => ("slug_taken", None, known(named, *by, slug)),
            NoEdition::Held { .. } => ("slug_taken", None, None),
        };
        Self {
            code,
            message: why.to_string(),
            rule,
            edition_url,
        }
    }
}
