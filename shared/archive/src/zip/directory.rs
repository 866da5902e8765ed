//! A zip's directory: where it is, and what it says of the entries.

use imprint_domain::key::SitePath;

use super::{AES, ENCRYPTED, Packed, u16_at, u32_at, u64_at};
use crate::names::{Entry, Names, fingerprint};
use crate::{
    MAX_ENTRIES, MAX_FILE_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES, RATIO_FLOOR_BYTES, Reason, Refusal, Summary,
};

/// What has to be read of the end: a comment of 64 KB, the end, and zip64's before it.
pub const TAIL_BYTES: u64 = 64 * 1024 + 22 + 20 + 56;

/// An entry of the directory has 46 bytes, a name and times. 32 MiB are 300 bytes each, and bound what is kept of them.
pub const MAX_DIRECTORY_BYTES: u64 = 32 * 1024 * 1024;

const END: &[u8; 4] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
const END_64: &[u8; 4] = b"PK\x06\x06";
const END_64_BYTES: usize = 56;
const ENTRY: &[u8; 4] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;
/// Of the header before an entry's bytes.
const LOCAL_BYTES: u64 = 30;

const NO_END: Reason = Reason::Truncated;
const UNREADABLE: Reason = Reason::Corrupt("its directory cannot be read");

/// Where the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipDirectory {
    /// Where it begins.
    pub from: u64,
    /// How many bytes it has.
    pub length: u64,
    entries: u64,
    archive: u64,
}

/// The entries in the order in which they lie in the archive.
#[derive(Debug)]
pub struct ZipIndex {
    pub(super) entries: Vec<Listed>,
    pub(super) summary: Summary,
    pub(super) directory: ZipDirectory,
}

/// An entry as the directory has it.
#[derive(Debug)]
pub(super) struct Listed {
    /// None of a folder.
    pub(super) path: Option<SitePath>,
    /// Of the name's bytes, which the entry's own header repeats.
    pub(super) name: u128,
    pub(super) name_bytes: usize,
    pub(super) from: u64,
    pub(super) packed: Packed,
    pub(super) packed_bytes: u64,
    pub(super) bytes: u64,
    pub(super) checksum: u32,
}

impl ZipDirectory {
    /// Finds it in the archive's last bytes, [`TAIL_BYTES`] or all that there are.
    ///
    /// # Errors
    /// When it is not there, or is larger than it may be.
    pub fn find(tail: &[u8], archive: u64) -> Result<Self, Refusal> {
        let end = find_end(tail).ok_or(NO_END)?;
        let before = archive.checked_sub(tail.len() as u64).ok_or(UNREADABLE)?;
        let record = &tail[end..];
        let number = |at| u16_at(record, at).map(u64::from);
        let long = |at| u32_at(record, at).map(u64::from);
        let [disk, first_disk, here] = [number(4), number(6), number(8)];
        let (Some(entries), Some(length), Some(from)) = (number(10), long(12), long(16)) else {
            return Err(UNREADABLE.into());
        };
        let mut ends = before + end as u64;
        let mut directory = Self {
            from,
            length,
            entries,
            archive,
        };
        if let Some(at) = end.checked_sub(LOCATOR_BYTES)
            && tail[at..].starts_with(LOCATOR)
        {
            (directory, ends) = directory.of_zip64(tail, at, before)?;
        } else if disk != Some(0) || first_disk != Some(0) || here != Some(entries) {
            return Err(Reason::Corrupt("it is one of several parts").into());
        }
        let is_adjacent = directory.from.checked_add(directory.length) == Some(ends);
        if !is_adjacent || directory.entries.saturating_mul(ENTRY_BYTES as u64) > directory.length {
            return Err(UNREADABLE.into());
        }
        if directory.entries > MAX_ENTRIES {
            return Err(Reason::TooManyEntries.into());
        }
        if directory.length > MAX_DIRECTORY_BYTES {
            return Err(Reason::DirectoryTooLarge.into());
        }
        Ok(directory)
    }

    /// The same with zip64's numbers, and where that record begins.
    fn of_zip64(self, tail: &[u8], locator: usize, before: u64) -> Result<(Self, u64), Refusal> {
        let at = u64_at(tail, locator + 8).ok_or(UNREADABLE)?;
        let place = at.checked_sub(before).and_then(|at| usize::try_from(at).ok());
        let place = place.filter(|place| place.checked_add(END_64_BYTES).is_some_and(|end| end <= locator));
        let record = &tail[place.ok_or(UNREADABLE)?..];
        let disks = [u32_at(record, 16), u32_at(record, 20)];
        if !record.starts_with(END_64) || disks != [Some(0), Some(0)] {
            return Err(UNREADABLE.into());
        }
        let (Some(here), Some(entries)) = (u64_at(record, 24), u64_at(record, 32)) else {
            return Err(UNREADABLE.into());
        };
        let (Some(length), Some(from)) = (u64_at(record, 40), u64_at(record, 48)) else {
            return Err(UNREADABLE.into());
        };
        if here != entries {
            return Err(Reason::Corrupt("it is one of several parts").into());
        }
        let found = Self {
            from,
            length,
            entries,
            ..self
        };
        Ok((found, at))
    }
}

/// The last place that is an end with a comment up to the archive's own.
fn find_end(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_BYTES)?;
    (0..=last).rev().find(|at| {
        let record = &tail[*at..];
        let comment = u16_at(record, 20).map(usize::from);
        record.starts_with(END) && comment == Some(record.len() - END_BYTES)
    })
}

impl ZipIndex {
    /// Reads the directory, and refuses whatever can be known of the entries before their bytes are seen. `prefix` is how many
    /// bytes lie before each path in its object's key.
    ///
    /// # Errors
    /// When the archive is to be refused.
    pub fn read(directory: ZipDirectory, bytes: &[u8], prefix: usize) -> Result<Self, Refusal> {
        if bytes.len() as u64 != directory.length {
            return Err(Reason::Truncated.into());
        }
        let (mut rest, mut names) = (bytes, Names::new(prefix));
        let (mut entries, mut summary) = (Vec::new(), Summary::default());
        while !rest.is_empty() {
            let (listed, after) = Listed::read(rest, &mut names)?;
            rest = after;
            if listed.path.is_some() {
                summary.files += 1;
                summary.bytes = summary.bytes.saturating_add(listed.bytes);
            }
            entries.push(listed);
            if entries.len() as u64 > directory.entries {
                return Err(UNREADABLE.into());
            }
        }
        if entries.len() as u64 != directory.entries {
            return Err(UNREADABLE.into());
        }
        if summary.files == 0 {
            return Err(Reason::Empty.into());
        }
        if summary.bytes > MAX_UNPACKED_BYTES {
            return Err(Reason::UnpackedTooLarge.into());
        }
        if summary.bytes > RATIO_FLOOR_BYTES && summary.bytes / MAX_RATIO > directory.archive {
            return Err(Reason::Ratio.into());
        }
        entries.sort_by_key(|entry| entry.from);
        let ends = entries
            .iter()
            .skip(1)
            .map(|next| next.from)
            .chain([directory.from]);
        if entries
            .iter()
            .zip(ends)
            .any(|(entry, next)| entry.least_end() > next)
        {
            return Err(Reason::Overlap.into());
        }
        Ok(Self {
            entries,
            summary,
            directory,
        })
    }
}

impl Listed {
    fn read<'a>(bytes: &'a [u8], names: &mut Names) -> Result<(Self, &'a [u8]), Refusal> {
        let short = |at| u16_at(bytes, at).map(usize::from);
        let (Some(name_bytes), Some(extra_bytes), Some(comment)) = (short(28), short(30), short(32)) else {
            return Err(UNREADABLE.into());
        };
        let name_ends = ENTRY_BYTES + name_bytes;
        let extra_ends = name_ends + extra_bytes;
        let (Some(name), Some(extra), Some(rest)) = (
            bytes.get(ENTRY_BYTES..name_ends),
            bytes.get(name_ends..extra_ends),
            bytes.get(extra_ends + comment..),
        ) else {
            return Err(UNREADABLE.into());
        };
        if !bytes.starts_with(ENTRY) {
            return Err(UNREADABLE.into());
        }
        let refuse = |reason: Reason| reason.of(name);
        let packed = packed(bytes).map_err(refuse)?;
        let (packed_bytes, unpacked, from) = sizes(bytes, extra).ok_or(refuse(UNREADABLE))?;
        let checksum = u32_at(bytes, 16).ok_or(refuse(UNREADABLE))?;
        let entry = kind(bytes, name).map_err(refuse)?;
        if entry == Entry::Folder && unpacked > 0 {
            return Err(refuse(Reason::Corrupt("a folder has content")));
        }
        if unpacked > MAX_FILE_BYTES {
            return Err(refuse(Reason::FileTooLarge));
        }
        if packed == Packed::Stored && packed_bytes != unpacked {
            return Err(refuse(Reason::Corrupt("a stored entry has two sizes")));
        }
        let listed = Self {
            path: names.take(name, entry)?,
            name: fingerprint(name),
            name_bytes,
            from,
            packed,
            packed_bytes,
            bytes: unpacked,
            checksum,
        };
        Ok((listed, rest))
    }

    /// A refusal that names it.
    pub(super) fn refused(&self, reason: Reason) -> Refusal {
        match &self.path {
            Some(path) => reason.of(path.as_str().as_bytes()),
            None => reason.into(),
        }
    }

    /// Where it ends at the earliest.
    fn least_end(&self) -> u64 {
        self.from
            .saturating_add(LOCAL_BYTES + self.name_bytes as u64)
            .saturating_add(self.packed_bytes)
    }
}

fn packed(bytes: &[u8]) -> Result<Packed, Reason> {
    let (Some(flags), Some(method)) = (u16_at(bytes, 8), u16_at(bytes, 10)) else {
        return Err(UNREADABLE);
    };
    if flags & ENCRYPTED != 0 || method == AES {
        return Err(Reason::Encrypted);
    }
    Packed::of(method).ok_or(Reason::Method)
}

/// Unix says what an entry is in the high half of its attributes; a name that ends in a slash says so everywhere.
fn kind(bytes: &[u8], name: &[u8]) -> Result<Entry, Reason> {
    let attributes = u32_at(bytes, 38).ok_or(UNREADABLE)?;
    let is_folder = name.ends_with(b"/");
    // Whoever made it: what an unpacking program would take for a link is refused whatever system is named.
    match (attributes >> 16) & 0o170_000 {
        0o120_000 => Err(Reason::Link),
        0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Err(Reason::Device),
        0o040_000 if !is_folder => Err(Reason::Corrupt("a folder has the name of a file")),
        0 | 0o040_000 | 0o100_000 => Ok(if is_folder { Entry::Folder } else { Entry::File }),
        _ => Err(Reason::UnknownType),
    }
}

/// Packed and unpacked size and place; what does not fit into 32 bits is in a field of zip64.
fn sizes(bytes: &[u8], extra: &[u8]) -> Option<(u64, u64, u64)> {
    let mut long = zip64(extra);
    let mut size = |at| {
        let short = u32_at(bytes, at)?;
        if short < u32::MAX {
            return Some(u64::from(short));
        }
        let (value, rest) = long?.split_at_checked(8)?;
        long = Some(rest);
        u64_at(value, 0)
    };
    let unpacked = size(24)?;
    let packed = size(20)?;
    let from = size(42)?;
    Some((packed, unpacked, from))
}

fn zip64(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (id, length) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let (field, rest) = extra.get(4..)?.split_at_checked(length)?;
        if id == 1 {
            return Some(field);
        }
        extra = rest;
    }
}
