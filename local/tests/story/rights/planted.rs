//! The comparison itself: a right that is taken away and one that is given for nothing are found, and so is an exception for
//! what is used.

use std::collections::BTreeSet;

use imprint_local::rights::{Use, compare};
use imprint_local::template::{self, Deployment, Stack};

use super::exceptions::{Exception, listed, problems};

/// The template with one place of a function changed, as the story's stack has it deployed.
fn changed(deployed: &Stack, function: &str, from: &str, to: &str) -> Stack {
    let template = std::fs::read_to_string(super::template()).unwrap();
    let at = template.find(&format!("\n  {function}:\n")).unwrap();
    let (before, after) = template.split_at(at);
    assert!(after.contains(from), "{function} has no {from}");
    let text = format!("{before}{}", after.replacen(from, to, 1));
    let parameters = [
        ("Domain", "docs.example.org"),
        ("BucketName", "imprint-docs"),
        ("OrganizationBuckets", "imprint-docs-*"),
        ("ManageDns", "route53"),
    ];
    let deployment = Deployment {
        stack_name: deployed.name.clone(),
        region: deployed.region.clone(),
        account: deployed.account.clone(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    template::read(&text, &deployment).unwrap()
}

/// Plants what shall be found into the template that the story went well with.
pub(super) fn is_found(deployed: &Stack, uses: &BTreeSet<Use>) {
    let found = |stack: &Stack| problems(&compare(stack, uses).unwrap(), &listed());
    let same = changed(deployed, "CopyEditionFunction", "Policies:", "Policies:");
    assert_eq!(found(&same), BTreeSet::new());

    let journals = "                - !Sub arn:${AWS::Partition}:s3:::${BucketName}/_imprint/editions/*\n";
    let missing = found(&changed(deployed, "CopyEditionFunction", journals, ""));
    let begins = "missing: copy-edition: s3:PutObject on arn:aws:s3:::imprint-docs/_imprint/editions/";
    assert!(!missing.is_empty());
    assert!(
        missing.iter().all(|problem| problem.starts_with(begins)),
        "{missing:?}"
    );

    let (get, scan) = (
        "dynamodb:GetItem\n",
        "dynamodb:GetItem\n                - dynamodb:Scan\n",
    );
    let unused = found(&changed(deployed, "PurgeCdnFunction", get, scan));
    let expected = "unused: purge-cdn: dynamodb:Scan on table/imprint-Catalog";
    assert_eq!(unused, [expected.to_owned()].into());

    let mut exceptions = listed();
    exceptions.push(Exception {
        function: "purge-cdn".to_owned(),
        action: "dynamodb:GetItem".to_owned(),
        resources: vec!["table/imprint-Catalog".to_owned()],
        reason: "it is used".to_owned(),
        by_chance: false,
    });
    let needless = problems(&compare(&same, uses).unwrap(), &exceptions);
    let expected = "no exception: purge-cdn: dynamodb:GetItem on table/imprint-Catalog";
    assert_eq!(needless, [expected.to_owned()].into());
}
