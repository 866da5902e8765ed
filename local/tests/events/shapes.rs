//! The sample events are what the services send. Where each field is described:
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html> (queues),
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html> (objects),
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html> (HTTP),
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html> (schedules).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imprint_domain::message::Envelope;
use imprint_lambda::created_objects;
use imprint_local::template::{Function, ObjectSource, QueueSource, Source, Stack};
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde_json::Value;

use super::{event, project, stack};

/// Each function's samples, those that it takes and those that it has to bear.
const CASES: [(&str, &[&str], &[&str]); 13] = [
    (
        "api",
        &["create-build", "list-builds", "root", "token"],
        &["encoded-path", "no-text", "not-json"],
    ),
    ("copy-edition", &["requested", "retired"], &["poisonous"]),
    ("deliver-webhook", &["requested"], &["poisonous"]),
    (
        "derive-format",
        &["markdown", "requested", "search-json"],
        &["foreign", "poisonous"],
    ),
    ("index-search", &["requested"], &["foreign", "poisonous"]),
    ("purge-cdn", &["batch"], &["poisonous"]),
    (
        "register-build",
        &["archived", "requested", "uploaded"],
        &["poisonous"],
    ),
    ("render-dashboard", &["organization", "requested"], &["poisonous"]),
    (
        "render-document",
        &[
            "incoming-document",
            "incoming-image",
            "published",
            "requested",
            "scan",
        ],
        &["incoming-stranger", "poisonous"],
    ),
    ("retain", &["every-hour"], &["without-input"]),
    ("sweep", &["every-minute"], &["without-input"]),
    ("unpack-archive", &["requested"], &["foreign", "poisonous"]),
    ("update-dns", &["given-up", "requested"], &["poisonous"]),
];

#[test]
fn every_function_has_good_and_bad_samples_and_none_is_forgotten() {
    for (function, good, bad) in CASES {
        assert!(!good.is_empty() && !bad.is_empty(), "{function}");
        let named: BTreeSet<String> = good
            .iter()
            .chain(bad)
            .map(|case| format!("{case}.json"))
            .collect();
        let files = std::fs::read_dir(project().join("events").join(function)).unwrap();
        let there: BTreeSet<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, named, "{function}");
    }
}

#[test]
fn every_sample_is_what_one_of_its_functions_sources_sends() {
    let stack = stack();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (name, good, bad) in CASES {
        let function = stack.function(name).unwrap();
        for case in good.iter().chain(bad) {
            let event = event(name, case);
            let place = format!("events/{name}/{case}.json");
            let from = event.pointer("/Records/0/eventSource").and_then(Value::as_str);
            seen.insert(from.unwrap_or("others").to_owned());
            match from {
                Some("aws:sqs") => is_of_a_queue(&stack, function, &event, &place),
                Some("aws:s3") => is_of_a_bucket(&stack, function, &event, &place),
                Some(_) | None if event.get("version") == Some(&"2.0".into()) => {
                    is_of_the_gateway(function, &event, &place);
                }
                Some(_) | None => is_of_a_schedule(&stack, function, &event, &place),
            }
        }
    }
    assert_eq!(Vec::from_iter(seen), ["aws:s3", "aws:sqs", "others"]);
}

fn text<'a>(value: &'a Value, pointer: &str, place: &str) -> &'a str {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{place}: {pointer} is no text"))
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// SQS takes bodies of so many bytes (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>),
/// and we send no larger ones than it always took.
const MAX_BODY: usize = 256 * 1024;

fn queue_source(function: &Function) -> &QueueSource {
    let source = function.sources.iter().find_map(|source| match source {
        Source::Queue(queue) => Some(queue),
        Source::Http(_) | Source::Objects(_) | Source::Schedule(_) => None,
    });
    source.unwrap_or_else(|| panic!("{} has no queue", function.name))
}

fn is_of_a_queue(stack: &Stack, function: &Function, event: &Value, place: &str) {
    let source = queue_source(function);
    let queue = stack.queue(&source.queue).unwrap();
    let records = event["Records"].as_array().unwrap();
    assert!(
        (1..=source.batch_size).contains(&records.len()),
        "{place}: {} records, and a batch has {}",
        records.len(),
        source.batch_size
    );
    let mut ids = BTreeSet::new();
    let mut last_of_group: BTreeMap<&str, u128> = BTreeMap::new();
    for record in records {
        let of_record = [
            "attributes",
            "awsRegion",
            "body",
            "eventSource",
            "eventSourceARN",
            "md5OfBody",
            "messageAttributes",
            "messageId",
            "receiptHandle",
        ];
        assert_eq!(names(record), of_record.into(), "{place}");
        let body = text(record, "/body", place);
        assert!((1..=MAX_BODY).contains(&body.len()), "{place}");
        let md5 = hex::encode(Md5::digest(body.as_bytes()));
        assert_eq!(text(record, "/md5OfBody", place), md5, "{place}: the body's MD5");
        assert!(
            ids.insert(text(record, "/messageId", place)),
            "{place}: an id twice"
        );
        assert_eq!(text(record, "/messageId", place).len(), 36, "{place}");
        assert_eq!(record["messageAttributes"], serde_json::json!({}), "{place}");
        let arn = format!(
            "arn:aws:sqs:{}:{}:{}",
            stack.region, stack.account, queue.deployed_name
        );
        assert_eq!(text(record, "/eventSourceARN", place), arn, "{place}");
        assert_eq!(text(record, "/awsRegion", place), stack.region, "{place}");
        has_the_attributes_of_a_queue(stack, record, place, queue.fifo);
        if queue.fifo {
            has_its_place_in_the_order(record, &mut last_of_group, place);
        }
    }
}

fn has_the_attributes_of_a_queue(stack: &Stack, record: &Value, place: &str, fifo: bool) {
    let mut wanted = BTreeSet::from([
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "SenderId",
        "SentTimestamp",
    ]);
    if fifo {
        wanted.extend(["MessageDeduplicationId", "MessageGroupId", "SequenceNumber"]);
    }
    let mut attributes = names(&record["attributes"]);
    // There when the sender was traced.
    if attributes.remove("AWSTraceHeader") {
        let header = text(record, "/attributes/AWSTraceHeader", place);
        assert!(header.starts_with("Root=1-"), "{place}: {header}");
    }
    assert_eq!(attributes, wanted, "{place}");
    let number = |name: &str| {
        let text = text(record, &format!("/attributes/{name}"), place);
        text.parse::<u64>()
            .unwrap_or_else(|_| panic!("{place}: {name} is {text}"))
    };
    assert!(number("ApproximateReceiveCount") >= 1, "{place}");
    let (sent, received) = (
        number("SentTimestamp"),
        number("ApproximateFirstReceiveTimestamp"),
    );
    assert!(
        sent > 1_600_000_000_000 && received >= sent,
        "{place}: {sent}, {received}"
    );
    let sender = text(record, "/attributes/SenderId", place);
    let is_a_function = sender.split_once(':').is_some_and(|(role, session)| {
        role.starts_with("AROA")
            && stack
                .functions
                .iter()
                .any(|function| function.deployed_name == session)
    });
    assert!(is_a_function, "{place}: {sender} is the session of no function");
}

/// What the queue orders and de-duplicates by is what we send, and numbers grow within a group.
fn has_its_place_in_the_order<'a>(
    record: &'a Value,
    last_of_group: &mut BTreeMap<&'a str, u128>,
    place: &str,
) {
    let group = text(record, "/attributes/MessageGroupId", place);
    assert!(is_hex(group, 32), "{place}: {group}");
    if let Ok(envelope) = serde_json::from_str::<Envelope>(text(record, "/body", place)) {
        assert_eq!(
            envelope.message.group().as_deref(),
            Some(group),
            "{place}: the group"
        );
        let deduplication = text(record, "/attributes/MessageDeduplicationId", place);
        assert_eq!(envelope.deduplication_id(), deduplication, "{place}");
    }
    let number = text(record, "/attributes/SequenceNumber", place);
    assert_eq!(number.len(), 20, "{place}: {number}");
    let number = number.parse().unwrap();
    let before = last_of_group.insert(group, number);
    assert!(before.is_none_or(|before| before < number), "{place}: {number}");
}

fn object_source(function: &Function) -> &ObjectSource {
    let source = function.sources.iter().find_map(|source| match source {
        Source::Objects(objects) => Some(objects),
        Source::Http(_) | Source::Queue(_) | Source::Schedule(_) => None,
    });
    source.unwrap_or_else(|| panic!("{} hears of no objects", function.name))
}

fn is_of_a_bucket(stack: &Stack, function: &Function, event: &Value, place: &str) {
    let source = object_source(function);
    let records = event["Records"].as_array().unwrap();
    assert_eq!(
        records.len(),
        1,
        "{place}: S3 tells Lambda of one object at a time"
    );
    let record = &records[0];
    let of_record = [
        "awsRegion",
        "eventName",
        "eventSource",
        "eventTime",
        "eventVersion",
        "requestParameters",
        "responseElements",
        "s3",
        "userIdentity",
    ];
    assert_eq!(names(record), of_record.into(), "{place}");
    // 2.2 is of replication, 2.3 of lifecycle, tags and access lists.
    assert_eq!(text(record, "/eventVersion", place), "2.1", "{place}");
    assert_eq!(text(record, "/awsRegion", place), stack.region, "{place}");
    let at = text(record, "/eventTime", place);
    assert!(at.len() == 24 && at.parse::<Timestamp>().is_ok(), "{place}: {at}");
    let name = text(record, "/eventName", place);
    assert!(
        ["ObjectCreated:Put", "ObjectCreated:Post"].contains(&name),
        "{place}: {name}"
    );
    assert!(
        text(record, "/userIdentity/principalId", place).starts_with("AWS:AROA"),
        "{place}"
    );
    text(record, "/requestParameters/sourceIPAddress", place);
    text(record, "/responseElements/x-amz-request-id", place);
    text(record, "/responseElements/x-amz-id-2", place);
    names_an_object(stack, record, place);
    let key = created_objects(event).remove(0).key;
    let prefix = source.prefix.as_deref().unwrap();
    assert!(
        key.as_str().starts_with(prefix),
        "{place}: {key} is not below {prefix}"
    );
}

fn names_an_object(stack: &Stack, record: &Value, place: &str) {
    assert_eq!(
        names(&record["s3"]),
        ["bucket", "configurationId", "object", "s3SchemaVersion"].into(),
        "{place}"
    );
    let bucket = text(record, "/s3/bucket/name", place);
    assert!(
        stack.buckets.iter().any(|known| known.deployed_name == bucket),
        "{place}: {bucket}"
    );
    assert_eq!(
        text(record, "/s3/bucket/arn", place),
        format!("arn:aws:s3:::{bucket}"),
        "{place}"
    );
    text(record, "/s3/bucket/ownerIdentity/principalId", place);
    let object = &record["s3"]["object"];
    assert_eq!(
        names(object),
        ["eTag", "key", "sequencer", "size"].into(),
        "{place}"
    );
    assert!(
        object["size"].is_u64() && is_hex(text(object, "/eTag", place), 32),
        "{place}"
    );
    assert!(is_hex(text(object, "/sequencer", place), 18), "{place}");
}

fn is_of_the_gateway(function: &Function, event: &Value, place: &str) {
    assert!(
        function
            .sources
            .iter()
            .any(|source| matches!(source, Source::Http(_))),
        "{place}"
    );
    let mut members = names(event);
    members.remove("body");
    let has_query = members.remove("queryStringParameters");
    let of_event = [
        "headers",
        "isBase64Encoded",
        "rawPath",
        "rawQueryString",
        "requestContext",
        "routeKey",
        "version",
    ];
    assert_eq!(members, of_event.into(), "{place}");
    assert_eq!(text(event, "/routeKey", place), "$default", "{place}");
    let context = &event["requestContext"];
    assert_eq!(text(context, "/stage", place), "$default", "{place}");
    assert_eq!(
        text(context, "/http/path", place),
        text(event, "/rawPath", place),
        "{place}"
    );
    assert_eq!(
        text(context, "/domainName", place),
        text(event, "/headers/host", place),
        "{place}"
    );
    let agent = text(event, "/headers/user-agent", place);
    assert_eq!(text(context, "/http/userAgent", place), agent, "{place}");
    let caller = text(context, "/http/sourceIp", place);
    assert!(
        text(event, "/headers/x-forwarded-for", place).ends_with(caller),
        "{place}"
    );
    for name in event["headers"].as_object().unwrap().keys() {
        assert_eq!(*name, name.to_ascii_lowercase(), "{place}");
    }
    let at = Timestamp::from_millisecond(context["timeEpoch"].as_i64().unwrap()).unwrap();
    let said = at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
    assert_eq!(text(context, "/time", place), said, "{place}");
    let trace = format!("Root=1-{:08x}-", at.as_second());
    assert!(
        text(event, "/headers/x-amzn-trace-id", place).starts_with(&trace),
        "{place}: {trace}"
    );

    has_the_length_that_it_says(event, place);
    assert_eq!(
        has_query,
        !text(event, "/rawQueryString", place).is_empty(),
        "{place}"
    );
}

fn has_the_length_that_it_says(event: &Value, place: &str) {
    let body = match (
        event.get("body").is_some(),
        event["isBase64Encoded"].as_bool().unwrap(),
    ) {
        (false, encoded) => {
            assert!(!encoded, "{place}: nothing is encoded");
            Vec::new()
        }
        (true, false) => text(event, "/body", place).as_bytes().to_vec(),
        (true, true) => STANDARD.decode(text(event, "/body", place)).unwrap(),
    };
    let length = text(event, "/headers/content-length", place);
    assert_eq!(length, body.len().to_string(), "{place}: the body's length");
}

/// With an input, a rule sends that and nothing of its own; without one it sends an envelope.
fn is_of_a_schedule(stack: &Stack, function: &Function, event: &Value, place: &str) {
    let schedule = function.sources.iter().find_map(|source| match source {
        Source::Schedule(schedule) => Some(schedule),
        Source::Http(_) | Source::Objects(_) | Source::Queue(_) => None,
    });
    let schedule = schedule.unwrap_or_else(|| panic!("{place}: {} has no schedule", function.name));
    if event.get("detail-type").is_none() {
        assert_eq!(
            Some(event),
            schedule.input.as_ref(),
            "{place}: what the template says"
        );
        return;
    }
    assert_eq!(
        names(event),
        [
            "account",
            "detail",
            "detail-type",
            "id",
            "region",
            "resources",
            "source",
            "time",
            "version"
        ]
        .into(),
        "{place}"
    );
    assert_eq!(text(event, "/detail-type", place), "Scheduled Event", "{place}");
    assert_eq!(text(event, "/source", place), "aws.events", "{place}");
    let rule = format!(
        "arn:aws:events:{}:{}:rule/{}-{}",
        stack.region, stack.account, stack.name, schedule.name
    );
    assert_eq!(event["resources"], serde_json::json!([rule]), "{place}");
}
