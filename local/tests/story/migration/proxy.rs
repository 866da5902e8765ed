//! Stands before Imprint's API and counts what would change something.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

struct Inside {
    api: String,
    http: reqwest::Client,
    writes: AtomicUsize,
    /// With so many writes somebody pulls the plug.
    plug: AtomicUsize,
    pulls: AtomicUsize,
    pulled: Notify,
}

/// A running one.
pub(super) struct Proxy {
    pub(super) url: String,
    inside: Arc<Inside>,
    server: JoinHandle<()>,
}

impl Proxy {
    pub(super) async fn before(api: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside {
            api: api.to_owned(),
            http: reqwest::Client::new(),
            writes: AtomicUsize::new(0),
            plug: AtomicUsize::new(usize::MAX),
            pulls: AtomicUsize::new(0),
            pulled: Notify::new(),
        });
        let routes = Router::new().fallback(forward).with_state(inside.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, inside, server }
    }

    /// How many requests would have changed something since the last time.
    pub(super) fn writes(&self) -> usize {
        self.inside.writes.swap(0, Ordering::SeqCst)
    }

    /// Returns when so many more writes have come. What comes after that is not forwarded before [`Self::mend`].
    pub(super) async fn pull_after(&self, writes: usize) {
        let now = self.inside.writes.load(Ordering::SeqCst);
        self.inside.plug.store(now + writes, Ordering::SeqCst);
        loop {
            self.inside.pulled.notified().await;
            // Requests of an earlier run may still have told of it.
            if self.inside.writes.load(Ordering::SeqCst) > self.inside.plug.load(Ordering::SeqCst) {
                return;
            }
        }
    }

    pub(super) fn mend(&self) {
        self.inside.plug.store(usize::MAX, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    if *request.method() == Method::GET {
        return pass_on(&inside, request).await;
    }
    let nth = inside.writes.fetch_add(1, Ordering::SeqCst) + 1;
    if nth <= inside.plug.load(Ordering::SeqCst) {
        return pass_on(&inside, request).await;
    }
    // Of every other one the effect is there and the answer is lost.
    if inside.pulls.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
        pass_on(&inside, request).await;
    }
    inside.pulled.notify_one();
    Response::builder().status(503).body(Body::empty()).unwrap()
}

async fn pass_on(inside: &Inside, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path_and_query().unwrap();
    let request = inside.http.request(parts.method, format!("{}{path}", inside.api));
    let answer = request.headers(parts.headers).body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for name in ["content-type", "link", "retry-after", "location"] {
        if let Some(value) = answer.headers().get(name) {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
