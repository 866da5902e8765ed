//! An archive as a stream of bytes. The pieces of its files go in, parts of it come out.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{Buf, Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use imprint_domain::manifest::{File, MAX_FILE_BYTES};
use imprint_domain::slug::ProductSlug;
use imprint_domain::task::FailureCode;

use crate::artifacts::Unmade;
use crate::artifacts::reading::Piece;

/// Deflate makes a byte of at most 1,032, so that what is unpacked at a time has at most 8 MB.
const UNPACKED_AT_A_TIME: usize = 8 * 1024;
/// What is packed at a time.
const PACKED_AT_A_TIME: usize = 1024 * 1024;
/// A file from which on an entry needs the fields of zip64. A packed file of unknown size may not get so far.
const LARGE: u64 = 0xf000_0000;
/// Endings of files that deflate would make no smaller.
const COMPRESSED: [&str; 22] = [
    "7z", "avif", "br", "bz2", "epub", "gif", "gz", "jar", "jpeg", "jpg", "mp3", "mp4", "ogg", "png", "tgz",
    "webm", "webp", "whl", "woff", "woff2", "xz", "zip",
];

/// The archive as far as it is.
pub(super) struct Archive {
    zip: ZipWriter<StreamWriter<Out>>,
    out: Out,
    folder: String,
    entry: Entry,
    /// The size of all files.
    unpacked: u64,
    notes: Vec<String>,
}

/// How the bytes of the present file go in.
enum Entry {
    /// As they are.
    Plain,
    /// The object is packed for browsers; without one to unpack it nobody could read it.
    Packed {
        decoder: Box<MultiGzDecoder<Vec<u8>>>,
        unpacked: u64,
    },
    /// It cannot be unpacked any further.
    Broken,
}

impl Archive {
    /// An archive with one folder, which is called after a product.
    pub(super) fn new(product: &ProductSlug) -> Self {
        let out = Out::default();
        Self {
            zip: ZipWriter::new_stream(out.clone()),
            out,
            folder: format!("{product}/"),
            entry: Entry::Plain,
            unpacked: 0,
            notes: Vec::new(),
        }
    }

    /// Begins a file with its first piece.
    pub(super) fn begin(&mut self, piece: &Piece<'_>) -> Result<(), Unmade> {
        if piece.from > 0 {
            return Ok(());
        }
        let file = piece.file;
        let path = file.path.as_str();
        let encoding = file.headers.content_encoding.as_deref().unwrap_or_default();
        self.entry = match encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" if piece.body.starts_with(b"\x1f\x8b") => Entry::Packed {
                decoder: Box::new(MultiGzDecoder::new(Vec::new())),
                unpacked: 0,
            },
            "" | "identity" | "gzip" | "x-gzip" => Entry::Plain,
            other => {
                self.notes.push(format!(
                    "{path} is in the archive as it lies in the bucket: {other}"
                ));
                Entry::Plain
            }
        };
        let options = SimpleFileOptions::default()
            .compression_method(method(file))
            .compression_level((method(file) == CompressionMethod::Deflated).then_some(6))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644)
            .large_file(file.size >= LARGE);
        let started = self.zip.start_file(format!("{}{path}", self.folder), options);
        started.map_err(|error| unwritten(&error))
    }

    /// Takes some of a piece's bytes.
    pub(super) fn take(&mut self, rest: &mut Bytes) -> Result<(), Unmade> {
        match &mut self.entry {
            Entry::Plain => {
                let some = rest.split_to(rest.len().min(PACKED_AT_A_TIME));
                self.put(&some)
            }
            Entry::Packed { decoder, .. } => {
                let some = rest.split_to(rest.len().min(UNPACKED_AT_A_TIME));
                let decoded = decoder.write_all(&some);
                self.put_unpacked(decoded.is_ok())
            }
            Entry::Broken => {
                rest.advance(rest.len());
                Ok(())
            }
        }
    }

    /// Ends a file with its last piece.
    pub(super) fn end(&mut self, piece: &Piece<'_>) -> Result<(), Unmade> {
        if !piece.is_last() {
            return Ok(());
        }
        if let Entry::Packed { decoder, .. } = &mut self.entry {
            let decoded = decoder.try_finish();
            self.put_unpacked(decoded.is_ok())?;
        }
        if matches!(self.entry, Entry::Broken) {
            let path = piece.file.path.as_str();
            self.notes.push(format!("{path} ends where its gzip is broken"));
        }
        Ok(())
    }

    /// As many bytes as a part has, when there are as many.
    pub(super) fn full_part(&mut self, size: usize) -> Option<Bytes> {
        let mut out = self.out.bytes();
        (out.len() >= size).then(|| out.split_to(size).freeze())
    }

    /// What is left, with the directory, and what people may want to know.
    pub(super) fn finish(self) -> Result<(Bytes, Vec<String>), Unmade> {
        self.zip.finish().map_err(|error| unwritten(&error))?;
        let rest = self.out.bytes().split().freeze();
        Ok((rest, self.notes))
    }

    fn put_unpacked(&mut self, is_good: bool) -> Result<(), Unmade> {
        let Entry::Packed { decoder, unpacked } = &mut self.entry else {
            return Ok(());
        };
        let some = std::mem::take(decoder.get_mut());
        *unpacked += some.len() as u64;
        if *unpacked >= LARGE {
            return Err(Unmade::Declined(format!(
                "a file of the site is packed, and has more than {LARGE} bytes when it is unpacked"
            )));
        }
        if !is_good {
            self.entry = Entry::Broken;
        }
        self.put(&some)
    }

    fn put(&mut self, some: &[u8]) -> Result<(), Unmade> {
        self.unpacked += some.len() as u64;
        if self.unpacked > MAX_FILE_BYTES {
            return Err(Unmade::Declined(format!(
                "the site has more than {MAX_FILE_BYTES} bytes, which is the most that is put into an archive"
            )));
        }
        self.zip.write_all(some).map_err(|error| unwritten(&error))
    }
}

fn method(file: &File) -> CompressionMethod {
    let ending = file.path.as_str().rsplit_once('.').map(|(_, ending)| ending);
    let is_compressed = ending.is_some_and(|ending| {
        let ending = ending.to_ascii_lowercase();
        COMPRESSED.contains(&ending.as_str())
    });
    if is_compressed {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    }
}

fn unwritten(error: &dyn std::error::Error) -> Unmade {
    Unmade::Failed(
        FailureCode::NotDerived,
        format!("the archive could not be written: {error}"),
    )
}

/// What was written and not taken yet.
#[derive(Debug, Clone, Default)]
struct Out(Arc<Mutex<BytesMut>>);

impl Out {
    fn bytes(&self) -> MutexGuard<'_, BytesMut> {
        self.0.lock().expect("nothing panics while it writes or takes")
    }
}

impl Write for Out {
    fn write(&mut self, some: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(some);
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
