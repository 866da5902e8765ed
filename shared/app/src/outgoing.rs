//! Commit first, send second.

use imprint_domain::id::{OutboxId, TaskId};
use imprint_domain::message::Message;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::task::{PagesOf, TaskPages};

use crate::env::Env;
use crate::ports::{Change, StoreError};

/// Commits changes together with the messages that they make necessary, then sends these.
///
/// Tasks of a rendering wait for it from this commit on.
///
/// A message that cannot be sent is no error of the caller: it is committed, and `sweep` sends it.
///
/// # Errors
/// When the commit did not happen.
pub(crate) async fn commit_and_send(
    env: &Env,
    mut changes: Vec<Change>,
    messages: Vec<Message>,
) -> Result<(), StoreError> {
    let entries = entries(env, messages);
    changes.extend(entries.iter().flat_map(waits));
    changes.extend(entries.iter().cloned().map(Change::PutOutbox));
    env.catalog.commit(changes).await?;
    send(env, &entries).await;
    Ok(())
}

/// The entries to commit for messages.
pub(crate) fn entries(env: &Env, messages: Vec<Message>) -> Vec<OutboxEntry> {
    let now = env.clock.now();
    let entry = |message| OutboxEntry::new(OutboxId::from_bytes(env.random.identity()), message, now);
    messages.into_iter().map(entry).collect()
}

/// The changes by which tasks wait for the rendering that an entry makes necessary: none for other work.
pub(crate) fn waits(entry: &OutboxEntry) -> Vec<Change> {
    let (of, tasks) = match &entry.message {
        Message::RenderDashboard(render) => (PagesOf::Product(render.product.clone()), &*render.tasks),
        Message::RenderIndex(render) => (PagesOf::Organization, &*render.tasks),
        Message::RenderAll(render) => (PagesOf::Organization, std::slice::from_ref(&render.task)),
        Message::RegisterBuild(_)
        | Message::UnpackArchive(_)
        | Message::CopyEdition(_)
        | Message::RetireName(_)
        | Message::PurgeCdn(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_)
        | Message::DeriveFormat(_)
        | Message::MoveEditions(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_) => return Vec::new(),
    };
    let wanted = |task: &TaskId| {
        let pages = TaskPages::wanted(of.clone(), entry.id.clone(), entry.sent_at);
        Change::PutTaskPages(task.clone(), pages)
    };
    tasks.iter().map(wanted).collect()
}

/// Sends entries that are committed.
pub(crate) async fn send(env: &Env, entries: &[OutboxEntry]) {
    let envelopes: Vec<_> = entries.iter().map(OutboxEntry::envelope).collect();
    if envelopes.is_empty() {
        return;
    }
    if let Err(error) = env.queue.send(&envelopes).await {
        tracing::warn!(error = %Chain(&error), messages = envelopes.len(), "not sent; the sweep will send again");
    }
}

/// Shows an error with all its causes in one line.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
