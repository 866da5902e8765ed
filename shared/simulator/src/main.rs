//! Runs schedules: `cargo run -p imprint-simulator -- --count 1000`, or one with its trace: `-- --trace 17`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use imprint_simulator::{Summary, simulate, simulate_all};

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
                println!("{}", report.trace.join("\n"));
                ExitCode::SUCCESS
            }
            Err(broken) => {
                println!("{}\n{broken}", broken.trace.join("\n"));
                ExitCode::FAILURE
            }
        };
    }
    let began = Instant::now();
    let mut broken = 0;
    let summary = simulate_all(cli.from..cli.from + cli.count, |found| {
        broken += 1;
        println!("{found}");
        cli.keep_going
    });
    print(&summary, began, broken);
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(summary: &Summary, began: Instant, broken: u64) {
    println!(
        "{} schedules in {:.1} s, {broken} broke a promise",
        summary.schedules,
        began.elapsed().as_secs_f64()
    );
    println!("longest time to rest: {} virtual seconds", summary.rested_after);
    for (heading, tally) in [("faults", &summary.injected), ("work", &summary.happened)] {
        println!("{heading}:");
        for (kind, times) in &tally.0 {
            println!("{times:>9}  {kind}");
        }
    }
}
