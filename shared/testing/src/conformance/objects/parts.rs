//! Objects that are read and written in parts.

use bytes::Bytes;
use imprint_app::ports::{Objects, StoreError};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use md5::{Digest, Md5};

use super::{Place, full_headers, same_headers, typed};

/// What a part must have that is not the last.
const LARGE: usize = <dyn Objects>::MIN_PART;

fn part(letter: u8, size: usize) -> Bytes {
    vec![letter; size].into()
}

/// Begins an upload and writes its parts.
async fn written(objects: &dyn Objects, key: &ObjectKey, parts: &[Bytes]) -> (String, Vec<String>) {
    let upload = objects.begin_parts(key, &full_headers()).await.unwrap();
    let mut etags = Vec::new();
    for (part, number) in parts.iter().zip(1..) {
        let etag = objects.write_part(key, &upload, number, part.clone()).await;
        etags.push(etag.unwrap());
    }
    (upload, etags)
}

async fn body(objects: &dyn Objects, key: &ObjectKey) -> Option<Bytes> {
    objects.read(key).await.unwrap().map(|stored| stored.body)
}

pub(super) async fn a_part_is_read_as_far_as_the_object_goes(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write("a", "0123456789").await;
    place.write("empty", "").await;
    for (path, from, length, wanted) in [
        ("a", 0, 10, "0123456789"),
        ("a", 0, 1, "0"),
        ("a", 3, 4, "3456"),
        ("a", 8, 100, "89"),
        ("a", 9, u64::MAX, "9"),
        ("a", 10, 1, ""),
        ("a", 1_000_000, 5, ""),
        ("a", 4, 0, ""),
        ("empty", 0, 1, ""),
        ("empty", 0, 0, ""),
    ] {
        let read = objects.read_part(&place.key(path), from, length).await.unwrap();
        assert_eq!(read.as_deref(), Some(wanted.as_bytes()), "{path} {from} {length}");
    }
    place.clear().await;
}

pub(super) async fn a_part_of_nothing_is_nothing(objects: &dyn Objects) {
    let place = Place::new(objects);
    for (from, length) in [(0, 1), (5, 10)] {
        let read = objects
            .read_part(&place.key("missing"), from, length)
            .await
            .unwrap();
        assert_eq!(read, None);
    }
}

pub(super) async fn an_object_is_made_of_its_parts_in_their_order(objects: &dyn Objects) {
    let place = Place::new(objects);
    for (path, sizes) in [
        ("one", vec![3]),
        ("two", vec![LARGE, 1]),
        ("three", vec![LARGE, LARGE + 1, 7]),
    ] {
        let key = place.key(path);
        let parts: Vec<Bytes> = sizes
            .iter()
            .zip(b'a'..)
            .map(|(size, letter)| part(letter, *size))
            .collect();
        let upload = objects.begin_parts(&key, &full_headers()).await.unwrap();
        let mut etags = vec![String::new(); parts.len()];
        // They may be written in any order.
        for (nth, part) in parts.iter().enumerate().rev() {
            let etag = objects
                .write_part(&key, &upload, nth as u32 + 1, part.clone())
                .await;
            etags[nth] = etag.unwrap();
            assert!(!etags[nth].contains('"'), "{}", etags[nth]);
        }
        objects.finish_parts(&key, &upload, &etags).await.unwrap();
        let stored = objects.read(&key).await.unwrap().unwrap();
        assert!(stored.body == parts.concat(), "{path} has other bytes");
        same_headers(&stored.headers, &full_headers());
        let last = sizes.iter().sum::<usize>() as u64 - 1;
        let end = objects.read_part(&key, last, 10).await.unwrap().unwrap();
        assert_eq!(end, parts[parts.len() - 1][..1]);
    }
    place.clear().await;
}

pub(super) async fn an_object_in_parts_is_there_when_they_are_finished_and_not_before(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let (upload, etags) = written(objects, &key, &[part(b'n', 5)]).await;
    assert_eq!(body(objects, &key).await, None);
    assert_eq!(place.paths(&place.prefix).await, Vec::<String>::new());

    place.write("a", "before").await;
    objects.finish_parts(&key, &upload, &etags).await.unwrap();
    assert_eq!(
        body(objects, &key).await,
        Some(part(b'n', 5)),
        "whatever was there"
    );
    let listed = place.listed(&place.prefix).await;
    assert_eq!((listed.len(), listed[0].size), (1, 5));
    place.clear().await;
}

pub(super) async fn a_part_that_is_written_again_is_the_later_one(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let (upload, _) = written(objects, &key, &[part(b'a', 3)]).await;
    let etag = objects.write_part(&key, &upload, 1, part(b'b', 4)).await.unwrap();
    objects.finish_parts(&key, &upload, &[etag]).await.unwrap();
    assert_eq!(body(objects, &key).await, Some(part(b'b', 4)));
    place.clear().await;
}

pub(super) async fn a_small_part_that_is_not_the_last_makes_no_object(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let parts = [part(b'a', LARGE), part(b'b', LARGE - 1), part(b'c', 1)];
    let (upload, etags) = written(objects, &key, &parts).await;
    objects.finish_parts(&key, &upload, &etags).await.unwrap_err();
    assert_eq!(body(objects, &key).await, None);
    objects.abandon_parts(&key, &upload).await.unwrap();
}

pub(super) async fn parts_that_were_not_written_make_no_object(objects: &dyn Objects) {
    let place = Place::new(objects);
    let (key, other) = (place.key("a"), place.key("b"));
    let (upload, mut etags) = written(objects, &key, &[part(b'a', 3)]).await;
    etags.push("0123456789abcdef0123456789abcdef".to_owned());
    for (key, etags) in [
        (&key, &etags[..]),
        (&key, &etags[1..]),
        (&key, &[]),
        (&other, &etags[..1]),
    ] {
        objects.finish_parts(key, &upload, etags).await.unwrap_err();
        assert_eq!(body(objects, key).await, None);
    }
    let stray = objects.write_part(&other, &upload, 1, part(b'a', 3)).await;
    assert!(
        matches!(stray, Err(StoreError::NotFound(_) | StoreError::Failed(_))),
        "{stray:?}"
    );
    objects.abandon_parts(&key, &upload).await.unwrap();
}

pub(super) async fn abandoned_parts_make_no_object_and_are_abandoned_again(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let (upload, etags) = written(objects, &key, &[part(b'a', 3)]).await;
    for _ in 0..2 {
        objects.abandon_parts(&key, &upload).await.unwrap();
    }
    objects.finish_parts(&key, &upload, &etags).await.unwrap_err();
    objects
        .write_part(&key, &upload, 1, part(b'a', 3))
        .await
        .unwrap_err();
    assert_eq!(body(objects, &key).await, None);
}

/// Whoever did not hear the answer makes the whole object anew.
pub(super) async fn finished_parts_are_not_finished_again(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let (upload, etags) = written(objects, &key, &[part(b'a', 3)]).await;
    objects.finish_parts(&key, &upload, &etags).await.unwrap();
    objects
        .write(&key, part(b'b', 4), &typed("text/plain"))
        .await
        .unwrap();
    objects.finish_parts(&key, &upload, &etags).await.unwrap_err();
    objects.abandon_parts(&key, &upload).await.unwrap();
    assert_eq!(
        body(objects, &key).await,
        Some(part(b'b', 4)),
        "what came later stays"
    );
    place.clear().await;
}

pub(super) async fn a_copy_of_an_object_in_parts_has_the_etag_of_its_bytes(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("a");
    let parts = [part(b'a', LARGE), part(b'b', 9)];
    let (upload, etags) = written(objects, &key, &parts).await;
    objects.finish_parts(&key, &upload, &etags).await.unwrap();
    let headers = Headers::default();
    place.copy("a", "b", &headers).await;
    let listed = place.listed(&place.prefix).await;
    assert_eq!(listed[1].etag, hex::encode(Md5::digest(parts.concat())));
    place.clear().await;
}
