//! What a template says, in types.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::text::Text;

/// Everything of a template that matters to a running stack.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// `AWS::StackName`.
    pub name: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account: String,
    /// In the order of their names in the template, as all lists here.
    pub functions: Vec<Function>,
    /// Queues, dead-letter queues among them.
    pub queues: Vec<Queue>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Buckets.
    pub buckets: Vec<Bucket>,
    /// HTTP APIs.
    pub http_apis: Vec<HttpApi>,
}

impl Stack {
    /// The queue of this name in the template.
    pub fn queue(&self, logical: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.logical == logical)
    }

    /// The function of this short name, such as `api`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Whether a queue is where failed messages or invocations end.
    pub fn is_dead_letter_queue(&self, logical: &str) -> bool {
        let of_functions = self
            .functions
            .iter()
            .filter_map(|function| function.on_failure.as_deref());
        let of_queues = self.queues.iter().filter_map(|queue| queue.redrive.as_ref());
        of_queues
            .map(|redrive| redrive.target.as_str())
            .chain(of_functions)
            .any(|target| target == logical)
    }

    /// Whether a queue is the dead-letter queue of another.
    pub fn belongs_to_a_queue(&self, logical: &str) -> bool {
        self.queues
            .iter()
            .filter_map(|queue| queue.redrive.as_ref())
            .any(|redrive| redrive.target == logical)
    }
}

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the template.
    pub logical: String,
    /// The directory of its crate: `api` for `functions/api`.
    pub name: String,
    /// The program, as `cargo lambda` builds it.
    pub binary: String,
    /// Its name on AWS.
    pub deployed_name: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Megabytes.
    pub memory: u32,
    /// Its environment, with references to resources still open.
    pub environment: BTreeMap<String, Text>,
    /// What calls it.
    pub sources: Vec<Source>,
    /// How often an asynchronous invocation that failed is repeated.
    pub retries: u32,
    /// The queue (its name in the template) that hears of asynchronous invocations that failed for good.
    pub on_failure: Option<String>,
    /// What it may do.
    pub policies: Vec<Statement>,
}

/// One statement of a function's policies: what it may do to what.
#[derive(Debug, Clone)]
pub struct Statement {
    /// IAM actions, such as `s3:GetObject`.
    pub actions: Vec<String>,
    /// ARNs with wildcards, with references to resources still open.
    pub resources: Vec<Text>,
}

/// One event source of a function.
#[derive(Debug, Clone)]
pub enum Source {
    /// Messages of a queue.
    Queue(QueueSource),
    /// Objects that appear in a bucket.
    Objects(ObjectSource),
    /// A schedule.
    Schedule(ScheduleSource),
    /// Every request of an HTTP API.
    Http(HttpSource),
}

/// The mapping of a queue to a function.
#[derive(Debug, Clone)]
pub struct QueueSource {
    /// The queue's name in the template.
    pub queue: String,
    /// The most records of one invocation.
    pub batch_size: usize,
    /// How long to wait for a batch to fill.
    pub window: Duration,
    /// Whether the function names the records that failed; else all or none did.
    pub reports_failures: bool,
    /// The most invocations at once, when bounded.
    pub max_concurrency: Option<usize>,
}

/// A bucket's notification.
#[derive(Debug, Clone)]
pub struct ObjectSource {
    /// The bucket's name in the template.
    pub bucket: String,
    /// Event types such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// What the key must start with.
    pub prefix: Option<String>,
    /// What the key must end with.
    pub suffix: Option<String>,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct ScheduleSource {
    /// Its name without the stack's.
    pub name: String,
    /// How often it fires.
    pub rate: Rate,
    /// What the function gets instead of the service's own event.
    pub input: Option<Value>,
    /// Whether it fires by itself.
    pub enabled: bool,
}

/// The time between two firings of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub Duration);

/// An HTTP API's catch-all route.
#[derive(Debug, Clone)]
pub struct HttpSource {
    /// The API's name in the template.
    pub api: String,
    /// After how long the gateway answers without the function.
    pub timeout: Duration,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name in the template.
    pub logical: String,
    /// Its name on AWS.
    pub deployed_name: String,
    /// Its name without the stack's: `copy-edition.fifo`.
    pub name: String,
    /// Whether order and message groups count.
    pub fifo: bool,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// Where messages go that failed too often.
    pub redrive: Option<Redrive>,
    /// The other attributes, as `CreateQueue` takes them.
    pub attributes: BTreeMap<String, String>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue's name in the template.
    pub target: String,
    /// How often a message is received before it goes there.
    pub max_receive_count: u32,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name in the template.
    pub logical: String,
    /// Its name on AWS.
    pub deployed_name: String,
    /// Attribute names with their types: `S`, `N` or `B`.
    pub attributes: BTreeMap<String, String>,
    /// The primary key.
    pub keys: Vec<Key>,
    /// Global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute that says when an item may be deleted.
    pub time_to_live: Option<String>,
}

/// One attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The attribute's name.
    pub attribute: String,
    /// Its role.
    pub role: KeyType,
}

/// The role of an attribute in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Decides the partition.
    Hash,
    /// Decides the order within a partition.
    Range,
}

/// A global secondary index that holds all attributes.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its key.
    pub keys: Vec<Key>,
}

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name in the template.
    pub logical: String,
    /// Its name on AWS.
    pub deployed_name: String,
}

/// An HTTP API with the stage `$default`.
#[derive(Debug, Clone)]
pub struct HttpApi {
    /// Its name in the template.
    pub logical: String,
}
