//! An organization's index: its products by title, each with its newest release.
//!
//! Each rendering of a product's pages enters what the index says of it, and has the index written when that is something
//! else than before. So the index is one read however many products there are and whatever they hold, and a product that
//! publishes all day changes it once a day.

use std::collections::BTreeSet;

use bytes::Bytes;

use imprint_domain::dashboard::{Index, IndexEntry, index_key};
use imprint_domain::id::{OutboxId, TaskId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::{Message, RenderAll, RenderIndex};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{FailureCode, PagesOf, PagesStep};

use crate::env::Env;
use crate::outgoing::{Chain, commit_and_send, send, waits};
use crate::pages;
use crate::ports::{Catalog, Change, StoreError};
use crate::purge_cdn;
use crate::render_dashboard;
use crate::step::{StepError, tell};
use crate::templates;

/// Enters what the index says of a product, and has the index written if that is new: `tasks` wait for it then.
pub(crate) async fn enter(env: &Env, entry: IndexEntry, tasks: &[TaskId]) -> Result<(), StepError> {
    let known = env.catalog.index_entry(&entry.organization, &entry.product).await;
    if known.map_err(StepError::catalog)?.as_ref() == Some(&entry) {
        return Ok(());
    }
    let organization = entry.organization.clone();
    replace(env, organization, Change::PutIndexEntry(entry), tasks).await
}

/// Takes a product off the index.
pub(crate) async fn remove(
    env: &Env,
    organization: &OrganizationSlug,
    product: &ProductSlug,
) -> Result<(), StepError> {
    let known = env.catalog.index_entry(organization, product).await;
    if known.map_err(StepError::catalog)?.is_none() {
        return Ok(());
    }
    let gone = Change::RemoveIndexEntry(organization.clone(), product.clone());
    replace(env, organization.clone(), gone, &[]).await
}

/// Commits the change together with the rendering that shows it. Tasks that do not fit beside it wait from a commit before
/// it on, which writes the same entry of the outbox.
async fn replace(
    env: &Env,
    organization: OrganizationSlug,
    change: Change,
    tasks: &[TaskId],
) -> Result<(), StepError> {
    let message = Message::RenderIndex(RenderIndex {
        organization,
        tasks: tasks.to_vec(),
    });
    let id = OutboxId::from_bytes(env.random.identity());
    let rendering = OutboxEntry::new(id, message, env.clock.now());
    let mut waits = waits(&rendering);
    let room = <dyn Catalog>::MAX_CHANGES - 2;
    while waits.len() > room {
        let mut changes = waits.split_off(waits.len() - room);
        changes.push(Change::PutOutbox(rendering.clone()));
        env.catalog.commit(changes).await.map_err(StepError::catalog)?;
    }
    waits.extend([change, Change::PutOutbox(rendering.clone())]);
    env.catalog.commit(waits).await.map_err(StepError::catalog)?;
    send(env, &[rendering]).await;
    Ok(())
}

/// One message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Its outbox entry.
    pub entry: &'a OutboxId,
    /// Whose index to write.
    pub message: &'a RenderIndex,
    /// Which delivery of the message it is.
    pub receive_count: u32,
}

/// Writes an organization's index and has the CDN told. One rendering answers all orders, which are of one organization.
/// A read and one a megabyte of entries, two writes, a purge, a write for each task that waits and a commit.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn render_index(env: &Env, orders: &[Order<'_>]) -> Result<(), StepError> {
    let Some(Order { message, .. }) = orders.first() else {
        return Ok(());
    };
    let entries: Vec<OutboxId> = orders.iter().map(|order| order.entry.clone()).collect();
    let tasks: BTreeSet<&TaskId> = orders.iter().flat_map(|order| &order.message.tasks).collect();
    let tasks: Vec<TaskId> = tasks.into_iter().cloned().collect();
    let found = env.catalog.index(&message.organization).await;
    let index = Index::of(&env.organization, found.map_err(StepError::catalog)?);
    let tries = orders.iter().map(|order| order.receive_count).max().unwrap_or(1);
    let own = templates::own(env, tries).await.map_err(StepError::catalog)?;
    let files = templates::render(own.as_ref(), |templates| pages::render_index(templates, &index));
    let files = files.map_err(|error| StepError::Final {
        code: FailureCode::GaveUp,
        message: Chain(&error).to_string(),
    })?;
    let key = index_key(&message.organization);
    for file in files {
        let headers = Headers {
            content_type: Some(file.content_type.to_owned()),
            ..Headers::default()
        };
        let (at, body) = (
            ObjectKey::of_organization(&message.organization, file.path),
            Bytes::from(file.body),
        );
        let written = env.objects.write(&at, body, &headers.for_edition(&key)).await;
        written.map_err(StepError::objects)?;
    }
    if let Some(service) = &env.organization.fastly_service {
        let purged = env.cdn.purge(service, &[key]).await;
        purged.map_err(|error| purge_cdn::step_error(&error))?;
    }
    let rendered = PagesStep::Rendered { at: env.clock.now() };
    let told = tell(env, &tasks, &PagesOf::Organization, &entries, &rendered).await;
    told.map_err(StepError::catalog)?;
    let done = entries.into_iter().map(Change::RemoveOutbox).collect();
    env.catalog.commit(done).await.map_err(StepError::catalog)
}

/// Products whose renderings one commit holds: each is an entry of the outbox and a part of the task, besides the message
/// that is done with and the one that goes on.
const PRODUCTS_AT_A_TIME: usize = (<dyn Catalog>::MAX_CHANGES - 3) / 2;

/// Has the pages of some products written and hands on to the next ones; after the last product comes the index. Products
/// keep their own order of renderings, because each goes through its own group of the queue.
///
/// Runs once however often its message comes: the commit takes the message's entry out of the outbox, where it must be.
///
/// # Errors
/// When it has to be tried again.
pub async fn render_all(env: &Env, entry: &OutboxId, message: &RenderAll) -> Result<(), StepError> {
    let RenderAll {
        organization, task, ..
    } = message;
    let page = env
        .catalog
        .products(organization, PRODUCTS_AT_A_TIME, message.cursor.as_deref());
    let page = page.await.map_err(StepError::catalog)?;
    let rendering = |slug| render_dashboard::message(organization, slug, vec![task.clone()]);
    let mut messages: Vec<Message> = page
        .items
        .iter()
        .map(|product| rendering(&product.slug))
        .collect();
    messages.push(match page.next {
        Some(next) => Message::RenderAll(RenderAll {
            cursor: Some(next),
            ..message.clone()
        }),
        None => Message::RenderIndex(RenderIndex {
            organization: organization.clone(),
            tasks: vec![task.clone()],
        }),
    });
    match commit_and_send(env, vec![Change::TakeOutbox(entry.clone())], messages).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(StepError::catalog(error)),
    }
}
