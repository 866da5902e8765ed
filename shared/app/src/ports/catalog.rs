use async_trait::async_trait;
use jiff::Timestamp;

use imprint_domain::access::{LoginFailures, Member, Token, User, UserName};
use imprint_domain::build::Build;
use imprint_domain::dashboard::IndexEntry;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, EventId, Generation, OutboxId, Revision, TaskId, WebhookId};
use imprint_domain::idempotency::{KeptId, KeptRequest};
use imprint_domain::organization::Organization;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::task::{PagesOf, PagesStep, Task, TaskEdition, TaskPages};
use imprint_domain::webhook::Delivery;

use super::{DocumentChange, RegistryChange, StoreError};

/// One write of a transaction. Each is conditional: a create needs the thing (and its slug) to be absent, an update
/// needs the stored revision to be the one that the given value carries; the stored value gets the next revision.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new organization.
    CreateOrganization(Organization),
    /// A changed organization.
    UpdateOrganization(Organization),
    /// A member's row in the list of its organization, written whatever was there: the user's own update beside it is the
    /// condition.
    PutMember(Member),
    /// Takes a member's row off the list. Removing what is not there is no conflict.
    RemoveMember(Member),
    /// A new product.
    CreateProduct(Product),
    /// A changed product.
    UpdateProduct(Product),
    /// A new build; its slug must be free among all builds of the product that ever were.
    CreateBuild(Build),
    /// A changed build.
    UpdateBuild(Build),
    /// A new edition; its slug must be free among the live ones of the product.
    CreateEdition(Edition),
    /// A changed edition.
    UpdateEdition(Edition),
    /// An edition that was live and has ended now: its slug is free for another one.
    EndEdition(Edition),
    /// An edition that had ended and is live again; its slug must be free within the product.
    RestoreEdition(Edition),
    /// A changed edition that holds other slugs than before.
    RenameEdition {
        /// The edition.
        edition: Edition,
        /// A slug that it holds from now on; it must be free within the product.
        takes: Option<EditionSlug>,
        /// Slugs that it held and that are free now.
        frees: Vec<EditionSlug>,
    },
    /// A move of an edition, written whatever was there: the edition's own update beside it is the condition.
    PutMoved(Moved),
    /// A new task (its `editions` and `pages` are stored separately).
    /// A build is gone. Its number and its slug are never used again.
    DeleteBuild(Build),
    /// The slug of a build of a product that is gone: a product of the same name may use it. Freeing what is free is no
    /// conflict.
    FreeBuildSlug(Build),
    /// An edition is gone. Its slug is freed separately, because another edition may have it.
    DeleteEdition(Edition),
    /// An ended edition takes its slug for as long as its files are being deleted; it must be free among the live ones.
    HoldEditionSlug(Edition),
    /// An edition gives its slug back. Freeing what is free is no conflict.
    FreeEditionSlug(Edition),
    /// A move is forgotten. Forgetting what is not there is no conflict.
    RemoveMoved(EditionId, Generation),
    /// A product is gone. What it has must be gone before.
    DeleteProduct(Product),
    /// How far a walk is; none: it begins anew.
    PutCursor(Walk, Option<String>),
    /// A new task (its `editions` are stored separately).
    CreateTask(Task),
    /// A changed task (its `editions` and `pages` are stored separately).
    UpdateTask(Task),
    /// An edition's part of a task, written whatever was there: the edition's own update beside it is the condition.
    PutTaskEdition(TaskId, TaskEdition),
    /// Pages that a task waits for, written whatever was there: the last wish counts.
    PutTaskPages(TaskId, TaskPages),
    /// Work that must happen.
    PutOutbox(OutboxEntry),
    /// Work that has happened. Removing what is not there is no conflict.
    RemoveOutbox(OutboxId),
    /// What became of telling a webhook of an event: new, or at the revision that is stored. Forgotten after a month.
    PutDelivery(Delivery),
    /// Work that happens in this commit and must not have happened before: its entry has to be there, and is removed.
    TakeOutbox(OutboxId),
    /// What the organization's index says of a product, whatever it said before: renderings of a product come in order.
    PutIndexEntry(IndexEntry),
    /// The index says nothing of a product any more. Removing what is not there is no conflict.
    RemoveIndexEntry(OrganizationSlug, ProductSlug),
    /// A new user.
    CreateUser(User),
    /// A changed user.
    UpdateUser(User),
    /// Writes nothing, and needs the stored user to be at this revision: what is written beside it rests on the user.
    RequireUser(UserName, Revision),
    /// A new token.
    CreateToken(Token),
    /// A token that is not accepted any more. Removing what is not there is no conflict.
    RevokeToken(Token),
    /// The wrong passwords of a name are forgiven. Removing what is not there is no conflict.
    ForgetLoginFailures(UserName),
    /// The task is final: it need not be watched any more.
    CloseTask(TaskId),
    /// A write of the release registry.
    Registry(Box<RegistryChange>),
    /// A write of documents.
    Document(Box<DocumentChange>),
    /// What is kept of a request that bears a key: new at [`Revision::NEW`], else at the revision that is stored. Forgotten
    /// some time after its end. A commit has room for one of it beside all others.
    KeepRequest(KeptRequest),
}

impl Change {
    /// Whether it is one of the changes of which a commit holds only so many.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::KeepRequest(_))
    }
}

/// What goes through all products a slice at a time, and remembers where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Walk {
    /// Retention.
    Retention,
    /// The verification of editions.
    Verification,
    /// The scan of documents.
    Documents,
    /// The search for objects whose event was lost.
    Incoming,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// What a login looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user, if there is one.
    pub user: Option<User>,
    /// The wrong passwords, also when their window is over.
    pub failures: Option<LoginFailures>,
}

/// How many numbers a caller needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ids {
    /// Numbers of builds.
    pub builds: u64,
    /// Numbers of editions.
    pub editions: u64,
}

/// The state of everything but the files. Reads are consistent: they see every finished commit.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// An organization as it is stored. One request.
    async fn organization(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError>;

    /// The stored organizations in the order of their slugs, `limit` a page, from `cursor` on.
    async fn organizations(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Organization>, StoreError>;

    /// The members of an organization in the order of their names, `limit` a page, from `cursor` on.
    async fn members(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Member>, StoreError>;

    /// A product by its slug. One request.
    async fn product(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<Product>, StoreError>;

    /// A product with all its editions, ended ones included, in the order of their ids. One request a megabyte.
    async fn product_with_editions(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<(Product, Vec<Edition>)>, StoreError>;

    /// Products of an organization in the order of creation, `limit` a page, from `cursor` on.
    async fn products(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Product>, StoreError>;

    /// What an organization's index says of a product. One request.
    async fn index_entry(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
    ) -> Result<Option<IndexEntry>, StoreError>;

    /// What an organization's index says of all products, in the order of their slugs. One request a megabyte.
    async fn index(&self, org: &OrganizationSlug) -> Result<Vec<IndexEntry>, StoreError>;

    /// Builds of a product, newest first, ended ones included, `limit` a page, from `cursor` on.
    async fn builds(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Build>, StoreError>;

    /// A build by its number. Two requests: where it is, and itself.
    async fn build(&self, id: BuildId) -> Result<Option<Build>, StoreError>;

    /// A build of a known product. One request.
    async fn build_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: BuildId,
    ) -> Result<Option<Build>, StoreError>;

    /// A build of a known product by its slug. Two requests: whose the slug is, and the build.
    async fn build_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &BuildSlug,
    ) -> Result<Option<Build>, StoreError>;

    /// An edition by its number. Two requests: where it is, and itself.
    async fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError>;

    /// An edition of a known product. One request.
    async fn edition_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: EditionId,
    ) -> Result<Option<Edition>, StoreError>;

    /// The live edition of a known product that has a slug. Two requests: whose the slug is, and the edition.
    async fn edition_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &EditionSlug,
    ) -> Result<Option<Edition>, StoreError>;

    /// The live editions that have a slug, one a product at most, of several products of an organization. Two requests for
    /// a hundred products: whose the slugs are, and the editions.
    async fn editions_with_slug(
        &self,
        org: &OrganizationSlug,
        products: &[ProductSlug],
        slug: &EditionSlug,
    ) -> Result<Vec<Edition>, StoreError>;

    /// Moves of an edition, newest first, `limit` a page, from `cursor` on.
    async fn history(
        &self,
        edition: EditionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Moved>, StoreError>;

    /// One move of an edition. One request.
    async fn moved(&self, edition: EditionId, generation: Generation) -> Result<Option<Moved>, StoreError>;

    /// A task with its editions in the order of their ids and its pages in the order of their owners. One request a
    /// megabyte.
    async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError>;

    /// What became of telling a webhook of an event. One request.
    async fn delivery(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<Delivery>, StoreError>;

    /// What a webhook was told, the newest event first, `limit` a page, from `cursor` on.
    async fn deliveries(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, StoreError>;

    /// What is kept of a request that bore a key, also when its time is over but it was not removed yet. One request.
    async fn kept_request(&self, id: &KeptId) -> Result<Option<KeptRequest>, StoreError>;

    /// A user. One request.
    async fn user(&self, name: &UserName) -> Result<Option<User>, StoreError>;

    /// A user and the wrong passwords that were last given with the name, whether or not anybody has it. One request.
    async fn login(&self, name: &UserName) -> Result<Login, StoreError>;

    /// Counts one more wrong password of a name, as [`LoginFailures::one_more`] does, and loses none when many come at
    /// once. One request, two when a window begins. They are forgotten some time after their window.
    async fn note_login_failure(&self, name: &UserName, at: Timestamp) -> Result<LoginFailures, StoreError>;

    /// Users in the order of their names, `limit` a page, from `cursor` on.
    async fn users(&self, limit: usize, cursor: Option<&str>) -> Result<Page<User>, StoreError>;

    /// The tokens of a user that expire after a time, the soonest first, `limit` a page, from `cursor` on.
    async fn tokens(
        &self,
        user: &UserName,
        after: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Token>, StoreError>;

    /// A token by its hash, also when it has expired but was not removed yet. One request.
    async fn token(&self, hash: &str) -> Result<Option<Token>, StoreError>;

    /// Hands out numbers that were never handed out before, ascending. Returns the first of each kind. One request a
    /// kind that is asked for.
    async fn allot(&self, ids: Ids) -> Result<(BuildId, EditionId), StoreError>;

    /// Writes all changes or none, at most [`MAX_CHANGES`](Self::MAX_CHANGES) of them. One request.
    ///
    /// # Errors
    /// `Conflict` when a condition did not hold.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError>;

    /// Entries of the outbox that were last sent before `before` (or whose rest ended then, where they rest), oldest
    /// first, at most `limit`.
    async fn outbox(&self, before: Timestamp, limit: usize) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Tasks that were not closed and were created before `before`, oldest first, at most `limit`.
    async fn open_tasks(&self, before: Timestamp, limit: usize) -> Result<Vec<TaskId>, StoreError>;

    /// How far a walk is. One request.
    async fn cursor(&self, walk: Walk) -> Result<Option<String>, StoreError>;

    /// Notes how far a copy was at a time: people see it, and the sweep sees that the copy is alive. Never an error of
    /// the work itself; only written while the step is still `Copying`. One request.
    async fn note_progress(
        &self,
        task: &TaskId,
        edition: EditionId,
        done: u64,
        total: u64,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes what became of a rendering that answered these entries of the outbox (at most 100), if the task
    /// [heeds](TaskPages::heeds) it: an earlier rendering does not end a wait for a later one. No error when it does not.
    /// One request.
    async fn note_pages(
        &self,
        task: &TaskId,
        of: &PagesOf,
        entries: &[OutboxId],
        step: &PagesStep,
    ) -> Result<(), StoreError>;
}

impl dyn Catalog {
    /// How many changes one commit may hold. DynamoDB takes 100 items in a transaction
    /// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>), and a new build
    /// is three of them. What is kept of a request that bears a key comes on top.
    pub const MAX_CHANGES: usize = 32;
}
