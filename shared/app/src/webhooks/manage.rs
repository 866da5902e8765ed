//! The list of webhooks, a part of the organization's rules: create, change, delete, another secret.

use std::collections::BTreeSet;

use imprint_domain::id::WebhookId;
use imprint_domain::organization::Organization;
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::webhook::{EventKind, Format, MAX_WEBHOOKS, Secret, Topics, Webhook, WebhookUrl};

use super::seal;
use crate::env::Env;
use crate::error::AppError;
use crate::organizations;
use crate::tenants::Tenants;

/// What a new webhook needs.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Where it listens.
    pub url: WebhookUrl,
    /// What it is told of.
    pub events: BTreeSet<EventKind>,
    /// The form of the bodies.
    pub format: Format,
    /// What deliveries are signed with; a new one is made when none is given.
    pub secret: Option<Secret>,
    /// Whether it is told of anything.
    pub enabled: bool,
}

/// What can be changed of a webhook.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    /// Another address.
    pub url: Option<WebhookUrl>,
    /// Other events.
    pub events: Option<BTreeSet<EventKind>>,
    /// Another form.
    pub format: Option<Format>,
    /// Whether it is told of anything.
    pub enabled: Option<bool>,
}

/// All webhooks of an organization, as they are now.
///
/// # Errors
/// `NotFound` for an unknown organization.
pub async fn list(tenants: &Tenants, org: &OrganizationSlug) -> Result<Vec<Webhook>, AppError> {
    Ok(organizations::get(tenants, org).await?.policy.webhooks)
}

/// The organization's view of the installation with its rules as they are now: whoever made a webhook a moment ago, at
/// another instance, may ask about it.
///
/// # Errors
/// `NotFound` for an unknown organization.
pub async fn fresh(tenants: &Tenants, org: &OrganizationSlug) -> Result<Env, AppError> {
    tenants.forget(org);
    tenants.of(org).await
}

/// Creates a webhook. Gives its secret, which nobody is told again.
///
/// # Errors
/// `Invalid` for an address that may not be called, events that its form has not, and one webhook too many.
pub async fn create(tenants: &Tenants, env: &Env, new: NewWebhook) -> Result<(Webhook, Secret), AppError> {
    check(env, &new.url)?;
    let secret = new.secret.unwrap_or_else(|| Secret::of(env.random.bytes()));
    let webhook = Webhook {
        id: WebhookId::from_bytes(env.random.identity()),
        url: new.url,
        topics: topics(new.format, new.events)?,
        secret: seal(env, &secret),
        old_secret: None,
        enabled: new.enabled,
        created_at: env.clock.now(),
    };
    change(tenants, env, |webhooks| {
        if webhooks.len() >= MAX_WEBHOOKS {
            return Err(invalid(format_args!(
                "an organization may have {MAX_WEBHOOKS} of them"
            )));
        }
        webhooks.push(webhook.clone());
        Ok(())
    })
    .await?;
    Ok((webhook, secret))
}

/// Changes a webhook. A change to what it already is succeeds.
///
/// # Errors
/// `NotFound` for an unknown one, `Invalid` as [`create`] has it.
pub async fn update(
    tenants: &Tenants,
    env: &Env,
    id: &WebhookId,
    patch: &WebhookPatch,
) -> Result<Webhook, AppError> {
    if let Some(url) = &patch.url {
        check(env, url)?;
    }
    change_one(tenants, env, id, |webhook| {
        let format = patch.format.unwrap_or(webhook.topics.format());
        let events = patch.events.as_ref().unwrap_or(webhook.topics.events()).clone();
        webhook.topics = topics(format, events)?;
        if let Some(url) = &patch.url {
            webhook.url = url.clone();
        }
        if let Some(enabled) = patch.enabled {
            webhook.enabled = enabled;
        }
        Ok(())
    })
    .await
}

/// Replaces the secret. The one so far is signed with for a day, too. Giving the present one again changes nothing.
///
/// # Errors
/// `NotFound` for an unknown one.
pub async fn rotate(
    tenants: &Tenants,
    env: &Env,
    id: &WebhookId,
    secret: Option<Secret>,
) -> Result<(Webhook, Secret), AppError> {
    let secret = secret.unwrap_or_else(|| Secret::of(env.random.bytes()));
    let (sealed, now) = (seal(env, &secret), env.clock.now());
    let webhook = change_one(tenants, env, id, |webhook| {
        let is_present = super::open(env, &webhook.secret).is_ok_and(|present| present == secret);
        if !is_present {
            *webhook = webhook.clone().rotate(sealed.clone(), now);
        }
        Ok(())
    })
    .await?;
    Ok((webhook, secret))
}

/// Deletes a webhook: it is told of nothing more, what waits for it included.
///
/// # Errors
/// `NotFound` for an unknown one.
pub async fn delete(tenants: &Tenants, env: &Env, id: &WebhookId) -> Result<(), AppError> {
    change(tenants, env, |webhooks| {
        let before = webhooks.len();
        webhooks.retain(|webhook| webhook.id != *id);
        if webhooks.len() == before {
            Err(AppError::NotFound)
        } else {
            Ok(())
        }
    })
    .await
    .map(drop)
}

fn check(env: &Env, url: &WebhookUrl) -> Result<(), AppError> {
    url.check(env.webhooks.reach())
        .map_err(|forbidden| invalid(format_args!("url: {forbidden}")))
}

fn topics(format: Format, events: BTreeSet<EventKind>) -> Result<Topics, AppError> {
    Topics::new(format, events).map_err(|error| invalid(format_args!("events: {error}")))
}

fn invalid(what: impl std::fmt::Display) -> AppError {
    AppError::Invalid(format!("Invalid Webhook: {what}"))
}

async fn change(
    tenants: &Tenants,
    env: &Env,
    decide: impl Fn(&mut Vec<Webhook>) -> Result<(), AppError>,
) -> Result<Organization, AppError> {
    organizations::change(tenants, &env.organization.slug, |mut organization| {
        decide(&mut organization.policy.webhooks)?;
        Ok(organization)
    })
    .await
}

async fn change_one(
    tenants: &Tenants,
    env: &Env,
    id: &WebhookId,
    decide: impl Fn(&mut Webhook) -> Result<(), AppError>,
) -> Result<Webhook, AppError> {
    let find = |webhooks: &mut Vec<Webhook>| webhooks.iter().position(|webhook| webhook.id == *id);
    let mut changed = change(tenants, env, |webhooks| {
        let at = find(webhooks).ok_or(AppError::NotFound)?;
        decide(&mut webhooks[at])
    })
    .await?;
    let at = find(&mut changed.policy.webhooks).ok_or(AppError::NotFound)?;
    Ok(changed.policy.webhooks.swap_remove(at))
}
