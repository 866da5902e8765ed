use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::retention::Preview;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;
use imprint_domain::retention::{Action, Days, EditionFiles, Effect, RetentionRules};

use crate::extract::Named;
use crate::urls::Urls;

/// The rules that apply to a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
pub(crate) struct RetentionResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/products/pipelines/retention")]
    self_url: String,
    /// The URL of the product.
    product_url: String,
    /// Where to see what a run would do now.
    preview_url: String,
    /// Whose rules they are: `product`, or `organization` when the product has none of its own.
    #[schema(example = "product")]
    rules_of: &'static str,
    #[serde(flatten)]
    rules: RulesResource,
}

/// What ends and what is deleted. A rule that is null never applies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionRules)]
pub(crate) struct RulesResource {
    /// Drafts end so many days after their last new build.
    end_drafts_after_days: Option<u32>,
    /// Builds that nothing refers to are deleted so many days after their upload.
    delete_unreferenced_builds_after_days: Option<u32>,
    /// So many of the newest uploaded builds stay in any case.
    #[schema(example = 10)]
    keep_newest_builds: u32,
    /// Builds that were never uploaded are deleted after so many days.
    #[schema(example = 7)]
    delete_never_uploaded_after_days: Option<u32>,
    /// Deleted editions and builds are removed for good after so many days.
    #[schema(example = 30)]
    delete_ended_after_days: Option<u32>,
    /// Moves in an edition's history protect their builds for so many days. With neither this nor the next rule, all do.
    history_protects_days: Option<u32>,
    /// So many of an edition's newest moves protect their builds.
    history_protects_moves: Option<u32>,
    /// Versions that a verified installation ran protect their builds for so many days after its last check-in.
    #[schema(example = 90)]
    use_protects_days: Option<u32>,
    /// Whether installations that nobody has verified protect too.
    #[schema(example = false)]
    unverified_use_protects: bool,
}

impl RulesResource {
    fn new(rules: &RetentionRules) -> Self {
        let days = |days: Option<Days>| days.map(u32::from);
        Self {
            end_drafts_after_days: days(rules.end_drafts_after_days),
            delete_unreferenced_builds_after_days: days(rules.delete_unreferenced_builds_after_days),
            keep_newest_builds: rules.keep_newest_builds,
            delete_never_uploaded_after_days: days(rules.delete_never_uploaded_after_days),
            delete_ended_after_days: days(rules.delete_ended_after_days),
            history_protects_days: days(rules.history_protects_days),
            history_protects_moves: rules.history_protects_moves,
            use_protects_days: days(rules.use_protects_days),
            unverified_use_protects: rules.unverified_use_protects,
        }
    }
}

impl RetentionResource {
    pub(crate) fn new(named: &Named, product: &Product, rules: &RetentionRules) -> Self {
        let url = named.url();
        Self {
            self_url: format!("{url}/retention"),
            preview_url: format!("{url}/retention/preview"),
            product_url: url.to_owned(),
            rules_of: match product.policy.retention {
                Some(_) => "product",
                None => "organization",
            },
            rules: RulesResource::new(rules),
        }
    }
}

/// The rules of an organization, for products that have none of their own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganizationRetention)]
pub(crate) struct OrganizationRetentionResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/retention")]
    self_url: String,
    /// The URL of the organization.
    organization_url: String,
    #[serde(flatten)]
    rules: RulesResource,
}

impl OrganizationRetentionResource {
    pub(crate) fn new(urls: &Urls, organization: &Organization) -> Self {
        let url = urls.organization(&organization.slug);
        Self {
            self_url: format!("{url}/retention"),
            organization_url: url,
            rules: RulesResource::new(&organization.policy.retention),
        }
    }
}

/// What retention would do to a product now, in order. Nothing of it is done by asking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionPreview)]
pub(crate) struct RetentionPreviewResource {
    /// The URL of the product.
    product_url: String,
    /// The rules that apply.
    rules: RulesResource,
    /// What would happen.
    effects: Vec<EffectResource>,
    /// Why nothing can be decided, so that nothing would happen; null when everything is known.
    unknown: Option<String>,
}

/// What happens to one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionEffect)]
pub(crate) struct EffectResource {
    /// `end_edition`; `mark_build`, `mark_edition` and `mark_product` (to be deleted a day later); `spare_…` (not to be
    /// deleted after all); `delete_build`, `delete_edition`, `delete_product` (with their files), or
    /// `delete_edition_without_files`, when these are another edition's by now.
    #[schema(example = "mark_build")]
    effect: &'static str,
    /// The URL of the build, edition or product.
    #[schema(example = "https://keeper.example.org/builds/12")]
    url: String,
    /// Its slug.
    slug: String,
    /// Why.
    reason: String,
}

impl RetentionPreviewResource {
    pub(crate) fn new(named: &Named, preview: &Preview) -> Self {
        let (effects, unknown) = match &preview.effects {
            Ok(effects) => (effects.as_slice(), None),
            Err(unknown) => (&[][..], Some(unknown.to_string())),
        };
        let effect = |effect: &Effect| EffectResource::new(named, preview, effect);
        Self {
            product_url: named.url().to_owned(),
            rules: RulesResource::new(&preview.rules),
            effects: effects.iter().map(effect).collect(),
            unknown,
        }
    }
}

impl EffectResource {
    fn new(named: &Named, preview: &Preview, effect: &Effect) -> Self {
        let slug = preview
            .slug_of(effect.action)
            .unwrap_or_else(|| preview.product.slug.to_string());
        Self {
            effect: word(effect.action),
            url: match effect.action {
                Action::EndEdition(id)
                | Action::SpareEdition(id)
                | Action::MarkEdition(id)
                | Action::DeleteEdition(id, _) => named.edition(id, &slug),
                Action::SpareBuild(id) | Action::MarkBuild(id) | Action::DeleteBuild(id) => {
                    named.build(id, &slug)
                }
                Action::SpareProduct | Action::MarkProduct | Action::DeleteProduct => named.url().to_owned(),
            },
            slug,
            reason: effect.reason.clone(),
        }
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::EndEdition(_) => "end_edition",
        Action::SpareBuild(_) => "spare_build",
        Action::SpareEdition(_) => "spare_edition",
        Action::SpareProduct => "spare_product",
        Action::MarkBuild(_) => "mark_build",
        Action::MarkEdition(_) => "mark_edition",
        Action::MarkProduct => "mark_product",
        Action::DeleteBuild(_) => "delete_build",
        Action::DeleteEdition(_, EditionFiles::Deleted) => "delete_edition",
        Action::DeleteEdition(_, EditionFiles::LeftToAnother) => "delete_edition_without_files",
        Action::DeleteProduct => "delete_product",
    }
}
