//! The in-memory adapters keep the promises of the ports, as the real ones do.

use imprint_testing::{World, conformance};

#[tokio::test]
async fn the_catalog_conforms() {
    let world = World::new();
    conformance::catalog::run(&*world.catalog).await;
}

#[tokio::test]
async fn the_catalog_conforms_when_calls_interleave() {
    for seed in 0..20 {
        let world = World::new();
        world.gate.interleave(seed, 3);
        conformance::catalog::run(&*world.catalog).await;
    }
}

#[tokio::test]
async fn the_catalog_conforms_when_it_is_not_empty() {
    let world = World::new();
    for _ in 0..3 {
        conformance::catalog::run(&*world.catalog).await;
    }
}

#[tokio::test]
async fn d26_the_registry_conforms() {
    let world = World::new();
    conformance::registry::run(&*world.catalog, &*world.catalog).await;
}

#[tokio::test]
async fn the_registry_conforms_when_calls_interleave() {
    for seed in 0..10 {
        let world = World::new();
        world.gate.interleave(seed, 3);
        conformance::registry::run(&*world.catalog, &*world.catalog).await;
    }
}

#[tokio::test]
async fn the_documents_conform() {
    let world = World::new();
    conformance::documents::run(&*world.catalog, &*world.catalog).await;
    // Over HTTP, too, so they may not ask too much.
    let counts = world.counts();
    assert!(counts.total() < 800, "{:?}", counts.all());
}

#[tokio::test]
async fn the_documents_conform_when_calls_interleave() {
    for seed in 0..10 {
        let world = World::new();
        world.gate.interleave(seed, 3);
        conformance::documents::run(&*world.catalog, &*world.catalog).await;
    }
}

#[tokio::test]
async fn the_objects_conform() {
    let world = World::new();
    conformance::objects::run(&*world.objects).await;
    assert!(world.objects.keys("").is_empty(), "the suite cleans up");
}

#[tokio::test]
async fn the_objects_conform_in_small_pages() {
    let world = World::new();
    world.objects.set_page(3);
    conformance::objects::run(&*world.objects).await;
}

#[tokio::test]
async fn the_queue_conforms() {
    let world = World::new();
    conformance::queue::run(&*world.queue, &*world.queue).await;
    world.queue.deduplicate();
    conformance::queue::run(&*world.queue, &*world.queue).await;
}

#[tokio::test]
async fn the_dead_letters_conform() {
    let world = World::new();
    conformance::dead_letters::run(&*world.queue, &*world.queue).await;
    assert!(world.queue.dead().is_empty(), "the suite cleans up");
}

#[tokio::test]
async fn the_cdn_conforms() {
    let world = World::new();
    conformance::cdn::run(&*world.cdn, &*world.cdn, "service-1").await;
}

#[tokio::test]
async fn the_dns_conforms() {
    let world = World::new();
    conformance::dns::run(&*world.dns, &*world.dns).await;
}

/// The suites are run over HTTP, too, so they may not ask too much.
#[tokio::test]
async fn the_suites_are_moderate_in_their_requests() {
    let world = World::new();
    conformance::catalog::run(&*world.catalog).await;
    conformance::objects::run(&*world.objects).await;
    let counts = world.counts();
    assert!(counts.port("catalog") < 1000, "{:?}", counts.all());
    assert!(counts.port("objects") < 1500, "{:?}", counts.all());
}
