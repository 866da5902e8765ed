//! Requests that are sent again under one key: what is kept of them, and what follows for the next that comes.
//!
//! A request that bears a key writes a record before it runs. Its first commit writes, in the same transaction, that it
//! took effect; the answer follows. Every write is conditional on the revision that was seen, so of two runs at most one
//! has an effect, whatever their clocks say.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::UserName;
use crate::id::Revision;
use crate::text::checked_text;

/// How long a key means the same request.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How long a request may be under way before another one takes over: as long as the API's function may run
/// (`template.yaml`, 29 s), and a second.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// The longest key, in characters.
pub const MAX_KEY: usize = 255;

/// Without credentials a key is all that tells two callers apart, so it must not be one that somebody else thinks of.
pub const MIN_ANONYMOUS_KEY: usize = 16;

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, too long, or with other characters than a header should have.
    #[error("a key has 1 to 255 visible ASCII characters")]
    Form,
    /// Too short for a caller whom nothing else tells from others.
    #[error(
        "without a token a key must not be guessed: give it at least 16 characters, such as those of a UUID"
    )]
    Short,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// A user, with whichever token.
    User(&'a UserName),
    /// Somebody who shows no token, at a path.
    Nobody(&'a str),
}

/// A text that is not 64 lower case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not 64 lower case hexadecimal digits")]
pub struct DigestError;

fn check_digest(raw: &str) -> Result<(), DigestError> {
    let digits = raw.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if raw.len() == 64 && digits {
        Ok(())
    } else {
        Err(DigestError)
    }
}

checked_text!(
    /// A key together with who gave it, as a digest: nobody's key is another one's, and none is in the store.
    KeptId, DigestError, check_digest
);
checked_text!(
    /// What a request asks for, as a digest: two with the same are the same request.
    Fingerprint, DigestError, check_digest
);

/// The digest of parts, none of which can pass for two.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

impl KeptId {
    /// The identity of what is kept for a key.
    ///
    /// # Errors
    /// When the key is none, or can be guessed and nothing else says who asks.
    pub fn new(asker: Asker<'_>, key: &str) -> Result<Self, KeyError> {
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(KeyError::Form);
        }
        let (kind, who) = match asker {
            Asker::User(name) => ("user", name.as_str()),
            Asker::Nobody(_) if key.len() < MIN_ANONYMOUS_KEY => return Err(KeyError::Short),
            Asker::Nobody(path) => ("nobody", path),
        };
        Ok(Self(digest([kind.as_bytes(), who.as_bytes(), key.as_bytes()])))
    }
}

impl Fingerprint {
    /// That of a request, by everything that makes it another one.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest(parts.iter().copied()))
    }
}

/// What is kept of a request that bears a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRequest {
    /// Whose key it is.
    pub id: KeptId,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// When the present run of it began.
    pub begun_at: Timestamp,
    /// When the key is forgotten.
    pub kept_until: Timestamp,
    /// How far it got.
    pub state: KeptState,
    /// How often it was written.
    pub revision: Revision,
}

/// How far a request got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum KeptState {
    /// It runs, or died, and had no effect.
    Begun,
    /// It ended without an effect and may be tried again at once.
    Free,
    /// It had its effect; the answer is not known yet, or lost.
    Effective,
    /// It was answered.
    Answered {
        /// The answer, sealed.
        answer: String,
    },
}

/// What follows for a request whose key is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// It runs, once this is written.
    Run(Box<KeptRequest>),
    /// The key belongs to another request.
    Other,
    /// The first one is still under way.
    UnderWay,
    /// It had its effect, and nobody knows the answer.
    Lost,
    /// It was answered, by what is sealed here.
    Answered(String),
}

impl KeptRequest {
    /// One that begins.
    pub fn begin(id: KeptId, fingerprint: Fingerprint, now: Timestamp) -> Self {
        Self {
            id,
            fingerprint,
            begun_at: now,
            kept_until: now + LIFE,
            state: KeptState::Begun,
            revision: Revision::NEW,
        }
    }

    /// What follows for another request with the key.
    pub fn again(&self, fingerprint: &Fingerprint, now: Timestamp) -> Again {
        let fresh = || Self {
            revision: self.revision,
            ..Self::begin(self.id.clone(), fingerprint.clone(), now)
        };
        // The table deletes what has expired some time later.
        if now >= self.kept_until {
            return Again::Run(Box::new(fresh()));
        }
        if self.fingerprint != *fingerprint {
            return Again::Other;
        }
        let has_lease = now < self.begun_at + LEASE;
        match &self.state {
            KeptState::Answered { answer } => Again::Answered(answer.clone()),
            KeptState::Begun | KeptState::Effective if has_lease => Again::UnderWay,
            KeptState::Begun | KeptState::Free => Again::Run(Box::new(fresh())),
            KeptState::Effective => Again::Lost,
        }
    }

    /// The same, further on.
    #[must_use]
    pub fn at(&self, state: KeptState) -> Self {
        Self {
            state,
            ..self.clone()
        }
    }

    /// As it is stored once it is written.
    #[must_use]
    pub fn written(self) -> Self {
        Self {
            revision: self.revision.next(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    fn id(key: &str) -> KeptId {
        KeptId::new(Asker::User(&user("ci")), key).unwrap()
    }

    fn request(state: KeptState) -> KeptRequest {
        let begun = KeptRequest::begin(id("k"), Fingerprint::of(&[b"a"]), NOON);
        begun.written().at(state)
    }

    fn answered() -> KeptState {
        KeptState::Answered {
            answer: "sealed".to_owned(),
        }
    }

    #[test]
    fn a_key_has_visible_ascii_characters() {
        let user = user("ci");
        for key in ["k", "a/b:c=~!", &"x".repeat(255)] {
            assert!(KeptId::new(Asker::User(&user), key).is_ok(), "{key}");
        }
        for key in ["", " ", "a b", "a\tb", "ä", "a\u{7f}", &"x".repeat(256)] {
            let refused = KeptId::new(Asker::User(&user), key);
            assert_eq!(refused, Err(KeyError::Form), "{key:?}");
        }
    }

    #[test]
    fn a_key_is_one_users_or_one_paths() {
        let key = "0123456789abcdef";
        let of = |asker| KeptId::new(asker, key).unwrap();
        let (ci, eve, path) = (user("ci"), user("eve"), user("/v3/clusters"));
        let all = [
            of(Asker::User(&ci)),
            of(Asker::User(&eve)),
            of(Asker::User(&path)),
            of(Asker::Nobody("/v3/clusters")),
            of(Asker::Nobody("/v3/clusters2")),
            id("0123456789abcdeg"),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(!all[..n].contains(one), "{n}");
            assert!(!one.as_str().contains(key));
        }
        assert_eq!(of(Asker::User(&ci)), id(key));
    }

    #[test]
    fn whoever_shows_no_token_needs_a_key_that_is_not_guessed() {
        let refused = KeptId::new(Asker::Nobody("/v3/clusters"), &"x".repeat(15));
        assert_eq!(refused, Err(KeyError::Short));
        assert!(KeptId::new(Asker::Nobody("/v3/clusters"), &"x".repeat(16)).is_ok());
    }

    #[test]
    fn no_part_of_a_request_passes_for_two() {
        assert_ne!(Fingerprint::of(&[b"ab", b"c"]), Fingerprint::of(&[b"a", b"bc"]));
        assert_ne!(Fingerprint::of(&[b"ab"]), Fingerprint::of(&[b"ab", b""]));
        assert_eq!(Fingerprint::of(&[b"ab"]), Fingerprint::of(&[b"ab"]));
    }

    #[test]
    fn what_follows_depends_on_how_far_the_first_got_and_how_long_ago() {
        let (soon, late) = (NOON + SignedDuration::from_secs(29), NOON + LEASE);
        let same = Fingerprint::of(&[b"a"]);
        let runs = |again: Again| matches!(again, Again::Run(_));
        assert_eq!(request(KeptState::Begun).again(&same, soon), Again::UnderWay);
        assert!(runs(request(KeptState::Begun).again(&same, late)));
        assert_eq!(request(KeptState::Effective).again(&same, soon), Again::UnderWay);
        assert_eq!(request(KeptState::Effective).again(&same, late), Again::Lost);
        assert!(runs(request(KeptState::Free).again(&same, soon)));
        for at in [soon, late, NOON + LIFE - SignedDuration::from_secs(1)] {
            let again = request(answered()).again(&same, at);
            assert_eq!(again, Again::Answered("sealed".to_owned()));
        }
        // A clock that is behind gives nobody a second effect.
        let behind = NOON - SignedDuration::from_hours(1);
        assert_eq!(request(KeptState::Begun).again(&same, behind), Again::UnderWay);
    }

    #[test]
    fn another_request_is_refused_at_every_moment_of_a_day_and_no_longer() {
        let other = Fingerprint::of(&[b"b"]);
        for state in [
            KeptState::Begun,
            KeptState::Free,
            KeptState::Effective,
            answered(),
        ] {
            let kept = request(state.clone());
            for at in [NOON, NOON + LEASE, NOON + LIFE - SignedDuration::from_secs(1)] {
                assert_eq!(kept.again(&other, at), Again::Other, "{state:?}");
            }
            let Again::Run(fresh) = kept.again(&other, NOON + LIFE) else {
                panic!("{state:?} is kept for ever");
            };
            assert_eq!(
                (fresh.fingerprint, fresh.state),
                (other.clone(), KeptState::Begun)
            );
            assert_eq!(fresh.kept_until, NOON + LIFE * 2);
        }
    }

    #[test]
    fn whoever_takes_over_writes_at_the_revision_that_was_seen() {
        let kept = request(KeptState::Begun);
        let Again::Run(next) = kept.again(&kept.fingerprint, NOON + LEASE) else {
            panic!("its lease has ended");
        };
        assert_eq!(next.revision, kept.revision);
        assert_eq!(next.begun_at, NOON + LEASE);
        assert_eq!(next.written().revision, kept.revision.next());
    }
}
