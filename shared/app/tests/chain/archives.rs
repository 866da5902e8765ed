//! Builds that come in an archive: one upload, and nothing else to call.

mod crashes;
mod memory;
mod refusals;

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_app::builds::{self, NewBuild, NewEditions, confirm_by_archive};
use imprint_app::error::AppError;
use imprint_app::sweep::confirm_unheard;
use imprint_domain::build::Build;
use imprint_domain::git::GitRefs;
use imprint_domain::id::TaskId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::message::Envelope;
use imprint_domain::task::{FailureCode, Registration, TaskStatus};
use imprint_domain::upload::{ArchiveDigest, Upload};
use imprint_testing::samples::parsed;
use imprint_testing::{Site, Step};
use jiff::SignedDuration;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::installation::{Installation, sites};

/// As `tar czf` packs a site.
fn tar_gz(site: &Site) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, body) in site.bodies() {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, &body[..]).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// As `zip -r` packs a site.
fn zipped(site: &Site) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, body) in site.bodies() {
        writer.start_file(path, SimpleFileOptions::default()).unwrap();
        writer.write_all(&body).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn of_archive(digest: Option<ArchiveDigest>) -> NewBuild {
    NewBuild {
        slug: None,
        git_refs: GitRefs::parse(&["main"]).unwrap(),
        alternate: None,
        documents: None,
        github_requester: None,
        artifacts: [].into(),
        upload: Upload::archive(digest),
        directories: None,
        new_editions: NewEditions::Allowed,
    }
}

async fn announced(here: &Installation) -> Build {
    let created = builds::create(&here.env, &parsed("alpha"), of_archive(None), &|_| Ok(())).await;
    created.unwrap().build
}

fn put(here: &Installation, build: &Build, archive: impl Into<bytes::Bytes>) {
    let key = ObjectKey::archive(build.id);
    here.world.objects.put(key.as_str(), archive, Headers::default());
}

/// The event that S3 sends for it.
async fn heard(here: &Installation, build: &Build) -> TaskId {
    let heard = confirm_by_archive(&here.world.tenants(), build.id).await.unwrap();
    heard.expect("the build waits for its archive")
}

/// A build whose archive is there, and the message that has it unpacked.
async fn waiting(here: &Installation, archive: Vec<u8>) -> (Build, TaskId, Envelope) {
    let build = announced(here).await;
    put(here, &build, archive);
    let task = heard(here, &build).await;
    let envelope = here.world.queue.take(Step::UnpackArchive).unwrap();
    (build, task, envelope)
}

fn below_build(here: &Installation, build: &Build) -> Vec<String> {
    here.world.objects.keys(build.prefix().as_str())
}

#[tokio::test(start_paused = true)]
async fn an_archive_is_published_once_it_is_there() {
    for pack in [tar_gz, zipped] {
        let here = Installation::new().await;
        let [a, b, _] = sites();
        for site in [a, b] {
            let build = announced(&here).await;
            put(&here, &build, pack(&site));
            let task = heard(&here, &build).await;
            here.settle().await;
            let task = here.task(&task).await;
            assert_eq!(task.status(), TaskStatus::Success, "{task:?}");
            here.assert_shows("main", &site);
            assert_eq!(here.published("main"), Some(build.id.0));
            assert_eq!(here.world.objects.keys("_imprint/uploads/"), [""; 0]);
        }
    }
}

/// A build's files are those that an upload of each of them makes, to the last header.
#[tokio::test(start_paused = true)]
async fn an_archive_leaves_what_uploads_of_its_files_leave() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (by_files, _) = here.publish(&a, "main").await;
    let build = announced(&here).await;
    put(&here, &build, tar_gz(&a));
    heard(&here, &build).await;
    here.settle().await;
    let below = |build: &Build| {
        let own = build.prefix().directory_key();
        let objects = here.world.objects.snapshot().into_iter();
        let below = objects.filter_map(|(key, object)| {
            let path = key.as_str().strip_prefix(own.as_str())?.to_owned();
            (path.is_empty() || path.starts_with('/'))
                .then_some((path, (object.etag, object.headers.of_content())))
        });
        below.collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(below(&build), below(&by_files));
    let object = here
        .world
        .objects
        .get(&format!("{}index.html", build.prefix()))
        .unwrap();
    assert_eq!(
        object.headers.metadata["surrogate-key"],
        build.surrogate_key.as_str()
    );
    assert_eq!(object.headers.cache_control.as_deref(), Some("max-age=31536000"));
}

#[tokio::test(start_paused = true)]
async fn unpacking_costs_a_request_a_file_and_a_few_more() {
    for (pack, reads) in [(tar_gz as fn(&Site) -> Vec<u8>, 4), (zipped, 8)] {
        let here = Installation::new().await;
        let site = Site::of_pages(400);
        let (_, _, envelope) = waiting(&here, pack(&site)).await;
        here.world.counts().reset();
        here.deliver(&envelope, 1).await;
        let counts = here.world.counts();
        let files = site.paths().len() as u64;
        // The redirect of the build itself, and the journal.
        assert_eq!(counts.of("objects.write"), files + 2);
        assert_eq!(counts.of("objects.read_part"), reads);
        assert!(counts.of("objects.list") <= 4, "{}", counts.of("objects.list"));
        assert_eq!(counts.of("objects.delete"), 2);
        assert_eq!(counts.of("objects.headers"), 0);
        assert!(counts.of("catalog.commit") <= 2);
    }
}

#[tokio::test(start_paused = true)]
async fn saying_that_it_is_uploaded_is_a_hint() {
    let here = Installation::new().await;
    let [a, b, _] = sites();
    let build = announced(&here).await;
    let early = here.confirm(&build).await;
    assert!(matches!(early, Err(AppError::Refused(_))), "{early:?}");
    put(&here, &build, tar_gz(&a));
    let task = here.confirm(&build).await.unwrap();
    // Whoever comes later hears of the same task, and nothing is read twice.
    assert_eq!(heard(&here, &build).await, task);
    assert_eq!(here.confirm(&build).await.unwrap(), task);
    assert!(here.world.queue.take(Step::UnpackArchive).is_some_and(|first| {
        here.world.queue.give_back(first);
        true
    }));
    here.settle().await;
    here.assert_shows("main", &a);

    // From then on it is as with every other build, and no other archive is taken.
    put(&here, &build, tar_gz(&b));
    let heard = confirm_by_archive(&here.world.tenants(), build.id).await;
    assert_eq!(heard.unwrap(), None);
    let again = here.confirm(&build).await.unwrap();
    assert_ne!(again, task);
    here.settle().await;
    assert_eq!(here.task(&again).await.status(), TaskStatus::Success);
    here.assert_shows("main", &a);
}

#[tokio::test(start_paused = true)]
async fn an_archive_whose_event_was_lost_is_found() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let build = announced(&here).await;
    put(&here, &build, tar_gz(&a));
    let tenants = here.world.tenants();
    assert_eq!(confirm_unheard(&tenants).await.unwrap(), 0);
    here.world.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(confirm_unheard(&tenants).await.unwrap(), 1);
    // It is not taken away before it is unpacked.
    assert_eq!(confirm_unheard(&tenants).await.unwrap(), 0);
    here.settle().await;
    here.assert_shows("main", &a);
    put(&here, &build, tar_gz(&a));
    here.world.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(confirm_unheard(&tenants).await.unwrap(), 0);
    assert_eq!(here.world.objects.keys("_imprint/uploads/"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_ended_is_not_unpacked_and_its_archive_goes() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (build, task, envelope) = waiting(&here, tar_gz(&a)).await;
    builds::end(&here.env, build.id).await.unwrap();
    here.deliver(&envelope, 1).await;
    let task = here.task(&task).await;
    assert!(
        matches!(&task.registration, Registration::Failed(failure) if failure.code == FailureCode::BuildEnded),
        "{task:?}"
    );
    assert_eq!(below_build(&here, &build), [""; 0]);
    here.world.clock.advance(SignedDuration::from_mins(6));
    confirm_unheard(&here.world.tenants()).await.unwrap();
    assert_eq!(here.world.objects.keys("_imprint/uploads/"), [""; 0]);
}

/// A run that comes late may have written something for a build that is gone.
#[tokio::test(start_paused = true)]
async fn nothing_stays_of_a_build_that_is_gone() {
    let here = Installation::new().await;
    let [a, ..] = sites();
    let (build, _, envelope) = waiting(&here, tar_gz(&a)).await;
    let stray = format!("{}index.html", build.prefix());
    here.world.objects.put(&stray, "late", Headers::default());
    let stored = here.world.catalog.all_builds().into_iter();
    let stored = stored.filter(|stored| stored.id == build.id);
    let gone = stored.map(imprint_app::ports::Change::DeleteBuild).collect();
    here.world.catalog.seed(gone);
    here.deliver(&envelope, 1).await;
    assert_eq!(below_build(&here, &build), [""; 0]);
}

/// An edition that somebody moves to a build whose files are still in their archive waits for them.
#[tokio::test(start_paused = true)]
async fn an_edition_can_be_pointed_at_a_build_that_is_not_unpacked() {
    use imprint_app::editions::{EditionPatch, update};
    let here = Installation::tracking(imprint_domain::tracking::TrackingMode::Manual).await;
    let [a, ..] = sites();
    let build = announced(&here).await;
    put(&here, &build, zipped(&a));
    heard(&here, &build).await;
    let patch = EditionPatch {
        build: Some(build.id),
        ..EditionPatch::default()
    };
    let changed = update(&here.env, here.edition("main").id, patch).await.unwrap();
    // The move comes first.
    let unpack = here.world.queue.take(Step::UnpackArchive).unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    here.settle().await;
    here.assert_shows("main", &a);
    here.deliver(&unpack, 1).await;
    here.settle().await;
    assert_eq!(
        here.task(&changed.task.unwrap()).await.status(),
        TaskStatus::Success
    );
    here.assert_shows("main", &a);
}
