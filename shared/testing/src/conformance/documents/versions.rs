use std::collections::BTreeMap;

use imprint_app::ports::DocumentChange;
use imprint_domain::document::{
    ContentRef, Dirty, Form, Image, ImageName, MAX_IMAGE_BYTES, MediaType, Picture, Publication, Sequencer,
    Status, Taken, Version,
};
use imprint_domain::id::{DocumentId, Revision};

use super::{Place, Store, written_version};
use crate::samples::{self, NOON, after_noon, parsed};

/// How many images a version may show.
const MOST_IMAGES: usize = 200;

/// The longest there is of a write that was taken.
fn taken() -> Taken {
    Taken {
        sequencer: Sequencer::new(&"F".repeat(32)),
        at: NOON,
        sha256: Some("f".repeat(64)),
    }
}

/// A version that is not stored, of a document that need not be.
async fn version(place: &Place<'_>, number: &str) -> Version {
    samples::version(&place.document("handbook").await, number)
}

pub(super) async fn a_version_is_read_as_it_was_created_and_created_only_once(store: Store<'_>) {
    let place = Place::new(store);
    let version = version(&place, "1.0").await;
    assert_eq!(place.stored_version(&version).await, None);
    let create = DocumentChange::CreateVersion(version.clone());
    place.commit([create.clone()]).await;
    let stored = Some(written_version(version.clone()));
    assert_eq!(place.stored_version(&version).await, stored);
    place.conflict([create]).await;
    assert_eq!(place.stored_version(&version).await, stored);
    for (document, number) in [
        (version.document, "1.1"),
        (version.document, "10.0"),
        (DocumentId(version.document.0 + 1_000_000), "1.0"),
    ] {
        let other = place.documents.version(document, parsed(number)).await.unwrap();
        assert_eq!(other, None, "{document} {number}");
    }
}

/// One of each kind, and one that cannot be shown.
fn images() -> BTreeMap<ImageName, Image> {
    let bad = Image {
        picture: Picture::Bad {
            problem: "it is no \"image\"".to_owned(),
        },
        ..samples::image("bad")
    };
    let good = |media_type| Image {
        picture: Picture::Good {
            media_type,
            width: u32::MAX,
            height: 1,
        },
        bytes: MAX_IMAGE_BYTES,
        ..samples::image("good")
    };
    let images = [
        ("a.png", good(MediaType::Png)),
        ("b.jpg", good(MediaType::Jpeg)),
        ("c.gif", good(MediaType::Gif)),
        ("d_-E.svg", bad),
    ];
    images.map(|(name, image)| (parsed(name), image)).into()
}

pub(super) async fn a_version_keeps_everything_that_it_can_have(store: Store<'_>) {
    let place = Place::new(store);
    let bare = Version {
        content: None,
        edit: 0,
        dirty: None,
        ..version(&place, "1.0").await
    };
    let images = images();
    let full = Version {
        status: Status::Published,
        content: Some(ContentRef {
            form: Form::Markdown,
            images: images.keys().cloned().chain([parsed("missing.png")]).collect(),
            bytes: u64::MAX,
            ..samples::content("full")
        }),
        image_writes: [(parsed("a.png"), taken())].into(),
        images,
        edit: u64::MAX,
        dirty: Some(Dirty {
            since: NOON,
            at: after_noon(7),
        }),
        touched_at: Some(after_noon(8)),
        current: Some(samples::checksum("current")),
        last_good: Some((41, samples::checksum("good"))),
        publication: Some(Publication {
            at: after_noon(9),
            by: Some(parsed("anna")),
            title: parsed("Späße"),
            alias: Some(parsed("handbook")),
            rendering: Some(samples::checksum("published")),
        }),
        updated_by: Some(parsed("bert")),
        ..version(&place, "99999.99999").await
    };
    let published_bare = Version {
        publication: Some(Publication {
            at: NOON,
            by: None,
            title: parsed("x"),
            alias: None,
            rendering: None,
        }),
        ..version(&place, "1.0").await
    };
    for version in [bare, full, published_bare] {
        place
            .commit([DocumentChange::CreateVersion(version.clone())])
            .await;
        let stored = place.stored_version(&version).await;
        assert_eq!(stored, Some(written_version(version)));
    }
}

pub(super) async fn an_update_of_a_version_needs_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let version = version(&place, "1.0").await;
    let update = |version: &Version| DocumentChange::UpdateVersion(version.clone());
    place.conflict([update(&version)]).await;
    assert_eq!(place.stored_version(&version).await, None);
    place
        .commit([DocumentChange::CreateVersion(version.clone())])
        .await;
    let seen = written_version(version.clone());
    let changed = seen.clone().edited(after_noon(1));
    place.commit([update(&changed)]).await;
    let changed = written_version(changed);
    assert_eq!(place.stored_version(&seen).await, Some(changed.clone()));
    for stale in [&version, &seen, &written_version(changed.clone())] {
        place.conflict([update(stale)]).await;
    }
    let cleared = Version {
        content: None,
        dirty: None,
        ..changed
    };
    place.commit([update(&cleared)]).await;
    assert_eq!(place.stored_version(&seen).await, Some(written_version(cleared)));
}

pub(super) async fn versions_are_listed_by_their_numbers_and_by_document(store: Store<'_>) {
    let place = Place::new(store);
    let document = place.with_document("handbook").await;
    let other = place.with_document("other").await;
    assert_eq!(place.documents.versions(document.id).await.unwrap(), []);
    for number in ["2.0", "1.10", "1.2", "10.0", "1.0", "2.99999"] {
        let version = samples::version(&document, number);
        place.commit([DocumentChange::CreateVersion(version)]).await;
    }
    let rendering = samples::rendering(&samples::version(&document, "1.0"), "r");
    let elsewhere = samples::version(&other, "1.5");
    place
        .commit([
            DocumentChange::CreateVersion(elsewhere.clone()),
            DocumentChange::PutRendering(rendering),
        ])
        .await;
    let listed = place.documents.versions(document.id).await.unwrap();
    let numbers: Vec<String> = listed.iter().map(|version| version.number.to_string()).collect();
    assert_eq!(numbers, ["1.0", "1.2", "1.10", "2.0", "2.99999", "10.0"]);
    let listed = place.documents.versions(other.id).await.unwrap();
    assert_eq!(listed, [written_version(elsewhere)]);
}

pub(super) async fn a_version_is_deleted_only_as_it_is_stored(store: Store<'_>) {
    let place = Place::new(store);
    let version = version(&place, "1.0").await;
    let create = DocumentChange::CreateVersion(version.clone());
    place.commit([create.clone()]).await;
    let stored = written_version(version.clone());
    for revision in [Revision::NEW, stored.revision.next()] {
        let stale = Version {
            revision,
            ..version.clone()
        };
        place.conflict([DocumentChange::DeleteVersion(stale)]).await;
    }
    assert_eq!(place.stored_version(&version).await.as_ref(), Some(&stored));
    let delete = DocumentChange::DeleteVersion(stored);
    place.commit([delete.clone()]).await;
    assert_eq!(place.stored_version(&version).await, None);
    place.conflict([delete]).await;
    // Its number may come again.
    place.commit([create]).await;
    assert!(place.stored_version(&version).await.is_some());
}

/// As many images as a content may show, each with the longest name.
pub(super) async fn the_largest_version_is_kept(store: Store<'_>) {
    let place = Place::new(store);
    let names = (0..MOST_IMAGES).map(|n| parsed::<ImageName>(&format!("{n:03}{}", "x".repeat(125))));
    let names: Vec<ImageName> = names.collect();
    let image = |name: &ImageName| Image {
        object: format!("{}-{}", "0".repeat(32), samples::checksum(name.as_str())),
        bytes: MAX_IMAGE_BYTES,
        picture: Picture::Bad {
            problem: "it has 18446744073709551615 pixels, at most 40000000 are taken".to_owned(),
        },
        ..samples::image(name.as_str())
    };
    let largest = Version {
        content: Some(ContentRef {
            images: names.iter().cloned().collect(),
            ..samples::content("largest")
        }),
        images: names.iter().map(|name| (name.clone(), image(name))).collect(),
        image_writes: names.into_iter().map(|name| (name, taken())).collect(),
        ..version(&place, "1.0").await
    };
    place
        .commit([DocumentChange::CreateVersion(largest.clone())])
        .await;
    let stored = written_version(largest);
    assert_eq!(place.stored_version(&stored).await.as_ref(), Some(&stored));
    assert_eq!(place.documents.versions(stored.document).await.unwrap(), [stored]);
}
