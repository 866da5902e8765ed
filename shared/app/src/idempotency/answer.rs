//! Answers as they are kept: compressed, then sealed, because some hold secrets.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use imprint_domain::idempotency::KeptId;
use serde::{Deserialize, Serialize};

use crate::ports::Random;
use crate::seal::SealingKey;

/// An item of DynamoDB holds 400 KB
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>): with 4 characters for 3 bytes
/// this leaves 50 KB for all the rest.
const MAX_SEALED: usize = 256 * 1024;

/// No answer is larger: a function can deliver 6 MB, and bodies of JSON are at most compressed ten to one.
const MAX_OPENED: u64 = 64 * 1024 * 1024;

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names first.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: KeptBody,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptBody {
    /// As it was.
    Whole(Vec<u8>),
    /// It was too large to be kept.
    TooLarge,
}

/// What stands before the body.
#[derive(Serialize, Deserialize)]
struct Front {
    status: u16,
    headers: Vec<(String, String)>,
    is_whole: bool,
}

/// What seals the answers to one key.
pub(super) struct Seal<'a> {
    key: &'a SealingKey,
    purpose: String,
}

impl<'a> Seal<'a> {
    /// An answer that is copied to another key's item does not open.
    pub(super) fn new(key: &'a SealingKey, id: &KeptId) -> Self {
        Self {
            key,
            purpose: format!("the answer to {id}"),
        }
    }

    /// The answer as text. A body that does not fit is left out.
    pub(super) fn seal(&self, random: &dyn Random, answer: &Answer) -> String {
        let front = |is_whole| {
            let front = Front {
                status: answer.status,
                headers: answer.headers.clone(),
                is_whole,
            };
            serde_json::to_vec(&front).expect("texts and numbers are JSON")
        };
        let whole = match &answer.body {
            KeptBody::Whole(body) => Some(packed(&front(true), body)),
            KeptBody::TooLarge => None,
        };
        let packed = whole
            .filter(|packed| packed.len() <= MAX_SEALED)
            .unwrap_or_else(|| packed(&front(false), &[]));
        STANDARD.encode(self.key.seal_bytes(random, &self.purpose, &packed))
    }

    /// The answer again; nothing when it was sealed by another key or for another item.
    pub(super) fn open(&self, sealed: &str) -> Option<Answer> {
        let sealed = STANDARD.decode(sealed).ok()?;
        let packed = self.key.open_bytes(&self.purpose, &sealed).ok()?;
        let mut plain = Vec::new();
        let mut reader = GzDecoder::new(packed.as_slice()).take(MAX_OPENED);
        reader.read_to_end(&mut plain).ok()?;
        let (length, rest) = plain.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (front, body) = rest.split_at_checked(length)?;
        let front: Front = serde_json::from_slice(front).ok()?;
        Some(Answer {
            status: front.status,
            headers: front.headers,
            body: if front.is_whole {
                KeptBody::Whole(body.to_vec())
            } else {
                KeptBody::TooLarge
            },
        })
    }
}

/// The length of the front, the front, and the body, compressed together.
fn packed(front: &[u8], body: &[u8]) -> Vec<u8> {
    const IN_MEMORY: &str = "memory takes every byte";
    let length = u32::try_from(front.len()).expect("headers have a few kilobytes");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for part in [&length.to_be_bytes()[..], front, body] {
        encoder.write_all(part).expect(IN_MEMORY);
    }
    encoder.finish().expect(IN_MEMORY)
}

#[cfg(test)]
mod tests {
    use imprint_domain::idempotency::Asker;

    use super::*;
    use crate::ports::SystemRandom;

    fn id(key: &str) -> KeptId {
        KeptId::new(Asker::User(&"ci".parse().unwrap()), key).unwrap()
    }

    fn answer(body: Vec<u8>) -> Answer {
        Answer {
            status: 201,
            headers: vec![(
                "location".to_owned(),
                "https://keeper.example.org/builds/1".to_owned(),
            )],
            body: KeptBody::Whole(body),
        }
    }

    #[test]
    fn an_answer_opens_as_it_was_and_says_nothing_before() {
        let key = SealingKey::of("a long random text");
        let own = id("a");
        let seal = Seal::new(&key, &own);
        for body in [
            Vec::new(),
            b"{\"token\": \"imp_secret\"}".to_vec(),
            vec![0; 5_000_000],
        ] {
            let sealed = seal.seal(&SystemRandom, &answer(body.clone()));
            assert!(!sealed.contains("imp_secret"));
            assert_eq!(seal.open(&sealed), Some(answer(body)));
        }
    }

    #[test]
    fn an_answer_is_opened_by_its_key_and_for_its_item_only() {
        let key = SealingKey::of("a long random text");
        let (own, other) = (id("a"), id("b"));
        let sealed = Seal::new(&key, &own).seal(&SystemRandom, &answer(b"x".to_vec()));
        assert_eq!(Seal::new(&key, &other).open(&sealed), None);
        let stranger = SealingKey::of("another text");
        assert_eq!(Seal::new(&stranger, &own).open(&sealed), None);
        for broken in ["", "!", "AAAA", &sealed[..40], &sealed.replace('A', "B")] {
            assert_eq!(Seal::new(&key, &own).open(broken), None);
        }
    }

    #[test]
    fn a_body_that_does_not_fit_into_an_item_is_left_out_and_the_rest_is_kept() {
        let key = SealingKey::of("a long random text");
        let own = id("a");
        let noise: Vec<u8> = std::iter::repeat_with(|| SystemRandom.bytes())
            .take(10_000)
            .flatten()
            .collect();
        let sealed = Seal::new(&key, &own).seal(&SystemRandom, &answer(noise.clone()));
        assert!(sealed.len() < 400 * 1024);
        let opened = Seal::new(&key, &own).open(&sealed).unwrap();
        assert_eq!(opened.body, KeptBody::TooLarge);
        assert_eq!(opened.headers, answer(Vec::new()).headers);
        let fits = noise[..250 * 1024].to_vec();
        let sealed = Seal::new(&key, &own).seal(&SystemRandom, &answer(fits.clone()));
        assert!(sealed.len() < 350 * 1024);
        assert_eq!(Seal::new(&key, &own).open(&sealed), Some(answer(fits)));
    }
}
