//! An archive on its way, of either kind.

use imprint_domain::key::SitePath;

use crate::gzip::Gunzip;
use crate::names::Names;
use crate::tar::Tar;
use crate::zip::{Body, ZipIndex};
use crate::{MAX_ARCHIVE_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES, RATIO_FLOOR_BYTES, Reason, Refusal};

/// The kinds of archives that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tar archive in gzip.
    TarGz,
    /// A zip archive.
    Zip,
}

/// Which kind an archive is by its first bytes, four at least. Its name says nothing.
///
/// # Errors
/// When it is none, or is larger than it may be.
pub fn kind(begin: &[u8], bytes: u64) -> Result<Kind, Refusal> {
    if bytes > MAX_ARCHIVE_BYTES {
        return Err(Reason::ArchiveTooLarge.into());
    }
    match begin {
        [0x1f, 0x8b, ..] => Ok(Kind::TarGz),
        [b'P', b'K', 3, 4, ..] => Ok(Kind::Zip),
        [b'P', b'K', 5, 6, ..] | [] => Err(Reason::Empty.into()),
        _ => Err(Reason::UnknownKind.into()),
    }
}

/// What comes out of an archive: files, one after the other.
pub trait Sink {
    /// A file begins.
    fn file(&mut self, path: &SitePath, bytes: u64);
    /// Some of its bytes, never none.
    fn data(&mut self, bytes: &[u8]);
    /// It has ended with exactly as many bytes as it was said to have.
    fn end(&mut self);
}

/// What was in an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many files.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

/// Whether an archive has to be fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All input was taken; more is needed, or there was no more.
    Hungry,
    /// There is more to come out of what was taken, or input is left.
    More,
}

/// Reads an archive from its first byte to its last.
pub struct Unpacker {
    /// Its size.
    archive: u64,
    fed: u64,
    of: Of,
}

enum Of {
    TarGz(Box<TarGz>),
    Zip(Box<Body>),
}

struct TarGz {
    gzip: Gunzip,
    tar: Tar,
    unpacked: u64,
}

impl Unpacker {
    /// A `.tar.gz` of so many bytes. `prefix` is how many bytes lie before each path in its object's key.
    pub fn tar_gz(archive: u64, prefix: usize) -> Self {
        let of = TarGz {
            gzip: Gunzip::new(),
            tar: Tar::new(Names::new(prefix)),
            unpacked: 0,
        };
        Self {
            archive,
            fed: 0,
            of: Of::TarGz(Box::new(of)),
        }
    }

    /// A `.zip` of so many bytes.
    pub fn zip(archive: u64, index: ZipIndex) -> Self {
        Self {
            archive,
            fed: 0,
            of: Of::Zip(Box::new(Body::new(index))),
        }
    }

    /// Takes some of the input, the archive's next bytes. At most 64 KB come out each time, so that whoever writes them can
    /// keep up.
    ///
    /// # Errors
    /// When the archive is to be refused; then nothing can be said of what follows.
    pub fn feed(&mut self, input: &mut &[u8], sink: &mut dyn Sink) -> Result<Progress, Refusal> {
        let before = input.len();
        let more = match &mut self.of {
            Of::TarGz(tar_gz) => tar_gz.step(input, self.archive, sink)?,
            Of::Zip(body) => {
                let mut some = &input[..input.len().min(STORED_AT_A_TIME)];
                let length = some.len();
                let more = body.step(&mut some, sink)?;
                *input = &input[length - some.len()..];
                more
            }
        };
        self.fed += (before - input.len()) as u64;
        Ok(if more || !input.is_empty() {
            Progress::More
        } else {
            Progress::Hungry
        })
    }

    /// The end of the input.
    ///
    /// # Errors
    /// When it is not the end of the archive.
    pub fn finish(&self) -> Result<Summary, Refusal> {
        if self.fed != self.archive {
            return Err(Reason::Truncated.into());
        }
        match &self.of {
            Of::TarGz(tar_gz) => {
                tar_gz.gzip.finish()?;
                tar_gz.tar.finish()
            }
            Of::Zip(body) => body.finish(),
        }
    }
}

/// What is taken at a time of files that are not compressed.
const STORED_AT_A_TIME: usize = 64 * 1024;

impl TarGz {
    fn step(&mut self, input: &mut &[u8], archive: u64, sink: &mut dyn Sink) -> Result<bool, Refusal> {
        let (bytes, more) = self.gzip.step(input)?;
        self.unpacked += bytes.len() as u64;
        if self.unpacked > MAX_UNPACKED_BYTES {
            return Err(Reason::UnpackedTooLarge.into());
        }
        if self.unpacked > RATIO_FLOOR_BYTES && self.unpacked / MAX_RATIO > archive {
            return Err(Reason::Ratio.into());
        }
        self.tar.take(bytes, sink)?;
        Ok(more)
    }
}
