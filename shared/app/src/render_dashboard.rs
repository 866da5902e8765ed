//! The step that writes a product's own pages: dashboards, switchers, the sitemap, what crawlers may read, the page for
//! what is missing.
//!
//! Safe to run twice and to come late: it writes what the state is when it runs. Messages of one product come one after
//! the other, so an older rendering never overwrites a newer one. The purge comes after the last write, then the product's
//! entry in the organization's index, then the tasks that wait are told, and last of all the messages are done with: where
//! it stops between, all of it is done again.

use std::collections::BTreeSet;

use bytes::Bytes;

use imprint_domain::dashboard::{BUILDS, Dashboard};
use imprint_domain::id::{OutboxId, TaskId};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::{Message, RenderDashboard};
use imprint_domain::product::Product;
use imprint_domain::registry::ComponentName;
use imprint_domain::retention::Doom;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::task::{FailureCode, PagesOf, PagesStep};

use crate::env::Env;
use crate::index;
use crate::outgoing::Chain;
use crate::pages::{self, PageFile};
use crate::ports::Change;
use crate::purge_cdn;
use crate::step::{StepError, tell};
use crate::templates;

/// The message that has a product's pages written anew, and the tasks that wait until they are.
pub(crate) fn message(organization: &OrganizationSlug, product: &ProductSlug, tasks: Vec<TaskId>) -> Message {
    Message::RenderDashboard(RenderDashboard {
        organization: organization.clone(),
        product: product.clone(),
        tasks,
    })
}

/// One message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Its outbox entry.
    pub entry: &'a OutboxId,
    /// Whose pages to write.
    pub message: &'a RenderDashboard,
    /// Which delivery of the message it is.
    pub receive_count: u32,
}

/// Writes a product's pages and has the CDN told. One rendering answers all orders, which are of one product. Five reads,
/// nine writes, a purge, a write for each task that waits and a commit; another commit when the organization's index says
/// something else of the product by now.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn render_dashboard(env: &Env, orders: &[Order<'_>]) -> Result<(), StepError> {
    let Some(Order { message, .. }) = orders.first() else {
        return Ok(());
    };
    let (org, slug) = (&message.organization, &message.product);
    let entries: Vec<OutboxId> = orders.iter().map(|order| order.entry.clone()).collect();
    let tasks: BTreeSet<&TaskId> = orders.iter().flat_map(|order| &order.message.tasks).collect();
    let tasks: Vec<TaskId> = tasks.into_iter().cloned().collect();
    let found = env.catalog.product_with_editions(org, slug).await;
    let Some((product, editions)) = found.map_err(StepError::catalog)? else {
        index::remove(env, org, slug).await?;
        return Err(StepError::Final {
            code: FailureCode::Gone,
            message: "the product is not there any more".to_owned(),
        });
    };
    if matches!(product.doom, Some(Doom::Deleting { .. })) {
        // What is written now would be left when the product has gone.
        index::remove(env, org, slug).await?;
        return finish(env, slug, &entries, &tasks).await;
    }
    let builds = env.catalog.builds(org, slug, BUILDS, None).await;
    let builds = builds.map_err(StepError::catalog)?.items;
    let component = ComponentName::of_product(slug);
    let population = env.registry.population(org, &component).await;
    let population = population.map_err(StepError::catalog)?.unwrap_or_default();
    let dashboard = Dashboard::of(&env.organization, &product, &editions, &builds, &population);
    let tries = orders.iter().map(|order| order.receive_count).max().unwrap_or(1);
    let own = templates::own(env, tries).await.map_err(StepError::catalog)?;
    let files = templates::render(own.as_ref(), |templates| pages::render(templates, &dashboard));
    let files = files.map_err(|error| StepError::Final {
        code: FailureCode::GaveUp,
        message: Chain(&error).to_string(),
    })?;
    write(env, &product, files).await?;
    if let Some(service) = &env.organization.fastly_service {
        let keys = [product.surrogate_key.clone()];
        let purged = env.cdn.purge(service, &keys).await;
        purged.map_err(|error| purge_cdn::step_error(&error))?;
    }
    match product.ended_at {
        None => index::enter(env, dashboard.index_entry(&product), &tasks).await?,
        Some(_) => index::remove(env, org, slug).await?,
    }
    finish(env, slug, &entries, &tasks).await
}

/// The pages are there: tells the tasks that wait, then commits that nothing is left to do.
async fn finish(
    env: &Env,
    product: &ProductSlug,
    entries: &[OutboxId],
    tasks: &[TaskId],
) -> Result<(), StepError> {
    let rendered = PagesStep::Rendered { at: env.clock.now() };
    let told = tell(env, tasks, &PagesOf::Product(product.clone()), entries, &rendered).await;
    told.map_err(StepError::catalog)?;
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
