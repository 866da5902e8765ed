//! Secrets of organizations as they are stored: sealed, so that whoever reads the table learns nothing.

use crate::text::checked_text;

/// A text that is no sealed secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sealed secret")]
pub struct SealedError;

checked_text!(
    /// A sealed secret: nonce and ciphertext in hexadecimal. Only the holder of the installation's key opens it, and only
    /// for the organization that it was sealed for.
    Sealed, SealedError, |raw| {
        let digits = raw.bytes().all(|b| b.is_ascii_hexdigit());
        if !raw.is_empty() && raw.len() <= 4096 && raw.len() % 2 == 0 && digits { Ok(()) } else { Err(SealedError) }
    }
);
