//! The docs port: published pages as the CDN would serve them.
//!
//! By host (`http://<product>.localhost:8701/`) and by path (`http://127.0.0.1:8701/<product>/`), read from the bucket
//! through the AWS SDK and a cache that honours surrogate keys, so that purging is visible. Reads nothing of the table but
//! the organizations' addresses, which a CDN is configured with: what cannot be found by layout alone cannot be found by a
//! CDN either.

mod accept;
mod address;
mod cache;
mod page;
mod pages;
mod range;
mod shelf;
mod sites;

use std::sync::Arc;

use aws_sdk_s3::config::{AppName, Credentials, Region};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use imprint_app::tenants::Tenants;
use imprint_domain::key::ObjectKey;
use imprint_domain::layout::{Instead, edition_of_path, instead_of_path, object_of_path, renamed_path};
use imprint_domain::organization::Organization;
use imprint_domain::slug::ProductSlug;
use tokio::sync::mpsc::UnboundedReceiver;

use self::address::Wanted;
use self::cache::PageCache;
use self::range::Part;
use self::shelf::{Held, Shelf};
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
        shelf: Shelf {
            s3: aws_sdk_s3::Client::from_conf(config),
            cache: PageCache::new(CACHE_BYTES, options.purges),
        },
        sites: Sites::new(options.tenants),
    };
    Ok(Router::new().fallback(answer).with_state(Arc::new(docs)))
}

struct Docs {
    shelf: Shelf,
    sites: Sites,
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
            let instead = instead_of_path(organization, product, path);
            return self.instead(organization, instead, path).await;
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
        let found = self.shelf.find(organization, directory.as_str()).await?;
        let slug = found.and_then(|held| held.page.renamed_to.clone());
        Ok(slug.map(|slug| renamed_path(&slug, rest)))
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
        let Some(held) = self.shelf.find(organization, key.as_str()).await? else {
            return Ok(None);
        };
        if let Some(slug) = &held.page.renamed_to {
            return Ok(Some(moved(&address::elsewhere(
                &request.uri,
                path,
                &renamed_path(slug, ""),
            ))));
        }
        if held.page.is_directory && !path.ends_with('/') {
            return Ok(Some(moved(&address::with_slash(&request.uri))));
        }
        let is_one_of_two = held.page.has_twin;
        let twin = match is_one_of_two && accept::prefers_markdown(&request.headers) {
            true => self.shelf.twin(organization, key).await?,
            false => None,
        };
        let (key, held) = twin.unwrap_or_else(|| (key.clone(), held));
        let mut response = self.body(organization, &key, held, request).await?;
        if is_one_of_two {
            response
                .headers_mut()
                .insert(header::VARY, HeaderValue::from_static("Accept"));
        }
        Ok(Some(response))
    }

    /// What was found, or that the reader has it, or the part that was asked for.
    async fn body(
        &self,
        organization: &Organization,
        key: &ObjectKey,
        held: Held,
        request: &Parts,
    ) -> anyhow::Result<Response> {
        let (page, length, kept) = (Arc::clone(&held.page), held.length, held.kept);
        let part = match request.method {
            Method::GET => range::part(&request.headers, &page.headers, length),
            _ => Part::Whole,
        };
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.extend(page.headers.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let seen = HeaderValue::from_static(if kept.is_some() { "HIT" } else { "MISS" });
        headers.insert("x-cache", seen);
        headers.insert(header::AGE, kept.unwrap_or_default().as_secs().into());
        if page.is_known(request.headers.get(header::IF_NONE_MATCH)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        match part {
            Part::Whole => {
                headers.insert(header::CONTENT_LENGTH, length.into());
                *response.body_mut() = held.into_body();
            }
            Part::Bytes(bytes) => {
                headers.insert(header::CONTENT_LENGTH, (bytes.end() - bytes.start() + 1).into());
                headers.insert(
                    header::CONTENT_RANGE,
                    range::content_range(&bytes, length).try_into()?,
                );
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                *response.body_mut() = self.shelf.part(organization, key, held, &bytes).await?;
            }
            Part::Outside => {
                headers.insert(header::CONTENT_RANGE, range::outside(length).try_into()?);
                headers.remove(header::CONTENT_ENCODING);
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            }
        }
        Ok(response)
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
        let found = self.shelf.find(organization, key.as_str()).await?;
        let Some(page) = found.and_then(Held::whole) else {
            return Ok(not_found(path));
        };
        let mut response = Response::new(Body::from(page.body.clone()));
        *response.status_mut() = status;
        response.headers_mut().extend(page.headers.clone());
        Ok(response)
    }
}

/// Browsers ask again each time: a name may be used again.
fn moved(location: &str) -> Response {
    let mut response = html(StatusCode::MOVED_PERMANENTLY, String::new());
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
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
    headers.insert(header::CONTENT_SECURITY_POLICY, pages::POLICY.clone());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
