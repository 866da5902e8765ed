//! What a receiver reads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Format;
use super::event::{BuildFacts, EditionFacts, Event, ProductFacts, Subject};
use crate::slug::{OrganizationSlug, ProductSlug};
use crate::text::{WebUrl, WebUrlError};

/// Where the API is, for the URLs of what a body names. Without a final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiAddress(String);

impl std::str::FromStr for ApiAddress {
    type Err = WebUrlError;
    fn from_str(raw: &str) -> Result<Self, WebUrlError> {
        let url: WebUrl = raw.parse()?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

/// Where the API has what a body is about: LTD's own paths in the default organization, which LTD's clients know, and
/// those of v2 in all others.
struct Urls<'a> {
    api: &'a ApiAddress,
    organization: &'a OrganizationSlug,
    product: &'a ProductSlug,
}

impl Urls<'_> {
    fn product(&self) -> String {
        let Self {
            api,
            organization,
            product,
        } = self;
        if organization.is_default() {
            format!("{}/products/{product}", api.0)
        } else {
            format!("{}/v2/orgs/{organization}/projects/{product}", api.0)
        }
    }

    fn edition(&self, edition: &EditionFacts) -> String {
        if self.organization.is_default() {
            format!("{}/editions/{}", self.api.0, edition.id)
        } else {
            format!("{}/editions/{}", self.product(), edition.slug)
        }
    }

    fn build(&self, build: &BuildFacts) -> String {
        if self.organization.is_default() {
            format!("{}/builds/{}", self.api.0, build.id)
        } else {
            format!("{}/builds/{}", self.product(), build.slug)
        }
    }
}

impl Event {
    /// The body in a form. The same each time, so that a signature can be checked against what is stored.
    pub fn body(&self, format: Format, organization: &OrganizationSlug, api: &ApiAddress) -> String {
        let body = match format {
            Format::Imprint => self.imprint(organization, api),
            Format::Ltd => self.ltd(organization, api),
        };
        body.to_string()
    }

    fn imprint(&self, organization: &OrganizationSlug, api: &ApiAddress) -> Value {
        let mut data = json!({ "organization": organization });
        if let Some(subject) = &self.subject {
            let urls = urls(organization, subject, api);
            data["product"] = product(&subject.product, &urls);
            if let Some(facts) = &subject.edition {
                data["edition"] = edition(facts, &urls);
            }
            if let Some(facts) = &subject.build {
                data["build"] = build(facts, &urls);
            }
            if let Some(failure) = &subject.failure {
                data["failure"] =
                    json!({ "code": failure.code, "message": failure.message, "remedy": failure.remedy });
            }
        }
        json!({ "type": self.kind, "timestamp": moment(self.at), "data": data })
    }

    /// As LTD Keeper 1.x posts it to LTD Events.
    fn ltd(&self, organization: &OrganizationSlug, api: &ApiAddress) -> Value {
        let mut body = json!({ "event_type": self.kind, "event_timestamp": moment(self.at) });
        if let Some(subject) = &self.subject {
            let (urls, product) = (urls(organization, subject, api), &subject.product);
            body["product"] = json!({
                "url": urls.product(),
                "published_url": product.published_url,
                "title": product.title,
                "slug": product.slug,
            });
            if let Some(edition) = &subject.edition {
                body["edition"] = json!({
                    "url": urls.edition(edition),
                    "published_url": edition.published_url,
                    "title": edition.title,
                    "slug": edition.slug,
                    "build_url": subject.build.as_ref().map(|build| urls.build(build)),
                });
            }
        }
        body
    }
}

fn urls<'a>(organization: &'a OrganizationSlug, subject: &'a Subject, api: &'a ApiAddress) -> Urls<'a> {
    Urls {
        api,
        organization,
        product: &subject.product.slug,
    }
}

fn product(facts: &ProductFacts, urls: &Urls<'_>) -> Value {
    json!({
        "slug": facts.slug,
        "title": facts.title,
        "doc_repo": facts.doc_repo,
        "url": urls.product(),
        "published_url": facts.published_url,
    })
}

fn edition(facts: &EditionFacts, urls: &Urls<'_>) -> Value {
    json!({
        "slug": facts.slug,
        "title": facts.title,
        "url": urls.edition(facts),
        "published_url": facts.published_url,
        "generation": facts.generation,
    })
}

fn build(facts: &BuildFacts, urls: &Urls<'_>) -> Value {
    json!({
        "slug": facts.slug,
        "git_refs": facts.git_refs,
        "url": urls.build(facts),
        "published_url": facts.published_url,
    })
}

/// UTC in whole seconds, as everywhere in the API.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::EventKind;
    use super::*;
    use crate::id::{BuildId, EditionId, EventId, Generation};

    fn event() -> Event {
        Event {
            id: EventId::at(Timestamp::UNIX_EPOCH, [1; 16]),
            kind: EventKind::EditionUpdated,
            at: "2026-01-01T12:00:00.987Z".parse().unwrap(),
            subject: Some(Subject {
                product: ProductFacts {
                    slug: "alpha".parse().unwrap(),
                    title: "Alpha \"<b>\"".parse().unwrap(),
                    doc_repo: "https://github.com/example/alpha".parse().unwrap(),
                    published_url: "https://alpha.example.org".to_owned(),
                },
                edition: Some(EditionFacts {
                    id: EditionId(3),
                    slug: "main".parse().unwrap(),
                    title: "Latest".parse().unwrap(),
                    published_url: "https://alpha.example.org".to_owned(),
                    generation: Generation(4),
                }),
                build: Some(BuildFacts {
                    id: BuildId(17),
                    slug: "7".parse().unwrap(),
                    git_refs: crate::git::GitRefs::parse(&["main"]).unwrap(),
                    published_url: "https://alpha.example.org/builds/7".to_owned(),
                }),
                failure: None,
            }),
        }
    }

    fn body(format: Format) -> Value {
        let api = "https://keeper.example.org/".parse().unwrap();
        let text = event().body(format, &"default".parse().unwrap(), &api);
        serde_json::from_str(&text).unwrap()
    }

    /// D22: LTD 2.x has the webhook switched off. The body is that of 1.x, field by field.
    #[test]
    fn d22_the_form_ltd_is_that_of_ltd_events() {
        assert_eq!(
            body(Format::Ltd),
            json!({
                "event_type": "edition.updated",
                "event_timestamp": "2026-01-01T12:00:00Z",
                "edition": {
                    "url": "https://keeper.example.org/editions/3",
                    "published_url": "https://alpha.example.org",
                    "title": "Latest",
                    "slug": "main",
                    "build_url": "https://keeper.example.org/builds/17",
                },
                "product": {
                    "url": "https://keeper.example.org/products/alpha",
                    "published_url": "https://alpha.example.org",
                    "title": "Alpha \"<b>\"",
                    "slug": "alpha",
                },
            })
        );
    }

    #[test]
    fn the_form_imprint_says_what_happened_when_and_to_what() {
        let body = body(Format::Imprint);
        assert_eq!(body["type"], "edition.updated");
        assert_eq!(body["timestamp"], "2026-01-01T12:00:00Z");
        assert_eq!(body["data"]["organization"], "default");
        assert_eq!(body["data"]["edition"]["generation"], 4);
        assert_eq!(body["data"]["build"]["git_refs"], json!(["main"]));
        assert_eq!(
            body["data"]["build"]["url"],
            "https://keeper.example.org/builds/17"
        );
        assert_eq!(body["data"].get("failure"), None);
    }

    #[test]
    fn what_is_of_another_organization_has_its_place_in_v2() {
        let api = "https://keeper.example.org".parse().unwrap();
        let text = event().body(Format::Imprint, &"acme".parse().unwrap(), &api);
        let data = &serde_json::from_str::<Value>(&text).unwrap()["data"];
        let project = "https://keeper.example.org/v2/orgs/acme/projects/alpha";
        assert_eq!(data["product"]["url"], project);
        assert_eq!(data["edition"]["url"], format!("{project}/editions/main"));
        assert_eq!(data["build"]["url"], format!("{project}/builds/7"));
    }

    #[test]
    fn a_ping_is_about_nothing() {
        let ping = Event {
            kind: EventKind::Ping,
            subject: None,
            ..event()
        };
        let api = "http://127.0.0.1:80".parse().unwrap();
        let text = |format| ping.body(format, &"default".parse().unwrap(), &api);
        assert_eq!(
            text(Format::Ltd),
            r#"{"event_timestamp":"2026-01-01T12:00:00Z","event_type":"ping"}"#
        );
        assert!(text(Format::Imprint).contains(r#""type":"ping""#));
    }
}
