//! What the functions may do.

use super::OURS;

/// What our functions may do, as IAM statements: function, actions, resources.
fn grants() -> Vec<(String, Vec<String>, Vec<String>)> {
    fn texts(value: &serde_yaml_ng::Value) -> Vec<String> {
        match value {
            serde_yaml_ng::Value::Sequence(items) => items.iter().flat_map(texts).collect(),
            serde_yaml_ng::Value::String(text) => vec![text.clone()],
            serde_yaml_ng::Value::Tagged(tagged) => texts(&tagged.value),
            _ => vec![],
        }
    }
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(OURS).unwrap();
    let mut grants = Vec::new();
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        let policies = resource
            .get("Properties")
            .and_then(|properties| properties.get("Policies"));
        for policy in policies
            .and_then(|policies| policies.as_sequence())
            .into_iter()
            .flatten()
        {
            for statement in policy["Statement"].as_sequence().unwrap() {
                // One that is there under a condition: `!If [condition, statement, nothing]`.
                let statement = match statement {
                    serde_yaml_ng::Value::Tagged(tagged) => &tagged.value[1],
                    plain => plain,
                };
                let name = name.as_str().unwrap().to_owned();
                grants.push((name, texts(&statement["Action"]), texts(&statement["Resource"])));
            }
        }
    }
    grants
}

#[test]
fn no_function_may_do_everything_or_to_everything() {
    let grants = grants();
    assert!(grants.len() > 10);
    for (function, actions, resources) in grants {
        assert!(!actions.is_empty() && !resources.is_empty(), "{function}");
        assert!(
            actions.iter().all(|action| !action.contains('*')),
            "{function}: {actions:?}"
        );
        assert!(
            // The list of zones is about no zone.
            resources.iter().all(|resource| resource != "*") || actions == ["route53:ListHostedZones"],
            "{function}: {resources:?}"
        );
    }
}
