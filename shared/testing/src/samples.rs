//! One of each domain type, plain and valid. Change what a test is about with `Build { state, ..samples::build(1, "main") }`.

mod documents;

use imprint_app::seal::SealingKey;
use imprint_domain::access::{Memberships, Permissions, Products, Rights, Token, TokenKind, User};
use imprint_domain::artifact::{self, Derivation};
use imprint_domain::build::{Build, BuildState};
use imprint_domain::dashboard::{IndexEntry, NewestRelease};
use imprint_domain::dns::Cname;
use imprint_domain::edition::{Blueprint, Edition, Pointer, Tracking};
use imprint_domain::git::GitRefs;
use imprint_domain::id::{
    BuildId, EditionId, EventId, Generation, ManifestId, OutboxId, Revision, SurrogateKey, TaskId, TokenId,
    WebhookId,
};
use imprint_domain::idempotency::{Asker, Fingerprint, KeptId, KeptRequest};
use imprint_domain::kind::{Kind, Retention};
use imprint_domain::message::{
    CopyEdition, DeliverWebhook, DeriveFormat, Message, MoveEditions, PurgeCdn, RegisterBuild, RenderAll,
    RenderDashboard, RenderIndex, RetireName, UnpackArchive, UpdateDns,
};
use imprint_domain::organization::{Layout, Organization, Policy};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::secret::Sealed;
use imprint_domain::slug::OrganizationSlug;
use imprint_domain::task::{CopyReport, EditionStep, FailureCode, Registration, Task, TaskEdition};
use imprint_domain::tracking::TrackingMode;
use imprint_domain::webhook::{Event, EventKind, Format, Subject, Topics, Webhook};
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};

pub use self::documents::{
    checksum, content, document, image, publish_rendering_message, render_document_message, rendered,
    rendering, version,
};
use crate::surroundings::SeededRandom;

/// The time at which samples are made: 2026-01-01T12:00:00Z.
pub const NOON: Timestamp = Timestamp::constant(1_767_268_800, 0);

/// The product that samples belong to.
pub const PRODUCT: &str = "alpha";

/// Parses a text that the test knows to be right.
///
/// # Panics
/// When it is not.
pub fn parsed<T: std::str::FromStr>(raw: &str) -> T {
    match raw.parse() {
        Ok(value) => value,
        Err(_) => panic!("{raw:?} is not a {}", std::any::type_name::<T>()),
    }
}

fn digest(kind: &str, name: &str) -> [u8; 16] {
    Md5::digest(format!("{kind} {name}")).into()
}

/// What is kept of a request with a key, by the name of the key; it begins at noon.
pub fn kept_request(key: &str) -> KeptRequest {
    let id = KeptId::new(Asker::User(&parsed("ci")), &hex::encode(digest("key", key)));
    let id = id.expect("32 digits are a key");
    KeptRequest::begin(id, Fingerprint::of(&[b"POST", b"/products/"]), NOON)
}

/// The surrogate key of a name.
pub fn surrogate_key(name: &str) -> SurrogateKey {
    SurrogateKey::from_bytes(digest("surrogate key", name))
}

/// The task of a name.
pub fn task_id(name: &str) -> TaskId {
    TaskId::from_bytes(digest("task", name))
}

/// The outbox entry of a name.
pub fn outbox_id(name: &str) -> OutboxId {
    OutboxId::from_bytes(digest("outbox", name))
}

/// The manifest of a name.
pub fn manifest_id(name: &str) -> ManifestId {
    ManifestId::from_bytes(digest("manifest", name))
}

/// A moment some seconds after [`NOON`].
pub fn after_noon(seconds: i64) -> Timestamp {
    NOON + SignedDuration::from_secs(seconds)
}

/// Refs of a build, separated by spaces.
///
/// # Panics
/// When there are none.
pub fn refs(raw: &str) -> GitRefs {
    let all: Vec<&str> = raw.split_whitespace().collect();
    GitRefs::parse(&all).expect("a test names at least one ref")
}

/// `default`, on subdomains of example.org, with a bucket and a CDN.
pub fn organization() -> Organization {
    Organization {
        slug: organization_slug(),
        title: parsed("Example"),
        layout: Layout::Subdomain,
        domain: "example.org".to_owned(),
        path_prefix: String::new(),
        scheme: "https".to_owned(),
        bucket: "docs".to_owned(),
        fastly_domain: "cdn.example.org".to_owned(),
        fastly_service: Some("service-1".to_owned()),
        fastly_key: None,
        ticket_url: Some(parsed("https://tickets.example.org/browse/")),
        default_edition: parsed("main"),
        created_at: NOON,
        policy: Policy {
            // A story that is not about artifacts has none made.
            derive: Derivation::none(),
            ..Policy::default()
        },
        revision: Revision::NEW,
    }
}

/// The sample organization's slug.
pub fn organization_slug() -> OrganizationSlug {
    parsed("default")
}

/// A product without builds.
pub fn product(slug: &str) -> Product {
    Product {
        organization: organization_slug(),
        slug: parsed(slug),
        title: parsed(&format!("The {slug} handbook")),
        doc_repo: parsed(&format!("https://github.com/example/{slug}")),
        root_domain: None,
        root_fastly_domain: None,
        surrogate_key: surrogate_key(&format!("product {slug}")),
        created_at: NOON,
        ended_at: None,
        next_build_slug: 1,
        policy: ProductPolicy::default(),
        doom: None,
        revision: Revision::NEW,
    }
}

/// A build of [`PRODUCT`] that is being uploaded, named by its number.
pub fn build(id: u64, git_refs: &str) -> Build {
    build_of(&product(PRODUCT), id, git_refs)
}

/// A build of a product that is being uploaded, named by its number.
pub fn build_of(product: &Product, id: u64, git_refs: &str) -> Build {
    Build {
        id: BuildId(id),
        organization: product.organization.clone(),
        product: product.slug.clone(),
        slug: parsed(&id.to_string()),
        git_refs: refs(git_refs),
        alternate: None,
        documents: None,
        github_requester: None,
        surrogate_key: surrogate_key(&format!("build {id}")),
        created_at: NOON,
        state: BuildState::Uploading,
        manifest: None,
        artifacts: imprint_domain::artifact::Artifacts::default(),
        upload: imprint_domain::upload::Upload::Files,
        doom: None,
        revision: Revision::NEW,
    }
}

/// The same build, its upload confirmed at [`NOON`].
pub fn uploaded(build: Build) -> Build {
    Build {
        state: BuildState::Uploaded { at: NOON },
        ..build
    }
}

/// An edition of [`PRODUCT`] that tracks exactly these refs and shows nothing yet.
pub fn edition(id: u64, slug: &str, git_refs: &str) -> Edition {
    edition_of(&product(PRODUCT), id, slug, git_refs)
}

/// An edition of a product that tracks exactly these refs and shows nothing yet.
pub fn edition_of(product: &Product, id: u64, slug: &str, git_refs: &str) -> Edition {
    let tracking = Tracking {
        mode: TrackingMode::GitRefs,
        refs: Some(refs(git_refs)),
        alternate: None,
    };
    let blueprint = Blueprint {
        slug: parsed(slug),
        title: parsed(slug),
        tracking,
        kind: Kind::Draft,
        retention: Retention::Applies,
    };
    let key = surrogate_key(&format!("edition {id}"));
    product.edition(EditionId(id), blueprint, key, NOON)
}

/// A pointer to a build, its files those of `manifest`.
pub fn pointer(build: &Build, manifest: ManifestId, generation: u64) -> Pointer {
    Pointer {
        build: build.id,
        build_slug: build.slug.clone(),
        manifest,
        git_refs: build.git_refs.clone(),
        generation: Generation(generation),
        formats: build.formats(),
    }
}

/// A task that waits for a build to be registered.
pub fn task(name: &str, build: &Build) -> Task {
    Task {
        id: task_id(name),
        organization: build.organization.clone(),
        product: Some(build.product.clone()),
        build: Some(build.id),
        created_at: NOON,
        registration: Registration::Queued,
        notes: Vec::new(),
        editions: Vec::new(),
        pages: Vec::new(),
        revision: Revision::NEW,
    }
}

/// An edition's part of a task, on its first move to a build.
pub fn task_edition(edition: &Edition, build: BuildId, step: EditionStep) -> TaskEdition {
    TaskEdition {
        edition: edition.id,
        slug: edition.slug.clone(),
        build,
        generation: Generation(1),
        step,
        report: None,
        updated_at: NOON,
    }
}

/// A message that registers a build.
pub fn register_message(task: &TaskId, build: &Build) -> Message {
    Message::RegisterBuild(RegisterBuild {
        task: task.clone(),
        organization: build.organization.clone(),
        product: build.product.clone(),
        build: build.id,
        editions: Vec::new(),
        asked_by: None,
    })
}

/// A message that has a build's archive unpacked.
pub fn unpack_message(task: &TaskId, build: &Build) -> Message {
    Message::UnpackArchive(UnpackArchive {
        then: RegisterBuild {
            task: task.clone(),
            organization: build.organization.clone(),
            product: build.product.clone(),
            build: build.id,
            editions: Vec::new(),
            asked_by: None,
        },
        prefix: build.prefix(),
        hand_overs: 0,
    })
}

/// A message that has a format made of a build's pages.
pub fn derive_message(task: &TaskId, build: &Build, format: artifact::Format) -> Message {
    Message::DeriveFormat(DeriveFormat {
        format,
        then: MoveEditions {
            task: task.clone(),
            organization: build.organization.clone(),
            product: build.product.clone(),
            build: build.id,
            site: ManifestId::from_bytes([5; 16]),
            notes: Vec::new(),
            editions: Vec::new(),
            asked_by: None,
            patience: 0,
        },
    })
}

/// A message that moves an edition to a build.
pub fn copy_message(task: &TaskId, edition: &Edition, build: &Build, generation: u64) -> Message {
    Message::CopyEdition(CopyEdition {
        task: task.clone(),
        organization: edition.organization.clone(),
        product: edition.product.clone(),
        edition: edition.id,
        pointer: pointer(build, manifest_id(&build.id.to_string()), generation),
        source: build.prefix(),
        destination: edition.prefix(),
        surrogate_key: edition.surrogate_key.clone(),
        hand_overs: 0,
    })
}

/// A message that has a name lead to the edition that gave it up.
pub fn retire_message(edition: &Edition, name: &str) -> Message {
    Message::RetireName(RetireName {
        organization: edition.organization.clone(),
        product: edition.product.clone(),
        edition: edition.id,
        name: parsed(name),
        rest: Vec::new(),
        purge: None,
    })
}

/// A message that purges an edition.
pub fn purge_message(task: &TaskId, edition: &Edition, build: &Build, generation: u64) -> Message {
    Message::PurgeCdn(PurgeCdn {
        task: task.clone(),
        organization: edition.organization.clone(),
        product: edition.product.clone(),
        edition: edition.id,
        pointer: pointer(build, manifest_id(&build.id.to_string()), generation),
        surrogate_key: edition.surrogate_key.clone(),
        stale_keys: Vec::new(),
        report: CopyReport::default(),
    })
}

/// A message that renders a product's pages.
pub fn render_message(product: &Product) -> Message {
    Message::RenderDashboard(RenderDashboard {
        organization: product.organization.clone(),
        product: product.slug.clone(),
        tasks: Vec::new(),
    })
}

/// A record `<name>.lsst.io` of the CDN.
pub fn cname(name: &str) -> Cname {
    Cname {
        name: parsed(&format!("{name}.lsst.io")),
        target: parsed("global.prod.fastly.example.net"),
    }
}

/// A message that has a product's name looked after.
pub fn dns_message(product: &Product) -> Message {
    Message::UpdateDns(UpdateDns {
        organization: product.organization.clone(),
        product: product.slug.clone(),
        record: cname(product.slug.as_str()),
    })
}

/// A webhook of a name, for these events. Its secret is [`WEBHOOK_SECRET`], sealed for the sample organization.
///
/// # Panics
/// When there are no events.
pub fn webhook(name: &str, events: &[EventKind]) -> Webhook {
    let topics = Topics::new(Format::Imprint, events.iter().copied().collect());
    Webhook {
        id: WebhookId::from_bytes(digest("webhook", name)),
        url: parsed(&format!("https://{name}.example.org/hook")),
        topics: topics.expect("a test names events"),
        secret: sealed(WEBHOOK_SECRET),
        old_secret: None,
        enabled: true,
        created_at: NOON,
    }
}

/// A secret of the sample organization, sealed with the key of tests.
pub fn sealed(secret: &str) -> Sealed {
    SealingKey::of(SEALING_KEY).seal(&SeededRandom::new(7), &organization_slug(), secret)
}

/// What seals secrets in tests.
pub(crate) const SEALING_KEY: &str = "the sealing key of tests";

/// The secret of Standard Webhooks' own examples.
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A ping at a time.
pub fn ping(name: &str, at: Timestamp) -> Event {
    Event {
        id: EventId::at(at, digest("event", name)),
        kind: EventKind::Ping,
        at,
        subject: None,
    }
}

/// A message that tells a webhook of a failed move.
pub fn deliver_message(organization: &OrganizationSlug, webhook: &WebhookId) -> Message {
    let product = product(PRODUCT);
    let edition = edition(1, "main", "main");
    let pointer = pointer(&build(1, "main"), manifest_id("1"), 1);
    let failure = FailureCode::PurgeRefused.because("a test refused it", NOON);
    let subject = Subject::moved(&self::organization(), &product, &edition, &pointer);
    Message::DeliverWebhook(DeliverWebhook {
        organization: organization.clone(),
        webhook: webhook.clone(),
        event: Event {
            kind: EventKind::EditionFailed,
            subject: Some(subject.failed(&failure)),
            ..ping("failed", NOON)
        },
    })
}

/// A message that renders an organization's index.
pub fn index_message(organization: &OrganizationSlug) -> Message {
    Message::RenderIndex(RenderIndex {
        organization: organization.clone(),
        tasks: Vec::new(),
    })
}

/// A message that has the pages of all products of an organization rendered, from a place in their list on.
pub fn all_message(organization: &OrganizationSlug, task: &TaskId) -> Message {
    Message::RenderAll(RenderAll {
        organization: organization.clone(),
        task: task.clone(),
        cursor: Some("cursor".to_owned()),
    })
}

/// What the index says of a product.
pub fn index_entry(product: &Product) -> IndexEntry {
    IndexEntry {
        organization: product.organization.clone(),
        product: product.slug.clone(),
        title: product.title.clone(),
        root_domain: product.root_domain.clone(),
        newest: Some(NewestRelease {
            title: "v1.0".to_owned(),
            path: "v/v1.0/".to_owned(),
        }),
        updated: Some("2026-01-01".to_owned()),
    }
}

/// An outbox entry, sent once at [`NOON`].
pub fn outbox_entry(name: &str, message: Message) -> OutboxEntry {
    OutboxEntry::new(outbox_id(name), message, NOON)
}

/// A user who may do everything. The hash is of no password.
pub fn user(name: &str) -> User {
    User {
        name: parsed(name),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$bm90aGluZw".to_owned(),
        permissions: Permissions::ALL,
        memberships: Memberships::default(),
        created_at: NOON,
        disabled_at: None,
        revision: Revision::NEW,
    }
}

/// A token of a login with a hash, good for an hour after [`NOON`].
pub fn token(hash: &str, user: &str) -> Token {
    Token {
        hash: hash.to_owned(),
        id: TokenId::from_bytes(digest("token", hash)),
        user: parsed(user),
        kind: TokenKind::Login,
        rights: Rights::of(Permissions::ALL),
        products: Products::All,
        created_at: NOON,
        expires_at: NOON + imprint_domain::access::TOKEN_LIFE,
    }
}
