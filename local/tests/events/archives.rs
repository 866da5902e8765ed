use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use imprint_app::ports::Change;
use imprint_domain::build::Build;
use imprint_domain::manifest::Headers;
use imprint_domain::message::Message;
use imprint_domain::task::Registration;
use imprint_domain::upload::Upload;
use imprint_testing::{Step, World};

use super::{call, event, failed, world};

const ARCHIVE: &str = "_imprint/uploads/17/archive";

/// The world of the events, whose build comes in an archive that is there.
fn archived_world() -> World {
    let world = world();
    let build = world.catalog.all_builds().remove(0);
    let upload = Upload::archive(None);
    world
        .catalog
        .seed(vec![Change::UpdateBuild(Build { upload, ..build })]);
    let mut tar = b"page.html".to_vec();
    tar.resize(512, 0);
    tar[124..136].copy_from_slice(b"00000000004\0");
    tar[156] = b'0';
    tar[148..156].fill(b' ');
    let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum();
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(b"<p>x");
    tar.resize(2048, 0);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    world
        .objects
        .put(ARCHIVE, gzip.finish().unwrap(), Headers::default());
    world
}

#[tokio::test]
async fn unpack_archive_takes_its_events() {
    let world = archived_world();
    let function = imprint_unpack_archive::function(world.tenants());
    assert!(failed(&call(&function, event("unpack-archive", "requested")).await).is_empty());
    // What was below the build's prefix and is not in the archive goes.
    assert_eq!(
        world.objects.keys("alpha/builds/17/"),
        ["alpha/builds/17/page.html"]
    );
    assert_eq!(world.objects.get(ARCHIVE), None);
    let next = world.queue.take(Step::RegisterBuild).unwrap();
    assert!(matches!(next.message, Message::RegisterBuild(_)));
    let poisonous = call(&function, event("unpack-archive", "poisonous")).await;
    assert_eq!(failed(&poisonous), ["059f36b4-87a3-44ab-83d2-661970000001"]);
    let foreign = call(&function, event("unpack-archive", "foreign")).await;
    assert_eq!(failed(&foreign), ["059f36b4-87a3-44ab-83d2-661970000002"]);
}

#[tokio::test]
async fn an_archive_is_heard_of_once() {
    let world = archived_world();
    let function = imprint_register_build::function(world.tenants());
    for _ in 0..2 {
        call(&function, event("register-build", "archived")).await;
    }
    let tasks = world.catalog.all_tasks();
    assert_eq!(tasks.len(), 2, "one of the events' world, one of the archive");
    assert!(tasks.iter().any(|task| task.registration == Registration::Queued));
    assert!(world.queue.take(Step::UnpackArchive).is_some());
    assert!(world.queue.take(Step::UnpackArchive).is_none());
}
