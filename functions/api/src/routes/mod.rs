//! The handlers: each translates a request for a use-case, and its result for the caller.

mod builds;
mod dashboards;
mod dead_letters;
mod diff;
mod documents;
mod edition_life;
mod editions;
mod group;
mod organizations;
mod products;
mod queue;
mod registry;
mod registry_page;
mod retention;
mod service;
mod slug_rules;
mod tokens;
mod users;
mod v2;
mod webhooks;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::Service;
use crate::access::{DOCUMENTS_OF, OF_ORGANIZATION};

use self::group::{Described, Group, Served, group};

/// Every route under every path that it has.
pub(crate) fn router() -> Router<Service> {
    let router = of_default_organization()
        .into_iter()
        .fold(Router::new(), in_both_forms);
    let router = registry::of_installation().into_iter().fold(router, plain);
    let router = registry::of_organizations()
        .into_iter()
        .fold(router, for_every_organization);
    documents::of_organizations()
        .into_iter()
        .fold(router, in_both_forms_for_every_organization)
}

/// What the handlers say of themselves, under the first of their paths.
pub(crate) fn described() -> OpenApi {
    let groups = of_default_organization::<Described>()
        .into_iter()
        .chain(registry::of_installation())
        .chain(registry::of_organizations())
        .chain(documents::of_organizations());
    groups
        .fold(OpenApiRouter::default(), |router, Described(group)| {
            router.routes(group)
        })
        .into_openapi()
}

/// LTD's routes, and those of whole organizations and of the installation.
fn of_default_organization<G: Group>() -> Vec<G> {
    vec![
        group!(service::root),
        group!(service::healthz),
        group!(service::openapi),
        group!(service::docs),
        group!(service::token),
        group!(products::list, products::create),
        group!(slug_rules::read, slug_rules::set, slug_rules::remove),
        group!(slug_rules::preview),
        group!(slug_rules::read_of_organization, slug_rules::set_of_organization),
        group!(products::read, products::update, products::end),
        group!(products::restore),
        group!(dashboards::read, dashboards::render),
        group!(dashboards::render_all),
        group!(dashboards::use_templates, dashboards::drop_templates),
        group!(retention::read, retention::replace, retention::delete),
        group!(retention::preview),
        group!(
            retention::read_of_organization,
            retention::replace_of_organization
        ),
        group!(builds::list, builds::create),
        group!(builds::read, builds::update, builds::end),
        group!(builds::forms),
        group!(diff::read),
        group!(editions::list, editions::create),
        group!(editions::read, editions::update, editions::end),
        group!(edition_life::history),
        group!(edition_life::rollback),
        group!(edition_life::pin),
        group!(edition_life::unpin),
        group!(edition_life::restore),
        group!(queue::read),
        group!(users::list, users::create),
        group!(users::read, users::update),
        group!(tokens::list, tokens::create),
        group!(tokens::revoke),
        group!(organizations::list, organizations::create),
        group!(organizations::read, organizations::update),
        group!(organizations::list_members),
        group!(
            organizations::read_member,
            organizations::set_member,
            organizations::remove_member
        ),
        group!(v2::projects::list, v2::projects::create),
        group!(v2::projects::read, v2::projects::update, v2::projects::end),
        group!(v2::projects::restore),
        group!(v2::projects::render),
        group!(v2::projects::render_all),
        group!(v2::slug_rules::read, v2::slug_rules::set, v2::slug_rules::remove),
        group!(v2::slug_rules::preview),
        group!(v2::retention::read, v2::retention::replace, v2::retention::delete),
        group!(v2::retention::preview),
        group!(v2::builds::list, v2::builds::create),
        group!(v2::builds::read, v2::builds::update, v2::builds::end),
        group!(v2::builds::forms),
        group!(v2::diff::read),
        group!(v2::editions::list, v2::editions::create),
        group!(v2::editions::read, v2::editions::update, v2::editions::end),
        group!(v2::edition_life::history),
        group!(v2::edition_life::rollback),
        group!(v2::edition_life::pin),
        group!(v2::edition_life::unpin),
        group!(v2::edition_life::restore),
        group!(v2::tasks::read),
        group!(dead_letters::list),
        group!(dead_letters::redrive),
        group!(dead_letters::delete),
        group!(webhooks::list, webhooks::create),
        group!(webhooks::read, webhooks::update, webhooks::delete),
        group!(webhooks::rotate),
        group!(webhooks::ping),
        group!(webhooks::deliveries),
        group!(webhooks::delivery),
        group!(webhooks::replay),
        group!(registry_page::page),
        group!(registry_page::page_of_organization),
    ]
}

/// Registers routes under their documented path.
fn plain(router: Router<Service>, routes: Served) -> Router<Service> {
    router.route(&routes.path, routes.methods)
}

/// Registers routes under their documented path, and under the same one with or without its final slash.
fn in_both_forms(router: Router<Service>, routes: Served) -> Router<Service> {
    let router = match other_form(&routes.path) {
        Some(other) => router.route(&other, routes.methods.clone()),
        None => router,
    };
    plain(router, routes)
}

/// Registers routes under their documented path, which is about the default organization, and below the path of every other
/// one. No other form: a final slash was never right here.
fn for_every_organization(router: Router<Service>, routes: Served) -> Router<Service> {
    let path = format!("{OF_ORGANIZATION}{}", routes.path);
    plain(router.route(&path, routes.methods.clone()), routes)
}

/// Registers routes under their documented path, which is about the default organization, and below the path of every other
/// one, each with or without a final slash.
fn in_both_forms_for_every_organization(router: Router<Service>, routes: Served) -> Router<Service> {
    let of_others = Served {
        path: format!("{DOCUMENTS_OF}{}", routes.path),
        methods: routes.methods.clone(),
    };
    in_both_forms(in_both_forms(router, of_others), routes)
}

fn other_form(path: &str) -> Option<String> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(bare) => Some(bare.to_owned()),
        None => Some(format!("{path}/")),
    }
}
