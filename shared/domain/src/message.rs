//! What travels through the queues. Every message carries all that its step needs.

mod about;
mod step;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::UserName;
use crate::artifact::Format;
use crate::dns::Cname;
use crate::document::{Checksum, VersionNumber};
use crate::edition::Pointer;
use crate::id::{BuildId, DocumentId, EditionId, ManifestId, OutboxId, SurrogateKey, TaskId, WebhookId};
use crate::key::KeyPrefix;
use crate::slug::{EditionSlug, OrganizationSlug, ProductSlug};
use crate::task::{CopyReport, Note};
use crate::webhook::Event;

pub use about::About;
pub use step::{Step, UnknownStep};

/// A message with the outbox entry that it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The outbox entry that the receiver removes when it commits.
    pub id: OutboxId,
    /// Which send this is, so that a queue's de-duplication does not swallow a repeated one.
    pub attempt: u32,
    /// What is to be done.
    #[serde(flatten)]
    pub message: Message,
}

/// A step of the way of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Message {
    /// Learn a build's files and move the editions that follow it.
    RegisterBuild(RegisterBuild),
    /// Make the files of a build's archive those of the build.
    UnpackArchive(UnpackArchive),
    /// Make an edition's objects those of a build.
    CopyEdition(CopyEdition),
    /// Make what lies at a name that an edition gave up lead to the edition.
    RetireName(RetireName),
    /// Tell the CDN that an edition has changed.
    PurgeCdn(PurgeCdn),
    /// Write a product's pages: its dashboards and what themes and crawlers read.
    RenderDashboard(RenderDashboard),
    /// Write the name of a product to the DNS, or take it away.
    UpdateDns(UpdateDns),
    /// Tell a subscriber what happened.
    DeliverWebhook(DeliverWebhook),
    /// Write an organization's index of its products.
    RenderIndex(RenderIndex),
    /// Have the pages of all products of an organization written, then its index.
    RenderAll(RenderAll),
    /// Make a format of a build out of its pages.
    DeriveFormat(DeriveFormat),
    /// Move the editions that follow a build whose artifacts are made.
    MoveEditions(MoveEditions),
    /// Make a document's version into pages and PDFs.
    RenderDocument(RenderDocument),
    /// Make a rendering a build of its document's product.
    PublishRendering(PublishRendering),
}

/// Learn a build's files and move the editions that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterBuild {
    /// The task that watches.
    pub task: TaskId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The build.
    pub build: BuildId,
    /// Editions that somebody wants moved to it, whatever they track.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<EditionId>,
    /// Who wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<UserName>,
}

/// Make the files of a build's archive those of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpackArchive {
    /// What comes when they are. It names the build, too.
    pub then: RegisterBuild,
    /// Where they go, because a build that is gone cannot be asked for it.
    pub prefix: KeyPrefix,
    /// How often it was handed on because a function's time ran out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hand_overs: u32,
}

/// Make a format of a build out of its pages. Whoever makes the last one has the editions moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeriveFormat {
    /// The format.
    pub format: Format,
    /// What comes when all formats are made. It names the build and its pages, too.
    pub then: MoveEditions,
}

/// Move the editions that follow a build whose artifacts are made, or that has waited long enough for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveEditions {
    /// The task that watches.
    pub task: TaskId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The build.
    pub build: BuildId,
    /// Its pages when that was decided.
    pub site: ManifestId,
    /// What was learned of its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Editions that somebody wants moved to it, whatever they track.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<EditionId>,
    /// Who wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<UserName>,
    /// How long to wait for artifacts, in seconds: after that the pages are published without what is not ready.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub patience: u32,
}

/// Make an edition's objects those of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyEdition {
    /// The task that watches.
    pub task: TaskId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The edition.
    pub edition: EditionId,
    /// The build, its manifest and the generation of the move.
    pub pointer: Pointer,
    /// The build's prefix.
    pub source: KeyPrefix,
    /// The edition's prefix.
    pub destination: KeyPrefix,
    /// The key that the edition's objects carry.
    pub surrogate_key: SurrogateKey,
    /// How often the copy was handed on because a function's time ran out.
    #[serde(default)]
    pub hand_overs: u32,
}

/// Make what lies at a name that an edition gave up lead to the edition, then do the same for the rest of its names, then
/// tell the CDN. Goes through the queue of the copies, so that it never runs beside a copy to the same place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetireName {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The edition that gave the name up.
    pub edition: EditionId,
    /// The name.
    pub name: EditionSlug,
    /// The names whose turn comes after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<EditionSlug>,
    /// What the CDN is told in the end; nothing when a rename was given up before readers saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge: Option<PurgeCdn>,
}

/// Tell the CDN that an edition has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeCdn {
    /// The task that watches.
    pub task: TaskId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The edition.
    pub edition: EditionId,
    /// What its objects are now.
    pub pointer: Pointer,
    /// The key to purge.
    pub surrogate_key: SurrogateKey,
    /// Keys of other editions that the CDN may hold at the edition's URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_keys: Vec<SurrogateKey>,
    /// What the copy did, for the task.
    pub report: CopyReport,
}

impl PurgeCdn {
    /// Every key to purge.
    pub fn keys(&self) -> impl Iterator<Item = &SurrogateKey> {
        std::iter::once(&self.surrogate_key).chain(&self.stale_keys)
    }
}

impl RetireName {
    /// Where the name's objects lie.
    pub fn place(&self) -> KeyPrefix {
        KeyPrefix::edition(&self.organization, &self.product, &self.name)
    }

    /// What has to be done after it.
    pub fn next(&self) -> Option<Message> {
        match self.rest.split_first() {
            Some((name, rest)) => Some(Message::RetireName(Self {
                name: name.clone(),
                rest: rest.to_vec(),
                ..self.clone()
            })),
            None => self.purge.clone().map(Message::PurgeCdn),
        }
    }
}

/// Write a product's pages as its state is when the step runs. Many may come for one change; the last state wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderDashboard {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The tasks that wait for it: not every rendering has one, and one may end several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

/// Write an organization's index as its products' entries are when the step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderIndex {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The tasks that wait for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

/// Have the pages of all products written, some products at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderAll {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The task that waits for all of it.
    pub task: TaskId,
    /// Where in the list of products the next ones begin; none at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Make the DNS say of a name what is so when the step runs: it is there as long as its product is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDns {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The record, because a product that is gone cannot be asked for it.
    pub record: Cname,
}

/// Tell a subscriber what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverWebhook {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// Who is told.
    pub webhook: WebhookId,
    /// What happened.
    pub event: Event,
}

/// Make a document's version into pages and PDFs as it is when the step runs, unless a later wish will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderDocument {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The document.
    pub document: DocumentId,
    /// The version.
    pub version: VersionNumber,
    /// The edit that asks for it.
    pub edit: u64,
    /// How long to wait for more edits, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quiet: u32,
}

/// Make a rendering that has succeeded a build of its document's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRendering {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// The document.
    pub document: DocumentId,
    /// The version.
    pub version: VersionNumber,
    /// The rendering.
    pub rendering: Checksum,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it by reference")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

impl Envelope {
    /// What a queue with de-duplication knows the message by: a repeated send, a hand-over and the next name of one
    /// entry are new messages.
    pub fn deduplication_id(&self) -> String {
        let part = match &self.message {
            Message::CopyEdition(copy) => copy.hand_overs as usize,
            Message::UnpackArchive(unpack) => unpack.hand_overs as usize,
            Message::RetireName(retire) => retire.rest.len(),
            Message::RegisterBuild(_)
            | Message::PurgeCdn(_)
            | Message::RenderDashboard(_)
            | Message::RenderIndex(_)
            | Message::RenderAll(_)
            | Message::UpdateDns(_)
            | Message::DeliverWebhook(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => 0,
        };
        format!("{}-{}-{part}", self.id, self.attempt)
    }
}

impl Message {
    /// Among which messages must come one after the other, for the queues that keep them in order: those that write below
    /// one prefix, a product's own pages, an organization's, or one name in the DNS. The first is more than the messages of
    /// an edition, because a deleted edition's slug can be used again while its last copy still runs. A digest, because a
    /// group's name has at most 128 characters.
    pub fn group(&self) -> Option<String> {
        let place = match self {
            Self::CopyEdition(copy) => format!("{}/{}", copy.organization, copy.destination),
            Self::RetireName(retire) => format!("{}/{}", retire.organization, retire.place()),
            Self::RenderDashboard(render) => format!("{}/{}", render.organization, render.product),
            // No product has an empty name.
            Self::RenderIndex(RenderIndex { organization, .. })
            | Self::RenderAll(RenderAll { organization, .. }) => format!("{organization}/"),
            Self::UpdateDns(update) => format!("dns {}", update.record.name),
            Self::RegisterBuild(_)
            | Self::PurgeCdn(_)
            | Self::DeliverWebhook(_)
            | Self::UnpackArchive(_)
            | Self::DeriveFormat(_)
            | Self::MoveEditions(_)
            | Self::RenderDocument(_)
            | Self::PublishRendering(_) => return None,
        };
        Some(hex::encode(&Sha256::digest(place)[..16]))
    }

    /// How long the queue holds it back before it is delivered.
    pub fn delay(&self) -> SignedDuration {
        match self {
            Self::RenderDocument(render) => SignedDuration::from_secs(render.quiet.into()),
            Self::MoveEditions(moving) => SignedDuration::from_secs(moving.patience.into()),
            Self::RegisterBuild(_)
            | Self::UnpackArchive(_)
            | Self::DeriveFormat(_)
            | Self::CopyEdition(_)
            | Self::RetireName(_)
            | Self::PurgeCdn(_)
            | Self::RenderDashboard(_)
            | Self::UpdateDns(_)
            | Self::DeliverWebhook(_)
            | Self::RenderIndex(_)
            | Self::RenderAll(_)
            | Self::PublishRendering(_) => SignedDuration::ZERO,
        }
    }

    /// What it is called, as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegisterBuild(_) => "register-build",
            Self::UnpackArchive(_) => "unpack-archive",
            Self::CopyEdition(_) => "copy-edition",
            Self::RetireName(_) => "retire-name",
            Self::PurgeCdn(_) => "purge-cdn",
            Self::RenderDashboard(_) => "render-dashboard",
            Self::UpdateDns(_) => "update-dns",
            Self::DeliverWebhook(_) => "deliver-webhook",
            Self::RenderIndex(_) => "render-index",
            Self::RenderAll(_) => "render-all",
            Self::DeriveFormat(_) => "derive-format",
            Self::MoveEditions(_) => "move-editions",
            Self::RenderDocument(_) => "render-document",
            Self::PublishRendering(_) => "publish-rendering",
        }
    }

    /// The tenant that it is about.
    pub fn organization(&self) -> &OrganizationSlug {
        self.about().organization
    }

    /// The task that watches, or the first of those that do.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::RegisterBuild(register) => Some(&register.task),
            Self::UnpackArchive(unpack) => Some(&unpack.then.task),
            Self::CopyEdition(copy) => Some(&copy.task),
            Self::PurgeCdn(purge) => Some(&purge.task),
            Self::RetireName(retire) => retire.purge.as_ref().map(|purge| &purge.task),
            Self::DeriveFormat(derive) => Some(&derive.then.task),
            Self::MoveEditions(moving) => Some(&moving.task),
            Self::UpdateDns(_)
            | Self::DeliverWebhook(_)
            | Self::RenderDocument(_)
            | Self::PublishRendering(_) => None,
            Self::RenderDashboard(render) => render.tasks.first(),
            Self::RenderIndex(render) => render.tasks.first(),
            Self::RenderAll(render) => Some(&render.task),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_reads_back_as_it_was_sent() {
        let envelope = Envelope {
            id: OutboxId::from_bytes([7; 16]),
            attempt: 2,
            message: Message::RegisterBuild(RegisterBuild {
                task: TaskId::from_bytes([1; 16]),
                organization: "default".parse().unwrap(),
                product: "alpha".parse().unwrap(),
                build: BuildId(17),
                editions: vec![],
                asked_by: None,
            }),
        };
        let json = serde_json::to_string(&envelope).unwrap();
        assert!(json.contains(r#""step":"register-build""#), "{json}");
        assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
    }
}
