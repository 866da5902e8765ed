//! The stand-ins with a table, a bucket and queues, and the adapters connected to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_sdk_s3::config::Region;
use aws_sdk_sqs::types::QueueAttributeName;
use imprint_app::env::Env;
use imprint_app::ports::DeadLetters;
use imprint_aws::{SystemClock, connect};
use imprint_local::standins::{Ports, StandInOptions, StandIns};

const REGION: &str = "eu-central-1";
const KEY: &str = "local";
const TABLE: &str = "catalog";
pub(crate) const BUCKET: &str = "docs";
pub(crate) const FASTLY_KEY: &str = "a-key-that-nobody-may-see";

/// Everything that an adapter needs, in this process.
pub(crate) struct Stack {
    pub(crate) standins: StandIns,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) env: Env,
    pub(crate) dead_letters: Arc<dyn DeadLetters>,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let options = StandInOptions {
            data: None,
            buckets: vec![BUCKET.to_owned()],
            access_key: KEY.to_owned(),
            secret_key: KEY.to_owned(),
            ports: Ports::default(),
        };
        let standins = StandIns::start(options).await.expect("the stand-ins start");
        let credentials = || Credentials::new(KEY, KEY, None, None, "test");
        let sqs = aws_sdk_sqs::Config::builder()
            .region(Region::new(REGION))
            .credentials_provider(credentials());
        let sqs = aws_sdk_sqs::Client::from_conf(sqs.endpoint_url(standins.sqs_url()).build());
        let dynamodb = aws_sdk_dynamodb::Config::builder().region(Region::new(REGION));
        let dynamodb = dynamodb
            .credentials_provider(credentials())
            .endpoint_url(standins.dynamodb_url());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());
        create_table(&dynamodb).await;
        let variables = variables(&standins, &sqs).await;
        let tenants = connect(&variables, Arc::new(SystemClock)).expect("the variables are right");
        let env = tenants.of_installation();
        standins.counts().reset();
        Self {
            standins,
            variables,
            env,
            dead_letters: tenants.installation().dead_letters.clone(),
            sqs,
            dynamodb,
        }
    }

    /// The adapters with other settings.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> Env {
        let mut variables = self.variables.clone();
        for (name, value) in changes {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        let tenants = connect(&variables, Arc::new(SystemClock)).expect("the variables are right");
        tenants.of_installation()
    }

    /// The requests since the last call, by operation, of everything that carries the test function's name.
    pub(crate) fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self.standins.counts();
        let snapshot = counts.snapshot();
        counts.reset();
        let of_function = snapshot.get("test-function").cloned().unwrap_or_default();
        of_function.into_values().flatten().collect()
    }

    /// The waiting messages of a queue, taken off it.
    pub(crate) async fn receive(&self, variable: &str) -> Vec<aws_sdk_sqs::types::Message> {
        let url = &self.variables[variable];
        let request = self
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10);
        let request = request.message_system_attribute_names("All".into());
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        for message in &messages {
            let handle = message.receipt_handle().unwrap();
            self.sqs
                .delete_message()
                .queue_url(url)
                .receipt_handle(handle)
                .send()
                .await
                .unwrap();
        }
        messages
    }
}

async fn variables(standins: &StandIns, sqs: &aws_sdk_sqs::Client) -> BTreeMap<String, String> {
    let variables = [
        ("IMPRINT_STAGE", "local".to_owned()),
        ("IMPRINT_TABLE", TABLE.to_owned()),
        ("IMPRINT_BUCKET", BUCKET.to_owned()),
        ("IMPRINT_DOMAIN", "docs.example.org".to_owned()),
        ("IMPRINT_FASTLY_API", standins.fastly_url()),
        ("IMPRINT_FASTLY_SERVICE", "service-1".to_owned()),
        ("IMPRINT_FASTLY_KEY", FASTLY_KEY.to_owned()),
        (
            "IMPRINT_QUEUE_REGISTER_BUILD",
            create_queue(sqs, "register-build").await,
        ),
        (
            "IMPRINT_QUEUE_UNPACK_ARCHIVE",
            create_queue(sqs, "unpack-archive").await,
        ),
        (
            "IMPRINT_QUEUE_COPY_EDITION",
            create_queue(sqs, "copy-edition.fifo").await,
        ),
        ("IMPRINT_QUEUE_PURGE_CDN", create_queue(sqs, "purge-cdn").await),
        (
            "IMPRINT_QUEUE_DELIVER_WEBHOOK",
            create_queue(sqs, "deliver-webhook").await,
        ),
        (
            "IMPRINT_QUEUE_DERIVE_FORMAT",
            create_queue(sqs, "derive-format").await,
        ),
        (
            "IMPRINT_QUEUE_INDEX_SEARCH",
            create_queue(sqs, "index-search").await,
        ),
        (
            "IMPRINT_QUEUE_RENDER_DOCUMENT",
            create_queue(sqs, "render-document").await,
        ),
        (
            "IMPRINT_QUEUE_RENDER_DASHBOARD",
            create_queue(sqs, "render-dashboard.fifo").await,
        ),
        (
            "IMPRINT_QUEUE_UPDATE_DNS",
            create_queue(sqs, "update-dns.fifo").await,
        ),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ("AWS_ENDPOINT_URL_S3", standins.s3_url()),
        ("AWS_ENDPOINT_URL_DYNAMODB", standins.dynamodb_url()),
        ("AWS_ENDPOINT_URL_SQS", standins.sqs_url()),
        ("AWS_LAMBDA_FUNCTION_NAME", "test-function".to_owned()),
    ];
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A queue and that of its dead letters, as template.yaml names them.
async fn create_queue(sqs: &aws_sdk_sqs::Client, name: &str) -> String {
    let dead = match name.strip_suffix(".fifo") {
        Some(bare) => format!("{bare}-dead-letters.fifo"),
        None => format!("{name}-dead-letters"),
    };
    create_one_queue(sqs, &dead).await;
    create_one_queue(sqs, name).await
}

async fn create_one_queue(sqs: &aws_sdk_sqs::Client, name: &str) -> String {
    let mut request = sqs.create_queue().queue_name(name);
    if name.ends_with(".fifo") {
        request = request.attributes(QueueAttributeName::FifoQueue, "true");
    }
    request.send().await.unwrap().queue_url.unwrap()
}

/// The table as template.yaml has it.
async fn create_table(dynamodb: &aws_sdk_dynamodb::Client) {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let keys = |hash: &str, range: &str| vec![key(hash, KeyType::Hash), key(range, KeyType::Range)];
    let attribute = |name: &&str| {
        let attribute = AttributeDefinition::builder().attribute_name(*name);
        attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let index = |name: &str| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(keys(&format!("{name}PK"), &format!("{name}SK"))))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .unwrap()
    };
    let table = dynamodb
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest);
    table
        .set_attribute_definitions(Some(
            ["PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK"]
                .iter()
                .map(attribute)
                .collect(),
        ))
        .set_key_schema(Some(keys("PK", "SK")))
        .global_secondary_indexes(index("GSI1"))
        .global_secondary_indexes(index("GSI2"))
        .send()
        .await
        .unwrap();
}
