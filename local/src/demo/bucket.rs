//! The bucket, as an operator sees it.

use std::collections::BTreeMap;

use aws_sdk_s3::config::{Credentials, Region};

use crate::stack::Stack;

/// ETag and size by path below a prefix.
pub(super) type Listed = BTreeMap<String, (String, i64)>;

/// What differs between two listings of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    /// Objects that are new or have other bytes.
    pub(super) written: u64,
    /// Objects that are gone.
    pub(super) gone: u64,
    /// Objects that are as they were.
    pub(super) same: u64,
}

/// Lists what lies below a prefix.
pub(super) async fn list(stack: &Stack, prefix: &str) -> anyhow::Result<Listed> {
    let endpoints = stack.endpoints();
    let (id, secret) = (&endpoints.access_key, &endpoints.secret_key);
    let config = aws_sdk_s3::Config::builder()
        .endpoint_url(&endpoints.s3)
        .credentials_provider(Credentials::new(id, secret, None, None, "demo"))
        .region(Region::new("us-east-1"))
        .force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    let request = client
        .list_objects_v2()
        .bucket(&stack.info().bucket)
        .prefix(prefix);
    let mut pages = request.into_paginator().send();
    let mut listed = Listed::new();
    while let Some(page) = pages.next().await {
        for object in page?.contents() {
            let key = object.key().unwrap_or_default();
            let path = key.strip_prefix(prefix).unwrap_or(key);
            let etag = object.e_tag().unwrap_or_default();
            listed.insert(
                path.to_owned(),
                (etag.to_owned(), object.size().unwrap_or_default()),
            );
        }
    }
    Ok(listed)
}

/// Compares two listings.
pub(super) fn difference(before: &Listed, after: &Listed) -> Difference {
    let same = after
        .iter()
        .filter(|(path, object)| before.get(*path) == Some(object));
    let same = same.count() as u64;
    Difference {
        written: after.len() as u64 - same,
        gone: before.keys().filter(|path| !after.contains_key(*path)).count() as u64,
        same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_differ_by_what_was_written_and_what_went() {
        let listed = |objects: &[(&str, &str)]| -> Listed {
            let objects = objects.iter();
            objects
                .map(|(path, etag)| ((*path).to_owned(), ((*etag).to_owned(), 1)))
                .collect()
        };
        let before = listed(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = listed(&[("a", "1"), ("b", "2"), ("d", "1"), ("e", "1")]);
        let expected = Difference {
            written: 3,
            gone: 1,
            same: 1,
        };
        assert_eq!(difference(&before, &after), expected);
    }
}
