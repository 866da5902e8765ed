//! What a checksum is made of (A-03).

use serde_json::{Value, json};

use super::{ENGINE, at, document, image, sha, version};
use crate::document::{Document, Status, Version, VersionNumber, canonical};
use crate::id::{DocumentId, Revision};

#[test]
fn a03_each_thing_that_is_printed_changes_the_checksum() {
    let base = version().checksum(&document(), ENGINE).unwrap();
    let changed = |name: &str, version: Version, document: Document, engine: &str| {
        assert_ne!(version.checksum(&document, engine).unwrap(), base, "{name}");
    };
    let of = |change: &dyn Fn(&mut Version)| {
        let mut version = version();
        change(&mut version);
        version
    };
    let named = |change: &dyn Fn(&mut Document)| {
        let mut document = document();
        change(&mut document);
        document
    };
    changed("engine", version(), document(), "engine 2");
    changed(
        "title",
        version(),
        named(&|document| document.title = "Other".parse().unwrap()),
        ENGINE,
    );
    changed(
        "alias",
        version(),
        named(&|document| document.alias = None),
        ENGINE,
    );
    changed(
        "document",
        version(),
        named(&|document| document.id = DocumentId(43)),
        ENGINE,
    );
    changed(
        "major",
        of(&|version| version.number.major = 2),
        document(),
        ENGINE,
    );
    changed(
        "minor",
        of(&|version| version.number.minor = 1),
        document(),
        ENGINE,
    );
    changed(
        "status",
        of(&|version| version.status = Status::OpenReview),
        document(),
        ENGINE,
    );
    changed(
        "touched_at",
        of(&|version| version.touched_at = Some(at(1))),
        document(),
        ENGINE,
    );
    changed(
        "content",
        of(&|version| version.content.as_mut().unwrap().digest = sha(9)),
        document(),
        ENGINE,
    );
    let replaced = |version: &mut Version| {
        version.images.insert("moon.png".parse().unwrap(), image(9));
    };
    changed("an image under the same name", of(&replaced), document(), ENGINE);
    let came = |version: &mut Version| {
        version.images.insert("sun.png".parse().unwrap(), image(2));
    };
    changed("an image that was missing", of(&came), document(), ENGINE);
}

#[test]
fn a03_what_is_not_printed_does_not_change_the_checksum() {
    let base = version().checksum(&document(), ENGINE).unwrap();
    let mut other = version();
    other.images.insert("another.png".parse().unwrap(), image(7));
    other.image_writes.clear();
    other.edit += 5;
    other.dirty = None;
    other.current = Some(sha(4));
    other.last_good = Some((1, sha(5)));
    other.updated_at = at(99);
    other.updated_by = Some("jane".parse().unwrap());
    other.revision = Revision(77);
    other.content.as_mut().unwrap().object = "1".repeat(32);
    let mut elsewhere = document();
    elsewhere.product = Some("fluxes".parse().unwrap());
    elsewhere.newest = VersionNumber { major: 9, minor: 9 };
    elsewhere.revision = Revision(8);
    assert_eq!(other.checksum(&elsewhere, ENGINE).unwrap(), base);
}

/// Golden: a checksum that changes makes every unpublished document anew.
#[test]
fn a03_the_checksum_of_a_known_version_is_known() {
    let checksum = version().checksum(&document(), ENGINE).unwrap();
    assert_eq!(
        checksum.as_str(),
        "8ea402397f3c01b17ff0760531d5a752f689408cf2c1a8f8e9e1d37cee061023"
    );
}

#[test]
fn a03_the_order_of_keys_and_white_space_do_not_matter() {
    let one: Value = serde_json::from_str(r#"{"b": [1.0, "\u00e9"], "a": {"y": null, "x": 1e2}}"#).unwrap();
    let other: Value = serde_json::from_str("{\"a\":{\"x\":100,\"y\":null},\n\"b\":[1,\"é\"]}").unwrap();
    assert_eq!(canonical(&one).unwrap(), canonical(&other).unwrap());
    assert_eq!(
        String::from_utf8(canonical(&one).unwrap().json).unwrap(),
        r#"{"a":{"x":100,"y":null},"b":[1,"é"]}"#
    );
    assert_ne!(
        canonical(&json!(["a", "b"])).unwrap(),
        canonical(&json!(["b", "a"])).unwrap()
    );
}
