//! Runs that look after many products, and how they end.

use super::*;

/// Invariant 8: whatever cannot be read, nothing ends, nothing is marked, nothing is deleted.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_taken_as_empty() {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, c] = sites();
    here.publish(&a, "main").await;
    here.publish(&b, "main").await;
    here.publish(&c, "DM-1").await;
    here.later(40);
    for method in [
        "catalog.product_with_editions",
        "catalog.builds",
        "catalog.outbox",
        "catalog.history",
    ] {
        here.world.faults().from(method, 1, Moment::Before, Trouble::Busy);
        let before = (here.world.catalog.all_editions(), here.world.catalog.all_builds());
        here.world.counts().reset();
        retain_product(&here.env, &parsed("alpha"), None)
            .await
            .unwrap_err();
        let counts = here.world.counts();
        assert_eq!(
            (counts.of("catalog.commit"), counts.of("objects.delete")),
            (0, 0),
            "{method}"
        );
        here.world.faults().clear();
        assert_eq!(
            before,
            (here.world.catalog.all_editions(), here.world.catalog.all_builds())
        );
    }
    assert!(!here.retain().await.is_empty());
}

/// Work that is on its way and not known in full is unknown too.
#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_stops_retention_and_says_so() {
    let here = Installation::new().await;
    let build = here.upload(&Site::of_pages(3), "main").await;
    here.later(8);
    let product = here.world.catalog.all_products().remove(0);
    let message = samples::render_message(&product);
    let flood: Vec<_> = (0..2_000)
        .map(|n| samples::outbox_entry(&n.to_string(), message.clone()))
        .collect();
    for entry in flood.clone() {
        here.world.catalog.seed(vec![Change::PutOutbox(entry)]);
    }
    let shown = preview(&here.env, &parsed("alpha")).await.unwrap();
    assert!(
        shown
            .effects
            .unwrap_err()
            .to_string()
            .starts_with("2000 or more messages")
    );
    assert_eq!(here.retain_unsettled().await, []);
    for entry in flood {
        here.world.catalog.seed(vec![Change::RemoveOutbox(entry.id)]);
    }
    assert_eq!(here.retain().await, [Action::MarkBuild(build.id)]);
}

#[tokio::test(start_paused = true)]
async fn the_preview_says_exactly_what_a_run_does() {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, c] = sites();
    for (site, git_ref) in [
        (&a, "main"),
        (&b, "main"),
        (&c, "DM-1"),
        (&a, "DM-2"),
        (&b, "DM-2"),
    ] {
        here.publish(site, git_ref).await;
    }
    here.upload(&a, "DM-3").await;
    let mut done = 0;
    for _ in 0..20 {
        here.later(5);
        let shown = preview(&here.env, &parsed("alpha"))
            .await
            .unwrap()
            .effects
            .unwrap();
        let (effects, _) = retain_product(&here.env, &parsed("alpha"), None).await.unwrap();
        let sorted = |mut effects: Vec<Effect>| {
            effects.sort_by_key(|effect| effect.action);
            effects
        };
        done += effects.len();
        assert_eq!(sorted(effects), sorted(shown));
        here.settle().await;
    }
    assert!(done > 8, "only {done} effects");
    here.assert_shows("main", &b);
}

/// Most runs find nothing to do, and must cost next to nothing.
#[tokio::test(start_paused = true)]
async fn a_product_without_anything_to_do_costs_three_requests() {
    let here = Installation::new().await;
    here.rule(rules());
    let [a, b, _] = sites();
    here.publish(&a, "main").await;
    here.publish(&b, "DM-1").await;
    here.world.counts().reset();
    assert_eq!(here.retain().await, []);
    assert_eq!(here.world.counts().total(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_product_is_looked_after_in_slices_and_one_that_fails_holds_up_no_other() {
    let here = Installation::new().await;
    let products: Vec<Product> = (0..450)
        .map(|n| samples::product(&format!("product-{n}")))
        .collect();
    for product in products {
        here.world.catalog.seed(vec![Change::CreateProduct(product)]);
    }
    let build = here.upload(&Site::of_pages(3), "main").await;
    here.later(8);
    // The samples are as old as the installation; which one fails does not matter.
    here.world
        .faults()
        .once("catalog.builds", 7, Moment::Before, Trouble::Busy);
    let first = retain(&here.world.tenants(), None).await.unwrap();
    assert_eq!((first.products, first.failed), (400, 1));
    let second = retain(&here.world.tenants(), None).await.unwrap();
    assert_eq!((second.products, second.failed), (51, 0));
    assert_eq!(first.effects + second.effects, 1);
    assert!(here.build(build.id).unwrap().doom.is_some());
    let third = retain(&here.world.tenants(), None).await.unwrap();
    assert_eq!(third.products, 400, "it begins anew");
}

/// When time is up the run stops between two products, and the next goes on with the same page.
#[tokio::test(start_paused = true)]
async fn a_run_ends_before_its_time_is_up() {
    let here = Installation::new().await;
    let over = Some(tokio::time::Instant::now());
    assert_eq!(retain(&here.world.tenants(), over).await.unwrap().products, 0);
    assert_eq!(retain(&here.world.tenants(), None).await.unwrap().products, 1);
}
