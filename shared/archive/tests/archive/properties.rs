use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use zip::CompressionMethod;

use crate::making::{Tree, gzip, tar_gz, unpack, zip_of, zip_streamed};

/// Trees in which no name is another in disguise.
fn trees() -> impl Strategy<Value = Tree> {
    let path = vec("[a-zäöü0-9 +%&;._-]{1,12}", 1..4).prop_map(|parts| parts.join("/"));
    let path = path.prop_filter("dots lead elsewhere", |path| {
        path.split('/').all(|part| !matches!(part, "." | ".."))
    });
    btree_map(path, vec(any::<u8>(), 0..2000), 1..12).prop_filter("a file is no folder", |tree| {
        tree.keys().all(|path| {
            let below = format!("{path}/");
            !tree.keys().any(|other| other.starts_with(&below))
        })
    })
}

proptest! {
    #[test]
    fn any_tree_comes_out_as_it_went_in(tree in trees(), at_a_time in 1_usize..5000) {
        for archive in [
            tar_gz(&tree),
            zip_of(&tree, CompressionMethod::Deflated),
            zip_of(&tree, CompressionMethod::Stored),
            zip_streamed(&tree),
        ] {
            prop_assert_eq!(unpack(&archive, at_a_time), Ok(tree.clone()));
        }
    }

    /// Whatever was changed, what comes out whole is a tree, the same in whatever pieces it came; and nothing panics. Which of
    /// two mistakes is met first depends on the pieces.
    #[test]
    fn an_archive_with_wrong_bytes_is_refused_or_is_another_archive(
        tree in trees(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        at_a_time in 1_usize..5000,
    ) {
        let tar = {
            let whole = tar_gz(&tree);
            let mut plain = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&whole[..]), &mut plain).unwrap();
            plain
        };
        let change = |mut archive: Vec<u8>| {
            for (at, byte) in &wrong {
                let at = at.index(archive.len());
                archive[at] = *byte;
            }
            archive
        };
        for archive in [
            change(tar_gz(&tree)),
            gzip(&change(tar)),
            change(zip_of(&tree, CompressionMethod::Stored)),
            change(zip_streamed(&tree)),
        ] {
            let pieces: BTreeMap<usize, _> =
                [1, at_a_time].map(|size| (size, unpack(&archive, size).ok())).into();
            let mut outcomes = pieces.into_values();
            let first = outcomes.next().unwrap();
            prop_assert!(outcomes.all(|other| other == first));
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(
        bytes in vec(any::<u8>(), 0..3000),
        magic in prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08\0", b"PK\x03\x04"]),
        end in prop::sample::select(vec![&b""[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0.\0\0\0\x04\0\0\0\0\0"]),
    ) {
        let archive = [magic, &bytes[..], end].concat();
        prop_assert!(unpack(&archive, 100).is_err());
        prop_assert!(unpack(&gzip(&bytes), 100).is_err());
    }
}
