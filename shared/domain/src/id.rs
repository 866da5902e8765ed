//! Identities and counters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::checked_text;

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                raw.parse().map(Self)
            }
        }
    };
}

counter!(
    /// A build's number, handed out in the order of registration. LTD's clients parse it out of URLs.
    BuildId
);
counter!(
    /// An edition's number. LTD's clients parse it out of URLs.
    EditionId
);
counter!(
    /// A document's number.
    DocumentId
);
counter!(
    /// Grows each time an edition is re-pointed, so that late work can be told from current work.
    Generation
);
counter!(
    /// Grows with every write of a stored thing; a write names the revision it saw.
    Revision
);

impl Generation {
    /// The generation of an edition that was never pointed anywhere.
    pub const NONE: Self = Self(0);

    /// The next generation.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Revision {
    /// The revision of a thing that is not stored yet.
    pub const NEW: Self = Self(0);

    /// The revision after one more write.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A text that is not 32 lower case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not 32 lower case hexadecimal digits")]
pub struct HexError;

fn check_hex(raw: &str) -> Result<(), HexError> {
    let digits = raw.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if raw.len() == 32 && digits {
        Ok(())
    } else {
        Err(HexError)
    }
}

checked_text!(
    /// What a caller watches after a request that goes on in the background.
    TaskId, HexError, check_hex
);
checked_text!(
    /// One entry of the outbox: work that is committed and not yet known to be done.
    OutboxId, HexError, check_hex
);
checked_text!(
    /// Names a stored token, and says nothing about the token itself.
    TokenId, HexError, check_hex
);
checked_text!(
    /// What the CDN purges by. 32 hexadecimal digits, so always valid for Fastly (printable ASCII, at most 1,024 bytes;
    /// <https://www.fastly.com/documentation/reference/http/http-headers/Surrogate-Key/>).
    SurrogateKey, HexError, check_hex
);
checked_text!(
    /// The first 128 bits of the SHA-256 of a manifest, so that the same files always have the same manifest.
    ManifestId, HexError, check_hex
);

checked_text!(
    /// A subscription to events.
    WebhookId, HexError, check_hex
);
checked_text!(
    /// Something that happened and that subscribers are told of. Later ones are greater, to the millisecond.
    EventId, HexError, check_hex
);

impl EventId {
    /// An event at a time: its milliseconds since 1970 in six bytes, then ten random ones.
    pub fn at(now: Timestamp, random: [u8; 16]) -> Self {
        let mut bytes = random;
        bytes[..6].copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
        Self(hex::encode(bytes))
    }
}

macro_rules! from_bytes {
    ($($name:ident),*) => {$(
        impl $name {
            /// Makes the identity out of 16 random (or digest) bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(hex::encode(bytes))
            }
        }
    )*};
}
from_bytes!(TaskId, OutboxId, TokenId, SurrogateKey, ManifestId, WebhookId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_lower_case_hex_digits_are_an_identity() {
        assert!("0123456789abcdef0123456789abcdef".parse::<TaskId>().is_ok());
        for bad in [
            "",
            "0123",
            "0123456789ABCDEF0123456789abcdef",
            "0123456789abcdef0123456789abcdeg",
        ] {
            assert!(bad.parse::<TaskId>().is_err(), "{bad}");
        }
        assert_eq!(TaskId::from_bytes([255; 16]).as_str(), "f".repeat(32));
    }

    #[test]
    fn a_later_event_has_a_greater_identity() {
        let at = |millisecond, random| {
            EventId::at(Timestamp::from_millisecond(millisecond).unwrap(), [random; 16])
        };
        let ids = [
            at(0, 9),
            at(255, 8),
            at(256, 7),
            at(1_767_268_800_000, 6),
            at(1_767_268_800_001, 0),
        ];
        assert!(ids.is_sorted());
        assert!(ids[3].as_str().parse::<EventId>().is_ok());
    }
}
