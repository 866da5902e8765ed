//! S3 events.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use imprint_domain::key::ObjectKey;

/// An object that S3 says was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedObject {
    /// Its key, decoded.
    pub key: ObjectKey,
    /// Its size in bytes; none where the event does not say.
    pub size: Option<u64>,
    /// Tells two writes of one key apart; the same for a repeated event.
    pub sequencer: String,
}

/// The objects of an S3 event. Records that are none are left out: S3 also sends test events.
///
/// Keys are URL-encoded, a space as `+`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
pub fn created_objects(event: &Value) -> Vec<CreatedObject> {
    let records = event
        .get("Records")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    records.iter().filter_map(created_object).collect()
}

fn created_object(record: &Value) -> Option<CreatedObject> {
    let name = record.get("eventName")?.as_str()?;
    if !name.starts_with("ObjectCreated:") {
        return None;
    }
    let object = record.pointer("/s3/object")?;
    let encoded = object.get("key")?.as_str()?.replace('+', " ");
    let key = percent_decode_str(&encoded).decode_utf8().ok()?.into_owned();
    let sequencer = object
        .get("sequencer")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Some(CreatedObject {
        key: ObjectKey::new(key),
        size: object.get("size").and_then(Value::as_u64),
        sequencer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::json;

    /// Any JSON of a few members, some of them called as S3 calls them.
    fn events() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<u64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            Just(json!("ObjectCreated:Put")),
        ];
        let name = prop_oneof![
            4 => prop::sample::select(vec!["Records", "eventName", "s3", "object", "key", "size", "sequencer"]),
            1 => Just("other"),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            let members =
                prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                members.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_an_event_says_it_is_read_or_left_out(event in events(), key in ".{0,40}") {
            let _read = created_objects(&event);
            let encoded = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string().replace("%20", "+");
            let record = json!({"eventName": "ObjectCreated:Put", "s3": {"object": {"key": encoded}}});
            let read = created_objects(&json!({"Records": [event, record]}));
            prop_assert_eq!(read.last().unwrap().key.as_str(), key);
        }
    }

    #[test]
    fn keys_are_decoded_and_other_events_left_out() {
        let record = |name: &str, key: &str| json!({"eventName": name, "s3": {"object": {"key": key, "size": 7, "sequencer": "1"}}});
        let event = json!({"Records": [
            record("ObjectCreated:Post", "a+b/%C3%BC%2B.html"),
            record("ObjectRemoved:Delete", "x"),
            record("ObjectCreated:Put", "%FF"),
            {"unexpected": true},
        ]});
        let created = created_objects(&event);
        assert_eq!(
            created,
            [CreatedObject {
                key: ObjectKey::new("a b/ü+.html"),
                size: Some(7),
                sequencer: "1".into()
            }]
        );
        assert!(created_objects(&json!({"Event": "s3:TestEvent"})).is_empty());
    }
}
