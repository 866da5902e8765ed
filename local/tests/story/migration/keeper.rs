//! An LTD Keeper that answers as the contract says, with what a test puts into it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The bucket that it names.
pub(super) const BUCKET: &str = "lsst-the-docs";

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 1.23, with a document of everything that a product has.
    One,
    /// 2.x, which has none.
    Two,
}

/// What it has. Its URLs are those of a machine behind a proxy, which nobody outside can reach.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    inside: String,
    products: BTreeMap<String, Value>,
    builds: BTreeMap<u64, Value>,
    editions: BTreeMap<u64, Value>,
    /// Paths that are answered with 500, always.
    pub(super) broken: Vec<String>,
}

/// A request that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
}

struct Inside {
    version: Version,
    shelf: Mutex<Shelf>,
    asked: Mutex<Vec<Asked>>,
    /// So many requests are answered with 503 first.
    failures: Mutex<usize>,
}

/// A running one.
pub(super) struct Keeper {
    pub(super) url: String,
    inside: Arc<Inside>,
    server: JoinHandle<()>,
}

impl Shelf {
    pub(super) fn new(inside: &str) -> Self {
        Self {
            inside: inside.to_owned(),
            products: BTreeMap::new(),
            builds: BTreeMap::new(),
            editions: BTreeMap::new(),
            broken: Vec::new(),
        }
    }

    pub(super) fn product(&mut self, slug: &str, title: &str) {
        let product = json!({
            "self_url": format!("{}/products/{slug}", self.inside), "slug": slug, "title": title,
            "doc_repo": format!("https://github.com/example/{slug}"), "root_domain": "lsst.example.org",
            "root_fastly_domain": "global.ssl.fastly.net", "domain": format!("{slug}.lsst.example.org"),
            "fastly_domain": "global.ssl.fastly.net", "bucket_name": BUCKET,
            "published_url": format!("https://{slug}.lsst.example.org"), "surrogate_key": "0123456789abcdef0123456789abcdef",
        });
        self.products.insert(slug.to_owned(), product);
    }

    pub(super) fn build(&mut self, product: &str, number: u64, slug: &str, git_ref: &str, more: Value) {
        let build = json!({
            "self_url": format!("{}/builds/{number}", self.inside),
            "product_url": format!("{}/products/{product}", self.inside), "slug": slug,
            "date_created": "2017-02-03T23:49:23Z", "date_ended": null, "uploaded": true, "bucket_name": BUCKET,
            "bucket_root_dir": format!("{product}/builds/{slug}"), "git_refs": [git_ref], "github_requester": "somebody",
            "published_url": format!("https://{product}.lsst.example.org/builds/{slug}"),
            "surrogate_key": "0123456789abcdef0123456789abcdef",
        });
        self.builds.insert(number, with(build, more));
    }

    /// It shows a build, or none.
    pub(super) fn edition(
        &mut self,
        product: &str,
        number: u64,
        slug: &str,
        shows: Option<u64>,
        more: Value,
    ) {
        let root = format!("https://{product}.lsst.example.org");
        let published = if slug == "main" {
            root
        } else {
            format!("{root}/v/{slug}")
        };
        let edition = json!({
            "self_url": format!("{}/editions/{number}", self.inside),
            "product_url": format!("{}/products/{product}", self.inside),
            "build_url": shows.map(|build| format!("{}/builds/{build}", self.inside)), "published_url": published,
            "slug": slug, "title": slug, "date_created": "2017-02-03T23:49:23Z", "date_rebuilt": "2017-02-03T23:49:23Z",
            "date_ended": null, "surrogate_key": "0123456789abcdef0123456789abcdef", "pending_rebuild": false,
            "tracked_refs": [slug], "mode": "git_refs",
        });
        self.editions.insert(number, with(edition, more));
    }

    /// Something that no product of the right shape has.
    pub(super) fn odd_product(&mut self, slug: &str) {
        self.product(slug, "Odd");
    }

    fn of<'a>(&'a self, all: &'a BTreeMap<u64, Value>, product: &str) -> impl Iterator<Item = &'a Value> {
        let url = format!("{}/products/{product}", self.inside);
        all.values()
            .filter(move |item| item["product_url"] == url.as_str())
    }

    /// As lists show them: without what has ended.
    fn urls(&self, all: &BTreeMap<u64, Value>, product: &str) -> Vec<Value> {
        let live = self.of(all, product).filter(|item| item["date_ended"].is_null());
        live.map(|item| item["self_url"].clone()).collect()
    }

    fn answer(&self, version: Version, path: &str) -> (StatusCode, Value) {
        if self.broken.iter().any(|broken| broken == path) {
            // As Flask answers what it did not expect.
            return (StatusCode::INTERNAL_SERVER_ERROR, json!("Internal Server Error"));
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let found = match parts.as_slice() {
            ["products", ""] => {
                let urls: Vec<&Value> = self
                    .products
                    .values()
                    .map(|product| &product["self_url"])
                    .collect();
                Some(json!({ "products": urls }))
            }
            ["products", slug] => self.products.get(*slug).cloned(),
            ["products", slug, "builds", ""] => Some(json!({"builds": self.urls(&self.builds, slug)})),
            ["products", slug, "editions", ""] => Some(json!({"editions": self.urls(&self.editions, slug)})),
            ["products", _, "dashboard"] if version == Version::Two => {
                return (
                    StatusCode::METHOD_NOT_ALLOWED,
                    json!({"message": "the method is not supported"}),
                );
            }
            ["products", slug, "dashboard"] => self.products.get(*slug).map(|product| {
                let editions: Vec<&Value> = self.of(&self.editions, slug).collect();
                let builds: Vec<&Value> = self.of(&self.builds, slug).collect();
                json!({"product": product, "editions": editions, "builds": builds})
            }),
            ["builds", number] => number
                .parse()
                .ok()
                .and_then(|number: u64| self.builds.get(&number).cloned()),
            ["editions", number] => number
                .parse()
                .ok()
                .and_then(|number: u64| self.editions.get(&number).cloned()),
            _ => None,
        };
        found.map_or(
            (StatusCode::NOT_FOUND, json!({"message": "invalid resource URI"})),
            |found| (StatusCode::OK, found),
        )
    }
}

fn with(mut item: Value, more: Value) -> Value {
    item.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    item
}

impl Keeper {
    pub(super) async fn start(version: Version, shelf: Shelf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside {
            version,
            shelf: Mutex::new(shelf),
            asked: Mutex::new(Vec::new()),
            failures: Mutex::new(0),
        });
        let routes = Router::new().fallback(answer).with_state(inside.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, inside, server }
    }

    /// Changes what it has.
    pub(super) fn with(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.inside.shelf.lock().unwrap());
    }

    /// Has it fail so many times.
    pub(super) fn fail(&self, times: usize) {
        *self.inside.failures.lock().unwrap() = times;
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.inside.asked.lock().unwrap().clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let authorization = request.headers().get("authorization");
    let asked = Asked {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
    };
    let (status, body) = {
        let mut failures = inside.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            (StatusCode::SERVICE_UNAVAILABLE, json!("upstream"))
        } else {
            inside.shelf.lock().unwrap().answer(inside.version, &asked.path)
        }
    };
    inside.asked.lock().unwrap().push(asked);
    let response = Response::builder()
        .status(status)
        .header("content-type", "text/html; charset=utf-8");
    response.body(Body::from(body.to_string())).unwrap()
}
