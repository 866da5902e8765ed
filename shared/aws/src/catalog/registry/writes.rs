//! Which items each change of the registry writes, and on which condition.

use imprint_app::ports::{Change, RegistryChange, StoreError};
use imprint_domain::id::Revision;
use imprint_domain::registry::{Cluster, Publication};

use super::super::items as plain;
use super::super::keys::Key;
use super::super::writes::{Action, Write};
use super::items;

/// Whether a change publishes or withdraws a release.
pub(in crate::catalog) fn is_publication(change: &Change) -> bool {
    matches!(change, Change::Registry(change) if matches!(**change, RegistryChange::Publish(_)))
}

/// The items of a change.
pub(in crate::catalog) fn writes_of(change: RegistryChange) -> Result<Vec<Write>, StoreError> {
    match change {
        RegistryChange::Publish(publication) => publish(publication),
        RegistryChange::RequireHead(head) => {
            let action = match head.revision {
                Revision::NEW => Action::RequireAbsent,
                seen => Action::Require(seen),
            };
            let key = Key::head(&head.organization, &head.train);
            Ok(vec![Write { key, action }])
        }
        RegistryChange::CreateCluster(mut cluster) => {
            cluster.revision = cluster.revision.next();
            let action = Action::Create(items::cluster(&cluster)?);
            Ok(vec![of_cluster(&cluster, action), counted(&cluster, 1)])
        }
        RegistryChange::UpdateCluster(mut cluster) => {
            let seen = cluster.revision;
            cluster.revision = seen.next();
            let action = Action::Replace(items::cluster(&cluster)?, seen);
            Ok(vec![of_cluster(&cluster, action)])
        }
        RegistryChange::DeleteCluster(cluster) => {
            let action = Action::Remove(cluster.revision);
            Ok(vec![of_cluster(&cluster, action), counted(&cluster, -1)])
        }
        RegistryChange::PutGone(gone) => {
            let key = Key::gone(&gone.organization, &gone.component, &gone.version);
            let action = Action::Put(plain::thing(key.clone(), &gone)?);
            Ok(vec![Write { key, action }])
        }
        RegistryChange::RemoveGone(gone) => {
            let key = Key::gone(&gone.organization, &gone.component, &gone.version);
            Ok(vec![delete(key)])
        }
        RegistryChange::CreateDoctorReport(report) => {
            let key = Key::doctor_report(&report.organization, &report.id);
            let action = Action::Create(items::doctor_report(&report)?);
            Ok(vec![Write { key, action }])
        }
        RegistryChange::PutPopulation {
            organization,
            component,
            population,
        } => {
            let key = Key::population(&organization, &component);
            if population.is_empty() {
                return Ok(vec![delete(key)]);
            }
            let action = Action::Put(plain::thing(key.clone(), &population)?);
            Ok(vec![Write { key, action }])
        }
    }
}

/// The release twice, by its version and by its time; the train's head, which is the lock of all; the train's row. The head
/// stays when everything was withdrawn, so that no revision comes twice.
fn publish(publication: Publication) -> Result<Vec<Write>, StoreError> {
    let mut writes = Vec::with_capacity(5);
    let new = publication.release.as_ref();
    let by_time = new.map(Key::release_by_time);
    if let Some(replaced) = &publication.replaced {
        let old = Key::release_by_time(replaced);
        if by_time.as_ref() != Some(&old) {
            writes.push(delete(old));
        }
        let by_version = Key::release(&replaced.organization, &replaced.train, &replaced.version);
        if new.is_none_or(|new| new.version != replaced.version) {
            writes.push(delete(by_version));
        }
    }
    if let (Some(release), Some(by_time)) = (new, by_time) {
        let by_version = Key::release(&release.organization, &release.train, &release.version);
        for key in [by_version, by_time] {
            let action = Action::Put(items::release(key.clone(), release)?);
            writes.push(Write { key, action });
        }
    }
    let row = publication.row();
    let mut head = publication.head;
    let key = Key::train(&head.organization, &head.train);
    writes.push(match row {
        Some(row) => {
            let action = Action::Put(plain::thing(key.clone(), &row)?);
            Write { key, action }
        }
        None => delete(key),
    });
    let seen = head.revision;
    head.revision = seen.next();
    let item = items::head(&head)?;
    writes.push(Write {
        key: Key::head(&head.organization, &head.train),
        action: if seen == Revision::NEW {
            Action::Create(item)
        } else {
            Action::Replace(item, seen)
        },
    });
    Ok(writes)
}

fn of_cluster(cluster: &Cluster, action: Action) -> Write {
    Write {
        key: Key::cluster(&cluster.organization, &cluster.id),
        action,
    }
}

fn counted(cluster: &Cluster, by: i64) -> Write {
    Write {
        key: Key::cluster_counter(&cluster.organization),
        action: Action::Add(by),
    }
}

fn delete(key: Key) -> Write {
    Write {
        key,
        action: Action::Delete,
    }
}
