//! How a receiver knows that it was us.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::id::EventId;

/// What comes before the base64 of a secret.
const PREFIX: &str = "whsec_";
/// The shortest key that Standard Webhooks allow, in bytes.
const MIN_BYTES: usize = 24;
/// The longest, in bytes.
const MAX_BYTES: usize = 64;

/// What a receiver and we know and nobody else: `whsec_` and the base64 of 24 to 64 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// A text that is no secret. It does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not {PREFIX} and the base64 of {MIN_BYTES} to {MAX_BYTES} bytes")]
pub struct SecretError;

impl Secret {
    /// A new one out of random bytes.
    pub fn of(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// The text that a receiver is given.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// `v1,` and the base64 of the HMAC-SHA256 of `<id>.<timestamp>.<body>`.
    fn sign(&self, id: &str, second: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{second}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Says nothing.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl std::str::FromStr for Secret {
    type Err = SecretError;
    fn from_str(raw: &str) -> Result<Self, SecretError> {
        let encoded = raw.strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError)?;
        if (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(SecretError)
        }
    }
}

/// The value of `webhook-signature`: one signature a secret, a space between two. `at` is when the attempt is made, as
/// `webhook-timestamp` says it, in whole seconds.
pub fn signature_header<'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    id: &EventId,
    at: Timestamp,
    body: &str,
) -> String {
    let signatures = secrets
        .into_iter()
        .map(|secret| secret.sign(id.as_str(), at.as_second(), body));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The vector of Standard Webhooks' own libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret: Secret = SECRET.parse().unwrap();
        assert_eq!(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(secret.reveal(), SECRET);
    }

    #[test]
    fn two_secrets_are_two_signatures() {
        let secrets = [SECRET.parse().unwrap(), Secret::of([7; 32])];
        let id = EventId::at(Timestamp::UNIX_EPOCH, [1; 16]);
        let header = signature_header(&secrets, &id, Timestamp::UNIX_EPOCH, "{}");
        let both: Vec<&str> = header.split(' ').collect();
        assert_eq!(both, secrets.map(|secret| secret.sign(id.as_str(), 0, "{}")));
    }

    #[test]
    fn a_secret_has_its_form_and_is_shown_nowhere_by_itself() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        assert!(of(24).parse::<Secret>().is_ok() && of(64).parse::<Secret>().is_ok());
        for bad in [
            of(23),
            of(65),
            String::new(),
            "whsec_".into(),
            SECRET[6..].into(),
            format!("{SECRET}!"),
        ] {
            assert_eq!(bad.parse::<Secret>(), Err(SecretError), "{bad}");
        }
        let secret = Secret::of([7; 32]);
        assert_eq!(secret.reveal().parse::<Secret>().as_ref(), Ok(&secret));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
