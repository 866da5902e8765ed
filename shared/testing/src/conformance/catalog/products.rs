use imprint_app::ports::{Catalog, Change};
use imprint_domain::artifact::{Derivation, Format};
use imprint_domain::product::{Product, ProductPolicy};
use imprint_domain::rules::SemverEditions;
use imprint_domain::slug_rules::SlugRules;

use super::{Place, ascending, half_past, stored_product};
use crate::samples::{NOON, parsed};

pub(super) async fn a_product_is_read_as_it_was_created(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let plain = place.product("alpha");
    let full = Product {
        title: parsed("Späße & <b>\"more\"</b>"),
        root_domain: Some("docs.example.com".to_owned()),
        root_fastly_domain: Some("cdn.example.com".to_owned()),
        created_at: half_past(NOON),
        ended_at: Some(half_past(NOON)),
        next_build_slug: 17,
        policy: ProductPolicy {
            slug_rules: Some(SlugRules::default()),
            semver_editions: Some(SemverEditions::MajorAndMinor),
            retention: None,
            derive: Some(Derivation([Format::Search].into())),
        },
        doom: None,
        ..place.product("beta")
    };
    for product in [plain, full] {
        assert_eq!(place.stored(&product).await, None);
        place.commit(vec![Change::CreateProduct(product.clone())]).await;
        assert_eq!(
            place.stored(&product).await,
            Some(stored_product(product.clone()))
        );
        let elsewhere = Place::new(catalog);
        assert_eq!(elsewhere.stored(&product).await, None);
    }
}

pub(super) async fn a_product_is_created_only_once(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let again = Product {
        title: parsed("Another"),
        ..place.product("alpha")
    };
    place.conflict(vec![Change::CreateProduct(again)]).await;
    assert_eq!(place.stored(&product).await, Some(product));
}

pub(super) async fn an_update_needs_the_revision_that_is_stored(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let changed = Product {
        title: parsed("Changed"),
        root_domain: Some("docs.example.com".to_owned()),
        ..product.clone()
    };
    place.commit(vec![Change::UpdateProduct(changed.clone())]).await;
    let changed = stored_product(changed);
    assert_eq!(place.stored(&product).await, Some(changed.clone()));

    place.conflict(vec![Change::UpdateProduct(product.clone())]).await;
    let from_the_future = stored_product(changed.clone());
    place.conflict(vec![Change::UpdateProduct(from_the_future)]).await;
    let unknown = place.product("unknown");
    place.conflict(vec![Change::UpdateProduct(unknown)]).await;
    assert_eq!(place.stored(&product).await, Some(changed.clone()));

    let cleared = Product {
        root_domain: None,
        ..changed
    };
    place.commit(vec![Change::UpdateProduct(cleared.clone())]).await;
    assert_eq!(place.stored(&product).await, Some(stored_product(cleared)));
}

pub(super) async fn products_are_listed_in_the_order_of_creation(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let slugs = ["delta", "alpha", "echo", "charlie", "bravo"];
    for (slug, created_at) in slugs.into_iter().zip(ascending(NOON)) {
        let product = Product {
            created_at,
            ..place.product(slug)
        };
        place.commit(vec![Change::CreateProduct(product)]).await;
    }
    let changed = Product {
        title: parsed("Changed"),
        ..place.stored(&place.product("alpha")).await.unwrap()
    };
    place.commit(vec![Change::UpdateProduct(changed)]).await;

    for limit in [2, 5, 100] {
        assert_eq!(listed(&place, limit).await, slugs, "in pages of {limit}");
    }
}

pub(super) async fn an_organization_without_products_has_an_empty_list(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    assert_eq!(listed(&place, 10).await, Vec::<String>::new());
}

/// The slugs of all pages.
async fn listed(place: &Place<'_>, limit: usize) -> Vec<String> {
    let mut slugs = Vec::new();
    let mut cursor = None;
    for _ in 0..100 {
        let page = place
            .catalog
            .products(&place.org, limit, cursor.as_deref())
            .await
            .unwrap();
        assert!(page.items.len() <= limit);
        slugs.extend(page.items.iter().map(|product| product.slug.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return slugs;
        }
    }
    panic!("the list does not end");
}
