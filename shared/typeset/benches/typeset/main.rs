//! How long a manuscript takes: `cargo bench -p imprint-typeset`. Prints one line a measurement and checks nothing.

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::time::{Duration, Instant};

use imprint_manuscript::manuscript::{Block, Inline, Marks, Variant};
use imprint_typeset::pdf;

mod sample;

fn main() {
    let start = Instant::now();
    let (mut manuscript, images) = sample::sample(20, Variant::Document);
    let bytes = pdf(&manuscript, &images).unwrap().bytes.len();
    println!(
        "cold, 20 pages: {} ms, {bytes} bytes, {} KB at most",
        milliseconds(start.elapsed()),
        memory()
    );

    let warm = (0..5)
        .map(|_| time(|| pdf(&manuscript, &images).unwrap().bytes.len()))
        .min()
        .unwrap();
    println!("warm, 20 pages: {} ms", milliseconds(warm));

    let more = Inline::Text {
        text: "One more sentence.".to_owned(),
        marks: Marks::default(),
    };
    manuscript.sections[3]
        .blocks
        .push(Block::Paragraph { content: vec![more] });
    let edited = time(|| pdf(&manuscript, &images).unwrap().bytes.len());
    println!(
        "edited, 20 pages: {} ms, {} KB at most",
        milliseconds(edited),
        memory()
    );

    let (manuscript, images) = sample::sample(20, Variant::Journal);
    println!(
        "journal, 20 pages: {} ms",
        milliseconds(time(|| pdf(&manuscript, &images).unwrap().bytes.len()))
    );

    let (manuscript, images) = sample::sample(100, Variant::Document);
    let long = time(|| pdf(&manuscript, &images).unwrap().bytes.len());
    println!(
        "warm, 100 pages: {} ms, {} KB at most",
        milliseconds(long),
        memory()
    );
}

fn time(work: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn milliseconds(time: Duration) -> u128 {
    time.as_millis()
}

/// The most memory that this process had so far, in KB; none where the system does not say.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(
        || "?".to_owned(),
        |line| line.trim().trim_end_matches(" kB").to_owned(),
    )
}
