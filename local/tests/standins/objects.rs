//! Objects.

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    CompletedMultipartUpload, CompletedPart, Delete, MetadataDirective, ObjectIdentifier,
};
use futures_util::StreamExt as _;

use super::{BUCKET, copy_source, keys, put, read, s3, start};

#[tokio::test]
async fn a_prefix_and_an_object_of_the_same_name_coexist_and_bodies_are_plain_files() {
    let data = tempfile::tempdir().unwrap();
    let stand_ins = start(Some(data.path())).await;
    let s3 = s3(&stand_ins, "test");
    put(&s3, "p/builds/1", b"").await;
    put(&s3, "p/builds/1/index.html", b"page").await;
    put(&s3, "p/v/main/a", b"file").await;
    put(&s3, "p/v/main/a/b", b"below a file").await;
    put(&s3, "p/v/main/a/b/", b"a slash").await;
    assert_eq!(read(&s3, "p/builds/1").await, b"");
    assert_eq!(read(&s3, "p/builds/1/index.html").await, b"page");
    assert_eq!(read(&s3, "p/v/main/a").await, b"file");
    assert_eq!(read(&s3, "p/v/main/a/b").await, b"below a file");
    assert_eq!(read(&s3, "p/v/main/a/b/").await, b"a slash");
    let plain = data.path().join("s3").join(BUCKET);
    assert_eq!(
        std::fs::read(plain.join("p/builds/1/index.html")).unwrap(),
        b"page"
    );
    assert_eq!(std::fs::read(plain.join("p/v/main/a")).unwrap(), b"file");
    s3.delete_object()
        .bucket(BUCKET)
        .key("p/builds/1/index.html")
        .send()
        .await
        .unwrap();
    assert!(!plain.join("p/builds").exists());
    stand_ins.shutdown().await;
}

#[tokio::test]
async fn odd_names_are_kept_exactly() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let long = format!("long/{}/index.html", "x".repeat(400));
    let odd = [
        "a b+c&d=e.html",
        "per%20cent",
        "../up",
        "double//slash",
        "/leading",
        "trailing/",
        "Größe/naïve.html",
        "quote\"'<>.html",
        "back\\slash",
        "query?x=1#y",
        "semi;colon",
        ".",
        "日本/語",
        &long,
    ];
    for key in odd {
        let body = ByteStream::from(key.as_bytes().to_vec());
        s3.put_object()
            .bucket(BUCKET)
            .key(key)
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let mut sorted = odd.map(str::to_owned);
    sorted.sort();
    assert_eq!(keys(&s3, "", 5).await, sorted);
    for key in odd {
        assert_eq!(read(&s3, key).await, key.as_bytes(), "{key}");
        let copy = format!("copy/{key}");
        s3.copy_object()
            .bucket(BUCKET)
            .key(&copy)
            .copy_source(copy_source(key))
            .send()
            .await
            .unwrap();
        assert_eq!(read(&s3, &copy).await, key.as_bytes(), "{copy}");
    }
}

#[tokio::test]
async fn lists_are_in_byte_order_and_pages_lose_nothing() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let mut names: Vec<String> = (0..250).map(|n| format!("l/{:02}/{n:04}", n % 10)).collect();
    names.extend(["l/A", "l/a!", "l/a/b", "l/a0", "l/é"].map(str::to_owned));
    let puts = futures_util::stream::iter(names.clone());
    let client = &s3;
    puts.for_each_concurrent(16, |name| async move { put(client, &name, b"x").await })
        .await;
    names.sort();
    assert_eq!(keys(&s3, "l/", 7).await, names);
    assert_eq!(keys(&s3, "l/", 1000).await, names);

    let list = || s3.list_objects_v2().bucket(BUCKET).prefix("l/").delimiter("/");
    let first = list().max_keys(4).send().await.unwrap();
    assert_eq!(first.common_prefixes().len(), 4);
    assert_eq!(first.is_truncated(), Some(true));
    let rest = list()
        .continuation_token(first.next_continuation_token().unwrap())
        .send()
        .await
        .unwrap();
    let seen = first
        .common_prefixes()
        .iter()
        .chain(rest.common_prefixes())
        .map(|p| p.prefix().unwrap());
    let expected: Vec<String> = (0..10)
        .map(|n| format!("l/{n:02}/"))
        .chain(["l/a/".to_owned()])
        .collect();
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(rest.contents().len(), 4);
    let after = list().start_after("l/a0").send().await.unwrap();
    assert_eq!(after.contents()[0].key(), Some("l/é"));
    let empty = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("nothing")
        .send()
        .await
        .unwrap();
    assert_eq!(empty.key_count(), Some(0));
}

#[tokio::test]
async fn of_racing_creations_exactly_one_wins() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let race = futures_util::stream::iter(0..64).map(|racer| {
        let body = ByteStream::from(racer.to_string().into_bytes());
        let put = s3
            .put_object()
            .bucket(BUCKET)
            .key("race")
            .if_none_match("*")
            .body(body)
            .send();
        async move {
            put.await
                .map(|_| racer)
                .map_err(|e| e.raw_response().unwrap().status().as_u16())
        }
    });
    let results: Vec<Result<i32, u16>> = race.buffer_unordered(32).collect().await;
    let winners: Vec<i32> = results.iter().filter_map(|result| result.ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(
        results.iter().all(|result| matches!(result, Ok(_) | Err(412))),
        "{results:?}"
    );
    assert_eq!(read(&s3, "race").await, winners[0].to_string().into_bytes());

    let etag = s3
        .head_object()
        .bucket(BUCKET)
        .key("race")
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap();
    let swap = |etag: &str| {
        s3.put_object()
            .bucket(BUCKET)
            .key("race")
            .if_match(etag)
            .body(vec![1].into())
            .send()
    };
    swap(&etag).await.unwrap();
    let stale = swap(&etag).await.unwrap_err();
    assert_eq!(stale.raw_response().unwrap().status().as_u16(), 412);
}

#[tokio::test]
async fn reads_honour_ranges_and_conditions() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    put(&s3, "r", b"0123456789").await;
    let large: Vec<u8> = (0..3_000_000u32).map(|n| n as u8).collect();
    s3.put_object()
        .bucket(BUCKET)
        .key("large")
        .body(large.clone().into())
        .send()
        .await
        .unwrap();
    assert_eq!(read(&s3, "large").await, large);
    let get = || s3.get_object().bucket(BUCKET).key("r");
    for (range, expected) in [("bytes=2-4", "234"), ("bytes=8-", "89"), ("bytes=-3", "789")] {
        let part = get().range(range).send().await.unwrap();
        assert_eq!(part.body.collect().await.unwrap().to_vec(), expected.as_bytes());
    }
    let etag = s3
        .head_object()
        .bucket(BUCKET)
        .key("r")
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap();
    assert_eq!(etag, format!("\"{}\"", "781e5e245d69b566979b86e28d23f2c7"));
    let status = async |result: aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder| {
        result
            .send()
            .await
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status(get().if_none_match(&etag)).await, 304);
    assert_eq!(status(get().if_match("\"other\"")).await, 412);
    assert_eq!(status(get().range("bytes=10-")).await, 416);
    assert_eq!(status(s3.get_object().bucket(BUCKET).key("missing")).await, 404);
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_every_header() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let expires = aws_sdk_s3::primitives::DateTime::from_secs(2_000_000_000);
    s3.put_object()
        .bucket(BUCKET)
        .key("a b+é.html")
        .body(ByteStream::from_static(b"page"))
        .content_type("text/html; charset=utf-8")
        .content_encoding("gzip")
        .content_disposition("inline; filename=x")
        .content_language("en")
        .cache_control("max-age=60")
        .expires(expires)
        .metadata("surrogate-key", "build-1")
        .send()
        .await
        .unwrap();
    let copy = |key: &str| {
        s3.copy_object()
            .bucket(BUCKET)
            .key(key)
            .copy_source(copy_source("a b+é.html"))
    };
    copy("kept").send().await.unwrap();
    let replaced = copy("replaced")
        .metadata_directive(MetadataDirective::Replace)
        .content_type("text/plain")
        .content_encoding("br")
        .content_disposition("attachment")
        .content_language("de")
        .cache_control("no-cache")
        .expires(expires)
        .metadata("surrogate-key", "edition-1");
    replaced.send().await.unwrap();
    copy("bare")
        .metadata_directive(MetadataDirective::Replace)
        .send()
        .await
        .unwrap();

    let head = async |key: &str| s3.head_object().bucket(BUCKET).key(key).send().await.unwrap();
    let headers = |head: &aws_sdk_s3::operation::head_object::HeadObjectOutput| {
        let texts = [
            head.content_type(),
            head.content_encoding(),
            head.content_disposition(),
            head.content_language(),
            head.cache_control(),
            head.expires_string(),
        ];
        (
            texts.map(|text| text.map(str::to_owned)),
            head.metadata().cloned().unwrap_or_default(),
        )
    };
    let metadata = |value: &str| HashMap::from([("surrogate-key".to_owned(), value.to_owned())]);
    let date = Some("Wed, 18 May 2033 03:33:20 GMT".to_owned());
    let some = |text: &str| Some(text.to_owned());
    let given = [
        some("text/html; charset=utf-8"),
        some("gzip"),
        some("inline; filename=x"),
        some("en"),
        some("max-age=60"),
        date.clone(),
    ];
    assert_eq!(headers(&head("kept").await), (given, metadata("build-1")));
    let given = [
        some("text/plain"),
        some("br"),
        some("attachment"),
        some("de"),
        some("no-cache"),
        date,
    ];
    assert_eq!(headers(&head("replaced").await), (given, metadata("edition-1")));
    let bare = [some("binary/octet-stream"), None, None, None, None, None];
    assert_eq!(headers(&head("bare").await), (bare, HashMap::new()));
    assert_eq!(head("kept").await.e_tag(), head("a b+é.html").await.e_tag());

    // The bytes are shared until one of the two is written again.
    put(&s3, "a b+é.html", b"other").await;
    assert_eq!(read(&s3, "kept").await, b"page");
    let itself = s3
        .copy_object()
        .bucket(BUCKET)
        .key("kept")
        .copy_source(copy_source("kept"))
        .send()
        .await;
    assert_eq!(itself.unwrap_err().raw_response().unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn deletes_take_many_keys_and_absent_ones() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    for key in ["d/1", "d/2", "d/10"] {
        put(&s3, key, b"x").await;
    }
    let id = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = |keys: Vec<ObjectIdentifier>| {
        let delete = Delete::builder().set_objects(Some(keys)).build().unwrap();
        s3.delete_objects().bucket(BUCKET).delete(delete).send()
    };
    let done = delete(vec![id("d/1"), id("d/2"), id("d/absent")]).await.unwrap();
    assert_eq!((done.deleted().len(), done.errors().len()), (3, 0));
    assert_eq!(keys(&s3, "d/", 10).await, ["d/10"]);
    delete((0..1001).map(|n| id(&n.to_string())).collect())
        .await
        .unwrap_err();
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let upload = s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("mp")
        .content_type("x/y")
        .send()
        .await
        .unwrap();
    let id = upload.upload_id().unwrap();
    let mut parts = Vec::new();
    for (number, body) in [(1, vec![1; 5 * 1024 * 1024]), (2, vec![2; 10])] {
        let part = s3
            .upload_part()
            .bucket(BUCKET)
            .key("mp")
            .upload_id(id)
            .part_number(number);
        let part = part.body(body.into()).send().await.unwrap();
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .e_tag(part.e_tag().unwrap())
                .build(),
        );
    }
    let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let done = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("mp")
        .upload_id(id)
        .multipart_upload(whole);
    assert!(done.send().await.unwrap().e_tag().unwrap().ends_with("-2\""));
    assert_eq!(read(&s3, "mp").await.len(), 5 * 1024 * 1024 + 10);
    let again = s3
        .abort_multipart_upload()
        .bucket(BUCKET)
        .key("mp")
        .upload_id(id)
        .send()
        .await
        .unwrap_err();
    assert_eq!(again.raw_response().unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn every_way_to_create_an_object_is_told_in_order() {
    let stand_ins = start(None).await;
    let s3 = s3(&stand_ins, "test");
    let mut events = stand_ins.object_events();
    put(&s3, "p/a b.html", b"page").await;
    s3.copy_object()
        .bucket(BUCKET)
        .key("c")
        .copy_source(copy_source("p/a b.html"))
        .send()
        .await
        .unwrap();
    put(&s3, "p/a b.html", b"again").await;
    let seen = [
        events.recv().await.unwrap(),
        events.recv().await.unwrap(),
        events.recv().await.unwrap(),
    ];
    let told = seen
        .each_ref()
        .map(|event| (event.event_name, event.key.as_str(), event.size));
    let (put, copied) = ("ObjectCreated:Put", "ObjectCreated:Copy");
    assert_eq!(
        told,
        [(put, "p/a b.html", 4), (copied, "c", 4), (put, "p/a b.html", 5)]
    );
    assert!(seen[0].sequencer < seen[2].sequencer);
    assert_eq!(seen[0].etag, seen[1].etag);
    assert!(events.try_recv().is_err());
}

/// Prints copies a second: `cargo test -p imprint-local --test standins -- --ignored --nocapture copies`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a check"]
async fn copies_a_second() {
    let data = tempfile::tempdir().unwrap();
    let stand_ins = start(Some(data.path())).await;
    let s3 = s3(&stand_ins, "bench");
    put(&s3, "source", &[b'x'; 2048]).await;
    for in_flight in [1, 64] {
        let before = Instant::now();
        let copies = futures_util::stream::iter(0..3000).map(|n| {
            let copy = s3.copy_object().bucket(BUCKET).key(format!("{in_flight}/{n}"));
            copy.copy_source(copy_source("source")).send()
        });
        copies
            .buffer_unordered(in_flight)
            .for_each(|copy| async { drop(copy.unwrap()) })
            .await;
        println!(
            "{in_flight} in flight: {:.0} copies a second",
            3000.0 / before.elapsed().as_secs_f64()
        );
    }
    stand_ins.shutdown().await;
}
