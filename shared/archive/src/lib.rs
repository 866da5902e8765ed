//! What a client packed: `.tar.gz` and `.zip` archives, read as a stream and believed in nothing.
//!
//! Bytes go in as they come, files come out in the archive's order: no reader, no seeking, no async, no AWS. An archive is
//! read once to be checked and once more to be unpacked, by the same code, so that the two cannot differ in what they take
//! for a file. Memory is bounded by constants here, whatever the archive says of itself.
//!
//! It never writes a file, never guesses an encoding, and never repairs: an archive is taken whole or refused.

mod gzip;
mod inflate;
mod names;
mod refusal;
mod tar;
mod unpacker;
mod zip;

pub use refusal::{Reason, Refusal};
pub use unpacker::{Kind, Progress, Sink, Summary, Unpacker, kind};
pub use zip::{MAX_DIRECTORY_BYTES, TAIL_BYTES, ZipDirectory, ZipIndex};

/// An archive has at most 2 GiB: larger ones take longer to be read twice than a function may run.
pub const MAX_ARCHIVE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// What is unpacked of one archive, headers and padding included: 8 GiB. Inflating and writing so much fits into two runs
/// of a quarter of an hour.
pub const MAX_UNPACKED_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// One file may have as much as one that is uploaded by itself.
pub const MAX_FILE_BYTES: u64 = imprint_domain::manifest::MAX_FILE_BYTES;

/// Files and folders, those that only other names mention included: 100,000. The manifest of so many has 10 MB, which the
/// steps behind hold in memory.
pub const MAX_ENTRIES: u64 = 100_000;

/// A name has at most so many bytes, as an object's key has.
pub const MAX_NAME_BYTES: usize = imprint_domain::key::MAX_KEY_BYTES;

/// Folders within each other. No site has so many; a name of nothing but folders would have 512.
pub const MAX_DEPTH: usize = 64;

/// Unpacked bytes a packed one. Sources pack to a twentieth, logs to a hundredth; deflate reaches 1,032 with nothing but
/// one byte.
pub const MAX_RATIO: u64 = 200;

/// So much may be unpacked whatever the ratio: 64 MiB. A small archive of empty pages is no attack.
pub const RATIO_FLOOR_BYTES: u64 = 64 * 1024 * 1024;
