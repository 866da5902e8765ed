//! Checksums, debouncing, claims, publication, garbage: the rules that contracts number A-nn.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::retention::Doom;

mod checksums;
mod model;
mod names;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_777_777_777 + second).unwrap()
}

fn sha(byte: u8) -> Checksum {
    hex::encode([byte; 32]).parse().unwrap()
}

fn document() -> Document {
    Document {
        id: DocumentId(42),
        organization: OrganizationSlug::default(),
        title: "Fluxes & fields".parse().unwrap(),
        alias: Some("fluxes".parse().unwrap()),
        former_aliases: BTreeSet::new(),
        product: None,
        drafts: Drafts::Public,
        newest: VersionNumber::FIRST,
        published: None,
        imported: None,
        created_at: at(0),
        created_by: None,
        ended_at: None,
        revision: Revision(1),
    }
}

fn image(byte: u8) -> Image {
    Image {
        object: "0".repeat(32),
        sha256: hex::encode([byte; 32]),
        bytes: 100,
        picture: Picture::Good {
            media_type: MediaType::Png,
            width: 10,
            height: 10,
        },
    }
}

fn version() -> Version {
    let version = Version {
        content: Some(ContentRef {
            object: "0".repeat(32),
            digest: sha(1),
            bytes: 10,
            form: Form::Tree,
            images: BTreeSet::from(["moon.png".parse().unwrap(), "sun.png".parse().unwrap()]),
        }),
        images: BTreeMap::from([
            ("moon.png".parse().unwrap(), image(2)),
            ("unused.png".parse().unwrap(), image(3)),
        ]),
        ..Version::first(DocumentId(42), OrganizationSlug::default(), None, at(0))
    };
    version.edited(at(0))
}

const ENGINE: &str = "engine 1";

fn rendering(checksum: Checksum) -> Rendering {
    let version = version();
    let fresh = Fresh {
        checksum: &checksum,
        version: &version,
        engine: ENGINE,
    };
    match Rendering::claim(None, fresh, at(0)) {
        Claim::Work(rendering) => *rendering,
        other => panic!("{other:?}"),
    }
}

fn good(checksum: Checksum, warnings: Vec<Warning>) -> Rendering {
    let outputs = BTreeMap::new();
    rendering(checksum).succeed(Rendered { outputs, warnings }, at(1))
}

fn warning(code: WarningCode) -> Warning {
    Warning {
        code,
        path: "/document/introduction/children/2".into(),
        node_id: None,
        message: "it cannot be set".into(),
        snippet: "\\over".into(),
    }
}

#[test]
fn a04_a_rendering_is_begun_by_one_and_taken_over_when_its_lease_is_over() {
    let checksum = sha(1);
    let version = version();
    let fresh = Fresh {
        checksum: &checksum,
        version: &version,
        engine: ENGINE,
    };
    let Claim::Work(first) = Rendering::claim(None, fresh, at(0)) else {
        panic!("nobody was at it");
    };
    let before = at(0) + LEASE - SignedDuration::from_secs(1);
    assert_eq!(Rendering::claim(Some(*first.clone()), fresh, before), Claim::Busy);
    let Claim::Work(second) = Rendering::claim(Some(*first.clone()), fresh, at(0) + LEASE) else {
        panic!("whoever was at it is gone");
    };
    assert_eq!(second.attempts, 2);
    let rendered = Rendered {
        outputs: BTreeMap::new(),
        warnings: Vec::new(),
    };
    let done = first.succeed(rendered, at(1));
    assert!(matches!(
        Rendering::claim(Some(done), fresh, at(9_999)),
        Claim::Ended(_)
    ));
}

#[test]
fn a11_a_rendering_that_never_ends_is_not_begun_for_ever() {
    let checksum = sha(1);
    let version = version();
    let fresh = Fresh {
        checksum: &checksum,
        version: &version,
        engine: ENGINE,
    };
    let died = |attempts| {
        let begun = Rendering {
            attempts,
            ..rendering(sha(1))
        };
        Rendering::claim(Some(begun), fresh, at(0) + LEASE)
    };
    assert!(matches!(died(MAX_ATTEMPTS - 1), Claim::Work(_)));
    let Claim::Ended(ended) = died(MAX_ATTEMPTS) else {
        panic!("it was begun often enough");
    };
    assert!(matches!(ended.state, RenderingState::Failed { error } if error.code == ErrorCode::Internal));
}

#[test]
fn a11_what_a_store_did_is_tried_again_and_what_the_document_is_is_not() {
    let checksum = sha(1);
    let version = version();
    let fresh = Fresh {
        checksum: &checksum,
        version: &version,
        engine: ENGINE,
    };
    let failed = |code, attempts| {
        let error = RenderingError {
            code,
            path: String::new(),
            message: "no".into(),
            snippet: String::new(),
        };
        let begun = Rendering {
            attempts,
            ..rendering(sha(1))
        };
        Rendering::claim(Some(begun.fail(error, at(1))), fresh, at(2))
    };
    assert!(matches!(failed(ErrorCode::Storage, 1), Claim::Work(_)));
    assert!(matches!(
        failed(ErrorCode::Storage, MAX_ATTEMPTS),
        Claim::Ended(_)
    ));
    assert!(matches!(failed(ErrorCode::Template, 1), Claim::Ended(_)));
    assert!(matches!(failed(ErrorCode::Internal, 1), Claim::Ended(_)));
}

#[test]
fn what_is_about_to_be_deleted_is_spared_and_what_is_being_deleted_is_waited_for() {
    let checksum = sha(1);
    let version = version();
    let fresh = Fresh {
        checksum: &checksum,
        version: &version,
        engine: ENGINE,
    };
    let doomed = |doom| Rendering {
        doom: Some(doom),
        ..good(sha(1), Vec::new())
    };
    let Claim::Ended(spared) = Rendering::claim(Some(doomed(Doom::Marked { at: at(5) })), fresh, at(6))
    else {
        panic!("it is whole");
    };
    assert_eq!(spared.doom, None);
    let deleting = doomed(Doom::Deleting { at: at(5) });
    assert_eq!(Rendering::claim(Some(deleting), fresh, at(6)), Claim::Busy);
}

/// Thirty edits in ten seconds, each with a message that comes five seconds later.
#[test]
fn a10_a_burst_of_edits_is_one_rendering_of_the_last_state() {
    let mut version = version();
    let first = version.edit;
    for tenth in 0..30 {
        version = version.edited(at(0) + SignedDuration::from_millis(tenth * 333));
    }
    let comes = |edit: u64| at(0) + SignedDuration::from_millis((edit - first) as i64 * 333) + QUIET;
    let rendered: Vec<u64> = (first..=version.edit)
        .filter(|edit| version.debounce(*edit, comes(*edit)) == Debounce::Render)
        .collect();
    assert_eq!(rendered, [version.edit]);
}

#[test]
fn a10_who_never_stops_writing_is_rendered_once_a_minute() {
    let mut version = Version::first(DocumentId(1), OrganizationSlug::default(), None, at(0));
    let mut rendered = Vec::new();
    // An edit a second for five minutes; each message comes after five seconds.
    for second in 0..300 {
        version = version.edited(at(second));
        let Some(edit) = version.edit.checked_sub(5).filter(|edit| *edit > 0) else {
            continue;
        };
        if version.debounce(edit, at(second)) == Debounce::Render {
            rendered.push(second);
            version = version.clone().begun(version.edit, &sha(1), at(second));
            version = version.edited(at(second));
        }
    }
    assert_eq!(rendered, [60, 120, 180, 240]);
}

#[test]
fn a_rendering_that_ends_late_takes_nothing_back() {
    let version = version().edited(at(1));
    let (old, new) = (sha(1), sha(2));
    let version = version.succeeded(2, &new).succeeded(1, &old);
    assert_eq!(version.last_good, Some((2, new)));
}

/// Whoever accepts a kind of warning has to learn of all the other kinds, however many there are of it and however long.
#[test]
fn a07_of_too_many_warnings_one_of_each_kind_is_kept() {
    let at_place = |n: usize, path: String| Warning {
        path: format!("/document/{path}/{n}"),
        ..warning(WarningCode::Equation)
    };
    let many = |path: &str| {
        (0..MAX_WARNINGS + 5)
            .map(|n| at_place(n, path.repeat(n * n)))
            .collect::<Vec<_>>()
    };
    for path in ["x", "long", &"ü".repeat(300_000)] {
        let mut warnings = many("x");
        warnings.insert(0, at_place(0, path.to_owned()));
        warnings.push(warning(WarningCode::Reference));
        let rendering = good(sha(1), warnings);
        let version = version();
        let begun = version.clone().begun(version.edit, &sha(1), at(1));
        let accepts = BTreeSet::from([WarningCode::Equation]);
        let published = begun
            .clone()
            .publish(&document(), Some(&rendering), &accepts, (None, at(9)));
        assert!(
            matches!(published, Err(VersionError::Warnings(_, 1, _))),
            "{published:?}"
        );
        let refused = begun.publish(&document(), Some(&rendering), &BTreeSet::new(), (None, at(9)));
        assert!(matches!(refused, Err(VersionError::Warnings(..))));
        assert!(rendering.warnings.len() <= MAX_WARNINGS);
        assert!(serde_json::to_string(&rendering).unwrap().len() < 300_000);
    }
}

#[test]
fn a07_what_is_published_is_rendered_and_has_no_warnings_but_accepted_ones() {
    let publish = |version: Version, rendering: Option<Rendering>, accepts: &[WarningCode]| {
        let accepts = accepts.iter().copied().collect();
        version.publish(&document(), rendering.as_ref(), &accepts, (None, at(9)))
    };
    let fresh = version();
    let number = fresh.number;
    assert_eq!(
        publish(fresh.clone(), None, &[]),
        Err(VersionError::NotRendered(number))
    );
    let begun = fresh.clone().begun(fresh.edit, &sha(1), at(1));
    assert_eq!(
        publish(begun.clone(), Some(rendering(sha(1))), &[]),
        Err(VersionError::NotRendered(number)),
        "it is being rendered"
    );
    assert_eq!(
        publish(begun.clone(), Some(good(sha(2), vec![])), &[]),
        Err(VersionError::NotRendered(number)),
        "something else was rendered"
    );
    let warned = good(
        sha(1),
        vec![warning(WarningCode::Equation), warning(WarningCode::Glyph)],
    );
    assert!(matches!(
        publish(begun.clone(), Some(warned.clone()), &[WarningCode::Glyph]),
        Err(VersionError::Warnings(_, 1, said)) if said.contains("/document/introduction/children/2")
    ));
    assert!(
        publish(
            begun.clone(),
            Some(warned),
            &[WarningCode::Glyph, WarningCode::Equation]
        )
        .is_ok()
    );
    let published = publish(begun.clone(), Some(good(sha(1), vec![])), &[]).unwrap();
    assert_eq!(published.status, Status::Published);
    let edited = begun.edited(at(2));
    assert_eq!(
        publish(edited, Some(good(sha(1), vec![])), &[]),
        Err(VersionError::NotRendered(number))
    );
    assert_eq!(
        publish(published, Some(good(sha(1), vec![])), &[]),
        Err(VersionError::Published(number))
    );
}

#[test]
fn a17_what_is_published_stays_whatever_engine_or_title_comes_later() {
    let rendered = version().begun(1, &sha(1), at(1));
    let accepts = BTreeSet::new();
    let published = rendered
        .publish(&document(), Some(&good(sha(1), vec![])), &accepts, (None, at(9)))
        .unwrap();
    let first = published
        .wants(&document(), ENGINE)
        .expect("its status is printed");
    let pinned = published
        .clone()
        .begun(published.edit, &first, at(10))
        .succeeded(published.edit, &first);
    assert_eq!(pinned.served(Reader::Public), Some(&first));
    let mut renamed = document();
    renamed.title = "Another title".parse().unwrap();
    assert_eq!(pinned.wants(&renamed, "engine 2"), None);
    assert!(pinned.writable().is_err());
    // A08: touched by somebody who may, it is made anew; what was there stays until that has succeeded.
    let touched = Version {
        touched_at: Some(at(20)),
        ..pinned
    };
    let touched = touched.edited(at(20));
    let second = touched.wants(&renamed, ENGINE).unwrap();
    assert_ne!(second, first);
    let begun = touched.clone().begun(touched.edit, &second, at(21));
    assert_eq!(begun.served(Reader::Public), Some(&first));
    assert_eq!(
        begun.wants(&renamed, ENGINE),
        Some(second.clone()),
        "a run that died is not forgotten"
    );
    let done = begun.succeeded(touched.edit, &second);
    assert_eq!(done.served(Reader::Public), Some(&second));
    assert_eq!(done.wants(&renamed, "engine 2"), None);
}

#[test]
fn only_what_is_published_has_a_successor() {
    let draft = version();
    let next = VersionNumber { major: 1, minor: 1 };
    assert_eq!(
        draft.successor(next, None, at(1)),
        Err(VersionError::NotPublished(draft.number))
    );
    let rendered = draft.begun(1, &sha(1), at(1));
    let published = rendered
        .publish(
            &document(),
            Some(&good(sha(1), vec![])),
            &BTreeSet::new(),
            (None, at(9)),
        )
        .unwrap();
    let successor = published.successor(next, None, at(10)).unwrap();
    assert_eq!(
        (successor.status, successor.content),
        (Status::Draft, published.content.clone())
    );
    assert_eq!(successor.images, published.images);
    assert!(successor.publication.is_none() && successor.dirty.is_some());
}

/// S3 says the second, an event comes in the next one, and nobody knows whose clock is right.
#[test]
fn a_version_does_not_grow_for_ever_by_images_that_come_and_go() {
    let mut version = version();
    let name = |n: i64| -> ImageName { format!("image-{n}").parse().unwrap() };
    let write = |n| Notice::Event(Sequencer::new("1")).taken(None, &"a".repeat(64), at(n));
    version.images.insert(name(0), image(1));
    for n in 0..5_000 {
        version.remember_write(name(n), write(n));
    }
    assert!(serde_json::to_string(&version.image_writes).unwrap().len() < 100_000);
    for kept in [0, 4_999, 4_700] {
        assert!(version.image_writes.contains_key(&name(kept)), "{kept}");
    }
}

#[test]
fn documents_versions_and_renderings_read_back_as_they_were_stored() {
    let published = version().begun(1, &sha(1), at(1));
    let published = published
        .publish(
            &document(),
            Some(&good(sha(1), vec![])),
            &BTreeSet::new(),
            (None, at(9)),
        )
        .unwrap();
    let json = serde_json::to_string(&published).unwrap();
    assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), published);
    let bad = Image {
        picture: Picture::of(1, None),
        ..image(1)
    };
    for image in [bad, image(2)] {
        let json = serde_json::to_string(&image).unwrap();
        assert_eq!(serde_json::from_str::<Image>(&json).unwrap(), image);
    }
    for rendering in [rendering(sha(1)), good(sha(1), vec![warning(WarningCode::Link)])] {
        let json = serde_json::to_string(&rendering).unwrap();
        assert_eq!(serde_json::from_str::<Rendering>(&json).unwrap(), rendering);
    }
}
