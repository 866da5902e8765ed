//! The machine: its clock and its environment. Only a program's `main` asks for them.

use std::collections::BTreeMap;

use imprint_app::ports::Clock;
use jiff::Timestamp;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else asks"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The variables of this process, read once, in `main`. One that is not UTF-8 is left out: none of ours can be.
pub fn variables_of_process() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
