//! How long a document takes from what its author wrote to its files, in a process that has done nothing before and in one
//! that has: `cargo bench -p imprint-render-document`. Prints a table and checks nothing.

#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to say")]

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use imprint_app::ports::{Draft, Renderer};
use imprint_manuscript::content::About;
use imprint_manuscript::{Content, Variant};
use imprint_render_document::Engine;
use serde_json::{Value, json};

#[path = "../tests/draft/mod.rs"]
mod given;

/// The argument of a process that measures once and prints what it has.
const CHILD: &str = "--in-a-process-of-its-own";
/// Cold processes; the best of them is printed, because the machine does other things, too.
const PROCESSES: usize = 5;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == CHILD) {
        return child(&arguments[at + 1..]).await;
    }
    println!("| what | best of {PROCESSES} | peak memory |\n|---|---|---|");
    for pages in [20, 100] {
        for (what, name) in [("pdf", "its PDF"), ("all", "all of its files")] {
            let runs = (0..PROCESSES).map(|_| in_a_process(what, pages));
            let (millis, kilobytes) = runs.min().unwrap();
            println!(
                "| {pages} pages, cold process: {name} | {millis} ms | {} MB |",
                kilobytes / 1000
            );
        }
    }
    let draft = draft(20, "");
    Engine.render(draft.clone()).await.unwrap();
    let alone = (0..PROCESSES).map(|n| {
        let draft = self::draft(20, &format!("Draft {n}."));
        let begin = Instant::now();
        std::hint::black_box(pdf(&draft));
        begin.elapsed()
    });
    let alone = alone.min().unwrap_or_default();
    println!(
        "| 20 pages, warm process: its PDF, one paragraph edited | {} ms | |",
        alone.as_millis()
    );
    let same = best(|| draft.clone()).await;
    let mut n = 0;
    let edited = best(|| {
        n += 1;
        self::draft(20, &format!("Edit {n}."))
    })
    .await;
    println!(
        "| 20 pages, warm process: all of its files, unchanged | {} ms | |",
        same.as_millis()
    );
    println!(
        "| 20 pages, warm process: all of its files, one paragraph edited | {} ms | |",
        edited.as_millis()
    );
    println!("| NASA-APT: printing the web preview (Playwright) | 9,200 ms | |");
    println!("| NASA-APT: LaTeX in containers (2018) | 20,000 ms | |");
}

async fn best(mut draft: impl FnMut() -> Draft) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..PROCESSES {
        let draft = draft();
        let begin = Instant::now();
        std::hint::black_box(Engine.render(draft).await.unwrap());
        best = best.min(begin.elapsed());
    }
    best
}

fn in_a_process(what: &str, pages: usize) -> (u64, u64) {
    let pages = pages.to_string();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, what, &pages])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Prints how many milliseconds it took, reading what the author wrote included, and the most memory in KB.
async fn child(arguments: &[String]) {
    let draft = draft(arguments[1].parse().unwrap(), "");
    let begin = Instant::now();
    if arguments[0] == "pdf" {
        std::hint::black_box(pdf(&draft));
    } else {
        std::hint::black_box(Engine.render(draft).await.unwrap());
    }
    println!("{} {}", begin.elapsed().as_millis(), memory());
}

fn pdf(draft: &Draft) -> Vec<u8> {
    let (content, _) = Content::read_stored(&draft.content);
    let about = About {
        title: draft.document.title.to_string(),
        version: draft.version.number.to_string(),
        published: None,
    };
    let picture = imprint_manuscript::picture::picture(given::TIDE);
    let pictures = content
        .images()
        .into_iter()
        .map(|name| (name, picture.clone()))
        .collect();
    let images = draft
        .images
        .iter()
        .map(|(name, (media_type, bytes))| {
            let media_type = media_type.as_str();
            let bytes = Arc::clone(bytes);
            (name.to_string(), imprint_rendering::Image { media_type, bytes })
        })
        .collect();
    let manuscript = content.manuscript(&about, &pictures, Variant::Document);
    imprint_typeset::pdf(&manuscript, &images).unwrap().bytes
}

/// The most memory that this process had so far, in KB; 0 where the system does not say.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// A document of about so many pages: running text, 4.5 equations a page, tables, images, 30 works.
fn draft(pages: usize, more: &str) -> Draft {
    let content = json!({"markdown": markdown(pages, more), "publication_references": works()});
    given::draft("Fluxes", content, &["tide.png"])
}

fn works() -> Vec<Value> {
    let work = |n: usize| {
        json!({"id": format!("work-{n}"), "authors": format!("Doe, J. {n}; Roe, R.; Poe, E. A."), "year": (1990 + n).to_string(),
               "title": format!("On the retrieval of the {n}th quantity"), "series": "Journal of Measurements",
               "volume": n.to_string(), "issue": "4", "pages": format!("{n}-{}", n + 12), "doi": format!("10.5555/work-{n}")})
    };
    (0..30).map(work).collect()
}

fn markdown(pages: usize, more: &str) -> String {
    let formulas = [
        r"L(\lambda) = \frac{2hc^2}{\lambda^5} \frac{1}{e^{hc/\lambda kT} - 1}",
        r"\int_0^\infty e^{-x^2} dx = \frac{\sqrt{\pi}}{2}",
        r"\sum_{i=1}^{n} w_i \cdot x_i = \left( \frac{a + b}{c} \right)^2",
        r"\mathrm{NDVI} = \frac{\rho_{NIR} - \rho_{red}}{\rho_{NIR} + \rho_{red}}",
    ];
    let sentence = "The retrieval compares measured radiances with radiances that a forward model predicts for a state of \
                    the atmosphere, and where the residual exceeds three standard deviations the pixel is not used. ";
    let mut text = format!("{more}\n\n");
    // A part fills four fifths of a page, a chapter ten.
    for page in 0..pages * 5 / 4 {
        if page % 12 == 0 {
            write!(text, "# Chapter {page}\n\n{sentence}\n\n").unwrap();
        }
        let formula = |n: usize| formulas[(page + n) % formulas.len()];
        let write = writeln!(
            text,
            "## Part {page}\n\n{}[@work-{}] where ${}$ holds and ${}$ does.\n\n$$\n{}\n$$\n\n{}\n\n$$\n{} + {page}\n$$\n\n{}\n",
            sentence.repeat(4),
            page % 30,
            formula(0),
            formula(1),
            formula(2),
            sentence.repeat(4),
            formula(3),
            sentence.repeat(3),
        );
        write.unwrap();
        if page % 3 == 0 {
            text.push_str("| Name | Unit | Value |\n|---|---|---:|\n");
            for row in 0..6 {
                writeln!(text, "| Quantity {row} | W m⁻² | {} |", row * 17).unwrap();
            }
        }
        if page % 7 == 0 {
            text.push_str("\n![A day of tide](tide.png)\n\n");
        }
    }
    text
}
