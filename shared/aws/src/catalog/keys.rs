//! The keys of every item, in one place.

use imprint_app::ports::Walk;
use imprint_domain::access::{Token, UserName};
use imprint_domain::id::{BuildId, EditionId, EventId, Generation, OutboxId, TaskId, TokenId, WebhookId};
use imprint_domain::idempotency::KeptId;
use imprint_domain::product::Product;
use imprint_domain::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use imprint_domain::task::PagesOf;
use jiff::Timestamp;

/// The attribute names of the table and its indexes, as template.yaml has them.
pub(super) const PK: &str = "PK";
pub(super) const SK: &str = "SK";
pub(super) const GSI1: &str = "GSI1";
pub(super) const GSI1PK: &str = "GSI1PK";
pub(super) const GSI1SK: &str = "GSI1SK";
pub(super) const GSI2: &str = "GSI2";
pub(super) const GSI2PK: &str = "GSI2PK";
pub(super) const GSI2SK: &str = "GSI2SK";

/// What the sort keys of a task's pages begin with.
const PAGES: &str = "PAGES";

/// What an item below a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartOfTask {
    /// An edition's part.
    Edition,
    /// Pages that it waits for.
    Pages,
    /// The task itself, or its openness.
    Other,
}

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

/// What `sweep` looks at by age: the partitions of the sparse index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenList {
    /// Tasks that are not final.
    Tasks,
    /// Entries of the outbox.
    Outbox,
}

impl OpenList {
    pub(super) fn partition(self) -> &'static str {
        match self {
            Self::Tasks => "TASKS",
            Self::Outbox => "OUTBOX",
        }
    }
}

/// A part of a key that comes from outside: it cannot contain the separator.
pub(super) fn part(raw: &str) -> String {
    raw.replace('%', "%25").replace('#', "%23")
}

fn unpart(escaped: &str) -> String {
    escaped.replace("%23", "#").replace("%25", "%")
}

/// A number as text in the order of numbers. Twelve digits hold a build each second for 31,000 years.
pub(super) fn digits(number: u64) -> String {
    format!("{number:012}")
}

/// A time as text in the order of time, to the nanosecond, so that no two distinct times are equal.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}

fn of_product(kind: &str, org: &OrganizationSlug, product: &ProductSlug) -> String {
    format!("{kind}#{}#{}", part(org.as_str()), part(product.as_str()))
}

impl Key {
    pub(super) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// The partition of all organizations. Their slugs are the sort keys as they are.
    pub(super) const ORGANIZATIONS: &'static str = "ORGANIZATIONS";

    pub(super) fn organization(slug: &OrganizationSlug) -> Self {
        Self::new(Self::ORGANIZATIONS, slug.as_str())
    }

    /// The partition of an organization's members.
    pub(super) fn members(org: &OrganizationSlug) -> String {
        format!("MEMBERS#{}", part(org.as_str()))
    }

    pub(super) fn member(org: &OrganizationSlug, user: &UserName) -> Self {
        Self::new(Self::members(org), user.as_str())
    }

    pub(super) fn product(org: &OrganizationSlug, product: &ProductSlug) -> Self {
        Self::new(of_product("P", org, product), "PRODUCT")
    }

    pub(super) fn edition(org: &OrganizationSlug, product: &ProductSlug, id: EditionId) -> Self {
        Self::new(of_product("P", org, product), format!("E#{}", digits(id.0)))
    }

    pub(super) fn edition_slug(org: &OrganizationSlug, product: &ProductSlug, slug: &EditionSlug) -> Self {
        Self::new(
            format!("{}#{}", of_product("ESLUG", org, product), part(slug.as_str())),
            "CLAIM",
        )
    }

    pub(super) fn edition_pointer(id: EditionId) -> Self {
        Self::new(format!("EDITION#{id}"), "AT")
    }

    pub(super) fn moved(edition: EditionId, generation: Generation) -> Self {
        Self::new(Self::history(edition), digits(generation.0))
    }

    /// The partition of an edition's moves.
    pub(super) fn history(edition: EditionId) -> String {
        format!("H#{edition}")
    }

    pub(super) fn build(org: &OrganizationSlug, product: &ProductSlug, id: BuildId) -> Self {
        Self::new(of_product("B", org, product), digits(id.0))
    }

    /// The partition of a product's builds.
    pub(super) fn builds(org: &OrganizationSlug, product: &ProductSlug) -> String {
        of_product("B", org, product)
    }

    pub(super) fn build_slug(org: &OrganizationSlug, product: &ProductSlug, slug: &BuildSlug) -> Self {
        Self::new(
            format!("{}#{}", of_product("BSLUG", org, product), part(slug.as_str())),
            "CLAIM",
        )
    }

    pub(super) fn build_pointer(id: BuildId) -> Self {
        Self::new(format!("BUILD#{id}"), "AT")
    }

    /// The place of a product among those of its organization, by age.
    pub(super) fn product_row(product: &Product) -> Self {
        let sk = format!("{}#{}", moment(product.created_at), part(product.slug.as_str()));
        Self::new(Self::product_rows(&product.organization), sk)
    }

    /// The partition of an organization's products.
    pub(super) fn product_rows(org: &OrganizationSlug) -> String {
        format!("ORG#{}", part(org.as_str()))
    }

    /// The product that a row's sort key names, if it is one.
    pub(super) fn product_of_row(sk: &str) -> Option<ProductSlug> {
        let (at, slug) = sk.split_once('#')?;
        at.parse::<Timestamp>().ok()?;
        unpart(slug).parse().ok()
    }

    /// Whether a sort key is one of a build, or of a move.
    pub(super) fn is_number(sk: &str) -> bool {
        sk.len() == 12 && sk.bytes().all(|b| b.is_ascii_digit())
    }

    pub(super) fn task(id: &TaskId) -> Self {
        Self::new(format!("TASK#{id}"), "META")
    }

    pub(super) fn task_edition(id: &TaskId, edition: EditionId) -> Self {
        Self::new(format!("TASK#{id}"), format!("E#{}", digits(edition.0)))
    }

    /// After the editions' parts, and one partition with them.
    pub(super) fn task_pages(id: &TaskId, of: &PagesOf) -> Self {
        let sk = match of {
            PagesOf::Organization => PAGES.to_owned(),
            PagesOf::Product(product) => format!("{PAGES}#{}", part(product.as_str())),
        };
        Self::new(format!("TASK#{id}"), sk)
    }

    /// What an item below a task is.
    pub(super) fn part_of_task(sk: &str) -> PartOfTask {
        if sk.starts_with("E#") {
            PartOfTask::Edition
        } else if sk.starts_with(PAGES) {
            PartOfTask::Pages
        } else {
            PartOfTask::Other
        }
    }

    pub(super) fn index_entry(org: &OrganizationSlug, product: &ProductSlug) -> Self {
        Self::new(Self::index(org), part(product.as_str()))
    }

    /// The partition of what an organization's index says.
    pub(super) fn index(org: &OrganizationSlug) -> String {
        format!("INDEX#{}", part(org.as_str()))
    }

    pub(super) fn open_task(id: &TaskId) -> Self {
        Self::new(format!("TASK#{id}"), "OPEN")
    }

    pub(super) fn outbox(id: &OutboxId) -> Self {
        Self::new(format!("OUTBOX#{id}"), "ENTRY")
    }

    pub(super) fn delivery(org: &OrganizationSlug, webhook: &WebhookId, event: &EventId) -> Self {
        Self::new(Self::deliveries(org, webhook), event.as_str())
    }

    /// The partition of what a webhook was told. Events sort by their time.
    pub(super) fn deliveries(org: &OrganizationSlug, webhook: &WebhookId) -> String {
        format!("HOOK#{}#{webhook}", part(org.as_str()))
    }

    /// Whether a sort key is one of a delivery.
    pub(super) fn is_event(sk: &str) -> bool {
        sk.parse::<EventId>().is_ok()
    }

    pub(super) fn kept_request(id: &KeptId) -> Self {
        Self::new(format!("KEPT#{id}"), "REQUEST")
    }

    pub(super) fn user(name: &UserName) -> Self {
        Self::new(format!("USER#{}", part(name.as_str())), "USER")
    }

    /// The place of a user among all, by name. No name is longer than a sort key may be: 255 characters of at most four
    /// bytes.
    pub(super) fn user_row(name: &UserName) -> Self {
        Self::new(Self::USER_ROWS, name.as_str())
    }

    /// The partition of the names of all users.
    pub(super) const USER_ROWS: &'static str = "USERS";

    /// The user that a row's sort key names, if it is one.
    pub(super) fn user_of_row(sk: &str) -> Option<UserName> {
        sk.parse().ok()
    }

    /// Beside the user, so that a login reads both at once. It is also there for names that nobody has.
    pub(super) fn login_failures(name: &UserName) -> Self {
        Self::new(Self::user(name).pk, "FAILURES")
    }

    /// The place of a token among those of its user, by its end.
    pub(super) fn token_row(token: &Token) -> Self {
        let sk = format!("{}#{}", moment(token.expires_at), token.id);
        Self::new(Self::token_rows(&token.user), sk)
    }

    /// The partition of a user's tokens.
    pub(super) fn token_rows(user: &UserName) -> String {
        format!("TOKENS#{}", part(user.as_str()))
    }

    /// What comes before the rows of all tokens that expire later, and after all others.
    pub(super) fn token_rows_until(at: Timestamp) -> String {
        // An identity has digits and letters only, which all come before this.
        format!("{}#~", moment(at))
    }

    /// Whether a sort key is one of a token's row.
    pub(super) fn is_token_row(sk: &str) -> bool {
        sk.split_once('#')
            .is_some_and(|(at, id)| at.parse::<Timestamp>().is_ok() && id.parse::<TokenId>().is_ok())
    }

    pub(super) fn token(hash: &str) -> Self {
        Self::new(format!("TOKEN#{}", part(hash)), "TOKEN")
    }

    /// How far a walk is.
    pub(super) fn cursor(walk: Walk) -> Self {
        let walk = match walk {
            Walk::Retention => "RETENTION",
            Walk::Verification => "VERIFICATION",
            Walk::Documents => "DOCUMENTS",
            Walk::Incoming => "INCOMING",
        };
        Self::new("CURSORS", walk)
    }

    pub(super) fn build_counter() -> Self {
        Self::new("COUNTERS", "BUILDS")
    }

    pub(super) fn edition_counter() -> Self {
        Self::new("COUNTERS", "EDITIONS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_sort_as_texts() {
        assert!(digits(9) < digits(10));
        assert!(digits(99_999_999_999) < digits(100_000_000_000));
        let times = [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000000001Z",
            "2026-01-02T03:04:05.1Z",
        ];
        let times = times.map(|at| moment(at.parse().unwrap()));
        assert!(times.is_sorted());
        assert_eq!(times[0], "2026-01-02T03:04:05.000000000Z");
    }

    #[test]
    fn no_part_of_a_key_can_pass_for_two() {
        let user = |name: &str| Key::user(&name.parse().unwrap());
        assert_ne!(user("a#b"), user("a%23b"));
        assert_eq!(user("a#b").pk, "USER#a%23b");
        assert_eq!(unpart(&part("a#b%23%25")), "a#b%23%25");
    }

    #[test]
    fn a_product_lies_with_its_editions_and_claims_lie_elsewhere() {
        let (org, product) = ("default".parse().unwrap(), "pipelines".parse().unwrap());
        let own = Key::product(&org, &product);
        let edition = Key::edition(&org, &product, EditionId(7));
        assert_eq!(own.pk, edition.pk);
        assert_eq!(edition.sk, "E#000000000007");
        assert_ne!(
            Key::edition_slug(&org, &product, &"main".parse().unwrap()).pk,
            own.pk
        );
    }
}
