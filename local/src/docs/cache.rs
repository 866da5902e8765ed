//! The cache in front of the published pages, with a CDN's rules: it keeps what says how long it may be kept, and
//! drops at once what a purge names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;

use super::page::Page;
use crate::standins::fastly::Purge;

/// Pages by object key, tagged with surrogate keys, bounded in bytes.
///
/// A purge is in force before the CDN answers that it was accepted: purges wait in a channel that every look-up
/// empties first.
#[derive(Debug)]
pub(super) struct PageCache {
    inner: Mutex<Inner>,
}

/// A look into the cache.
#[derive(Debug)]
pub(super) enum Look {
    /// It is there, and has been for so long.
    Hit(Arc<Page>, Duration),
    /// It is not there. What is fetched now may be kept with this ticket.
    Miss(Ticket),
}

/// Says when a fetch began. A purge voids every ticket given out before it, because what was fetched meanwhile may be
/// the very state that the purge was about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket(u64);

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Debug)]
struct Inner {
    purges: UnboundedReceiver<Purge>,
    purged: u64,
    entries: HashMap<String, Entry>,
    keys_by_tag: HashMap<String, HashSet<String>>,
    /// Least recently used first.
    order: BTreeMap<u64, String>,
    uses: u64,
    bytes: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    page: Arc<Page>,
    stored: Instant,
    expires: Instant,
    used: u64,
}

impl PageCache {
    /// An empty cache of `max_bytes` that hears of purges from `purges`.
    pub(super) fn new(max_bytes: usize, purges: UnboundedReceiver<Purge>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                purges,
                purged: 0,
                entries: HashMap::new(),
                keys_by_tag: HashMap::new(),
                order: BTreeMap::new(),
                uses: 0,
                bytes: 0,
                max_bytes,
            }),
        }
    }

    /// The page of this object, or leave to fetch it.
    pub(super) fn look(&self, key: &str, now: Instant) -> Look {
        self.with(|inner| match inner.entries.get(key) {
            Some(entry) if entry.expires > now => {
                let found = (Arc::clone(&entry.page), now.duration_since(entry.stored));
                inner.touch(key);
                Look::Hit(found.0, found.1)
            }
            Some(_) => {
                inner.remove(key);
                Look::Miss(Ticket(inner.purged))
            }
            None => Look::Miss(Ticket(inner.purged)),
        })
    }

    /// Keeps a page for as long as it says, unless a purge came after the ticket or it is too large.
    pub(super) fn keep(&self, ticket: Ticket, key: &str, page: &Arc<Page>, now: Instant) {
        let Some(lifetime) = page.lifetime else { return };
        let size = page.weight() + key.len();
        self.with(|inner| {
            if ticket.0 == inner.purged && size <= inner.max_bytes / 4 {
                inner.remove(key);
                inner.insert(key, page, now, lifetime);
                inner.shrink();
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(purge) = inner.purges.try_recv() {
            inner.purge(&purge);
        }
        work(&mut inner)
    }
}

impl Inner {
    /// Soft or hard: without a rule for serving stale pages, a stale page is fetched again like a missing one.
    fn purge(&mut self, purge: &Purge) {
        self.purged += 1;
        for tag in &purge.keys {
            for key in self.keys_by_tag.remove(tag).unwrap_or_default() {
                self.remove(&key);
            }
        }
    }

    fn insert(&mut self, key: &str, page: &Arc<Page>, stored: Instant, lifetime: Duration) {
        // A lifetime that no clock can hold is forever enough for a process.
        let expires = stored.checked_add(lifetime).unwrap_or(stored + A_YEAR);
        for tag in &page.tags {
            self.keys_by_tag
                .entry(tag.clone())
                .or_default()
                .insert(key.to_owned());
        }
        self.bytes += page.weight() + key.len();
        let entry = Entry {
            page: Arc::clone(page),
            stored,
            expires,
            used: 0,
        };
        self.entries.insert(key.to_owned(), entry);
        self.touch(key);
    }

    fn touch(&mut self, key: &str) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.order.remove(&entry.used);
            self.uses += 1;
            entry.used = self.uses;
            self.order.insert(self.uses, key.to_owned());
        }
    }

    fn remove(&mut self, key: &str) {
        let Some(entry) = self.entries.remove(key) else {
            return;
        };
        self.order.remove(&entry.used);
        self.bytes -= entry.page.weight() + key.len();
        for tag in &entry.page.tags {
            if let Some(keys) = self.keys_by_tag.get_mut(tag) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys_by_tag.remove(tag);
                }
            }
        }
    }

    fn shrink(&mut self) {
        while self.bytes > self.max_bytes {
            let Some((_, key)) = self.order.first_key_value() else {
                return;
            };
            let key = key.clone();
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn cache(max_bytes: usize) -> (PageCache, UnboundedSender<Purge>) {
        let (sender, receiver) = unbounded_channel();
        (PageCache::new(max_bytes, receiver), sender)
    }

    fn page(tags: &[&str], bytes: usize, lifetime: Option<Duration>) -> Arc<Page> {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Arc::new(Page {
            tags,
            lifetime,
            body: vec![b'x'; bytes].into(),
            ..Page::default()
        })
    }

    fn fill(cache: &PageCache, key: &str, page: &Arc<Page>) {
        match cache.look(key, Instant::now()) {
            Look::Miss(ticket) => cache.keep(ticket, key, page, Instant::now()),
            Look::Hit(..) => panic!("{key} was there already"),
        }
    }

    fn has(cache: &PageCache, key: &str) -> bool {
        matches!(cache.look(key, Instant::now()), Look::Hit(..))
    }

    fn purge(keys: &[&str], soft: bool) -> Purge {
        Purge {
            service: "local".into(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            soft,
            time: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_purge_drops_every_page_of_its_keys_and_no_other() {
        for soft in [true, false] {
            let (cache, purges) = cache(10_000);
            fill(&cache, "a", &page(&["edition", "product"], 10, Some(HOUR)));
            fill(&cache, "b", &page(&["edition"], 10, Some(HOUR)));
            fill(&cache, "c", &page(&["other"], 10, Some(HOUR)));
            assert!(has(&cache, "a") && has(&cache, "b") && has(&cache, "c"));
            purges.send(purge(&["edition"], soft)).unwrap();
            assert!(!has(&cache, "a") && !has(&cache, "b") && has(&cache, "c"));
            purges.send(purge(&["product"], soft)).unwrap();
            assert!(has(&cache, "c"));
        }
    }

    #[test]
    fn what_was_fetched_before_a_purge_does_not_enter_after_it() {
        let (cache, purges) = cache(10_000);
        let Look::Miss(before) = cache.look("a", Instant::now()) else {
            panic!("empty")
        };
        purges.send(purge(&["edition"], true)).unwrap();
        cache.keep(before, "a", &page(&["edition"], 10, Some(HOUR)), Instant::now());
        let Look::Miss(after) = cache.look("a", Instant::now()) else {
            panic!("a stale page was kept")
        };
        cache.keep(after, "a", &page(&["edition"], 10, Some(HOUR)), Instant::now());
        assert!(has(&cache, "a"));
    }

    #[test]
    fn a_page_is_kept_as_long_as_it_says() {
        let (cache, _purges) = cache(10_000);
        fill(&cache, "never", &page(&[], 10, None));
        let Look::Miss(ticket) = cache.look("hour", Instant::now()) else {
            panic!("empty")
        };
        let stored = Instant::now();
        cache.keep(ticket, "hour", &page(&[], 10, Some(HOUR)), stored);
        assert!(!has(&cache, "never"));
        let almost = HOUR - Duration::from_secs(1);
        assert!(matches!(cache.look("hour", stored + almost), Look::Hit(_, age) if age == almost));
        assert!(matches!(cache.look("hour", stored + HOUR), Look::Miss(_)));
    }

    #[test]
    fn a_full_cache_forgets_what_was_used_longest_ago() {
        let (cache, _purges) = cache(10_000);
        for key in ["a", "b", "c", "d"] {
            fill(&cache, key, &page(&["edition"], 1_200, Some(HOUR)));
        }
        assert!(has(&cache, "a"));
        for key in ["e", "f", "g"] {
            fill(&cache, key, &page(&["edition"], 1_200, Some(HOUR)));
        }
        assert!(has(&cache, "a") && !has(&cache, "b") && has(&cache, "g"));
        fill(&cache, "huge", &page(&[], 9_000, Some(HOUR)));
        assert!(!has(&cache, "huge") && has(&cache, "a"));
    }

    #[test]
    fn nothing_is_left_behind_when_everything_was_purged() {
        let (cache, purges) = cache(10_000);
        fill(&cache, "a", &page(&["x", "y"], 10, Some(HOUR)));
        fill(&cache, "b", &page(&["y"], 10, Some(HOUR)));
        purges.send(purge(&["y"], true)).unwrap();
        assert!(!has(&cache, "a"));
        let inner = cache.inner.lock().unwrap();
        assert_eq!(inner.bytes, 0);
        assert!(inner.order.is_empty() && inner.entries.is_empty() && inner.keys_by_tag.is_empty());
    }
}
