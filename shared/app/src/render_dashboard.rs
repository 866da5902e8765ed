//! The step that writes a product's own pages: dashboards, switchers, the sitemap, what crawlers may read, the page for
//! what is missing.
//!
//! Safe to run twice and to come late: it writes what the state is when it runs. Messages of one product come one after
//! the other, so an older rendering never overwrites a newer one. The purge comes after the last write.

use bytes::Bytes;

use imprint_domain::dashboard::{BUILDS, Dashboard};
use imprint_domain::id::OutboxId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::{Message, RenderDashboard};
use imprint_domain::product::Product;
use imprint_domain::retention::Doom;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::FailureCode;

use crate::env::Env;
use crate::outgoing::Chain;
use crate::pages::{self, PageFile};
use crate::ports::Change;
use crate::purge_cdn;
use crate::step::StepError;

/// The message that has a product's pages written anew.
pub(crate) fn message(organization: &OrganizationSlug, product: &ProductSlug) -> Message {
    Message::RenderDashboard(RenderDashboard {
        organization: organization.clone(),
        product: product.clone(),
    })
}

/// Writes a product's pages and has the CDN told. `entries` are those of all messages that this one rendering answers:
/// a batch may hold several for one product. Two reads, nine writes, a purge and a commit.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn render_dashboard(
    env: &Env,
    entries: &[OutboxId],
    message: &RenderDashboard,
) -> Result<(), StepError> {
    let (org, slug) = (&message.organization, &message.product);
    let found = env.catalog.product_with_editions(org, slug).await;
    let Some((product, editions)) = found.map_err(StepError::catalog)? else {
        return Err(StepError::Final {
            code: FailureCode::Gone,
            message: "the product is not there any more".to_owned(),
        });
    };
    if matches!(product.doom, Some(Doom::Deleting { .. })) {
        // What is written now would be left when the product has gone.
        return done_with_all(env, entries).await;
    }
    let builds = env.catalog.builds(org, slug, BUILDS, None).await;
    let builds = builds.map_err(StepError::catalog)?.items;
    let dashboard = Dashboard::of(&env.organization, &product, &editions, &builds);
    let files = pages::render(&dashboard).map_err(|error| StepError::Final {
        code: FailureCode::GaveUp,
        message: Chain(&error).to_string(),
    })?;
    write(env, &product, files).await?;
    if let Some(service) = &env.organization.fastly_service {
        let keys = [product.surrogate_key.clone()];
        let purged = env.cdn.purge(service, &keys).await;
        purged.map_err(|error| purge_cdn::step_error(&error))?;
    }
    done_with_all(env, entries).await
}

async fn done_with_all(env: &Env, entries: &[OutboxId]) -> Result<(), StepError> {
    let done = entries.iter().cloned().map(Change::RemoveOutbox).collect();
    env.catalog.commit(done).await.map_err(StepError::catalog)
}

async fn write(env: &Env, product: &Product, files: Vec<PageFile>) -> Result<(), StepError> {
    let key = |path: &str| ObjectKey::new(format!("{}{path}", product.prefix()));
    for file in files {
        let headers = Headers {
            content_type: Some(file.content_type.to_owned()),
            ..Headers::default()
        };
        let headers = headers.for_edition(&product.surrogate_key);
        let body = Bytes::from(file.body);
        let written = env.objects.write(&key(file.path), body, &headers).await;
        written.map_err(StepError::objects)?;
    }
    for directory in ["v", "builds"] {
        let headers = Headers::redirect_of_edition(&product.surrogate_key);
        let written = env.objects.write(&key(directory), Bytes::new(), &headers).await;
        written.map_err(StepError::objects)?;
    }
    Ok(())
}
