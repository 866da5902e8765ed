//! Deflate, some bytes at a time.

use flate2::{Decompress, FlushDecompress, Status};

/// What is unpacked at a time.
const AT_A_TIME: usize = 64 * 1024;

/// A deflated stream on its way.
pub(crate) struct Inflate {
    stream: Decompress,
    out: Box<[u8]>,
}

/// What one step did.
pub(crate) struct Inflated<'a> {
    /// What came out of it.
    pub(crate) bytes: &'a [u8],
    /// Whether the stream has ended.
    pub(crate) ended: bool,
    /// Whether another step may unpack more without more input.
    pub(crate) more: bool,
}

/// The stream is no deflate.
pub(crate) struct NotDeflate;

impl Inflate {
    pub(crate) fn new() -> Self {
        Self {
            stream: Decompress::new(false),
            out: vec![0; AT_A_TIME].into(),
        }
    }

    /// Begins another stream.
    pub(crate) fn reset(&mut self) {
        self.stream.reset(false);
    }

    /// Takes some of the input, and no byte behind the stream's end.
    pub(crate) fn step(&mut self, input: &mut &[u8]) -> Result<Inflated<'_>, NotDeflate> {
        let (read, written) = (self.stream.total_in(), self.stream.total_out());
        let status = self
            .stream
            .decompress(input, &mut self.out, FlushDecompress::None);
        let read = usize::try_from(self.stream.total_in() - read).map_err(|_| NotDeflate)?;
        let written = usize::try_from(self.stream.total_out() - written).map_err(|_| NotDeflate)?;
        *input = input.get(read..).ok_or(NotDeflate)?;
        let ended = match status {
            Ok(Status::StreamEnd) => true,
            Ok(Status::Ok) => false,
            // Neither input nor output got on: more input is needed, or there was some and it is of no use.
            Ok(Status::BufError) if input.is_empty() => false,
            Ok(Status::BufError) | Err(_) => return Err(NotDeflate),
        };
        Ok(Inflated {
            bytes: self.out.get(..written).ok_or(NotDeflate)?,
            ended,
            more: !ended && written == AT_A_TIME,
        })
    }
}
