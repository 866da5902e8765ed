//! The published objects: out of the cache, or out of the bucket.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use axum::body::Body;
use bytes::Bytes;
use http::header;
use imprint_domain::key::ObjectKey;
use imprint_domain::organization::Organization;
use imprint_extract::markdown_path;

use super::cache::{Look, PageCache, Ticket};
use super::page::Page;

/// Larger objects are passed on while they are read, and not kept.
const LARGEST_KEPT: u64 = 8 * 1024 * 1024;
const MARKDOWN: &str = "text/markdown";

/// The bucket of each organization with one cache in front.
pub(super) struct Shelf {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) cache: PageCache,
}

/// An object that was found.
pub(super) struct Held {
    /// Its headers, and its body unless that is large.
    pub(super) page: Arc<Page>,
    /// Bytes of the body.
    pub(super) length: u64,
    /// For how long it has been in the cache; none when it comes from the bucket.
    pub(super) kept: Option<Duration>,
    /// The body of a large one, still on its way.
    large: Option<ByteStream>,
}

impl Held {
    fn small(page: Arc<Page>, kept: Option<Duration>) -> Self {
        Self {
            length: page.body.len() as u64,
            page,
            kept,
            large: None,
        }
    }

    /// All of the body.
    pub(super) fn into_body(self) -> Body {
        match self.large {
            Some(body) => streamed(body),
            None => Body::from(self.page.body.clone()),
        }
    }

    /// The page when its body is at hand.
    pub(super) fn whole(self) -> Option<Arc<Page>> {
        self.large.is_none().then_some(self.page)
    }
}

impl Shelf {
    /// From the cache, which is that of the organization's service of the CDN: where there is none, nothing is purged, and
    /// so nothing is kept. Nothing when there is no such object.
    pub(super) async fn find(&self, organization: &Organization, key: &str) -> anyhow::Result<Option<Held>> {
        let place = format!("{}/{key}", organization.bucket);
        let ticket = match &organization.fastly_service {
            Some(_) => match self.cache.look(&place, Instant::now()) {
                Look::Hit(page, age) => return Ok(Some(Held::small(page, Some(age)))),
                Look::Miss(ticket) => Some(ticket),
            },
            None => None,
        };
        self.fetch(&organization.bucket, key, ticket).await
    }

    async fn fetch(&self, bucket: &str, key: &str, ticket: Option<Ticket>) -> anyhow::Result<Option<Held>> {
        let object = match self.s3.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_no_such_key()) =>
            {
                return Ok(None);
            }
            Err(error) => anyhow::bail!("{}", DisplayErrorContext(error)),
        };
        let (mut page, length, body) = Page::of(object)?;
        page.has_twin = match markdown_path(key) {
            Some(twin) => self.is_markdown(bucket, &twin).await?,
            None => false,
        };
        if length > LARGEST_KEPT {
            return Ok(Some(Held {
                page: Arc::new(page),
                length,
                kept: None,
                large: Some(body),
            }));
        }
        page.body = body.collect().await?.into_bytes();
        let page = Arc::new(page);
        if let Some(ticket) = ticket {
            self.cache
                .keep(ticket, &format!("{bucket}/{key}"), &page, Instant::now());
        }
        Ok(Some(Held::small(page, None)))
    }

    /// The Markdown twin of a page; nothing when it has none.
    pub(super) async fn twin(
        &self,
        organization: &Organization,
        key: &ObjectKey,
    ) -> anyhow::Result<Option<(ObjectKey, Held)>> {
        let Some(twin) = markdown_path(key.as_str()) else {
            return Ok(None);
        };
        let held = self.find(organization, &twin).await?;
        Ok(held.map(|held| (ObjectKey::new(twin), held)))
    }

    async fn is_markdown(&self, bucket: &str, key: &str) -> anyhow::Result<bool> {
        match self.s3.head_object().bucket(bucket).key(key).send().await {
            Ok(object) => Ok(object
                .content_type
                .is_some_and(|media_type| media_type.starts_with(MARKDOWN))),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(false),
            Err(error) => anyhow::bail!("{}", DisplayErrorContext(error)),
        }
    }

    /// A part of what was found. Of a large object it is asked for again, as it was when it was found.
    pub(super) async fn part(
        &self,
        organization: &Organization,
        key: &ObjectKey,
        held: Held,
        bytes: &RangeInclusive<u64>,
    ) -> anyhow::Result<Body> {
        if held.large.is_none() {
            // Both ends are below the length of a body that is in memory.
            let (start, end) = (usize::try_from(*bytes.start())?, usize::try_from(*bytes.end())?);
            return Ok(Body::from(held.page.body.slice(start..=end)));
        }
        let tag = held.page.headers.get(header::ETAG);
        let object = self
            .s3
            .get_object()
            .bucket(&organization.bucket)
            .key(key.as_str())
            .set_if_match(tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned))
            .range(format!("bytes={}-{}", bytes.start(), bytes.end()));
        match object.send().await {
            Ok(object) => Ok(streamed(object.body)),
            Err(error) => anyhow::bail!("{}", DisplayErrorContext(error)),
        }
    }
}

fn streamed(body: ByteStream) -> Body {
    Body::from_stream(futures_util::stream::unfold(body, |mut body| async move {
        let next: Result<Bytes, _> = body.next().await?;
        Some((next, body))
    }))
}
