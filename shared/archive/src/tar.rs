//! Tar as POSIX, GNU and the old v7 wrote it, some bytes at a time.
//!
//! Not the `tar` crate: it reads a long name as long as the archive says, into memory; it takes the end of the input for the
//! end of the archive, so that a truncated one looks whole; and it wants a reader. The tests write with it.

mod header;
mod pax;

use imprint_domain::key::SitePath;

use self::header::{Header, Type};
use self::pax::Pax;
use crate::gzip::fill;
use crate::names::{Entry, Names};
use crate::{MAX_ENTRIES, MAX_FILE_BYTES, MAX_UNPACKED_BYTES, Reason, Refusal, Sink, Summary};

const BLOCK: usize = 512;

/// What a long name or the attributes of an entry have at most: 64 KiB. Names have a kilobyte; the rest are attributes that
/// some systems add.
const MAX_META_BYTES: u64 = 64 * 1024;

/// Headers that are no entry of their own: at most so many in all.
const MAX_META: u64 = 4 * MAX_ENTRIES;

/// A tar archive on its way.
pub(crate) struct Tar {
    names: Names,
    state: State,
    block: [u8; BLOCK],
    /// What the next entry's name or size is instead of what its header says.
    pax: Pax,
    long_name: Option<Vec<u8>>,
    metas: u64,
    entries: u64,
    summary: Summary,
}

enum State {
    /// The next block is being read.
    Header {
        have: usize,
    },
    /// What belongs to the next entry is being read.
    Meta {
        kind: Meta,
        bytes: Vec<u8>,
        left: u64,
        padding: u64,
    },
    /// A file's bytes.
    File {
        left: u64,
        padding: u64,
    },
    Padding {
        left: u64,
    },
    /// One block of zeros was seen: another one has to follow.
    Zeros {
        have: usize,
    },
    /// The archive has ended; what follows is zeros up to a whole record.
    End,
}

/// What a header may announce for the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meta {
    /// GNU: the name.
    Name,
    /// GNU: where a link leads. Links are refused; this is not needed.
    Link,
    /// Attributes of the next entry.
    Pax,
    /// Attributes of all entries.
    Global,
}

impl Tar {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            state: State::Header { have: 0 },
            block: [0; BLOCK],
            pax: Pax::default(),
            long_name: None,
            metas: 0,
            entries: 0,
            summary: Summary::default(),
        }
    }

    /// Takes all of the input.
    pub(crate) fn take(&mut self, mut input: &[u8], sink: &mut dyn Sink) -> Result<(), Refusal> {
        let input = &mut input;
        while !input.is_empty() {
            match &mut self.state {
                State::Header { have } => {
                    *have += fill(&mut self.block[*have..], input);
                    if *have == BLOCK {
                        self.header(sink)?;
                    }
                }
                State::Meta { bytes, left, .. } => {
                    let some = some_of(input, *left);
                    bytes.extend_from_slice(some);
                    *left -= some.len() as u64;
                    if *left == 0 {
                        self.meta()?;
                    }
                }
                State::File { left, padding } => {
                    let some = some_of(input, *left);
                    sink.data(some);
                    *left -= some.len() as u64;
                    if *left == 0 {
                        sink.end();
                        self.state = padded(*padding);
                    }
                }
                State::Padding { left } => {
                    *left -= some_of(input, *left).len() as u64;
                    if *left == 0 {
                        self.state = State::Header { have: 0 };
                    }
                }
                State::Zeros { have } => {
                    *have += fill(&mut self.block[*have..], input);
                    if *have == BLOCK {
                        if self.block != [0; BLOCK] {
                            return Err(Reason::Corrupt("a block of zeros is between its entries").into());
                        }
                        self.state = State::End;
                    }
                }
                State::End => {
                    if input.iter().any(|byte| *byte != 0) {
                        return Err(Reason::TrailingGarbage.into());
                    }
                    *input = &[];
                }
            }
        }
        Ok(())
    }

    /// The end of the input.
    pub(crate) fn finish(&self) -> Result<Summary, Refusal> {
        match self.state {
            State::End if self.summary.files > 0 => Ok(self.summary),
            State::End => Err(Reason::Empty.into()),
            State::Header { .. }
            | State::Meta { .. }
            | State::File { .. }
            | State::Padding { .. }
            | State::Zeros { .. } => Err(Reason::Truncated.into()),
        }
    }

    fn header(&mut self, sink: &mut dyn Sink) -> Result<(), Refusal> {
        if self.block == [0; BLOCK] {
            let is_open = self.long_name.is_some() || !self.pax.is_empty();
            self.state = State::Zeros { have: 0 };
            return if is_open {
                Err(Reason::Corrupt("its last name belongs to no entry").into())
            } else {
                Ok(())
            };
        }
        let header = Header::read(&self.block)?;
        if let Type::Meta(kind) = header.kind {
            return self.begin_meta(kind, header.size);
        }
        let pax = std::mem::take(&mut self.pax);
        let long = self.long_name.take();
        let name = pax.path.or(long).unwrap_or_else(|| header.name.clone());
        if pax.is_sparse {
            return Err(Reason::Sparse.of(&name));
        }
        let size = pax.size.unwrap_or(header.size);
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(Reason::TooManyEntries.into());
        }
        let is_folder = match header.kind {
            Type::Folder => true,
            // The old way to say so.
            Type::File => name.ends_with(b"/"),
            Type::Refused(reason) => return Err(reason.of(&name)),
            Type::Meta(_) => false,
        };
        if is_folder {
            if size > 0 {
                return Err(Reason::Corrupt("a folder has content").of(&name));
            }
            self.names.take(&name, Entry::Folder)?;
            self.state = State::Header { have: 0 };
            return Ok(());
        }
        match self.names.take(&name, Entry::File)? {
            Some(path) => self.begin_file(path, size, sink),
            None => Err(Reason::NoName.of(&name)),
        }
    }

    fn begin_file(&mut self, path: SitePath, size: u64, sink: &mut dyn Sink) -> Result<(), Refusal> {
        if size > MAX_FILE_BYTES {
            return Err(Reason::FileTooLarge.of(path.as_str().as_bytes()));
        }
        self.summary.files += 1;
        self.summary.bytes += size;
        if self.summary.bytes > MAX_UNPACKED_BYTES {
            return Err(Reason::UnpackedTooLarge.into());
        }
        sink.file(&path, size);
        if size == 0 {
            sink.end();
            self.state = State::Header { have: 0 };
        } else {
            let padding = padding(size);
            self.state = State::File { left: size, padding };
        }
        Ok(())
    }

    fn begin_meta(&mut self, kind: Meta, size: u64) -> Result<(), Refusal> {
        self.metas += 1;
        if size > MAX_META_BYTES || self.metas > MAX_META {
            return Err(Reason::NameTooLong.into());
        }
        if size == 0 {
            return Err(Reason::Corrupt("a long name is empty").into());
        }
        self.state = State::Meta {
            kind,
            bytes: Vec::new(),
            left: size,
            padding: padding(size),
        };
        Ok(())
    }

    fn meta(&mut self) -> Result<(), Refusal> {
        let State::Meta {
            kind, bytes, padding, ..
        } = std::mem::replace(&mut self.state, State::Header { have: 0 })
        else {
            return Ok(());
        };
        match kind {
            Meta::Name => self.long_name = Some(until_nul(&bytes).to_vec()),
            Meta::Link => {}
            Meta::Pax => self.pax.read(&bytes)?,
            Meta::Global => {
                let mut global = Pax::default();
                global.read(&bytes)?;
                if !global.is_empty() {
                    return Err(Reason::Corrupt("all entries are said to have one name or size").into());
                }
            }
        }
        self.state = padded(padding);
        Ok(())
    }
}

/// The next of the input, at most as much as is left of something.
fn some_of<'a>(input: &mut &'a [u8], left: u64) -> &'a [u8] {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
    let (some, rest) = input.split_at(most);
    *input = rest;
    some
}

/// What fills the last block.
fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

fn padded(padding: u64) -> State {
    match padding {
        0 => State::Header { have: 0 },
        left => State::Padding { left },
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}
