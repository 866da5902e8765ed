//! The entries of a zip, in the order in which they lie.

use crc32fast::Hasher;

use super::directory::ZipIndex;
use super::{ENCRYPTED, Packed, u16_at};
use crate::gzip::fill;
use crate::inflate::Inflate;
use crate::{Reason, Refusal, Sink, Summary};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;

/// A zip archive on its way, from its first byte on.
pub(crate) struct Body {
    index: ZipIndex,
    /// Which entry is next, or present.
    nth: usize,
    /// How many bytes of the archive were taken.
    at: u64,
    state: State,
    header: [u8; LOCAL_BYTES],
    name: Vec<u8>,
    inflate: Inflate,
    checksum: Hasher,
    unpacked: u64,
}

#[derive(Clone, Copy)]
enum State {
    /// What lies before the next entry: nothing, or the sizes of the last one once more.
    Between,
    Header {
        have: usize,
    },
    Name {
        have: usize,
        extra: u64,
    },
    Extra {
        left: u64,
    },
    Data {
        left: u64,
    },
}

impl Body {
    pub(crate) fn new(index: ZipIndex) -> Self {
        Self {
            index,
            nth: 0,
            at: 0,
            state: State::Between,
            header: [0; LOCAL_BYTES],
            name: Vec::new(),
            inflate: Inflate::new(),
            checksum: Hasher::new(),
            unpacked: 0,
        }
    }

    /// Takes some of the input. True when another step may unpack more without more input.
    pub(crate) fn step(&mut self, input: &mut &[u8], sink: &mut dyn Sink) -> Result<bool, Refusal> {
        let before = input.len();
        let more = self.part(input, sink);
        self.at += (before - input.len()) as u64;
        more
    }

    fn part(&mut self, input: &mut &[u8], sink: &mut dyn Sink) -> Result<bool, Refusal> {
        let Some(entry) = self.index.entries.get(self.nth) else {
            // The directory, which was read before.
            *input = &[];
            return Ok(false);
        };
        match self.state {
            State::Between => {
                let gap = entry.from.checked_sub(self.at).ok_or(Reason::Overlap)?;
                if skip(input, gap) == gap {
                    self.state = State::Header { have: 0 };
                }
                Ok(false)
            }
            State::Header { have } => {
                let have = have + fill(&mut self.header[have..], input);
                self.state = State::Header { have };
                if have == LOCAL_BYTES {
                    self.begin()?;
                }
                Ok(false)
            }
            State::Name { have, extra } => {
                let have = have + fill(&mut self.name[have..], input);
                self.state = State::Name { have, extra };
                if have == self.name.len() {
                    if crate::names::fingerprint(self.name.as_slice()) != entry.name {
                        return Err(Reason::Corrupt("an entry has two names").of(&self.name));
                    }
                    self.state = State::Extra { left: extra };
                }
                Ok(false)
            }
            State::Extra { left } => {
                let left = left - skip(input, left);
                self.state = State::Extra { left };
                if left == 0 {
                    self.state = State::Data {
                        left: entry.packed_bytes,
                    };
                    if let Some(path) = &entry.path {
                        sink.file(path, entry.bytes);
                    }
                    if entry.packed_bytes == 0 {
                        return self.end(sink).map(|()| false);
                    }
                }
                Ok(false)
            }
            State::Data { left } => self.data(left, input, sink),
        }
    }

    /// The header before an entry's bytes says the same as the directory, as far as it says anything.
    fn begin(&mut self) -> Result<(), Refusal> {
        let Some(entry) = self.index.entries.get(self.nth) else {
            return Ok(());
        };
        let header = &self.header;
        let refuse = |reason: Reason| entry.refused(reason);
        let unlike = Reason::Corrupt("an entry is not what the directory says");
        let field = |at| u16_at(header, at).ok_or(refuse(unlike));
        let (flags, method, name, extra) = (field(6)?, field(8)?, field(26)?, field(28)?);
        if !header.starts_with(LOCAL) {
            return Err(refuse(unlike));
        }
        if flags & ENCRYPTED != 0 {
            return Err(refuse(Reason::Encrypted));
        }
        if Packed::of(method) != Some(entry.packed) || usize::from(name) != entry.name_bytes {
            return Err(refuse(unlike));
        }
        let header = LOCAL_BYTES as u64 + u64::from(name) + u64::from(extra);
        let ends = entry
            .from
            .saturating_add(header)
            .saturating_add(entry.packed_bytes);
        let next = self.index.entries.get(self.nth + 1).map(|next| next.from);
        if ends > next.unwrap_or(self.index.directory.from) {
            return Err(refuse(Reason::Overlap));
        }
        self.checksum = Hasher::new();
        self.unpacked = 0;
        self.inflate.reset();
        self.name.clear();
        self.name.resize(entry.name_bytes, 0);
        self.state = State::Name {
            have: 0,
            extra: extra.into(),
        };
        Ok(())
    }

    fn data(&mut self, left: u64, input: &mut &[u8], sink: &mut dyn Sink) -> Result<bool, Refusal> {
        let Some(entry) = self.index.entries.get(self.nth) else {
            return Ok(false);
        };
        let refuse = |reason: Reason| entry.refused(reason);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let mut some = &input[..most];
        let (bytes, ended, more) = match entry.packed {
            Packed::Stored => (std::mem::take(&mut some), left == most as u64, false),
            Packed::Deflated => {
                let inflated = self.inflate.step(&mut some);
                let unreadable = Reason::Corrupt("its compressed data cannot be read");
                let inflated = inflated.map_err(|_| refuse(unreadable))?;
                (inflated.bytes, inflated.ended, inflated.more)
            }
        };
        let taken = most - some.len();
        let left = left - taken as u64;
        self.checksum.update(bytes);
        self.unpacked += bytes.len() as u64;
        let is_bad = self.unpacked > entry.bytes || (ended && left > 0) || (left == 0 && !ended && !more);
        if is_bad {
            return Err(refuse(Reason::Corrupt(
                "an entry is not as large as the directory says",
            )));
        }
        if entry.path.is_some() && !bytes.is_empty() {
            sink.data(bytes);
        }
        *input = &input[taken..];
        self.state = State::Data { left };
        if ended {
            self.end(sink)?;
        }
        Ok(more)
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Some(entry) = self.index.entries.get(self.nth) else {
            return Ok(());
        };
        let is_right = self.unpacked == entry.bytes && self.checksum.clone().finalize() == entry.checksum;
        if !is_right {
            return Err(entry.refused(Reason::Corrupt("a checksum is wrong")));
        }
        if entry.path.is_some() {
            sink.end();
        }
        self.nth += 1;
        self.state = State::Between;
        Ok(())
    }

    /// The end of the input.
    pub(crate) fn finish(&self) -> Result<Summary, Refusal> {
        if self.nth == self.index.entries.len() {
            Ok(self.index.summary)
        } else {
            Err(Reason::Truncated.into())
        }
    }
}

/// Passes over at most so many bytes, and says over how many.
fn skip(input: &mut &[u8], bytes: u64) -> u64 {
    let some = usize::try_from(bytes).unwrap_or(usize::MAX).min(input.len());
    *input = &input[some..];
    some as u64
}
