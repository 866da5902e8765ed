//! The archive's bytes.

use std::io::{Cursor, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file of the archive.
pub(super) struct File<'a> {
    pub(super) name: String,
    pub(super) bytes: std::borrow::Cow<'a, [u8]>,
}

/// An archive whose first file is stored and whose times say nothing: the same files give the same bytes.
pub(super) fn zip(files: &[File<'_>]) -> Vec<u8> {
    write(files).expect("names are short and different, no file has 4 GB, and memory takes every byte")
}

fn write(files: &[File<'_>]) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (place, file) in files.iter().enumerate() {
        // A reader recognizes an EPUB by its first bytes. Images are compressed already.
        let stored = place == 0 || file.name.starts_with("EPUB/images/");
        let method = if stored {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644);
        zip.start_file(file.name.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
