//! What queues, buckets and the table give back: stored data is input, too.

use imprint_domain::manifest::Manifest;
use imprint_domain::message::Envelope;
use proptest::prelude::*;

use crate::hostile;

/// Bodies of messages, some of them nearly right.
fn bodies() -> impl Strategy<Value = String> {
    let whole = r#"{"id":"0123456789abcdef0123456789abcdef","attempt":1,"step":"render-dashboard","organization":"default","product":"alpha"}"#;
    let cut = (0..whole.len(), hostile()).prop_map(move |(at, rest)| format!("{}{rest}", &whole[..at]));
    let object = (hostile(), hostile()).prop_map(|(kind, text)| serde_json::json!({"id": "0123456789abcdef0123456789abcdef", "attempt": 1, "step": "render-dashboard", "organization": kind, "product": text}).to_string());
    let deep = (1..20_000_usize).prop_map(|depth| "[".repeat(depth));
    prop_oneof![hostile(), cut, object, deep]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_message_is_read_whole_or_not_at_all(body in bodies()) {
        if let Ok(message) = serde_json::from_str::<Envelope>(&body) {
            let again = serde_json::to_string(&message).unwrap();
            prop_assert_eq!(serde_json::from_str::<Envelope>(&again).unwrap(), message);
        }
    }

    #[test]
    fn a_manifest_is_read_whole_or_not_at_all(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..400_usize) {
        let _read = Manifest::read(&bytes);
        let json = br#"{"headers":[{}],"files":[["a.html",1,"e",0],["b/c.html",2,"f",0]],"elsewhere":[]}"#;
        let mut json = json.to_vec();
        if let (Some(byte), Some(new)) = (json.get_mut(at), bytes.first()) {
            *byte = *new;
        }
        if let Ok(manifest) = Manifest::read(&json) {
            let (_, stored) = manifest.store();
            prop_assert_eq!(Manifest::read(&stored).unwrap(), manifest);
        }
    }
}
