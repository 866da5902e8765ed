//! What is wrong with the rights: some are missing, some are for nothing, or an exception is none.

use std::collections::BTreeSet;
use std::path::Path;

use imprint_local::rights::{Comparison, Grant};
use serde::Deserialize;

/// Grants that the story does not use, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) function: String,
    pub(super) action: String,
    /// As [`Grant::short`] has them.
    pub(super) resources: Vec<String>,
    pub(super) reason: String,
    /// Whether the story uses them now and then, as it happens.
    #[serde(default)]
    pub(super) by_chance: bool,
}

/// The list beside this file.
pub(super) fn listed() -> Vec<Exception> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/story/rights/exceptions.yaml");
    let listed: Vec<Exception> = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        listed.iter().all(|exception| exception.reason.len() > 20),
        "each has its reason"
    );
    listed
}

/// The problems as lines.
pub(super) fn problems(comparison: &Comparison, exceptions: &[Exception]) -> BTreeSet<String> {
    let excepted: BTreeSet<(&str, &str, &str)> = exceptions
        .iter()
        .flat_map(|one| {
            let resources = one.resources.iter();
            resources.map(|resource| (one.function.as_str(), one.action.as_str(), resource.as_str()))
        })
        .collect();
    let unused: BTreeSet<(&str, &str, &str)> = comparison.unused.iter().map(words).collect();
    let missing = comparison.missing.iter().map(|grant| format!("missing: {grant}"));
    let named = |what: &'static str| {
        move |(function, action, resource): &(&str, &str, &str)| {
            format!("{what}: {function}: {action} on {resource}")
        }
    };
    let idle = unused.difference(&excepted).map(named("unused"));
    let by_chance = exceptions.iter().filter(|one| one.by_chance);
    let by_chance: BTreeSet<(&str, &str)> = by_chance
        .map(|one| (one.function.as_str(), one.action.as_str()))
        .collect();
    let needless = excepted.difference(&unused);
    let needless = needless.filter(|(function, action, _)| !by_chance.contains(&(*function, *action)));
    let needless = needless.map(named("no exception"));
    missing.chain(idle).chain(needless).collect()
}

fn words(grant: &Grant) -> (&str, &str, &str) {
    (&grant.function, &grant.action, grant.short())
}

pub(super) fn assert_exact(comparison: &Comparison) {
    let problems: Vec<String> = problems(comparison, &listed()).into_iter().collect();
    let count = problems.len();
    assert!(problems.is_empty(), "{count} problems:\n{}", problems.join("\n"));
}
