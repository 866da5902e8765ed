//! What the release registry costs at scale: the real adapter over HTTP against the DynamoDB stand-in, which the local stack
//! makes as template.yaml says.
//!
//! `cargo bench -p imprint-local --bench registry` fills the table with 100,000 clusters (some minutes) and prints requests
//! and times; `-- --quick` with 5,000. Times are those of the stand-in on this machine: quote ratios. Request units follow
//! from the sizes and counts that are printed, by DynamoDB's rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use imprint_app::env::Env;
use imprint_app::ports::{Change, Clock, Direction, RegistryChange};
use imprint_app::registry::{self, NewRelease};
use imprint_domain::registry::{
    AgeFilter, Bounds, CheckIn, Cluster, ClusterToken, Data, Given, Report, Reported, TrainName,
};
use imprint_local::stack::{Options, Stack};
use imprint_testing::TestClock;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Components of one installation, as the client of the original has them.
const COMPONENTS: usize = 25;
const RELEASES: usize = 10_000;
/// Check-ins that are measured: as many as appear within a week also of few clusters.
const SAMPLE: usize = 1_000;
/// Requests at a time while the table is filled.
const AT_A_TIME: usize = 16;
const HALF_DAY: SignedDuration = SignedDuration::from_hours(12);

struct Bench {
    stack: Stack,
    env: Env,
    clock: Arc<TestClock>,
    clusters: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let bench = Bench::new(if is_quick { 5_000 } else { 100_000 }).await?;
    let releases = if is_quick { RELEASES / 10 } else { RELEASES };
    println!(
        "{:44} {:>8} {:>10} {:>12}",
        "what", "times", "requests", "ms each"
    );
    bench
        .measure("publish a release", releases, bench.publish(releases))
        .await?;
    bench
        .measure("write a cluster", bench.clusters, bench.fill())
        .await?;
    let all = bench.clusters;
    bench
        .measure("a first check-in", SAMPLE, bench.check_ins(all..all + SAMPLE))
        .await?;
    bench.clock.advance(HALF_DAY);
    // The youngest ones, whose use was noted within the week.
    bench
        .measure("a steady check-in", SAMPLE, bench.check_ins(all - SAMPLE..all))
        .await?;
    let hundred: Vec<TrainName> = (0..100)
        .map(|n| Ok(format!("c{n}/stable").parse()?))
        .collect::<anyhow::Result<_>>()?;
    bench
        .measure("latest of 100 trains", 50, bench.multi_get(&hundred))
        .await?;
    bench
        .measure("count of all clusters", 50, bench.count(AgeFilter::default(), 50))
        .await?;
    let hour = bench.filter(1);
    bench
        .measure(
            "first 100 of those created in one hour",
            50,
            bench.list(&hour, 100, 50),
        )
        .await?;
    bench
        .measure("count of those created in one hour", 50, bench.count(hour, 50))
        .await?;
    bench
        .measure(
            "count of those created in half of the time",
            3,
            bench.count(bench.filter(360), 3),
        )
        .await?;
    bench
        .measure(
            "first 100, least selective filter",
            20,
            bench.list(&bench.silent(), 100, 20),
        )
        .await?;
    bench.measure("census of all", 1, bench.census()).await?;
    bench.sizes().await?;
    bench.stack.shutdown().await;
    Ok(())
}

impl Bench {
    async fn new(clusters: usize) -> anyhow::Result<Self> {
        let stack = Stack::start(Options::default()).await?;
        let (info, endpoints) = (stack.info(), stack.endpoints());
        let variables = [
            ("IMPRINT_STAGE", "local"),
            ("IMPRINT_TABLE", &info.table),
            ("IMPRINT_BUCKET", &info.bucket),
            ("IMPRINT_DOMAIN", "example.org"),
            ("IMPRINT_LAYOUT", "subdomain"),
            ("IMPRINT_DEFAULT_EDITION", "main"),
            ("IMPRINT_PURGE", "soft"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &endpoints.access_key),
            ("AWS_SECRET_ACCESS_KEY", &endpoints.secret_key),
            ("AWS_ENDPOINT_URL_S3", &endpoints.s3),
            ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
            ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ];
        let variables: BTreeMap<String, String> = variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let clock = Arc::new(TestClock::at("2026-01-01T00:00:00Z".parse()?));
        let env = imprint_aws::connect(&variables, clock.clone())?.of_installation();
        Ok(Self {
            stack,
            env,
            clock,
            clusters,
        })
    }

    /// Runs work that does something so many times, and prints what each took.
    async fn measure(
        &self,
        what: &str,
        times: usize,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let before = self.requests();
        let began = Instant::now();
        work.await?;
        let took = began.elapsed().as_secs_f64() * 1000.0;
        let requests = self.requests() - before;
        let (each, ms) = (requests as f64 / times as f64, took / times as f64);
        println!("{what:44} {times:>8} {each:>10.2} {ms:>12.2}");
        Ok(())
    }

    /// What the bench asked the table so far.
    fn requests(&self) -> u64 {
        let all = self.stack.controlled().counts.snapshot();
        let own = all.get("bench").and_then(|services| services.get("dynamodb"));
        own.map_or(0, |operations| operations.values().sum())
    }

    async fn publish(&self, releases: usize) -> anyhow::Result<()> {
        let one = |n: usize| async move {
            let new = NewRelease {
                train: format!("c{}/stable", n % 100).parse()?,
                version: format!("{}.{}.0", 1 + n / 1_000, n / 100 % 10).parse()?,
                released: self.clock.now(),
                data: Data::default(),
                description: None,
                kind: None,
            };
            registry::publish(&self.env, new, None).await?;
            anyhow::Ok(())
        };
        stream::iter((0..releases).map(one))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }

    fn check_in(&self, n: usize, at: Timestamp) -> anyhow::Result<CheckIn> {
        let component = |c: usize| Reported {
            name: format!("c{c}"),
            kind: "Deployment".to_owned(),
            version: format!("2.{}.0", n % 10),
            ..Reported::default()
        };
        Ok(CheckIn {
            id: format!("{n:08x}-c8b1-489a-a55d-a2215d93f934").parse()?,
            report: Report::new((0..COMPONENTS).map(component).collect())?,
            token: None::<ClusterToken>,
            at,
        })
    }

    /// Clusters that appeared one after the other over a month, written as a first check-in leaves them.
    async fn fill(&self) -> anyhow::Result<()> {
        let begin = self.clock.now();
        let token = ClusterToken::from_bytes([1; 32]);
        let month = SignedDuration::from_hours(720).as_secs();
        let one = |n: usize| {
            let share = month * i64::try_from(n).unwrap_or(0) / i64::try_from(self.clusters).unwrap_or(1);
            let at = begin + SignedDuration::from_secs(share);
            let (env, token) = (&self.env, &token);
            async move {
                let first = self.check_in(n, at)?.first(env.organization.slug.clone(), token);
                let cluster = Cluster {
                    used_at: Some(at),
                    ..first
                };
                let change = Change::Registry(Box::new(RegistryChange::CreateCluster(cluster)));
                env.catalog.commit(vec![change]).await?;
                anyhow::Ok(())
            }
        };
        stream::iter((0..self.clusters).map(one))
            .buffer_unordered(AT_A_TIME)
            .try_collect::<()>()
            .await?;
        self.clock.set(begin + SignedDuration::from_secs(month));
        Ok(())
    }

    /// Check-ins of these clusters, one after the other.
    async fn check_ins(&self, clusters: std::ops::Range<usize>) -> anyhow::Result<()> {
        for n in clusters {
            registry::check_in(&self.env, self.check_in(n, self.clock.now())?, "bench").await?;
        }
        Ok(())
    }

    async fn multi_get(&self, trains: &[TrainName]) -> anyhow::Result<()> {
        for _ in 0..50 {
            registry::latest_of(&self.env, trains).await?;
        }
        Ok(())
    }

    /// Those that were created in so many hours in the middle of the month.
    fn filter(&self, hours: i64) -> AgeFilter {
        let middle = self.clock.now() - SignedDuration::from_hours(400);
        let bounds = Bounds {
            created_after: Some(Given::utc(middle)),
            created_before: Some(Given::utc(middle + SignedDuration::from_hours(hours))),
            ..Bounds::default()
        };
        AgeFilter {
            bounds,
            ..AgeFilter::default()
        }
    }

    /// Those that have checked in since: looked for among those that were created before.
    fn silent(&self) -> AgeFilter {
        let recently = self.clock.now() - SignedDuration::from_hours(1);
        let bounds = Bounds {
            created_before: Some(Given::utc(self.clock.now())),
            checked_in_after: Some(Given::utc(recently)),
            ..Bounds::default()
        };
        AgeFilter {
            bounds,
            ..AgeFilter::default()
        }
    }

    async fn list(&self, filter: &AgeFilter, limit: usize, times: usize) -> anyhow::Result<()> {
        for _ in 0..times {
            registry::clusters(&self.env, filter, Direction::Ascending, limit, None).await?;
        }
        Ok(())
    }

    async fn count(&self, filter: AgeFilter, times: usize) -> anyhow::Result<()> {
        for _ in 0..times {
            registry::count(&self.env, &filter).await?;
        }
        Ok(())
    }

    async fn census(&self) -> anyhow::Result<()> {
        registry::census(&self.env, &AgeFilter::default()).await?;
        Ok(())
    }

    /// What an item weighs, which is what request units are counted by.
    async fn sizes(&self) -> anyhow::Result<()> {
        let cluster = registry::cluster(&self.env, &self.check_in(0, self.clock.now())?.id).await?;
        let bytes = serde_json::to_vec(&cluster)?.len();
        println!("a cluster with {COMPONENTS} components has {bytes} bytes as JSON");
        Ok(())
    }
}
