//! What to do so that something is on the page: the commands that it shows, ready to be pasted.

use serde::Serialize;
use serde_json::json;

use imprint_domain::organization::Organization;
use imprint_domain::slug::OrganizationSlug;

use crate::urls::Urls;

/// How things get onto the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HowTo {
    /// The command that publishes a release.
    publish: String,
    /// The field of a build by which CI publishes one along with its documentation.
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
        let release = json!({
            "component": {"description": "What it is"},
            "version": {"released": now, "data": {"description": "What is new"}},
        });
        let cluster = json!({
            "id": "8c6da034-c8b1-489a-a55d-a2215d93f934",
            "components": [{"component": {"name": "handbook"}, "version": {"version": "1.0.0"}}],
        });
        let json = "-H 'Content-Type: application/json'";
        Self {
            publish: format!(
                "curl -u \"$token:\" {json} \\\n  -d '{release}' \\\n  {base}/v4/versions/handbook/stable/1.0.0"
            ),
            of_build: json!({"documents": {"train": "stable", "version": "1.0.0"}}).to_string(),
            check_in: format!("curl {json} \\\n  -d '{cluster}' \\\n  {base}/v3/clusters"),
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
