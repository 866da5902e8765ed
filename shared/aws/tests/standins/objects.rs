use std::collections::BTreeMap;

use bytes::Bytes;
use imprint_app::ports::StoreError;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::Headers;

use crate::stack::Stack;

fn every_header() -> Headers {
    Headers {
        content_type: Some("text/html; charset=utf-8".to_owned()),
        content_encoding: Some("gzip".to_owned()),
        content_disposition: Some("attachment; filename=\"ä b.html\"".to_owned()),
        content_language: Some("de".to_owned()),
        expires: Some("Thu, 01 Jan 2032 00:00:00 GMT".to_owned()),
        cache_control: Some("no-cache".to_owned()),
        metadata: BTreeMap::from([
            ("surrogate-key".to_owned(), "0123".to_owned()),
            ("title".to_owned(), "Über uns, 東の入江".to_owned()),
        ]),
    }
}

/// What uploaders can put into a name.
const NAMES: [&str; 8] = [
    "plain.html",
    "a b.html",
    "a+b.html",
    "100%25.html",
    "Über uns/東の入江.html",
    "what?#frag&x=1.html",
    "~'()*!;:@$,=[].html",
    "\u{1}control\u{7f}.html",
];

#[tokio::test]
async fn any_name_can_be_written_listed_copied_and_read() {
    let stack = Stack::start().await;
    let objects = &stack.env.objects;
    let from = KeyPrefix::try_from("alpha/builds/1/".to_owned()).unwrap();
    for name in NAMES {
        let source = ObjectKey::new(format!("{from}{name}"));
        let target = ObjectKey::new(format!("alpha/v/main/{name}"));
        objects
            .write(&source, Bytes::from(name.to_owned()), &Headers::default())
            .await
            .unwrap();
        objects.copy(&source, &target, &every_header()).await.unwrap();
        let copy = objects.read(&target).await.unwrap().unwrap();
        assert_eq!(copy.body, name);
        assert_eq!(copy.headers, every_header());
    }
    let page = objects.list(&from, None).await.unwrap();
    let mut listed: Vec<&str> = page
        .objects
        .iter()
        .map(|object| from.strip(&object.key).unwrap())
        .collect();
    listed.sort_unstable();
    let mut expected = NAMES.to_vec();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_copy_has_exactly_the_headers_it_is_given() {
    let stack = Stack::start().await;
    let objects = &stack.env.objects;
    let (from, to) = (
        ObjectKey::new("alpha/builds/1/x"),
        ObjectKey::new("alpha/v/main/x"),
    );
    objects
        .write(&from, Bytes::from_static(b"x"), &every_header())
        .await
        .unwrap();
    assert_eq!(objects.headers(&from).await.unwrap().unwrap(), every_header());
    let bare = Headers {
        content_type: Some("text/plain".to_owned()),
        ..Headers::default()
    };
    objects.copy(&from, &to, &bare).await.unwrap();
    assert_eq!(objects.headers(&to).await.unwrap().unwrap(), bare);
    // And onto itself.
    objects.copy(&to, &to, &every_header()).await.unwrap();
    assert_eq!(objects.headers(&to).await.unwrap().unwrap(), every_header());
}

#[tokio::test]
async fn what_is_not_there_is_told_from_what_went_wrong() {
    let stack = Stack::start().await;
    let objects = &stack.env.objects;
    let missing = ObjectKey::new("alpha/nothing");
    assert!(objects.headers(&missing).await.unwrap().is_none());
    assert!(objects.read(&missing).await.unwrap().is_none());
    let error = objects
        .copy(&missing, &ObjectKey::new("alpha/else"), &Headers::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NotFound(_)), "{error:?}");
    assert!(
        objects
            .delete(std::slice::from_ref(&missing))
            .await
            .unwrap()
            .is_empty()
    );

    let elsewhere = stack.with(&[("IMPRINT_BUCKET", "another")]).objects;
    let error = elsewhere.read(&missing).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    let nowhere = stack
        .with(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")])
        .objects;
    let error = nowhere.read(&missing).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
}

#[tokio::test]
async fn a_thousand_objects_are_listed_and_deleted_with_one_request_each() {
    let stack = Stack::start().await;
    let objects = &stack.env.objects;
    let prefix = KeyPrefix::try_from("alpha/v/main/".to_owned()).unwrap();
    let keys: Vec<ObjectKey> = (0..1000)
        .map(|n| ObjectKey::new(format!("{prefix}{n:04} é.html")))
        .collect();
    let bare = Headers::default();
    let writes = keys.iter().map(|key| objects.write(key, Bytes::new(), &bare));
    futures_util::future::try_join_all(writes).await.unwrap();
    let beyond = ObjectKey::new("alpha/v/main/x");
    objects.write(&beyond, Bytes::new(), &bare).await.unwrap();
    stack.requests();

    let page = objects.list(&prefix, None).await.unwrap();
    assert_eq!(page.objects.len(), 1000);
    let rest = objects.list(&prefix, page.next.as_deref()).await.unwrap();
    assert_eq!(
        rest.objects.iter().map(|object| &object.key).collect::<Vec<_>>(),
        [&beyond]
    );
    assert_eq!(rest.next, None);
    assert_eq!(stack.requests().into_values().sum::<u64>(), 2);

    assert!(objects.delete(&keys).await.unwrap().is_empty());
    assert_eq!(stack.requests().into_values().sum::<u64>(), 1);
    let left = objects.list(&prefix, None).await.unwrap();
    assert_eq!(left.objects.len(), 1);
}
