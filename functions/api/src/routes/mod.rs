//! The handlers: each translates a request for a use-case, and its result for the caller.

mod builds;
mod dashboards;
mod edition_life;
mod editions;
mod organizations;
mod products;
mod queue;
mod retention;
mod service;
mod slug_rules;
mod tokens;
mod users;
mod webhooks;

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::Service;

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
        routes!(builds::list, builds::create),
        routes!(builds::read, builds::update, builds::end),
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
        routes!(webhooks::list, webhooks::create),
        routes!(webhooks::read, webhooks::update, webhooks::delete),
        routes!(webhooks::rotate),
        routes!(webhooks::ping),
        routes!(webhooks::deliveries),
        routes!(webhooks::delivery),
        routes!(webhooks::replay),
    ];
    groups.into_iter().fold(OpenApiRouter::default(), in_both_forms)
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
