//! What a receiver reads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::{BuildFacts, EditionFacts, Event, ProductFacts, Subject};
use super::Format;
use crate::id::{BuildId, EditionId};
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

impl ApiAddress {
    fn product(&self, slug: &ProductSlug) -> String {
        format!("{}/products/{slug}", self.0)
    }

    fn edition(&self, id: EditionId) -> String {
        format!("{}/editions/{id}", self.0)
    }

    fn build(&self, id: BuildId) -> String {
        format!("{}/builds/{id}", self.0)
    }
}

impl Event {
    /// The body in a form. The same each time, so that a signature can be checked against what is stored.
    pub fn body(&self, format: Format, organization: &OrganizationSlug, api: &ApiAddress) -> String {
        let body = match format {
            Format::Imprint => self.imprint(organization, api),
            Format::Ltd => self.ltd(api),
        };
        body.to_string()
    }

    fn imprint(&self, organization: &OrganizationSlug, api: &ApiAddress) -> Value {
        let mut data = json!({ "organization": organization });
        if let Some(subject) = &self.subject {
            data["product"] = product(&subject.product, api);
            if let Some(facts) = &subject.edition {
                data["edition"] = edition(facts, api);
            }
            if let Some(facts) = &subject.build {
                data["build"] = build(facts, api);
            }
            if let Some(failure) = &subject.failure {
                data["failure"] =
                    json!({ "code": failure.code, "message": failure.message, "remedy": failure.remedy });
            }
        }
        json!({ "type": self.kind, "timestamp": moment(self.at), "data": data })
    }

    /// As LTD Keeper 1.x posts it to LTD Events.
    fn ltd(&self, api: &ApiAddress) -> Value {
        let mut body = json!({ "event_type": self.kind, "event_timestamp": moment(self.at) });
        if let Some(Subject {
            product,
            edition,
            build,
            ..
        }) = &self.subject
        {
            body["product"] = json!({
                "url": api.product(&product.slug),
                "published_url": product.published_url,
                "title": product.title,
                "slug": product.slug,
            });
            if let Some(edition) = edition {
                body["edition"] = json!({
                    "url": api.edition(edition.id),
                    "published_url": edition.published_url,
                    "title": edition.title,
                    "slug": edition.slug,
                    "build_url": build.as_ref().map(|build| api.build(build.id)),
                });
            }
        }
        body
    }
}

fn product(facts: &ProductFacts, api: &ApiAddress) -> Value {
    json!({
        "slug": facts.slug,
        "title": facts.title,
        "doc_repo": facts.doc_repo,
        "url": api.product(&facts.slug),
        "published_url": facts.published_url,
    })
}

fn edition(facts: &EditionFacts, api: &ApiAddress) -> Value {
    json!({
        "slug": facts.slug,
        "title": facts.title,
        "url": api.edition(facts.id),
        "published_url": facts.published_url,
        "generation": facts.generation,
    })
}

fn build(facts: &BuildFacts, api: &ApiAddress) -> Value {
    json!({
        "slug": facts.slug,
        "git_refs": facts.git_refs,
        "url": api.build(facts.id),
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
    use crate::id::{EventId, Generation};

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
        assert_eq!(body["data"]["build"]["url"], "https://keeper.example.org/builds/17");
        assert_eq!(body["data"].get("failure"), None);
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
