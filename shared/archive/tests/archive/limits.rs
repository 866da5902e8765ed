use std::io::{Cursor, Write};

use imprint_archive::{MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_FILE_BYTES, Reason, kind};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::making::{Tree, raw_entry, raw_entry_of, tar_of, tree, unpack, zip_of};

fn refused(archive: &[u8]) -> Reason {
    unpack(archive, 8 * 1024).unwrap_err().reason
}

#[test]
fn the_kind_is_found_in_the_first_bytes() {
    for (begin, bytes, reason) in [
        (
            &b"\x1f\x8b\x08\x00"[..],
            MAX_ARCHIVE_BYTES + 1,
            Reason::ArchiveTooLarge,
        ),
        (b"", 0, Reason::Empty),
        (b"\x1f", 1, Reason::UnknownKind),
        (b"BZh9", 99, Reason::UnknownKind),
        (b"\xfd7zX", 99, Reason::UnknownKind),
        (b"Rar!", 99, Reason::UnknownKind),
        (b"<htm", 99, Reason::UnknownKind),
        (b"PK\x05\x06", 22, Reason::Empty),
    ] {
        assert_eq!(kind(begin, bytes).map_err(|refusal| refusal.reason), Err(reason));
    }
}

#[test]
fn more_entries_than_a_site_has_are_refused() {
    let entry = |nth: u64| raw_entry(format!("{nth}").as_bytes(), b'0', b"");
    let some: Vec<_> = (0..MAX_ENTRIES + 1).map(entry).collect();
    assert_eq!(refused(&tar_of(&some)), Reason::TooManyEntries);
    assert!(unpack(&tar_of(&some[1..]), 8 * 1024).is_ok());
    // Folders count, also those that only names mention.
    let nested = |nth: u64| raw_entry(format!("{nth}/a/b/c").as_bytes(), b'0', b"");
    let nested: Vec<_> = (0..MAX_ENTRIES / 4 + 1).map(nested).collect();
    assert_eq!(refused(&tar_of(&nested)), Reason::TooManyEntries);
}

#[test]
fn what_becomes_too_much_larger_is_refused() {
    let zeros = vec![0; 70 * 1024 * 1024];
    assert_eq!(
        refused(&tar_of(&[raw_entry(b"zeros", b'0', &zeros)])),
        Reason::Ratio
    );
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("zeros", SimpleFileOptions::default()).unwrap();
    writer.write_all(&zeros).unwrap();
    let zip = writer.finish().unwrap().into_inner();
    assert_eq!(refused(&zip), Reason::Ratio);
    // A little of it is no attack.
    let files: Tree = [("zeros".to_owned(), vec![0; 1024 * 1024])].into();
    assert!(unpack(&zip_of(&files, CompressionMethod::Deflated), 8 * 1024).is_ok());
}

#[test]
fn a_file_or_a_whole_that_says_it_is_too_large_is_refused_before_it_is_read() {
    let huge = tar_of(&[raw_entry_of(b"huge", b'0', MAX_FILE_BYTES + 1, b"")]);
    assert_eq!(refused(&huge), Reason::FileTooLarge);
    let files = tree(&[("a", "x"), ("b", "x")]);
    let mut zip = zip_of(&files, CompressionMethod::Deflated);
    let entries: Vec<usize> = zip
        .windows(4)
        .enumerate()
        .filter(|(_, window)| window == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect();
    for at in entries {
        zip[at + 24..at + 28].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    }
    assert_eq!(refused(&zip), Reason::Ratio);
}
