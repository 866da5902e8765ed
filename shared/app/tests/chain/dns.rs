//! Names in the DNS: written after a product's creation, never in its way, and taken away after its end.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::ports::{Change, Clock as _};
use imprint_app::products::{self, NewProduct};
use imprint_app::step::Disposal;
use imprint_app::update_dns;
use imprint_domain::dns::{Cname, DomainName, Visibility, Zone, ZoneId};
use imprint_domain::id::OutboxId;
use imprint_domain::message::{Envelope, Message};
use imprint_domain::organization::{Layout, Organization};
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::tracking::TrackingMode;
use imprint_testing::memory::DnsRefusal;
use imprint_testing::samples::{self, parsed};
use imprint_testing::{Moment, Step, World, run_until_death};
use jiff::SignedDuration;

use crate::installation::Installation;

const CDN: &str = "global.prod.fastly.example.net";

/// What a commit does that a product's name depends on.
async fn look_after(env: &Env, product: &Product) {
    let Some(message) = update_dns::message(env, product) else {
        return;
    };
    let id = OutboxId::from_bytes(env.random.identity());
    let entry = OutboxEntry::new(id, message, env.clock.now());
    let envelope = entry.envelope();
    env.catalog.commit(vec![Change::PutOutbox(entry)]).await.unwrap();
    env.queue.send(&[envelope]).await.unwrap();
}

/// An installation that looks after the names in the zone `lsst.io`, beside `io` and others.
async fn here() -> Installation {
    let mut here = Installation::new().await;
    let organization = Organization {
        domain: "lsst.io".to_owned(),
        fastly_domain: CDN.to_owned(),
        ..samples::organization()
    };
    here.env = Env {
        dns: Some(here.world.dns.clone()),
        organization: Arc::new(organization),
        ..here.env
    };
    for name in ["io", "xlsst.io", "lsst.io"] {
        here.world.dns.add_zone(Zone {
            id: zone(name),
            name: parsed(name),
            visibility: Visibility::Public,
        });
    }
    here
}

fn zone(name: &str) -> ZoneId {
    parsed(&format!("Z{}", name.replace('.', "")))
}

fn new(slug: &str) -> NewProduct {
    NewProduct {
        slug: parsed(slug),
        title: parsed("Pipelines"),
        doc_repo: parsed("https://example.org/pipelines"),
        root_domain: None,
        root_fastly_domain: None,
        main_mode: TrackingMode::GitRefs,
    }
}

async fn create(here: &Installation, new: NewProduct) -> Product {
    products::create(&here.env, new).await.unwrap().0
}

fn target(world: &World, name: &str) -> Option<DomainName> {
    world.dns.target(&zone("lsst.io"), &parsed(name))
}

fn asked(here: &Installation) -> Vec<Envelope> {
    here.world.queue.take_all_of(Step::UpdateDns)
}

/// A message as it is when the product is not in the catalog any more.
fn of_a_product_that_is_gone(mut envelope: Envelope) -> Envelope {
    if let Message::UpdateDns(update) = &mut envelope.message {
        update.product = parsed("gone");
    }
    envelope
}

#[tokio::test]
async fn a_new_product_gets_its_name_in_the_longest_zone() {
    let here = here().await;
    create(&here, new("pipelines")).await;
    here.world.counts().reset();
    let asked = asked(&here);
    assert_eq!(asked.len(), 1);
    assert_eq!(here.deliver(&asked[0], 1).await, Disposal::Done);
    assert_eq!(target(&here.world, "pipelines.lsst.io"), Some(parsed(CDN)));
    let counts = here.world.counts();
    assert_eq!(counts.port("dns"), 2, "{:?}", counts.all());
    assert_eq!(counts.port("catalog"), 2, "{:?}", counts.all());
    here.settle().await;
    assert!(here.world.catalog.all_outbox().is_empty());
}

#[tokio::test]
async fn a_product_may_have_a_domain_and_a_cdn_of_its_own() {
    let here = here().await;
    let own = NewProduct {
        root_domain: Some("dm.xlsst.io".to_owned()),
        root_fastly_domain: Some("other.fastly.example.net".to_owned()),
        ..new("pipelines")
    };
    create(&here, own).await;
    here.settle().await;
    let found = here
        .world
        .dns
        .target(&zone("xlsst.io"), &parsed("pipelines.dm.xlsst.io"));
    assert_eq!(found, Some(parsed("other.fastly.example.net")));
}

#[tokio::test]
async fn nobody_asks_for_a_name_that_is_not_imprints_to_write() {
    let here = here().await;
    let with = |change: fn(&mut Organization)| {
        let mut organization = Organization::clone(&here.env.organization);
        change(&mut organization);
        Env {
            organization: Arc::new(organization),
            ..here.env.clone()
        }
    };
    let off = Env {
        dns: None,
        ..here.env.clone()
    };
    let environments = [
        off,
        with(|organization| organization.layout = Layout::Path),
        with(|organization| organization.fastly_domain.clear()),
        with(|organization| organization.domain = "localhost:8701".to_owned()),
    ];
    for (n, env) in environments.iter().enumerate() {
        let (product, _) = products::create(env, new(&format!("p{n}"))).await.unwrap();
        look_after(env, &product).await;
        assert_eq!(asked(&here), [], "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_dns_fails_no_creation_and_the_name_comes_later() {
    let here = here().await;
    for _ in 0..7 {
        here.world.dns.refuse(DnsRefusal::Throttled);
    }
    create(&here, new("pipelines")).await;
    here.settle().await;
    assert_eq!(target(&here.world, "pipelines.lsst.io"), None);
    assert_eq!(here.world.catalog.all_outbox().len(), 1, "kept for the sweep");
    here.recover().await;
    assert_eq!(target(&here.world, "pipelines.lsst.io"), Some(parsed(CDN)));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_comes_late_is_found_and_a_missing_one_is_given_up() {
    let here = here().await;
    let late = NewProduct {
        root_domain: Some("late.example.org".to_owned()),
        ..new("pipelines")
    };
    create(&here, late).await;
    here.settle().await;
    assert_eq!(here.world.catalog.all_outbox().len(), 1);
    let missing = NewProduct {
        root_domain: Some("missing.example.net".to_owned()),
        ..new("other")
    };
    create(&here, missing).await;
    here.world.dns.add_zone(Zone {
        id: zone("late.example.org"),
        name: parsed("late.example.org"),
        visibility: Visibility::Public,
    });
    here.recover().await;
    let found = here
        .world
        .dns
        .target(&zone("late.example.org"), &parsed("pipelines.late.example.org"));
    assert_eq!(found, Some(parsed(CDN)));
}

#[tokio::test]
async fn a_name_that_is_something_else_is_final() {
    let here = here().await;
    here.world
        .dns
        .occupy(&zone("lsst.io"), &parsed("pipelines.lsst.io"));
    create(&here, new("pipelines")).await;
    let asked = asked(&here);
    let Message::UpdateDns(message) = &asked[0].message else {
        panic!("{asked:?}");
    };
    let error = update_dns::update_dns(&here.env, &asked[0].id, message)
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("pipelines.lsst.io cannot be a CNAME: remove what it is now"),
        "{said}"
    );
    assert_eq!(here.deliver(&asked[0], 1).await, Disposal::Done);
    let left: Vec<_> = here.world.catalog.all_outbox();
    assert!(
        left.iter().all(|entry| entry.id != asked[0].id),
        "nobody tries again"
    );
}

#[tokio::test]
async fn the_name_of_a_product_that_is_gone_is_taken_away_and_that_of_a_living_one_stays() {
    let here = here().await;
    let product = create(&here, new("pipelines")).await;
    here.settle().await;
    for _ in 0..2 {
        look_after(&here.env, &product).await;
        let asked = asked(&here).remove(0);
        assert_eq!(here.deliver(&asked, 1).await, Disposal::Done);
        assert!(target(&here.world, "pipelines.lsst.io").is_some(), "it lives");
    }
    let gone = Product {
        slug: parsed("gone"),
        ..product
    };
    let record = Cname {
        name: parsed("gone.lsst.io"),
        target: parsed(CDN),
    };
    for _ in 0..2 {
        imprint_app::ports::Dns::put(&*here.world.dns, &zone("lsst.io"), &record)
            .await
            .unwrap();
        look_after(&here.env, &gone).await;
        here.settle().await;
        assert_eq!(target(&here.world, "gone.lsst.io"), None);
    }
    assert!(here.world.catalog.all_outbox().is_empty());
}

/// Invariant 4 for this step: killed at each call, redelivered or lost, the DNS ends right.
#[tokio::test(start_paused = true)]
async fn writing_a_name_and_taking_it_away_may_die_anywhere() {
    for lives in [true, false] {
        for (lost, moment) in [
            (false, Moment::Before),
            (false, Moment::After),
            (true, Moment::Before),
            (true, Moment::After),
        ] {
            for call in 1.. {
                let here = here().await;
                create(&here, new("pipelines")).await;
                let mut envelope = asked(&here).remove(0);
                if !lives {
                    assert_eq!(here.deliver(&envelope, 1).await, Disposal::Done);
                    envelope = of_a_product_that_is_gone(envelope);
                    here.world.catalog.seed(vec![put_again(&envelope, &here)]);
                }
                let survived = run_until_death(call, moment, here.deliver(&envelope, 1))
                    .await
                    .is_some();
                if !lost {
                    here.world.queue.give_back(envelope);
                }
                here.recover().await;
                assert_eq!(
                    target(&here.world, "pipelines.lsst.io").is_some(),
                    lives,
                    "killed at {call}"
                );
                if survived {
                    assert!(call > 4, "only {call} calls");
                    break;
                }
            }
        }
    }
}

fn put_again(envelope: &Envelope, here: &Installation) -> Change {
    let now = here.world.clock.now() - SignedDuration::from_secs(1);
    let message = envelope.message.clone();
    Change::PutOutbox(OutboxEntry::new(envelope.id.clone(), message, now))
}
