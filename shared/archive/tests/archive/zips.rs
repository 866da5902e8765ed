use std::io::{Cursor, Write};

use imprint_archive::Reason;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::making::{refused, tree, unpack, zip_of, zip_streamed, zip_with};

/// Where the first header after the entries is, that of the directory.
fn directory(archive: &[u8]) -> usize {
    find(archive, b"PK\x01\x02")
}

fn find(archive: &[u8], magic: &[u8]) -> usize {
    archive.windows(4).position(|window| window == magic).unwrap()
}

fn put(archive: &mut [u8], at: usize, bytes: &[u8]) {
    archive[at..at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn a_zip_is_read_however_it_was_written() {
    let files = tree(&[
        ("index.html", &"<p>home".repeat(9999)),
        ("ü/empty", ""),
        ("a b+c", "x"),
    ]);
    let large = SimpleFileOptions::default().large_file(true);
    for archive in [
        zip_of(&files, CompressionMethod::Deflated),
        zip_of(&files, CompressionMethod::Stored),
        zip_streamed(&files),
        zip_with(&files, large),
    ] {
        for at_a_time in [1, 100, usize::MAX] {
            assert_eq!(unpack(&archive, at_a_time), Ok(files.clone()));
        }
    }
}

#[test]
fn folders_and_a_comment_are_no_harm() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment("made by a test").unwrap();
    writer.add_directory("img", SimpleFileOptions::default()).unwrap();
    writer
        .start_file("img/a.png", SimpleFileOptions::default())
        .unwrap();
    writer.write_all(b"png").unwrap();
    let archive = writer.finish().unwrap().into_inner();
    assert_eq!(unpack(&archive, 64), Ok(tree(&[("img/a.png", "png")])));
}

#[test]
fn links_and_devices_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let link = writer.finish().unwrap().into_inner();
    assert_eq!(refused(&link), Reason::Link);
    for (mode, reason) in [
        (0o010_644_u32, Reason::Device),
        (0o020_644, Reason::Device),
        (0o060_644, Reason::Device),
        (0o140_644, Reason::Device),
        (0o150_644, Reason::UnknownType),
    ] {
        let mut archive = zip_of(&tree(&[("a", "x")]), CompressionMethod::Stored);
        let at = directory(&archive);
        put(&mut archive, at + 38, &(mode << 16_i32).to_le_bytes());
        assert_eq!(refused(&archive), reason, "{mode:o}");
    }
}

#[test]
fn what_needs_a_password_or_another_method_is_refused() {
    for (at, bytes, reason) in [
        (8, [1, 0], Reason::Encrypted),
        (8, [64, 0], Reason::Encrypted),
        (10, [99, 0], Reason::Encrypted),
        (10, [12, 0], Reason::Method),
        (10, [93, 0], Reason::Method),
    ] {
        let mut archive = zip_of(&tree(&[("a", "x")]), CompressionMethod::Stored);
        let directory = directory(&archive);
        put(&mut archive, directory + at, &bytes);
        assert_eq!(refused(&archive), reason, "{at} {bytes:?}");
        // The directory may say that all is well.
        let mut archive = zip_of(&tree(&[("a", "x")]), CompressionMethod::Stored);
        put(&mut archive, at - 2, &bytes);
        let own = refused(&archive);
        assert!(
            own == Reason::Encrypted || matches!(own, Reason::Corrupt(_)),
            "{own:?}"
        );
    }
}

#[test]
fn names_are_looked_at_and_each_is_there_once() {
    let renamed = |name: &[u8; 4]| {
        let mut archive = zip_of(&tree(&[("aaaa", "x"), ("bbbb", "y")]), CompressionMethod::Stored);
        let second = find(&archive[1..], b"PK\x03\x04") + 1;
        put(&mut archive, second + 30, name);
        let at = directory(&archive);
        let second = at + 1 + find(&archive[at + 1..], b"PK\x01\x02");
        put(&mut archive, second + 46, name);
        archive
    };
    for (name, reason) in [
        (b"aaaa", Reason::Collision),
        (b"AaAa", Reason::Collision),
        (b"/abc", Reason::Absolute),
        (b"../b", Reason::Parent),
        (b"a\0bc", Reason::Nul),
        (b"a\\bc", Reason::Backslash),
        (b"a\nbc", Reason::Control),
        (b"\xff\xffbc", Reason::NotUtf8),
    ] {
        assert_eq!(refused(&renamed(name)), reason, "{name:?}");
    }
    assert!(unpack(&renamed(b"cccc"), 64).is_ok());
    // The directory and the entry disagree.
    let mut archive = zip_of(&tree(&[("aaaa", "x")]), CompressionMethod::Stored);
    put(&mut archive, 30, b"bbbb");
    assert!(matches!(refused(&archive), Reason::Corrupt(_)));
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let files = tree(&[("a", &"x".repeat(500)), ("b", &"x".repeat(500))]);
    let mut archive = zip_of(&files, CompressionMethod::Stored);
    let at = directory(&archive);
    let second = at + 1 + find(&archive[at + 1..], b"PK\x01\x02");
    put(&mut archive, second + 42, &0_u32.to_le_bytes());
    assert_eq!(refused(&archive), Reason::Overlap);
    // Within each other, as bombs have it.
    put(&mut archive, second + 42, &10_u32.to_le_bytes());
    assert_eq!(refused(&archive), Reason::Overlap);
}

#[test]
fn a_zip_that_is_not_whole_is_refused() {
    let files = tree(&[("index.html", &"<p>home".repeat(99)), ("b", "b")]);
    let whole = zip_of(&files, CompressionMethod::Deflated);
    for length in 4..whole.len() {
        let refusal = unpack(&whole[..length], 64).unwrap_err();
        assert_eq!(refusal.reason, Reason::Truncated, "{length}");
    }
    assert_eq!(refused(&[&whole[..], b"x"].concat()), Reason::Truncated);
    assert_eq!(
        refused(&zip_of(&tree(&[]), CompressionMethod::Stored)),
        Reason::Empty
    );
}

#[test]
fn a_zip_that_contradicts_itself_is_refused() {
    let files = tree(&[("index.html", &"<p>home".repeat(99))]);
    let whole = zip_of(&files, CompressionMethod::Deflated);
    let at = directory(&whole);
    let end = find(&whole, b"PK\x05\x06");
    for (place, bytes) in [
        (45, &b"\xff\xff"[..]),
        (0, b"PK\x03\x05"),
        (at + 16, b"\0\0\0\0"),
        (at + 20, b"\x01\0\0\0"),
        (at + 24, b"\x01\0\0\0"),
        (at + 24, b"\xff\xff\0\0"),
        (end + 4, b"\x01\0"),
        (end + 10, b"\x02\0"),
        (end + 16, b"\0\0\0\0"),
    ] {
        let mut archive = whole.clone();
        put(&mut archive, place, bytes);
        let reason = refused(&archive);
        let is_bad = matches!(reason, Reason::Corrupt(_) | Reason::UnknownKind | Reason::Overlap);
        assert!(is_bad, "{place} {bytes:?}: {reason:?}");
    }
}
