use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::{BuildResource, EditionResource, ProductResource};
use crate::urls::Urls;

/// A product with everything that a dashboard of it could list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub(crate) struct DashboardDocument<'a> {
    /// The product.
    product: ProductResource,
    /// All its editions in the order of creation.
    editions: Vec<EditionResource>,
    /// Its 1,000 newest builds, newest first.
    builds: Vec<BuildResource<'a>>,
}

/// Something that goes on in the background.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queued {
    /// Where to watch it.
    #[schema(example = "https://keeper.example.org/queue/0123456789abcdef0123456789abcdef")]
    pub(crate) queue_url: String,
}

/// Something that goes on in the background, by the name that it has in v2.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    /// Where to watch it.
    #[schema(example = "https://keeper.example.org/v2/task/0123456789abcdef0123456789abcdef")]
    pub(crate) task_url: String,
}

impl<'a> DashboardDocument<'a> {
    pub(crate) fn new(
        urls: &Urls,
        organization: &Organization,
        product: &Product,
        editions: &[Edition],
        builds: &'a [Build],
    ) -> Self {
        let edition = |edition| EditionResource::new(urls, organization, product, edition);
        let build = |build| BuildResource::new(urls, organization, product, build);
        Self {
            product: ProductResource::new(urls, organization, product),
            editions: editions.iter().map(edition).collect(),
            builds: builds.iter().map(build).collect(),
        }
    }
}
