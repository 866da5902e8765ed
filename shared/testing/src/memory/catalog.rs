//! The catalog in maps.

mod documented;
mod documents;
mod registered;
mod registry;
mod stage;
mod state;
mod targets;

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
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
use imprint_domain::task::{EditionStep, PagesOf, PagesStep, Task};
use imprint_domain::webhook::Delivery;
use jiff::Timestamp;

use crate::gate::{Call, Gate, Trouble};
use state::State;

/// The catalog in memory.
#[derive(Debug)]
pub struct MemoryCatalog {
    gate: Gate,
    state: Mutex<State>,
}

impl MemoryCatalog {
    /// An empty one behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            state: Mutex::new(State::default()),
        }
    }

    async fn pass<T>(&self, call: Call, effect: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let effect = || effect(&mut self.state());
        self.gate.pass(call, effect).await.map_err(Trouble::store)
    }

    async fn ask<T>(
        &self,
        method: &'static str,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, StoreError> {
        self.pass(Call::one(method), effect).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it reads or writes")
    }
}

/// A build or edition whose product is not known is found first and read then.
const FIND_AND_READ: u64 = 2;
/// How many things the tables of AWS give at once.
const MAX_BATCH: usize = 100;

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn organization(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        self.ask("catalog.organization", |state| {
            state.organizations.get(slug).cloned()
        })
        .await
    }

    async fn organizations(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Organization>, StoreError> {
        self.ask("catalog.organizations", |state| {
            let all = state.organizations.values().cloned();
            page(all.collect(), limit, cursor, |organization| {
                organization.slug.to_string()
            })
        })
        .await?
    }

    async fn members(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Member>, StoreError> {
        self.ask("catalog.members", |state| {
            let own = state
                .members
                .values()
                .filter(|member| member.organization == *org);
            page(own.cloned().collect(), limit, cursor, |member| {
                member.user.to_string()
            })
        })
        .await?
    }

    async fn product(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<Product>, StoreError> {
        self.ask("catalog.product", |state| state.product(org, slug).cloned())
            .await
    }

    async fn product_with_editions(
        &self,
        org: &OrganizationSlug,
        slug: &ProductSlug,
    ) -> Result<Option<(Product, Vec<Edition>)>, StoreError> {
        self.ask("catalog.product_with_editions", |state| {
            let product = state.product(org, slug)?.clone();
            let of_product = |edition: &&Edition| edition.organization == *org && edition.product == *slug;
            Some((
                product,
                state.editions.values().filter(of_product).cloned().collect(),
            ))
        })
        .await
    }

    async fn products(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Product>, StoreError> {
        self.ask("catalog.products", |state| {
            let all = state.products_by_age().into_iter();
            let own = all.filter(|product| product.organization == *org).cloned();
            page(own.collect(), limit, cursor, |product| product.slug.to_string())
        })
        .await?
    }

    async fn index_entry(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
    ) -> Result<Option<IndexEntry>, StoreError> {
        let key = (org.clone(), product.clone());
        self.ask("catalog.index_entry", |state| state.index.get(&key).cloned())
            .await
    }

    async fn index(&self, org: &OrganizationSlug) -> Result<Vec<IndexEntry>, StoreError> {
        self.ask("catalog.index", |state| {
            let own = state.index.values().filter(|entry| entry.organization == *org);
            own.cloned().collect()
        })
        .await
    }

    async fn builds(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Build>, StoreError> {
        self.ask("catalog.builds", |state| {
            let of_product = |build: &&Build| build.organization == *org && build.product == *product;
            let newest_first = state.builds.values().rev().filter(of_product).cloned();
            page(newest_first.collect(), limit, cursor, |build| {
                build.id.to_string()
            })
        })
        .await?
    }

    async fn build(&self, id: BuildId) -> Result<Option<Build>, StoreError> {
        let call = Call {
            method: "catalog.build",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| state.builds.get(&id).cloned()).await
    }

    async fn build_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: BuildId,
    ) -> Result<Option<Build>, StoreError> {
        self.ask("catalog.build_of", |state| {
            let build = state.builds.get(&id)?;
            (build.organization == *org && build.product == *product).then(|| build.clone())
        })
        .await
    }

    async fn build_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &BuildSlug,
    ) -> Result<Option<Build>, StoreError> {
        let call = Call {
            method: "catalog.build_with_slug",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| {
            let of_product = |build: &&Build| {
                build.organization == *org && build.product == *product && build.slug == *slug
            };
            state.builds.values().find(of_product).cloned()
        })
        .await
    }

    async fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError> {
        let call = Call {
            method: "catalog.edition",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| state.editions.get(&id).cloned()).await
    }

    async fn edition_of(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        id: EditionId,
    ) -> Result<Option<Edition>, StoreError> {
        self.ask("catalog.edition_of", |state| {
            let edition = state.editions.get(&id)?;
            (edition.organization == *org && edition.product == *product).then(|| edition.clone())
        })
        .await
    }

    async fn edition_with_slug(
        &self,
        org: &OrganizationSlug,
        product: &ProductSlug,
        slug: &EditionSlug,
    ) -> Result<Option<Edition>, StoreError> {
        let call = Call {
            method: "catalog.edition_with_slug",
            requests: FIND_AND_READ,
        };
        self.pass(call, |state| {
            let has_slug = |edition: &&Edition| {
                let of_product = edition.organization == *org && edition.product == *product;
                of_product && edition.slug == *slug && edition.ended_at.is_none()
            };
            state.editions.values().find(has_slug).cloned()
        })
        .await
    }

    async fn editions_with_slug(
        &self,
        org: &OrganizationSlug,
        products: &[ProductSlug],
        slug: &EditionSlug,
    ) -> Result<Vec<Edition>, StoreError> {
        let call = Call {
            method: "catalog.editions_with_slug",
            requests: FIND_AND_READ * u64::try_from(products.len().div_ceil(MAX_BATCH)).unwrap_or(u64::MAX),
        };
        self.pass(call, |state| {
            let has_slug = |edition: &&Edition| {
                let of_products = edition.organization == *org && products.contains(&edition.product);
                of_products && edition.slug == *slug && edition.ended_at.is_none()
            };
            state.editions.values().filter(has_slug).cloned().collect()
        })
        .await
    }

    async fn history(
        &self,
        edition: EditionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Moved>, StoreError> {
        self.ask("catalog.history", |state| {
            let own = state
                .moves
                .values()
                .rev()
                .filter(|moved| moved.edition == edition);
            page(own.cloned().collect(), limit, cursor, |moved| {
                moved.pointer.generation.to_string()
            })
        })
        .await?
    }

    async fn moved(&self, edition: EditionId, generation: Generation) -> Result<Option<Moved>, StoreError> {
        self.ask("catalog.moved", |state| {
            state.moves.get(&(edition, generation)).cloned()
        })
        .await
    }

    async fn task(&self, id: &TaskId) -> Result<Option<Task>, StoreError> {
        self.ask("catalog.task", |state| state.task(id)).await
    }

    async fn delivery(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        event: &EventId,
    ) -> Result<Option<Delivery>, StoreError> {
        self.ask("catalog.delivery", |state| {
            let key = (org.clone(), webhook.clone(), event.clone());
            state.deliveries.get(&key).cloned()
        })
        .await
    }

    async fn deliveries(
        &self,
        org: &OrganizationSlug,
        webhook: &WebhookId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, StoreError> {
        self.ask("catalog.deliveries", |state| {
            let own = |delivery: &&Delivery| delivery.organization == *org && delivery.webhook == *webhook;
            let newest_first = state.deliveries.values().rev().filter(own).cloned();
            page(newest_first.collect(), limit, cursor, |delivery| {
                delivery.event.id.to_string()
            })
        })
        .await?
    }

    async fn kept_request(&self, id: &KeptId) -> Result<Option<KeptRequest>, StoreError> {
        self.ask("catalog.kept_request", |state| state.kept.get(id).cloned())
            .await
    }

    async fn user(&self, name: &UserName) -> Result<Option<User>, StoreError> {
        self.ask("catalog.user", |state| state.users.get(name).cloned())
            .await
    }

    async fn login(&self, name: &UserName) -> Result<Login, StoreError> {
        self.ask("catalog.login", |state| Login {
            user: state.users.get(name).cloned(),
            failures: state.login_failures.get(name).copied(),
        })
        .await
    }

    async fn note_login_failure(&self, name: &UserName, at: Timestamp) -> Result<LoginFailures, StoreError> {
        self.ask("catalog.note_login_failure", |state| {
            let failures = LoginFailures::one_more(state.login_failures.get(name).copied(), at);
            state.login_failures.insert(name.clone(), failures);
            failures
        })
        .await
    }

    async fn users(&self, limit: usize, cursor: Option<&str>) -> Result<Page<User>, StoreError> {
        self.ask("catalog.users", |state| {
            page(state.users.values().cloned().collect(), limit, cursor, |user| {
                user.name.to_string()
            })
        })
        .await?
    }

    async fn tokens(
        &self,
        user: &UserName,
        after: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Token>, StoreError> {
        self.ask("catalog.tokens", |state| {
            let own = |token: &&Token| token.user == *user && token.expires_at > after;
            let mut own: Vec<Token> = state.tokens.values().filter(own).cloned().collect();
            own.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
            page(own, limit, cursor, |token| token.id.to_string())
        })
        .await?
    }

    async fn token(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        self.ask("catalog.token", |state| state.tokens.get(hash).cloned())
            .await
    }

    async fn allot(&self, ids: Ids) -> Result<(BuildId, EditionId), StoreError> {
        let call = Call {
            method: "catalog.allot",
            requests: u64::from(ids.builds > 0) + u64::from(ids.editions > 0),
        };
        self.pass(call, |state| state.allot(ids)).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.ask("catalog.commit", |state| state.commit(changes)).await?
    }

    async fn outbox(&self, before: Timestamp, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        self.ask("catalog.outbox", |state| state.outbox(before, limit))
            .await
    }

    async fn open_tasks(&self, before: Timestamp, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.ask("catalog.open_tasks", |state| state.open_tasks(before, limit))
            .await
    }

    async fn cursor(&self, walk: Walk) -> Result<Option<String>, StoreError> {
        self.ask("catalog.cursor", |state| state.cursors.get(&walk).cloned())
            .await
    }

    async fn note_progress(
        &self,
        task: &TaskId,
        edition: EditionId,
        done: u64,
        total: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask("catalog.note_progress", |state| {
            let editions = state.task_editions.get_mut(task);
            let Some(stored) = editions.and_then(|editions| editions.get_mut(&edition)) else {
                return;
            };
            match &stored.step {
                EditionStep::Copying { .. } => {
                    stored.step = EditionStep::Copying { done, total };
                    stored.updated_at = at;
                }
                EditionStep::Queued
                | EditionStep::Purging
                | EditionStep::Published { .. }
                | EditionStep::Superseded
                | EditionStep::Failed(_) => {}
            }
        })
        .await
    }

    async fn note_pages(
        &self,
        task: &TaskId,
        of: &PagesOf,
        entries: &[OutboxId],
        step: &PagesStep,
    ) -> Result<(), StoreError> {
        self.ask("catalog.note_pages", |state| {
            let pages = state.task_pages.get_mut(task);
            if let Some(pages) = pages.and_then(|pages| pages.get_mut(of))
                && pages.heeds(entries)
            {
                pages.step = step.clone();
            }
        })
        .await
    }
}

/// Cuts a page out of a list: what follows the item that the cursor names.
fn page<T>(
    all: Vec<T>,
    limit: usize,
    cursor: Option<&str>,
    name: impl Fn(&T) -> String,
) -> Result<Page<T>, StoreError> {
    let start = match cursor {
        None => 0,
        Some(cursor) => match all.iter().position(|item| name(item) == cursor) {
            Some(at) => at + 1,
            None => return Err(StoreError::NotFound("the page of this cursor".to_owned())),
        },
    };
    let left = all.len() - start;
    let items: Vec<T> = all.into_iter().skip(start).take(limit).collect();
    let next = (left > items.len()).then(|| items.last().map(&name)).flatten();
    Ok(Page { items, next })
}
