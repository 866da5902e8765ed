//! What is put into the bucket for documents to take: heard of by an event, or found. Always the installation's bucket, because
//! that one tells its events, also for organizations that have one of their own.

use jiff::SignedDuration;

use imprint_domain::document::{Incoming, Notice};
use imprint_domain::key::{KeyPrefix, ObjectKey};

use super::images::take_image;
use super::import::take_document;
use crate::error::AppError;
use crate::outgoing::Chain;
use crate::ports::{Change, Listed, Walk};
use crate::tenants::Tenants;

/// S3 tells of most objects within seconds, and says that it sometimes takes a minute or longer
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>).
const EVENT_COMES_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// Objects looked at in one run. Each costs a request or two.
const AT_A_TIME: usize = 500;
/// The most bytes of an object that is read at all: several times what the largest image or content may have.
pub const MAX_INCOMING: u64 = 64 * 1024 * 1024;

/// Takes an object that was put into the bucket. What lies there and is nothing for documents is left alone.
///
/// # Errors
/// When a store fails.
pub async fn take(tenants: &Tenants, key: &ObjectKey, notice: &Notice) -> Result<(), AppError> {
    match Incoming::read(key) {
        Some(Incoming::Image {
            document,
            version,
            name,
        }) => take_image(tenants, (document, version, &name), key, notice).await,
        Some(Incoming::Document { organization, alias }) => {
            let imported = take_document(tenants, (&organization, &alias), key, notice).await?;
            tracing::info!(%organization, %alias, ?imported, "a document of a batch");
            Ok(())
        }
        None => {
            tracing::warn!(%key, "an object that is nothing for documents");
            Ok(())
        }
    }
}

/// Takes what lies in the bucket and whose event was lost, a slice at a time. What was taken is known by when, so each
/// object costs a request or two, until the bucket removes it after two days.
///
/// The next run goes on behind this slice whatever becomes of this run: an object that cannot be taken, or that nobody survives,
/// keeps no other from it.
///
/// # Returns
/// How many objects were looked at.
///
/// # Errors
/// When a store fails.
pub async fn take_unheard(tenants: &Tenants) -> Result<u64, AppError> {
    let env = tenants.of_installation();
    let after = env.catalog.cursor(Walk::Incoming).await?;
    let mut page = env.objects.list(&KeyPrefix::incoming(), after.as_deref()).await?;
    if page.objects.len() > AT_A_TIME {
        page.objects.truncate(AT_A_TIME);
        page.next = page.objects.last().map(|last| last.key.to_string());
    }
    if after != page.next {
        let next = Change::PutCursor(Walk::Incoming, page.next);
        env.catalog.commit(vec![next]).await?;
    }
    let now = env.clock.now();
    let is_old = |object: &Listed| now.duration_since(object.written_at) >= EVENT_COMES_WITHIN;
    let is_readable = |object: &Listed| object.size <= MAX_INCOMING;
    let mut looked = 0;
    for object in page
        .objects
        .into_iter()
        .filter(|object| is_old(object) && is_readable(object))
    {
        let notice = Notice::Found {
            written_at: object.written_at,
        };
        if let Err(error) = take(tenants, &object.key, &notice).await {
            tracing::error!(code = "not_taken", key = %object.key, error = %Chain(&error), "an object that was found could not be taken");
        }
        looked += 1;
    }
    Ok(looked)
}
