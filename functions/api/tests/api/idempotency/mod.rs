//! Requests that bear a key: whatever is sent twice has the effect of once.

mod behaviour;
mod cases;
mod costs;
mod death;
mod every;
mod stage;

use crate::server::{Answer, Server};

const KEY: &str = "6f1c0e0a-8a52-4d39-9a5c-8a0e2f0f7f3e";

/// All that requests can change but what is kept of them: state, files, messages, forms and purges.
fn image(server: &Server) -> String {
    let world = &server.world;
    format!(
        "{}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
        world.catalog.image(),
        world.objects.snapshot(),
        world.queue.sent(),
        world.queue.dead(),
        world.uploads.slots().len(),
        world.cdn.purges(),
    )
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

/// What of an answer is the same each time it is given.
fn same(answer: &Answer) -> (u16, Vec<u8>, Vec<(String, String)>) {
    let headers = answer.headers.iter();
    let own = headers.filter(|(name, _)| !["x-request-id", "idempotent-replayed"].contains(&name.as_str()));
    let own = own.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut own: Vec<_> = own.collect();
    own.sort();
    (answer.status.as_u16(), answer.bytes.clone(), own)
}
