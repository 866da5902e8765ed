use imprint_archive::Reason;

use crate::making::{gzip, pax, raw_entry, raw_entry_of, refused, tar_gz, tar_of, tree, unpack, unpack_in};

#[test]
fn a_tar_as_gnu_writes_it_is_read() {
    let long = format!("{}/index.html", ["a folder with a name"; 9].join("/"));
    let files = tree(&[("index.html", "<p>home"), ("ü/empty", ""), (&long, "long")]);
    for at_a_time in [1, 100, usize::MAX] {
        assert_eq!(unpack(&tar_gz(&files), at_a_time), Ok(files.clone()));
    }
}

#[test]
fn long_names_of_posix_and_folders_of_all_kinds_are_read() {
    let long = "x/".repeat(30) + &"y".repeat(300);
    let mut prefixed = raw_entry(b"page.html", b'0', b"p");
    prefixed[345..349].copy_from_slice(b"deep");
    let sum = prefixed[..512].iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let own = prefixed[148..156]
        .iter()
        .map(|byte| u64::from(*byte))
        .sum::<u64>();
    prefixed[148..156].copy_from_slice(format!("{:06o}\0 ", sum - own + 8 * 32).as_bytes());
    let archive = tar_of(&[
        raw_entry(b"pax_global_header", b'g', b"20 comment=a commit\n"),
        raw_entry(b"./", b'5', b""),
        raw_entry(b"./x/", b'5', b""),
        raw_entry(b"old/", b'\0', b""),
        pax(&[
            ("path", long.as_bytes()),
            ("mtime", b"1.5"),
            ("SCHILY.xattr.user.x", b"\0=\n"),
        ]),
        raw_entry(b"short", b'0', b"long"),
        prefixed,
        raw_entry(b"./plain", b'7', b"contiguous"),
    ]);
    let files = tree(&[(&long, "long"), ("deep/page.html", "p"), ("plain", "contiguous")]);
    assert_eq!(unpack(&archive, 512), Ok(files));
}

#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    for (kind, reason) in [
        (b'1', Reason::Link),
        (b'2', Reason::Link),
        (b'3', Reason::Device),
        (b'4', Reason::Device),
        (b'6', Reason::Device),
        (b'S', Reason::Sparse),
        (b'V', Reason::UnknownType),
        (b'M', Reason::UnknownType),
        (b'D', Reason::UnknownType),
        (b'X', Reason::UnknownType),
    ] {
        let archive = tar_of(&[raw_entry(b"ok", b'0', b"ok"), raw_entry(b"bad", kind, b"")]);
        assert_eq!(refused(&archive), reason, "{}", char::from(kind));
        assert_eq!(unpack(&archive, 512).unwrap_err().entry.as_deref(), Some("bad"));
    }
    let sparse = tar_of(&[
        pax(&[("GNU.sparse.major", b"1")]),
        raw_entry(b"holes", b'0', b"x"),
    ]);
    assert_eq!(refused(&sparse), Reason::Sparse);
}

#[test]
fn a_name_is_looked_at_wherever_it_comes_from() {
    let file = || raw_entry(b"harmless", b'0', b"x");
    let nul_in_pax = pax(&[("path", b"a\0b")]);
    for (entries, reason) in [
        (vec![raw_entry(b"/etc/passwd", b'0', b"x")], Reason::Absolute),
        (vec![raw_entry(b"../x", b'5', b"")], Reason::Parent),
        (vec![pax(&[("path", b"a/../../x")]), file()], Reason::Parent),
        (
            vec![raw_entry(b"././@LongLink", b'L', b"/x\0"), file()],
            Reason::Absolute,
        ),
        (vec![nul_in_pax, file()], Reason::Nul),
        (vec![pax(&[("path", b"a\xff")]), file()], Reason::NotUtf8),
        (vec![raw_entry(b"a\\b", b'0', b"x")], Reason::Backslash),
        (vec![raw_entry(b"a\x07b", b'0', b"x")], Reason::Control),
        (
            vec![file(), raw_entry(b"HARMLESS", b'0', b"x")],
            Reason::Collision,
        ),
        (
            vec![file(), raw_entry(b"harmless/x", b'0', b"x")],
            Reason::Collision,
        ),
        (
            vec![pax(&[("path", "x".repeat(1025).as_bytes())]), file()],
            Reason::NameTooLong,
        ),
        (
            vec![pax(&[("path", &vec![b'x'; 70_000])]), file()],
            Reason::NameTooLong,
        ),
        (
            vec![raw_entry_of(b"././@LongLink", b'L', 1 << 40, b"")],
            Reason::NameTooLong,
        ),
        (vec![pax(&[("path", b"")]), file()], Reason::NoName),
    ] {
        assert_eq!(refused(&tar_of(&entries)), reason, "{reason:?}");
    }
    let name = "x".repeat(1000);
    let archive = tar_of(&[pax(&[("path", name.as_bytes())]), file()]);
    assert!(unpack_in(&archive, 512, 24).is_ok());
    assert_eq!(
        unpack_in(&archive, 512, 25).unwrap_err().reason,
        Reason::NameTooLong
    );
}

#[test]
fn an_archive_that_is_not_whole_is_refused() {
    let files = tree(&[("index.html", "<p>home"), ("b", "b")]);
    let whole = tar_gz(&files);
    for length in [1, 2, 9, 11, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let reason = refused(&whole[..length]);
        let is_short = matches!(reason, Reason::Truncated | Reason::UnknownKind);
        assert!(is_short, "{length}: {reason:?}");
    }
    let entry = raw_entry(b"a", b'0', &[7; 600]);
    // The gzip is whole, the tar in it is not.
    for tar in [
        &entry[..100],
        &entry[..700],
        &entry[..1024],
        &entry,
        &[&entry[..], &[0; 512]].concat(),
    ] {
        assert_eq!(refused(&gzip(tar)), Reason::Truncated, "{}", tar.len());
    }
    assert_eq!(refused(&gzip(b"")), Reason::Truncated);
    assert_eq!(refused(&tar_of(&[])), Reason::Empty);
    assert_eq!(refused(&tar_of(&[raw_entry(b"d/", b'5', b"")])), Reason::Empty);
}

#[test]
fn an_archive_that_contradicts_itself_is_refused() {
    let entry = raw_entry(b"a", b'0', b"x");
    let is_corrupt = |reason| matches!(reason, Reason::Corrupt(_));
    let mut sum = entry.clone();
    sum[0] = b'b';
    let mut size = entry.clone();
    size[124..136].copy_from_slice(b"nonsense!!! ");
    for entries in [
        vec![sum],
        vec![size],
        vec![raw_entry(b"d/", b'5', b"content")],
        vec![entry.clone(), pax(&[("path", b"b")])],
        vec![raw_entry(b"g", b'g', b"10 path=b\n"), entry.clone()],
        vec![raw_entry(b"x", b'x', b"99 path=b\n"), entry.clone()],
        vec![raw_entry(b"x", b'x', b"nonsense"), entry.clone()],
        vec![vec![0; 512], entry.clone()],
    ] {
        let reason = refused(&tar_of(&entries));
        assert!(is_corrupt(reason), "{reason:?}");
    }
    let whole = tar_of(std::slice::from_ref(&entry));
    let mut checksum = whole.clone();
    let at = checksum.len() - 5;
    checksum[at] ^= 1;
    assert!(is_corrupt(refused(&checksum)));
    let mut method = whole.clone();
    method[2] = 7;
    assert!(is_corrupt(refused(&method)));
}

#[test]
fn nothing_follows_the_end() {
    let whole = tar_of(&[raw_entry(b"a", b'0', b"x")]);
    for garbage in [&b"\0"[..], b"x", b"\x1f", b"\x1f\x8b", b"\x1fx", &whole[..]] {
        let reason = refused(&[&whole[..], garbage].concat());
        let follows = matches!(reason, Reason::TrailingGarbage | Reason::Truncated);
        assert!(follows, "{garbage:?}: {reason:?}");
    }
    let within = [
        raw_entry(b"a", b'0', b"x"),
        vec![0; 1024],
        raw_entry(b"b", b'0', b"hidden"),
    ]
    .concat();
    assert_eq!(refused(&gzip(&within)), Reason::TrailingGarbage);
    let record = [raw_entry(b"a", b'0', b"x"), vec![0; 10_240]].concat();
    assert_eq!(unpack(&gzip(&record), 512), Ok(tree(&[("a", "x")])));
}

#[test]
fn gzip_may_have_a_name_and_several_members() {
    let tar = [raw_entry(b"a", b'0', b"x"), vec![0; 1024]].concat();
    let (first, second) = tar.split_at(600);
    let mut named = flate2::GzBuilder::new()
        .filename("site.tar")
        .comment("made by a test")
        .extra(b"extra".to_vec())
        .read(first, flate2::Compression::fast());
    let mut archive = Vec::new();
    std::io::Read::read_to_end(&mut named, &mut archive).unwrap();
    archive.extend(gzip(second));
    for at_a_time in [1, 3, usize::MAX] {
        assert_eq!(unpack(&archive, at_a_time), Ok(tree(&[("a", "x")])));
    }
}
