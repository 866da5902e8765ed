//! Documents that a batch puts into the bucket.
//!
//! Whoever can write there is trusted like an administrator; what they write is not: it is checked like every other write, and
//! what became of it is written beside it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use imprint_domain::document::{Alias, Document, Drafts, Notice, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use imprint_domain::text::Title;
use imprint_manuscript::Problem;

use super::{Edit, NewDocument, change, create, next_minor, with_alias, write};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::ports::{DocumentChange, Objects, StoreError};
use crate::tenants::Tenants;

/// What became of a document of a batch, as it is written below `_imprint/imports/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Imported {
    /// It was taken.
    Taken {
        /// Its number.
        document: DocumentId,
        /// The version that says it.
        version: VersionNumber,
    },
    /// This write was taken before, or a later one.
    Late,
    /// It was refused.
    Refused {
        /// Why.
        message: String,
        /// Everything that is wrong with its content.
        problems: Vec<Problem>,
    },
}

/// What a batch says of a document besides its content.
#[derive(Debug, Deserialize)]
struct Envelope {
    title: Title,
    #[serde(default)]
    product: Option<ProductSlug>,
    #[serde(default)]
    drafts: Drafts,
}

/// Takes a document that was put into the bucket: a new one, or what the newest version of the one with this alias says from
/// now on. The same write twice, and an earlier one that comes late, change nothing.
///
/// # Errors
/// When a store fails. What is refused is no error: the report says so.
pub(super) async fn take_document(
    tenants: &Tenants,
    (organization, alias): (&OrganizationSlug, &Alias),
    key: &ObjectKey,
    notice: &Notice,
) -> Result<Imported, AppError> {
    let Some(env) = tenants.find(organization).await? else {
        return Ok(Imported::Refused {
            message: format!("there is no organization {organization}"),
            problems: Vec::new(),
        });
    };
    let incoming = tenants.of_installation().objects;
    let imported = match take(&env, alias, (incoming.as_ref(), key), notice).await {
        Err(AppError::Content(problems)) => Imported::Refused {
            message: "the content is refused".to_owned(),
            problems,
        },
        Err(AppError::Invalid(message) | AppError::Refused(message)) => Imported::Refused {
            message,
            problems: Vec::new(),
        },
        other => other?,
    };
    let report = serde_json::to_vec_pretty(&imported).map_err(|error| StoreError::Failed(Box::new(error)))?;
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    if imported != Imported::Late {
        let report_key = ObjectKey::import_report(organization, alias);
        env.objects
            .write(&report_key, Bytes::from(report), &headers)
            .await?;
    }
    Ok(imported)
}

async fn take(
    env: &Env,
    alias: &Alias,
    (incoming, key): (&dyn Objects, &ObjectKey),
    notice: &Notice,
) -> Result<Imported, AppError> {
    let known = match with_alias(env, alias).await {
        Ok(document) => Some(document),
        Err(AppError::NotFound) => None,
        Err(error) => return Err(error),
    };
    let is_old = |document: &Document| notice.is_old(document.imported.as_ref());
    if known.as_ref().is_some_and(is_old) {
        return Ok(Imported::Late);
    }
    let stored = incoming.read(key).await?;
    // It was taken back before anybody looked.
    let Some(stored) = stored else {
        return Ok(Imported::Late);
    };
    let sha256 = hex::encode(Sha256::digest(&stored.body));
    if let Some(document) = &known
        && notice.is_again(document.imported.as_ref(), &sha256)
    {
        remember(env, document.id, notice, &sha256).await?;
        return Ok(Imported::Late);
    }
    let value: Value = serde_json::from_slice(&stored.body)
        .map_err(|error| AppError::Invalid(format!("it is no JSON: {error}")))?;
    let envelope: Envelope = serde_json::from_value(value.clone())
        .map_err(|error| AppError::Invalid(format!("title, product and drafts: {error}")))?;
    let content = imprint_manuscript::import::import(&value).map_err(AppError::Content)?;
    let (document, version) = match known {
        None => {
            let new = NewDocument {
                title: envelope.title,
                alias: Some(alias.clone()),
                product: envelope.product,
                drafts: envelope.drafts,
                content: Some(content),
                by: None,
            };
            create(env, new).await?
        }
        Some(document) => say(env, document, content).await?,
    };
    remember(env, document.id, notice, &sha256).await?;
    Ok(Imported::Taken {
        document: document.id,
        version: version.number,
    })
}

/// Has the newest version of a document say something; where that is published, a correction of it.
async fn say(
    env: &Env,
    document: Document,
    content: Value,
) -> Result<(Document, imprint_domain::document::Version), AppError> {
    let newest = env.documents.version(document.id, document.newest).await?;
    let newest = newest.ok_or(AppError::NotFound)?;
    let number = if newest.publication.is_some() {
        next_minor(env, document.id, newest.number.major, None)
            .await?
            .1
            .number
    } else {
        newest.number
    };
    write(env, document.id, number, &Edit::Replace(content), (None, None)).await
}

/// Remembers which write was taken last. After it was taken: should it be forgotten, the same write is taken again, and
/// changes nothing.
async fn remember(env: &Env, id: DocumentId, notice: &Notice, sha256: &str) -> Result<(), AppError> {
    for _ in 0..MAX_TRIES {
        let document = super::get(env, id).await?;
        if notice.is_old(document.imported.as_ref()) {
            return Ok(());
        }
        let document = Document {
            imported: Some(notice.taken(document.imported.as_ref(), sha256, env.clock.now())),
            ..document
        };
        let takes = Vec::new();
        let remembered = change(DocumentChange::UpdateDocument { document, takes });
        match env.catalog.commit(vec![remembered]).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}
