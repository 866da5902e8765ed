//! What the chain finds around itself: a CDN that remembers when it was told, and clocks that are wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use imprint_app::ports::{Cdn, Clock, PurgeError};
use imprint_domain::id::SurrogateKey;
use imprint_testing::{MemoryCdn, MemoryObjects, TestClock};
use jiff::{SignedDuration, Timestamp};

/// The purges of one key that were accepted.
#[derive(Debug, Clone, Copy, Default)]
struct Purged {
    times: usize,
    /// How many changes the bucket had seen when the last of them began.
    last: usize,
}

/// A CDN that knows how much had been written to the bucket when it accepted each purge.
#[derive(Debug)]
pub(crate) struct Witness {
    cdn: Arc<MemoryCdn>,
    objects: Arc<MemoryObjects>,
    purged: Mutex<BTreeMap<SurrogateKey, Purged>>,
}

impl Witness {
    pub(crate) fn new(cdn: Arc<MemoryCdn>, objects: Arc<MemoryObjects>) -> Self {
        Self {
            cdn,
            objects,
            purged: Mutex::default(),
        }
    }

    /// How many changes the bucket had seen when this key was last purged.
    pub(crate) fn last_purge(&self, key: &SurrogateKey) -> Option<usize> {
        self.of(key).map(|purged| purged.last)
    }

    /// How often this key was purged.
    pub(crate) fn purges(&self, key: &SurrogateKey) -> usize {
        self.of(key).unwrap_or_default().times
    }

    fn of(&self, key: &SurrogateKey) -> Option<Purged> {
        let purged = self.purged.lock().expect("nothing panics while it notes");
        purged.get(key).copied()
    }
}

#[async_trait]
impl Cdn for Witness {
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError> {
        let before = self.objects.history().len();
        let accepted = self.cdn.purge(service, keys).await;
        // Refused answers may follow an accepted purge; what counts is that one is accepted in the end.
        accepted?;
        let mut purged = self.purged.lock().expect("nothing panics while it notes");
        for key in keys {
            let purged = purged.entry(key.clone()).or_default();
            purged.times += 1;
            purged.last = before.max(purged.last);
        }
        Ok(())
    }
}

/// A clock that is wrong by the same time always.
pub(crate) struct Skewed {
    clock: Arc<TestClock>,
    by: SignedDuration,
}

impl Skewed {
    pub(crate) fn new(clock: Arc<TestClock>, by: SignedDuration) -> Self {
        Self { clock, by }
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.by
    }
}
