use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn rules(json: Value) -> Result<SlugRules, String> {
    serde_json::from_value(json).map_err(|error: serde_json::Error| error.to_string())
}

fn refs(raw: &[&str]) -> GitRefs {
    GitRefs::parse(raw).unwrap()
}

fn slug(rules: &SlugRules, raw: &str) -> Result<String, NoSlug> {
    rules.slug(&refs(&[raw]), None).map(String::from)
}

#[test]
fn the_default_rules_are_ltds() {
    let cases: [(&[&str], &str); 11] = [
        (&["tickets/DM-1234"], "DM-1234"),
        (&["tickets/LCR-758"], "LCR-758"),
        (&["tickets/dm-1234"], "tickets-dm-1234"),
        (&["tickets/DM-1234-hotfix"], "tickets-DM-1234-hotfix"),
        (&["u/rowen/r12_patch1"], "u-rowen-r12_patch1"),
        (
            &["tickets/DM-1234", "tickets/DM-5678"],
            "tickets-DM-1234-tickets-DM-5678",
        ),
        (&["v15_0"], "v15_0"),
        (&["w_2018_01"], "w_2018_01"),
        (&["1.0.0"], "1.0.0"),
        (&["main"], "main"),
        (&["a/tickets/DM-1"], "a-tickets-DM-1"),
    ];
    for (raw, expected) in cases {
        let made = SlugRules::default().slug(&refs(raw), None).unwrap();
        assert_eq!(made.as_str(), expected);
    }
    let stored = serde_json::to_value(SlugRules::default()).unwrap();
    let expected = json!([
        {"type": "regex", "pattern": "^tickets/([A-Z]+-[0-9]+)$", "replacement": "$1"},
        {"type": "regex", "pattern": "/", "replacement": "-"},
    ]);
    assert_eq!(stored, expected);
    assert_eq!(rules(expected), Ok(SlugRules::default()));
}

#[test]
fn rules_work_one_after_the_other_and_ignore_looks_at_the_ref_itself() {
    let rules = rules(json!([
        {"type": "prefix_strip", "prefix": "feature/"},
        {"type": "regex", "pattern": "^u/(?P<who>[a-z]+)/", "replacement": "${who}_"},
        {"type": "regex", "pattern": "[/+]", "replacement": "-"},
        {"type": "ignore", "pattern": "dependabot/**"},
        {"type": "ignore", "pattern": "feature/x"},
        {"type": "regex", "pattern": "(?i)^WIP-", "replacement": ""},
    ]))
    .unwrap();
    for (raw, expected) in [
        ("feature/one+two", Ok("one-two")),
        ("u/rowen/a/b", Ok("rowen_a-b")),
        ("wip/thing", Ok("thing")),
        ("dependabot", Ok("dependabot")),
        ("dependabot/npm/left-pad", Err(4)),
        ("feature/x", Err(5)),
        ("x", Ok("x")),
    ] {
        let expected = expected
            .map(str::to_owned)
            .map_err(|rule| NoSlug::Ignored { rule });
        assert_eq!(slug(&rules, raw), expected, "{raw}");
    }
}

/// Docverse promised that `**` crosses slashes and `*` does not, and took a function in which both do.
#[test]
fn the_star_of_a_glob_stops_at_slashes() {
    for (glob, fits, fits_not) in [
        (
            "dependabot/*",
            &["dependabot/a"][..],
            &["dependabot/a/b", "dependabot", "x/dependabot/a"][..],
        ),
        (
            "dependabot/**",
            &["dependabot/a", "dependabot/a/b"],
            &["dependabot"],
        ),
        ("**/wip", &["wip", "a/wip", "a/b/wip"], &["a-wip", "wip/a"]),
        (
            "release/?.?",
            &["release/1.2"],
            &["release/12", "release/1/2", "release/1.22"],
        ),
        ("a.b+c(d)|$^{e}", &["a.b+c(d)|$^{e}"], &["aXb+c(d)|$^{e}"]),
        ("ü*", &["ü", "üx"], &["u"]),
        ("**", &["a", "a/b"], &[]),
    ] {
        let glob: Glob = glob.parse().unwrap();
        for git_ref in fits {
            assert!(glob.matches(git_ref), "{glob:?} {git_ref}");
        }
        for git_ref in fits_not {
            assert!(!glob.matches(git_ref), "{glob:?} {git_ref}");
        }
    }
    for bad in ["[ab]", "a\\*", "", "x\ny"] {
        assert!(bad.parse::<Glob>().is_err(), "{bad:?}");
    }
}

#[test]
fn hostile_rules_are_refused_with_a_sentence() {
    let regex = |pattern: &str, replacement: &str| json!([{"type": "regex", "pattern": pattern, "replacement": replacement}]);
    let ignore = json!({"type": "ignore", "pattern": "x"});
    for (raw, said) in [
        (json!(vec![ignore; 21]), "at most 20 slug rules"),
        (regex(&"a".repeat(201), ""), "at most 200 are allowed"),
        (regex("(a{100}){100}", ""), "too large when compiled"),
        (regex("(((a{50}){50}){50}){50}", ""), "too large when compiled"),
        (regex("(", ""), "unclosed group"),
        (regex("(?u)\\w", ""), "the flag u is not available"),
        (regex("(?iu:x)", ""), "the flag u is not available"),
        (regex("\\p{L}", ""), "Unicode not allowed"),
        (regex("(a)\\1", ""), "backreferences"),
        (regex("(?=a)", ""), "look-around"),
        (regex("a", "$1"), "no group $1"),
        (regex("(?P<a>a)", "$ab"), "no group $ab"),
        (regex("(a)", "$"), "no group $;"),
        (regex("a", &"b".repeat(201)), "at most 200 are allowed"),
        (regex("", ""), "it is empty"),
        (
            json!([{"type": "regex", "pattern": "a"}]),
            "missing field `replacement`",
        ),
        (json!([{"type": "prefix_strip", "prefix": ""}]), "it is empty"),
        (json!([{"type": "ignore", "pattern": "[a-z]"}]), "no brackets"),
        (
            json!([{"type": "replace", "pattern": "a"}]),
            "unknown variant `replace`",
        ),
        (json!([{"pattern": "a"}]), "missing field `type`"),
        (json!({"type": "ignore"}), "invalid type: map"),
    ] {
        let error = rules(raw.clone()).unwrap_err();
        assert!(error.contains(said), "{raw}: {error}");
    }
    for good in ["(?i-u)x", "(?P<u>a)", "(?<unit>a)", "(?:u)"] {
        assert!(rules(regex(good, "$$")).is_ok(), "{good}");
    }
}

#[test]
fn what_the_rules_make_must_be_a_slug() {
    let none: SlugRules = Vec::new().try_into().unwrap();
    for bad in ["a/b", "feature+x", "..", "switcher.json", "ü"] {
        assert!(matches!(slug(&none, bad), Err(NoSlug::Invalid(_))), "{bad}");
    }
    let half = rules(json!([{"type": "regex", "pattern": "(?-u:\\xBC)", "replacement": "x"}])).unwrap();
    assert!(matches!(slug(&half, "ü"), Err(NoSlug::Invalid(_))));
    let gone = rules(json!([{"type": "prefix_strip", "prefix": "main"}])).unwrap();
    assert!(matches!(slug(&gone, "main"), Err(NoSlug::Invalid(_))));
    assert_eq!(slug(&none, &"a".repeat(128)), Ok("a".repeat(128)));
}

#[test]
fn a_rule_that_doubles_a_text_cannot_be_repeated_for_long() {
    let doubling =
        json!({"type": "regex", "pattern": "^.*$", "replacement": "$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0"});
    let rules = rules(json!(vec![doubling; 20])).unwrap();
    let long = vec!["a".repeat(255); 64];
    for refs in [refs(&["ab"]), GitRefs::parse(&long).unwrap()] {
        assert!(matches!(rules.slug(&refs, None), Err(NoSlug::Invalid(_))));
    }
}

#[test]
fn the_slug_within_an_alternate_follows_its_name() {
    let alternate: AlternateName = "usdf-dev".parse().unwrap();
    let slug = |git_ref: &str| SlugRules::default().slug(&refs(&[git_ref]), Some(&alternate));
    assert_eq!(slug("tickets/DM-1").unwrap().as_str(), "usdf-dev--DM-1");
    assert!(matches!(slug(&"a".repeat(120)), Err(NoSlug::Invalid(_))));
    assert!(matches!(slug("switcher.json"), Err(NoSlug::Invalid(_))));
}

fn rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z/]{1,4}".prop_map(|prefix| json!({"type": "prefix_strip", "prefix": prefix})),
        ("[a-c/.*?+()$^|-]{1,6}", "[a-c/$0.-]{0,4}")
            .prop_map(|(pattern, with)| json!({"type": "regex", "pattern": pattern, "replacement": with})),
        "[a-c/*?]{1,4}".prop_map(|pattern| json!({"type": "ignore", "pattern": pattern})),
    ]
}

proptest! {
    /// Whatever somebody writes, rules make a slug or nothing, and read back as they were stored.
    #[test]
    fn rules_never_make_what_is_no_slug(
        list in proptest::collection::vec(rule(), 0..6), raw in "[a-c/.ü$-]{1,12}", alternate in any::<bool>(),
    ) {
        if let Ok(read) = rules(json!(list)) {
            let alternate: Option<AlternateName> = alternate.then(|| "x".parse().unwrap());
            if let Ok(made) = read.slug(&refs(&[&raw]), alternate.as_ref()) {
                prop_assert!(made.as_str().parse::<EditionSlug>().is_ok());
                prop_assert!(alternate.is_none_or(|alternate| alternate.names(&made)));
            }
            let stored = serde_json::to_value(&read).unwrap();
            prop_assert_eq!(&stored, &json!(list));
            prop_assert_eq!(rules(stored), Ok(read));
        }
    }

    #[test]
    fn any_text_is_read_as_a_pattern_without_harm(raw in "\\PC{0,60}") {
        let _read = (raw.parse::<Pattern>(), raw.parse::<Glob>());
    }
}
