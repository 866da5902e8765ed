//! The keys of documents.

use imprint_domain::document::{Alias, Checksum, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::slug::OrganizationSlug;

use super::super::keys::{Key, digits, part};

/// What there is many of in a document's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Versions.
    Version,
    /// Renderings.
    Rendering,
}

impl Kind {
    /// What their sort keys begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Version => "V#",
            Self::Rendering => "R#",
        }
    }
}

impl Key {
    /// The partition of a document, its versions and its renderings.
    pub(super) fn of_document(id: DocumentId) -> String {
        format!("DOCUMENT#{id}")
    }

    pub(super) fn document(id: DocumentId) -> Self {
        Self::new(Self::of_document(id), "DOCUMENT")
    }

    /// Numbers have at most five digits, so that their texts have their order.
    pub(super) fn version(document: DocumentId, number: VersionNumber) -> Self {
        let VersionNumber { major, minor } = number;
        let sk = format!("{}{major:05}#{minor:05}", Kind::Version.prefix());
        Self::new(Self::of_document(document), sk)
    }

    pub(super) fn rendering(document: DocumentId, checksum: &Checksum) -> Self {
        let sk = format!("{}{checksum}", Kind::Rendering.prefix());
        Self::new(Self::of_document(document), sk)
    }

    /// Whose an alias is.
    pub(super) fn document_alias(org: &OrganizationSlug, alias: &Alias) -> Self {
        let [org, alias] = [org.as_str(), alias.as_str()].map(part);
        Self::new(format!("ALIAS#{org}#{alias}"), "CLAIM")
    }

    /// The partition of an organization's documents in the order of creation, which is that of their numbers.
    pub(super) fn document_rows(org: &OrganizationSlug) -> String {
        format!("DOCUMENTS#{}", part(org.as_str()))
    }

    pub(super) fn document_row(org: &OrganizationSlug, id: DocumentId) -> Self {
        Self::new(Self::document_rows(org), digits(id.0))
    }

    /// The document that a row's sort key names, if it is one.
    pub(super) fn document_of_row(sk: &str) -> Option<DocumentId> {
        Self::is_number(sk).then(|| sk.parse().ok()).flatten()
    }

    pub(super) fn document_counter() -> Self {
        Self::new("COUNTERS", "DOCUMENTS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_by_their_numbers_and_apart_from_all_else() {
        let id = DocumentId(7);
        let numbers = ["1.2", "1.10", "2.0", "10.0", "99999.99999"];
        let keys = numbers.map(|number| Key::version(id, number.parse().unwrap()));
        assert!(keys.is_sorted());
        assert_eq!(keys[1].sk, "V#00001#00010");
        let rendering = Key::rendering(id, &"0".repeat(64).parse().unwrap());
        for other in [&rendering, &Key::document(id)] {
            assert_eq!(other.pk, keys[0].pk);
            assert!(!other.sk.starts_with(Kind::Version.prefix()));
        }
        assert!(!Key::document(id).sk.starts_with(Kind::Rendering.prefix()));
    }

    #[test]
    fn a_row_names_its_document_and_sorts_by_its_number() {
        let org = OrganizationSlug::default();
        let rows = [9, 10, 999_999_999_999].map(|id| Key::document_row(&org, DocumentId(id)));
        assert!(rows.is_sorted());
        assert_eq!(Key::document_of_row(&rows[1].sk), Some(DocumentId(10)));
        for garbage in ["", "12", "DOCUMENT", "-00000000012", "0000000000012"] {
            assert_eq!(Key::document_of_row(garbage), None, "{garbage}");
        }
    }
}
