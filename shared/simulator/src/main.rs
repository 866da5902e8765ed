//! Runs schedules: `cargo run -p imprint-simulator -- --seeds 0..1000`, or one with its trace: `-- --trace 17`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use imprint_simulator::{Injected, simulate};

/// The publishing chain under every fault at once, one schedule a seed.
#[derive(Debug, Parser)]
struct Cli {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    count: u64,
    /// Run this seed alone and print what happens in it.
    #[arg(long)]
    trace: Option<u64>,
    /// Go on after a broken promise.
    #[arg(long)]
    keep_going: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(seed) = cli.trace {
        return match simulate(seed, true) {
            Ok(report) => {
                println!("{report:#?}");
                ExitCode::SUCCESS
            }
            Err(broken) => {
                println!("{}", broken.trace.join("\n"));
                println!("seed {seed}: {}", broken.complaints.join("\n  "));
                ExitCode::FAILURE
            }
        };
    }
    let began = Instant::now();
    let (mut injected, mut broken, mut longest) = (Injected::default(), 0, 0);
    for seed in cli.from..cli.from + cli.count {
        match simulate(seed, false) {
            Ok(report) => {
                injected.add(&report.injected);
                longest = longest.max(report.rested_after);
            }
            Err(found) => {
                broken += 1;
                println!("seed {seed}: {}", found.complaints.join("\n  "));
                println!("replay it with: cargo run -p imprint-simulator -- --trace {seed}");
                if !cli.keep_going {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    println!(
        "{} schedules in {:.1} s, {broken} broke a promise",
        cli.count,
        began.elapsed().as_secs_f64()
    );
    println!("longest time to rest: {longest} virtual seconds");
    for (kind, times) in &injected.0 {
        println!("{times:>9}  {kind}");
    }
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
