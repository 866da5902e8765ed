//! The ports of a stack, and servers on them that end when told to.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Which port to listen on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// What it is for, in messages.
    pub(super) what: &'static str,
    /// The option that chooses it, in messages.
    pub(super) option: &'static str,
    /// The port; 0 takes any free one.
    pub(super) port: u16,
}

/// Takes the port, on loopback only.
pub(super) async fn listen(wish: Wish) -> anyhow::Result<(TcpListener, u16)> {
    let Wish { what, option, port } = wish;
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => {
            let port = listener.local_addr().context("reading the port")?.port();
            Ok((listener, port))
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {port} of the {what} is taken; stop what listens there, or choose another with {option} (0 takes any free one)"
            )
        }
        Err(error) => Err(error).with_context(|| format!("listening on port {port} for the {what}")),
    }
}

/// A server on one port.
#[derive(Debug)]
pub(super) struct Server {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Time for requests that run at the end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Server {
    /// Serves until stopped.
    pub(super) fn start(listener: TcpListener, routes: Router) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let listener = listener.tap_io(|stream| {
            // Small answers would wait for the client's delayed acknowledgement otherwise.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays slow");
            }
        });
        let task = tokio::spawn(async move {
            let stopped = async move {
                // An error means that the stack was dropped, which is a stop, too.
                let _either_way = stopped.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = axum::serve(listener, routes)
                .with_graceful_shutdown(stopped)
                .await
            {
                tracing::error!(%error, "a server ended");
            }
        });
        Self { stop, task }
    }

    /// Takes no more requests, lets those that run finish for a moment, and cuts off the rest.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let (_held, port) = listen(Wish {
            what: "API",
            option: "--api-port",
            port: 0,
        })
        .await
        .unwrap();
        let refusal = listen(Wish {
            what: "API",
            option: "--api-port",
            port,
        })
        .await
        .unwrap_err()
        .to_string();
        assert!(
            refusal.contains(&format!("port {port} of the API is taken")),
            "{refusal}"
        );
        assert!(refusal.contains("--api-port"), "{refusal}");
    }
}
