//! What every [`Queue`] must do.

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use imprint_app::ports::Queue;
use imprint_domain::artifact::Format;
use imprint_domain::document::{Document, Version};
use imprint_domain::edition::Edition;
use imprint_domain::message::{Envelope, Message};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::webhook::EventKind;
use jiff::SignedDuration;

use super::{run_all, suite, unique};
use crate::memory::{MemoryQueue, Step};
use crate::samples::{self, NOON, parsed};

/// The other end of the queues.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Receives and removes everything that waits for a step, in the order of delivery, until nothing more comes.
    async fn receive_all(&self, step: Step) -> Vec<Envelope>;

    /// Lets time pass for the queues.
    async fn let_pass(&self, time: SignedDuration);
}

#[async_trait]
impl Receiver for MemoryQueue {
    async fn receive_all(&self, step: Step) -> Vec<Envelope> {
        self.take_all_of(step)
    }

    async fn let_pass(&self, time: SignedDuration) {
        MemoryQueue::let_pass(self, time);
    }
}

/// Both ends.
#[derive(Clone, Copy)]
pub struct Ends<'a> {
    /// Where messages go in.
    pub queue: &'a dyn Queue,
    /// Where they come out.
    pub receiver: &'a dyn Receiver,
}

impl std::fmt::Debug for Ends<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ends")
    }
}

/// A test of the suite.
pub type Test = for<'a> fn(Ends<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one, and not at the same time: they receive what the others sent.
pub const ALL: &[(&str, Test)] = suite![Test:
    each_message_arrives_at_its_step_as_it_was_sent,
    more_messages_than_a_request_takes_all_arrive,
    an_edition_gets_its_messages_in_order,
    a_name_is_retired_in_the_order_of_the_copies_to_its_place,
    a_product_gets_its_renderings_in_order,
    a_repeated_send_and_a_hand_over_are_new_messages,
    a_message_with_a_delay_arrives_after_it_and_holds_up_no_other,
    sending_nothing_succeeds,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(queue: &dyn Queue, receiver: &dyn Receiver) {
    let ends = Ends { queue, receiver };
    run_all(ALL.iter().map(|(name, test)| (*name, test(ends)))).await;
}

/// A place of a test's own: an organization that nobody else uses.
struct Place<'a> {
    ends: Ends<'a>,
    org: OrganizationSlug,
    tag: String,
}

impl<'a> Place<'a> {
    fn new(ends: Ends<'a>) -> Self {
        let tag = unique();
        Self {
            ends,
            org: parsed(&format!("conformance-{tag}")),
            tag,
        }
    }

    /// A message in its envelope; the same name gives the same outbox entry.
    fn envelope(&self, step: Step, name: &str, edition: u64, generation: u64) -> Envelope {
        let product = imprint_domain::product::Product {
            organization: self.org.clone(),
            ..samples::product("alpha")
        };
        let build = samples::build_of(&product, 3, "tickets/DM-1 späße");
        let edition: Edition = samples::edition_of(&product, edition, &format!("e{edition}"), "main");
        let task = samples::task_id(&self.tag);
        let message = match step {
            Step::RegisterBuild => samples::register_message(&task, &build),
            Step::CopyEdition => samples::copy_message(&task, &edition, &build, generation),
            Step::PurgeCdn => samples::purge_message(&task, &edition, &build, generation),
            Step::RenderDashboard => samples::render_message(&product),
            Step::UpdateDns => samples::dns_message(&product),
            Step::DeliverWebhook => {
                let webhook = samples::webhook("hook", &[EventKind::EditionFailed]);
                samples::deliver_message(&self.org, &webhook.id)
            }
            Step::UnpackArchive => samples::unpack_message(&task, &build),
            Step::DeriveFormat => samples::derive_message(&task, &build, Format::HtmlZip),
            Step::IndexSearch => samples::derive_message(&task, &build, Format::Search),
            Step::RenderDocument => samples::render_document_message(&self.version(edition.id.0), 0),
        };
        let id = samples::outbox_id(&format!("{} {name}", self.tag));
        OutboxEntry::new(id, message, NOON).envelope()
    }

    fn version(&self, document: u64) -> Version {
        let document = Document {
            organization: self.org.clone(),
            ..samples::document(document, "handbook")
        };
        samples::version(&document, "1.0")
    }

    async fn send(&self, envelopes: &[Envelope]) {
        self.ends.queue.send(envelopes).await.unwrap();
    }

    /// What arrived for this place.
    async fn received(&self, step: Step) -> Vec<Envelope> {
        let all = self.ends.receiver.receive_all(step).await;
        let own = |envelope: &Envelope| *envelope.message.organization() == self.org;
        all.into_iter().filter(own).collect()
    }
}

fn sorted(mut envelopes: Vec<Envelope>) -> Vec<Envelope> {
    envelopes.sort_by_key(Envelope::deduplication_id);
    envelopes
}

async fn each_message_arrives_at_its_step_as_it_was_sent(ends: Ends<'_>) {
    let place = Place::new(ends);
    let envelopes = Step::ALL.map(|step| place.envelope(step, &format!("{step:?}"), 5, 1));
    place.send(&envelopes).await;
    for (step, envelope) in Step::ALL.into_iter().zip(envelopes) {
        assert_eq!(place.received(step).await, [envelope], "{step:?}");
        assert_eq!(place.received(step).await, [], "received once");
    }
}

async fn more_messages_than_a_request_takes_all_arrive(ends: Ends<'_>) {
    let place = Place::new(ends);
    for step in Step::ALL {
        let envelopes: Vec<Envelope> = (0..23)
            .map(|n| place.envelope(step, &format!("{step:?} {n}"), n, 1))
            .collect();
        place.send(&envelopes).await;
        assert_eq!(sorted(place.received(step).await), sorted(envelopes), "{step:?}");
    }
}

async fn an_edition_gets_its_messages_in_order(ends: Ends<'_>) {
    let place = Place::new(ends);
    // Two editions in turn, over more messages than one request takes.
    let envelopes: Vec<Envelope> = (0..24)
        .map(|n| place.envelope(Step::CopyEdition, &n.to_string(), 1 + n % 2, n))
        .collect();
    let (first, later) = envelopes.split_at(21);
    place.send(first).await;
    place.send(later).await;
    let received = place.received(Step::CopyEdition).await;
    assert_eq!(received.len(), envelopes.len());
    for edition in [1, 2] {
        let of_edition = |envelope: &&Envelope| match &envelope.message {
            Message::CopyEdition(copy) => copy.edition.0 == edition,
            Message::RetireName(_)
            | Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_)
            | Message::UpdateDns(_)
            | Message::DeliverWebhook(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => false,
        };
        let received: Vec<&Envelope> = received.iter().filter(of_edition).collect();
        let sent: Vec<&Envelope> = envelopes.iter().filter(of_edition).collect();
        assert_eq!(received, sent);
    }
}

/// What empties a place must not overtake the last copy to it, nor be overtaken by the first of another edition.
async fn a_name_is_retired_in_the_order_of_the_copies_to_its_place(ends: Ends<'_>) {
    let place = Place::new(ends);
    let product = imprint_domain::product::Product {
        organization: place.org.clone(),
        ..samples::product("alpha")
    };
    let edition = samples::edition_of(&product, 9, "renamed", "main");
    let retire = Envelope {
        message: samples::retire_message(&edition, "e1"),
        ..place.envelope(Step::CopyEdition, "retire", 1, 1)
    };
    let sent = [
        place.envelope(Step::CopyEdition, "before", 1, 1),
        retire,
        place.envelope(Step::CopyEdition, "after", 1, 2),
    ];
    place.send(&sent).await;
    assert_eq!(place.received(Step::CopyEdition).await, sent);
}

async fn a_product_gets_its_renderings_in_order(ends: Ends<'_>) {
    let place = Place::new(ends);
    let sent: Vec<Envelope> = (0..12)
        .map(|n| place.envelope(Step::RenderDashboard, &format!("rendering {n}"), 1, 1))
        .collect();
    place.send(&sent).await;
    assert_eq!(place.received(Step::RenderDashboard).await, sent);
}

async fn a_repeated_send_and_a_hand_over_are_new_messages(ends: Ends<'_>) {
    let place = Place::new(ends);
    let first = place.envelope(Step::CopyEdition, "e", 5, 1);
    let again = Envelope {
        attempt: 2,
        ..first.clone()
    };
    let mut handed_over = first.clone();
    if let Message::CopyEdition(copy) = &mut handed_over.message {
        copy.hand_overs = 1;
    }
    let mut received = Vec::new();
    for envelope in [&first, &again, &handed_over] {
        place.send(std::slice::from_ref(envelope)).await;
        received.extend(place.received(Step::CopyEdition).await);
    }
    assert_eq!(received, [first, again, handed_over]);
}

/// What wants a document rendered waits for more edits; what publishes the rendering goes through the same queue and does not.
async fn a_message_with_a_delay_arrives_after_it_and_holds_up_no_other(ends: Ends<'_>) {
    let place = Place::new(ends);
    let version = place.version(5);
    let envelope = |name: &str, message: Message| Envelope {
        message,
        ..place.envelope(Step::RenderDocument, name, 5, 1)
    };
    let held = envelope("held", samples::render_document_message(&version, 2));
    let at_once = envelope("at once", samples::render_document_message(&version, 0));
    let publish = envelope(
        "publish",
        samples::publish_rendering_message(&samples::rendering(&version, "a")),
    );
    place
        .send(&[held.clone(), at_once.clone(), publish.clone()])
        .await;
    let received = place.received(Step::RenderDocument).await;
    assert_eq!(sorted(received), sorted(vec![at_once, publish]));
    ends.receiver.let_pass(SignedDuration::from_millis(2_500)).await;
    assert_eq!(place.received(Step::RenderDocument).await, [held]);
}

async fn sending_nothing_succeeds(ends: Ends<'_>) {
    ends.queue.send(&[]).await.unwrap();
}
