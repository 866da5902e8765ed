//! Starts the local stack.

use clap::Parser as _;
use imprint_local::cli::Cli;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    imprint_local::cli::run(Cli::parse().command()).await
}
