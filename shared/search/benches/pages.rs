//! How long a site's index takes, in a process that has done nothing before: `cargo bench -p imprint-search`. Prints a table
//! and checks nothing.

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use imprint_search::{Page, index};

/// As the function has it, with its setting in the template.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
const SETTING: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "-1");

/// The argument of a process that measures once and prints what it has.
const CHILD: &str = "--in-a-process-of-its-own";
const PROCESSES: usize = 3;
/// Words on a page.
const WORDS: usize = 600;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == CHILD) {
        return child(arguments[at + 1].parse().unwrap()).await;
    }
    println!("| pages of {WORDS} words | best of {PROCESSES} | peak memory | files |\n|---|---|---|---|");
    for pages in [100, 1000] {
        let runs = (0..PROCESSES).map(|_| in_a_process(pages));
        let [millis, kilobytes, files] = runs.min().unwrap();
        println!("| {pages} | {millis} ms | {} MB | {files} |", kilobytes / 1000);
    }
}

fn in_a_process(pages: usize) -> [u64; 3] {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, &pages.to_string()])
        .env(SETTING.0, SETTING.1)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

/// Prints how many milliseconds it took, the most memory in KB, and how many files there are.
async fn child(pages: usize) {
    let pages: Vec<(String, String)> = (0..pages)
        .map(|n| (format!("part-{}/page-{n}.html", n % 20), page(n)))
        .collect();
    let begin = Instant::now();
    let made = index(pages.iter().map(|(path, html)| Page { path, html }), "A site")
        .await
        .unwrap();
    let millis = begin.elapsed().as_millis();
    println!("{millis} {} {}", memory(), made.files.len());
}

/// Words as a language has them: few are often, many are rare, some are on this page alone.
fn page(n: usize) -> String {
    let mut html = format!("<html lang=en><title>Page {n}</title><body><main><h1 id=top>Page {n}</h1>");
    let mut state = n as u64;
    for word in 0..WORDS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let roll = (state >> 33) as f64 / f64::from(u32::MAX >> 1);
        let rank = (4000.0_f64.powf(roll)) as u64;
        if word % 120 == 0 {
            write!(html, "</p><h2 id=s{word}>Section {word}</h2><p>").unwrap();
        }
        write!(html, "w{rank:x}ing ").unwrap();
    }
    html + "</main></body></html>"
}

/// The most memory that this process had so far, in KB; 0 where the system does not say.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}
