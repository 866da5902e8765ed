//! The functions as Lambda runs them: a message to its step, a schedule to the sweep.

use std::time::Duration;

use imprint_app::artifacts::{derive_format, index_search};
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::env::Env;
use imprint_app::index::{self, render_all, render_index};
use imprint_app::move_editions::move_editions;
use imprint_app::ports::Indexer;
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::register_build::register_build;
use imprint_app::render_dashboard::{self, render_dashboard};
use imprint_app::retire_name::retire_name;
use imprint_app::step::{Delivery, Disposal, dispose};
use imprint_app::sweep::{confirm_unheard, sweep};
use imprint_app::tenants::Tenants;
use imprint_domain::artifact::Format;
use imprint_domain::message::Message;
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::queues::{Received, timeout};

/// How long a send may take before the sweep sends again, as the schedule in `template.yaml` says.
const SWEEP_PATIENCE: SignedDuration = SignedDuration::from_secs(120);
/// A copy stops so long before its function's time is up.
const RESERVE: Duration = Duration::from_secs(60);

/// One run of a function on one message.
pub(crate) async fn deliver(env: Env, indexer: &dyn Indexer, received: Received) -> Disposal {
    let Received {
        envelope,
        receive_count,
        ..
    } = received;
    let entry = &envelope.id;
    let outcome = match &envelope.message {
        Message::RegisterBuild(message) => register_build(&env, entry, message).await,
        Message::DeriveFormat(message) if message.format == Format::Search => {
            index_search(&env, entry, message, indexer).await
        }
        Message::DeriveFormat(message) => derive_format(&env, entry, message).await,
        Message::MoveEditions(message) => move_editions(&env, entry, message).await,
        Message::CopyEdition(message) => {
            let time = Duration::try_from(timeout(&envelope.message)).unwrap_or_default();
            let bounds = Bounds {
                deadline: Some(Instant::now() + time.saturating_sub(RESERVE)),
                ..Bounds::default()
            };
            copy_edition(&env, entry, message, bounds).await
        }
        Message::RetireName(message) => retire_name(&env, entry, message).await,
        Message::PurgeCdn(message) => purge_cdn(&env, &[Order { entry, message }]).await.remove(0),
        Message::RenderDashboard(message) => {
            let order = render_dashboard::Order {
                entry,
                message,
                receive_count,
            };
            render_dashboard(&env, &[order]).await
        }
        Message::RenderIndex(message) => {
            let order = index::Order {
                entry,
                message,
                receive_count,
            };
            render_index(&env, &[order]).await
        }
        Message::RenderAll(message) => render_all(&env, entry, message).await,
        // Nobody here subscribes, has names in the DNS or writes documents.
        Message::UpdateDns(_)
        | Message::DeliverWebhook(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_) => Ok(()),
    };
    let delivery = Delivery {
        envelope: envelope.clone(),
        receive_count,
    };
    dispose(&env, &delivery, outcome).await
}

/// What the schedule does each minute. One part that fails keeps no other from its work.
pub(crate) async fn scheduled(tenants: Tenants) {
    let _next_minute_tries_again = sweep(&tenants, SWEEP_PATIENCE).await;
    let _so_does_this = confirm_unheard(&tenants).await;
}
