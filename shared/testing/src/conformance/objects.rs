//! What every [`Objects`] must do.

mod keys;
mod parts;

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use imprint_app::ports::{Listed, Objects, StoreError};
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;

use super::{run_all, suite, unique};

/// A test of the suite.
pub type Test = for<'a> fn(&'a dyn Objects) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one.
pub const ALL: &[(&str, Test)] = suite![Test:
    an_object_is_read_as_it_was_written,
    every_header_comes_back,
    what_is_not_there_is_nothing,
    a_write_replaces_bytes_and_headers,
    a_copy_has_exactly_the_headers_it_is_given,
    a_copy_onto_itself_changes_only_the_headers,
    a_copy_of_nothing_is_not_found,
    equal_bytes_have_equal_etags,
    deleting_what_is_not_there_succeeds,
    keys::a_name_may_hold_any_character_that_a_path_may,
    keys::an_object_may_have_the_name_of_a_directory,
    keys::a_prefix_covers_nothing_beside_it,
    keys::a_list_is_in_the_order_of_bytes,
    keys::more_than_a_page_is_listed_and_deleted,
    parts::a_part_is_read_as_far_as_the_object_goes,
    parts::a_part_of_nothing_is_nothing,
    parts::an_object_is_made_of_its_parts_in_their_order,
    parts::an_object_in_parts_is_there_when_they_are_finished_and_not_before,
    parts::a_part_that_is_written_again_is_the_later_one,
    parts::a_small_part_that_is_not_the_last_makes_no_object,
    parts::parts_that_were_not_written_make_no_object,
    parts::abandoned_parts_make_no_object_and_are_abandoned_again,
    parts::finished_parts_are_not_finished_again,
    parts::a_copy_of_an_object_in_parts_has_the_etag_of_its_bytes,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(objects: &dyn Objects) {
    run_all(ALL.iter().map(|(name, test)| (*name, test(objects)))).await;
}

/// How many requests a test has in flight where it needs many.
const CONCURRENCY: usize = 32;

/// A place of a test's own: a prefix that nobody else uses.
struct Place<'a> {
    objects: &'a dyn Objects,
    prefix: KeyPrefix,
}

impl<'a> Place<'a> {
    fn new(objects: &'a dyn Objects) -> Self {
        let prefix = format!("conformance-{}/", unique());
        Self {
            objects,
            prefix: prefix.try_into().unwrap(),
        }
    }

    fn key(&self, path: &str) -> ObjectKey {
        ObjectKey::new(format!("{}{path}", self.prefix))
    }

    fn below(&self, path: &str) -> KeyPrefix {
        format!("{}{path}", self.prefix).try_into().unwrap()
    }

    async fn write(&self, path: &str, body: &str) {
        self.write_with(path, body, &typed("text/plain")).await;
    }

    async fn write_with(&self, path: &str, body: &str, headers: &Headers) {
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.objects.write(&self.key(path), body, headers).await.unwrap();
    }

    async fn write_all(&self, paths: &[String]) {
        futures_util::stream::iter(paths)
            .for_each_concurrent(CONCURRENCY, |path| self.write(path, path))
            .await;
    }

    async fn copy(&self, from: &str, to: &str, headers: &Headers) {
        let (from, to) = (self.key(from), self.key(to));
        self.objects.copy(&from, &to, headers).await.unwrap();
    }

    async fn delete(&self, keys: &[ObjectKey]) {
        let failures = self.objects.delete(keys).await.unwrap();
        assert!(failures.is_empty(), "{failures:?}");
    }

    /// Whether the object has this body and, read in both ways, these headers.
    async fn expect(&self, path: &str, body: &str, headers: &Headers) {
        let key = self.key(path);
        let stored = self.objects.read(&key).await.unwrap();
        let stored = stored.unwrap_or_else(|| panic!("{path:?} is not there"));
        assert_eq!(stored.body, body.as_bytes(), "{path:?}");
        same_headers(&stored.headers, headers);
        let read = self.objects.headers(&key).await.unwrap().unwrap();
        same_headers(&read, headers);
    }

    /// What lies below a prefix, from all pages.
    async fn listed(&self, prefix: &KeyPrefix) -> Vec<Listed> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.objects.list(prefix, after.as_deref()).await.unwrap();
            assert!(page.objects.len() <= 1000);
            all.extend(page.objects);
            after = page.next;
            if after.is_none() {
                return all;
            }
            assert!(all.len() < 10_000, "the list does not end");
        }
    }

    async fn paths(&self, prefix: &KeyPrefix) -> Vec<String> {
        let listed = self.listed(prefix).await;
        let relative = |object: &Listed| self.prefix.strip(&object.key).map(str::to_owned);
        listed.iter().map(|object| relative(object).unwrap()).collect()
    }

    /// Takes away what the test made.
    async fn clear(&self) {
        let listed = self.listed(&self.prefix).await;
        let keys: Vec<ObjectKey> = listed.into_iter().map(|object| object.key).collect();
        for thousand in keys.chunks(<dyn Objects>::MAX_DELETE) {
            self.delete(thousand).await;
        }
    }
}

/// S3 gives an object without type this one.
const NO_TYPE: [&str; 2] = ["binary/octet-stream", "application/octet-stream"];

fn same_headers(found: &Headers, wanted: &Headers) {
    let mut found = found.clone();
    let untyped = |kind: &String| NO_TYPE.contains(&kind.as_str());
    if wanted.content_type.is_none() && found.content_type.as_ref().is_some_and(untyped) {
        found.content_type = None;
    }
    assert_eq!(found, *wanted);
}

fn typed(content_type: &str) -> Headers {
    Headers {
        content_type: Some(content_type.to_owned()),
        ..Headers::default()
    }
}

fn full_headers() -> Headers {
    let text = |text: &str| Some(text.to_owned());
    let metadata = [
        ("surrogate-key", "0123456789abcdef0123456789abcdef"),
        ("surrogate-control", "max-age=31536000"),
        ("dir-redirect", "true"),
        ("x_under-score.1", "a, b; c=\"d e\" +%20"),
    ];
    Headers {
        content_type: text("text/html; charset=utf-8"),
        content_encoding: text("gzip"),
        content_disposition: text("attachment; filename=\"a b.html\"; filename*=UTF-8''%C3%A4.html"),
        content_language: text("de, en"),
        expires: text("Wed, 21 Oct 2037 07:28:00 GMT"),
        cache_control: text("public, max-age=31536000, immutable"),
        metadata: metadata
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

async fn an_object_is_read_as_it_was_written(objects: &dyn Objects) {
    let place = Place::new(objects);
    let large = "0123456789abcdef".repeat(20_000);
    for (path, body) in [("empty", ""), ("small", "späße"), ("large", &large)] {
        place.write(path, body).await;
        place.expect(path, body, &typed("text/plain")).await;
    }
    let listed = place.listed(&place.prefix).await;
    let sizes: Vec<u64> = listed.iter().map(|object| object.size).collect();
    assert_eq!(sizes, [0, large.len() as u64, "späße".len() as u64]);
    place.clear().await;
    assert_eq!(place.paths(&place.prefix).await, Vec::<String>::new());
}

async fn every_header_comes_back(objects: &dyn Objects) {
    let place = Place::new(objects);
    let only_metadata = Headers {
        metadata: BTreeMap::from([("dir-redirect".to_owned(), "true".to_owned())]),
        ..Headers::default()
    };
    for headers in [full_headers(), only_metadata, Headers::default()] {
        place.write_with("a", "body", &headers).await;
        place.expect("a", "body", &headers).await;
    }
    place.clear().await;
}

async fn what_is_not_there_is_nothing(objects: &dyn Objects) {
    let place = Place::new(objects);
    let key = place.key("missing");
    assert_eq!(objects.read(&key).await.unwrap(), None);
    assert_eq!(objects.headers(&key).await.unwrap(), None);
    let page = objects.list(&place.prefix, None).await.unwrap();
    assert!(page.objects.is_empty() && page.next.is_none());
}

async fn a_write_replaces_bytes_and_headers(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write_with("a", "before", &full_headers()).await;
    let before = place.listed(&place.prefix).await.remove(0);
    place.write("a", "after").await;
    place.expect("a", "after", &typed("text/plain")).await;
    let after = place.listed(&place.prefix).await.remove(0);
    assert!(after.written_at >= before.written_at);
    assert_ne!(after.etag, before.etag);
    place.clear().await;
}

async fn a_copy_has_exactly_the_headers_it_is_given(objects: &dyn Objects) {
    let place = Place::new(objects);
    let bare = typed("text/css");
    place.write_with("from", "body", &full_headers()).await;
    place.write_with("plain", "body", &bare).await;

    place.copy("from", "to", &bare).await;
    place.expect("to", "body", &bare).await;
    place.copy("plain", "to", &full_headers()).await;
    place.expect("to", "body", &full_headers()).await;
    place.copy("from", "to", &Headers::default()).await;
    place.expect("to", "body", &Headers::default()).await;
    place.expect("from", "body", &full_headers()).await;
    place.clear().await;
}

async fn a_copy_onto_itself_changes_only_the_headers(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write("a", "body").await;
    place.copy("a", "a", &full_headers()).await;
    place.expect("a", "body", &full_headers()).await;
    place.clear().await;
}

async fn a_copy_of_nothing_is_not_found(objects: &dyn Objects) {
    let place = Place::new(objects);
    let to = place.key("to");
    let copied = objects.copy(&place.key("missing"), &to, &typed("text/css")).await;
    assert!(matches!(copied, Err(StoreError::NotFound(_))), "{copied:?}");
    assert_eq!(objects.read(&to).await.unwrap(), None);
}

async fn equal_bytes_have_equal_etags(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write("a", "one").await;
    place.write_with("b", "one", &full_headers()).await;
    place.write("c", "two").await;
    place.copy("a", "d", &typed("text/css")).await;
    let listed = place.listed(&place.prefix).await;
    let etags: Vec<&str> = listed.iter().map(|object| object.etag.as_str()).collect();
    assert!(etags[0] == etags[1] && etags[0] == etags[3], "{etags:?}");
    assert_ne!(etags[0], etags[2]);
    assert!(!etags[0].is_empty() && !etags[0].contains('"'), "{etags:?}");
    assert!(
        listed[3].written_at >= listed[0].written_at,
        "a copy is written when it is copied"
    );
    place.clear().await;
}

async fn deleting_what_is_not_there_succeeds(objects: &dyn Objects) {
    let place = Place::new(objects);
    place.write("a", "").await;
    place.write("b", "").await;
    place.delete(&[place.key("a"), place.key("missing")]).await;
    place.delete(&[place.key("a")]).await;
    place.delete(&[]).await;
    assert_eq!(place.paths(&place.prefix).await, ["b"]);
    place.clear().await;
}
