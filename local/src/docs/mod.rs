//! The docs port: published pages as the CDN would serve them.
//!
//! By host (`http://<product>.localhost:8701/`) and by path (`http://127.0.0.1:8701/<product>/`), read from the bucket
//! through the AWS SDK and a cache that honours surrogate keys, so that purging is visible. Reads nothing of the table but
//! the organizations' addresses, which a CDN is configured with: what cannot be found by layout alone cannot be found by a
//! CDN either.

mod address;
mod cache;
mod page;
mod pages;
mod sites;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::config::{AppName, Credentials, Region};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use imprint_app::tenants::Tenants;
use imprint_domain::key::ObjectKey;
use imprint_domain::layout::{Instead, edition_of_path, instead_of_path, object_of_path, renamed_path};
use imprint_domain::organization::Organization;
use imprint_domain::slug::ProductSlug;
use tokio::sync::mpsc::UnboundedReceiver;

use self::address::Wanted;
use self::cache::{Look, PageCache};
use self::page::Page;
use self::sites::Sites;
use crate::runner::Endpoints;
use crate::standins::fastly::Purge;

/// What the docs port serves.
#[derive(Debug)]
pub struct DocsOptions {
    /// Where the bucket is.
    pub endpoints: Endpoints,
    /// The region in signatures.
    pub region: String,
    /// Where the organizations are.
    pub tenants: Tenants,
    /// What the CDN was told to forget, from now on.
    pub purges: UnboundedReceiver<Purge>,
}

/// Enough for a few large sites.
const CACHE_BYTES: usize = 128 * 1024 * 1024;
/// Larger objects are passed on while they are read, and not kept.
const LARGEST_KEPT: u64 = 8 * 1024 * 1024;
/// The pages of an organization itself.
const INDEX: &str = "index.html";
const MISSING: &str = "404.html";

/// The routes of the docs port.
///
/// # Errors
/// Never in practice: the name of the client is a valid one.
pub fn routes(options: DocsOptions) -> anyhow::Result<Router> {
    let endpoints = &options.endpoints;
    let credentials = Credentials::new(&endpoints.access_key, &endpoints.secret_key, None, None, "local");
    let config = aws_sdk_s3::Config::builder()
        .endpoint_url(&endpoints.s3)
        .credentials_provider(credentials)
        .region(Region::new(options.region))
        .app_name(AppName::new("docs")?)
        .force_path_style(true)
        .build();
    let docs = Docs {
        s3: aws_sdk_s3::Client::from_conf(config),
        sites: Sites::new(options.tenants),
        cache: PageCache::new(CACHE_BYTES, options.purges),
    };
    Ok(Router::new().fallback(answer).with_state(Arc::new(docs)))
}

struct Docs {
    s3: aws_sdk_s3::Client,
    sites: Sites,
    cache: PageCache,
}

/// What was found for an object key.
enum Found {
    /// In the cache, for so long.
    Kept(Arc<Page>, Duration),
    /// In the bucket.
    Fetched(Arc<Page>),
    /// In the bucket, too large to hold: its body is still on its way.
    Large(Arc<Page>, u64, ByteStream),
    Missing,
}

async fn answer(State(docs): State<Arc<Docs>>, request: Request) -> Response {
    let (request, _body) = request.into_parts();
    let mut response = match request.method {
        Method::GET | Method::HEAD => docs.answer(&request).await,
        _ => {
            let mut refusal = html(
                StatusCode::METHOD_NOT_ALLOWED,
                "pages can only be read\n".to_owned(),
            );
            refusal
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            refusal
        }
    };
    if request.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

impl Docs {
    async fn answer(&self, request: &Parts) -> Response {
        let uri = &request.uri;
        let host = request
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let served = match self.sites.find(host.or(uri.host()), uri).await {
            Ok((organization, Wanted::Products)) => self.products(&organization, request).await,
            Ok((_, Wanted::SlashMissing)) => Ok(moved(&address::with_slash(uri))),
            Ok((organization, Wanted::Path(product, path))) => {
                self.page(&organization, &product, &path, request).await
            }
            Ok((organization, Wanted::Nothing)) => {
                let page = ObjectKey::of_organization(&organization.slug, MISSING);
                self.instead(&organization, Instead::NotFound(page), uri.path())
                    .await
            }
            Err(error) => Err(error),
        };
        served.unwrap_or_else(|error| {
            tracing::error!(
                path = uri.path(),
                error = format!("{error:#}"),
                "a page could not be read"
            );
            html(StatusCode::BAD_GATEWAY, pages::bad_gateway())
        })
    }

    async fn page(
        &self,
        organization: &Organization,
        product: &ProductSlug,
        path: &str,
        request: &Parts,
    ) -> anyhow::Result<Response> {
        let Some(key) = object_of_path(organization, product, path) else {
            return Ok(not_found(path));
        };
        match self.object(organization, &key, path, request).await? {
            Some(response) => Ok(response),
            None => match self.renamed(organization, product, path).await? {
                Some(place) => Ok(moved(&address::elsewhere(&request.uri, path, &place))),
                None => {
                    let instead = instead_of_path(organization, product, path);
                    self.instead(organization, instead, path).await
                }
            },
        }
    }

    /// Where a path is now, when it is below the former name of an edition.
    async fn renamed(
        &self,
        organization: &Organization,
        product: &ProductSlug,
        path: &str,
    ) -> anyhow::Result<Option<String>> {
        let Some((directory, rest)) = edition_of_path(organization, product, path) else {
            return Ok(None);
        };
        let page = match self.find(organization, directory.as_str()).await? {
            Found::Kept(page, _) | Found::Fetched(page) => page,
            Found::Large(..) | Found::Missing => return Ok(None),
        };
        Ok(page.renamed_to.as_ref().map(|slug| renamed_path(slug, rest)))
    }

    /// The organization's index of its products.
    async fn products(&self, organization: &Organization, request: &Parts) -> anyhow::Result<Response> {
        let key = ObjectKey::of_organization(&organization.slug, INDEX);
        let index = self.object(organization, &key, "/", request).await?;
        Ok(index.unwrap_or_else(|| html(StatusCode::OK, pages::no_products())))
    }

    /// An object as a response; nothing when it is not there.
    async fn object(
        &self,
        organization: &Organization,
        key: &ObjectKey,
        path: &str,
        request: &Parts,
    ) -> anyhow::Result<Option<Response>> {
        let (page, length, body, kept) = match self.find(organization, key.as_str()).await? {
            Found::Missing => return Ok(None),
            Found::Kept(page, age) => (
                Arc::clone(&page),
                page.body.len() as u64,
                Body::from(page.body.clone()),
                Some(age),
            ),
            Found::Fetched(page) => (
                Arc::clone(&page),
                page.body.len() as u64,
                Body::from(page.body.clone()),
                None,
            ),
            Found::Large(page, length, body) => (page, length, streamed(body), None),
        };
        let mut response = if let Some(slug) = &page.renamed_to {
            moved(&address::elsewhere(&request.uri, path, &renamed_path(slug, "")))
        } else if page.is_directory && !path.ends_with('/') {
            moved(&address::with_slash(&request.uri))
        } else if page.is_known(request.headers.get(header::IF_NONE_MATCH)) {
            let mut known = Response::new(Body::empty());
            *known.status_mut() = StatusCode::NOT_MODIFIED;
            known.headers_mut().extend(page.headers.clone());
            known
        } else {
            let mut whole = Response::new(body);
            whole.headers_mut().extend(page.headers.clone());
            whole.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            whole
        };
        let seen = HeaderValue::from_static(if kept.is_some() { "HIT" } else { "MISS" });
        response.headers_mut().insert("x-cache", seen);
        response
            .headers_mut()
            .insert(header::AGE, kept.unwrap_or_default().as_secs().into());
        Ok(Some(response))
    }

    /// The answer of a product, or of the organization, where there is no object.
    async fn instead(
        &self,
        organization: &Organization,
        instead: Instead,
        path: &str,
    ) -> anyhow::Result<Response> {
        let (status, key) = match instead {
            Instead::Object(key) => (StatusCode::OK, key),
            Instead::NotFound(key) => (StatusCode::NOT_FOUND, key),
        };
        let page = match self.find(organization, key.as_str()).await? {
            Found::Kept(page, _) | Found::Fetched(page) => page,
            Found::Large(..) | Found::Missing => return Ok(not_found(path)),
        };
        let mut response = Response::new(Body::from(page.body.clone()));
        *response.status_mut() = status;
        response.headers_mut().extend(page.headers.clone());
        Ok(response)
    }

    /// From the cache, which is that of the organization's service of the CDN: where there is none, nothing is purged, and
    /// so nothing is kept.
    async fn find(&self, organization: &Organization, key: &str) -> anyhow::Result<Found> {
        let bucket = &organization.bucket;
        let place = format!("{bucket}/{key}");
        let ticket = match &organization.fastly_service {
            Some(_) => match self.cache.look(&place, Instant::now()) {
                Look::Hit(page, age) => return Ok(Found::Kept(page, age)),
                Look::Miss(ticket) => Some(ticket),
            },
            None => None,
        };
        let object = match self.s3.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_no_such_key()) =>
            {
                return Ok(Found::Missing);
            }
            Err(error) => anyhow::bail!("{}", DisplayErrorContext(error)),
        };
        let (mut page, length, body) = Page::of(object)?;
        if length > LARGEST_KEPT {
            return Ok(Found::Large(Arc::new(page), length, body));
        }
        page.body = body.collect().await?.into_bytes();
        let page = Arc::new(page);
        if let Some(ticket) = ticket {
            self.cache.keep(ticket, &place, &page, Instant::now());
        }
        Ok(Found::Fetched(page))
    }
}

fn streamed(body: ByteStream) -> Body {
    Body::from_stream(futures_util::stream::unfold(body, |mut body| async move {
        let next: Result<Bytes, _> = body.next().await?;
        Some((next, body))
    }))
}

fn moved(location: &str) -> Response {
    let mut response = html(StatusCode::MOVED_PERMANENTLY, String::new());
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
        }
        // A request line that was accepted has no character that a header refuses.
        Err(error) => tracing::error!(%error, location, "a redirect without its target"),
    }
    response
}

fn not_found(path: &str) -> Response {
    html(StatusCode::NOT_FOUND, pages::not_found(path))
}

fn html(status: StatusCode, page: String) -> Response {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
