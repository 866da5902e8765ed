//! Attributes of an entry as POSIX writes them: `27 path=name of the entry\n`, one after the other.

use crate::{Reason, Refusal};

/// Those that say what the entry is.
#[derive(Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) is_sparse: bool,
}

const UNREADABLE: Reason = Reason::Corrupt("the attributes of an entry cannot be read");

impl Pax {
    /// Whether they say nothing of interest.
    pub(super) fn is_empty(&self) -> bool {
        self.path.is_none() && self.size.is_none() && !self.is_sparse
    }

    /// Takes the records; later ones replace earlier ones.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let (record, rest) = split(bytes).ok_or(UNREADABLE)?;
            bytes = rest;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or(UNREADABLE)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"size" => self.size = Some(decimal(value).ok_or(UNREADABLE)?),
                _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The first record without its length and its end, and what follows it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&bytes[..blank])?).ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    Some((record, rest))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_plain.then_some(digits)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
