//! The accept loop that all stand-ins share.

use std::convert::Infallible;
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::front::Front;

/// What any body error becomes.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body type that all stand-ins answer with.
pub(crate) type Answer = http::Response<UnsyncBoxBody<Bytes, BoxError>>;

/// A stand-in: takes a request, always answers.
pub(crate) trait StandIn: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: http::Request<Incoming>) -> impl Future<Output = Answer> + Send;
}

/// A bound port that nobody answers yet, for stand-ins that must know their own port.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    port: u16,
}

impl Door {
    /// Binds a loopback port; 0 takes a free one.
    pub(crate) async fn bind(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let port = listener.local_addr().context("reading the port")?.port();
        Ok(Self { listener, port })
    }

    /// The port it is bound to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts answering.
    pub(crate) fn open<S: StandIn>(self, front: Front, stand_in: S) -> Server {
        let (stop, stopped) = watch::channel(Stage::Open);
        let task = tokio::spawn(accept(self.listener, Arc::new((front, stand_in)), stopped));
        Server {
            port: self.port,
            stop,
            task,
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    stop: watch::Sender<Stage>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Closing(Duration),
}

impl Server {
    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Accepts nothing more, waits for requests that run, then cuts off what is left.
    pub(crate) async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(Stage::Closing(patience));
        if let Err(error) = (&mut self.task).await {
            tracing::warn!(%error, port = self.port, "the accept loop ended badly");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Someone who forgets to stop must not leave a port taken.
        self.task.abort();
    }
}

async fn accept<S: StandIn>(
    listener: TcpListener,
    service: Arc<(Front, S)>,
    mut stopped: watch::Receiver<Stage>,
) {
    let mut connections = JoinSet::new();
    let patience = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&service), stopped.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, mostly: without a pause the loop would spin.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            changed = stopped.changed() => match (changed, *stopped.borrow()) {
                (Ok(()), Stage::Closing(patience)) => break patience,
                (Ok(()), Stage::Open) => {}
                (Err(_), _) => break Duration::ZERO,
            },
        }
    };
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    // Whatever outlives the patience is dropped with the set.
    let _cut_off = tokio::time::timeout(patience, ended).await;
}

async fn serve<S: StandIn>(stream: TcpStream, service: Arc<(Front, S)>, mut stopped: watch::Receiver<Stage>) {
    // Without it Nagle and delayed acknowledgements add 40 ms to every answer of two segments.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move {
            let (front, stand_in) = &*service;
            Ok::<_, Infallible>(front.pass(request, stand_in).await)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
