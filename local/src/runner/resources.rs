//! Makes a stack's resources on the stand-ins, and knows what they are called there.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType as SdkKeyType,
    Projection, ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
};
use aws_sdk_s3::config::{AppName, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use crate::template::{Bucket, Key, KeyType, Queue, Reference, Stack, Table};

/// Where the stand-ins are and what they accept as credentials.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// URL of S3.
    pub s3: String,
    /// URL of DynamoDB.
    pub dynamodb: String,
    /// URL of SQS.
    pub sqs: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
}

/// The runner's own clients. Their requests carry the application name `runner`, so that they are not counted
/// as a function's.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
}

impl Clients {
    pub(super) fn new(stack: &Stack, endpoints: &Endpoints) -> anyhow::Result<Self> {
        let credentials = Credentials::new(&endpoints.access_key, &endpoints.secret_key, None, None, "local");
        let region = Region::new(stack.region.clone());
        let name = AppName::new("runner").context("naming the runner's clients")?;
        let sqs = aws_sdk_sqs::Config::builder()
            .endpoint_url(&endpoints.sqs)
            .credentials_provider(credentials.clone())
            .region(region.clone())
            .app_name(name.clone())
            .build();
        let dynamodb = aws_sdk_dynamodb::Config::builder()
            .endpoint_url(&endpoints.dynamodb)
            .credentials_provider(credentials.clone())
            .region(region.clone())
            .app_name(name.clone())
            .build();
        let s3 = aws_sdk_s3::Config::builder()
            .endpoint_url(&endpoints.s3)
            .credentials_provider(credentials)
            .region(region)
            .app_name(name)
            .force_path_style(true)
            .build();
        Ok(Self {
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            s3: aws_sdk_s3::Client::from_conf(s3),
        })
    }
}

/// What one resource is called here.
#[derive(Debug, Default)]
struct Made {
    reference: String,
    attributes: BTreeMap<&'static str, String>,
}

/// The resources of a stack, by their names in the template.
#[derive(Debug, Default)]
pub(super) struct Resources(BTreeMap<String, Made>);

impl Resources {
    pub(super) async fn create(stack: &Stack, clients: &Clients) -> anyhow::Result<Self> {
        let mut made = Self::default();
        // A redrive policy names a queue that must exist.
        let (last, first): (Vec<&Queue>, Vec<&Queue>) =
            stack.queues.iter().partition(|queue| queue.redrive.is_some());
        for queue in first.into_iter().chain(last) {
            let one = create_queue(&clients.sqs, queue, &made).await;
            let one = one.with_context(|| format!("making the queue {}", queue.deployed_name))?;
            made.0.insert(queue.logical.clone(), one);
        }
        for table in &stack.tables {
            let one = create_table(&clients.dynamodb, table).await;
            let one = one.with_context(|| format!("making the table {}", table.deployed_name))?;
            made.0.insert(table.logical.clone(), one);
        }
        for bucket in &stack.buckets {
            let one = create_bucket(&clients.s3, bucket).await;
            let one = one.with_context(|| format!("making the bucket {}", bucket.deployed_name))?;
            made.0.insert(bucket.logical.clone(), one);
        }
        for function in &stack.functions {
            let arn = function_arn(stack, &function.deployed_name);
            let one = Made {
                reference: function.deployed_name.clone(),
                attributes: [("Arn", arn)].into(),
            };
            made.0.insert(function.logical.clone(), one);
        }
        Ok(made)
    }

    /// What `!Ref` stands for.
    pub(super) fn reference(&self, logical: &str) -> Option<&str> {
        self.0.get(logical).map(|made| made.reference.as_str())
    }

    /// As [`Resources::reference`], for resources that the template reader has seen to exist.
    pub(super) fn name_of(&self, logical: &str) -> anyhow::Result<String> {
        Ok(self
            .reference(logical)
            .with_context(|| format!("{logical} was not made"))?
            .to_owned())
    }

    /// What `!Ref` or `!GetAtt` stands for.
    pub(super) fn value(&self, reference: &Reference) -> anyhow::Result<String> {
        let made = self.0.get(&reference.logical);
        let value = made.and_then(|made| match reference.attribute.as_deref() {
            None => Some(&made.reference),
            Some(attribute) => made.attributes.get(attribute),
        });
        value
            .cloned()
            .with_context(|| format!("{reference} has no value in the local stack"))
    }
}

/// The ARN of a function.
pub(super) fn function_arn(stack: &Stack, deployed_name: &str) -> String {
    format!(
        "arn:aws:lambda:{}:{}:function:{deployed_name}",
        stack.region, stack.account
    )
}

async fn create_queue(sqs: &aws_sdk_sqs::Client, queue: &Queue, made: &Resources) -> anyhow::Result<Made> {
    let mut attributes = queue_attributes(queue, made)?;
    let url = match sqs.get_queue_url().queue_name(&queue.deployed_name).send().await {
        Ok(found) => {
            let url = found.queue_url.context("a queue without a URL")?;
            sqs.set_queue_attributes()
                .queue_url(&url)
                .set_attributes(Some(attributes))
                .send()
                .await?;
            url
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_queue_does_not_exist()) =>
        {
            // Only a new queue takes this one.
            if queue.fifo {
                attributes.insert(QueueAttributeName::FifoQueue, "true".to_owned());
            }
            let request = sqs
                .create_queue()
                .queue_name(&queue.deployed_name)
                .set_attributes(Some(attributes));
            request.send().await?.queue_url.context("a queue without a URL")?
        }
        Err(error) => return Err(error.into()),
    };
    let request = sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn);
    let mut found = request.send().await?.attributes.unwrap_or_default();
    let arn = found
        .remove(&QueueAttributeName::QueueArn)
        .context("a queue without an ARN")?;
    let attributes = [
        ("Arn", arn),
        ("QueueName", queue.deployed_name.clone()),
        ("QueueUrl", url.clone()),
    ]
    .into();
    Ok(Made {
        reference: url,
        attributes,
    })
}

fn queue_attributes(queue: &Queue, made: &Resources) -> anyhow::Result<HashMap<QueueAttributeName, String>> {
    let mut attributes: HashMap<QueueAttributeName, String> = queue
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str().into(), value.clone()))
        .collect();
    attributes.insert(
        QueueAttributeName::VisibilityTimeout,
        queue.visibility.as_secs().to_string(),
    );
    if let Some(redrive) = &queue.redrive {
        let target = Reference {
            logical: redrive.target.clone(),
            attribute: Some("Arn".to_owned()),
        };
        let policy = json!({
            "deadLetterTargetArn": made.value(&target)?,
            "maxReceiveCount": redrive.max_receive_count,
        });
        attributes.insert(QueueAttributeName::RedrivePolicy, policy.to_string());
    }
    Ok(attributes)
}

/// How long a new table may take to become active.
const TABLE_PATIENCE: Duration = Duration::from_secs(10);

async fn create_table(dynamodb: &aws_sdk_dynamodb::Client, table: &Table) -> anyhow::Result<Made> {
    let found = match dynamodb
        .describe_table()
        .table_name(&table.deployed_name)
        .send()
        .await
    {
        Ok(found) => found.table,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            None
        }
        Err(error) => return Err(error.into()),
    };
    let description = match found {
        Some(description) => {
            anyhow::ensure!(
                shape_of(&description) == shape(table),
                "it exists with other keys or indexes than the template says: start afresh, or move its data"
            );
            description
        }
        None => new_table(dynamodb, table).await?,
    };
    let arn = description.table_arn.context("a table without an ARN")?;
    Ok(Made {
        reference: table.deployed_name.clone(),
        attributes: [("Arn", arn)].into(),
    })
}

async fn new_table(dynamodb: &aws_sdk_dynamodb::Client, table: &Table) -> anyhow::Result<TableDescription> {
    let mut request = dynamodb
        .create_table()
        .table_name(&table.deployed_name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(schema(&table.keys)?));
    for (name, kind) in &table.attributes {
        let kind = ScalarAttributeType::from(kind.as_str());
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(kind)
                .build()?,
        );
    }
    for index in &table.indexes {
        let projection = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(schema(&index.keys)?))
            .projection(projection)
            .build()?;
        request = request.global_secondary_indexes(index);
    }
    request.send().await?;
    let description = active(dynamodb, &table.deployed_name).await?;
    if let Some(attribute) = &table.time_to_live {
        let specification = TimeToLiveSpecification::builder()
            .attribute_name(attribute)
            .enabled(true)
            .build()?;
        let request = dynamodb.update_time_to_live().table_name(&table.deployed_name);
        request.time_to_live_specification(specification).send().await?;
    }
    Ok(description)
}

async fn active(dynamodb: &aws_sdk_dynamodb::Client, name: &str) -> anyhow::Result<TableDescription> {
    let waiting = async {
        loop {
            let table = dynamodb.describe_table().table_name(name).send().await?.table;
            let table = table.context("a table without a description")?;
            if table.table_status == Some(TableStatus::Active) {
                return anyhow::Ok(table);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TABLE_PATIENCE, waiting)
        .await
        .context("the table did not become active")?
}

fn schema(keys: &[Key]) -> anyhow::Result<Vec<KeySchemaElement>> {
    keys.iter()
        .map(|key| {
            let kind = match key.role {
                KeyType::Hash => SdkKeyType::Hash,
                KeyType::Range => SdkKeyType::Range,
            };
            Ok(KeySchemaElement::builder()
                .attribute_name(&key.attribute)
                .key_type(kind)
                .build()?)
        })
        .collect()
}

/// The keys of a table (under no name) and of its indexes.
type Shape = BTreeMap<Option<String>, Vec<(String, bool)>>;

fn shape(table: &Table) -> Shape {
    let keys = |keys: &[Key]| {
        keys.iter()
            .map(|key| (key.attribute.clone(), key.role == KeyType::Hash))
            .collect()
    };
    let indexes = table
        .indexes
        .iter()
        .map(|index| (Some(index.name.clone()), keys(&index.keys)));
    indexes.chain([(None, keys(&table.keys))]).collect()
}

fn shape_of(table: &TableDescription) -> Shape {
    let keys = |keys: &[KeySchemaElement]| {
        keys.iter()
            .map(|key| (key.attribute_name.clone(), key.key_type == SdkKeyType::Hash))
            .collect()
    };
    let indexes = table
        .global_secondary_indexes()
        .iter()
        .map(|index| (index.index_name.clone(), keys(index.key_schema())));
    indexes.chain([(None, keys(table.key_schema()))]).collect()
}

async fn create_bucket(s3: &aws_sdk_s3::Client, bucket: &Bucket) -> anyhow::Result<Made> {
    let name = &bucket.deployed_name;
    match s3.head_bucket().bucket(name).send().await {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {
            s3.create_bucket().bucket(name).send().await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Made {
        reference: name.clone(),
        attributes: [("Arn", format!("arn:aws:s3:::{name}"))].into(),
    })
}
