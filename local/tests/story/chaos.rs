//! The power fails again and again while clients publish.

use std::time::{Duration, Instant};

use imprint_local::demo::{Client, Reader, Site};
use imprint_testing::surroundings::Splitmix;

use crate::program::Program;
use crate::support::main_edition;

/// How often the power fails.
const KILLS: u64 = 50;
const PRODUCTS: [&str; 2] = ["alpha", "beta"];
/// What was committed and not sent is sent again after two minutes, and once more if that was in vain.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was published to a product.
#[derive(Debug, Default)]
struct Published {
    /// The newest site that somebody tried to publish.
    tried: u64,
    /// The newest that was said to be on its way.
    accepted: u64,
    /// The newest that a reader has seen.
    seen: u64,
}

/// The `n`th site of a product: a page that changes, one that stays, and one that no other site has.
fn site(product: &str, n: u64) -> Site {
    let (home, own) = (format!("{product} {n}"), format!("only-{n}.html"));
    Site::from([
        ("index.html", home.as_str()),
        ("same.html", "same"),
        (own.as_str(), "own"),
    ])
}

/// Publishes site after site until the power fails.
async fn work(client: &Client, published: &mut [Published; 2]) -> anyhow::Result<()> {
    loop {
        for (product, published) in PRODUCTS.iter().zip(published.iter_mut()) {
            let n = published.tried + 1;
            let site = site(product, n);
            let build = client.create_build(product, "main", &site).await?;
            client.upload(&build, &site).await?;
            published.tried = n;
            client.confirm(&build).await?;
            published.accepted = n;
        }
    }
}

/// Which site a reader gets; none before the first is there.
async fn shown(reader: &Reader, product: &str) -> Option<u64> {
    let page = reader.read("").await.unwrap();
    let text = std::str::from_utf8(&page.body).unwrap();
    let n = text.strip_prefix(product)?.trim().parse().ok()?;
    page.status.is_success().then_some(n)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "kills the program fifty times and starts it again: two minutes"]
async fn killed_fifty_times_while_clients_publish_it_ends_as_if_nothing_had_happened() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut random = Splitmix::new(50);
    let mut published = [Published::default(), Published::default()];
    for kill in 0..KILLS {
        let program = Program::start(&data);
        let client = program.client().await;
        for product in PRODUCTS.iter().filter(|_| kill == 0) {
            client.create_product(product, "A product").await.unwrap();
            client.derive(product, &[]).await.unwrap();
        }
        let power = Duration::from_millis(30 + random.below(1500));
        for (product, published) in PRODUCTS.iter().zip(published.iter_mut()) {
            let now = shown(&program.reader(product), product).await.unwrap_or(0);
            assert!(now >= published.seen, "{product} shows {now}: {published:?}");
            published.seen = now;
        }
        // Whatever fails, fails because the power did.
        let _ended = tokio::time::timeout(power, work(&client, &mut published)).await;
        program.kill();
    }
    assert!(published.iter().all(|one| one.accepted > 10), "{published:?}");

    let program = Program::start(&data);
    let client = program.client().await;
    for (product, published) in PRODUCTS.iter().zip(&published) {
        let reader = program.reader(product);
        let begin = Instant::now();
        let n = loop {
            let edition = main_edition(&client, product).await;
            if edition["pending_rebuild"] == false
                && let Some(n) = shown(&reader, product).await
                && (published.accepted..=published.tried).contains(&n)
            {
                break n;
            }
            assert!(begin.elapsed() < PATIENCE, "{published:?}: {edition}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        reader.has_all(&site(product, n)).await.unwrap();
        let others = (1..=published.tried).filter(|other| *other != n);
        let others: Vec<String> = others.map(|other| format!("only-{other}.html")).collect();
        reader.has_none(&others).await.unwrap();
    }
    program.terminate();
}
