//! What to do so that something is on the page: the commands that it shows, ready to be pasted.

use serde::Serialize;

use imprint_domain::organization::Organization;
use imprint_domain::slug::OrganizationSlug;

use crate::urls::Urls;

/// How things get onto the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HowTo {
    /// The command that publishes a release.
    publish: String,
    /// The body that registers a build by which CI publishes one along with its documentation.
    of_build: String,
    /// The command by which an installation says what it runs.
    check_in: String,
    /// Where the API is described.
    reference: String,
}

impl HowTo {
    /// On this host, for this organization. `now` is an example of a time.
    pub(crate) fn new(urls: &Urls, organization: &Organization, now: &str) -> Self {
        let base = base(urls, &organization.slug);
        let json = "-H 'Content-Type: application/json'";
        let component = r#""component":{"description":"What it is"}"#;
        let version = format!(r#""version":{{"released":"{now}","data":{{"description":"What is new"}}}}"#);
        let runs = r#""components":[{"component":{"name":"handbook"},"version":{"version":"1.0.0"}}]"#;
        Self {
            publish: format!(
                "curl -u \"$token:\" {json} \\\n  -d '{{{component},\n       {version}}}' \\\n  \
                 {base}/v4/versions/handbook/stable/1.0.0"
            ),
            of_build: r#"{"git_refs":["v1.0.0"],"train":"stable","version":"1.0.0"}"#.to_owned(),
            check_in: format!(
                "id=$(uuidgen)  # once; it stays the same\ncurl {json} \\\n  -d '{{\"id\":\"'$id'\",\n       {runs}}}' \\\n  \
                 {base}/v3/clusters"
            ),
            reference: urls.path("/docs"),
        }
    }
}

/// The registry of the default organization is where released clients look for it.
fn base(urls: &Urls, organization: &OrganizationSlug) -> String {
    if organization.is_default() {
        urls.path("")
    } else {
        format!("{}/registry", urls.organization(organization))
    }
}
