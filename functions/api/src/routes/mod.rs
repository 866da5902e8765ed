//! The handlers: each translates a request for a use-case, and its result for the caller.

mod builds;
mod dashboards;
mod dead_letters;
mod diff;
mod documents;
mod edition_life;
mod editions;
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

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::Service;
use crate::access::{DOCUMENTS_OF, OF_ORGANIZATION};

/// Every route, by the handlers that document it.
pub(crate) fn all() -> OpenApiRouter<Service> {
    let groups: Vec<UtoipaMethodRouter<Service>> = vec![
        routes!(service::root),
        routes!(service::healthz),
        routes!(service::openapi),
        routes!(service::docs),
        routes!(service::token),
        routes!(products::list, products::create),
        routes!(slug_rules::read, slug_rules::set, slug_rules::remove),
        routes!(slug_rules::preview),
        routes!(slug_rules::read_of_organization, slug_rules::set_of_organization),
        routes!(products::read, products::update, products::end),
        routes!(products::restore),
        routes!(dashboards::read, dashboards::render),
        routes!(dashboards::render_all),
        routes!(dashboards::use_templates, dashboards::drop_templates),
        routes!(retention::read, retention::replace, retention::delete),
        routes!(retention::preview),
        routes!(
            retention::read_of_organization,
            retention::replace_of_organization
        ),
        routes!(builds::list, builds::create),
        routes!(builds::read, builds::update, builds::end),
        routes!(builds::forms),
        routes!(diff::read),
        routes!(editions::list, editions::create),
        routes!(editions::read, editions::update, editions::end),
        routes!(edition_life::history),
        routes!(edition_life::rollback),
        routes!(edition_life::pin),
        routes!(edition_life::unpin),
        routes!(edition_life::restore),
        routes!(queue::read),
        routes!(users::list, users::create),
        routes!(users::read, users::update),
        routes!(tokens::list, tokens::create),
        routes!(tokens::revoke),
        routes!(organizations::list, organizations::create),
        routes!(organizations::read, organizations::update),
        routes!(organizations::list_members),
        routes!(
            organizations::read_member,
            organizations::set_member,
            organizations::remove_member
        ),
        routes!(v2::projects::list, v2::projects::create),
        routes!(v2::projects::read, v2::projects::update, v2::projects::end),
        routes!(v2::projects::restore),
        routes!(v2::projects::render),
        routes!(v2::projects::render_all),
        routes!(v2::slug_rules::read, v2::slug_rules::set, v2::slug_rules::remove),
        routes!(v2::slug_rules::preview),
        routes!(v2::retention::read, v2::retention::replace, v2::retention::delete),
        routes!(v2::retention::preview),
        routes!(v2::builds::list, v2::builds::create),
        routes!(v2::builds::read, v2::builds::update, v2::builds::end),
        routes!(v2::builds::forms),
        routes!(v2::diff::read),
        routes!(v2::editions::list, v2::editions::create),
        routes!(v2::editions::read, v2::editions::update, v2::editions::end),
        routes!(v2::edition_life::history),
        routes!(v2::edition_life::rollback),
        routes!(v2::edition_life::pin),
        routes!(v2::edition_life::unpin),
        routes!(v2::edition_life::restore),
        routes!(v2::tasks::read),
        routes!(dead_letters::list),
        routes!(dead_letters::redrive),
        routes!(dead_letters::delete),
        routes!(webhooks::list, webhooks::create),
        routes!(webhooks::read, webhooks::update, webhooks::delete),
        routes!(webhooks::rotate),
        routes!(webhooks::ping),
        routes!(webhooks::deliveries),
        routes!(webhooks::delivery),
        routes!(webhooks::replay),
        routes!(registry_page::page),
        routes!(registry_page::page_of_organization),
    ];
    let router = groups.into_iter().fold(OpenApiRouter::default(), in_both_forms);
    let router = registry::of_installation()
        .into_iter()
        .fold(router, OpenApiRouter::routes);
    let router = registry::of_organizations()
        .into_iter()
        .fold(router, for_every_organization);
    documents::of_organizations()
        .into_iter()
        .fold(router, in_both_forms_for_every_organization)
}

/// Registers routes under their documented path, which is about the default organization, and below the path of every other
/// one, each with or without a final slash.
fn in_both_forms_for_every_organization(
    router: OpenApiRouter<Service>,
    routes: UtoipaMethodRouter<Service>,
) -> OpenApiRouter<Service> {
    let (_, paths, handlers) = &routes;
    let own: Vec<String> = paths.paths.keys().cloned().collect();
    let handlers = handlers.clone();
    own.iter()
        .map(|path| format!("{DOCUMENTS_OF}{path}"))
        .flat_map(|path| other_form(&path).into_iter().chain([path]))
        .fold(in_both_forms(router, routes), |router, path| {
            router.route(&path, handlers.clone())
        })
}

/// Registers routes under their documented path, which is about the default organization, and below the path of every other
/// one. No other form: a final slash was never right here.
fn for_every_organization(
    router: OpenApiRouter<Service>,
    routes: UtoipaMethodRouter<Service>,
) -> OpenApiRouter<Service> {
    let (_, paths, handlers) = &routes;
    let others: Vec<String> = paths
        .paths
        .keys()
        .map(|path| format!("{OF_ORGANIZATION}{path}"))
        .collect();
    let handlers = handlers.clone();
    let router = router.routes(routes);
    others
        .iter()
        .fold(router, |router, path| router.route(path, handlers.clone()))
}

/// Registers routes under their documented path, and under the same one with or without its final slash.
fn in_both_forms(
    router: OpenApiRouter<Service>,
    routes: UtoipaMethodRouter<Service>,
) -> OpenApiRouter<Service> {
    let (_, paths, handlers) = &routes;
    let (others, handlers): (Vec<String>, _) = (
        paths.paths.keys().filter_map(other_form).collect(),
        handlers.clone(),
    );
    let router = router.routes(routes);
    others
        .iter()
        .fold(router, |router, path| router.route(path, handlers.clone()))
}

fn other_form(path: &String) -> Option<String> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(bare) => Some(bare.to_owned()),
        None => Some(format!("{path}/")),
    }
}
