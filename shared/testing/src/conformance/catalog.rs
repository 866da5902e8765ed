//! What every [`Catalog`] must do.

mod access;
mod builds;
mod commits;
mod deletion;
mod editions;
mod kept;
mod organizations;
mod outbox;
mod pages;
mod products;
mod tasks;
mod webhooks;

use futures_util::future::BoxFuture;
use imprint_app::ports::{Catalog, Change, Ids, StoreError};
use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::{EditionId, OutboxId, TaskId};
use imprint_domain::product::Product;
use imprint_domain::slug::OrganizationSlug;
use jiff::{SignedDuration, Timestamp};

use crate::samples::{self, parsed};

use super::{run_all, suite, unique};

/// A test of the suite.
pub type Test = for<'a> fn(&'a dyn Catalog) -> BoxFuture<'a, ()>;

/// Every test with its name, to run one by one.
pub const ALL: &[(&str, Test)] = suite![Test:
    organizations::an_organization_is_read_as_it_was_created_and_created_only_once,
    organizations::an_update_of_an_organization_needs_its_revision,
    organizations::organizations_are_listed_by_slug,
    organizations::members_are_listed_by_name_until_they_are_removed,
    organizations::builds_and_live_editions_are_found_by_their_slugs,
    products::a_product_is_read_as_it_was_created,
    products::a_product_is_created_only_once,
    products::an_update_needs_the_revision_that_is_stored,
    products::products_are_listed_in_the_order_of_creation,
    products::an_organization_without_products_has_an_empty_list,
    builds::numbers_are_never_handed_out_twice,
    builds::a_build_is_read_as_it_was_created,
    builds::a_build_is_found_only_in_its_product,
    builds::a_build_slug_is_taken_for_ever,
    builds::two_builds_of_one_commit_cannot_share_a_slug,
    builds::an_update_of_a_build_needs_its_revision,
    builds::builds_are_listed_newest_first,
    editions::an_edition_is_read_as_it_was_created,
    editions::an_edition_keeps_everything_it_has_been_through,
    editions::an_edition_slug_is_taken_until_it_ends,
    editions::an_edition_is_restored_only_while_its_slug_is_free,
    editions::a_rename_takes_free_slugs_and_frees_its_own,
    editions::moves_are_listed_newest_first_and_found_by_their_generation,
    editions::a_move_is_committed_with_its_edition_or_not_at_all,
    editions::an_update_of_an_edition_needs_its_revision,
    editions::a_product_comes_with_all_its_editions_and_no_other,
    deletion::a_deleted_build_is_gone_and_its_slug_stays_taken,
    deletion::a_deleted_edition_is_gone_and_so_are_its_moves,
    deletion::a_slug_that_is_held_cannot_be_taken,
    deletion::a_deleted_product_is_on_no_list_and_can_be_created_anew,
    deletion::nothing_is_deleted_that_has_changed,
    deletion::a_walk_remembers_where_it_is,
    tasks::a_task_is_read_with_its_editions,
    tasks::an_update_of_a_task_needs_its_revision_and_keeps_its_editions,
    tasks::an_edition_of_a_task_is_overwritten,
    tasks::progress_is_noted_only_while_copying,
    tasks::open_tasks_are_listed_oldest_first_until_they_are_closed,
    tasks::a_task_is_updated_and_closed_in_one_commit,
    pages::a_task_comes_with_its_pages_and_the_last_wish_counts,
    pages::only_the_rendering_that_is_waited_for_is_noted,
    pages::noting_pages_of_a_task_that_waits_for_none_changes_nothing,
    pages::an_index_is_read_as_it_was_entered_and_has_no_others_products,
    outbox::the_outbox_is_listed_oldest_first,
    outbox::an_entry_is_taken_once,
    outbox::an_entry_is_overwritten_by_its_next_send,
    outbox::every_message_comes_back_as_it_was,
    outbox::what_rests_stands_before_nothing,
    webhooks::a_delivery_is_read_as_it_was_noted,
    webhooks::a_delivery_needs_the_revision_that_is_stored,
    webhooks::deliveries_are_listed_newest_first_and_by_webhook,
    commits::a_failing_change_leaves_nothing,
    commits::of_twenty_writers_that_saw_one_revision_exactly_one_wins,
    commits::a_commit_holds_as_many_changes_as_promised,
    commits::a_commit_of_nothing_succeeds,
    kept::what_is_kept_of_a_request_is_read_as_it_was_written_last,
    kept::of_two_that_begin_or_take_over_one_writes,
    kept::an_effect_and_the_note_of_it_are_both_there_or_neither,
    kept::a_full_commit_has_room_for_the_note,
    access::a_user_is_read_as_created_and_created_only_once,
    access::a_token_is_read_also_when_it_has_expired,
    access::an_update_of_a_user_needs_its_revision,
    access::what_rests_on_a_user_needs_its_revision,
    access::users_are_listed_by_name,
    access::tokens_are_listed_by_their_end_until_it_comes,
    access::a_revoked_token_is_gone_and_can_be_revoked_again,
    access::wrong_passwords_are_counted_from_the_first_of_a_window,
    access::wrong_passwords_at_the_same_time_are_all_counted,
];

/// Runs the whole suite.
///
/// # Panics
/// With everything that does not hold.
pub async fn run(catalog: &dyn Catalog) {
    run_all(ALL.iter().map(|(name, test)| (*name, test(catalog)))).await;
}

/// A place of a test's own: an organization that nobody else uses.
struct Place<'a> {
    catalog: &'a dyn Catalog,
    org: OrganizationSlug,
    /// Makes names unique that have no organization.
    tag: String,
}

impl<'a> Place<'a> {
    fn new(catalog: &'a dyn Catalog) -> Self {
        let tag = unique();
        Self {
            catalog,
            org: parsed(&format!("conformance-{tag}")),
            tag,
        }
    }

    /// A place with a product that is stored.
    async fn with_product(catalog: &'a dyn Catalog) -> (Self, Product) {
        let place = Self::new(catalog);
        let product = place.product("alpha");
        place.commit(vec![Change::CreateProduct(product.clone())]).await;
        (place, stored_product(product))
    }

    /// A product that is not stored.
    fn product(&self, slug: &str) -> Product {
        Product {
            organization: self.org.clone(),
            ..samples::product(slug)
        }
    }

    /// A build that is not stored, with a number that nobody else has.
    async fn build(&self, product: &Product, slug: &str) -> Build {
        let ids = Ids {
            builds: 1,
            editions: 0,
        };
        let (id, _) = self.catalog.allot(ids).await.unwrap();
        Build {
            slug: parsed(slug),
            ..samples::build_of(product, id.0, "main")
        }
    }

    /// An edition that is not stored, with a number that nobody else has.
    async fn edition(&self, product: &Product, slug: &str) -> Edition {
        let id = self.edition_id().await;
        samples::edition_of(product, id.0, slug, "main")
    }

    async fn edition_id(&self) -> EditionId {
        let ids = Ids {
            builds: 0,
            editions: 1,
        };
        self.catalog.allot(ids).await.unwrap().1
    }

    fn task_id(&self, name: &str) -> TaskId {
        samples::task_id(&format!("{} {name}", self.tag))
    }

    fn outbox_id(&self, name: &str) -> OutboxId {
        samples::outbox_id(&format!("{} {name}", self.tag))
    }

    async fn commit(&self, changes: Vec<Change>) {
        self.catalog.commit(changes).await.unwrap();
    }

    /// Commits what must not be committed.
    async fn conflict(&self, changes: Vec<Change>) {
        let what = format!("{changes:?}");
        match self.catalog.commit(changes).await {
            Err(StoreError::Conflict) => {}
            other => panic!("{other:?} instead of a conflict of {what}"),
        }
    }

    async fn stored(&self, product: &Product) -> Option<Product> {
        self.catalog.product(&self.org, &product.slug).await.unwrap()
    }
}

fn stored_product(product: Product) -> Product {
    Product {
        revision: product.revision.next(),
        ..product
    }
}

fn stored_build(build: Build) -> Build {
    Build {
        revision: build.revision.next(),
        ..build
    }
}

fn stored_edition(edition: Edition) -> Edition {
    Edition {
        revision: edition.revision.next(),
        ..edition
    }
}

/// Half a second, which as a text sorts before the whole one (`12:00:00.5Z` before `12:00:00Z`), and is later.
fn half_past(time: Timestamp) -> Timestamp {
    time + SignedDuration::from_millis(500)
}

/// Times in ascending order whose texts are not.
fn ascending(from: Timestamp) -> [Timestamp; 5] {
    let second = SignedDuration::from_secs(1);
    [
        from,
        from + SignedDuration::from_nanos(1),
        half_past(from),
        from + second,
        from + second * 10,
    ]
}

/// A time long before everything else in the store, so that nothing else is listed before it.
const LONG_AGO: Timestamp = Timestamp::constant(31_536_000, 0);

/// More than any list has in a test.
const MANY: usize = 10_000;
