//! Everything a use-case needs, in memory.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_domain::organization::Organization;

use crate::gate::{Counts, Faults, Gate};
use crate::memory::{MemoryCatalog, MemoryCdn, MemoryObjects, MemoryQueue, MemoryUploads, MemoryWebhooks};
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
    /// Files.
    pub objects: Arc<MemoryObjects>,
    /// Messages to the next step.
    pub queue: Arc<MemoryQueue>,
    /// The CDN.
    pub cdn: Arc<MemoryCdn>,
    /// Upload forms.
    pub uploads: Arc<MemoryUploads>,
    /// Receivers of webhooks.
    pub webhooks: Arc<MemoryWebhooks>,
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
        Self {
            random: Arc::new(SeededRandom::new(1)),
            catalog: Arc::new(MemoryCatalog::new(gate.clone())),
            objects: Arc::new(MemoryObjects::new(gate.clone(), clock.clone())),
            queue: Arc::new(MemoryQueue::new(gate.clone())),
            cdn: Arc::new(MemoryCdn::new(gate.clone())),
            uploads: Arc::new(MemoryUploads::new(gate.clone())),
            webhooks: Arc::new(MemoryWebhooks::new(gate.clone())),
            organization: Arc::new(organization),
            clock,
            gate,
        }
    }

    /// What a use-case is lent.
    pub fn env(&self) -> Env {
        Env {
            catalog: self.catalog.clone(),
            objects: self.objects.clone(),
            queue: self.queue.clone(),
            cdn: self.cdn.clone(),
            uploads: self.uploads.clone(),
            webhooks: self.webhooks.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            organization: self.organization.clone(),
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
