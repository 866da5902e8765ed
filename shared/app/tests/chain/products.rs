//! Products that are deleted and restored.

use imprint_app::builds::{self, NewBuild, NewEditions};
use imprint_app::editions::{self, EditionPatch};
use imprint_app::error::AppError;
use imprint_app::products;
use imprint_domain::git::GitRefs;
use imprint_domain::product::Product;
use imprint_domain::task::{FailureCode, Registration, TaskStatus};
use imprint_testing::samples::parsed;
use imprint_testing::{Moment, run_until_death};
use jiff::SignedDuration;

use crate::installation::{Installation, expected, sites};

fn refused<T: std::fmt::Debug>(result: Result<T, AppError>) {
    match result {
        Err(AppError::Invalid(sentence)) => {
            assert!(sentence.contains("Product was deprecated: alpha"), "{sentence}");
        }
        other => panic!("{other:?} is no refusal"),
    }
}

async fn listed(here: &Installation) -> Vec<Product> {
    products::list(&here.env, 100, None).await.unwrap().items
}

#[tokio::test(start_paused = true)]
async fn a_deleted_product_takes_nothing_new_and_comes_back_as_it_was() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    let late = here.upload(&b, "main").await;
    let before = here.world.catalog.all_editions();
    let slug = parsed("alpha");
    let ended = products::end(&here.env, &slug).await.unwrap();
    let again = products::end(&here.env, &slug).await.unwrap();
    assert_eq!(
        (again.ended_at, again.revision),
        (ended.ended_at, ended.revision.next())
    );
    assert!(listed(&here).await.is_empty());
    assert_eq!(
        products::get(&here.env, &slug).await.unwrap().ended_at,
        ended.ended_at
    );

    let new = NewBuild {
        slug: None,
        git_refs: GitRefs::parse(&["x"]).unwrap(),
        alternate: None,
        artifacts: std::collections::BTreeSet::new(),
        documents: None,
        github_requester: None,
        upload: imprint_domain::upload::Upload::Files,
        directories: None,
        new_editions: NewEditions::Allowed,
    };
    refused(
        builds::create(&here.env, &slug, new, &|_| Ok(()))
            .await
            .map(|created| created.build),
    );
    let id = here.edition("main").id;
    refused(editions::update(&here.env, id, EditionPatch::default()).await);
    refused(editions::pin(&here.env, id).await);
    refused(editions::end(&here.env, id).await);
    refused(products::update(&here.env, &slug, products::ProductPatch::default()).await);
    // A build that was on its way when the product ended is told so.
    let task = here.confirm(&late).await.unwrap();
    here.settle().await;
    let told = here.task(&task).await;
    assert!(
        matches!(&told.registration, Registration::Failed(failure) if failure.code == FailureCode::ProductEnded),
        "{told:?}"
    );
    assert_eq!(here.world.catalog.all_editions(), before);
    assert_eq!(here.shown("main"), expected(&a), "readers keep what they have");

    here.world.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    let restored = products::restore(&here.env, &slug).await.unwrap();
    assert_eq!(restored.ended_at, None);
    products::restore(&here.env, &slug).await.unwrap();
    assert_eq!(listed(&here).await.len(), 1);
    let task = here.confirm(&late).await.unwrap();
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    here.assert_shows("main", &b);
}

#[tokio::test(start_paused = true)]
async fn a_product_can_be_restored_for_thirty_days() {
    let here = Installation::new().await;
    let slug = parsed("alpha");
    products::end(&here.env, &slug).await.unwrap();
    here.world.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
    match products::restore(&here.env, &slug).await {
        Err(AppError::Invalid(sentence)) => {
            assert_eq!(sentence, "the product was deleted more than 30 days ago");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_died_is_asked_for_again() {
    for moment in [Moment::Before, Moment::After] {
        for call in 1.. {
            let here = Installation::new().await;
            let slug = parsed("alpha");
            let ask = || products::end(&here.env, &slug);
            let survived = run_until_death(call, moment, ask()).await.is_some();
            ask().await.unwrap();
            here.recover().await;
            assert!(listed(&here).await.is_empty());
            if survived {
                break;
            }
        }
    }
}
