//! How fast and at what cost an edition is copied: the real step and the real S3 adapter, over HTTP against the S3
//! stand-in, with latency added to each request as S3 has it.
//!
//! `cargo bench -p imprint-local --bench copy` prints the table; `-- --quick` leaves out what takes minutes;
//! `-- --memory` measures the memory of a process that copies 100,000 files instead.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use imprint_app::Pace;
use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::editions::{self, EditionPatch, NewEdition, NewName};
use imprint_app::env::Env;
use imprint_app::ports::Objects;
use imprint_app::products::{self, NewProduct};
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::register_build::register_build;
use imprint_domain::build::Build;
use imprint_domain::edition::Tracking;
use imprint_domain::git::GitRefs;
use imprint_domain::id::EditionId;
use imprint_domain::key::ObjectKey;
use imprint_domain::kind::Retention;
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_domain::tracking::TrackingMode;
use imprint_local::standins::front::LatencyChange;
use imprint_local::standins::{Ports, StandInOptions, StandIns};
use imprint_testing::{Step, World};
use tokio::time::Instant;

const BUCKET: &str = "imprint-bench";
const SECRET: &str = "bench-secret";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if let Some(at) = arguments.iter().position(|argument| argument == "--child") {
        return child(arguments.get(at + 1).context("--child URL")?).await;
    }
    let stand_ins = StandIns::start(StandInOptions {
        data: None,
        buckets: vec![BUCKET.to_owned()],
        access_key: "bench".to_owned(),
        secret_key: SECRET.to_owned(),
        ports: Ports::default(),
    })
    .await?;
    if has("--memory") {
        memory(&stand_ins)
    } else {
        table(&stand_ins, has("--quick")).await
    }?;
    stand_ins.shutdown().await;
    Ok(())
}

/// Everything in memory but the objects, which are behind HTTP.
fn env(s3: &str) -> anyhow::Result<(World, Env)> {
    let world = World::new();
    let variables = [
        ("IMPRINT_STAGE", "local"),
        ("IMPRINT_TABLE", "none"),
        ("IMPRINT_BUCKET", BUCKET),
        ("IMPRINT_DOMAIN", "example.org"),
        ("IMPRINT_LAYOUT", "subdomain"),
        ("IMPRINT_DEFAULT_EDITION", "main"),
        ("IMPRINT_PURGE", "soft"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_ENDPOINT_URL_S3", s3),
        ("AWS_ENDPOINT_URL_DYNAMODB", s3),
        ("AWS_ENDPOINT_URL_SQS", s3),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ];
    let variables: BTreeMap<String, String> = variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let real = imprint_aws::connect(&variables, world.clock.clone())?;
    let env = Env {
        objects: real.of_installation().objects,
        ..world.env()
    };
    Ok((world, env))
}

/// A product whose builds are published step by step.
struct Bench {
    world: World,
    env: Env,
}

impl Bench {
    async fn new(s3: &str, product: &str) -> anyhow::Result<Self> {
        let (world, env) = env(s3)?;
        let new = NewProduct {
            slug: product.parse()?,
            title: product.parse()?,
            doc_repo: "https://example.org/".parse()?,
            root_domain: None,
            root_fastly_domain: None,
            main_mode: TrackingMode::Manual,
        };
        products::create(&env, new).await?;
        Ok(Self { world, env })
    }

    /// A build of `files` files of 2 KB, of which `changed` differ from those of another build.
    async fn build(&self, product: &str, files: usize, changed: usize) -> anyhow::Result<Build> {
        let new = NewBuild {
            slug: None,
            git_refs: GitRefs::parse(&["main"])?,
            alternate: None,
            artifacts: std::collections::BTreeSet::new(),
            documents: None,
            github_requester: None,
            upload: imprint_domain::upload::Upload::Files,
            directories: None,
            new_editions: NewEditions::Forbidden,
        };
        let build = builds::create(&self.env, &product.parse()?, new, &|_| Ok(()))
            .await?
            .build;
        let headers = Headers {
            content_type: Some("text/html".to_owned()),
            ..Headers::default()
        };
        let objects: &Arc<dyn Objects> = &self.env.objects;
        let (build_ref, headers) = (&build, &headers);
        stream::iter(0..files)
            .map(|n| async move {
                let number = if n < changed { n + files } else { n };
                let body = format!("{number:0>2048}");
                let key = ObjectKey::new(format!("{}{}", build_ref.prefix(), path(n)));
                objects.write(&key, Bytes::from(body), headers).await
            })
            .buffer_unordered(64)
            .try_collect::<Vec<()>>()
            .await?;
        builds::confirm_upload(&self.env, build.id, &Confirmation::Request).await?;
        let envelope = self
            .world
            .queue
            .take(Step::RegisterBuild)
            .context("the register message")?;
        let Message::RegisterBuild(message) = &envelope.message else {
            anyhow::bail!("not a register message")
        };
        register_build(&self.env, &envelope.id, message).await?;
        Ok(builds::get(&self.env, build.id).await?)
    }

    async fn edition(&self, product: &str) -> anyhow::Result<EditionId> {
        let tracking = Tracking {
            mode: TrackingMode::Manual,
            refs: None,
            alternate: None,
        };
        let new = NewEdition {
            name: NewName::Autoincrement,
            tracking,
            kind: None,
            retention: Retention::Applies,
            build: None,
            by: None,
        };
        Ok(editions::create(&self.env, &product.parse()?, new)
            .await?
            .edition
            .id)
    }

    /// Moves an edition to a build and returns how long the copy took.
    async fn copy(&self, edition: EditionId, build: &Build, pace: Pace) -> anyhow::Result<Duration> {
        let patch = EditionPatch {
            build: Some(build.id),
            ..EditionPatch::default()
        };
        editions::update(&self.env, edition, patch).await?;
        let envelope = self
            .world
            .queue
            .take(Step::CopyEdition)
            .context("the copy message")?;
        let Message::CopyEdition(message) = &envelope.message else {
            anyhow::bail!("not a copy message")
        };
        let begun = Instant::now();
        copy_edition(&self.env, &envelope.id, message, Bounds { pace, deadline: None }).await?;
        let took = begun.elapsed();
        let purge = self
            .world
            .queue
            .take(Step::PurgeCdn)
            .context("the purge message")?;
        let Message::PurgeCdn(message) = &purge.message else {
            anyhow::bail!("not a purge message")
        };
        for outcome in purge_cdn(
            &self.env,
            &[Order {
                entry: &purge.id,
                message,
            }],
        )
        .await
        {
            outcome?;
        }
        Ok(took)
    }
}

fn path(n: usize) -> String {
    format!("part{:03}/page{n:06}.html", n % 200)
}

async fn table(stand_ins: &StandIns, quick: bool) -> anyhow::Result<()> {
    println!(
        "{:>7} {:>6} {:>10} {:>8} | {:>9} {:>8} {:>10}",
        "files", "ms", "at a time", "changed", "requests", "seconds", "objects/s"
    );
    for files in [1_000, 10_000] {
        let product = format!("bench-{files}");
        let bench = Bench::new(&stand_ins.s3_url(), &product).await?;
        let changed = files / 50;
        let old = bench.build(&product, files, 0).await?;
        let new = bench.build(&product, files, changed).await?;
        for (millis, pace, named) in [
            (0, Pace::fixed(1), "1"),
            (0, Pace::default(), "default"),
            (20, Pace::fixed(1), "1"),
            (20, Pace::default(), "default"),
        ] {
            if quick && millis > 0 && named == "1" {
                continue;
            }
            let edition = bench.edition(&product).await?;
            for (build, objects, what) in [(&old, files, "all"), (&new, changed, "2 %")] {
                stand_ins.latency().set(LatencyChange {
                    s3_ms: Some(millis),
                    ..LatencyChange::default()
                });
                stand_ins.counts().reset();
                let took = bench.copy(edition, build, pace).await?.as_secs_f64();
                stand_ins.latency().set(LatencyChange {
                    s3_ms: Some(0),
                    ..LatencyChange::default()
                });
                let requests: u64 = stand_ins
                    .counts()
                    .snapshot()
                    .values()
                    .flat_map(|of| of.values())
                    .flat_map(|of| of.values())
                    .sum();
                let rate = objects as f64 / took;
                println!(
                    "{files:>7} {millis:>6} {named:>10} {what:>8} | {requests:>9} {took:>8.2} {rate:>10.0}"
                );
            }
        }
    }
    Ok(())
}

/// Lets another process copy, so that the stand-in's own memory is not counted.
fn memory(stand_ins: &StandIns) -> anyhow::Result<()> {
    let child = Command::new(std::env::current_exe()?)
        .args(["--child", &stand_ins.s3_url()])
        .stdin(Stdio::null())
        .spawn()
        .context("starting the process that copies")?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the process that copies failed");
    Ok(())
}

const MANY: usize = 100_000;

async fn child(s3: &str) -> anyhow::Result<()> {
    let bench = Bench::new(s3, "memory").await?;
    let old = bench.build("memory", MANY, 0).await?;
    let new = bench.build("memory", MANY, MANY / 2).await?;
    println!(
        "after registering two builds of {MANY} files: peak {} MB",
        peak_megabytes()?
    );
    let edition = bench.edition("memory").await?;
    for (build, what) in [(&old, "all"), (&new, "half")] {
        let took = bench.copy(edition, build, Pace::default()).await?;
        println!(
            "copied {what} of {MANY} files in {:.1} s: peak {} MB",
            took.as_secs_f64(),
            peak_megabytes()?
        );
    }
    Ok(())
}

/// The process's high-water mark of resident memory.
fn peak_megabytes() -> anyhow::Result<u64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("only Linux tells a process its memory")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024)
}
