//! Which items each change writes, and on which condition.

use std::collections::BTreeSet;

use imprint_app::ports::{Change, StoreError};
use imprint_domain::access::User;
use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::{Revision, TaskId};
use imprint_domain::idempotency::KeptRequest;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;
use imprint_domain::task::Task;
use imprint_domain::webhook::Delivery;
use serde::Serialize;

use super::items::{self, Item, Place};
use super::keys::Key;
use super::{documents, registry};
use crate::call::refused;

/// One item to write.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) action: Action,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Needs the item to be absent.
    Create(Item),
    /// Needs the item to be absent, or to hold the same thing already.
    Claim(Item),
    /// Needs the item to be there with this revision.
    Replace(Item, Revision),
    /// Whatever is there.
    Put(Item),
    /// Whatever is there, nothing included.
    Delete,
    /// Needs the item to be there, and removes it.
    Take,
    /// Needs the item to be there with this revision.
    Remove(Revision),
    /// Writes nothing, and needs the item to be there with this revision.
    Require(Revision),
    /// Writes nothing, and needs the item to be absent.
    RequireAbsent,
    /// Adds to the number of a counter.
    Add(i64),
}

/// What one transaction takes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
const MAX_ITEMS: usize = 100;

/// Each publication is five items, of which three hold the release: with all that may stand beside them, so many fit.
const MAX_PUBLICATIONS: usize = 6;

/// The items of all changes, each once.
///
/// # Errors
/// When two changes write one item. DynamoDB refuses that too, in words that do not say which.
pub(super) fn of(changes: Vec<Change>) -> Result<Vec<Write>, StoreError> {
    let mut writes = Vec::new();
    let at_once = opened_and_closed(&changes);
    let publications = changes
        .iter()
        .filter(|change| registry::is_publication(change))
        .count();
    if publications > MAX_PUBLICATIONS {
        return Err(refused(format!(
            "a commit of {publications} publications is too large"
        )));
    }
    for change in changes {
        add(change, &at_once, &mut writes)?;
    }
    if writes.len() > MAX_ITEMS {
        return Err(refused(format!(
            "a commit of {} items is too large",
            writes.len()
        )));
    }
    let mut keys = BTreeSet::new();
    for write in &writes {
        if !keys.insert(&write.key) {
            return Err(refused(format!(
                "a commit writes {} / {} twice",
                write.key.pk, write.key.sk
            )));
        }
    }
    Ok(writes)
}

/// Tasks that are created and closed by one commit: they never get onto the list of open ones.
fn opened_and_closed(changes: &[Change]) -> BTreeSet<TaskId> {
    let created = changes.iter().filter_map(|change| match change {
        Change::CreateTask(task) => Some(&task.id),
        _ => None,
    });
    let created: BTreeSet<&TaskId> = created.collect();
    let closed = changes.iter().filter_map(|change| match change {
        Change::CloseTask(id) => created.contains(id).then(|| id.clone()),
        _ => None,
    });
    closed.collect()
}

fn add(change: Change, at_once: &BTreeSet<TaskId>, writes: &mut Vec<Write>) -> Result<(), StoreError> {
    let mut write = |key: Key, action: Action| writes.push(Write { key, action });
    match change {
        Change::CreateOrganization(organization) => writes.push(create_organization(organization)?),
        Change::UpdateOrganization(mut organization) => {
            let seen = organization.revision;
            organization.revision = seen.next();
            let key = Key::organization(&organization.slug);
            let item = items::revised(key.clone(), &organization, organization.revision)?;
            write(key, Action::Replace(item, seen));
        }
        Change::PutMember(member) => {
            let key = Key::member(&member.organization, &member.user);
            write(key.clone(), Action::Put(items::thing(key, &member)?));
        }
        Change::RemoveMember(member) => {
            write(Key::member(&member.organization, &member.user), Action::Delete);
        }
        Change::CreateProduct(product) => writes.extend(create_product(product)?),
        Change::UpdateProduct(mut product) => {
            let seen = product.revision;
            product.revision = seen.next();
            let key = Key::product(&product.organization, &product.slug);
            write(
                key.clone(),
                Action::Replace(items::revised(key, &product, product.revision)?, seen),
            );
        }
        Change::CreateBuild(build) => writes.extend(create_build(build)?),
        Change::UpdateBuild(mut build) => {
            let seen = build.revision;
            build.revision = seen.next();
            let key = Key::build(&build.organization, &build.product, build.id);
            write(
                key.clone(),
                Action::Replace(items::revised(key, &build, build.revision)?, seen),
            );
        }
        Change::CreateEdition(edition) => writes.extend(create_edition(edition)?),
        Change::UpdateEdition(edition) => writes.push(update_edition(edition)?),
        Change::EndEdition(edition) => {
            write(slug_of(&edition), Action::Delete);
            writes.push(update_edition(edition)?);
        }
        Change::RestoreEdition(edition) => {
            writes.push(claim_of(slug_of(&edition), &edition.id)?);
            writes.push(update_edition(edition)?);
        }
        Change::RenameEdition {
            edition,
            takes,
            frees,
        } => {
            let (org, product) = (&edition.organization, &edition.product);
            for slug in &frees {
                write(Key::edition_slug(org, product, slug), Action::Delete);
            }
            if let Some(slug) = takes {
                writes.push(claim_of(Key::edition_slug(org, product, &slug), &edition.id)?);
            }
            writes.push(update_edition(edition)?);
        }
        Change::DeleteBuild(build) => {
            let key = Key::build(&build.organization, &build.product, build.id);
            write(key, Action::Remove(build.revision));
            write(Key::build_pointer(build.id), Action::Delete);
        }
        Change::FreeBuildSlug(build) => {
            let key = Key::build_slug(&build.organization, &build.product, &build.slug);
            write(key, Action::Delete);
        }
        Change::DeleteEdition(edition) => {
            let key = Key::edition(&edition.organization, &edition.product, edition.id);
            write(key, Action::Remove(edition.revision));
            write(Key::edition_pointer(edition.id), Action::Delete);
        }
        Change::HoldEditionSlug(edition) => writes.push(claim_of(slug_of(&edition), &edition.id)?),
        Change::FreeEditionSlug(edition) => write(slug_of(&edition), Action::Delete),
        Change::RemoveMoved(edition, generation) => write(Key::moved(edition, generation), Action::Delete),
        Change::DeleteProduct(product) => {
            let key = Key::product(&product.organization, &product.slug);
            write(key, Action::Remove(product.revision));
            write(Key::product_row(&product), Action::Delete);
        }
        Change::PutCursor(walk, Some(cursor)) => {
            let key = Key::cursor(walk);
            write(key.clone(), Action::Put(items::thing(key, &cursor)?));
        }
        Change::PutCursor(walk, None) => write(Key::cursor(walk), Action::Delete),
        Change::PutMoved(moved) => {
            let key = Key::moved(moved.edition, moved.pointer.generation);
            write(key.clone(), Action::Put(items::thing(key, &moved)?));
        }
        Change::CreateTask(task) => writes.extend(create_task(task, at_once)?),
        Change::UpdateTask(mut task) => {
            let seen = task.revision;
            task.revision = seen.next();
            write(Key::task(&task.id), Action::Replace(items::task(&task)?, seen));
        }
        Change::PutTaskEdition(task, edition) => {
            let item = items::task_edition(&task, &edition)?;
            write(Key::task_edition(&task, edition.edition), Action::Put(item));
        }
        Change::PutTaskPages(task, pages) => {
            let item = items::task_pages(&task, &pages)?;
            write(Key::task_pages(&task, &pages.of), Action::Put(item));
        }
        Change::PutIndexEntry(entry) => {
            let key = Key::index_entry(&entry.organization, &entry.product);
            write(key.clone(), Action::Put(items::thing(key, &entry)?));
        }
        Change::RemoveIndexEntry(org, product) => write(Key::index_entry(&org, &product), Action::Delete),
        Change::PutOutbox(entry) => write(Key::outbox(&entry.id), Action::Put(items::outbox(&entry)?)),
        Change::RemoveOutbox(id) => write(Key::outbox(&id), Action::Delete),
        Change::PutDelivery(delivery) => writes.push(put_delivery(delivery)?),
        Change::TakeOutbox(id) => write(Key::outbox(&id), Action::Take),
        Change::CreateUser(user) => writes.extend(create_user(user)?),
        Change::UpdateUser(user) => writes.push(update_user(user)?),
        Change::RequireUser(name, seen) => write(Key::user(&name), Action::Require(seen)),
        Change::CreateToken(token) => {
            write(Key::token(&token.hash), Action::Create(items::token(&token)?));
            write(Key::token_row(&token), Action::Put(items::token_row(&token)?));
        }
        Change::RevokeToken(token) => {
            write(Key::token(&token.hash), Action::Delete);
            write(Key::token_row(&token), Action::Delete);
        }
        Change::ForgetLoginFailures(name) => write(Key::login_failures(&name), Action::Delete),
        Change::Registry(change) => writes.extend(registry::writes_of(*change)?),
        Change::Document(change) => writes.extend(documents::writes_of(*change)?),
        Change::KeepRequest(kept) => writes.push(keep_request(kept)?),
        Change::CloseTask(id) => {
            if !at_once.contains(&id) {
                write(Key::open_task(&id), Action::Delete);
            }
        }
    }
    Ok(())
}

pub(super) fn create(key: Key, item: Item) -> Write {
    Write {
        key,
        action: Action::Create(item),
    }
}

/// An item that is there or not, and holds nothing.
pub(super) fn claim(key: Key) -> Write {
    create(key.clone(), items::claim(key))
}

/// A claim that says whose it is.
pub(super) fn claim_of(key: Key, owner: &impl Serialize) -> Result<Write, StoreError> {
    Ok(create(key.clone(), items::thing(key, owner)?))
}

fn create_organization(mut organization: Organization) -> Result<Write, StoreError> {
    organization.revision = organization.revision.next();
    let key = Key::organization(&organization.slug);
    let item = items::revised(key.clone(), &organization, organization.revision)?;
    Ok(create(key, item))
}

fn create_product(mut product: Product) -> Result<[Write; 2], StoreError> {
    product.revision = product.revision.next();
    let key = Key::product(&product.organization, &product.slug);
    let item = items::revised(key.clone(), &product, product.revision)?;
    Ok([create(key, item), claim(Key::product_row(&product))])
}

fn create_build(mut build: Build) -> Result<[Write; 3], StoreError> {
    build.revision = build.revision.next();
    let (org, product) = (&build.organization, &build.product);
    let key = Key::build(org, product, build.id);
    let item = items::revised(key.clone(), &build, build.revision)?;
    let pointer = Key::build_pointer(build.id);
    let place = Place {
        organization: org.clone(),
        product: product.clone(),
    };
    let at = items::thing(pointer.clone(), &place)?;
    Ok([
        create(key, item),
        claim_of(Key::build_slug(org, product, &build.slug), &build.id)?,
        create(pointer, at),
    ])
}

fn create_edition(mut edition: Edition) -> Result<[Write; 3], StoreError> {
    edition.revision = edition.revision.next();
    let (org, product) = (&edition.organization, &edition.product);
    let key = Key::edition(org, product, edition.id);
    let item = items::revised(key.clone(), &edition, edition.revision)?;
    let pointer = Key::edition_pointer(edition.id);
    let place = Place {
        organization: org.clone(),
        product: product.clone(),
    };
    let at = items::thing(pointer.clone(), &place)?;
    let slug = claim_of(slug_of(&edition), &edition.id)?;
    Ok([create(key, item), slug, create(pointer, at)])
}

fn update_edition(mut edition: Edition) -> Result<Write, StoreError> {
    let seen = edition.revision;
    edition.revision = seen.next();
    let key = Key::edition(&edition.organization, &edition.product, edition.id);
    let item = items::revised(key.clone(), &edition, edition.revision)?;
    Ok(Write {
        key,
        action: Action::Replace(item, seen),
    })
}

fn slug_of(edition: &Edition) -> Key {
    Key::edition_slug(&edition.organization, &edition.product, &edition.slug)
}

fn create_task(mut task: Task, at_once: &BTreeSet<TaskId>) -> Result<Vec<Write>, StoreError> {
    task.revision = task.revision.next();
    let mut writes = vec![create(Key::task(&task.id), items::task(&task)?)];
    if !at_once.contains(&task.id) {
        let action = Action::Put(items::open_task(&task)?);
        writes.push(Write {
            key: Key::open_task(&task.id),
            action,
        });
    }
    Ok(writes)
}

fn put_delivery(mut delivery: Delivery) -> Result<Write, StoreError> {
    let seen = delivery.revision;
    delivery.revision = seen.next();
    let key = Key::delivery(&delivery.organization, &delivery.webhook, &delivery.event.id);
    Ok(begun_or_continued(key, items::delivery(&delivery)?, seen))
}

fn keep_request(kept: KeptRequest) -> Result<Write, StoreError> {
    let (key, seen) = (Key::kept_request(&kept.id), kept.revision);
    Ok(begun_or_continued(
        key,
        items::kept_request(&kept.written())?,
        seen,
    ))
}

/// Begun by whoever is first, and continued at the revision that was seen.
fn begun_or_continued(key: Key, item: Item, seen: Revision) -> Write {
    let action = if seen == Revision::NEW {
        Action::Create(item)
    } else {
        Action::Replace(item, seen)
    };
    Write { key, action }
}

fn create_user(mut user: User) -> Result<[Write; 2], StoreError> {
    user.revision = user.revision.next();
    let key = Key::user(&user.name);
    let item = items::revised(key.clone(), &user, user.revision)?;
    Ok([create(key, item), claim(Key::user_row(&user.name))])
}

fn update_user(mut user: User) -> Result<Write, StoreError> {
    let seen = user.revision;
    user.revision = seen.next();
    let key = Key::user(&user.name);
    let item = items::revised(key.clone(), &user, user.revision)?;
    Ok(Write {
        key,
        action: Action::Replace(item, seen),
    })
}

#[cfg(test)]
mod tests {
    use imprint_app::ports::{Catalog, DocumentChange, RegistryChange};
    use imprint_domain::registry::{Data, Head, Release, TrainName};
    use imprint_testing::samples;

    use super::*;

    fn task() -> Task {
        samples::task("a task", &samples::build(1, "main"))
    }

    #[test]
    fn a_commit_that_writes_a_thing_twice_is_refused_by_name() {
        let product = samples::product("alpha");
        let twice = vec![
            Change::CreateProduct(product.clone()),
            Change::UpdateProduct(product),
        ];
        let error = of(twice).unwrap_err();
        assert!(
            matches!(&error, StoreError::Failed(source) if source.to_string().contains("P#default#alpha"))
        );
    }

    #[test]
    fn a_task_that_is_final_from_the_start_is_never_listed_as_open() {
        let keys = |changes| {
            of(changes)
                .unwrap()
                .into_iter()
                .map(|write| write.key.sk)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(vec![Change::CreateTask(task())]), ["META", "OPEN"]);
        assert_eq!(
            keys(vec![Change::CreateTask(task()), Change::CloseTask(task().id)]),
            ["META"]
        );
        assert_eq!(
            keys(vec![Change::UpdateTask(task()), Change::CloseTask(task().id)]),
            ["META", "OPEN"]
        );
    }

    #[test]
    fn the_largest_commit_fits_into_one_transaction() {
        let most = 32;
        assert_eq!(<dyn Catalog>::MAX_CHANGES, most);
        let builds = (1..=most as u64).map(|id| Change::CreateBuild(samples::build(id, "main")));
        let with_a_key = builds.chain([Change::KeepRequest(samples::kept_request("a key"))]);
        assert!(of(with_a_key.collect()).unwrap().len() <= MAX_ITEMS);
    }

    fn publication(n: usize) -> Change {
        let train: TrainName = samples::parsed(&format!("alpha/train-{n}"));
        let release = |second| Release {
            organization: samples::organization_slug(),
            train: train.clone(),
            version: samples::parsed("1.0"),
            released: samples::after_noon(second),
            data: Data::default(),
            description: None,
            kind: None,
            published_at: samples::NOON,
            published_by: None,
            docs: None,
        };
        let head = Head::new(samples::organization_slug(), train.clone());
        let publication = head.publish(Some(release(1)), None, release(2)).unwrap();
        Change::Registry(Box::new(RegistryChange::Publish(publication)))
    }

    #[test]
    fn six_publications_fit_into_a_commit_beside_all_that_moves_editions() {
        let moves = (0..26_u64).map(|id| Change::UpdateEdition(samples::edition(id, "main", "main")));
        let all: Vec<Change> = (0..6).map(publication).chain(moves).collect();
        assert_eq!(all.len(), <dyn Catalog>::MAX_CHANGES);
        assert_eq!(of(all).unwrap().len(), 6 * 5 + 26);
        assert!(of((0..7).map(publication).collect()).is_err());
        let builds = (1..=26).map(|id| Change::CreateBuild(samples::build(id, "main")));
        let error = of((0..6).map(publication).chain(builds).collect()).unwrap_err();
        assert!(matches!(&error, StoreError::Failed(source) if source.to_string().contains("108 items")));
    }

    #[test]
    fn nothing_that_is_absent_is_stored_as_null() {
        // A stored null would be an attribute that exists: conditions and indexes would lie.
        let edition = samples::edition(1, "main", "main");
        let changes = vec![
            Change::CreateProduct(samples::product("alpha")),
            Change::CreateBuild(samples::build(1, "main")),
            Change::CreateEdition(edition.clone()),
            Change::CreateTask(task()),
        ];
        let document = samples::document(1, "handbook");
        let version = samples::version(&document, "1.0");
        let rendering = samples::rendered(samples::rendering(&version, "r"));
        let of_documents = [
            DocumentChange::CreateDocument(document),
            DocumentChange::CreateVersion(version),
            DocumentChange::PutRendering(rendering),
        ];
        let of_documents = of_documents.map(|change| Change::Document(Box::new(change)));
        let changes: Vec<Change> = changes.into_iter().chain(of_documents).collect();
        for write in of(changes).unwrap() {
            let stored = format!("{:?}", write.action);
            assert!(!stored.contains("Null("), "{stored}");
        }
    }
}
