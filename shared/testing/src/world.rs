//! Everything a use-case needs, in memory.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::ports::{Cdn, Objects, Places, Uploads};
use imprint_app::seal::SealingKey;
use imprint_app::tenants::{Installation, Tenants};
use imprint_domain::organization::Organization;

use crate::gate::{Counts, Faults, Gate};
use crate::memory::{
    MemoryCatalog, MemoryCdn, MemoryDns, MemoryIndexer, MemoryObjects, MemoryPlaces, MemoryQueue,
    MemoryTelemetry, MemoryUploads, MemoryWebhooks,
};
use crate::samples;
use crate::surroundings::{SeededRandom, TestClock};

/// All ports in memory behind one gate. Clones are the same world.
#[derive(Debug, Clone)]
pub struct World {
    /// Counts, faults, delays.
    pub gate: Gate,
    /// The time, also of the bucket.
    pub clock: Arc<TestClock>,
    /// Random bytes.
    pub random: Arc<SeededRandom>,
    /// State of everything but files.
    pub catalog: Arc<MemoryCatalog>,
    /// Files of the sample organization.
    pub objects: Arc<MemoryObjects>,
    /// Messages to the next step.
    pub queue: Arc<MemoryQueue>,
    /// The CDN.
    pub cdn: Arc<MemoryCdn>,
    /// The DNS. It belongs to [`World::env`] only when a test puts it there, as it is off by default.
    pub dns: Arc<MemoryDns>,
    /// Upload forms.
    pub uploads: Arc<MemoryUploads>,
    /// What makes full-text indexes.
    pub indexer: Arc<MemoryIndexer>,
    /// Receivers of webhooks.
    pub webhooks: Arc<MemoryWebhooks>,
    /// Buckets and CDNs of other organizations.
    pub places: Arc<MemoryPlaces>,
    /// What was measured.
    pub telemetry: Arc<MemoryTelemetry>,
    /// Who is served.
    pub organization: Arc<Organization>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty world of the sample organization at [`samples::NOON`].
    pub fn new() -> Self {
        Self::of(samples::organization())
    }

    /// An empty world of an organization.
    pub fn of(organization: Organization) -> Self {
        let gate = Gate::default();
        let clock = Arc::new(TestClock::at(samples::NOON));
        let objects = Arc::new(MemoryObjects::new(gate.clone(), clock.clone()));
        let cdn = Arc::new(MemoryCdn::new(gate.clone()));
        let uploads = Arc::new(MemoryUploads::new(gate.clone()));
        let own = (organization.bucket.clone(), objects.clone());
        let places = MemoryPlaces::new(gate.clone(), clock.clone(), own, cdn.clone(), uploads.clone());
        Self {
            random: Arc::new(SeededRandom::new(1)),
            catalog: Arc::new(MemoryCatalog::new(gate.clone())),
            objects,
            queue: Arc::new(MemoryQueue::new(gate.clone(), clock.clone())),
            webhooks: Arc::new(MemoryWebhooks::new(gate.clone())),
            indexer: Arc::new(MemoryIndexer::new(gate.clone())),
            cdn,
            dns: Arc::new(MemoryDns::new(gate.clone())),
            uploads,
            places: Arc::new(places),
            telemetry: Arc::default(),
            organization: Arc::new(organization),
            clock,
            gate,
        }
    }

    /// What a use-case is lent.
    pub fn env(&self) -> Env {
        Env {
            catalog: self.catalog.clone(),
            registry: self.catalog.clone(),
            documents: self.catalog.clone(),
            objects: self.objects.clone(),
            inbox: self.objects.clone(),
            queue: self.queue.clone(),
            cdn: self.cdn.clone(),
            dns: None,
            uploads: self.uploads.clone(),
            webhooks: self.webhooks.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            telemetry: self.telemetry.clone(),
            sealing: SealingKey::of(samples::SEALING_KEY),
            organization: self.organization.clone(),
        }
    }

    /// The organizations: the sample one is the default, others are those that are stored.
    pub fn tenants(&self) -> Tenants {
        Tenants::new(self.installation())
    }

    /// The same with other upload forms.
    pub fn tenants_with(&self, uploads: Arc<dyn Uploads>) -> Tenants {
        Tenants::new(Installation {
            places: Arc::new(OtherForms(self.places.clone(), uploads)),
            ..self.installation()
        })
    }

    /// The same with the DNS switched on.
    pub fn tenants_with_dns(&self) -> Tenants {
        Tenants::new(Installation {
            dns: Some(self.dns.clone()),
            ..self.installation()
        })
    }

    fn installation(&self) -> Installation {
        Installation {
            catalog: self.catalog.clone(),
            registry: self.catalog.clone(),
            documents: self.catalog.clone(),
            health: self.catalog.clone(),
            dns: None,
            queue: self.queue.clone(),
            dead_letters: self.queue.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            webhooks: self.webhooks.clone(),
            places: self.places.clone(),
            telemetry: self.telemetry.clone(),
            sealing: SealingKey::of(samples::SEALING_KEY),
            deployment: self.organization.clone(),
        }
    }

    /// What was asked of the ports.
    pub fn counts(&self) -> Counts {
        self.gate.counts()
    }

    /// What shall go wrong.
    pub fn faults(&self) -> Faults {
        self.gate.faults()
    }
}

struct OtherForms(Arc<MemoryPlaces>, Arc<dyn Uploads>);

impl Places for OtherForms {
    fn objects(&self, bucket: &str) -> Arc<dyn Objects> {
        self.0.objects(bucket)
    }

    fn uploads(&self, _bucket: &str) -> Arc<dyn Uploads> {
        self.1.clone()
    }

    fn cdn(&self, key: Option<&str>) -> Arc<dyn Cdn> {
        self.0.cdn(key)
    }
}
