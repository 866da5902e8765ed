//! The AWS services and the CDN, as stand-ins inside this process.
//!
//! Each listens on its own loopback port and is reached through the AWS SDK (or plain HTTP), as the real
//! one is, so that the deployed adapters run unchanged. In front of each stands one layer that counts
//! requests and adds latency ([`front`]). Each notes what rights a request needs ([`crate::rights`]).
//!
//! What restarts find again: DynamoDB and S3 when there is a data directory. Queues and purges are kept in
//! memory only: after a restart the sweep function sends again what was committed and not sent.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what is stood in for has a clock and an error form of its own, not ours"
)]

mod dynamodb;
pub mod fastly;
pub mod front;
mod operation;
pub mod s3;
mod server;
mod sqs;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::rights::Uses;

use self::fastly::Fastly;
use self::front::{Front, Latency, RequestCounts, Service};
pub use self::s3::ObjectCreated;
use self::server::{Door, Server};

/// The ports to listen on; 0 takes any free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// Port of the S3 stand-in.
    pub s3: u16,
    /// Port of the DynamoDB stand-in.
    pub dynamodb: u16,
    /// Port of the SQS stand-in.
    pub sqs: u16,
    /// Port of the Fastly stand-in.
    pub fastly: u16,
}

/// What the stand-ins start with.
#[derive(Debug, Clone)]
pub struct StandInOptions {
    /// Directory that keeps tables and objects; `None` keeps nothing after the stop.
    pub data: Option<PathBuf>,
    /// Buckets that exist from the start.
    pub buckets: Vec<String>,
    /// Access key that S3 signatures are checked against; those of functions are [made of it](crate::rights::access_key).
    pub access_key: String,
    /// Secret key that S3 signatures are checked against.
    pub secret_key: String,
    /// Ports to listen on.
    pub ports: Ports,
}

/// The running stand-ins.
#[derive(Debug)]
pub struct StandIns {
    servers: Vec<(Service, Server)>,
    counts: RequestCounts,
    latency: Latency,
    uses: Uses,
    objects: s3::Backend,
    fastly: Fastly,
    tables: dynamodb::Tables,
    // Last field: the directory goes when everything that writes to it has been dropped.
    _scratch: Option<tempfile::TempDir>,
}

impl StandIns {
    /// Starts every stand-in and returns when all of them accept connections.
    pub async fn start(options: StandInOptions) -> anyhow::Result<Self> {
        let (data, scratch) = data_directory(options.data.as_deref())?;
        let counts = RequestCounts::default();
        let latency = Latency::default();
        let uses = Uses::new(&options.access_key);
        let front = |service| Front::new(service, counts.clone(), latency.clone());
        let ports = options.ports;

        let objects = s3::Backend::open(&data.join("s3"), &options.buckets).context("opening the objects")?;
        let s3 = objects.service(&options.access_key, &options.secret_key, uses.clone());
        let s3 = Door::bind(ports.s3).await?.open(front(Service::S3), s3);

        let table_file = options.data.is_some().then(|| data.join("dynamodb.sqlite"));
        let tables = dynamodb::Tables::start(table_file.as_deref())
            .await
            .context("starting DynamoDB")?;
        let dynamodb = Door::bind(ports.dynamodb)
            .await?
            .open(front(Service::DynamoDb), tables.proxy(uses.clone()));

        let door = Door::bind(ports.sqs).await?;
        let queues = sqs::Queues::new(door.port(), uses.clone());
        let sqs = door.open(front(Service::Sqs), queues);

        let fastly = Fastly::default();
        let cdn = Door::bind(ports.fastly)
            .await?
            .open(front(Service::Fastly), fastly.clone());

        let servers = vec![
            (Service::S3, s3),
            (Service::DynamoDb, dynamodb),
            (Service::Sqs, sqs),
            (Service::Fastly, cdn),
        ];
        Ok(Self {
            servers,
            counts,
            latency,
            uses,
            objects,
            fastly,
            tables,
            _scratch: scratch,
        })
    }

    /// Endpoint of S3 (path style only), `http://127.0.0.1:PORT`.
    pub fn s3_url(&self) -> String {
        self.url(Service::S3)
    }

    /// Endpoint of DynamoDB, `http://127.0.0.1:PORT`.
    pub fn dynamodb_url(&self) -> String {
        self.url(Service::DynamoDb)
    }

    /// Endpoint of SQS, `http://127.0.0.1:PORT`.
    pub fn sqs_url(&self) -> String {
        self.url(Service::Sqs)
    }

    /// Base URL of the CDN's API, `http://127.0.0.1:PORT`.
    pub fn fastly_url(&self) -> String {
        self.url(Service::Fastly)
    }

    /// The request counters of all stand-ins.
    pub fn counts(&self) -> RequestCounts {
        self.counts.clone()
    }

    /// The latency added to requests.
    pub fn latency(&self) -> Latency {
        self.latency.clone()
    }

    /// What functions did, by the rights that it needs.
    pub fn uses(&self) -> Uses {
        self.uses.clone()
    }

    /// A stream of the objects created from now on, complete and in order.
    pub fn object_events(&self) -> UnboundedReceiver<ObjectCreated> {
        self.objects.subscribe()
    }

    /// The CDN's recorder.
    pub fn fastly(&self) -> Fastly {
        self.fastly.clone()
    }

    /// Stops listening, lets requests that run finish for a moment, and writes everything down.
    pub async fn shutdown(self) {
        let stops = self
            .servers
            .into_iter()
            .map(|(_, server)| server.stop(SHUTDOWN_PATIENCE));
        futures_util::future::join_all(stops).await;
        self.tables.stop().await;
        self.objects.close().await;
    }

    fn url(&self, service: Service) -> String {
        let port = self
            .servers
            .iter()
            .find(|(of, _)| *of == service)
            .map_or(0, |(_, server)| server.port());
        format!("http://127.0.0.1:{port}")
    }
}

/// Time for requests that run at shutdown. Long polls of SQS last up to 20 s and are cut off.
const SHUTDOWN_PATIENCE: Duration = Duration::from_millis(500);

fn data_directory(wanted: Option<&std::path::Path>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    match wanted {
        Some(data) => {
            std::fs::create_dir_all(data).with_context(|| format!("creating {}", data.display()))?;
            Ok((data.to_owned(), None))
        }
        None => {
            let scratch = tempfile::Builder::new()
                .prefix("imprint-")
                .tempdir()
                .context("creating a directory")?;
            Ok((scratch.path().to_owned(), Some(scratch)))
        }
    }
}
