//! The functions as Lambda runs them: a message to its step, a schedule to the sweep.

use std::time::Duration;

use imprint_app::artifacts::{derive_format, index_search};
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::documents::{publish_rendering, render_document, scan, take_unheard};
use imprint_app::env::Env;
use imprint_app::index::{self, render_all, render_index};
use imprint_app::move_editions::move_editions;
use imprint_app::ports::{Indexer, Renderer};
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::register_build::register_build;
use imprint_app::render_dashboard::{self, render_dashboard};
use imprint_app::retention::retain;
use imprint_app::retire_name::retire_name;
use imprint_app::step::{Delivery, Disposal, dispose};
use imprint_app::sweep::{confirm_unheard, sweep};
use imprint_app::tenants::Tenants;
use imprint_app::unpack_archive::unpack_archive;
use imprint_app::verification::verify_next;
use imprint_domain::artifact::Format;
use imprint_domain::message::Message;
use imprint_testing::{Press, World};
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::queues::{Received, timeout};

/// How long a send may take before the sweep sends again, as the schedule in `template.yaml` says.
const SWEEP_PATIENCE: SignedDuration = SignedDuration::from_secs(120);
/// A copy stops so long before its function's time is up.
const RESERVE: Duration = Duration::from_secs(60);

/// One run of a function on one message.
pub(crate) async fn deliver(
    env: Env,
    (indexer, renderer): (&dyn Indexer, &dyn Renderer),
    received: Received,
) -> Disposal {
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
        Message::UnpackArchive(message) => {
            unpack_archive(&env, entry, message, bounds(&envelope.message)).await
        }
        Message::CopyEdition(message) => copy_edition(&env, entry, message, bounds(&envelope.message)).await,
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
        Message::RenderDocument(message) => render_document(&env, renderer, entry, message).await,
        Message::PublishRendering(message) => publish_rendering(&env, entry, message).await,
        // Nobody here subscribes or has names in the DNS.
        Message::UpdateDns(_) | Message::DeliverWebhook(_) => Ok(()),
    };
    let delivery = Delivery {
        envelope: envelope.clone(),
        receive_count,
    };
    dispose(&env, &delivery, outcome).await
}

/// What a function's time allows.
fn bounds(message: &Message) -> Bounds {
    let time = Duration::try_from(timeout(message)).unwrap_or_default();
    Bounds {
        deadline: Some(Instant::now() + time.saturating_sub(RESERVE)),
        ..Bounds::default()
    }
}

/// A schedule of `template.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Schedule {
    /// What fell between two steps.
    Sweep,
    /// Documents whose rendering was missed.
    Documents,
    /// What the rules no longer keep.
    Retention,
}

impl Schedule {
    pub(crate) const ALL: [Self; 3] = [Self::Sweep, Self::Documents, Self::Retention];

    pub(crate) fn every(self) -> SignedDuration {
        match self {
            Self::Sweep => SignedDuration::from_mins(1),
            Self::Documents => SignedDuration::from_mins(15),
            Self::Retention => SignedDuration::from_hours(1),
        }
    }

    /// For how long its function may work.
    pub(crate) fn timeout(self) -> SignedDuration {
        match self {
            Self::Sweep | Self::Documents => SignedDuration::from_secs(60),
            Self::Retention => SignedDuration::from_mins(15),
        }
    }

    /// One run. What fails is tried again by the next.
    pub(crate) async fn run(self, world: World, press: &Press) {
        let tenants: Tenants = world.tenants();
        match self {
            Self::Sweep => {
                let _the_other_parts_run_all_the_same = sweep(&tenants, SWEEP_PATIENCE).await;
                let _so_they_do = confirm_unheard(&tenants).await;
                let _the_next_run_looks_at_the_next_edition = verify_next(&tenants).await;
            }
            Self::Documents => {
                let _images_are_taken_all_the_same = scan(&tenants, press).await;
                let _the_next_run_tries_again = take_unheard(&tenants).await;
            }
            Self::Retention => {
                let _the_next_run_tries_again = retain(&tenants, None).await;
            }
        }
    }
}
