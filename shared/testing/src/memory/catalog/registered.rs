//! What the release registry holds, and the rules of its changes.

use std::collections::{BTreeMap, BTreeSet};

use imprint_app::ports::{Installed, RegistryChange, Touched, Used};
use imprint_domain::id::Revision;
use imprint_domain::registry::{
    CheckIn, Cluster, ClusterId, ComponentName, DoctorReport, Gone, Head, Population, Publication, Release,
    ReportId, TrainName, Trust, USE_WRITTEN_EVERY, VersionName,
};
use imprint_domain::slug::OrganizationSlug;
use jiff::Timestamp;
use jiff::civil::Date;

pub(super) type TrainKey = (OrganizationSlug, TrainName);
pub(super) type ComponentKey = (OrganizationSlug, ComponentName);
pub(super) type ClusterKey = (OrganizationSlug, ClusterId);
type UseKey = (OrganizationSlug, ComponentName, VersionName, Trust);
type Source = (OrganizationSlug, String, Date);

/// One thing that a change of the registry writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Train(TrainKey),
    Cluster(ClusterKey),
    Gone(Gone),
    Report(OrganizationSlug, ReportId),
    Population(ComponentKey),
}

#[derive(Debug, Default)]
pub(super) struct Registered {
    pub(super) heads: BTreeMap<TrainKey, Head>,
    pub(super) releases: BTreeMap<TrainKey, BTreeMap<VersionName, Release>>,
    pub(super) clusters: BTreeMap<ClusterKey, Cluster>,
    pub(super) gone: BTreeSet<Gone>,
    pub(super) reports: BTreeMap<(OrganizationSlug, ReportId), DoctorReport>,
    pub(super) populations: BTreeMap<ComponentKey, Population>,
    uses: BTreeMap<UseKey, Timestamp>,
    spent: BTreeMap<Source, BTreeSet<String>>,
}

impl Registered {
    pub(super) fn holds(&self, change: &RegistryChange) -> bool {
        match change {
            RegistryChange::Publish(Publication { head, .. }) | RegistryChange::RequireHead(head) => {
                let stored = self.heads.get(&train_of(head));
                stored.map_or(Revision::NEW, |stored| stored.revision) == head.revision
            }
            RegistryChange::CreateCluster(cluster) => !self.clusters.contains_key(&key_of(cluster)),
            RegistryChange::UpdateCluster(cluster) | RegistryChange::DeleteCluster(cluster) => {
                let stored = self.clusters.get(&key_of(cluster));
                stored.map(|stored| stored.revision) == Some(cluster.revision)
            }
            RegistryChange::CreateDoctorReport(report) => {
                let key = (report.organization.clone(), report.id.clone());
                !self.reports.contains_key(&key)
            }
            RegistryChange::PutGone(_)
            | RegistryChange::RemoveGone(_)
            | RegistryChange::PutPopulation { .. } => true,
        }
    }

    pub(super) fn apply(&mut self, change: RegistryChange) {
        match change {
            RegistryChange::Publish(publication) => self.publish(publication),
            RegistryChange::RequireHead(_) => {}
            RegistryChange::CreateCluster(mut cluster) | RegistryChange::UpdateCluster(mut cluster) => {
                cluster.revision = cluster.revision.next();
                self.clusters.insert(key_of(&cluster), cluster);
            }
            RegistryChange::DeleteCluster(cluster) => {
                self.clusters.remove(&key_of(&cluster));
            }
            RegistryChange::PutGone(gone) => {
                self.gone.insert(gone);
            }
            RegistryChange::RemoveGone(gone) => {
                self.gone.remove(&gone);
            }
            RegistryChange::CreateDoctorReport(report) => {
                let key = (report.organization.clone(), report.id.clone());
                self.reports.insert(key, report);
            }
            RegistryChange::PutPopulation {
                organization,
                component,
                population,
            } => {
                let key = (organization, component);
                if population.is_empty() {
                    self.populations.remove(&key);
                } else {
                    self.populations.insert(key, population);
                }
            }
        }
    }

    fn publish(&mut self, publication: Publication) {
        let key = train_of(&publication.head);
        let releases = self.releases.entry(key.clone()).or_default();
        if let Some(replaced) = publication.replaced {
            releases.remove(&replaced.version);
        }
        releases.extend(
            publication
                .release
                .map(|release| (release.version.clone(), release)),
        );
        let revision = publication.head.revision.next();
        self.heads.insert(
            key,
            Head {
                revision,
                ..publication.head
            },
        );
    }

    /// As the port has it: nothing but the usual is written.
    pub(super) fn touch(&mut self, org: &OrganizationSlug, check_in: &CheckIn) -> Touched {
        let key = (org.clone(), check_in.id.clone());
        let Some(stored) = self.clusters.get_mut(&key) else {
            return Touched::Unusual(None);
        };
        let is_itself = match &check_in.token {
            Some(token) => stored.is_verified && token.hash() == stored.token_hash,
            None => !stored.is_verified,
        };
        let is_fresh = |at: Timestamp| check_in.at.duration_since(at) < USE_WRITTEN_EVERY;
        let is_late = check_in.at < stored.last_seen;
        let is_known = stored.report == check_in.report && stored.used_at.is_some_and(is_fresh);
        if !is_itself || !(is_late || is_known) {
            return Touched::Unusual(Some(Box::new(stored.clone())));
        }
        stored.last_seen = check_in.at.max(stored.last_seen);
        stored.checkins += 1;
        stored.revision = stored.revision.next();
        Touched::Written(Box::new(stored.clone()))
    }

    pub(super) fn note_use(
        &mut self,
        org: &OrganizationSlug,
        versions: &[Installed],
        trust: Trust,
        at: Timestamp,
    ) {
        for (component, version) in versions {
            let key = (org.clone(), component.clone(), version.clone(), trust);
            let noted = self.uses.entry(key).or_insert(at);
            *noted = at.max(*noted);
        }
    }

    pub(super) fn in_use(
        &self,
        org: &OrganizationSlug,
        component: &ComponentName,
        since: Timestamp,
    ) -> Vec<Used> {
        let own = self
            .uses
            .iter()
            .filter(|((of, name, ..), at)| of == org && name == component && **at >= since);
        let used = own.map(|((_, _, version, trust), at)| Used {
            version: version.clone(),
            trust: *trust,
            at: *at,
        });
        used.collect()
    }

    pub(super) fn spend(
        &mut self,
        org: &OrganizationSlug,
        source: &str,
        day: Date,
        thing: &str,
        most: u64,
    ) -> bool {
        let spent = self
            .spent
            .entry((org.clone(), source.to_owned(), day))
            .or_default();
        let may = spent.contains(thing) || (spent.len() as u64) < most;
        if may {
            spent.insert(thing.to_owned());
        }
        may
    }
}

pub(super) fn entry(change: &RegistryChange) -> Entry {
    match change {
        RegistryChange::Publish(Publication { head, .. }) | RegistryChange::RequireHead(head) => {
            Entry::Train(train_of(head))
        }
        RegistryChange::CreateCluster(cluster)
        | RegistryChange::UpdateCluster(cluster)
        | RegistryChange::DeleteCluster(cluster) => Entry::Cluster(key_of(cluster)),
        RegistryChange::PutGone(gone) | RegistryChange::RemoveGone(gone) => Entry::Gone(gone.clone()),
        RegistryChange::CreateDoctorReport(report) => {
            Entry::Report(report.organization.clone(), report.id.clone())
        }
        RegistryChange::PutPopulation {
            organization,
            component,
            ..
        } => Entry::Population((organization.clone(), component.clone())),
    }
}

fn train_of(head: &Head) -> TrainKey {
    (head.organization.clone(), head.train.clone())
}

fn key_of(cluster: &Cluster) -> ClusterKey {
    (cluster.organization.clone(), cluster.id.clone())
}
