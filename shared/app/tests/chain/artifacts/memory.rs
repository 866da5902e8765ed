//! How much of a site an archive holds in memory at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use imprint_app::artifacts::derive_format;
use imprint_app::env::Env;
use imprint_app::ports::{DeleteFailure, ListPage, Objects, StoreError, Stored};
use imprint_domain::artifact::Format;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_testing::{MemoryObjects, Moment, Site, Trouble};

use super::{derivations, docs, states, unzipped};
use crate::installation::Installation;

const MIB: u64 = 1024 * 1024;

/// A bucket that knows how much was read and not written yet. Of files that no compression makes smaller that is what the
/// archive holds.
struct Scales {
    objects: Arc<MemoryObjects>,
    held: AtomicU64,
    most: AtomicU64,
}

impl Scales {
    fn take(&self, bytes: u64) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.most.fetch_max(held, Ordering::Relaxed);
    }

    fn give(&self, bytes: u64) {
        let held = self.held.load(Ordering::Relaxed);
        self.held.store(held.saturating_sub(bytes), Ordering::Relaxed);
    }
}

#[async_trait]
impl Objects for Scales {
    async fn list(&self, prefix: &KeyPrefix, after: Option<&str>) -> Result<ListPage, StoreError> {
        self.objects.list(prefix, after).await
    }

    async fn headers(&self, key: &ObjectKey) -> Result<Option<Headers>, StoreError> {
        self.objects.headers(key).await
    }

    async fn read(&self, key: &ObjectKey) -> Result<Option<Stored>, StoreError> {
        self.objects.read(key).await
    }

    async fn read_part(&self, key: &ObjectKey, from: u64, length: u64) -> Result<Option<Bytes>, StoreError> {
        // What was asked for may come at any time.
        self.take(length);
        tokio::task::yield_now().await;
        self.objects.read_part(key, from, length).await
    }

    async fn begin_parts(&self, key: &ObjectKey, headers: &Headers) -> Result<String, StoreError> {
        self.objects.begin_parts(key, headers).await
    }

    async fn write_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        body: Bytes,
    ) -> Result<String, StoreError> {
        let length = body.len() as u64;
        let written = self.objects.write_part(key, upload, number, body).await;
        self.give(length);
        written
    }

    async fn finish_parts(&self, key: &ObjectKey, upload: &str, etags: &[String]) -> Result<(), StoreError> {
        self.objects.finish_parts(key, upload, etags).await
    }

    async fn abandon_parts(&self, key: &ObjectKey, upload: &str) -> Result<(), StoreError> {
        self.objects.abandon_parts(key, upload).await
    }

    async fn write(&self, key: &ObjectKey, body: Bytes, headers: &Headers) -> Result<(), StoreError> {
        self.objects.write(key, body, headers).await
    }

    async fn copy(&self, from: &ObjectKey, to: &ObjectKey, headers: &Headers) -> Result<(), StoreError> {
        self.objects.copy(from, to, headers).await
    }

    async fn delete(&self, keys: &[ObjectKey]) -> Result<Vec<DeleteFailure>, StoreError> {
        self.objects.delete(keys).await
    }
}

/// Files that are stored as they are, a large one among many small ones.
fn of_pictures(small: u64, large: u64) -> Site {
    let picture = |nth: u64, bytes: u64| vec![nth as u8; bytes as usize];
    let site = (0..small).fold(docs(), |site, nth| {
        site.file(&format!("img/{nth}.png"), picture(nth, 300_000))
    });
    site.file("video.mp4", picture(small, large))
}

#[tokio::test(start_paused = true)]
async fn an_archive_of_any_size_is_made_in_the_same_memory() {
    let here = Installation::deriving([Format::HtmlZip]).await;
    let site = of_pictures(50, 24 * MIB);
    let build = here.upload(&site, "main").await;
    here.confirm(&build).await.unwrap();
    let messages = derivations(&here).await;
    let scales = Arc::new(Scales {
        objects: here.world.objects.clone(),
        held: AtomicU64::default(),
        most: AtomicU64::default(),
    });
    let env = Env {
        objects: scales.clone(),
        ..here.env.clone()
    };
    let Message::DeriveFormat(message) = &messages[0].message else {
        panic!("{messages:?}")
    };
    derive_format(&env, &messages[0].id, message).await.unwrap();
    let most = scales.most.load(Ordering::Relaxed);
    assert!((8 * MIB..28 * MIB).contains(&most), "{most} bytes of 38 MiB");

    here.settle().await;
    let archive = here
        .world
        .objects
        .get("alpha/v/main/_artifacts/alpha.zip")
        .unwrap();
    let bodies = site.bodies();
    let archived = unzipped(&archive.body);
    assert_eq!(archived.len(), bodies.len());
    assert!(archived["alpha/video.mp4"] == bodies["video.mp4"]);
    assert_eq!(here.world.counts().of("objects.begin_parts"), 1);
    // The manifest said the ETag that the copy has, so the next copy recognizes it.
    here.world.objects.forget_history();
    here.publish(&site, "main").await;
    let written = here.world.objects.history();
    let written = written
        .iter()
        .filter(|done| done.key().as_str().starts_with("alpha/v/main/"));
    assert_eq!(written.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn parts_of_an_archive_that_fails_are_abandoned() {
    let here = Installation::deriving([Format::HtmlZip]).await;
    let build = here.upload(&of_pictures(0, 9 * MIB), "main").await;
    here.confirm(&build).await.unwrap();
    let messages = derivations(&here).await;
    for method in ["objects.write_part", "objects.finish_parts"] {
        here.world.counts().reset();
        here.world.faults().once(method, 1, Moment::Before, Trouble::Busy);
        here.deliver(&messages[0], 1).await;
        here.world.faults().clear();
        let counts = here.world.counts();
        assert_eq!(
            (
                counts.of("objects.begin_parts"),
                counts.of("objects.abandon_parts")
            ),
            (1, 1),
            "{method}"
        );
        assert_eq!(states(&here, build.id)[&Format::HtmlZip], Ok("pending"));
    }
    here.deliver(&messages[0], 2).await;
    assert_eq!(states(&here, build.id)[&Format::HtmlZip], Ok("ready"));
}
