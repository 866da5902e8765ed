//! Formats of a build: what is made of its pages and what comes with them, and what editions show of these.

mod brought;
mod crashes;
mod failures;
mod memory;
mod whole;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use imprint_app::step::{Disposal, MAX_RECEIVES};
use imprint_domain::artifact::{Format, State};
use imprint_domain::id::BuildId;
use imprint_domain::message::{Envelope, Message};
use imprint_domain::task::FailureCode;
use imprint_testing::{Moment, Site, Trouble};

use crate::installation::{Installation, Objects};

/// A page with one heading and one paragraph.
fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><nav>All pages</nav>\
         <main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )
}

/// A site of three pages and a picture.
fn docs() -> Site {
    Site::new()
        .file("index.html", page("Home", "Where to begin."))
        .file("guide/winter.html", page("Winter", "It is cold."))
        .file("guide/summer.html", page("Summer", "It is warm."))
        .file("img/a.png", "png")
}

/// The format that a message has made; none when it is about something else.
fn format_of(envelope: &Envelope) -> Option<Format> {
    if let Message::DeriveFormat(derive) = &envelope.message {
        Some(derive.format)
    } else {
        None
    }
}

/// The messages that have formats made, taken out of the queue after everything before them was done.
async fn derivations(here: &Installation) -> Vec<Envelope> {
    let mut taken = Vec::new();
    while let Some(envelope) = here.world.queue.take_any() {
        if format_of(&envelope).is_some() {
            taken.push(envelope);
        } else {
            here.deliver(&envelope, 1).await;
        }
    }
    taken
}

/// Delivers everything as [`Installation::settle`] does, while one method fails for whoever makes one format.
async fn settle_but(here: &Installation, poisoned: Format, method: &str, trouble: Trouble) {
    while let Some(envelope) = here.world.queue.take_any() {
        if format_of(&envelope) == Some(poisoned) {
            here.world.faults().from(method, 1, Moment::Before, trouble);
        }
        for receive_count in 1..=MAX_RECEIVES {
            if here.deliver(&envelope, receive_count).await == Disposal::Done {
                break;
            }
        }
        here.world.faults().clear();
    }
}

/// Where each format of a build has got to: `ready`, `declined`, `pending`, or why it failed.
fn states(here: &Installation, build: BuildId) -> BTreeMap<Format, Result<&'static str, FailureCode>> {
    let states = here.build(build).unwrap().artifacts.states;
    let state = |state: &State| match state {
        State::Expected => Ok("expected"),
        State::Pending { .. } => Ok("pending"),
        State::Ready { .. } => Ok("ready"),
        State::Declined { .. } => Ok("declined"),
        State::Failed(failure) => Err(failure.code),
    };
    states.iter().map(|(format, one)| (*format, state(one))).collect()
}

/// What people are told of a format.
fn notes(here: &Installation, build: BuildId, format: Format) -> Vec<String> {
    match here.build(build).unwrap().artifacts.states.get(&format) {
        Some(State::Ready { notes, .. }) => notes.clone(),
        Some(State::Declined { reason }) => vec![reason.clone()],
        Some(State::Failed(failure)) => vec![failure.message.clone()],
        Some(State::Expected | State::Pending { .. }) | None => Vec::new(),
    }
}

/// Of which build each format is that the edition `main` shows.
fn formats(here: &Installation) -> BTreeMap<Format, u64> {
    let pointer = here.edition("main").published.expect("it is published").pointer;
    pointer
        .formats
        .iter()
        .map(|(format, build)| (*format, build.0))
        .collect()
}

/// What an archive holds.
fn unzipped(archive: &[u8]) -> Objects {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = Objects::new();
    for nth in 0..archive.len() {
        let mut file = archive.by_index(nth).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut body = Vec::new();
        file.read_to_end(&mut body).unwrap();
        files.insert(name, body.into());
    }
    files
}
