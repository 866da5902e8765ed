//! The installation of Imprint that is filled, by its HTTP API.

use std::collections::BTreeMap;

use imprint_domain::slug::ProductSlug;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::{Api, ApiError, last_part, number_of, quoted};

/// No list is longer: a server whose pages lead in a circle is no reason to go on for ever.
const MAX_PAGES: usize = 10_000;

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Product {
    pub(crate) title: String,
    pub(crate) doc_repo: String,
    date_ended: Option<String>,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Build {
    self_url: String,
    pub(crate) slug: String,
    pub(crate) git_refs: Vec<String>,
    pub(crate) uploaded: bool,
    date_ended: Option<String>,
}

/// An edition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Edition {
    self_url: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) mode: String,
    pub(crate) tracked_refs: Option<Vec<String>>,
    build_url: Option<String>,
    kind: String,
    pending_rebuild: bool,
    failure: Option<Value>,
    queue_url: Option<String>,
}

/// How far something in the background is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It goes on.
    Running,
    /// Readers see it.
    Done,
    /// It has ended otherwise: why, and whether the build itself could not be registered.
    Failed { reason: String, is_unregistered: bool },
}

/// Where to send a file, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Form {
    pub(crate) url: String,
    pub(crate) fields: BTreeMap<String, String>,
}

/// Forms by directories.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Forms {
    #[serde(rename = "post_prefix_urls")]
    pub(crate) files: BTreeMap<String, Form>,
    #[serde(rename = "post_dir_urls")]
    pub(crate) directories: BTreeMap<String, Form>,
}

impl Product {
    pub(crate) fn has_ended(&self) -> bool {
        self.date_ended.is_some()
    }
}

impl Build {
    pub(crate) fn number(&self) -> Option<u64> {
        number_of(&self.self_url)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.date_ended.is_some()
    }
}

impl Edition {
    pub(crate) fn number(&self) -> Option<u64> {
        number_of(&self.self_url)
    }

    /// The number of the build that readers see.
    pub(crate) fn build(&self) -> Option<u64> {
        number_of(self.build_url.as_deref()?)
    }

    /// Whether it is about to show another build. One that failed on the way waits for somebody.
    pub(crate) fn moves(&self) -> bool {
        self.pending_rebuild && self.failure.is_none()
    }

    /// Whether it is the one at the product's root.
    pub(crate) fn is_default(&self) -> bool {
        self.kind == "main"
    }

    /// The task that watches what a request began.
    pub(crate) fn task(&self) -> Option<&str> {
        last_part(self.queue_url.as_deref()?)
    }
}

/// The API.
#[derive(Debug)]
pub(crate) struct Imprint<'a> {
    pub(crate) api: &'a Api,
}

impl Imprint<'_> {
    pub(crate) async fn product(&self, slug: &ProductSlug) -> Result<Option<Product>, ApiError> {
        match self.api.get(&format!("/products/{slug}")).await {
            Ok(body) => read("a product", body).map(Some),
            Err(ApiError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All builds, also those that were deleted: their slugs stay taken.
    pub(crate) async fn builds(&self, slug: &ProductSlug) -> Result<Vec<Build>, ApiError> {
        let path = format!("/products/{slug}/builds/?expand=1&limit=500&ended=true");
        self.list("builds", path).await
    }

    pub(crate) async fn editions(&self, slug: &ProductSlug) -> Result<Vec<Edition>, ApiError> {
        let path = format!("/products/{slug}/editions/?expand=1&limit=500");
        self.list("editions", path).await
    }

    async fn list<T: DeserializeOwned>(&self, name: &str, first: String) -> Result<Vec<T>, ApiError> {
        let mut all = Vec::new();
        let mut path = first;
        for _ in 0..MAX_PAGES {
            let mut page = self.api.get_page(&path).await?;
            let items = page.body.get_mut(name).map(Value::take).unwrap_or_default();
            all.extend(read::<Vec<T>>(name, items)?);
            match page.next {
                Some(next) => path = next,
                None => return Ok(all),
            }
        }
        Err(ApiError::Strange {
            what: format!("GET {path}"),
            reason: format!("the list has more than {MAX_PAGES} pages"),
        })
    }

    pub(crate) async fn create_product(&self, body: &Value) -> Result<Product, ApiError> {
        let created = self.api.change(Method::POST, "/products/", body).await?;
        read("a product", created)
    }

    pub(crate) async fn update_product(&self, slug: &ProductSlug, body: &Value) -> Result<Product, ApiError> {
        let path = format!("/products/{slug}");
        read("a product", self.api.change(Method::PATCH, &path, body).await?)
    }

    pub(crate) async fn create_build(&self, slug: &ProductSlug, body: &Value) -> Result<Build, ApiError> {
        let path = format!("/products/{slug}/builds/");
        read("a build", self.api.change(Method::POST, &path, body).await?)
    }

    pub(crate) async fn forms(&self, build: u64, directories: &[&str]) -> Result<Forms, ApiError> {
        let path = format!("/builds/{build}/forms");
        let body = json!({ "directories": directories });
        read("upload forms", self.api.change(Method::POST, &path, &body).await?)
    }

    /// Says that every file is there; the task that follows.
    pub(crate) async fn confirm(&self, build: u64) -> Result<Option<String>, ApiError> {
        let path = format!("/builds/{build}");
        let answer = self
            .api
            .change(Method::PATCH, &path, &json!({"uploaded": true}))
            .await?;
        let task = answer
            .get("queue_url")
            .and_then(Value::as_str)
            .and_then(last_part);
        Ok(task.map(ToOwned::to_owned))
    }

    pub(crate) async fn create_edition(&self, slug: &ProductSlug, body: &Value) -> Result<Edition, ApiError> {
        let path = format!("/products/{slug}/editions/");
        read("an edition", self.api.change(Method::POST, &path, body).await?)
    }

    pub(crate) async fn update_edition(&self, number: u64, body: &Value) -> Result<Edition, ApiError> {
        let path = format!("/editions/{number}");
        read("an edition", self.api.change(Method::PATCH, &path, body).await?)
    }

    pub(crate) async fn progress(&self, task: &str) -> Result<Progress, ApiError> {
        // A task's name is hexadecimal; whatever else came as one is none.
        if !task.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let (what, reason) = ("the name of a task".to_owned(), quoted(task));
            return Err(ApiError::Strange { what, reason });
        }
        Ok(progress(&self.api.get(&format!("/queue/{task}")).await?))
    }
}

fn read<T: DeserializeOwned>(what: &str, body: Value) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|error| ApiError::Strange {
        what: what.to_owned(),
        reason: quoted(&error.to_string()),
    })
}

fn progress(task: &Value) -> Progress {
    match task.get("status").and_then(Value::as_str) {
        Some("SUCCESS") => Progress::Done,
        Some("FAILURE") => {
            let details = &task["metadata"];
            let registration = &details["registration"]["failure"];
            let editions = details["editions"].as_array().into_iter().flatten();
            let editions = editions.map(|edition| &edition["failure"]);
            let all = std::iter::once(registration)
                .chain(editions)
                .chain([&details["pages"]["failure"]]);
            let first = all.into_iter().find(|failure| failure.is_object());
            let part = |name| {
                first
                    .and_then(|failure| failure[name].as_str())
                    .unwrap_or_default()
            };
            Progress::Failed {
                reason: quoted(&format!("{}. {}", part("message"), part("remedy"))),
                is_unregistered: registration.is_object(),
            }
        }
        Some(_) | None => Progress::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_says_what_failed_and_what_to_do() {
        let failure =
            json!({"code": "empty_build", "message": "build 3 has no files", "remedy": "upload some"});
        let of_build = json!({"status": "FAILURE", "metadata": {"registration": {"failure": failure}}});
        let expected = Progress::Failed {
            reason: "build 3 has no files. upload some".to_owned(),
            is_unregistered: true,
        };
        assert_eq!(progress(&of_build), expected);
        let of_edition = json!({"status": "FAILURE", "metadata": {"registration": {"failure": null},
            "editions": [{"failure": null}, {"failure": failure}]}});
        assert!(matches!(
            progress(&of_edition),
            Progress::Failed {
                is_unregistered: false,
                ..
            }
        ));
        for running in [json!({"status": "STARTED"}), json!({}), json!(null)] {
            assert_eq!(progress(&running), Progress::Running);
        }
    }
}
