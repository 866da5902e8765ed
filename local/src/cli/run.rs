//! Does what the command line says, and ends cleanly.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Command, Demo, Up, export};
use crate::demo;
use crate::stack::{Info, Stack};

/// What is logged, unless `RUST_LOG` says otherwise. DynamoDB's stand-in warns of every condition that did not hold,
/// which is how the functions find out that somebody was faster.
const LOG: &str = "warn,dynoxide=error,imprint=info";
/// The demo's own lines would drown in the functions' log.
const QUIET_LOG: &str = "error";

/// Does it. Ends with 0, or with another number and the reason on standard error.
pub async fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Up(up) => {
            log(LOG);
            run_up(&up).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Demo(demo) => {
            log(QUIET_LOG);
            run_demo(&demo).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Export(args) => {
            log(QUIET_LOG);
            export::run(args).await
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("imprint-local: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log(otherwise: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(otherwise));
    let subscriber = tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if subscriber.try_init().is_err() {
        tracing::debug!("a log was set up before");
    }
}

async fn run_up(up: &Up) -> anyhow::Result<()> {
    let mut end = End::watch()?;
    let stack = tokio::select! {
        stack = Stack::start(up.options()) => stack?,
        () = end.comes() => return Ok(()),
    };
    let ready = match up.json {
        true => serde_json::to_string(stack.info())?,
        false => welcome(stack.info(), up),
    };
    let mut out = std::io::stdout();
    // Whoever waits for the line reads a pipe, which is written in blocks.
    writeln!(out, "{ready}")
        .and_then(|()| out.flush())
        .context("writing to standard output")?;
    end.comes().await;
    stop(stack).await;
    Ok(())
}

async fn run_demo(args: &Demo) -> anyhow::Result<()> {
    let mut end = End::watch()?;
    let stack = Stack::start(args.options()).await?;
    let told = tokio::select! {
        told = demo::run(&stack, &args.site) => told,
        () = end.comes() => Err(anyhow::anyhow!("stopped before its end")),
    };
    if told.is_ok() && !args.once {
        demo::show_addresses(&stack);
        println!("\nCtrl-C stops everything.");
        end.comes().await;
    }
    stop(stack).await;
    told.context("the demo did not hold")
}

async fn stop(stack: Stack) {
    eprintln!("stopping");
    stack.shutdown().await;
}

/// Ctrl-C, or what a service manager sends.
struct End {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl End {
    fn watch() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("watching for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("watching for SIGTERM")?,
        })
    }

    async fn comes(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn welcome(info: &Info, up: &Up) -> String {
    let Info {
        api,
        docs,
        control,
        user,
        ..
    } = info;
    let data = up.options().data.unwrap_or_default();
    // A password that somebody chose does not belong on a screen.
    let password = if info.password == "dev" {
        "dev"
    } else {
        "$IMPRINT_BOOTSTRAP_PASSWORD"
    };
    format!(
        "\
Imprint is up; Ctrl-C stops it. Its data is in {data}.

  API              {api}   (user {user}, password {password})
  published pages  {docs}/<product>/   or   {by_host}/
  controls         {control}

First steps:
  token=$(curl -s -u {user}:{password} {api}/token | sed 's/.*\"token\": *\"\\([^\"]*\\)\".*/\\1/')
  curl -s -u $token: -H 'Content-Type: application/json' {api}/products/ \\
    -d '{{\"slug\": \"handbook\", \"title\": \"Handbook\", \"doc_repo\": \"https://github.com/example/handbook\"}}'
  ltd --host {api} -u {user} -p {password} upload --product handbook --dir _build/html --git-ref main
",
        data = data.display(),
        by_host = docs.replace("127.0.0.1", "<product>.localhost"),
    )
}
