//! The catalog on one DynamoDB table.
//!
//! | what | PK | SK | besides |
//! |---|---|---|---|
//! | organization | `ORGANIZATIONS` | `<org>` | `revision` |
//! | member of an organization | `MEMBERS#<org>` | `<name>` | |
//! | product | `P#<org>#<product>` | `PRODUCT` | `revision` |
//! | edition | `P#<org>#<product>` | `E#<id>` | `revision` |
//! | slug of a live edition | `ESLUG#<org>#<product>#<slug>` | `CLAIM` | whose it is |
//! | where an edition is | `EDITION#<id>` | `AT` | |
//! | a move of an edition | `H#<edition id>` | `<generation>` | |
//! | build | `B#<org>#<product>` | `<id>` | `revision` |
//! | slug of a build | `BSLUG#<org>#<product>#<slug>` | `CLAIM` | whose it is |
//! | where a build is | `BUILD#<id>` | `AT` | |
//! | what the index says of a product | `INDEX#<org>` | `<product>` | |
//! | products in order | `ORG#<org>` | `<created at>#<slug>` | |
//! | task | `TASK#<id>` | `META` | `revision`, `ttl` |
//! | an edition's part of a task | `TASK#<id>` | `E#<edition id>` | `ttl` |
//! | pages that a task waits for | `TASK#<id>` | `PAGES` (index), `PAGES#<product>` | `ttl` |
//! | the task is not final | `TASK#<id>` | `OPEN` | `GSI1PK` `TASKS`, `GSI1SK` when created, `ttl` |
//! | outbox entry | `OUTBOX#<id>` | `ENTRY` | `GSI1PK` `OUTBOX`, `GSI1SK` when last sent, or when its rest ends |
//! | what a webhook was told | `HOOK#<org>#<webhook id>` | `<event id>` | `revision`, `ttl` |
//! | request that bore a key | `KEPT#<digest of who and key>` | `REQUEST` | `revision`, `ttl` |
//! | user | `USER#<name>` | `USER` | `revision` |
//! | users in order | `USERS` | `<name>` | |
//! | wrong passwords of a name | `USER#<name>` | `FAILURES` | `since`, `count`, `ttl` |
//! | token | `TOKEN#<hash>` | `TOKEN` | `ttl` |
//! | tokens of a user | `TOKENS#<name>` | `<expires at>#<id>` | `ttl` |
//! | how far a walk is | `CURSORS` | `RETENTION`, `VERIFICATION` | |
//! | numbers handed out | `COUNTERS` | `BUILDS`, `EDITIONS`, `DOCUMENTS` | `last` |
//! | release | `REL#<org>#<component>#<train>` | `V#<version>` | |
//! | releases in order | `REL#<org>#<component>#<train>` | `T#<when it came out>#<rank>#<version>` | |
//! | where a train is | `REL#<org>#<component>#<train>` | `HEAD` | `revision` |
//! | trains in order | `TRAINS#<org>` | `<component>#<train>` | |
//! | documentation that is gone | `GONE#<org>#<component>` | `<version>` | |
//! | cluster | `CL#<org>#<id>` | `META` | `GSI1PK`, `GSI2PK` `CL#<org>#<shard>`, `GSI1SK` `<first seen>#<id>`, `GSI2SK` `<last seen>#<id>` |
//! | how many clusters there are | `CLUSTERS#<org>` | `COUNT` | `last` |
//! | when a version was in use | `USE#<org>#<component>` | `<version>`, `<version>#U` if unproved | `last_seen`, `ttl` |
//! | what a source did in a day | `SOURCE#<org>#<source>` | `<day>` | `things`, `ttl` |
//! | where a doctor's report is | `DOCTOR#<org>#<id>` | `REPORT` | `ttl` |
//! | document | `DOCUMENT#<id>` | `DOCUMENT` | `revision` |
//! | version of a document | `DOCUMENT#<id>` | `V#<major>#<minor>` | `revision` |
//! | rendering of a document | `DOCUMENT#<id>` | `R#<checksum>` | `revision` |
//! | alias of a document, former ones too | `ALIAS#<org>#<alias>` | `CLAIM` | whose it is |
//! | documents in order | `DOCUMENTS#<org>` | `<id>` | |
//!
//! The thing itself is the map `v`; a cluster's parts are attributes of their own, because a check-in changes some of them
//! in one update. A task's openness is an item of its own, so that its many updates do not write the
//! index too. Reads are strongly consistent, but for the two lists of `sweep` and those of clusters: an index follows within
//! a second. What it lists late or twice is harmless to the sweep, because every step may run twice; of clusters there are
//! statistics.

mod access;
mod commit;
mod cursor;
mod documents;
mod health;
mod items;
mod keys;
mod organizations;
mod reads;
mod registry;
mod writes;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use imprint_app::ports::{Catalog, Change, Ids, Login, Page, StoreError, Walk};
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

use self::health::Requests;
use self::keys::{Key, OpenList};

/// The catalog on a DynamoDB table.
#[derive(Debug, Clone)]
pub(crate) struct DynamoCatalog {
    client: Client,
    table: String,
    requests: Requests,
}

impl DynamoCatalog {
    pub(crate) fn new(config: Builder, table: String) -> Self {
        let requests = Requests::default();
        let client = Client::from_conf(config.interceptor(requests.clone()).build());
        Self {
            client,
            table,
            requests,
        }
    }
}

#[async_trait]
impl Catalog for DynamoCatalog {
    async fn organization(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        self.get(Key::organization(slug)).await
    }

    async fn organizations(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Organization>, StoreError> {
        self.read_organizations(limit, cursor).await
    }

    async fn members(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Member>, StoreError> {
        self.read_members(org, limit, cursor).await
    }

    async fn product(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<Product>, StoreError> {
        self.get(Key::product(org, slug)).await
    }

    async fn product_with_editions(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<(Product, Vec<Edition>)>, StoreError> {
        self.read_product_with_editions(org, slug).await
    }

    async fn products(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Product>, StoreError> {
        self.read_products(org, limit, cursor).await
    }

    async fn index_entry(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
    ) -> Result<Option<IndexEntry>, StoreError> {
        self.get(Key::index_entry(org, product)).await
    }

    async fn index(&self, org: &OrganizationSlug) -> Result<Vec<IndexEntry>, StoreError> {
        self.read_index(org).await
    }

    async fn builds(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Build>, StoreError> {
        self.read_builds(org, product, limit, cursor).await
    }

    async fn build(&self, id: BuildId) -> Result<Option<Build>, StoreError> {
        let place: Option<items::Place> = self.get(Key::build_pointer(id)).await?;
        match place {
            None => Ok(None),
            Some(place) => self.build_of(&place.organization, &place.product, id).await,
        }
    }

    async fn build_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: BuildId,
    ) -> Result<Option<Build>, StoreError> {
        self.get(Key::build(org, product, id)).await
    }

    async fn build_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &BuildSlug,
    ) -> Result<Option<Build>, StoreError> {
        match self.get(Key::build_slug(org, product, slug)).await? {
            None => Ok(None),
            Some(id) => self.build_of(org, product, id).await,
        }
    }

    async fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError> {
        let place: Option<items::Place> = self.get(Key::edition_pointer(id)).await?;
        match place {
            None => Ok(None),
            Some(place) => self.edition_of(&place.organization, &place.product, id).await,
        }
    }

    async fn edition_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: EditionId,
    ) -> Result<Option<Edition>, StoreError> {
        self.get(Key::edition(org, product, id)).await
    }

    async fn edition_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &EditionSlug,
    ) -> Result<Option<Edition>, StoreError> {
        match self.get(Key::edition_slug(org, product, slug)).await? {
            None => Ok(None),
            // One that is being renamed has claimed the slug that it does not have yet.
            Some(id) => Ok(self
                .edition_of(org, product, id)
                .await?
                .filter(|edition| edition.slug == *slug)),
        }
    }

    async fn editions_with_slug(
        &self,
        org: &OrganizationSlug,
        products: &[ProductSlug],
        slug: &EditionSlug,
    ) -> Result<Vec<Edition>, StoreError> {
        self.read_editions_with_slug(org, products, slug).await
    }

    async fn history(
        &self,
        edition: EditionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Moved>, StoreError> {
        self.read_history(edition, limit, cursor).await
    }

    async fn moved(&self, edition: EditionId, generation: Generation) -> Result<Option<Moved>, StoreError> {
        self.get(Key::moved(edition, generation)).await
    }

    async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        self.read_task(id).await
    }

    async fn delivery(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<Delivery>, StoreError> {
        self.get(Key::delivery(org, webhook, event)).await
    }

    async fn deliveries(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, StoreError> {
        self.read_deliveries(org, webhook, limit, cursor).await
    }

    async fn kept_request(&self, id: &KeptId) -> Result<Option<KeptRequest>, StoreError> {
        self.get(Key::kept_request(id)).await
    }

    async fn user(&self, name: &UserName) -> Result<Option<User>, StoreError> {
        self.get(Key::user(name)).await
    }

    async fn login(&self, name: &UserName) -> Result<Login, StoreError> {
        self.read_login(name).await
    }

    async fn note_login_failure(&self, name: &UserName, at: Timestamp) -> Result<LoginFailures, StoreError> {
        self.count_login_failure(name, at).await
    }

    async fn users(&self, limit: usize, cursor: Option<&str>) -> Result<Page<User>, StoreError> {
        self.read_users(limit, cursor).await
    }

    async fn tokens(
        &self,
        user: &UserName,
        after: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Token>, StoreError> {
        self.read_tokens(user, after, limit, cursor).await
    }

    async fn token(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        self.get(Key::token(hash)).await
    }

    async fn allot(&self, ids: Ids) -> Result<(BuildId, EditionId), StoreError> {
        let builds = self.count_up(Key::build_counter(), ids.builds);
        let editions = self.count_up(Key::edition_counter(), ids.editions);
        let (builds, editions) = futures_util::future::try_join(builds, editions).await?;
        Ok((BuildId(builds), EditionId(editions)))
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.write(changes).await
    }

    async fn outbox(&self, before: Timestamp, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let items = self.read_open(OpenList::Outbox, before, limit).await?;
        items.into_iter().map(items::value).collect()
    }

    async fn open_tasks(&self, before: Timestamp, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        let items = self.read_open(OpenList::Tasks, before, limit).await?;
        items.into_iter().map(items::value).collect()
    }

    async fn cursor(&self, walk: Walk) -> Result<Option<String>, StoreError> {
        self.get(Key::cursor(walk)).await
    }

    async fn note_progress(
        &self,
        task: &TaskId,
        edition: EditionId,
        done: u64,
        total: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.update_progress(task, edition, [done, total], at).await
    }

    async fn note_pages(
        &self,
        task: &TaskId,
        of: &PagesOf,
        entries: &[OutboxId],
        step: &PagesStep,
    ) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.update_pages(task, of, entries, step).await
    }
}
