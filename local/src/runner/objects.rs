//! S3's notifications.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::asynchronous::{Asynchronous, Target};
use super::invoker::request_id;
use crate::template::{Function, ObjectSource, Stack};

/// An object that has just appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key as it is, not URL-encoded.
    pub key: String,
    /// Bytes of the body.
    pub size: u64,
    /// Entity tag without quotes.
    pub etag: String,
    /// Orders the events of one key, compared as text.
    pub sequencer: String,
    /// Such as `ObjectCreated:Post`.
    pub event_name: String,
    /// When it was created.
    pub time: jiff::Timestamp,
}

/// One notification of the template.
pub(super) struct Listener {
    target: Target,
    bucket: String,
    source: ObjectSource,
    region: String,
    account: String,
}

impl Listener {
    pub(super) fn new(stack: &Stack, function: &Function, source: &ObjectSource, bucket: String) -> Self {
        Self {
            target: Target::new(stack, function),
            bucket,
            source: source.clone(),
            region: stack.region.clone(),
            account: stack.account.clone(),
        }
    }

    fn wants(&self, object: &ObjectCreated) -> bool {
        let of_type = |pattern: &String| {
            let pattern = pattern.trim_start_matches("s3:");
            match pattern.strip_suffix('*') {
                Some(beginning) => object.event_name.starts_with(beginning),
                None => object.event_name == pattern,
            }
        };
        object.bucket == self.bucket
            && self.source.events.iter().any(of_type)
            && self
                .source
                .prefix
                .as_ref()
                .is_none_or(|prefix| object.key.starts_with(prefix))
            && self
                .source
                .suffix
                .as_ref()
                .is_none_or(|suffix| object.key.ends_with(suffix))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    fn event(&self, object: &ObjectCreated) -> Value {
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": object.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "eventName": object.event_name,
            "userIdentity": { "principalId": format!("AWS:{}", self.account) },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": request_id(), "x-amz-id-2": "local" },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": self.target.function,
                "bucket": {
                    "name": object.bucket,
                    "ownerIdentity": { "principalId": self.account },
                    "arn": format!("arn:aws:s3:::{}", object.bucket),
                },
                "object": {
                    "key": event_key(&object.key),
                    "size": object.size,
                    "eTag": object.etag,
                    "sequencer": object.sequencer,
                },
            },
        }]})
    }
}

/// What stays as it is in the key of an event: the form encoding of URLs, but with slashes.
const IN_EVENT_KEYS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/')
    .remove(b' ');

fn event_key(key: &str) -> String {
    utf8_percent_encode(key, IN_EVENT_KEYS)
        .to_string()
        .replace(' ', "+")
}

/// Passes objects on to the functions that want them, until the stack stops.
pub(super) async fn notify(
    mut objects: BoxStream<'static, ObjectCreated>,
    listeners: Vec<Listener>,
    asynchronous: Arc<Asynchronous>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let object = tokio::select! {
            object = objects.next() => object,
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        let Some(object) = object else { return };
        for listener in listeners.iter().filter(|listener| listener.wants(&object)) {
            asynchronous.send(
                listener.target.clone(),
                "objects".to_owned(),
                listener.event(&object),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_events_are_encoded_as_s3_does() {
        assert_eq!(
            event_key("p/v/a b+c/ü (1)~.html"),
            "p/v/a+b%2Bc/%C3%BC+%281%29%7E.html"
        );
    }
}
