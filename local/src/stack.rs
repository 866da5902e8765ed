//! The whole stack in one process: stand-ins, functions wired by `template.yaml`, docs port, control port.

mod data_dir;
mod functions;
mod kept;
mod ports;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use imprint_app::tenants::Tenants;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::control::{Controlled, LocalClock};
use crate::docs::DocsOptions;
use crate::rights::Uses;
use crate::runner::{Endpoints, Environment, ObjectCreated, Runner, RunnerOptions, Schedules, Triggers};
use crate::standins::{self, StandInOptions, StandIns};
use crate::template::{self, Deployment};

use self::data_dir::DataDir;
pub use self::data_dir::Keep;
use self::functions::Functions;
use self::kept::Addresses;
pub use self::kept::Kept;
use self::ports::{Server, Wish, listen};
pub use self::tally::{Sum, Tally};

/// The template of the project, so that the program works from any directory.
const TEMPLATE: &str = include_str!("../../template.yaml");

/// What `AWS::StackName` and the like stand for locally.
const STACK: &str = "imprint";
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "imprint-docs";
/// What organizations' own buckets are called. Nobody is refused another one here; only the rights that functions have on AWS
/// are reckoned by it.
const ORGANIZATION_BUCKETS: &str = "imprint-docs-*";
/// The edition at each product's root.
const DEFAULT_EDITION: &str = "main";
/// What the CDN stand-in is asked with; any service and any key will do.
const FASTLY_SERVICE: &str = "local";
const FASTLY_KEY: &str = "local";
/// Where names of products lead, where something stands in for Route 53.
const FASTLY_DOMAIN: &str = "cdn.example.net";
/// What signatures are checked against.
const ACCESS_KEY: &str = "imprint-local";
const SECRET_KEY: &str = "imprint-local-secret";
/// The first user, unless told otherwise.
const USER: &str = "dev";
const PASSWORD: &str = "dev";

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where data is kept; nothing outlives the stack when none.
    pub data: Option<PathBuf>,
    /// Whether the data of the last time counts.
    pub keep: Keep,
    /// Port of the API; 0 takes any free one, here and below.
    pub api_port: u16,
    /// Port of the published pages.
    pub docs_port: u16,
    /// Port of the controls.
    pub control_port: u16,
    /// What the functions' clock shows first; the machine's time when none.
    pub clock: Option<Timestamp>,
    /// Another template than the built-in one.
    pub template: Option<PathBuf>,
    /// Name of the first user.
    pub user: Option<String>,
    /// Password of the first user.
    pub password: Option<String>,
    /// Whether schedules fire by themselves.
    pub schedules: Schedules,
    /// The address of something that stands in for Route 53; products get no names in the DNS when none.
    pub route53: Option<String>,
}

impl Default for Options {
    /// Free ports, nothing kept, schedules on request: what a test wants.
    fn default() -> Self {
        Self {
            data: None,
            keep: Keep::Everything,
            api_port: 0,
            docs_port: 0,
            control_port: 0,
            clock: None,
            template: None,
            user: None,
            password: None,
            schedules: Schedules::OnRequest,
            route53: None,
        }
    }
}

/// Where everything is: the line that `up --json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Always true: there is no line before.
    pub ready: bool,
    /// URL of the API, without a final slash, as all of them.
    pub api: String,
    /// URL of the published pages.
    pub docs: String,
    /// URL of S3.
    pub s3: String,
    /// URL of DynamoDB.
    pub dynamodb: String,
    /// URL of SQS.
    pub sqs: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Name of the table.
    pub table: String,
    /// The first user.
    pub user: String,
    /// The first user's password.
    pub password: String,
    /// URL of the CDN's API.
    pub fastly: String,
    /// URL of the control port.
    pub control: String,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    info: Info,
    endpoints: Endpoints,
    controlled: Controlled,
    docs: Server,
    control: Server,
    stand_ins: StandIns,
    // Last field: another stack may have the directory when everything that writes to it is gone.
    data: Option<DataDir>,
}

impl Stack {
    /// Starts everything, and sends again what an earlier run committed and did not finish.
    ///
    /// # Errors
    /// When the data directory is in use or not ours, a port is taken, or the template is not understood.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let data = match &options.data {
            Some(path) => Some(DataDir::open(path, options.keep)?),
            None => None,
        };
        let [api, docs, control] = listen_all(&options).await?;
        let ports = [api.1, docs.1, control.1];
        let (stand_ins, endpoints) = stand_ins(data.as_ref()).await?;
        let clock = Arc::new(LocalClock::starting_at(options.clock));
        let made = Functions {
            clock: clock.clone(),
            tally: Tally::default(),
        };
        // Before the functions start, so that no purge is missed.
        let purges = stand_ins.fastly().subscribe();
        let runner = run(&options, &stand_ins, &endpoints, &made, api.0, docs.1).await?;
        let info = info(&options, ports, &stand_ins, &runner)?;
        let addresses = Addresses::of(&info);
        let docs = crate::docs::routes(DocsOptions {
            endpoints: endpoints.clone(),
            region: REGION.to_owned(),
            tenants: tenants(&addresses, &clock)?,
            purges,
        })
        .map(|routes| Server::start(docs.0, routes))?;
        let controlled = Controlled {
            clock,
            runner: Arc::new(runner),
            counts: stand_ins.counts(),
            latency: stand_ins.latency(),
            fastly: stand_ins.fastly(),
            tally: made.tally,
        };
        let control = Server::start(control.0, crate::control::routes(controlled.clone()));
        let stack = Self {
            info,
            endpoints,
            controlled,
            docs,
            control,
            stand_ins,
            data,
        };
        stack.send_again().await?;
        if let Some(data) = &stack.data {
            addresses.write(data.path())?;
        }
        Ok(stack)
    }

    /// Where everything is.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// What the control port controls, for tests in this process.
    pub fn controlled(&self) -> &Controlled {
        &self.controlled
    }

    /// What functions did, by the rights that it needs.
    pub fn uses(&self) -> Uses {
        self.stand_ins.uses()
    }

    /// The stand-ins of AWS, and what they accept as credentials.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Queues are gone with the process; the table still has every message that was not acted on.
    async fn send_again(&self) -> anyhow::Result<()> {
        let everything = json!({ "older_than_seconds": 0 });
        let swept = self
            .controlled
            .runner
            .run_schedule_with("sweep", everything)
            .await;
        let swept = swept.context("sending again what an earlier run left")?;
        tracing::debug!(%swept, "sent again what an earlier run left");
        Ok(())
    }

    /// Stops taking requests, lets invocations finish, and writes everything down.
    pub async fn shutdown(self) {
        tokio::join!(
            self.docs.stop(),
            self.control.stop(),
            self.controlled.runner.shutdown()
        );
        self.stand_ins.shutdown().await;
    }
}

async fn listen_all(options: &Options) -> anyhow::Result<[(TcpListener, u16); 3]> {
    let wish = |what, option, port| Wish { what, option, port };
    Ok([
        listen(wish("API", "--api-port", options.api_port)).await?,
        listen(wish("docs", "--docs-port", options.docs_port)).await?,
        listen(wish("control", "--control-port", options.control_port)).await?,
    ])
}

async fn stand_ins(data: Option<&DataDir>) -> anyhow::Result<(StandIns, Endpoints)> {
    let stand_ins = StandIns::start(StandInOptions {
        data: data.map(|data| data.path().to_owned()),
        buckets: vec![BUCKET.to_owned()],
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        ports: standins::Ports::default(),
    })
    .await?;
    let endpoints = Endpoints {
        s3: stand_ins.s3_url(),
        dynamodb: stand_ins.dynamodb_url(),
        sqs: stand_ins.sqs_url(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
    };
    Ok((stand_ins, endpoints))
}

/// The organizations, for those that read and change nothing.
fn tenants(addresses: &Addresses, clock: &Arc<LocalClock>) -> anyhow::Result<Tenants> {
    let domain = addresses.docs.replace("http://127.0.0.1", "localhost");
    let variables = [
        ("IMPRINT_STAGE", "local"),
        ("IMPRINT_TABLE", &addresses.table),
        ("IMPRINT_BUCKET", &addresses.bucket),
        ("IMPRINT_DOMAIN", &domain),
        ("IMPRINT_DOCS_SCHEME", "http"),
        ("IMPRINT_DEFAULT_EDITION", DEFAULT_EDITION),
        ("IMPRINT_FASTLY_SERVICE", FASTLY_SERVICE),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL_S3", &addresses.s3),
        ("AWS_ENDPOINT_URL_DYNAMODB", &addresses.dynamodb),
        ("AWS_ENDPOINT_URL_SQS", &addresses.sqs),
        ("AWS_LAMBDA_FUNCTION_NAME", "docs"),
    ];
    let variables = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Ok(imprint_aws::connect(&variables, clock.clone())?)
}

fn info(
    options: &Options,
    [api, docs, control]: [u16; 3],
    stand_ins: &StandIns,
    runner: &Runner,
) -> anyhow::Result<Info> {
    let table = runner
        .reference("Catalog")
        .context("the template has no table Catalog")?;
    Ok(Info {
        ready: true,
        api: address(api),
        docs: address(docs),
        s3: stand_ins.s3_url(),
        dynamodb: stand_ins.dynamodb_url(),
        sqs: stand_ins.sqs_url(),
        bucket: BUCKET.to_owned(),
        table: table.to_owned(),
        user: options.user.clone().unwrap_or_else(|| USER.to_owned()),
        password: options.password.clone().unwrap_or_else(|| PASSWORD.to_owned()),
        fastly: stand_ins.fastly_url(),
        control: address(control),
    })
}

/// The URL of a port of this machine.
fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

async fn run(
    options: &Options,
    stand_ins: &StandIns,
    endpoints: &Endpoints,
    functions: &Functions,
    api: TcpListener,
    docs_port: u16,
) -> anyhow::Result<Runner> {
    let text = match &options.template {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("reading the template {}", path.display()))?,
        None => TEMPLATE.to_owned(),
    };
    let stack = template::read(&text, &deployment(options, docs_port))?;
    let mut running = RunnerOptions::new(endpoints.clone());
    running.environment = environment(&stand_ins.fastly_url(), &address(api.local_addr()?.port()));
    if let Some(route53) = &options.route53 {
        let name = "AWS_ENDPOINT_URL_ROUTE_53".to_owned();
        running.environment.insert(name, route53.clone());
    }
    running.schedules = options.schedules;
    let triggers = Triggers {
        objects: objects(stand_ins.object_events()),
        http: Some(api),
    };
    Runner::start(stack, running, functions, triggers).await
}

fn deployment(options: &Options, docs_port: u16) -> Deployment {
    let user = options.user.as_deref().unwrap_or(USER);
    let password = options.password.as_deref().unwrap_or(PASSWORD);
    let domain = format!("localhost:{docs_port}");
    let (dns, cdn) = match options.route53 {
        Some(_) => ("route53", FASTLY_DOMAIN),
        None => ("none", ""),
    };
    let parameters = [
        ("Domain", domain.as_str()),
        ("BucketName", BUCKET),
        ("Layout", "subdomain"),
        ("DefaultEdition", DEFAULT_EDITION),
        ("FastlyService", FASTLY_SERVICE),
        ("FastlyDomain", cdn),
        ("ManageDns", dns),
        ("OrganizationBuckets", ORGANIZATION_BUCKETS),
        ("BootstrapUser", user),
        ("BootstrapPassword", password),
    ];
    Deployment {
        stack_name: STACK.to_owned(),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

/// What differs from a deployed function's environment.
fn environment(fastly: &str, api: &str) -> Environment {
    let variables = [
        ("IMPRINT_STAGE", "local"),
        ("IMPRINT_DOCS_SCHEME", "http"),
        ("IMPRINT_FASTLY_API", fastly),
        ("IMPRINT_FASTLY_KEY", FASTLY_KEY),
        ("IMPRINT_API_URL", api),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn objects(events: UnboundedReceiver<standins::ObjectCreated>) -> BoxStream<'static, ObjectCreated> {
    futures_util::stream::unfold(events, |mut events| async move {
        let event = events.recv().await?;
        let event = ObjectCreated {
            bucket: event.bucket,
            key: event.key,
            size: event.size,
            etag: event.etag,
            sequencer: event.sequencer,
            event_name: event.event_name.to_owned(),
            time: event.time,
        };
        Some((event, events))
    })
    .boxed()
}
