//! What each change of a commit writes.

use imprint_app::ports::{Change, Walk};
use imprint_domain::access::UserName;
use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::{BuildId, EditionId, EventId, Generation, OutboxId, TaskId, WebhookId};
use imprint_domain::idempotency::KeptId;
use imprint_domain::product::Product;
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::task::PagesOf;
use imprint_domain::webhook::Delivery;

use super::documented::{self, entries};
use super::registered::{Entry, entry};

pub(super) type ProductKey = (OrganizationSlug, ProductSlug);
/// Sorted by webhook and then by time.
pub(super) type DeliveryKey = (OrganizationSlug, WebhookId, EventId);

/// One thing that a change writes. A transaction may write each only once, as in DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Organization(OrganizationSlug),
    Member(OrganizationSlug, UserName),
    Product(ProductKey),
    Build(BuildId),
    BuildSlug(ProductKey, BuildSlug),
    Edition(EditionId),
    EditionSlug(ProductKey, EditionSlug),
    Moved(EditionId, Generation),
    Task(TaskId),
    TaskEdition(TaskId, EditionId),
    TaskPages(TaskId, PagesOf),
    IndexEntry(ProductKey),
    Open(TaskId),
    Outbox(OutboxId),
    User(UserName),
    Token(String),
    LoginFailures(UserName),
    Delivery(DeliveryKey),
    Cursor(Walk),
    Registry(Entry),
    Document(documented::Entry),
    Kept(KeptId),
}

pub(super) fn targets(change: &Change) -> Vec<Target> {
    match change {
        Change::CreateOrganization(organization) | Change::UpdateOrganization(organization) => {
            vec![Target::Organization(organization.slug.clone())]
        }
        Change::PutMember(member) | Change::RemoveMember(member) => {
            vec![Target::Member(member.organization.clone(), member.user.clone())]
        }
        Change::CreateProduct(product) | Change::UpdateProduct(product) | Change::DeleteProduct(product) => {
            vec![Target::Product(product_key(product))]
        }
        Change::CreateBuild(build) => vec![Target::Build(build.id), build_claim(build)],
        Change::UpdateBuild(build) | Change::DeleteBuild(build) => vec![Target::Build(build.id)],
        Change::FreeBuildSlug(build) => vec![build_claim(build)],
        Change::CreateEdition(edition) | Change::EndEdition(edition) | Change::RestoreEdition(edition) => {
            vec![Target::Edition(edition.id), edition_claim(edition)]
        }
        Change::RenameEdition {
            edition,
            takes,
            frees,
        } => {
            let slugs = takes.iter().chain(frees).map(|slug| slug_claim(edition, slug));
            std::iter::once(Target::Edition(edition.id))
                .chain(slugs)
                .collect()
        }
        Change::PutMoved(moved) => vec![Target::Moved(moved.edition, moved.pointer.generation)],
        Change::UpdateEdition(edition) | Change::DeleteEdition(edition) => vec![Target::Edition(edition.id)],
        Change::HoldEditionSlug(edition) | Change::FreeEditionSlug(edition) => vec![edition_claim(edition)],
        Change::RemoveMoved(edition, generation) => vec![Target::Moved(*edition, *generation)],
        Change::PutCursor(walk, _) => vec![Target::Cursor(*walk)],
        Change::CreateTask(task) | Change::UpdateTask(task) => vec![Target::Task(task.id.clone())],
        Change::PutTaskEdition(task, edition) => vec![Target::TaskEdition(task.clone(), edition.edition)],
        Change::PutOutbox(entry) => vec![Target::Outbox(entry.id.clone())],
        Change::RemoveOutbox(id) | Change::TakeOutbox(id) => vec![Target::Outbox(id.clone())],
        Change::PutTaskPages(task, pages) => vec![Target::TaskPages(task.clone(), pages.of.clone())],
        Change::PutIndexEntry(entry) => {
            vec![Target::IndexEntry((
                entry.organization.clone(),
                entry.product.clone(),
            ))]
        }
        Change::RemoveIndexEntry(org, product) => {
            vec![Target::IndexEntry((org.clone(), product.clone()))]
        }
        Change::CreateUser(user) | Change::UpdateUser(user) => vec![Target::User(user.name.clone())],
        Change::RequireUser(name, _) => vec![Target::User(name.clone())],
        Change::ForgetLoginFailures(name) => vec![Target::LoginFailures(name.clone())],
        Change::PutDelivery(delivery) => vec![Target::Delivery(delivery_key(delivery))],
        Change::CreateToken(token) | Change::RevokeToken(token) => vec![Target::Token(token.hash.clone())],
        Change::CloseTask(id) => vec![Target::Open(id.clone())],
        Change::Registry(change) => vec![Target::Registry(entry(change))],
        Change::Document(change) => entries(change).into_iter().map(Target::Document).collect(),
        Change::KeepRequest(kept) => vec![Target::Kept(kept.id.clone())],
    }
}

pub(super) fn product_key(product: &Product) -> ProductKey {
    (product.organization.clone(), product.slug.clone())
}

pub(super) fn build_claim(build: &Build) -> Target {
    let product = (build.organization.clone(), build.product.clone());
    Target::BuildSlug(product, build.slug.clone())
}

pub(super) fn edition_claim(edition: &Edition) -> Target {
    slug_claim(edition, &edition.slug)
}

pub(super) fn slug_claim(edition: &Edition, slug: &EditionSlug) -> Target {
    let product = (edition.organization.clone(), edition.product.clone());
    Target::EditionSlug(product, slug.clone())
}

pub(super) fn delivery_key(delivery: &Delivery) -> DeliveryKey {
    let (org, webhook) = (delivery.organization.clone(), delivery.webhook.clone());
    (org, webhook, delivery.event.id.clone())
}
