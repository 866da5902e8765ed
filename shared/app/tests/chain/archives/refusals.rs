//! Archives that are refused: the task says why, nothing is registered, nothing is written.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_app::builds;
use imprint_domain::task::{Failure, FailureCode, Registration, TaskStatus};
use imprint_domain::upload::ArchiveDigest;
use imprint_testing::samples::parsed;
use imprint_testing::{Site, Step};

use super::{announced, below_build, heard, of_archive, put, tar_gz, zipped};
use crate::installation::{Installation, sites};

/// A `.tar.gz` with one good file and then this entry.
fn with_entry(name: &str, kind: tar::EntryType, size: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (name, kind, body) in [
        ("index.html", tar::EntryType::Regular, vec![b'x'; 9]),
        (name, kind, vec![0; size]),
    ] {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(body.len() as u64);
        header.set_cksum();
        builder.append(&header, &body[..]).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn encrypted() -> Vec<u8> {
    let mut archive = zipped(&Site::of_pages(2));
    let at = archive.windows(4).position(|window| window == b"PK\x01\x02");
    archive[at.unwrap() + 8] |= 1;
    archive
}

fn followed_by_more() -> Vec<u8> {
    let mut archive = tar_gz(&Site::of_pages(2));
    archive.extend_from_slice(b"more");
    archive
}

fn broken(mut archive: Vec<u8>) -> Vec<u8> {
    let middle = archive.len() / 2;
    archive[middle] ^= 0xff;
    archive
}

fn no_tar() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[b'x'; 5000]).unwrap();
    encoder.finish().unwrap()
}

async fn failure(here: &Installation, archive: Vec<u8>) -> Failure {
    let build = announced(here).await;
    put(here, &build, archive);
    let task = heard(here, &build).await;
    here.settle().await;
    let task = here.task(&task).await;
    let Registration::Failed(failure) = task.registration else {
        panic!("{task:?}")
    };
    assert_eq!(below_build(here, &build), [""; 0]);
    assert_eq!(
        here.world.objects.keys("_imprint/"),
        [""; 0],
        "the archive is gone"
    );
    assert!(here.world.queue.take(Step::RegisterBuild).is_none());
    assert_eq!(here.published("main"), None);
    assert!(here.world.catalog.all_outbox().is_empty());
    failure
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_is_refused_says_why_and_leaves_nothing() {
    use tar::EntryType::{Block, Char, Fifo, GNUSparse, Link, Regular, Symlink};
    let whole = tar_gz(&Site::of_pages(9));
    for (archive, code, said) in [
        (
            with_entry("/etc/passwd", Regular, 1),
            FailureCode::ArchiveBadName,
            "/etc/passwd",
        ),
        (
            with_entry("a/../../b", Regular, 1),
            FailureCode::ArchiveBadName,
            "a/../../b",
        ),
        (
            with_entry("a\\b", Regular, 1),
            FailureCode::ArchiveBadName,
            "a\\\\b",
        ),
        (
            with_entry("a\u{7}b", Regular, 1),
            FailureCode::ArchiveBadName,
            "a\\u{7}b",
        ),
        (
            with_entry("INDEX.html", Regular, 1),
            FailureCode::ArchiveCollision,
            "INDEX.html",
        ),
        (
            with_entry("index.html", Regular, 1),
            FailureCode::ArchiveCollision,
            "index.html",
        ),
        (
            with_entry("index.html/x", Regular, 1),
            FailureCode::ArchiveCollision,
            "index.html/x",
        ),
        (
            with_entry("link", Symlink, 0),
            FailureCode::ArchiveBadEntry,
            "a link: \"link\"",
        ),
        (
            with_entry("hard", Link, 0),
            FailureCode::ArchiveBadEntry,
            "a link: \"hard\"",
        ),
        (with_entry("tty", Char, 0), FailureCode::ArchiveBadEntry, "device"),
        (
            with_entry("sda", Block, 0),
            FailureCode::ArchiveBadEntry,
            "device",
        ),
        (with_entry("pipe", Fifo, 0), FailureCode::ArchiveBadEntry, "pipe"),
        (
            with_entry("holes", GNUSparse, 0),
            FailureCode::ArchiveBadEntry,
            "sparse",
        ),
        (
            with_entry("zeros", Regular, 70 << 20),
            FailureCode::ArchiveTooLarge,
            "200 times",
        ),
        (
            whole[..whole.len() / 2].to_vec(),
            FailureCode::ArchiveCorrupt,
            "too early",
        ),
        (broken(whole.clone()), FailureCode::ArchiveCorrupt, "corrupt"),
        (followed_by_more(), FailureCode::ArchiveCorrupt, "follows its end"),
        (no_tar(), FailureCode::ArchiveCorrupt, "checksum"),
        (
            zipped(&Site::of_pages(9))[..900].to_vec(),
            FailureCode::ArchiveCorrupt,
            "too early",
        ),
        (encrypted(), FailureCode::ArchiveEncrypted, "encrypted"),
        (b"<html>".to_vec(), FailureCode::ArchiveUnsupported, "neither"),
        (Vec::new(), FailureCode::ArchiveUnsupported, "no files"),
        (tar_gz(&Site::new()), FailureCode::ArchiveUnsupported, "no files"),
    ] {
        let here = Installation::new().await;
        let failure = failure(&here, archive).await;
        assert_eq!(failure.code, code, "{}", failure.message);
        assert!(failure.message.contains(said), "{said}: {}", failure.message);
        assert_eq!(failure.remedy, code.remedy());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_fits_no_key_is_refused() {
    let here = Installation::new().await;
    let long = format!("{}/x.html", ["folder"; 142].join("/"));
    let deep = failure(&here, tar_gz(&Site::new().file(&long, "x"))).await;
    assert_eq!(deep.code, FailureCode::ArchiveBadName);
    let long = format!("{}.html", "x".repeat(1010));
    let long = failure(&here, tar_gz(&Site::new().file(&long, "x"))).await;
    assert_eq!(long.code, FailureCode::ArchiveBadName);
}

#[tokio::test(start_paused = true)]
async fn the_digest_that_was_announced_is_that_of_the_archive_or_it_is_refused() {
    use sha2::Digest;
    let here = Installation::new().await;
    let [a, ..] = sites();
    let archive = tar_gz(&a);
    let digest = |bytes: &[u8]| ArchiveDigest::new(sha2::Sha256::digest(bytes).into());
    for (announced, status) in [
        (digest(b"another one"), TaskStatus::Failure),
        (digest(&archive), TaskStatus::Success),
    ] {
        let new = of_archive(Some(announced));
        let created = builds::create(&here.env, &parsed("alpha"), new, &|_| Ok(())).await;
        let build = created.unwrap().build;
        put(&here, &build, archive.clone());
        let task = heard(&here, &build).await;
        here.settle().await;
        let task = here.task(&task).await;
        assert_eq!(task.status(), status);
        if let Registration::Failed(failure) = task.registration {
            assert_eq!(failure.code, FailureCode::ArchiveWrongDigest);
            assert!(
                failure.message.contains(&announced.to_string()),
                "{}",
                failure.message
            );
            assert_eq!(below_build(&here, &build), [""; 0]);
        }
    }
    here.assert_shows("main", &a);
}

/// The same build takes a better one; the bad one sent again says the same again.
#[tokio::test(start_paused = true)]
async fn after_a_refusal_another_archive_is_taken() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = announced(&here).await;
    let bad = with_entry("link", tar::EntryType::Symlink, 0);
    put(&here, &build, bad.clone());
    let refused = heard(&here, &build).await;
    here.settle().await;
    // It is deleted, and whoever asks is told what became of it.
    assert_eq!(here.confirm(&build).await.unwrap(), refused);
    put(&here, &build, bad);
    assert_eq!(heard(&here, &build).await, refused);
    here.settle().await;
    assert_eq!(here.task(&refused).await.status(), TaskStatus::Failure);
    put(&here, &build, tar_gz(&a));
    let task = heard(&here, &build).await;
    here.settle().await;
    assert_eq!(here.task(&task).await.status(), TaskStatus::Success);
    here.assert_shows("main", &a);
}
