//! Grants that the story does not use, each with its reason.

use std::collections::BTreeSet;

use imprint_local::rights::{Comparison, Grant};

/// Function, action, what it is done to, and why the story does without.
pub(super) type Exception = (&'static str, &'static str, &'static str, &'static str);

pub(super) const EXCEPTIONS: [Exception; 0] = [];

/// What is wrong: rights that are missing, rights that nothing needs, and exceptions that are none.
pub(super) fn problems(comparison: &Comparison, exceptions: &[Exception]) -> BTreeSet<String> {
    let is_excepted = |grant: &Grant| {
        let here = (grant.function.as_str(), grant.action.as_str(), grant.short());
        exceptions
            .iter()
            .any(|(function, action, resource, _)| (*function, *action, *resource) == here)
    };
    let is_needed = |exception: &Exception| {
        let (function, action, resource, _) = *exception;
        let mut unused = comparison.unused.iter();
        unused.any(|grant| {
            (grant.function.as_str(), grant.action.as_str(), grant.short()) == (function, action, resource)
        })
    };
    let missing = comparison.missing.iter().map(|grant| format!("missing: {grant}"));
    let unused = comparison.unused.iter().filter(|grant| !is_excepted(grant));
    let unused = unused.map(|grant| format!("unused: {grant}"));
    let idle = exceptions.iter().filter(|exception| !is_needed(exception));
    let idle = idle.map(|(function, action, resource, _)| {
        format!("no exception any more: {function}: {action} on {resource}")
    });
    missing.chain(unused).chain(idle).collect()
}

pub(super) fn assert_exact(comparison: &Comparison) {
    let problems = problems(comparison, &EXCEPTIONS);
    let problems: Vec<String> = problems.into_iter().collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}
