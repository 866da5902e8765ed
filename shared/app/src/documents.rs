//! Documents: writing them down, moving their versions towards publication, and reading what was made of them.
//!
//! Nothing here renders. A change commits the wish to have a version rendered, in the same transaction; reading starts nothing
//!

mod content;
mod garbage;
mod images;
mod import;
mod incoming;
mod progress;
mod publish;
mod reading;
mod render;
mod scan;

pub use content::{Edit, Review, read_content, review, write};
pub use garbage::{Collected, Looking, collect};
pub use images::{forms, remove_image};
pub use import::Imported;
pub use incoming::{MAX_INCOMING, take, take_unheard};
pub use progress::{Authority, next_major, next_minor, set_status, touch};
pub use publish::publish_rendering;
pub use reading::{Found, RenderingStatus, Seen, find, found, image, output, seen, versions};
pub(crate) use render::give_up;
pub use render::render_document;
pub use scan::{Scanned, scan};

use std::collections::BTreeSet;

pub use imprint_manuscript::Problem;
pub use imprint_manuscript::content::MAX_BYTES;
pub use imprint_manuscript::content::ProblemCode;
use serde_json::Value;

use imprint_domain::access::UserName;
use imprint_domain::document::{Alias, Document, DocumentError, Drafts, Reader, Version, VersionError};
use imprint_domain::id::{DocumentId, Revision};
use imprint_domain::message::{Message, RenderDocument};
use imprint_domain::slug::ProductSlug;
use imprint_domain::text::Title;

use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{Change, DocumentChange, Page, StoreError};

/// Versions that one change of a document concerns at once.
const MAX_AT_ONCE: usize = 40;

/// What a new document needs.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its title.
    pub title: Title,
    /// Its alias.
    pub alias: Option<Alias>,
    /// The product whose builds its renderings become.
    pub product: Option<ProductSlug>,
    /// Whether its drafts do.
    pub drafts: Drafts,
    /// What its first version says; it can be written later.
    pub content: Option<Value>,
    /// Who creates it.
    pub by: Option<UserName>,
}

/// What is to be changed of a document. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct DocumentUpdate {
    /// Its title.
    pub title: Option<Title>,
    /// Its alias, or none.
    pub alias: Option<Option<Alias>>,
    /// Its product, or none.
    pub product: Option<Option<ProductSlug>>,
    /// Whether its drafts become builds.
    pub drafts: Option<Drafts>,
}

/// Creates a document and its version 1.0.
///
/// # Errors
/// `Invalid` for an alias that another document has or had and for a product that is not there, `Content` for a content
/// that is refused.
pub async fn create(env: &Env, new: NewDocument) -> Result<(Document, Version), AppError> {
    if let Some(product) = &new.product {
        named_product(env, product).await?;
    }
    let (org, now) = (&env.organization.slug, env.clock.now());
    let id = env.documents.allot_document().await?;
    let mut version = Version::first(id, org.clone(), new.by.clone(), now);
    if let Some(value) = &new.content {
        version.content = Some(content::store(env, id, value).await?);
        version = version.edited(now);
    }
    let document = Document {
        id,
        organization: org.clone(),
        title: new.title,
        alias: new.alias,
        former_aliases: BTreeSet::new(),
        product: new.product,
        drafts: new.drafts,
        newest: version.number,
        published: None,
        imported: None,
        created_at: now,
        created_by: new.by,
        ended_at: None,
        revision: Revision::NEW,
    };
    let changes = vec![
        change(DocumentChange::CreateDocument(document.clone())),
        change(DocumentChange::CreateVersion(version.clone())),
    ];
    let wishes = wish(&version, Haste::WhenQuiet).into_iter().collect();
    match commit_and_send(env, changes, wishes).await {
        Ok(()) => Ok((document.stored(), version.stored())),
        // The number is new, so it is the alias.
        Err(StoreError::Conflict) => Err(alias_taken(document.alias.as_ref())),
        Err(error) => Err(error.into()),
    }
}

/// A product that a document may belong to.
async fn named_product(env: &Env, slug: &ProductSlug) -> Result<(), AppError> {
    match crate::products::get(env, slug).await {
        Ok(product) => Ok(product.writable()?),
        Err(AppError::NotFound) => Err(AppError::Invalid(format!("there is no product {slug}"))),
        Err(error) => Err(error),
    }
}

fn alias_taken(alias: Option<&Alias>) -> AppError {
    match alias {
        Some(alias) => AppError::Invalid(format!("another document has or had the alias {alias}")),
        None => AppError::Contended,
    }
}

/// A document that was not deleted. One request.
///
/// # Errors
/// `NotFound` when there is none in this organization.
pub async fn get(env: &Env, id: DocumentId) -> Result<Document, AppError> {
    let document = env.documents.document(id).await?;
    let own = document.filter(|document| document.organization == env.organization.slug);
    own.filter(|document| document.ended_at.is_none())
        .ok_or(AppError::NotFound)
}

/// The document that an alias leads to, also a former one.
///
/// # Errors
/// `NotFound` when there is none in this organization.
pub async fn with_alias(env: &Env, alias: &Alias) -> Result<Document, AppError> {
    let document = env
        .documents
        .document_with_alias(&env.organization.slug, alias)
        .await?;
    document
        .filter(|document| document.ended_at.is_none())
        .ok_or(AppError::NotFound)
}

/// Documents of the organization that a reader may see, in the order of creation. Others are left out, so a page may be short.
///
/// # Errors
/// When the store fails, or does not know the cursor.
pub async fn list(
    env: &Env,
    reader: Reader,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Document>, AppError> {
    let org = &env.organization.slug;
    let page = env.documents.documents(org, limit, cursor).await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .filter(|document| document.is_visible(reader))
            .collect(),
        next: page.next,
    })
}

/// Changes a document. Another title or alias is printed, so every version that is not published is rendered anew; another
/// product is told of what there is.
///
/// # Errors
/// As [`create`], and `NotFound`.
pub async fn update(env: &Env, id: DocumentId, update: &DocumentUpdate) -> Result<Document, AppError> {
    if let Some(Some(product)) = &update.product {
        named_product(env, product).await?;
    }
    for _ in 0..MAX_TRIES {
        let before = get(env, id).await?;
        let document = changed(before.clone(), update)?;
        if document == before {
            return Ok(before);
        }
        let known: BTreeSet<&Alias> = before.aliases().collect();
        let takes: Vec<Alias> = document
            .alias
            .iter()
            .filter(|alias| !known.contains(alias))
            .cloned()
            .collect();
        let is_printed = (&document.title, &document.alias) != (&before.title, &before.alias);
        let is_moved = (&document.product, document.drafts) != (&before.product, before.drafts);
        let (mut changes, mut messages) = (Vec::new(), Vec::new());
        // The newest first: should there be more of them than a commit takes, the scan finds the rest.
        for version in env
            .documents
            .versions(id)
            .await?
            .into_iter()
            .rev()
            .take(MAX_AT_ONCE)
        {
            if is_printed && version.content.is_some() && version.publication.is_none() {
                let edited = version.edited(env.clock.now());
                messages.extend(wish(&edited, Haste::WhenQuiet));
                changes.push(change(DocumentChange::UpdateVersion(edited)));
            } else if is_moved && document.product.is_some() {
                messages.extend(publish::message(&document, &version));
            }
        }
        changes.push(change(DocumentChange::UpdateDocument {
            document: document.clone(),
            takes: takes.clone(),
        }));
        match commit_and_send(env, changes, messages).await {
            Ok(()) => return Ok(document.stored()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(alias) = takes.first() {
            let holder = env
                .documents
                .document_with_alias(&env.organization.slug, alias)
                .await?;
            if holder.is_some_and(|holder| holder.id != id) {
                return Err(alias_taken(Some(alias)));
            }
        }
    }
    Err(AppError::Contended)
}

fn changed(mut document: Document, update: &DocumentUpdate) -> Result<Document, AppError> {
    if let Some(title) = &update.title {
        document.title = title.clone();
    }
    if let Some(product) = &update.product {
        document.product = product.clone();
    }
    if let Some(drafts) = update.drafts {
        document.drafts = drafts;
    }
    match &update.alias {
        Some(alias) => Ok(document.rename(alias.clone())?),
        None => Ok(document),
    }
}

/// Deletes a document: nobody finds it any more, and after [`UNDO`](garbage::UNDO) its files go, too. What has become builds
/// of a product stays with the product. Deleting it again is a success.
///
/// # Errors
/// `NotFound` when there never was one in this organization.
pub async fn end(env: &Env, id: DocumentId) -> Result<(), AppError> {
    for _ in 0..MAX_TRIES {
        let document = env.documents.document(id).await?;
        let mut document = document
            .filter(|document| document.organization == env.organization.slug)
            .ok_or(AppError::NotFound)?;
        if document.ended_at.is_some() {
            return Ok(());
        }
        document.ended_at = Some(env.clock.now());
        let takes = Vec::new();
        let ended = change(DocumentChange::UpdateDocument { document, takes });
        match env.catalog.commit(vec![ended]).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

fn change(change: DocumentChange) -> Change {
    Change::Document(Box::new(change))
}

/// How soon a change is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// When no more changes come for a while: somebody is writing.
    WhenQuiet,
    /// At once: somebody has decided.
    AtOnce,
}

/// The wish to have a version rendered as it is; none when there is nothing to render.
fn wish(version: &Version, pace: Haste) -> Option<Message> {
    version.content.as_ref()?;
    let quiet = match pace {
        Haste::WhenQuiet => imprint_domain::document::QUIET.as_secs().unsigned_abs(),
        Haste::AtOnce => 0,
    };
    Some(Message::RenderDocument(RenderDocument {
        organization: version.organization.clone(),
        document: version.document,
        version: version.number,
        edit: version.edit,
        quiet: u32::try_from(quiet).unwrap_or(u32::MAX),
    }))
}

/// A version of a document that was not deleted.
async fn version(
    env: &Env,
    document: DocumentId,
    number: imprint_domain::document::VersionNumber,
) -> Result<(Document, Version), AppError> {
    let document = get(env, document).await?;
    let version = env.documents.version(document.id, number).await?;
    Ok((document, version.ok_or(AppError::NotFound)?))
}

impl From<VersionError> for AppError {
    fn from(error: VersionError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<DocumentError> for AppError {
    fn from(error: DocumentError) -> Self {
        Self::Invalid(error.to_string())
    }
}
