//! Writing what a version says.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use imprint_domain::access::UserName;
use imprint_domain::document::{
    ContentRef, Document, Form, Version, VersionNumber, Warning, WarningCode, canonical,
};
use imprint_domain::id::{DocumentId, Revision};
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_manuscript::content::About;
use imprint_manuscript::{Content, Problem, Variant};

use super::{Haste, change, version, wish};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{DocumentChange, StoreError};

/// How a content is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// This is all that it says.
    Replace(Value),
    /// Parts of it: a merge patch (RFC 7396), so that a form can be saved piece by piece.
    Merge(Value),
    /// This is its text, in Markdown. Keywords, contacts, references and all else stay.
    Markdown(String),
}

/// What is known of a content before anybody stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What it would be refused for.
    pub problems: Vec<Problem>,
    /// What would be printed, and not as its author meant it. Whether images are there is not looked at.
    pub warnings: Vec<Warning>,
}

/// Looks at a content without storing it.
pub fn review(value: &Value) -> Review {
    let content = match Content::read(value) {
        Ok(content) => content,
        Err(problems) => {
            return Review {
                problems,
                warnings: Vec::new(),
            };
        }
    };
    let about = About {
        title: String::new(),
        version: VersionNumber::FIRST.to_string(),
        published: None,
    };
    let mut warnings = content
        .manuscript(&about, &BTreeMap::new(), Variant::Document)
        .warnings;
    warnings.retain(|warning| warning.code != WarningCode::ImageMissing);
    // As of a rendering: an answer that says each of thousands cannot be delivered.
    let warnings = Warning::kept(warnings);
    Review {
        problems: Vec::new(),
        warnings,
    }
}

/// Writes what a version says. What it says already is no change, and starts nothing.
///
/// `expected` is the revision that the writer has seen. Without it the last writer wins, part by part where they send
/// parts.
///
/// # Errors
/// `Content` with everything that is wrong, `Refused` for a published version, `Outdated` when somebody wrote since
/// `expected`.
pub async fn write(
    env: &Env,
    document: DocumentId,
    number: VersionNumber,
    edit: &Edit,
    (expected, by): (Option<Revision>, Option<&UserName>),
) -> Result<(Document, Version), AppError> {
    for _ in 0..MAX_TRIES {
        let (document, before) = version(env, document, number).await?;
        before.writable()?;
        if expected.is_some_and(|expected| expected != before.revision) {
            return Err(AppError::Outdated);
        }
        let value = match edit {
            Edit::Replace(value) => value.clone(),
            Edit::Merge(patch) => {
                let mut value = read_content(env, &before).await?.unwrap_or_default();
                merge(&mut value, patch, MAX_PATCH_DEPTH);
                value
            }
            Edit::Markdown(text) => {
                let stored = read_content(env, &before).await?.unwrap_or_default();
                in_markdown(stored, text)
            }
        };
        let checked = check(&value)?;
        if before
            .content
            .as_ref()
            .is_some_and(|content| content.digest == checked.reference.digest)
        {
            return Ok((document, before));
        }
        let content = put(env, document.id, checked).await?;
        let after = Version {
            content: Some(content),
            updated_by: by.cloned(),
            ..before.clone()
        };
        let after = after.edited(env.clock.now());
        let changes = vec![change(DocumentChange::UpdateVersion(after.clone()))];
        let wishes = wish(&after, Haste::WhenQuiet).into_iter().collect();
        match commit_and_send(env, changes, wishes).await {
            Ok(()) => return Ok((document, after.stored())),
            Err(StoreError::Conflict) if expected.is_some() => return Err(AppError::Outdated),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// What a version says, as it was written; none when nobody wrote it. One request.
///
/// # Errors
/// When the store fails, or does not have it.
pub async fn read_content(env: &Env, version: &Version) -> Result<Option<Value>, StoreError> {
    let Some(content) = &version.content else {
        return Ok(None);
    };
    let key = ObjectKey::document_content(version.document, content);
    let stored = env.objects.read(&key).await?;
    let stored = stored.ok_or_else(|| StoreError::NotFound(key.to_string()))?;
    let value = serde_json::from_slice(&stored.body).map_err(|error| StoreError::Failed(Box::new(error)))?;
    Ok(Some(value))
}

/// A content that may be stored.
struct Checked {
    json: Vec<u8>,
    reference: ContentRef,
}

/// Checks a content and stores it; whoever commits what comes back makes it that of a version.
pub(super) async fn store(env: &Env, document: DocumentId, value: &Value) -> Result<ContentRef, AppError> {
    put(env, document, check(value)?).await
}

fn check(value: &Value) -> Result<Checked, AppError> {
    let content = Content::read(value).map_err(AppError::Content)?;
    let canonical = canonical(value).map_err(|error| AppError::Invalid(error.to_string()))?;
    let form = match value.get("markdown") {
        Some(Value::String(_)) => Form::Markdown,
        _ => Form::Tree,
    };
    // What is no name of an image cannot be stored under it, so the rendering says that it is missing.
    let images = content.images();
    let images = images.iter().filter_map(|name| name.parse().ok());
    let reference = ContentRef {
        object: String::new(),
        digest: canonical.digest,
        bytes: canonical.json.len() as u64,
        form,
        images: images.collect(),
    };
    Ok(Checked {
        json: canonical.json,
        reference,
    })
}

async fn put(env: &Env, document: DocumentId, checked: Checked) -> Result<ContentRef, AppError> {
    let content = ContentRef {
        object: hex::encode(env.random.identity()),
        ..checked.reference
    };
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let key = ObjectKey::document_content(document, &content);
    env.objects
        .write(&key, Bytes::from(checked.json), &headers)
        .await?;
    Ok(content)
}

/// A content with another text, in Markdown instead of a tree where it had one.
fn in_markdown(stored: Value, text: &str) -> Value {
    let mut map = match stored {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    let references = match map.remove("document") {
        Some(Value::Object(mut document)) => document.remove(REFERENCES),
        _ => None,
    };
    if let Some(references) = references {
        map.entry(REFERENCES).or_insert(references);
    }
    map.insert("markdown".to_owned(), Value::String(text.to_owned()));
    Value::Object(map)
}

/// Both forms have works that are cited, the tree within it and Markdown beside it.
const REFERENCES: &str = "publication_references";

/// Deeper than any content that is accepted. What a patch has below is taken as it is, and refused by the check.
const MAX_PATCH_DEPTH: usize = 80;

/// RFC 7396.
fn merge(value: &mut Value, patch: &Value, depth: usize) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if depth == 0 {
        *value = Value::Object(patch.clone());
        return;
    }
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(map) = value else { return };
    for (name, part) in patch {
        if part.is_null() {
            map.remove(name);
        } else {
            merge(map.entry(name.clone()).or_insert(Value::Null), part, depth - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_in_markdown_takes_the_place_of_a_tree_and_of_nothing_else() {
        let tree = json!({"document": {"introduction": {}, "publication_references": [{"id": "a"}]}, "keywords": [1]});
        let text = json!({"markdown": "# A", "publication_references": [{"id": "a"}], "keywords": [1]});
        assert_eq!(in_markdown(tree, "# A"), text);
        assert_eq!(
            in_markdown(text, "# B")["publication_references"],
            json!([{"id": "a"}])
        );
        assert_eq!(in_markdown(Value::Null, "# A"), json!({"markdown": "# A"}));
    }

    /// The examples of RFC 7396, appendix A, that have objects.
    #[test]
    fn a_patch_merges_as_the_rfc_says() {
        for (mut value, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!(["a"]), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            merge(&mut value, &patch, MAX_PATCH_DEPTH);
            assert_eq!(value, result, "{patch}");
        }
    }
}
