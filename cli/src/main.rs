//! Runs the command line.

use clap::Parser as _;
use imprint_cli::cli::Cli;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    imprint_cli::cli::run(Cli::parse()).await
}
