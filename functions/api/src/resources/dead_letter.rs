use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::dead_letters::{DeadQueue, Letter, Redriven, Says};
use imprint_domain::message::{About, Envelope, Step};
use imprint_domain::task::Failure;

use super::{FailureResource, Moment};
use crate::urls::Urls;

/// What steps could not handle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetters)]
pub(crate) struct DeadLettersResource {
    /// One queue for each step, also where nothing lies in it.
    queues: Vec<DeadQueueResource>,
}

/// The dead letters of a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetterQueue)]
struct DeadQueueResource {
    /// The name of the step.
    #[schema(value_type = String, example = "copy-edition")]
    queue: &'static str,
    /// About how many messages there are.
    count: u64,
    /// POST here to send them to the step again.
    redrive_url: String,
    /// Some of them, the oldest first.
    messages: Vec<DeadLetterResource>,
}

/// A message that a step could not handle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
struct DeadLetterResource {
    /// Its id in the queue.
    #[schema(example = "5fea7756-0ea4-451a-a703-a558b933e274")]
    id: String,
    /// DELETE here to have it gone.
    self_url: String,
    /// What it asks for, such as `copy-edition`; `event` for an upload that a function could not be told of; `unreadable`.
    #[schema(value_type = String, example = "copy-edition")]
    kind: &'static str,
    /// What it is about; null where that cannot be read.
    about: Option<AboutResource>,
    /// The task that watches, if there is one.
    task_url: Option<String>,
    /// Why it was not done, as its task says.
    failure: Option<FailureResource>,
    /// What cannot be read, or was not told.
    unread: Option<UnreadResource>,
    /// How often it was delivered, looks included.
    #[schema(example = 6)]
    times_received: u32,
    /// When it was sent.
    date_sent: Option<Moment>,
    /// When it was first delivered.
    date_first_received: Option<Moment>,
}

/// What a message is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetterSubject)]
struct AboutResource {
    /// The organization.
    #[schema(example = "default")]
    organization: String,
    /// The product, if it is about one.
    #[schema(example = "pipelines")]
    product: Option<String>,
    /// The number of the edition, if it is about one.
    edition: Option<u64>,
    /// The number of the build, if it is about one.
    build: Option<u64>,
    /// The number of the document, if it is about one.
    document: Option<u64>,
}

/// What no step can do anything with. Hostile text, without control characters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnreadDeadLetter)]
struct UnreadResource {
    /// Why not.
    #[schema(example = "missing field `id` at line 1 column 2")]
    reason: String,
    /// The beginning of the message, or the keys of the objects of an event.
    #[schema(example = json!(["{}"]))]
    excerpts: Vec<String>,
}

/// What was sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redriven)]
pub(crate) struct RedrivenResource {
    /// The name of the step.
    #[schema(value_type = String, example = "copy-edition")]
    queue: &'static str,
    /// Messages that were sent to the step again.
    moved: usize,
    /// Messages that were left because no step can read them.
    unreadable: usize,
    /// About how many messages are left.
    left: u64,
}

impl DeadLettersResource {
    pub(crate) fn new(urls: &Urls, queues: &[DeadQueue]) -> Self {
        let queue = |queue: &DeadQueue| {
            let path = format!("/v2/dead-letters/{}", queue.step);
            DeadQueueResource {
                queue: queue.step.name(),
                count: queue.count,
                redrive_url: urls.path(&format!("{path}/redrive")),
                messages: queue
                    .letters
                    .iter()
                    .map(|letter| DeadLetterResource::new(urls, &path, letter))
                    .collect(),
            }
        };
        Self {
            queues: queues.iter().map(queue).collect(),
        }
    }
}

impl DeadLetterResource {
    fn new(urls: &Urls, queue: &str, letter: &Letter) -> Self {
        let bare = Self {
            id: letter.id.clone(),
            self_url: urls.path(&format!("{queue}/messages/{}", letter.id)),
            kind: "unreadable",
            about: None,
            task_url: None,
            failure: None,
            unread: None,
            times_received: letter.received,
            date_sent: letter.sent_at.map(Moment),
            date_first_received: letter.first_received_at.map(Moment),
        };
        match &letter.says {
            Says::Message(envelope, failure) => bare.saying(urls, envelope, failure.as_ref()),
            Says::Event { keys, condition } => Self {
                kind: "event",
                unread: Some(UnreadResource {
                    reason: condition.clone(),
                    excerpts: keys.clone(),
                }),
                ..bare
            },
            Says::Unreadable { excerpt, reason } => Self {
                unread: Some(UnreadResource {
                    reason: reason.clone(),
                    excerpts: vec![excerpt.clone()],
                }),
                ..bare
            },
        }
    }

    fn saying(self, urls: &Urls, envelope: &Envelope, failure: Option<&Failure>) -> Self {
        let message = &envelope.message;
        let task = message.task();
        Self {
            kind: message.name(),
            about: Some(AboutResource::new(message.about())),
            task_url: task.map(|task| urls.task_of_project(task)),
            failure: failure.map(FailureResource::new),
            ..self
        }
    }
}

impl AboutResource {
    fn new(about: About<'_>) -> Self {
        Self {
            organization: about.organization.to_string(),
            product: about.product.map(ToString::to_string),
            edition: about.edition.map(|edition| edition.0),
            build: about.build.map(|build| build.0),
            document: about.document.map(|document| document.0),
        }
    }
}

impl RedrivenResource {
    pub(crate) fn new(step: Step, redriven: &Redriven) -> Self {
        Self {
            queue: step.name(),
            moved: redriven.moved,
            unreadable: redriven.unreadable,
            left: redriven.left,
        }
    }
}
