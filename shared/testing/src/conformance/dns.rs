//! What every [`Dns`] must do.

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use imprint_app::ports::{Dns, DnsError};
use imprint_domain::dns::{Cname, DomainName, Visibility, Zone, ZoneId};

use super::{run_all, suite, unique};
use crate::memory::{DnsRefusal, MemoryDns};
use crate::samples::parsed;

/// The DNS's side of the line.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// Adds a zone.
    async fn add_zone(&self, zone: Zone);

    /// Gives a name an address.
    async fn occupy(&self, zone: &ZoneId, name: &DomainName);

    /// What a name stands for.
    async fn target(&self, zone: &ZoneId, name: &DomainName) -> Option<DomainName>;

    /// Says no to the next call and to what the adapter itself tries again.
    async fn refuse_next(&self, refusal: DnsRefusal);
}

#[async_trait]
impl Backstage for MemoryDns {
    async fn add_zone(&self, zone: Zone) {
        self.add_zone(zone);
    }

    async fn occupy(&self, zone: &ZoneId, name: &DomainName) {
        self.occupy(zone, name);
    }

    async fn target(&self, zone: &ZoneId, name: &DomainName) -> Option<DomainName> {
        self.target(zone, name)
    }

    async fn refuse_next(&self, refusal: DnsRefusal) {
        self.refuse(refusal);
    }
}

/// Both sides.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The adapter.
    pub dns: &'a dyn Dns,
    /// What it talks to.
    pub backstage: &'a dyn Backstage,
}

impl std::fmt::Debug for Sides<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sides")
    }
}

/// A test of the suite.
pub type Test = for<'a> fn(Sides<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one: a refusal meets whoever calls next.
pub const ALL: &[(&str, Test)] = suite![Test:
    every_zone_is_listed_however_many_there_are,
    a_record_is_put_moved_and_removed_and_each_may_be_repeated,
    only_the_very_record_is_removed,
    a_name_with_an_address_has_no_room,
    a_busy_dns_is_told_from_one_that_refuses,
    a_zone_that_is_not_there_refuses,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(dns: &dyn Dns, backstage: &dyn Backstage) {
    let sides = Sides { dns, backstage };
    run_all(ALL.iter().map(|(name, test)| (*name, test(sides)))).await;
}

async fn zone(sides: Sides<'_>, visibility: Visibility) -> Zone {
    let tag = unique();
    let zone = Zone {
        id: parsed(&format!("Z{}", tag.to_ascii_uppercase())),
        name: parsed(&format!("z{tag}.example.org")),
        visibility,
    };
    sides.backstage.add_zone(zone.clone()).await;
    zone
}

fn record(zone: &Zone, name: &str, target: &str) -> Cname {
    Cname {
        name: parsed(&format!("{name}.{}", zone.name)),
        target: parsed(target),
    }
}

async fn every_zone_is_listed_however_many_there_are(sides: Sides<'_>) {
    let mut added = Vec::new();
    for n in 0..203 {
        let visibility = if n % 5 == 0 {
            Visibility::Private
        } else {
            Visibility::Public
        };
        added.push(zone(sides, visibility).await);
    }
    let listed = sides.dns.zones().await.unwrap();
    for zone in &added {
        assert_eq!(listed.iter().filter(|listed| *listed == zone).count(), 1);
    }
}

async fn a_record_is_put_moved_and_removed_and_each_may_be_repeated(sides: Sides<'_>) {
    let zone = zone(sides, Visibility::Public).await;
    for target in ["one.cdn.example.net", "two.cdn.example.net"] {
        let record = record(&zone, "docs", target);
        for _ in 0..2 {
            sides.dns.put(&zone.id, &record).await.unwrap();
            let found = sides.backstage.target(&zone.id, &record.name).await;
            assert_eq!(found, Some(record.target.clone()));
        }
    }
    let record = record(&zone, "docs", "two.cdn.example.net");
    for _ in 0..2 {
        sides.dns.remove(&zone.id, &record).await.unwrap();
        assert_eq!(sides.backstage.target(&zone.id, &record.name).await, None);
    }
}

async fn only_the_very_record_is_removed(sides: Sides<'_>) {
    let zone = zone(sides, Visibility::Public).await;
    let moved = record(&zone, "docs", "new.cdn.example.net");
    sides.dns.put(&zone.id, &moved).await.unwrap();
    let neighbour = record(&zone, "x-docs", "old.cdn.example.net");
    sides.dns.put(&zone.id, &neighbour).await.unwrap();
    let old = record(&zone, "docs", "old.cdn.example.net");
    sides.dns.remove(&zone.id, &old).await.unwrap();
    for kept in [moved, neighbour] {
        let found = sides.backstage.target(&zone.id, &kept.name).await;
        assert_eq!(found, Some(kept.target));
    }
}

async fn a_name_with_an_address_has_no_room(sides: Sides<'_>) {
    let zone = zone(sides, Visibility::Public).await;
    let record = record(&zone, "docs", "cdn.example.net");
    sides.backstage.occupy(&zone.id, &record.name).await;
    let refused = sides.dns.put(&zone.id, &record).await;
    assert!(matches!(refused, Err(DnsError::Taken(_))), "{refused:?}");
    sides.dns.remove(&zone.id, &record).await.unwrap();
}

async fn a_busy_dns_is_told_from_one_that_refuses(sides: Sides<'_>) {
    let zone = zone(sides, Visibility::Public).await;
    let record = record(&zone, "docs", "cdn.example.net");
    for refusal in [
        DnsRefusal::Throttled,
        DnsRefusal::PriorRequest,
        DnsRefusal::Denied,
    ] {
        sides.backstage.refuse_next(refusal).await;
        let refused = sides.dns.put(&zone.id, &record).await;
        let as_told = match refusal {
            DnsRefusal::Throttled | DnsRefusal::PriorRequest => matches!(refused, Err(DnsError::Busy(_))),
            DnsRefusal::Denied => matches!(refused, Err(DnsError::Refused(_))),
        };
        assert!(as_told, "{refusal:?}: {refused:?}");
        assert_eq!(sides.backstage.target(&zone.id, &record.name).await, None);
    }
    sides.backstage.refuse_next(DnsRefusal::Throttled).await;
    let refused = sides.dns.zones().await;
    assert!(matches!(refused, Err(DnsError::Busy(_))), "{refused:?}");
    sides.dns.put(&zone.id, &record).await.unwrap();
}

async fn a_zone_that_is_not_there_refuses(sides: Sides<'_>) {
    let zone = Zone {
        id: parsed("ZNOWHERE"),
        name: parsed("nowhere.example.org"),
        visibility: Visibility::Public,
    };
    let refused = sides
        .dns
        .put(&zone.id, &record(&zone, "docs", "cdn.example.net"))
        .await;
    assert!(matches!(refused, Err(DnsError::Refused(_))), "{refused:?}");
}
