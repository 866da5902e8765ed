use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::editions::Changed;
use imprint_domain::edition::Edition;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::{FailureResource, Moment};
use crate::urls::Urls;

/// A named view of a product at a stable URL.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Edition)]
pub(crate) struct EditionResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/editions/1")]
    self_url: String,
    /// The URL of its product.
    product_url: String,
    /// The URL of the build that readers see; null until there is one.
    build_url: Option<String>,
    /// Where it is published.
    published_url: String,
    /// Its name in URLs.
    #[schema(example = "main")]
    slug: String,
    /// Its title.
    #[schema(example = "Latest")]
    title: String,
    /// When it was created.
    date_created: Moment,
    /// Since when readers see its build; when it was created, until there is one.
    date_rebuilt: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// What the CDN purges it by.
    surrogate_key: String,
    /// Whether it is on its way to another build, or to the same one again.
    pending_rebuild: bool,
    /// The refs whose builds it follows, or the one version whose releases; null with modes that need none.
    tracked_refs: Option<Vec<String>>,
    /// How it chooses builds.
    #[schema(example = "git_refs")]
    mode: String,
    /// Where to watch the move that the request began; null when it began none.
    queue_url: Option<String>,
    /// Why its newest move did not arrive; null when nothing failed.
    failure: Option<FailureResource>,
}

/// All editions of a product, or a page of them, in the order of creation. Deleted ones are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum EditionList {
    /// As URLs.
    Urls {
        /// URLs of editions.
        editions: Vec<String>,
    },
    /// As resources.
    Resources {
        /// Editions.
        editions: Vec<EditionResource>,
    },
}

/// The answer to the deletion of an edition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionEnded {
    /// Null: nothing follows that could be watched.
    pub(crate) queue_url: Option<String>,
}

impl EditionResource {
    pub(crate) fn new(
        urls: &Urls,
        organization: &Organization,
        product: &Product,
        edition: &Edition,
    ) -> Self {
        let published = edition.published.as_ref();
        let refs = edition
            .tracking
            .refs
            .as_ref()
            .filter(|_| edition.tracking.mode.shows_refs());
        Self {
            self_url: urls.edition(edition.id),
            product_url: urls.product(&edition.product),
            build_url: published.map(|reached| urls.build(reached.pointer.build)),
            published_url: layout::edition_url(organization, product, &edition.slug),
            slug: edition.slug.to_string(),
            title: edition.title.to_string(),
            date_created: Moment(edition.created_at),
            date_rebuilt: Moment(published.map_or(edition.created_at, |reached| reached.at)),
            date_ended: edition.ended_at.map(Moment),
            surrogate_key: edition.surrogate_key.to_string(),
            pending_rebuild: edition.is_pending(),
            tracked_refs: refs.map(|refs| refs.iter().map(ToString::to_string).collect()),
            mode: edition.tracking.mode.name().to_owned(),
            queue_url: None,
            failure: edition.failure.as_ref().map(FailureResource::new),
        }
    }

    /// An edition after a request, with what to watch.
    pub(crate) fn changed(urls: &Urls, organization: &Organization, changed: &Changed) -> Self {
        Self {
            queue_url: changed.task.as_ref().map(|task| urls.task(task)),
            ..Self::new(urls, organization, &changed.product, &changed.edition)
        }
    }
}
