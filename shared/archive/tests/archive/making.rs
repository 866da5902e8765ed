//! Archives made with the libraries that everybody uses, and read with ours.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_archive::{
    Kind, Progress, Reason, Refusal, Sink, Summary, TAIL_BYTES, Unpacker, ZipDirectory, ZipIndex, kind,
};
use imprint_domain::key::SitePath;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The files of an archive.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// Remembers what comes out, and that it comes in order.
#[derive(Default)]
struct Files {
    tree: Tree,
    present: Option<(String, u64, Vec<u8>)>,
}

impl Sink for Files {
    fn file(&mut self, path: &SitePath, bytes: u64) {
        assert!(self.present.is_none(), "a file begins within another");
        self.present = Some((path.as_str().to_owned(), bytes, Vec::new()));
    }

    fn data(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty() && bytes.len() <= 64 * 1024);
        self.present.as_mut().unwrap().2.extend_from_slice(bytes);
    }

    fn end(&mut self) {
        let (path, bytes, body) = self.present.take().unwrap();
        assert_eq!(body.len() as u64, bytes, "{path}");
        assert_eq!(self.tree.insert(path, body), None, "a file is there twice");
    }
}

/// Reads an archive `at_a_time` bytes at a time.
pub(crate) fn unpack(archive: &[u8], at_a_time: usize) -> Result<Tree, Refusal> {
    unpack_in(archive, at_a_time, 0).map(|(tree, _)| tree)
}

/// The same for a place of so many bytes.
pub(crate) fn unpack_in(archive: &[u8], at_a_time: usize, prefix: usize) -> Result<(Tree, Summary), Refusal> {
    let bytes = archive.len() as u64;
    let mut unpacker = match kind(archive, bytes)? {
        Kind::TarGz => Unpacker::tar_gz(bytes, prefix),
        Kind::Zip => {
            let tail = archive.len().min(TAIL_BYTES as usize);
            let directory = ZipDirectory::find(&archive[archive.len() - tail..], bytes)?;
            let from = directory.from as usize;
            let listed = &archive[from..from + directory.length as usize];
            Unpacker::zip(bytes, ZipIndex::read(directory, listed, prefix)?)
        }
    };
    let mut files = Files::default();
    for piece in archive.chunks(at_a_time.max(1)) {
        let mut piece = piece;
        while unpacker.feed(&mut piece, &mut files)? == Progress::More {}
        assert!(piece.is_empty(), "a hungry archive has taken all");
    }
    let summary = unpacker.finish()?;
    assert!(files.present.is_none());
    let bytes: usize = files.tree.values().map(Vec::len).sum();
    assert_eq!(
        (summary.files, summary.bytes),
        (files.tree.len() as u64, bytes as u64)
    );
    Ok((files.tree, summary))
}

/// Why an archive is refused, whatever the size of the pieces that it comes in.
pub(crate) fn refused(archive: &[u8]) -> Reason {
    let reasons = [1, 7, 4096, usize::MAX].map(|at_a_time| unpack(archive, at_a_time).unwrap_err().reason);
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
    reasons[0]
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter();
    files
        .map(|(path, body)| ((*path).to_owned(), body.as_bytes().to_vec()))
        .collect()
}

/// A tar entry of any type with any name, past what the library would take for a mistake.
pub(crate) fn raw_entry(name: &[u8], kind: u8, body: &[u8]) -> Vec<u8> {
    raw_entry_of(name, kind, body.len() as u64, body)
}

/// The same with any size.
pub(crate) fn raw_entry_of(name: &[u8], kind: u8, size: u64, body: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    let bytes = header.as_mut_bytes();
    bytes[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    let mut entry = header.as_bytes().to_vec();
    entry.extend_from_slice(body);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// Attributes of the next entry.
pub(crate) fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (rest + 1..)
            .find(|length| length.to_string().len() + rest == *length)
            .unwrap();
        body.extend_from_slice(format!("{length} {key}=").as_bytes());
        body.extend_from_slice(value);
        body.push(b'\n');
    }
    raw_entry(b"PaxHeaders/x", b'x', &body)
}

/// Entries, the end, and gzip around it.
pub(crate) fn tar_of(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = entries.concat();
    tar.extend_from_slice(&[0; 1024]);
    gzip(&tar)
}

/// As `tar czf` writes it.
pub(crate) fn tar_gz(files: &Tree) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, body) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, body.as_slice()).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

/// As `zip -r` writes it.
pub(crate) fn zip_of(files: &Tree, method: CompressionMethod) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(method);
    zip_with(files, options)
}

pub(crate) fn zip_with(files: &Tree, options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, body) in files {
        writer.start_file(path.as_str(), options).unwrap();
        writer.write_all(body).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// As a stream writes it that cannot go back: sizes follow the entries.
pub(crate) fn zip_streamed(files: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = ZipWriter::new_stream(&mut out);
    for (path, body) in files {
        writer
            .start_file(path.as_str(), SimpleFileOptions::default())
            .unwrap();
        writer.write_all(body).unwrap();
    }
    writer.finish().unwrap();
    out
}
