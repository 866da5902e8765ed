use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::edition::Edition;
use imprint_domain::id::TaskId;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::artifact::names_of;
use super::{Moment, ProjectEditionResource};
use crate::urls::Urls;

/// A documentation project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/products/pipelines")]
    self_url: String,
    /// Its name in URLs.
    #[schema(example = "pipelines")]
    slug: String,
    /// Where its source lives.
    doc_repo: String,
    /// Its title.
    title: String,
    /// The domain it is published under.
    #[schema(example = "example.org")]
    root_domain: String,
    /// The CDN host of that domain; empty without a CDN.
    root_fastly_domain: String,
    /// Its own host name.
    #[schema(example = "pipelines.example.org")]
    domain: String,
    /// The CDN host of its domain; empty without a CDN.
    fastly_domain: String,
    /// The bucket with its files.
    bucket_name: Option<String>,
    /// Where its default edition is published.
    #[schema(example = "https://pipelines.example.org")]
    published_url: String,
    /// What the CDN purges its dashboards by.
    surrogate_key: String,
    /// Nothing follows a change of a product, so this is always null.
    queue_url: Option<String>,
    /// When it was created.
    date_created: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// The formats that are made of the pages of each of its builds; only where it has a rule of its own, which takes the place
    /// of its organization's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, example = json!(["htmlzip", "search"]))]
    derive: Option<Vec<&'static str>>,
}

/// A documentation project, by the names of v2.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Project)]
pub(crate) struct ProjectResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines")]
    self_url: String,
    /// The URL of its organization.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme")]
    organization_url: String,
    /// Its builds.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/builds")]
    builds_url: String,
    /// Its editions.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/editions")]
    editions_url: String,
    /// Where to watch what the request began; null when it began nothing.
    task_url: Option<String>,
    /// Its name in URLs.
    #[schema(example = "pipelines")]
    slug: String,
    /// Where its source lives.
    source_repo_url: String,
    /// Its title.
    title: String,
    /// Where its default edition is published.
    #[schema(example = "https://www.example.org/docs/pipelines")]
    published_url: String,
    /// What the CDN purges its dashboards by.
    surrogate_key: String,
    /// Its default edition; null when that was deleted.
    default_edition: Option<ProjectEditionResource>,
    /// When it was created.
    date_created: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// The formats that are made of the pages of each of its builds; only where it has a rule of its own, which takes the place
    /// of its organization's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, example = json!(["htmlzip", "search"]))]
    derive: Option<Vec<&'static str>>,
}

/// All products, or a page of them, in the order of creation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ProductList {
    /// As URLs.
    Urls {
        /// URLs of products.
        products: Vec<String>,
    },
    /// As resources.
    Resources {
        /// Products.
        products: Vec<ProductResource>,
    },
}

impl ProductResource {
    pub(crate) fn new(urls: &Urls, organization: &Organization, product: &Product) -> Self {
        let fastly = product.root_fastly_domain(organization);
        Self {
            self_url: urls.product(&product.slug),
            slug: product.slug.to_string(),
            doc_repo: product.doc_repo.as_str().to_owned(),
            title: product.title.to_string(),
            root_domain: product.root_domain(organization).to_owned(),
            root_fastly_domain: fastly.to_owned(),
            domain: layout::domain(organization, product),
            fastly_domain: fastly.to_owned(),
            bucket_name: Some(organization.bucket.clone()),
            published_url: layout::product_url(organization, product),
            surrogate_key: product.surrogate_key.to_string(),
            queue_url: None,
            date_created: Moment(product.created_at),
            date_ended: product.ended_at.map(Moment),
            derive: product.policy.derive.as_ref().map(names_of),
        }
    }
}

impl ProjectResource {
    /// What v1 says of it, by the names of v2.
    pub(crate) fn new(
        urls: &Urls,
        organization: &Organization,
        product: &Product,
        default_edition: Option<&Edition>,
    ) -> Self {
        let first = ProductResource::new(urls, organization, product);
        let url = urls.project(&product.organization, &product.slug);
        let edition = |edition| ProjectEditionResource::new(urls, organization, product, edition);
        Self {
            organization_url: urls.organization(&product.organization),
            builds_url: format!("{url}/builds"),
            editions_url: format!("{url}/editions"),
            self_url: url,
            task_url: None,
            slug: first.slug,
            source_repo_url: first.doc_repo,
            title: first.title,
            published_url: first.published_url,
            surrogate_key: first.surrogate_key,
            default_edition: default_edition.map(edition),
            date_created: first.date_created,
            date_ended: first.date_ended,
            derive: first.derive,
        }
    }

    /// A project after a request, with what to watch.
    pub(crate) fn watched(self, urls: &Urls, task: &TaskId) -> Self {
        Self {
            task_url: Some(urls.task_of_project(task)),
            ..self
        }
    }
}
