//! What a test sets and looks at behind the gate: neither counted nor failed.

use imprint_app::ports::Change;
use imprint_domain::access::Token;
use imprint_domain::build::Build;
use imprint_domain::document::{Document, Rendering, Version};
use imprint_domain::edition::Edition;
use imprint_domain::id::TaskId;
use imprint_domain::organization::Organization;
use imprint_domain::outbox::OutboxEntry;
use imprint_domain::product::Product;
use imprint_domain::task::Task;
use jiff::Timestamp;

use super::MemoryCatalog;

impl MemoryCatalog {
    /// Commits without being counted or failed, to set a stage.
    ///
    /// # Panics
    /// When a condition does not hold.
    pub fn seed(&self, changes: Vec<Change>) {
        for change in changes {
            self.state()
                .commit(vec![change])
                .expect("a stage has no conflicts");
        }
    }

    /// Everything that is stored, as text, but for what is kept of requests with keys: to see whether anything changes.
    pub fn image(&self) -> String {
        let mut state = self.state();
        let kept = std::mem::take(&mut state.kept);
        let image = format!("{state:#?}");
        state.kept = kept;
        image
    }

    /// What is kept of requests with keys, as text.
    pub fn image_of_kept(&self) -> String {
        format!("{:#?}", self.state().kept)
    }

    /// The whole outbox, oldest first, uncounted.
    pub fn all_outbox(&self) -> Vec<OutboxEntry> {
        self.state().outbox(Timestamp::MAX, usize::MAX)
    }

    /// Loses the whole outbox, as if none of it had ever been committed.
    pub fn forget_outbox(&self) {
        self.state().forget_outbox();
    }

    /// Every task that is not closed, oldest first, uncounted.
    pub fn all_open_tasks(&self) -> Vec<TaskId> {
        self.state().open_tasks(Timestamp::MAX, usize::MAX)
    }

    /// Every edition by its number, uncounted.
    pub fn all_editions(&self) -> Vec<Edition> {
        self.state().editions.values().cloned().collect()
    }

    /// Looks at every edition by its number, uncounted.
    pub fn each_edition(&self, mut look: impl FnMut(&Edition)) {
        self.state().editions.values().for_each(&mut look);
    }

    /// Looks at every build by its number, uncounted.
    pub fn each_build(&self, mut look: impl FnMut(&Build)) {
        self.state().builds.values().for_each(&mut look);
    }

    /// Every build by its number, uncounted.
    pub fn all_builds(&self) -> Vec<Build> {
        self.state().builds.values().cloned().collect()
    }

    /// Every token by its digest, uncounted.
    pub fn all_tokens(&self) -> Vec<Token> {
        self.state().tokens.values().cloned().collect()
    }

    /// Every task with its editions, uncounted.
    pub fn all_tasks(&self) -> Vec<Task> {
        let state = self.state();
        state.tasks.keys().filter_map(|id| state.task(id)).collect()
    }

    /// Every document by its number, uncounted.
    pub fn all_documents(&self) -> Vec<Document> {
        self.state().documented.documents.values().cloned().collect()
    }

    /// Every version by its document and number, uncounted.
    pub fn all_versions(&self) -> Vec<Version> {
        self.state().documented.versions.values().cloned().collect()
    }

    /// Every rendering by its document and checksum, uncounted.
    pub fn all_renderings(&self) -> Vec<Rendering> {
        self.state().documented.renderings.values().cloned().collect()
    }

    /// Every stored organization by its slug, uncounted.
    pub fn all_organizations(&self) -> Vec<Organization> {
        self.state().organizations.values().cloned().collect()
    }

    /// Every product in the order of creation, uncounted.
    pub fn all_products(&self) -> Vec<Product> {
        let state = self.state();
        state.products_by_age().into_iter().cloned().collect()
    }
}
