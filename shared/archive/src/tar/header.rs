//! The header of an entry: one block.

use super::{BLOCK, Meta, until_nul};
use crate::{Reason, Refusal};

/// What a header says.
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
    pub(super) kind: Type,
}

/// What an entry is.
#[derive(Clone, Copy)]
pub(super) enum Type {
    File,
    Folder,
    /// It belongs to the next one.
    Meta(Meta),
    Refused(Reason),
}

impl Header {
    pub(super) fn read(block: &[u8; BLOCK]) -> Result<Self, Refusal> {
        check(block)?;
        let mut name = until_nul(&block[..100]).to_vec();
        // GNU's own form, which ends in blanks, has times where POSIX has the beginning of a long name.
        if &block[257..263] == b"ustar\0" {
            let prefix = until_nul(&block[345..500]);
            if !prefix.is_empty() {
                name = [prefix, b"/", &name].concat();
            }
        }
        let size = number(&block[124..136]).ok_or(Reason::Corrupt("a size is no number"));
        let kind = match block[156] {
            b'0' | b'\0' | b'7' => Type::File,
            b'5' => Type::Folder,
            b'L' => Type::Meta(Meta::Name),
            b'K' => Type::Meta(Meta::Link),
            b'x' => Type::Meta(Meta::Pax),
            b'g' => Type::Meta(Meta::Global),
            b'1' | b'2' => Type::Refused(Reason::Link),
            b'3' | b'4' | b'6' => Type::Refused(Reason::Device),
            b'S' => Type::Refused(Reason::Sparse),
            _ => Type::Refused(Reason::UnknownType),
        };
        let size = size.map_err(|reason| reason.of(&name))?;
        Ok(Self { name, size, kind })
    }
}

/// The sum of all bytes, its own place taken for blanks.
fn check(block: &[u8; BLOCK]) -> Result<(), Reason> {
    let sum = block.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u64::from(b' '),
        _ => u64::from(*byte),
    });
    if number(&block[148..156]) == Some(sum.sum()) {
        Ok(())
    } else {
        Err(Reason::Corrupt("a header's checksum is wrong"))
    }
}

/// Octal digits, or for what is too large GNU's binary form.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first == 0x80 {
        let leading = rest.len().checked_sub(8)?;
        let (high, low) = rest.split_at(leading);
        let is_small = high.iter().all(|byte| *byte == 0);
        return is_small.then(|| low.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    }
    let text = std::str::from_utf8(until_nul(field)).ok()?.trim_matches(' ');
    match text {
        "" => Some(0),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => u64::from_str_radix(digits, 8).ok(),
        _ => None,
    }
}
