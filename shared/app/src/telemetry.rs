//! What is told of a step: the fields of its log lines, and measurements.

use imprint_domain::edition::{Edition, Pointer};
use imprint_domain::id::OutboxId;
use imprint_domain::message::{CopyEdition, Message};
use imprint_domain::task::{CopyReport, FailureCode, Task};
use jiff::{SignedDuration, Timestamp};
use tracing::Span;

use crate::env::Env;
use crate::ports::{Copied, Measured};

/// A span that names what a message is about, so that every line within it does. Numbers and slugs, never a text that
/// somebody chose freely.
///
/// It is of the level of errors, because a span that the filter leaves out names nothing.
pub fn span((entry, attempt): (&OutboxId, u32), message: &Message) -> Span {
    let about = message.about();
    tracing::error_span!(
        "step",
        step = message.name(),
        entry = %entry,
        attempt,
        organization = %about.organization,
        product = about.product.map(tracing::field::display),
        edition = about.edition.map(|edition| edition.0),
        build = about.build.map(|build| build.0),
        document = about.document.map(|document| document.0),
        task = message.task().map(tracing::field::display),
    )
}

/// A failure shows by now.
pub(crate) fn failed(env: &Env, message: &Message, code: FailureCode) {
    env.telemetry.note(&Measured::Failed {
        code,
        step: message.name(),
        about: message.about(),
        task: message.task(),
    });
}

/// A task is final and is watched no longer.
pub(crate) fn ended(env: &Env, task: &Task) {
    if let Some(took) = task.took() {
        env.telemetry.note(&Measured::Ended {
            task: &task.id,
            organization: &task.organization,
            kind: task.kind(),
            status: task.status(),
            took,
        });
    }
}

/// How long a copy to a pointer has been under way; no time at all when it had nothing to write. Clocks that disagree make
/// it no less than that.
pub(crate) fn copying_for(edition: &Edition, pointer: &Pointer, now: Timestamp) -> SignedDuration {
    let mut attempts = edition.attempts.iter();
    let own = attempts.find(|attempt| attempt.pointer.generation == pointer.generation);
    own.map_or(SignedDuration::ZERO, |own| {
        now.duration_since(own.at).max(SignedDuration::ZERO)
    })
}

/// An edition is the same as a build.
pub(crate) fn copied(
    env: &Env,
    message: &CopyEdition,
    report: CopyReport,
    (bytes, took): (u64, SignedDuration),
) {
    let copy = Copied {
        organization: &message.organization,
        product: &message.product,
        edition: message.edition,
        build: message.pointer.build,
        task: &message.task,
    };
    env.telemetry.note(&Measured::Copied {
        copy,
        report,
        bytes,
        took,
    });
}
