//! How much of an archive is held in memory at a time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_app::env::Env;
use imprint_app::ports::{DeleteFailure, ListPage, Listed, Objects, StoreError, Stored};
use imprint_app::unpack_archive::unpack_archive;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_testing::samples::NOON;

use super::{announced, put, tar_gz};
use crate::installation::Installation;

const MIB: u64 = 1024 * 1024;

/// A bucket with one archive, a file of this machine, that keeps nothing of what is written to it but a weight: what is on its
/// way to it or from it.
struct Scales {
    archive: File,
    size: u64,
    held: AtomicU64,
    most: AtomicU64,
    written: AtomicU64,
}

impl Scales {
    fn of(archive: File) -> Self {
        Self {
            size: archive.metadata().unwrap().len(),
            archive,
            held: AtomicU64::default(),
            most: AtomicU64::default(),
            written: AtomicU64::default(),
        }
    }

    /// Everything that is asked for at once is on its way at once.
    async fn weigh(&self, bytes: u64) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.most.fetch_max(held, Ordering::Relaxed);
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[async_trait]
impl Objects for Scales {
    async fn list(&self, prefix: &KeyPrefix, _: Option<&str>) -> Result<ListPage, StoreError> {
        let is_uploads = prefix.as_str().starts_with("_imprint/uploads/");
        let archive = Listed {
            key: ObjectKey::new(format!("{prefix}archive")),
            size: self.size,
            etag: "archive".to_owned(),
            written_at: NOON,
        };
        Ok(ListPage {
            objects: is_uploads.then_some(archive).into_iter().collect(),
            next: None,
        })
    }

    async fn headers(&self, _: &ObjectKey) -> Result<Option<Headers>, StoreError> {
        Ok(None)
    }

    async fn read(&self, _: &ObjectKey) -> Result<Option<Stored>, StoreError> {
        Ok(None)
    }

    async fn read_part(&self, _: &ObjectKey, from: u64, length: u64) -> Result<Option<Bytes>, StoreError> {
        let mut bytes = vec![0; length as usize];
        self.archive.read_exact_at(&mut bytes, from).unwrap();
        self.weigh(length).await;
        Ok(Some(bytes.into()))
    }

    async fn begin_parts(&self, _: &ObjectKey, _: &Headers) -> Result<String, StoreError> {
        Ok("upload".to_owned())
    }

    async fn write_part(&self, _: &ObjectKey, _: &str, _: u32, body: Bytes) -> Result<String, StoreError> {
        self.weigh(body.len() as u64).await;
        self.written.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok("part".to_owned())
    }

    async fn finish_parts(&self, _: &ObjectKey, _: &str, _: &[String]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn abandon_parts(&self, _: &ObjectKey, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn write(&self, _: &ObjectKey, body: Bytes, _: &Headers) -> Result<(), StoreError> {
        self.weigh(body.len() as u64).await;
        self.written.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn copy(&self, _: &ObjectKey, _: &ObjectKey, _: &Headers) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete(&self, _: &[ObjectKey]) -> Result<Vec<DeleteFailure>, StoreError> {
        Ok(Vec::new())
    }
}

/// Bytes that deflate makes a third of, others for each file.
struct Content {
    left: u64,
    state: u64,
}

impl io::Read for Content {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let some = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for chunk in out[..some].chunks_mut(24) {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let random = self.state.rotate_left(17).to_le_bytes();
            let length = chunk.len().min(8);
            chunk.fill(b' ');
            chunk[..length].copy_from_slice(&random[..length]);
        }
        self.left -= some as u64;
        Ok(some)
    }
}

/// The sizes of the files: many small ones, one large one.
fn sizes(total: u64) -> impl Iterator<Item = u64> {
    let large = total / 8;
    let small = (total - large) / (MIB / 4);
    std::iter::once(large).chain((0..small).map(|_| MIB / 4))
}

fn write_tar_gz(out: &File, total: u64) {
    let mut builder = tar::Builder::new(GzEncoder::new(io::BufWriter::new(out), Compression::fast()));
    for (nth, size) in (1..).zip(sizes(total)) {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        let content = Content {
            left: size,
            state: nth,
        };
        builder
            .append_data(&mut header, format!("part{}/{nth}.html", nth % 9), content)
            .unwrap();
    }
    let encoder = builder.into_inner().unwrap();
    encoder.finish().unwrap().flush().unwrap();
}

fn write_zip(out: &File, total: u64) {
    let mut writer = zip::ZipWriter::new(io::BufWriter::new(out));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
    for (nth, size) in (1..).zip(sizes(total)) {
        writer
            .start_file(format!("part{}/{nth}.html", nth % 9), options)
            .unwrap();
        io::copy(
            &mut Content {
                left: size,
                state: nth,
            },
            &mut writer,
        )
        .unwrap();
    }
    writer.finish().unwrap().flush().unwrap();
}

/// Unpacks an archive of files with so many bytes in all, and says how many bytes were on their way at most.
async fn weighed(write: fn(&File, u64), total: u64) -> u64 {
    let here = Installation::new().await;
    let build = announced(&here).await;
    // One that is small enough for the bucket in memory starts it.
    put(&here, &build, tar_gz(&imprint_testing::Site::of_pages(1)));
    here.confirm(&build).await.unwrap();
    let envelope = here
        .world
        .queue
        .take(imprint_testing::Step::UnpackArchive)
        .unwrap();
    let file = tempfile::tempfile().unwrap();
    write(&file, total);
    let scales = Arc::new(Scales::of(file));
    let env = Env {
        objects: scales.clone(),
        inbox: scales.clone(),
        ..here.env.clone()
    };
    let Message::UnpackArchive(message) = &envelope.message else {
        panic!("{envelope:?}")
    };
    unpack_archive(&env, &envelope.id, message, here.bounds)
        .await
        .unwrap();
    let files: u64 = sizes(total).sum();
    assert!(scales.written.load(Ordering::Relaxed) >= files);
    scales.most.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn an_archive_of_any_size_is_unpacked_in_the_same_memory() {
    for write in [write_tar_gz as fn(&File, u64), write_zip] {
        let most = weighed(write, 160 * MIB).await;
        assert!((16 * MIB..=50 * MIB).contains(&most), "{most} bytes of 160 MiB");
    }
}

/// What a process takes for 2 GB, the archive's making included. Beside other tests the process is not this one's alone, so
/// the test starts itself once more without them.
async fn two_gigabytes(test: &str, write: fn(&File, u64)) {
    if !std::env::args().any(|argument| argument == "--exact") {
        let alone = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--nocapture", "--exact", test])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&alone.stdout);
        println!("{said}");
        assert!(
            alone.status.success(),
            "{}",
            String::from_utf8_lossy(&alone.stderr)
        );
        assert!(said.contains("1 passed"), "there is no test {test}");
        return;
    }
    let begun = std::time::Instant::now();
    let most = weighed(write, 2 * 1024 * MIB).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!("{peak}; {} MiB on their way; {:?}", most / MIB, begun.elapsed());
    let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 256 * 1024, "{peak}");
}

#[tokio::test(start_paused = true)]
#[ignore = "writes a file of a gigabyte"]
async fn two_gigabytes_in_a_tar_gz() {
    two_gigabytes("archives::memory::two_gigabytes_in_a_tar_gz", write_tar_gz).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "writes a file of a gigabyte"]
async fn two_gigabytes_in_a_zip() {
    two_gigabytes("archives::memory::two_gigabytes_in_a_zip", write_zip).await;
}
