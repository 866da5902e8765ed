//! Times, rules of slugs and versions of refs.

use std::time::Instant;

use imprint_domain::git::{GitRef, GitRefs};
use imprint_domain::registry::{ago, is_newer, is_version, moment, rfc3339};
use imprint_domain::slug_rules::{Glob, Pattern, Prefix, Replacement};
use imprint_domain::tracking::{is_semver_release, lines_of_release};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::hostile;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_time_is_read_or_refused(raw in hostile(), second in any::<i32>()) {
        let now = Timestamp::from_second(i64::from(second)).unwrap();
        if let Ok(given) = rfc3339(&raw) {
            prop_assert_eq!(moment(&raw, now), Ok(given));
            prop_assert!(raw.len() <= 35);
        }
        if let (Ok(length), Ok(given)) = (ago(&raw), moment(&raw, now)) {
            prop_assert_eq!(now.duration_since(given.at), length);
        }
        // Also at the ends of time.
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            let _read = moment(&raw, edge);
        }
    }

    #[test]
    fn versions_are_compared_without_surprises(a in hostile(), b in hostile()) {
        prop_assert!(!(is_newer(&a, &b) && is_newer(&b, &a)), "{a:?} {b:?}");
        prop_assert!(!is_newer(&a, &a));
        let _known = is_version(&a);
        if is_semver_release(&a) {
            prop_assert!(lines_of_release(&a).is_some());
        }
    }

    /// Patterns are of users, and so are the refs that they are tried on.
    #[test]
    fn a_pattern_is_short_and_takes_no_time(pattern in hostile(), subject in hostile()) {
        let began = Instant::now();
        let read = (pattern.parse::<Pattern>(), pattern.parse::<Glob>(), pattern.parse::<Prefix>(), pattern.parse::<Replacement>());
        if let (Ok(pattern), _, _, _) = &read {
            prop_assert!(pattern.as_str().chars().count() <= 200);
            prop_assert_eq!(&pattern.as_str().parse::<Pattern>().unwrap(), pattern);
        }
        if let (_, Ok(glob), _, _) = &read {
            prop_assert_eq!(&glob.as_str().parse::<Glob>().unwrap(), glob);
        }
        let refs: Option<GitRefs> = subject.parse::<GitRef>().ok().and_then(|one| vec![one].try_into().ok());
        for rule in [
            serde_json::json!({"type": "regex", "pattern": pattern, "replacement": "$0-$0"}),
            serde_json::json!({"type": "ignore", "pattern": pattern}),
        ] {
            let rules = serde_json::json!([rule, rule]);
            let rules = serde_json::from_value::<imprint_domain::slug_rules::SlugRules>(rules);
            if let (Ok(rules), Some(refs)) = (rules, &refs) {
                let _slug = rules.slug(refs, None);
            }
        }
        prop_assert!(began.elapsed().as_secs() < 2, "{pattern:?} {subject:?}");
    }
}
