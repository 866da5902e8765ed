//! The catalog that a request with a key is lent.

use std::sync::Arc;

use async_trait::async_trait;
use imprint_domain::access::{LoginFailures, Member, Token, User, UserName};
use imprint_domain::build::Build;
use imprint_domain::dashboard::IndexEntry;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, EventId, Generation, OutboxId, TaskId, WebhookId};
use imprint_domain::idempotency::{KeptId, KeptRequest};
use imprint_domain::organization::Organization;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::task::{PagesOf, PagesStep, Task};
use imprint_domain::webhook::Delivery;
use jiff::Timestamp;

use super::Once;
use crate::ports::{Catalog, Change, Ids, Login, Page, StoreError, Walk};

/// Reads and counts as the catalog does, and commits through the run.
pub(super) struct LentCatalog {
    catalog: Arc<dyn Catalog>,
    once: Arc<Once>,
}

impl LentCatalog {
    pub(super) fn new(catalog: Arc<dyn Catalog>, once: Arc<Once>) -> Self {
        Self { catalog, once }
    }
}

#[async_trait]
impl Catalog for LentCatalog {
    async fn organization(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        self.catalog.organization(slug).await
    }

    async fn organizations(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Organization>, StoreError> {
        self.catalog.organizations(limit, cursor).await
    }

    async fn members(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Member>, StoreError> {
        self.catalog.members(org, limit, cursor).await
    }

    async fn product(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<Product>, StoreError> {
        self.catalog.product(org, slug).await
    }

    async fn product_with_editions(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<(Product, Vec<Edition>)>, StoreError> {
        self.catalog.product_with_editions(org, slug).await
    }

    async fn products(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Product>, StoreError> {
        self.catalog.products(org, limit, cursor).await
    }

    async fn index_entry(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
    ) -> Result<Option<IndexEntry>, StoreError> {
        self.catalog.index_entry(org, product).await
    }

    async fn index(&self, org: &OrganizationSlug) -> Result<Vec<IndexEntry>, StoreError> {
        self.catalog.index(org).await
    }

    async fn builds(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Build>, StoreError> {
        self.catalog.builds(org, product, limit, cursor).await
    }

    async fn build(&self, id: BuildId) -> Result<Option<Build>, StoreError> {
        self.catalog.build(id).await
    }

    async fn build_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: BuildId,
    ) -> Result<Option<Build>, StoreError> {
        self.catalog.build_of(org, product, id).await
    }

    async fn build_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &BuildSlug,
    ) -> Result<Option<Build>, StoreError> {
        self.catalog.build_with_slug(org, product, slug).await
    }

    async fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError> {
        self.catalog.edition(id).await
    }

    async fn edition_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: EditionId,
    ) -> Result<Option<Edition>, StoreError> {
        self.catalog.edition_of(org, product, id).await
    }

    async fn edition_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &EditionSlug,
    ) -> Result<Option<Edition>, StoreError> {
        self.catalog.edition_with_slug(org, product, slug).await
    }

    async fn editions_with_slug(
        &self,
        org: &OrganizationSlug,
        products: &[ProductSlug],
        slug: &EditionSlug,
    ) -> Result<Vec<Edition>, StoreError> {
        self.catalog.editions_with_slug(org, products, slug).await
    }

    async fn history(
        &self,
        edition: EditionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Moved>, StoreError> {
        self.catalog.history(edition, limit, cursor).await
    }

    async fn moved(&self, edition: EditionId, generation: Generation) -> Result<Option<Moved>, StoreError> {
        self.catalog.moved(edition, generation).await
    }

    async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        self.catalog.task(id).await
    }

    async fn delivery(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<Delivery>, StoreError> {
        self.catalog.delivery(org, webhook, event).await
    }

    async fn deliveries(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, StoreError> {
        self.catalog.deliveries(org, webhook, limit, cursor).await
    }

    async fn kept_request(&self, id: &KeptId) -> Result<Option<KeptRequest>, StoreError> {
        self.catalog.kept_request(id).await
    }

    async fn user(&self, name: &UserName) -> Result<Option<User>, StoreError> {
        self.catalog.user(name).await
    }

    async fn login(&self, name: &UserName) -> Result<Login, StoreError> {
        self.catalog.login(name).await
    }

    async fn note_login_failure(&self, name: &UserName, at: Timestamp) -> Result<LoginFailures, StoreError> {
        self.catalog.note_login_failure(name, at).await
    }

    async fn users(&self, limit: usize, cursor: Option<&str>) -> Result<Page<User>, StoreError> {
        self.catalog.users(limit, cursor).await
    }

    async fn tokens(
        &self,
        user: &UserName,
        after: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Token>, StoreError> {
        self.catalog.tokens(user, after, limit, cursor).await
    }

    async fn token(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        self.catalog.token(hash).await
    }

    async fn allot(&self, ids: Ids) -> Result<(BuildId, EditionId), StoreError> {
        self.catalog.allot(ids).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.once.commit(changes).await
    }

    async fn outbox(&self, before: Timestamp, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        self.catalog.outbox(before, limit).await
    }

    async fn open_tasks(&self, before: Timestamp, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.catalog.open_tasks(before, limit).await
    }

    async fn cursor(&self, walk: Walk) -> Result<Option<String>, StoreError> {
        self.catalog.cursor(walk).await
    }

    async fn note_progress(
        &self,
        task: &TaskId,
        edition: EditionId,
        done: u64,
        total: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.catalog.note_progress(task, edition, done, total, at).await
    }

    async fn note_pages(
        &self,
        task: &TaskId,
        of: &PagesOf,
        entries: &[OutboxId],
        step: &PagesStep,
    ) -> Result<(), StoreError> {
        self.catalog.note_pages(task, of, entries, step).await
    }
}
