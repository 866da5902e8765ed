//! What functions did with the services of AWS, against what the template lets them do.
//!
//! The stand-ins note each [`Use`] by the credentials that signed it. [`compare`] looks for uses that no statement allows, and
//! for what is allowed and was never used.

mod arn;
mod operations;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use crate::template::{Stack, TemplateError};

pub(crate) use self::operations::{of_dynamodb, of_sqs};
pub(crate) use self::uses::signer;
pub use self::uses::{Resource, Use, Uses, access_key};

/// One action on one resource that a function's policies allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The function, such as `copy-edition`.
    pub function: String,
    /// The IAM action, such as `s3:GetObject`.
    pub action: String,
    /// The ARN; `*` stands for any text, slashes included, and `?` for any character.
    pub resource: String,
}

impl Grant {
    /// The resource without what all of its service have in front, such as `imprint-docs/*/builds/*`.
    pub fn short(&self) -> &str {
        self.resource.splitn(6, ':').last().unwrap_or_default()
    }

    fn allows(&self, used: &Use, arn: &str) -> bool {
        self.function == used.function && matches(&self.action, &used.action) && matches(&self.resource, arn)
    }

    /// How much it says of the resource: the more, the more it is meant for just this.
    fn precision(&self) -> usize {
        self.resource.chars().filter(|c| !matches!(c, '*' | '?')).count()
    }
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} on {}", self.function, self.action, self.resource)
    }
}

/// What uses and grants have to do with each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Uses that no grant allows, as they would have been refused: function, action and ARN.
    pub missing: BTreeSet<Grant>,
    /// What was used, with the ARNs of all uses. A use counts for the grant that says most of its resource, because a
    /// wildcard reaches into what another grant is meant for.
    pub used: BTreeMap<Grant, BTreeSet<String>>,
    /// Grants that nothing used.
    pub unused: BTreeSet<Grant>,
}

/// Everything that the functions of a stack are allowed.
///
/// # Errors
/// When a policy names a resource that has no ARN here.
pub fn grants(stack: &Stack) -> Result<Vec<Grant>, TemplateError> {
    let mut grants = Vec::new();
    for function in &stack.functions {
        for statement in &function.policies {
            for resource in &statement.resources {
                let resource = resource.resolve(|reference| arn::of_reference(stack, reference))?;
                grants.extend(statement.actions.iter().map(|action| Grant {
                    function: function.name.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                }));
            }
        }
    }
    Ok(grants)
}

/// Compares what was used with what is allowed.
///
/// # Errors
/// As [`grants`].
pub fn compare(stack: &Stack, uses: &BTreeSet<Use>) -> Result<Comparison, TemplateError> {
    let grants = grants(stack)?;
    let mut comparison = Comparison::default();
    for used in uses {
        let arn = arn::of_resource(stack, &used.resource);
        let allowing = grants.iter().filter(|grant| grant.allows(used, &arn));
        match allowing.max_by_key(|grant| grant.precision()) {
            Some(grant) => {
                comparison.used.entry(grant.clone()).or_default().insert(arn);
            }
            None => {
                comparison.missing.insert(Grant {
                    function: used.function.clone(),
                    action: used.action.clone(),
                    resource: arn,
                });
            }
        }
    }
    let idle = grants
        .into_iter()
        .filter(|grant| !comparison.used.contains_key(grant));
    comparison.unused = idle.collect();
    Ok(comparison)
}

/// Whether a text is one of a pattern's. The last `*` gives way alone, so it takes at most as many steps as both have
/// characters, multiplied.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(have) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(want) if want == have || *want == '?' => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_with_its_slashes() {
        for (pattern, text, expected) in [
            ("b/*/v/*", "b/handbook/v/main/a/b.html", true),
            ("b/*/v/*", "b/_orgs/lagoon/handbook/v/main/index.html", true),
            ("b/*/v/*", "b/handbook/v", false),
            ("b/*/v", "b/handbook/v", true),
            ("b/*/v", "b/handbook/v/main", false),
            ("b/*", "b/", true),
            ("b", "b/x", false),
            ("*", "anything", true),
            ("docs-?", "docs-1", true),
            ("docs-?", "docs-", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_a_pattern_cannot_match_is_known_in_time() {
        let pattern = "*a".repeat(200);
        let text = "a".repeat(20_000) + "b";
        assert!(!matches(&pattern, &text));
    }
}
