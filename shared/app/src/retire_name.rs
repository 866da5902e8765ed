//! The step that makes what lies at a name that an edition gave up lead to the edition.
//!
//! Comes through the queue of the copies, in the group of the name's place: no copy to that place runs beside it, neither
//! the last one of the edition nor the first one of another that has the name since. It decides by what the state is when
//! it runs, and running twice does no harm. First the redirect, then the deletions, so that every old URL answers at every
//! moment.

use bytes::Bytes;

use imprint_domain::id::OutboxId;
use imprint_domain::key::{KeyPrefix, ObjectKey, SitePath};
use imprint_domain::manifest::Headers;
use imprint_domain::message::RetireName;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::rename::{Retirement, retirement};

use crate::env::Env;
use crate::outgoing::send;
use crate::ports::Change;
use crate::register_build::list_all;
use crate::removal;
use crate::step::{StepError, done_with};

/// Empties the name's place but for one object, and goes on to the next name or to the purge. A listing and a deletion a
/// thousand objects, and four requests.
///
/// # Errors
/// When it has to be tried again.
pub async fn retire_name(env: &Env, entry: &OutboxId, message: &RetireName) -> Result<(), StepError> {
    let (org, product) = (&message.organization, &message.product);
    let found = env.catalog.product_with_editions(org, product).await;
    let Some((_, editions)) = found.map_err(StepError::catalog)? else {
        return done_with(env, entry).await;
    };
    let Some(own) = editions.iter().find(|edition| edition.id == message.edition) else {
        return done_with(env, entry).await;
    };
    let place = message.place();
    match retirement(&editions, message.edition, &message.name) {
        Retirement::Redirect(slug) => {
            let headers = Headers::redirect_to_edition(&own.surrogate_key, &slug);
            env.objects
                .write(&place.directory_key(), Bytes::new(), &headers)
                .await
                .map_err(StepError::objects)?;
            removal::delete_all(env, &below(env, &place).await?)
                .await
                .map_err(StepError::objects)?;
        }
        Retirement::Empty => {
            let mut keys = below(env, &place).await?;
            keys.push(place.directory_key());
            removal::delete_all(env, &keys)
                .await
                .map_err(StepError::objects)?;
        }
        Retirement::Leave => {}
    }
    go_on(env, entry, message).await
}

/// Everything below a place, pages first: an asset that a page still names must not go before it.
async fn below(env: &Env, place: &KeyPrefix) -> Result<Vec<ObjectKey>, StepError> {
    let listed = list_all(env, place).await?;
    let keys = listed.into_iter().map(|object| object.key);
    let (mut pages, rest): (Vec<_>, Vec<_>) = keys.partition(|key| {
        let path = place.strip(key).and_then(|path| path.parse::<SitePath>().ok());
        path.is_some_and(|path| path.is_page())
    });
    pages.extend(rest);
    Ok(pages)
}

/// The same entry goes on with the next name, and in the end with the purge.
async fn go_on(env: &Env, entry: &OutboxId, message: &RetireName) -> Result<(), StepError> {
    let Some(next) = message.next() else {
        return done_with(env, entry).await;
    };
    let next = OutboxEntry::new(entry.clone(), next, env.clock.now());
    env.catalog
        .commit(vec![Change::PutOutbox(next.clone())])
        .await
        .map_err(StepError::catalog)?;
    send(env, &[next]).await;
    Ok(())
}
