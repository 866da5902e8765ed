//! What the registry costs, and what its store says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use imprint_app::ports::{Change, Direction, Installed, Meter, RegistryChange, StoreError, Touched};
use imprint_aws::{SystemClock, connect};
use imprint_domain::id::Revision;
use imprint_domain::registry::{
    AgeFilter, CheckIn, Cluster, ClusterToken, Data, Head, Release, Report, TrainName, Trust,
};
use imprint_domain::slug::OrganizationSlug;
use imprint_testing::samples::{self, NOON, after_noon, parsed};

use crate::stack::Stack;

fn requests<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected
        .into_iter()
        .map(|(operation, count)| (operation.to_owned(), count))
        .collect()
}

fn org() -> OrganizationSlug {
    samples::organization_slug()
}

fn release(train: &str, version: &str) -> Release {
    Release {
        organization: org(),
        train: parsed(train),
        version: parsed(version),
        released: NOON,
        data: Data::default(),
        description: None,
        kind: None,
        published_at: NOON,
        published_by: None,
        docs: None,
    }
}

fn check_in(id: &str) -> CheckIn {
    CheckIn {
        id: parsed(id),
        report: Report::default(),
        token: None,
        at: NOON,
    }
}

fn cluster(id: &str) -> Cluster {
    let check_in = check_in(id);
    Cluster {
        used_at: Some(check_in.at),
        ..check_in.first(org(), &ClusterToken::from_bytes([1; 32]))
    }
}

async fn commit<const N: usize>(stack: &Stack, changes: [RegistryChange; N]) -> Result<(), StoreError> {
    let changes = changes.map(|change| Change::Registry(Box::new(change)));
    stack.env.catalog.commit(changes.into()).await
}

#[tokio::test]
async fn a_check_in_is_one_write_and_its_news_one_read() {
    let stack = Stack::start().await;
    let registry = &stack.env.registry;
    let unknown = registry.touch(&org(), &check_in("c")).await.unwrap();
    assert_eq!(unknown, Touched::Unusual(None));
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
    commit(&stack, [RegistryChange::CreateCluster(cluster("c"))])
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));
    let usual = registry.touch(&org(), &check_in("c")).await.unwrap();
    assert!(matches!(usual, Touched::Written(_)), "{usual:?}");
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
    let late = CheckIn {
        at: after_noon(-1),
        ..check_in("c")
    };
    let late = registry.touch(&org(), &late).await.unwrap();
    assert!(matches!(late, Touched::Written(_)), "{late:?}");
    assert_eq!(stack.requests(), requests([("UpdateItem", 2)]));

    // Of a hundred keys, of which some are asked for twice.
    let trains: Vec<TrainName> = (0..60).map(|n| parsed(&format!("c{n}/stable"))).collect();
    let versions: Vec<Installed> = (0..40)
        .map(|n| (parsed(&format!("c{n}")), parsed("1.0")))
        .collect();
    let twice = [trains.clone(), trains[..7].to_vec()].concat();
    registry.news(&org(), &twice, &versions).await.unwrap();
    assert_eq!(stack.requests(), requests([("BatchGetItem", 1)]));
    let one_more = [versions, vec![(parsed("c"), parsed("1.0"))]].concat();
    registry.news(&org(), &trains, &one_more).await.unwrap();
    assert_eq!(stack.requests(), requests([("BatchGetItem", 2)]));
    registry.news(&org(), &[], &[]).await.unwrap();
    assert_eq!(stack.requests(), BTreeMap::new());
}

#[tokio::test]
async fn releases_cost_what_the_port_says() {
    let stack = Stack::start().await;
    let registry = &stack.env.registry;
    let one = release("alpha/stable", "1.0");
    let head = Head::new(org(), one.train.clone());
    let publication = head.publish(None, None, one.clone()).unwrap();
    commit(&stack, [RegistryChange::Publish(publication)])
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));
    let stored = registry.release(&org(), &one.train, &one.version).await.unwrap();
    assert_eq!(
        (stored.as_ref(), stack.requests()),
        (Some(&one), requests([("GetItem", 1)]))
    );
    let all = registry
        .releases(&org(), &one.train, Direction::Descending, 10, None)
        .await
        .unwrap();
    assert_eq!(
        (all.items, stack.requests()),
        (vec![one.clone()], requests([("Query", 1)]))
    );
    let trains = registry.trains(&org(), None, 10, None).await.unwrap();
    assert_eq!(
        (trains.items.len(), stack.requests()),
        (1, requests([("Query", 1)]))
    );
    let trains = registry
        .trains(&org(), Some(&one.train.component), 10, None)
        .await
        .unwrap();
    assert_eq!(
        (trains.items.len(), stack.requests()),
        (1, requests([("Query", 1)]))
    );
}

#[tokio::test]
async fn clusters_and_notes_cost_what_the_port_says() {
    let stack = Stack::start().await;
    let registry = &stack.env.registry;
    for id in ["a", "b", "c", "d", "e", "f"] {
        commit(&stack, [RegistryChange::CreateCluster(cluster(id))])
            .await
            .unwrap();
    }
    stack.requests();
    let everything = AgeFilter::default();
    assert_eq!(registry.count_clusters(&org(), &everything).await.unwrap(), 6);
    assert_eq!(stack.requests(), requests([("GetItem", 1)]));
    let some = AgeFilter {
        min_checkins: 1,
        ..AgeFilter::default()
    };
    assert_eq!(registry.count_clusters(&org(), &some).await.unwrap(), 6);
    assert_eq!(stack.requests(), requests([("Query", 4)]));
    for filter in [everything, some] {
        let page = registry
            .clusters(&org(), &filter, Direction::Ascending, 4, None)
            .await
            .unwrap();
        assert_eq!(
            (page.items.len(), stack.requests()),
            (4, requests([("Query", 4)]))
        );
        let cursor = page.next.as_deref();
        let page = registry
            .clusters(&org(), &filter, Direction::Ascending, 4, cursor)
            .await
            .unwrap();
        assert_eq!(
            (page.items.len(), stack.requests()),
            (2, requests([("Query", 4)]))
        );
    }
    registry.cluster(&org(), &parsed("a")).await.unwrap().unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 1)]));

    let versions: Vec<Installed> = (0..20)
        .map(|n| (parsed("alpha"), parsed(&format!("1.{n}"))))
        .collect();
    registry
        .note_use(&org(), &versions, Trust::Verified, NOON)
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 20)]));
    let used = registry.in_use(&org(), &parsed("alpha"), NOON).await.unwrap();
    assert_eq!((used.len(), stack.requests()), (20, requests([("Query", 1)])));
    let day = jiff::civil::date(2026, 1, 1);
    assert!(registry.spend(&org(), "source", day, "thing", 1).await.unwrap());
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
}

#[tokio::test]
async fn of_clusters_that_are_created_at_once_each_is_counted() {
    let stack = Stack::start().await;
    let create = |n: u32| commit(&stack, [RegistryChange::CreateCluster(cluster(&format!("c{n}")))]);
    let outcomes = futures_util::future::join_all((0..40).map(create)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let count = stack
        .env
        .registry
        .count_clusters(&org(), &AgeFilter::default())
        .await;
    assert_eq!(count.unwrap(), 40);
}

#[tokio::test]
async fn what_expires_of_the_registry_says_when() {
    let stack = Stack::start().await;
    let registry = &stack.env.registry;
    let (day, version) = (jiff::civil::date(2026, 1, 1), (parsed("alpha"), parsed("1.0")));
    registry.spend(&org(), "source", day, "thing", 1).await.unwrap();
    registry
        .note_use(&org(), &[version], Trust::Unverified, NOON)
        .await
        .unwrap();
    let id = "7e57d004-2b97-4e7a-b45f-5387367791cd";
    let report = imprint_domain::registry::DoctorReport::of(org(), parsed(id), b"{}", NOON);
    let expires_at = report.expires_at();
    commit(&stack, [RegistryChange::CreateDoctorReport(report)])
        .await
        .unwrap();
    let days = |days: i64| jiff::SignedDuration::from_hours(days * 24);
    for (pk, sk, at) in [
        (
            "SOURCE#default#source".to_owned(),
            "2026-01-01",
            "2026-01-03T00:00:00Z".parse().unwrap(),
        ),
        ("USE#default#alpha".to_owned(), "1.0#U", NOON + days(400)),
        (format!("DOCTOR#default#{id}"), "REPORT", expires_at),
    ] {
        let text = |raw: &str| aws_sdk_dynamodb::types::AttributeValue::S(raw.to_owned());
        let item = stack
            .dynamodb
            .get_item()
            .table_name("catalog")
            .key("PK", text(&pk))
            .key("SK", text(sk));
        let item = item.send().await.unwrap().item.unwrap();
        assert_eq!(
            item["ttl"].as_n().unwrap().parse::<i64>().unwrap(),
            at.as_second() + 1,
            "{pk}"
        );
    }
}

#[tokio::test]
async fn the_store_says_what_it_was_asked_and_whether_it_answers() {
    let stack = Stack::start().await;
    let tenants = connect(&stack.variables, Arc::new(SystemClock)).unwrap();
    let here = tenants.installation();
    assert_eq!(here.health.meter(), Meter::default());
    here.health.probe().await.unwrap();
    let create = || {
        vec![Change::Registry(Box::new(RegistryChange::CreateCluster(
            cluster("c"),
        )))]
    };
    here.catalog.commit(create()).await.unwrap();
    // Conditions that do not hold: of a transaction, of a put, of an update.
    here.catalog.commit(create()).await.unwrap_err();
    let ahead = Cluster {
        revision: Revision(9),
        ..cluster("c")
    };
    let update = Change::Registry(Box::new(RegistryChange::UpdateCluster(ahead)));
    here.catalog.commit(vec![update]).await.unwrap_err();
    let elsewhere = CheckIn {
        token: Some(ClusterToken::from_bytes([2; 32])),
        ..check_in("c")
    };
    here.registry.touch(&org(), &elsewhere).await.unwrap();
    here.registry
        .count_clusters(&org(), &AgeFilter::default())
        .await
        .unwrap();
    let expected = Meter {
        reads: 2,
        writes: 4,
        errors: 0,
        throttles: 0,
    };
    assert_eq!(here.health.meter(), expected);

    let mut variables = stack.variables.clone();
    variables.insert("IMPRINT_TABLE".to_owned(), "another".to_owned());
    let elsewhere = connect(&variables, Arc::new(SystemClock)).unwrap();
    let health = &elsewhere.installation().health;
    let error = health.probe().await.unwrap_err();
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    assert_eq!((health.meter().reads, health.meter().errors), (1, 1));

    variables.insert(
        "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
        "http://127.0.0.1:9".to_owned(),
    );
    let nowhere = connect(&variables, Arc::new(SystemClock)).unwrap();
    let health = &nowhere.installation().health;
    assert!(health.probe().await.unwrap_err().is_retryable());
    let meter = health.meter();
    assert_eq!((meter.reads, meter.errors), (4, 4), "each repetition counts");
    assert_eq!(here.health.meter(), expected, "each client counts its own");
}
