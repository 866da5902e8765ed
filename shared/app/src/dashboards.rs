//! Pages on demand: those of a product, or of all products of an organization; and all that a dashboard lists.

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::{Revision, TaskId};
use imprint_domain::message::{Message, RenderAll};
use imprint_domain::product::Product;
use imprint_domain::slug::ProductSlug;
use imprint_domain::task::{Registration, Task};

use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::commit_and_send;
use crate::ports::Change;
use crate::render_dashboard;

/// How many builds the document of a product holds, the newest first.
pub const MOST_BUILDS: usize = 1000;

/// Has a product's pages written anew.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn render(env: &Env, product: &ProductSlug) -> Result<TaskId, AppError> {
    let product = crate::products::get(env, product).await?;
    let task = pages_task(env, Some(&product.slug));
    let message = render_dashboard::message(&product.organization, &product.slug, vec![task.id.clone()]);
    begin(env, task, message).await
}

/// Has the pages of all products written anew, then the organization's index. One task follows all of it.
///
/// # Errors
/// When the store fails.
pub async fn render_all(env: &Env) -> Result<TaskId, AppError> {
    let task = pages_task(env, None);
    let message = Message::RenderAll(RenderAll {
        organization: task.organization.clone(),
        task: task.id.clone(),
        cursor: None,
    });
    begin(env, task, message).await
}

async fn begin(env: &Env, task: Task, message: Message) -> Result<TaskId, AppError> {
    let id = task.id.clone();
    commit_and_send(env, vec![Change::CreateTask(task)], vec![message]).await?;
    Ok(id)
}

/// A task that writes pages and does nothing else.
pub(crate) fn pages_task(env: &Env, product: Option<&ProductSlug>) -> Task {
    Task {
        id: TaskId::from_bytes(env.random.identity()),
        organization: env.organization.slug.clone(),
        product: product.cloned(),
        build: None,
        created_at: env.clock.now(),
        registration: Registration::NotNeeded,
        notes: Vec::new(),
        editions: Vec::new(),
        pages: Vec::new(),
        revision: Revision::NEW,
    }
}

/// A product with everything that a dashboard of it could list, what has ended included: all editions in the order of
/// creation, and the newest builds. Two requests a megabyte.
///
/// # Errors
/// `NotFound` when there is no such product.
pub async fn document(
    env: &Env,
    product: &ProductSlug,
) -> Result<(Product, Vec<Edition>, Vec<Build>), AppError> {
    let (product, editions) = crate::editions::list(env, product).await?;
    let (org, slug) = (&product.organization, &product.slug);
    let builds = env.catalog.builds(org, slug, MOST_BUILDS, None).await?;
    Ok((product, editions, builds.items))
}
