//! Keys of objects, as events of a bucket name them, and what readers ask for.

use imprint_domain::document::Incoming;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::layout::{edition_of_path, instead_of_path, object_of_organization_path, object_of_path};
use imprint_domain::organization::Organization;
use imprint_domain::slug::{OrganizationSlug, ProductSlug};
use proptest::prelude::*;

use crate::hostile;

fn organization(slug: &str) -> Organization {
    let stored = serde_json::json!({
        "slug": slug, "title": "Example", "layout": "path", "domain": "www.example.org", "path_prefix": "/docs",
        "scheme": "https", "bucket": "docs", "fastly_domain": "", "default_edition": "main",
        "created_at": "2031-01-01T00:00:00Z", "revision": 1,
    });
    serde_json::from_value(stored).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_key_names_a_build_or_an_image_only_as_we_would(raw in hostile()) {
        let key = ObjectKey::new(raw);
        if let Some(build) = key.completed_build() {
            let again = ObjectKey::completion_marker(build);
            prop_assert_eq!(again.completed_build(), Some(build));
        }
        if let Some(incoming) = Incoming::read(&key) {
            prop_assert_eq!(Incoming::read(&incoming.key()), Some(incoming.clone()));
            prop_assert!(key.as_str().starts_with(KeyPrefix::incoming().as_str()));
        }
    }

    /// Whatever a reader asks for below a product, the object that answers belongs to the product.
    #[test]
    fn no_path_leads_out_of_its_product(path in hostile(), org in prop::sample::select(&["default", "acme"][..])) {
        let organization = organization(org);
        let product: ProductSlug = "alpha".parse().unwrap();
        let own = KeyPrefix::product(&organization.slug, &product);
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        if let Some(key) = object_of_path(&organization, &product, &path) {
            prop_assert!(key.as_str().starts_with(own.as_str()), "{key:?}");
            prop_assert!(!key.as_str().split('/').any(|part| part == ".." || part == "."), "{key:?}");
        }
        if let Some((directory, rest)) = edition_of_path(&organization, &product, &path) {
            prop_assert!(directory.as_str().starts_with(own.as_str()), "{directory:?}");
            prop_assert!(rest.is_empty() || rest.starts_with('/'));
        }
        let _page = instead_of_path(&organization, &product, &path);
        if let Some(key) = object_of_organization_path(&organization, &path) {
            let root = if org == OrganizationSlug::default().as_str() { "" } else { "_orgs/acme/" };
            let page = key.as_str().strip_prefix(root).unwrap();
            prop_assert!(!page.contains('/'), "{key:?}");
        }
    }
}
