//! Editions that begin to follow a train: they go to the documentation of its latest release at once.

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::product::Product;
use imprint_domain::registry::ComponentName;

use super::invalid;
use crate::env::Env;
use crate::error::AppError;
use crate::ports::{Change, RegistryChange};
use crate::registry;

/// Where an edition's train is.
#[derive(Default)]
pub(super) struct OnTrain {
    /// The documentation of its latest release, where there is some that it does not show.
    pub(super) build: Option<Build>,
    /// That the train is still there when this is committed: whoever publishes meanwhile does not see the edition yet.
    pub(super) still: Option<Change>,
}

/// Looks at the train that an edition follows from now on. Two requests; none for one that follows no train.
///
/// # Errors
/// `Invalid` for a train of another component: nobody would move the edition when that one moves.
pub(super) async fn on_train(env: &Env, product: &Product, edition: &Edition) -> Result<OnTrain, AppError> {
    let Some(train) = edition.train() else {
        return Ok(OnTrain::default());
    };
    if train.component != ComponentName::of_product(&product.slug) {
        return Err(invalid(format_args!(
            "tracked_refs: an edition follows trains of its own product, such as {}/{}",
            product.slug, train.label
        )));
    }
    let org = &env.organization.slug;
    let head = registry::head(env, &train).await?;
    let docs = head.latest.as_ref().and_then(|latest| latest.docs.as_ref());
    let build = match docs {
        Some(docs) => env.catalog.build_of(org, &product.slug, docs.build).await?,
        None => None,
    };
    let shown = edition.desired.as_ref().map(|pointer| pointer.build);
    let is_new = |build: &Build| Some(build.id) != shown && build.publishable().is_ok();
    Ok(OnTrain {
        build: build.filter(is_new),
        still: Some(Change::Registry(Box::new(RegistryChange::RequireHead(head)))),
    })
}
