//! Secrets, sealed before they are stored: those of organizations, and answers that may hold some.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use imprint_domain::secret::Sealed;
use imprint_domain::slug::OrganizationSlug;
use sha2::{Digest, Sha256};

use crate::ports::Random;

/// How long a nonce is, in bytes. It is long enough to be taken at random.
const NONCE: usize = 24;

/// The installation's key. What it has sealed only it can open.
#[derive(Clone)]
pub struct SealingKey {
    cipher: XChaCha20Poly1305,
    /// Another key, made of the same text.
    names: [u8; 32],
}

/// A sealed secret could not be opened: it was sealed with another key, for another organization, or changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret cannot be opened; it was sealed with another IMPRINT_SEALING_KEY and has to be set again"
)]
pub struct CannotOpen;

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey")
    }
}

impl SealingKey {
    /// The key that a long random text stands for.
    pub fn of(text: &str) -> Self {
        let key: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(key)),
            names: Sha256::digest(format!("names {text}")).into(),
        }
    }

    /// What somebody is called who shall be recognized and never be known: always the same for the same text, and nobody
    /// without the key can find the text that belongs to it. Hexadecimal digits.
    pub fn pseudonym(&self, text: &str) -> String {
        // Twice, so that one name says nothing of the name of a longer text.
        let inner = Sha256::new()
            .chain_update(self.names)
            .chain_update(text)
            .finalize();
        let outer = Sha256::new()
            .chain_update(self.names)
            .chain_update(inner)
            .finalize();
        hex::encode(&outer[..16])
    }

    /// Seals bytes for one purpose. What was sealed for one cannot be used for another.
    pub fn seal_bytes(&self, random: &dyn Random, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&random.bytes()[..NONCE]);
        let payload = Payload {
            msg: bytes,
            aad: purpose.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("only a text of many gigabytes is too long");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens bytes that were sealed.
    ///
    /// # Errors
    /// When this key did not seal them for this purpose.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(CannotOpen)?;
        let payload = Payload {
            msg: rest,
            aad: purpose.as_bytes(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| CannotOpen)
    }

    /// Seals a secret of an organization. Nobody can use what was sealed for one organization in another.
    pub fn seal(&self, random: &dyn Random, organization: &OrganizationSlug, secret: &str) -> Sealed {
        let sealed = self.seal_bytes(random, organization.as_str(), secret.as_bytes());
        let text = hex::encode(sealed);
        text.parse().expect("a sealed secret is hexadecimal")
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// When this key did not seal it for this organization.
    pub fn open(&self, organization: &OrganizationSlug, sealed: &Sealed) -> Result<String, CannotOpen> {
        let bytes = hex::decode(sealed.as_str()).map_err(|_| CannotOpen)?;
        let opened = self.open_bytes(organization.as_str(), &bytes)?;
        String::from_utf8(opened).map_err(|_| CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    #[test]
    fn a_pseudonym_is_one_name_of_one_text_by_one_key() {
        let key = SealingKey::of("a long random text");
        let name = key.pseudonym("203.0.113.7");
        assert_eq!(
            name,
            SealingKey::of("a long random text").pseudonym("203.0.113.7")
        );
        assert_ne!(name, key.pseudonym("203.0.113.70"));
        assert_ne!(name, SealingKey::of("another text").pseudonym("203.0.113.7"));
        assert_eq!(name.len(), 32);
    }

    #[test]
    fn a_secret_is_opened_by_its_key_and_for_its_organization_only() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let key = SealingKey::of("a long random text");
        let sealed = key.seal(&SystemRandom, &acme, "höchst geheim");
        assert!(!sealed.as_str().contains(&hex::encode("geheim")));
        assert_eq!(key.open(&acme, &sealed).as_deref(), Ok("höchst geheim"));
        assert_eq!(key.open(&other, &sealed), Err(CannotOpen));
        assert_eq!(
            SealingKey::of("another text").open(&acme, &sealed),
            Err(CannotOpen)
        );
        assert_ne!(key.seal(&SystemRandom, &acme, "höchst geheim"), sealed);
        let longest = "x".repeat(2000);
        let kept = key.seal(&SystemRandom, &acme, &longest);
        assert_eq!(key.open(&acme, &kept), Ok(longest));
        assert_eq!(key.open(&acme, &"00".parse().unwrap()), Err(CannotOpen));
    }
}
