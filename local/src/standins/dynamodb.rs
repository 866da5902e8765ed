//! DynamoDB: dynoxide on a thread of its own, behind a small proxy.
//!
//! Dynoxide brings its own HTTP server and no service that could be mounted, so the front reaches it over a
//! second loopback port with pooled connections. Its calls block on SQLite; on its own thread they hold up
//! no worker of ours.

use std::net::Ipv4Addr;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use http::uri::{Authority, Scheme};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use super::operation;
use super::server::{Answer, BoxError, StandIn};
use crate::rights::{self, Uses};

/// AWS deletes items within days after their time to live; waiting a minute shows the effect locally.
const TTL_SWEEP: Duration = Duration::from_secs(60);
/// Time that a stop waits for the database to be closed.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// The running database.
#[derive(Debug)]
pub(crate) struct Tables {
    port: u16,
    stop: oneshot::Sender<()>,
    closed: oneshot::Receiver<()>,
}

impl Tables {
    /// Opens the database in `file`, or in memory, and serves it.
    pub(crate) async fn start(file: Option<&Path>) -> anyhow::Result<Self> {
        let database = match file {
            Some(file) => {
                let path = file.to_str().context("the data directory's name is not UTF-8")?;
                dynoxide::Database::new(path).with_context(|| format!("opening {path}"))?
            }
            None => dynoxide::Database::memory().context("opening a database in memory")?,
        };
        let listener = quick_listener().context("listening for the database")?;
        let port = listener.local_addr().context("reading the port")?.port();
        let (stop, stopped) = oneshot::channel();
        let (closing, closed) = oneshot::channel();
        thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || {
                if let Err(error) = serve(listener, database, stopped) {
                    tracing::error!(%error, "DynamoDB ended");
                }
                // Nobody listens any more when the stop ran out of patience.
                let _unheard = closing.send(());
            })
            .context("starting a thread")?;
        Ok(Self { port, stop, closed })
    }

    /// The stand-in that hands requests on.
    pub(crate) fn proxy(&self, uses: Uses) -> Proxy {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let authority = Authority::try_from(format!("127.0.0.1:{}", self.port));
        Proxy {
            authority: authority.expect("an address and a number are an authority"),
            client: Client::builder(TokioExecutor::new()).build(connector),
            uses,
        }
    }

    /// Ends requests that run and closes the database.
    pub(crate) async fn stop(self) {
        let _gone_already = self.stop.send(());
        if tokio::time::timeout(CLOSING_PATIENCE, self.closed).await.is_err() {
            tracing::warn!("DynamoDB did not close in time");
        }
    }
}

/// A listener whose connections have `TCP_NODELAY` on: Linux and BSD hand it down from the listener.
fn quick_listener() -> std::io::Result<std::net::TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(1024)?.into_std()
}

fn serve(
    listener: std::net::TcpListener,
    database: dynoxide::Database,
    stopped: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        let swept = database.clone();
        let sweeper = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TTL_SWEEP);
            loop {
                ticks.tick().await;
                if let Err(error) = swept.sweep_ttl() {
                    tracing::warn!(%error, "expired items were not deleted");
                }
            }
        });
        let ended = dynoxide::server::serve_with_shutdown(listener, database, async move {
            // An error means that the stand-ins were dropped without a stop: stop then, too.
            let _either_way = stopped.await;
        });
        let ended = ended.await.map_err(anyhow::Error::msg);
        sweeper.abort();
        ended
    })
}

/// Hands requests on to the database's own server.
#[derive(Debug)]
pub(crate) struct Proxy {
    authority: Authority,
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    uses: Uses,
}

impl Proxy {
    async fn hand_on(&self, request: http::Request<Incoming>) -> Result<Answer, BoxError> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        self.note(&parts.headers, &body);
        let mut uri = parts.uri.into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query
            .get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
        parts.uri = http::Uri::from_parts(uri)?;
        // The body was read whole: how the client framed it does not matter to the next hop.
        parts.headers.remove(http::header::TRANSFER_ENCODING);
        parts.headers.remove(http::header::EXPECT);
        let answer = self
            .client
            .request(http::Request::from_parts(parts, Full::new(body)))
            .await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(http::Response::from_parts(
            parts,
            Full::new(body).map_err(BoxError::from).boxed_unsync(),
        ))
    }
}

impl Proxy {
    fn note(&self, headers: &http::HeaderMap, body: &[u8]) {
        let Some(function) = self.uses.function(rights::signer(headers)) else {
            return;
        };
        // What is no JSON is refused, whoever sent it.
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        for (action, resource) in rights::of_dynamodb(&operation::of_target(headers), &body) {
            self.uses.add(function, &action, resource);
        }
    }
}

impl StandIn for Proxy {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        self.hand_on(request).await.unwrap_or_else(|error| {
            tracing::error!(%error, "DynamoDB did not answer");
            let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#;
            let mut answer = http::Response::new(Full::from(body).map_err(BoxError::from).boxed_unsync());
            *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            answer
        })
    }
}
