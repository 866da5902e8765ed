//! The story on a deployment: CloudFormation has put `template.yaml` somewhere, Lambda's runtime starts the programs, and
//! this test is an uploader, a reader and an operator of it. `scripts/deployed.sh` deploys it onto an emulator and runs this.
//!
//! The CDN is here: the deployment is told that Fastly is at an address of this test, which records purges and serves the
//! bucket's pages as Fastly would.

mod queues;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, HeaderValue};
use imprint_local::demo::{Client, Site, has_formats};
use imprint_local::docs::{DocsOptions, routes};
use imprint_local::runner::Endpoints;
use imprint_local::standins::{Ports, StandInOptions, StandIns};

use self::queues::{Lost, Mapping, poison_harms_no_neighbour};
use crate::place::{Aws, ODD_PAGE, Place};
use crate::{archives, documents, publishing, rename};

/// What says where the deployment is. Without it there is none.
const VARIABLE: &str = "IMPRINT_DEPLOYED";

/// Where the deployment is, as the script says it.
#[derive(serde::Deserialize)]
struct Deployment {
    /// Where everything of AWS is, `127.0.0.1:4566`.
    aws: SocketAddr,
    region: String,
    access_key: String,
    secret_key: String,
    /// The host of the HTTP API, without a port.
    api_host: String,
    user: String,
    password: String,
    stack: String,
    bucket: String,
    table: String,
    /// Where the deployment believes Fastly to be; nobody listens there yet.
    fastly_port: u16,
    fastly_service: String,
    /// The mapping of the queue of register-build.
    register_build_mapping: String,
}

impl Deployment {
    fn aws(&self) -> String {
        format!("http://{}", self.aws)
    }

    /// A client that finds the API by its host, and adds what the gateway of AWS would add.
    async fn client(&self) -> Client {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(&self.api_host, self.aws)
            .default_headers(headers)
            .build()
            .unwrap();
        let api = format!("http://{}:{}", self.api_host, self.aws.port());
        let client = Client::log_in_through(http, &api, &self.user, &self.password);
        client.await.unwrap()
    }

    /// The published pages behind the CDN that is told to forget them.
    async fn docs(&self, cdn: &StandIns) -> String {
        let aws = self.aws();
        let variables = [
            ("IMPRINT_STAGE", "local"),
            ("IMPRINT_TABLE", &self.table),
            ("IMPRINT_BUCKET", &self.bucket),
            ("IMPRINT_DOMAIN", "docs.example.org"),
            ("IMPRINT_FASTLY_SERVICE", &self.fastly_service),
            ("AWS_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.access_key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret_key),
            ("AWS_ENDPOINT_URL_S3", &aws),
            ("AWS_ENDPOINT_URL_DYNAMODB", &aws),
            ("AWS_ENDPOINT_URL_SQS", &aws),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = DocsOptions {
            endpoints: Endpoints {
                s3: aws.clone(),
                dynamodb: aws.clone(),
                sqs: aws.clone(),
                access_key: self.access_key.clone(),
                secret_key: self.secret_key.clone(),
            },
            region: self.region.clone(),
            tenants: imprint_aws::connect(&variables.into(), Arc::new(imprint_aws::SystemClock)).unwrap(),
            purges: cdn.fastly().subscribe(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = routes(options).unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    async fn place(&self, cdn: &StandIns) -> Place {
        Place {
            client: self.client().await,
            docs: self.docs(cdn).await,
            bucket: self.bucket.clone(),
            aws: Aws {
                s3: self.aws(),
                sqs: self.aws(),
                access_key: self.access_key.clone(),
                secret_key: self.secret_key.clone(),
            },
            stack_name: self.stack.clone(),
            fastly: cdn.fastly(),
            odd_page: ODD_PAGE,
        }
    }
}

/// Fastly, where the deployment believes it to be. The other stand-ins are not used.
async fn cdn(port: u16) -> StandIns {
    StandIns::start(StandInOptions {
        data: None,
        buckets: Vec::new(),
        access_key: "unused".to_owned(),
        secret_key: "unused".to_owned(),
        ports: Ports {
            fastly: port,
            ..Ports::default()
        },
    })
    .await
    .unwrap()
}

/// Says what was told, and how long that took.
async fn told(what: &str, story: impl Future<Output = ()>) {
    let begin = Instant::now();
    story.await;
    println!("  {:6.1} s  {what}", begin.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment, which scripts/deployed.sh makes"]
async fn a_deployment_does_what_the_local_stack_does() {
    let Some(deployment) = imprint_aws::variables_of_process().remove(VARIABLE) else {
        println!(
            "not told: {VARIABLE} says of no deployment; scripts/deployed.sh makes one and runs this test"
        );
        return;
    };
    let deployment: Deployment = serde_json::from_str(&deployment).unwrap();
    let cdn = cdn(deployment.fastly_port).await;
    let place = &deployment.place(&cdn).await;

    let mapping = &Mapping::of(&deployment);
    let lost = Lost::confirmed(place, mapping, "lost").await;
    told("a build is published, the next one takes its place", async {
        publishing::takes_the_place_of_the_first(place, "handbook").await;
        publishing::directories_redirect(place, "handbook").await;
    })
    .await;
    told(
        "a product's own pages",
        publishing::has_pages_of_its_own(place, "handbook"),
    )
    .await;
    told(
        "a marker's event confirms a build",
        publishing::marker_confirms(place, "marked"),
    )
    .await;
    told(
        "an archive, by its event",
        archives::archive_is_published(place, "packed"),
    )
    .await;
    told(
        "a bad message beside a good one",
        poison_harms_no_neighbour(place, mapping, "poisoned"),
    )
    .await;
    told("every format of a build", has_every_format(place, "tidepool")).await;
    told("a document", async {
        documents::becomes_pages_and_pdfs(place, "paper").await;
    })
    .await;
    told("an edition is renamed", rename::readers_follow(place, "renamed")).await;
    told(
        "a product is deleted and comes back",
        rename::comes_back(place, "restored"),
    )
    .await;
    told(
        "a lost message is sent again by the schedule",
        lost.comes_again(place),
    )
    .await;
    println!("the story was told to {}", deployment.stack);
    cdn.shutdown().await;
}

/// The programs with the large libraries do their work, too.
async fn has_every_format(place: &Place, product: &str) {
    place.product_with_formats(product).await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo-site/v1");
    place.publish(product, &Site::read(&root).unwrap()).await;
    has_formats(&place.reader(product), product).await.unwrap();
}
