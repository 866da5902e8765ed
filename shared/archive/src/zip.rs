//! Zip, some bytes at a time: its directory first, which is at the end, then the entries in the order in which they lie.
//!
//! Not the `zip` crate: it keeps one of two entries with one name, takes whatever lies between them, and wants a reader
//! that seeks. The tests write with it.

mod body;
mod directory;

pub(crate) use body::Body;
pub use directory::{MAX_DIRECTORY_BYTES, TAIL_BYTES, ZipDirectory, ZipIndex};

/// How an entry is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packed {
    Stored,
    Deflated,
}

impl Packed {
    fn of(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Stored),
            8 => Some(Self::Deflated),
            _ => None,
        }
    }
}

/// The first two bits say so, and the third that even the directory is.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// AES as WinZip has it is a method of its own.
const AES: u16 = 99;

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(field.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(field.try_into().ok()?))
}
