//! What happens meanwhile, told on standard error.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// At most so often something is said of files.
const EVERY: Duration = Duration::from_secs(5);

/// Tells what happens, or keeps quiet.
#[derive(Debug)]
pub struct Narrator {
    is_quiet: bool,
    last: Mutex<Option<Instant>>,
}

impl Narrator {
    /// One that speaks.
    pub fn loud() -> Self {
        Self {
            is_quiet: false,
            last: Mutex::new(None),
        }
    }

    /// One that does not.
    pub fn quiet() -> Self {
        Self {
            is_quiet: true,
            last: Mutex::new(None),
        }
    }

    /// Says something that happens seldom.
    pub(crate) fn say(&self, sentence: &str) {
        if !self.is_quiet {
            eprintln!("{sentence}");
        }
    }

    /// Says something that happens often, unless something was said a moment ago.
    pub(crate) fn say_sometimes(&self, sentence: impl FnOnce() -> String) {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= EVERY) {
            *last = Some(Instant::now());
            self.say(&sentence());
        }
    }
}
