//! What the catalog holds, and the rules of a commit.

use std::collections::{BTreeMap, BTreeSet};

use imprint_app::ports::{Catalog, Change, Ids, StoreError, Walk};
use imprint_domain::access::{LoginFailures, Member, Token, User, UserName};
use imprint_domain::build::Build;
use imprint_domain::dashboard::IndexEntry;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, Generation, OutboxId, Revision, TaskId};
use imprint_domain::idempotency::{KeptId, KeptRequest};
use imprint_domain::organization::Organization;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{PagesOf, Task, TaskEdition, TaskPages};
use imprint_domain::webhook::Delivery;
use jiff::Timestamp;

use super::documented::Documented;
use super::registered::Registered;
use super::targets::{
    DeliveryKey, ProductKey, Target, build_claim, delivery_key, edition_claim, product_key, slug_claim,
    targets,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) organizations: BTreeMap<OrganizationSlug, Organization>,
    pub(super) members: BTreeMap<(OrganizationSlug, UserName), Member>,
    products: BTreeMap<ProductKey, Product>,
    /// Products in the order in which they were committed.
    births: Vec<ProductKey>,
    pub(super) builds: BTreeMap<BuildId, Build>,
    pub(super) editions: BTreeMap<EditionId, Edition>,
    pub(super) moves: BTreeMap<(EditionId, Generation), Moved>,
    /// Slugs of builds, which are never given back, and of live editions.
    claims: BTreeSet<Target>,
    pub(super) tasks: BTreeMap<TaskId, Task>,
    pub(super) task_editions: BTreeMap<TaskId, BTreeMap<EditionId, TaskEdition>>,
    pub(super) task_pages: BTreeMap<TaskId, BTreeMap<PagesOf, TaskPages>>,
    pub(super) index: BTreeMap<ProductKey, IndexEntry>,
    open: BTreeSet<TaskId>,
    outbox: BTreeMap<OutboxId, OutboxEntry>,
    pub(super) users: BTreeMap<UserName, User>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) login_failures: BTreeMap<UserName, LoginFailures>,
    pub(super) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(super) cursors: BTreeMap<Walk, String>,
    pub(super) registered: Registered,
    pub(super) documented: Documented,
    pub(super) kept: BTreeMap<KeptId, KeptRequest>,
    builds_allotted: u64,
    editions_allotted: u64,
}

impl State {
    pub(super) fn product(&self, org: &OrganizationSlug, slug: &ProductSlug) -> Option<&Product> {
        self.products.get(&(org.clone(), slug.clone()))
    }

    pub(super) fn products_by_age(&self) -> Vec<&Product> {
        let mut products: Vec<&Product> = self
            .births
            .iter()
            .filter_map(|key| self.products.get(key))
            .collect();
        products.sort_by_key(|product| product.created_at);
        products
    }

    pub(super) fn task(&self, id: &TaskId) -> Option<Task> {
        let task = self.tasks.get(id)?.clone();
        let editions = self.task_editions.get(id);
        let pages = self.task_pages.get(id);
        Some(Task {
            editions: editions.map_or_else(Vec::new, |editions| editions.values().cloned().collect()),
            pages: pages.map_or_else(Vec::new, |pages| pages.values().cloned().collect()),
            ..task
        })
    }

    pub(super) fn allot(&mut self, ids: Ids) -> (BuildId, EditionId) {
        let first = (
            BuildId(self.builds_allotted + 1),
            EditionId(self.editions_allotted + 1),
        );
        self.builds_allotted += ids.builds;
        self.editions_allotted += ids.editions;
        first
    }

    pub(super) fn forget_outbox(&mut self) {
        self.outbox.clear();
    }

    pub(super) fn outbox(&self, before: Timestamp, limit: usize) -> Vec<OutboxEntry> {
        let due = self.outbox.values().filter(|entry| entry.rests_until() < before);
        let mut due: Vec<OutboxEntry> = due.cloned().collect();
        due.sort_by_key(OutboxEntry::rests_until);
        due.truncate(limit);
        due
    }

    pub(super) fn open_tasks(&self, before: Timestamp, limit: usize) -> Vec<TaskId> {
        let open = self.open.iter().filter_map(|id| self.tasks.get(id));
        let mut open: Vec<&Task> = open.filter(|task| task.created_at < before).collect();
        open.sort_by_key(|task| task.created_at);
        open.into_iter().take(limit).map(|task| task.id.clone()).collect()
    }

    /// All changes or none.
    pub(super) fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        let counted = changes.iter().filter(|change| change.counts()).count();
        if counted > <dyn Catalog>::MAX_CHANGES {
            let sentence = format!("{counted} changes are too many for one commit");
            return Err(StoreError::Failed(sentence.into()));
        }
        let mut written = BTreeSet::new();
        for target in changes.iter().flat_map(targets) {
            if let Some(twice) = written.replace(target) {
                return Err(StoreError::Failed(
                    format!("a commit writes {twice:?} twice").into(),
                ));
            }
        }
        for change in &changes {
            self.check(change)?;
        }
        for change in changes {
            self.apply(change);
        }
        Ok(())
    }

    fn check(&self, change: &Change) -> Result<(), StoreError> {
        let holds = match change {
            Change::CreateOrganization(organization) => !self.organizations.contains_key(&organization.slug),
            Change::UpdateOrganization(organization) => {
                let stored = self.organizations.get(&organization.slug);
                is_at(stored.map(|stored| stored.revision), organization.revision)
            }
            Change::CreateProduct(product) => !self.products.contains_key(&product_key(product)),
            Change::UpdateProduct(product) => {
                let stored = self.products.get(&product_key(product));
                is_at(stored.map(|stored| stored.revision), product.revision)
            }
            Change::CreateBuild(build) => {
                !self.builds.contains_key(&build.id) && !self.claims.contains(&build_claim(build))
            }
            Change::UpdateBuild(build) => {
                keeps_slug(self.builds.get(&build.id).map(|stored| &stored.slug), &build.slug)?;
                is_at(
                    self.builds.get(&build.id).map(|stored| stored.revision),
                    build.revision,
                )
            }
            Change::CreateEdition(edition) => {
                !self.editions.contains_key(&edition.id) && !self.claims.contains(&edition_claim(edition))
            }
            Change::UpdateEdition(edition) | Change::EndEdition(edition) => self.may_update(edition)?,
            Change::RestoreEdition(edition) => {
                self.may_update(edition)? && !self.claims.contains(&edition_claim(edition))
            }
            Change::RenameEdition { edition, takes, .. } => {
                let stored = self.editions.get(&edition.id).map(|stored| stored.revision);
                let claims = takes.iter().map(|slug| slug_claim(edition, slug));
                is_at(stored, edition.revision)
                    && claims.into_iter().all(|claim| !self.claims.contains(&claim))
            }
            Change::DeleteBuild(build) => is_at(
                self.builds.get(&build.id).map(|stored| stored.revision),
                build.revision,
            ),
            Change::DeleteEdition(edition) => is_at(
                self.editions.get(&edition.id).map(|stored| stored.revision),
                edition.revision,
            ),
            Change::DeleteProduct(product) => {
                let stored = self.products.get(&product_key(product));
                is_at(stored.map(|stored| stored.revision), product.revision)
            }
            Change::HoldEditionSlug(edition) => !self.claims.contains(&edition_claim(edition)),
            Change::CreateTask(task) => !self.tasks.contains_key(&task.id),
            Change::UpdateTask(task) => is_at(
                self.tasks.get(&task.id).map(|stored| stored.revision),
                task.revision,
            ),
            Change::TakeOutbox(id) => self.outbox.contains_key(id),
            Change::CreateUser(user) => !self.users.contains_key(&user.name),
            Change::UpdateUser(user) => is_at(
                self.users.get(&user.name).map(|stored| stored.revision),
                user.revision,
            ),
            Change::RequireUser(name, revision) => {
                is_at(self.users.get(name).map(|stored| stored.revision), *revision)
            }
            Change::PutDelivery(delivery) => {
                let stored = self.deliveries.get(&delivery_key(delivery));
                stored.map_or(Revision::NEW, |stored| stored.revision) == delivery.revision
            }
            Change::CreateToken(token) => !self.tokens.contains_key(&token.hash),
            Change::KeepRequest(kept) => {
                let stored = self.kept.get(&kept.id);
                stored.map_or(Revision::NEW, |stored| stored.revision) == kept.revision
            }
            Change::Registry(change) => self.registered.holds(change),
            Change::Document(change) => self.documented.holds(change),
            Change::PutMember(_)
            | Change::RemoveMember(_)
            | Change::PutTaskEdition(..)
            | Change::PutMoved(_)
            | Change::PutTaskPages(..)
            | Change::PutIndexEntry(_)
            | Change::RemoveIndexEntry(..)
            | Change::RemoveMoved(..)
            | Change::FreeBuildSlug(_)
            | Change::FreeEditionSlug(_)
            | Change::PutCursor(..)
            | Change::PutOutbox(_)
            | Change::RemoveOutbox(_)
            | Change::RevokeToken(_)
            | Change::ForgetLoginFailures(_)
            | Change::CloseTask(_) => true,
        };
        if holds { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn may_update(&self, edition: &Edition) -> Result<bool, StoreError> {
        let stored = self.editions.get(&edition.id);
        keeps_slug(stored.map(|stored| &stored.slug), &edition.slug)?;
        Ok(is_at(stored.map(|stored| stored.revision), edition.revision))
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::CreateOrganization(mut organization) | Change::UpdateOrganization(mut organization) => {
                organization.revision = organization.revision.next();
                self.organizations.insert(organization.slug.clone(), organization);
            }
            Change::PutMember(member) => {
                let key = (member.organization.clone(), member.user.clone());
                self.members.insert(key, member);
            }
            Change::RemoveMember(member) => {
                self.members.remove(&(member.organization, member.user));
            }
            Change::CreateProduct(product) => {
                self.births.push(product_key(&product));
                self.put_product(product);
            }
            Change::UpdateProduct(product) => self.put_product(product),
            Change::CreateBuild(build) => {
                self.claims.insert(build_claim(&build));
                self.put_build(build);
            }
            Change::UpdateBuild(build) => self.put_build(build),
            Change::CreateEdition(edition) | Change::RestoreEdition(edition) => {
                self.claims.insert(edition_claim(&edition));
                self.put_edition(edition);
            }
            Change::UpdateEdition(edition) => self.put_edition(edition),
            Change::EndEdition(edition) => {
                self.claims.remove(&edition_claim(&edition));
                self.put_edition(edition);
            }
            Change::RenameEdition {
                edition,
                takes,
                frees,
            } => {
                for slug in &frees {
                    self.claims.remove(&slug_claim(&edition, slug));
                }
                self.claims.extend(takes.map(|slug| slug_claim(&edition, &slug)));
                self.put_edition(edition);
            }
            Change::PutMoved(moved) => {
                self.moves
                    .insert((moved.edition, moved.pointer.generation), moved);
            }
            Change::RemoveMoved(edition, generation) => {
                self.moves.remove(&(edition, generation));
            }
            Change::DeleteBuild(build) => {
                self.builds.remove(&build.id);
            }
            Change::FreeBuildSlug(build) => {
                self.claims.remove(&build_claim(&build));
            }
            Change::DeleteEdition(edition) => {
                self.editions.remove(&edition.id);
            }
            Change::HoldEditionSlug(edition) => {
                self.claims.insert(edition_claim(&edition));
            }
            Change::FreeEditionSlug(edition) => {
                self.claims.remove(&edition_claim(&edition));
            }
            Change::DeleteProduct(product) => {
                let key = product_key(&product);
                self.products.remove(&key);
                self.births.retain(|birth| *birth != key);
            }
            Change::PutCursor(walk, Some(cursor)) => {
                self.cursors.insert(walk, cursor);
            }
            Change::PutCursor(walk, None) => {
                self.cursors.remove(&walk);
            }
            Change::CreateTask(task) => {
                self.open.insert(task.id.clone());
                self.put_task(task);
            }
            Change::UpdateTask(task) => self.put_task(task),
            Change::PutTaskEdition(task, edition) => {
                let editions = self.task_editions.entry(task).or_default();
                editions.insert(edition.edition, edition);
            }
            Change::PutOutbox(entry) => {
                self.outbox.insert(entry.id.clone(), entry);
            }
            Change::RemoveOutbox(id) | Change::TakeOutbox(id) => {
                self.outbox.remove(&id);
            }
            Change::PutTaskPages(task, pages) => {
                let all = self.task_pages.entry(task).or_default();
                all.insert(pages.of.clone(), pages);
            }
            Change::PutIndexEntry(entry) => {
                let key = (entry.organization.clone(), entry.product.clone());
                self.index.insert(key, entry);
            }
            Change::RemoveIndexEntry(org, product) => {
                self.index.remove(&(org, product));
            }
            Change::CreateUser(mut user) | Change::UpdateUser(mut user) => {
                user.revision = user.revision.next();
                self.users.insert(user.name.clone(), user);
            }
            Change::PutDelivery(mut delivery) => {
                delivery.revision = delivery.revision.next();
                self.deliveries.insert(delivery_key(&delivery), delivery);
            }
            Change::RequireUser(..) => {}
            Change::CreateToken(token) => {
                self.tokens.insert(token.hash.clone(), token);
            }
            Change::RevokeToken(token) => {
                self.tokens.remove(&token.hash);
            }
            Change::ForgetLoginFailures(name) => {
                self.login_failures.remove(&name);
            }
            Change::CloseTask(id) => {
                self.open.remove(&id);
            }
            Change::Registry(change) => self.registered.apply(*change),
            Change::Document(change) => self.documented.apply(*change),
            Change::KeepRequest(kept) => {
                self.kept.insert(kept.id.clone(), kept.written());
            }
        }
    }

    fn put_product(&mut self, mut product: Product) {
        product.revision = product.revision.next();
        self.products.insert(product_key(&product), product);
    }

    fn put_build(&mut self, mut build: Build) {
        build.revision = build.revision.next();
        self.builds.insert(build.id, build);
    }

    fn put_edition(&mut self, mut edition: Edition) {
        edition.revision = edition.revision.next();
        self.editions.insert(edition.id, edition);
    }

    fn put_task(&mut self, mut task: Task) {
        task.revision = task.revision.next();
        task.editions.clear();
        task.pages.clear();
        self.tasks.insert(task.id.clone(), task);
    }
}

fn is_at(stored: Option<Revision>, seen: Revision) -> bool {
    stored == Some(seen)
}

/// Only a rename says that a claim moves, so an update with another slug is a mistake of the caller.
fn keeps_slug<S: PartialEq>(stored: Option<&S>, slug: &S) -> Result<(), StoreError> {
    if stored.is_some_and(|stored| stored != slug) {
        return Err(StoreError::Failed("an update cannot change a slug".into()));
    }
    Ok(())
}
