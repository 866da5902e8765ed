use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use imprint_app::ports::{Change, Ids, StoreError};
use imprint_domain::build::Build;
use imprint_domain::id::{BuildId, EditionId, Revision};
use imprint_domain::product::Product;
use imprint_domain::task::{EditionStep, Task};
use imprint_testing::samples;

use crate::stack::Stack;

fn requests<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected
        .into_iter()
        .map(|(operation, count)| (operation.to_owned(), count))
        .collect()
}

fn task(name: &str, build: &Build) -> Task {
    samples::task(name, build)
}

#[tokio::test]
async fn confirming_an_upload_is_one_request() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let build = samples::build(1, "main");
    catalog
        .commit(vec![Change::CreateBuild(build.clone())])
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));

    let task = task("a task", &build);
    let entry = samples::outbox_entry("a registration", samples::register_message(&task.id, &build));
    let changed = Build {
        revision: Revision(1),
        ..samples::uploaded(build)
    };
    let changes = vec![
        Change::UpdateBuild(changed),
        Change::CreateTask(task),
        Change::PutOutbox(entry.clone()),
    ];
    catalog.commit(changes).await.unwrap();
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));
    assert_eq!(catalog.outbox(samples::after_noon(1), 10).await.unwrap(), [entry]);
}

#[tokio::test]
async fn a_login_and_its_failure_cost_what_the_port_says() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let user = samples::user("dev");
    catalog
        .commit(vec![Change::CreateUser(user.clone())])
        .await
        .unwrap();
    stack.requests();
    let window = imprint_domain::access::FAILURE_WINDOW;
    catalog
        .note_login_failure(&user.name, samples::NOON)
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
    catalog
        .note_login_failure(&user.name, samples::NOON + window)
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 1), ("PutItem", 1)]));
    let login = catalog.login(&user.name).await.unwrap();
    assert!(login.user.is_some() && login.failures.is_some());
    assert_eq!(stack.requests(), requests([("Query", 1)]));
    let token = samples::token("hash", "dev");
    let changes = vec![
        Change::RequireUser(user.name.clone(), Revision(1)),
        Change::CreateToken(token.clone()),
        Change::ForgetLoginFailures(user.name.clone()),
    ];
    catalog.commit(changes).await.unwrap();
    assert_eq!(stack.requests(), requests([("TransactWriteItems", 1)]));
    let tokens = catalog.tokens(&user.name, samples::NOON, 10, None).await.unwrap();
    assert_eq!(
        (tokens.items, stack.requests()),
        (vec![token], requests([("Query", 1)]))
    );
}

#[tokio::test]
async fn each_read_costs_what_the_port_says() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let product = samples::product(samples::PRODUCT);
    let (build, edition) = (samples::build(1, "main"), samples::edition(1, "main", "main"));
    let task = task("a task", &build);
    let part = samples::task_edition(&edition, build.id, EditionStep::Queued);
    catalog
        .commit(vec![
            Change::CreateProduct(product.clone()),
            Change::CreateBuild(build.clone()),
            Change::CreateEdition(edition.clone()),
            Change::CreateTask(task.clone()),
            Change::PutTaskEdition(task.id.clone(), part),
        ])
        .await
        .unwrap();
    stack.requests();
    let org = &product.organization;

    catalog.product(org, &product.slug).await.unwrap().unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 1)]));
    let (_, editions) = catalog
        .product_with_editions(org, &product.slug)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((editions.len(), stack.requests()), (1, requests([("Query", 1)])));
    catalog.products(org, 100, None).await.unwrap();
    assert_eq!(stack.requests(), requests([("Query", 1), ("BatchGetItem", 1)]));
    catalog.builds(org, &product.slug, 100, None).await.unwrap();
    assert_eq!(stack.requests(), requests([("Query", 1)]));
    catalog.build(build.id).await.unwrap().unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 2)]));
    catalog.edition(edition.id).await.unwrap().unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 2)]));
    catalog
        .build_of(org, &product.slug, build.id)
        .await
        .unwrap()
        .unwrap();
    catalog
        .edition_of(org, &product.slug, edition.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stack.requests(), requests([("GetItem", 2)]));
    assert_eq!(catalog.task(&task.id).await.unwrap().unwrap().editions.len(), 1);
    assert_eq!(stack.requests(), requests([("Query", 1)]));
    catalog
        .allot(Ids {
            builds: 2,
            editions: 1,
        })
        .await
        .unwrap();
    catalog.allot(Ids::default()).await.unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 2)]));
    catalog
        .note_progress(&task.id, edition.id, 1, 2, samples::NOON)
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("UpdateItem", 1)]));
    catalog
        .commit(vec![Change::UpdateProduct(Product {
            revision: Revision(1),
            ..product.clone()
        })])
        .await
        .unwrap();
    assert_eq!(stack.requests(), requests([("PutItem", 1)]));
}

#[tokio::test]
async fn of_many_writers_who_saw_the_same_one_wins() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let product = samples::product(samples::PRODUCT);
    catalog
        .commit(vec![Change::CreateProduct(product.clone())])
        .await
        .unwrap();
    let seen = catalog
        .product(&product.organization, &product.slug)
        .await
        .unwrap()
        .unwrap();
    let build = samples::build(1, "main");
    let writers = (0..16).map(|n| {
        let mut mine = seen.clone();
        mine.next_build_slug = 100 + n;
        let task = task(&format!("task {n}"), &build);
        let changes = vec![Change::UpdateProduct(mine), Change::CreateTask(task)];
        async { catalog.commit(changes).await }
    });
    let outcomes = futures_util::future::join_all(writers).await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    let lost = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StoreError::Conflict | StoreError::Busy(_))));
    assert_eq!(lost.count(), 15);
    assert_eq!(
        catalog
            .open_tasks(samples::after_noon(1), 100)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn numbers_are_handed_out_once() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let ask = (0..20).map(|_| {
        catalog.allot(Ids {
            builds: 3,
            editions: 1,
        })
    });
    let mut given: Vec<(BuildId, EditionId)> = futures_util::future::try_join_all(ask)
        .await
        .unwrap()
        .into_iter()
        .collect();
    given.sort();
    let builds: Vec<u64> = given.iter().map(|(build, _)| build.0).collect();
    assert_eq!(builds, (0..20).map(|n| 1 + 3 * n).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_lose_and_repeat_nothing() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let product = samples::product(samples::PRODUCT);
    for id in 1..=25 {
        catalog
            .commit(vec![Change::CreateBuild(samples::build(id, "main"))])
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = catalog
            .builds(&product.organization, &product.slug, 10, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(page.items.iter().map(|build| build.id.0));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<u64>>());
    let error = catalog
        .builds(&product.organization, &product.slug, 10, Some("nonsense!"))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_stored_thing_that_does_not_parse_is_an_error_that_names_it() {
    let stack = Stack::start().await;
    let catalog = &stack.env.catalog;
    let product = samples::product(samples::PRODUCT);
    catalog
        .commit(vec![Change::CreateProduct(product.clone())])
        .await
        .unwrap();
    let text = |raw: &str| AttributeValue::S(raw.to_owned());
    let broken = stack.dynamodb.update_item().table_name("catalog");
    broken
        .key("PK", text("P#default#alpha"))
        .key("SK", text("PRODUCT"))
        .update_expression("SET v.slug = :bad")
        .expression_attribute_values(":bad", text("../etc"))
        .send()
        .await
        .unwrap();
    match catalog.product(&product.organization, &product.slug).await {
        Err(StoreError::Failed(source)) => {
            let said = source.to_string();
            assert!(
                said.contains("P#default#alpha / PRODUCT") && said.contains("../etc"),
                "{said}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_expires_says_when() {
    let stack = Stack::start().await;
    stack
        .env
        .catalog
        .commit(vec![Change::CreateToken(samples::token("abc", "anna"))])
        .await
        .unwrap();
    let text = |raw: &str| AttributeValue::S(raw.to_owned());
    let item = stack.dynamodb.get_item().table_name("catalog");
    let item = item
        .key("PK", text("TOKEN#abc"))
        .key("SK", text("TOKEN"))
        .send()
        .await
        .unwrap()
        .item
        .unwrap();
    let expected = samples::NOON.as_second() + 3600 + 1;
    assert_eq!(item["ttl"], AttributeValue::N(expected.to_string()));
}

/// The table forgets a key by itself, and nothing in its key says what it was.
#[tokio::test]
async fn what_is_kept_of_a_request_expires_after_a_day() {
    let stack = Stack::start().await;
    let kept = samples::kept_request("a key");
    let write = vec![Change::KeepRequest(kept.clone())];
    stack.env.catalog.commit(write).await.unwrap();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let request = stack.dynamodb.get_item().table_name("catalog");
    let request = request
        .key("PK", text(&format!("KEPT#{}", kept.id)))
        .key("SK", text("REQUEST"));
    let item = request.send().await.unwrap().item.unwrap();
    let expected = samples::NOON.as_second() + 24 * 3600 + 1;
    assert_eq!(item["ttl"], AttributeValue::N(expected.to_string()));
}

#[tokio::test]
async fn a_table_that_is_not_there_has_failed_and_one_out_of_reach_is_busy() {
    let stack = Stack::start().await;
    let product = samples::product(samples::PRODUCT);
    let ask = async |env: imprint_app::env::Env| {
        env.catalog
            .product(&product.organization, &product.slug)
            .await
            .unwrap_err()
    };
    let error = ask(stack.with(&[("IMPRINT_TABLE", "another")])).await;
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    let error = ask(stack.with(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")])).await;
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
}
