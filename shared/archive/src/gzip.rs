//! Gzip (RFC 1952), some bytes at a time: members one after the other, each with its checksum, and nothing else.

use crc32fast::Hasher;

use crate::inflate::Inflate;
use crate::{Reason, Refusal};

const HEADER_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
const HAS_HEADER_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// A gzip stream on its way.
pub(crate) struct Gunzip {
    state: State,
    inflate: Inflate,
    checksum: Hasher,
    /// Of the present member.
    unpacked: u64,
    members: u64,
}

#[derive(Clone, Copy)]
enum State {
    Header {
        bytes: [u8; HEADER_BYTES],
        have: usize,
    },
    /// What flags say follows the header; each flag is cleared when its part was seen.
    Extra {
        flags: u8,
        length: [u8; 2],
        have: usize,
    },
    Skip {
        flags: u8,
        left: usize,
    },
    Text {
        flags: u8,
        flag: u8,
    },
    Body,
    Trailer {
        bytes: [u8; TRAILER_BYTES],
        have: usize,
    },
}

const START: State = State::Header {
    bytes: [0; HEADER_BYTES],
    have: 0,
};

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self {
            state: START,
            inflate: Inflate::new(),
            checksum: Hasher::new(),
            unpacked: 0,
            members: 0,
        }
    }

    /// Takes some of the input, and gives what came out of it. True when another step may give more without more input.
    pub(crate) fn step<'a>(&'a mut self, input: &mut &[u8]) -> Result<(&'a [u8], bool), Refusal> {
        while !input.is_empty() || matches!(self.state, State::Body) {
            match self.state {
                State::Body => return self.body(input),
                State::Header { mut bytes, mut have } => {
                    have += fill(&mut bytes[have..], input);
                    self.state = if have < HEADER_BYTES {
                        // What follows a member is another one or nothing.
                        if self.members > 0 && !b"\x1f\x8b".starts_with(&bytes[..have.min(2)]) {
                            return Err(Reason::TrailingGarbage.into());
                        }
                        State::Header { bytes, have }
                    } else {
                        self.header(&bytes)?
                    };
                }
                State::Extra {
                    flags,
                    mut length,
                    mut have,
                } => {
                    have += fill(&mut length[have..], input);
                    self.state = if have < length.len() {
                        State::Extra { flags, length, have }
                    } else {
                        let left = usize::from(u16::from_le_bytes(length));
                        State::Skip { flags, left }
                    };
                }
                State::Skip { flags, left } => {
                    let some = left.min(input.len());
                    *input = &input[some..];
                    let left = left - some;
                    self.state = if left > 0 {
                        State::Skip { flags, left }
                    } else {
                        after(flags)
                    };
                }
                State::Text { flags, flag } => {
                    let end = input.iter().position(|byte| *byte == 0);
                    *input = &input[end.map_or(input.len(), |end| end + 1)..];
                    if end.is_some() {
                        self.state = after(flags & !flag);
                    }
                }
                State::Trailer { mut bytes, mut have } => {
                    have += fill(&mut bytes[have..], input);
                    self.state = if have < TRAILER_BYTES {
                        State::Trailer { bytes, have }
                    } else {
                        self.trailer(bytes)?
                    };
                }
            }
        }
        Ok((&[], false))
    }

    /// The end of the input.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        match self.state {
            State::Header { have: 0, .. } if self.members > 0 => Ok(()),
            State::Header { .. } if self.members > 0 => Err(Reason::TrailingGarbage.into()),
            State::Header { .. }
            | State::Extra { .. }
            | State::Skip { .. }
            | State::Text { .. }
            | State::Body
            | State::Trailer { .. } => Err(Reason::Truncated.into()),
        }
    }

    fn body<'a>(&'a mut self, input: &mut &[u8]) -> Result<(&'a [u8], bool), Refusal> {
        let inflated = self.inflate.step(input);
        let inflated = inflated.map_err(|_| Reason::Corrupt("its compressed data cannot be read"))?;
        self.checksum.update(inflated.bytes);
        self.unpacked += inflated.bytes.len() as u64;
        if inflated.ended {
            self.state = State::Trailer {
                bytes: [0; TRAILER_BYTES],
                have: 0,
            };
        }
        Ok((inflated.bytes, inflated.more))
    }

    fn header(&mut self, bytes: &[u8; HEADER_BYTES]) -> Result<State, Refusal> {
        if !bytes.starts_with(b"\x1f\x8b") {
            let is_first = self.members == 0;
            let reason = if is_first {
                Reason::UnknownKind
            } else {
                Reason::TrailingGarbage
            };
            return Err(reason.into());
        }
        let flags = bytes[3];
        if bytes[2] != 8 || flags & RESERVED != 0 {
            return Err(Reason::Corrupt("its gzip header is of no known method").into());
        }
        self.inflate.reset();
        self.checksum = Hasher::new();
        self.unpacked = 0;
        Ok(if flags & HAS_EXTRA != 0 {
            State::Extra {
                flags: flags & !HAS_EXTRA,
                length: [0; 2],
                have: 0,
            }
        } else {
            after(flags)
        })
    }

    fn trailer(&mut self, bytes: [u8; TRAILER_BYTES]) -> Result<State, Refusal> {
        let [a, b, c, d, e, f, g, h] = bytes;
        let checksum = u32::from_le_bytes([a, b, c, d]);
        let length = u32::from_le_bytes([e, f, g, h]);
        let is_right =
            self.checksum.clone().finalize() == checksum && self.unpacked % (1 << 32) == u64::from(length);
        if !is_right {
            return Err(Reason::Corrupt("a checksum is wrong").into());
        }
        self.members += 1;
        Ok(START)
    }
}

/// What follows in a header.
fn after(flags: u8) -> State {
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            return State::Text { flags, flag };
        }
    }
    if flags & HAS_HEADER_CHECKSUM != 0 {
        return State::Skip {
            flags: flags & !HAS_HEADER_CHECKSUM,
            left: 2,
        };
    }
    State::Body
}

/// Moves input to where it is wanted, as far as there is some.
pub(crate) fn fill(wanted: &mut [u8], input: &mut &[u8]) -> usize {
    let some = wanted.len().min(input.len());
    let (taken, rest) = input.split_at(some);
    wanted[..some].copy_from_slice(taken);
    *input = rest;
    some
}
