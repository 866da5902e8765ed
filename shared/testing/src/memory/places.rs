//! The ports that differ from organization to organization.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use imprint_app::ports::{Cdn, Objects, Places, Uploads};

use super::{MemoryCdn, MemoryObjects, MemoryUploads};
use crate::gate::Gate;
use crate::surroundings::TestClock;

/// Buckets that are there as soon as somebody names them, one CDN for all services, and forms for any bucket.
#[derive(Debug)]
pub struct MemoryPlaces {
    gate: Gate,
    clock: Arc<TestClock>,
    buckets: Mutex<BTreeMap<String, Arc<MemoryObjects>>>,
    cdn: Arc<MemoryCdn>,
    uploads: Arc<MemoryUploads>,
}

impl MemoryPlaces {
    pub(crate) fn new(
        gate: Gate,
        clock: Arc<TestClock>,
        (bucket, objects): (String, Arc<MemoryObjects>),
        cdn: Arc<MemoryCdn>,
        uploads: Arc<MemoryUploads>,
    ) -> Self {
        Self {
            gate,
            clock,
            buckets: Mutex::new(BTreeMap::from([(bucket, objects)])),
            cdn,
            uploads,
        }
    }

    /// A bucket by its name.
    ///
    /// # Panics
    /// When another thread has panicked here.
    pub fn bucket(&self, name: &str) -> Arc<MemoryObjects> {
        let mut buckets = self.buckets.lock().expect("nothing panics while it looks");
        let new = || Arc::new(MemoryObjects::new(self.gate.clone(), self.clock.clone()));
        buckets.entry(name.to_owned()).or_insert_with(new).clone()
    }
}

impl Places for MemoryPlaces {
    fn objects(&self, bucket: &str) -> Arc<dyn Objects> {
        self.bucket(bucket)
    }

    fn uploads(&self, _bucket: &str) -> Arc<dyn Uploads> {
        self.uploads.clone()
    }

    fn cdn(&self, _key: Option<&str>) -> Arc<dyn Cdn> {
        self.cdn.clone()
    }
}
