use std::collections::BTreeMap;

use futures_util::future::join_all;
use imprint_app::ports::DocumentChange;
use imprint_domain::document::{
    Checksum, ErrorCode, MAX_WARNINGS, Output, OutputName, Rendering, RenderingError, RenderingState,
    Warning, WarningCode,
};
use imprint_domain::id::{BuildId, DocumentId, Revision};
use imprint_domain::retention::Doom;

use super::{Place, Store, winner, written_rendering};
use crate::samples::{self, NOON, after_noon, parsed, rendered};

/// A rendering that is not stored, of a document that need not be.
async fn rendering(place: &Place<'_>, name: &str) -> Rendering {
    let document = place.document("handbook").await;
    samples::rendering(&samples::version(&document, "1.0"), name)
}

fn put(rendering: &Rendering) -> DocumentChange {
    DocumentChange::PutRendering(rendering.clone())
}

pub(super) async fn a_rendering_is_begun_once_and_continued_at_its_revision(store: Store<'_>) {
    let place = Place::new(store);
    let new = rendering(&place, "a").await;
    assert_eq!(place.stored_rendering(&new).await, None);
    let ahead = written_rendering(new.clone());
    place.conflict([put(&ahead)]).await;
    assert_eq!(place.stored_rendering(&new).await, None);
    place.commit([put(&new)]).await;
    let begun = written_rendering(new.clone());
    assert_eq!(place.stored_rendering(&new).await.as_ref(), Some(&begun));
    place.conflict([put(&new)]).await;

    let ended = rendered(begun.clone());
    place.commit([put(&ended)]).await;
    let ended = written_rendering(ended);
    assert_eq!(place.stored_rendering(&new).await.as_ref(), Some(&ended));
    for stale in [&new, &begun, &written_rendering(ended.clone())] {
        place.conflict([put(stale)]).await;
    }
    assert_eq!(place.stored_rendering(&new).await, Some(ended));
    let elsewhere = DocumentId(new.document.0 + 1_000_000);
    for (document, checksum) in [(new.document, "b"), (elsewhere, "a")] {
        let checksum = samples::checksum(checksum);
        let other = place.documents.rendering(document, &checksum).await.unwrap();
        assert_eq!(other, None);
    }
}

const CODES: [WarningCode; 7] = [
    WarningCode::Equation,
    WarningCode::ImageMissing,
    WarningCode::ImageBad,
    WarningCode::Reference,
    WarningCode::Link,
    WarningCode::Node,
    WarningCode::Glyph,
];

fn warning(code: WarningCode, node_id: Option<&str>) -> Warning {
    Warning {
        code,
        path: "/document/introduction/children/2".to_owned(),
        node_id: node_id.map(str::to_owned),
        message: "it says <b>\"x\"</b> \u{0} \u{1f680}".to_owned(),
        snippet: String::new(),
    }
}

pub(super) async fn a_rendering_keeps_everything_that_it_can_have(store: Store<'_>) {
    let place = Place::new(store);
    let running = rendering(&place, "running").await;
    let output = |name: OutputName| Output {
        key: imprint_domain::key::ObjectKey::new(format!("a b/ü/{name}")),
        bytes: u64::MAX,
        sha256: "0".repeat(64),
        content_type: name.content_type().to_owned(),
    };
    let full = Rendering {
        attempts: u32::MAX,
        outputs: OutputName::ALL.map(|name| (name, output(name))).into(),
        warnings: CODES
            .iter()
            .flat_map(|code| [warning(*code, None), warning(*code, Some("node-1"))])
            .collect(),
        builds: [
            (parsed("main"), BuildId(7)),
            (parsed("tickets/DM-1 späße"), BuildId(u64::MAX)),
        ]
        .into(),
        doom: Some(Doom::Deleting { at: after_noon(3) }),
        ..rendered(rendering(&place, "full").await)
    };
    let marked = Rendering {
        doom: Some(Doom::Marked { at: after_noon(2) }),
        ..rendered(rendering(&place, "marked").await)
    };
    let mut all = vec![running, full, marked];
    for code in [
        ErrorCode::Schema,
        ErrorCode::Limit,
        ErrorCode::Equation,
        ErrorCode::ImageMissing,
        ErrorCode::ImageBad,
        ErrorCode::Reference,
        ErrorCode::Template,
        ErrorCode::Storage,
        ErrorCode::Internal,
    ] {
        let error = RenderingError {
            code,
            path: String::new(),
            message: "it cannot be".to_owned(),
            snippet: "x".repeat(200),
        };
        all.push(rendering(&place, "failed").await.fail(error, NOON));
    }
    for rendering in all {
        place.commit([put(&rendering)]).await;
        let stored = place.stored_rendering(&rendering).await;
        assert_eq!(stored, Some(written_rendering(rendering)));
    }
}

pub(super) async fn renderings_are_listed_by_their_checksums_and_by_document(store: Store<'_>) {
    let place = Place::new(store);
    let document = place.with_document("handbook").await;
    let version = samples::version(&document, "1.0");
    place
        .commit([DocumentChange::CreateVersion(version.clone())])
        .await;
    assert_eq!(place.documents.renderings(document.id).await.unwrap(), []);
    let mut expected: BTreeMap<Checksum, Rendering> = BTreeMap::new();
    for name in ["a", "b", "c", "d", "e"] {
        let new = samples::rendering(&version, name);
        place.commit([put(&new)]).await;
        expected.insert(new.checksum.clone(), written_rendering(new));
    }
    // The same checksum of another document is another rendering.
    let other = place.with_document("other").await;
    let elsewhere = samples::rendering(&samples::version(&other, "1.0"), "a");
    place.commit([put(&elsewhere)]).await;
    let listed = place.documents.renderings(document.id).await.unwrap();
    assert_eq!(listed, expected.into_values().collect::<Vec<_>>());
    let listed = place.documents.renderings(other.id).await.unwrap();
    assert_eq!(listed, [written_rendering(elsewhere)]);
}

pub(super) async fn a_rendering_is_deleted_only_as_it_is_stored(store: Store<'_>) {
    let place = Place::new(store);
    let new = rendering(&place, "a").await;
    place.commit([put(&new)]).await;
    let stored = written_rendering(new.clone());
    for revision in [Revision::NEW, stored.revision.next()] {
        let stale = Rendering {
            revision,
            ..new.clone()
        };
        place.conflict([DocumentChange::DeleteRendering(stale)]).await;
    }
    assert_eq!(place.stored_rendering(&new).await.as_ref(), Some(&stored));
    let delete = DocumentChange::DeleteRendering(stored);
    place.commit([delete.clone()]).await;
    assert_eq!(place.stored_rendering(&new).await, None);
    place.conflict([delete]).await;
    // It may be made once more.
    place.commit([put(&new)]).await;
    assert!(place.stored_rendering(&new).await.is_some());
}

/// As many warnings as are kept, each with the longest piece of the source in the longest characters, and all outputs.
pub(super) async fn the_largest_rendering_is_kept(store: Store<'_>) {
    let place = Place::new(store);
    let warning = Warning {
        path: format!("/document/{}", "children/123/".repeat(20)),
        node_id: Some("n".repeat(64)),
        message: "x".repeat(300),
        snippet: "\u{1f680}".repeat(200),
        ..warning(WarningCode::ImageMissing, None)
    };
    let output = |name: OutputName| Output {
        key: imprint_domain::key::ObjectKey::new("k".repeat(200)),
        bytes: u64::MAX,
        sha256: "0".repeat(64),
        content_type: name.content_type().to_owned(),
    };
    let largest = Rendering {
        state: RenderingState::Succeeded,
        warnings: vec![warning; MAX_WARNINGS],
        outputs: OutputName::ALL.map(|name| (name, output(name))).into(),
        ..rendering(&place, "largest").await
    };
    place.commit([put(&largest)]).await;
    let stored = written_rendering(largest);
    assert_eq!(place.stored_rendering(&stored).await, Some(stored));
}

pub(super) async fn of_ten_that_begin_one_rendering_exactly_one_does(store: Store<'_>) {
    let place = Place::new(store);
    let new = rendering(&place, "a").await;
    let begun = (0..10_u32).map(|n| {
        let attempt = Rendering {
            attempts: n,
            ..new.clone()
        };
        place.try_commit(vec![DocumentChange::PutRendering(attempt)])
    });
    let winner = winner(join_all(begun).await);
    let stored = place.stored_rendering(&new).await.unwrap();
    assert_eq!(usize::try_from(stored.attempts), Ok(winner));
}
