//! Passwords against what is stored of them.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use sha2::Sha256;

use imprint_domain::access::NewPassword;

use crate::env::Env;
use crate::error::AppError;
use crate::ports::StoreError;

/// What a password is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not the one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and its hash is of a kind that is not made any more.
    RightButOutdated,
}

/// Compares a password with what is stored. Nothing stored takes as long as an argon2id hash, so that the time tells
/// nobody which names there are.
pub(super) fn verify(stored: Option<&str>, password: &str) -> Verdict {
    let Some(stored) = stored else {
        // The work is what counts; without this the compiler would be free to leave it out.
        std::hint::black_box(argon2id(password, &[0; 16]).is_ok());
        return Verdict::Wrong;
    };
    if let Some(migrated) = MigratedHash::parse(stored) {
        return if migrated.is_of(password) {
            Verdict::RightButOutdated
        } else {
            Verdict::Wrong
        };
    }
    let is_right = PasswordHash::new(stored)
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
    if is_right { Verdict::Right } else { Verdict::Wrong }
}

/// The hash to store of a password that was chosen or has just been found right.
pub(super) fn hash(env: &Env, password: &str) -> Result<String, AppError> {
    let hash = argon2id(password, &env.random.identity());
    hash.map_err(|error| AppError::Store(StoreError::Failed(error.to_string().into())))
}

fn argon2id(password: &str, salt: &[u8]) -> Result<String, argon2::password_hash::Error> {
    let hash = hasher().hash_password_with_salt(password.as_bytes(), salt)?;
    Ok(hash.to_string())
}

/// What every password goes through once, whoever it is for and whether or not it is right.
fn hasher() -> Argon2<'static> {
    #[cfg(test)]
    tests::HASHED.with(|hashed| hashed.set(hashed.get() + 1));
    Argon2::default()
}

/// What a new user's password is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// A password.
    Chosen(NewPassword),
    /// What a keeper has stored of it.
    Migrated(MigratedHash),
}

impl Secret {
    pub(super) fn stored(&self, env: &Env) -> Result<String, AppError> {
        match self {
            Self::Chosen(password) => hash(env, password.as_str()),
            Self::Migrated(migrated) => Ok(migrated.text.clone()),
        }
    }
}

/// A PBKDF2 hash in werkzeug's form, `pbkdf2:sha256:<iterations>$<salt>$<hexadecimal>`, as LTD Keeper stores it
/// (<https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash>). It lives until
/// its user's first login.
#[derive(Clone, PartialEq, Eq)]
pub struct MigratedHash {
    text: String,
    iterations: u32,
    salt: String,
    digest: [u8; 32],
}

impl std::fmt::Debug for MigratedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MigratedHash(…)")
    }
}

/// A text that is no such hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not pbkdf2:sha256:<1000 to 2000000>$<salt of 1 to 128 characters>$<64 hexadecimal digits>")]
pub struct MigratedHashError;

impl std::str::FromStr for MigratedHash {
    type Err = MigratedHashError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::parse(raw).ok_or(MigratedHashError)
    }
}

impl MigratedHash {
    /// Keepers have 50,000 to 260,000, werkzeug makes a million today. More would only keep a function busy: two
    /// million take about a second.
    const ITERATIONS: std::ops::RangeInclusive<u32> = 1_000..=2_000_000;
    /// Werkzeug's have 8 or 16.
    const SALT: std::ops::RangeInclusive<usize> = 1..=128;

    fn parse(raw: &str) -> Option<Self> {
        let (method, rest) = raw.split_once('$')?;
        let (salt, digest) = rest.split_once('$')?;
        let iterations = method.strip_prefix("pbkdf2:sha256:")?;
        // A number may be written with a sign, but not here.
        let iterations = iterations
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(iterations)?;
        let iterations = iterations.parse().ok().filter(|n| Self::ITERATIONS.contains(n))?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest, &mut bytes).ok()?;
        Self::SALT.contains(&salt.len()).then(|| Self {
            text: raw.to_owned(),
            iterations,
            salt: salt.to_owned(),
            digest: bytes,
        })
    }

    fn is_of(&self, password: &str) -> bool {
        let mut found = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(
            password.as_bytes(),
            self.salt.as_bytes(),
            self.iterations,
            &mut found,
        );
        let pairs = found.iter().zip(&self.digest);
        // Every byte is looked at, so that the time does not tell how many are right.
        pairs.fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How many passwords this test has hashed.
        pub(super) static HASHED: Cell<u32> = const { Cell::new(0) };
    }

    /// Counted instead of timed: a clock would say something else on every machine.
    #[test]
    fn a_name_that_nobody_has_costs_as_much_work_as_a_wrong_password() {
        let work = |stored: Option<&str>, password: &str| {
            let before = HASHED.get();
            let verdict = verify(stored, password);
            (verdict, HASHED.get() - before)
        };
        let stored = argon2id("correct horse", b"salt of a test").unwrap();
        assert_eq!(work(None, "correct horse"), (Verdict::Wrong, 1));
        assert_eq!(work(Some(&stored), "battery staple"), (Verdict::Wrong, 1));
        assert_eq!(work(Some(&stored), "correct horse"), (Verdict::Right, 1));
        // The dummy has the parameters of what is stored, so its work is the same and not only its number.
        let dummy = argon2id("battery staple", &[0; 16]).unwrap();
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        assert_eq!(parameters(&dummy), parameters(&stored));
    }

    /// `hashlib.pbkdf2_hmac("sha256", b"correct horse", b"Zx3lVbN8", 50000)`, as werkzeug 0.16 writes it.
    const WERKZEUG: &str =
        "pbkdf2:sha256:50000$Zx3lVbN8$faff8ecbdbe96c24df9fb4f2b0313713a9119b29b589887432408c6ae7bf954a";

    #[test]
    fn a_hash_of_werkzeug_verifies_and_is_outdated() {
        assert_eq!(verify(Some(WERKZEUG), "correct horse"), Verdict::RightButOutdated);
        assert_eq!(verify(Some(WERKZEUG), "correct horsf"), Verdict::Wrong);
        let stored = argon2id("correct horse", b"salt of a test").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert_eq!(verify(Some(&stored), "correct horse"), Verdict::Right);
        assert_eq!(verify(Some(&stored), ""), Verdict::Wrong);
    }

    #[test]
    fn a_hash_that_would_keep_us_busy_or_is_none_is_refused() {
        let digest = "0".repeat(64);
        let salt = "s".repeat(129);
        for bad in [
            String::new(),
            format!("pbkdf2:sha256:2000001$salt${digest}"),
            format!("pbkdf2:sha256:99999999999999999999$salt${digest}"),
            format!("pbkdf2:sha256:+50000$salt${digest}"),
            format!("pbkdf2:sha256:0$salt${digest}"),
            format!("pbkdf2:sha256$salt${digest}"),
            format!("pbkdf2:sha1:50000$salt${digest}"),
            format!("pbkdf2:sha256:50000$${digest}"),
            format!("pbkdf2:sha256:50000${salt}${digest}"),
            format!("pbkdf2:sha256:50000$salt${digest}0"),
            format!("pbkdf2:sha256:50000$salt$g{}", &digest[1..]),
            "plain$$password".to_owned(),
        ] {
            assert_eq!(bad.parse::<MigratedHash>(), Err(MigratedHashError), "{bad}");
            assert_eq!(verify(Some(&bad), "password"), Verdict::Wrong);
        }
        assert_eq!(verify(None, "password"), Verdict::Wrong);
    }
}
