//! Messages as SQS takes them, in batches that it takes.

use imprint_domain::message::Envelope;

/// SendMessageBatch takes 10 messages
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>).
const MAX_MESSAGES: usize = 10;
/// And 262,144 bytes of them, counted by the smaller of the limits that it ever had.
const MAX_BYTES: usize = 256 * 1024;

/// And holds one back for 15 minutes at most.
const MAX_DELAY: i32 = 900;

/// One message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) body: String,
    /// Its place in the order of a FIFO queue.
    pub(super) order: Option<Order>,
    /// How many seconds a standard queue holds it back.
    pub(super) delay: i32,
}

/// What a FIFO queue orders and de-duplicates by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) group: String,
    /// At most 128 characters: 32 digits and two numbers of at most 10, with two hyphens, are 54.
    pub(super) deduplication: String,
}

impl Outgoing {
    pub(super) fn of(envelope: &Envelope) -> Result<Self, serde_json::Error> {
        let order = envelope.message.group().map(|group| Order {
            group,
            deduplication: envelope.deduplication_id(),
        });
        Ok(Self {
            body: body(envelope)?,
            order,
            delay: delay(envelope),
        })
    }
}

fn delay(envelope: &Envelope) -> i32 {
    let seconds = envelope.message.delay().as_secs().clamp(0, MAX_DELAY.into());
    i32::try_from(seconds).unwrap_or(MAX_DELAY)
}

/// The envelope as JSON. SQS refuses the two characters that are not in XML; inside JSON texts they can be escaped.
fn body(envelope: &Envelope) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(envelope)?;
    Ok(json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
}

/// Splits messages into batches, in order. No batch has two messages of one group: when one of them fails, the other
/// would overtake it.
pub(super) fn batches(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut batches: Vec<Vec<Outgoing>> = Vec::new();
    for message in messages {
        match batches.last_mut().filter(|batch| fits(batch, &message)) {
            Some(batch) => batch.push(message),
            None => batches.push(vec![message]),
        }
    }
    batches
}

fn fits(batch: &[Outgoing], message: &Outgoing) -> bool {
    let bytes: usize = batch.iter().map(|other| other.body.len()).sum();
    let group = |outgoing: &Outgoing| outgoing.order.as_ref().map(|order| order.group.clone());
    let same_group = message.order.is_some() && batch.iter().any(|other| group(other) == group(message));
    batch.len() < MAX_MESSAGES && bytes + message.body.len() <= MAX_BYTES && !same_group
}

#[cfg(test)]
mod tests {
    use imprint_testing::samples;

    use super::*;

    fn copy(edition: u64, git_ref: &str) -> Envelope {
        copy_to(&format!("e{edition}"), edition, git_ref)
    }

    fn copy_to(slug: &str, edition: u64, git_ref: &str) -> Envelope {
        let build = samples::build(u64::MAX, git_ref);
        let edition = samples::edition(edition, slug, git_ref);
        let message = samples::copy_message(&samples::task_id("a task"), &edition, &build, u64::MAX);
        Envelope {
            id: samples::outbox_id("a copy"),
            attempt: u32::MAX,
            message,
        }
    }

    #[test]
    fn a_copy_is_ordered_by_where_it_writes_and_told_from_its_repetition() {
        let order = Outgoing::of(&copy(u64::MAX, "main")).unwrap().order.unwrap();
        assert!(order.group.len() <= 128);
        // A deleted edition's slug can be used again while its last copy runs.
        let group = |slug, edition| {
            let outgoing = Outgoing::of(&copy_to(slug, edition, "main")).unwrap();
            outgoing.order.unwrap().group
        };
        assert_eq!(group("v1", 1), group("v1", 2));
        assert_ne!(group("v1", 1), group("v1.0", 1));
        assert!(order.deduplication.len() <= 128);
        let mut again = copy(u64::MAX, "main");
        again.attempt -= 1;
        assert_ne!(
            Outgoing::of(&again).unwrap().order.unwrap().deduplication,
            order.deduplication
        );
    }

    #[test]
    fn a_message_survives_characters_that_sqs_refuses() {
        let envelope = copy(1, "a\u{fffe}b\u{ffff}ü");
        let sent = Outgoing::of(&envelope).unwrap().body;
        assert!(!sent.contains(['\u{fffe}', '\u{ffff}']));
        assert_eq!(serde_json::from_str::<Envelope>(&sent).unwrap(), envelope);
    }

    #[test]
    fn batches_lose_nothing_and_keep_the_order_within_an_edition() {
        let editions = [1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 1, 1];
        let sent: Vec<Outgoing> = editions
            .iter()
            .map(|n| Outgoing::of(&copy(*n, "main")).unwrap())
            .collect();
        let batches = batches(sent.clone());
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 10, 3, 1]);
        assert_eq!(batches.concat(), sent);
    }

    #[test]
    fn a_batch_is_never_too_large() {
        let message = || Outgoing {
            body: "x".repeat(100 * 1024),
            order: None,
            delay: 0,
        };
        let batches = batches(vec![message(), message(), message()]);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn a_delay_is_as_long_as_sqs_allows() {
        let version = samples::version(&samples::document(1, "handbook"), "1.0");
        for (quiet, delay) in [(0, 0), (5, 5), (900, 900), (901, 900), (u32::MAX, 900)] {
            let message = samples::render_document_message(&version, quiet);
            let envelope = samples::outbox_entry("a rendering", message).envelope();
            assert_eq!(Outgoing::of(&envelope).unwrap().delay, delay);
        }
        assert_eq!(Outgoing::of(&copy(1, "main")).unwrap().delay, 0);
    }

    #[test]
    fn a_step_without_order_has_no_group() {
        let message = samples::register_message(&samples::task_id("a task"), &samples::build(1, "main"));
        let envelope = samples::outbox_entry("a registration", message).envelope();
        assert_eq!(Outgoing::of(&envelope).unwrap().order, None);
    }
}
