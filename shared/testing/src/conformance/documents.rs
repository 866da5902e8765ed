//! What every [`Documents`] must do, and every [`Catalog`] that writes their changes.

mod aliases;
mod commits;
mod lists;
mod renderings;
mod versions;
mod whole;

use futures_util::future::BoxFuture;
use imprint_app::ports::{Catalog, Change, DocumentChange, Documents, StoreError};
use imprint_domain::document::{Document, Rendering, Version};
use imprint_domain::slug::OrganizationSlug;

use crate::samples::{self, parsed};

use super::{run_all, suite, unique};

/// A store: its documents, and the catalog that writes their changes.
#[derive(Clone, Copy)]
pub struct Store<'a> {
    documents: &'a dyn Documents,
    catalog: &'a dyn Catalog,
}

/// A test of the suite.
pub type Test = for<'a> fn(Store<'a>) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one.
pub const ALL: &[(&str, Test)] = suite![Test:
    whole::numbers_are_never_handed_out_twice,
    whole::a_document_is_read_as_it_was_created_and_created_only_once,
    whole::an_update_of_a_document_needs_its_revision,
    whole::a_document_is_deleted_only_as_it_is_stored,
    aliases::an_alias_leads_to_its_document_and_to_no_others_organization,
    aliases::an_alias_is_unique_within_an_organization_and_free_in_another,
    aliases::a_former_alias_still_leads_to_its_document_and_nobody_else_gets_it,
    aliases::a_document_goes_back_to_an_alias_that_it_had,
    aliases::aliases_are_free_again_when_their_document_is_gone,
    aliases::of_ten_documents_that_want_one_alias_exactly_one_gets_it,
    lists::documents_are_listed_in_the_order_of_creation_in_pages_of_any_size,
    lists::a_list_goes_on_after_the_document_where_it_stopped_is_gone,
    lists::a_cursor_that_was_never_handed_out_is_not_found,
    lists::a_long_page_has_all_its_documents,
    versions::a_version_is_read_as_it_was_created_and_created_only_once,
    versions::a_version_keeps_everything_that_it_can_have,
    versions::an_update_of_a_version_needs_its_revision,
    versions::versions_are_listed_by_their_numbers_and_by_document,
    versions::a_version_is_deleted_only_as_it_is_stored,
    versions::the_largest_version_is_kept,
    renderings::a_rendering_is_begun_once_and_continued_at_its_revision,
    renderings::a_rendering_keeps_everything_that_it_can_have,
    renderings::renderings_are_listed_by_their_checksums_and_by_document,
    renderings::a_rendering_is_deleted_only_as_it_is_stored,
    renderings::the_largest_rendering_is_kept,
    renderings::of_ten_that_begin_one_rendering_exactly_one_does,
    commits::a_failing_change_leaves_nothing,
    commits::a_commit_holds_as_many_new_documents_as_promised,
    commits::two_changes_of_one_commit_never_write_one_thing,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(documents: &dyn Documents, catalog: &dyn Catalog) {
    let store = Store { documents, catalog };
    run_all(ALL.iter().map(|(name, test)| (*name, test(store)))).await;
}

/// A place of a test's own: an organization that nobody else uses.
struct Place<'a> {
    documents: &'a dyn Documents,
    catalog: &'a dyn Catalog,
    org: OrganizationSlug,
}

impl<'a> Place<'a> {
    fn new(store: Store<'a>) -> Self {
        Self {
            documents: store.documents,
            catalog: store.catalog,
            org: parsed(&format!("conformance-{}", unique())),
        }
    }

    /// A document that is not stored, with a number that nobody else has.
    async fn document(&self, alias: &str) -> Document {
        let id = self.documents.allot_document().await.unwrap();
        Document {
            organization: self.org.clone(),
            ..samples::document(id.0, alias)
        }
    }

    /// A document that is stored.
    async fn with_document(&self, alias: &str) -> Document {
        let document = self.document(alias).await;
        self.commit([DocumentChange::CreateDocument(document.clone())])
            .await;
        written(document)
    }

    async fn stored(&self, document: &Document) -> Option<Document> {
        self.documents.document(document.id).await.unwrap()
    }

    async fn with_alias(&self, alias: &str) -> Option<Document> {
        let found = self
            .documents
            .document_with_alias(&self.org, &parsed(alias))
            .await;
        found.unwrap()
    }

    async fn stored_version(&self, version: &Version) -> Option<Version> {
        let found = self.documents.version(version.document, version.number).await;
        found.unwrap()
    }

    async fn stored_rendering(&self, rendering: &Rendering) -> Option<Rendering> {
        let found = self
            .documents
            .rendering(rendering.document, &rendering.checksum)
            .await;
        found.unwrap()
    }

    async fn commit<const N: usize>(&self, changes: [DocumentChange; N]) {
        self.try_commit(changes.into()).await.unwrap();
    }

    /// Commits what must not be committed.
    async fn conflict<const N: usize>(&self, changes: [DocumentChange; N]) {
        match self.try_commit(changes.clone().into()).await {
            Err(StoreError::Conflict) => {}
            other => panic!("{other:?} instead of a conflict of {changes:?}"),
        }
    }

    async fn try_commit(&self, changes: Vec<DocumentChange>) -> Result<(), StoreError> {
        let changes = changes
            .into_iter()
            .map(|change| Change::Document(Box::new(change)));
        self.catalog.commit(changes.collect()).await
    }
}

/// What a document is after a write.
fn written(document: Document) -> Document {
    Document {
        revision: document.revision.next(),
        ..document
    }
}

fn written_version(version: Version) -> Version {
    Version {
        revision: version.revision.next(),
        ..version
    }
}

fn written_rendering(rendering: Rendering) -> Rendering {
    Rendering {
        revision: rendering.revision.next(),
        ..rendering
    }
}

/// A document with an alias, and what it takes for that.
fn renamed(document: &Document, alias: &str) -> DocumentChange {
    let document = document.clone().rename(Some(parsed(alias))).unwrap();
    DocumentChange::UpdateDocument {
        document,
        takes: vec![parsed(alias)],
    }
}

/// Who won a race, of which the others only see a conflict.
fn winner(outcomes: Vec<Result<(), StoreError>>) -> usize {
    let mut winners = Vec::new();
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(()) => winners.push(n),
            // A store may find that two writers meet before it finds out who was first.
            Err(StoreError::Conflict | StoreError::Busy(_)) => {}
            Err(other) => panic!("{other:?} is no answer to a race"),
        }
    }
    let [winner] = winners[..] else {
        panic!("{winners:?} won");
    };
    winner
}
