use imprint_app::ports::{Catalog, Change, StoreError};
use imprint_domain::access::{Member, Role};
use imprint_domain::organization::{Layout, Organization};

use super::{MANY, Place};
use crate::samples::{self, NOON, parsed};

fn organization(place: &Place<'_>) -> Organization {
    Organization {
        slug: place.org.clone(),
        layout: Layout::Path,
        path_prefix: "/docs".to_owned(),
        fastly_key: Some(parsed("00ff")),
        ..samples::organization()
    }
}

fn stored(organization: Organization) -> Organization {
    Organization {
        revision: organization.revision.next(),
        ..organization
    }
}

pub(super) async fn an_organization_is_read_as_it_was_created_and_created_only_once(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let new = organization(&place);
    assert_eq!(catalog.organization(&place.org).await.unwrap(), None);
    place.commit(vec![Change::CreateOrganization(new.clone())]).await;
    let read = catalog.organization(&place.org).await.unwrap();
    assert_eq!(read, Some(stored(new.clone())));
    place.conflict(vec![Change::CreateOrganization(new)]).await;
}

pub(super) async fn an_update_of_an_organization_needs_its_revision(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let new = organization(&place);
    place
        .conflict(vec![Change::UpdateOrganization(new.clone())])
        .await;
    place.commit(vec![Change::CreateOrganization(new.clone())]).await;
    let changed = Organization {
        title: parsed("Changed"),
        fastly_key: None,
        ..stored(new.clone())
    };
    place
        .commit(vec![Change::UpdateOrganization(changed.clone())])
        .await;
    place
        .conflict(vec![Change::UpdateOrganization(stored(new))])
        .await;
    let read = catalog.organization(&place.org).await.unwrap();
    assert_eq!(read, Some(stored(changed)));
}

pub(super) async fn organizations_are_listed_by_slug(catalog: &dyn Catalog) {
    let mut slugs = Vec::new();
    for _ in 0..3 {
        let place = Place::new(catalog);
        place
            .commit(vec![Change::CreateOrganization(organization(&place))])
            .await;
        slugs.push(place.org);
    }
    slugs.sort();
    let all = catalog.organizations(MANY, None).await.unwrap();
    assert_eq!(all.next, None);
    let listed: Vec<_> = all.items.iter().map(|one| &one.slug).collect();
    assert!(listed.is_sorted());
    assert!(slugs.iter().all(|slug| listed.contains(&slug)));
    // One at a time gives the same.
    let (mut one_by_one, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = catalog.organizations(1, cursor.as_deref()).await.unwrap();
        one_by_one.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(one_by_one, all.items);
    let unknown = catalog.organizations(1, Some("no cursor at all")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
}

pub(super) async fn members_are_listed_by_name_until_they_are_removed(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let member = |name: &str, role| Member {
        organization: place.org.clone(),
        user: parsed(name),
        role,
    };
    let (jo, ann) = (member("jo #1", Role::Reader), member("Ünn %23", Role::Admin));
    for member in [&ann, &jo] {
        place.commit(vec![Change::PutMember(member.clone())]).await;
    }
    let promoted = member("jo #1", Role::Uploader);
    place.commit(vec![Change::PutMember(promoted.clone())]).await;
    let first = catalog.members(&place.org, 1, None).await.unwrap();
    assert_eq!(first.items, std::slice::from_ref(&promoted));
    let second = catalog
        .members(&place.org, 1, first.next.as_deref())
        .await
        .unwrap();
    assert_eq!((second.items, second.next), (vec![ann.clone()], None));
    for _ in 0..2 {
        place.commit(vec![Change::RemoveMember(promoted.clone())]).await;
    }
    let left = catalog.members(&place.org, MANY, None).await.unwrap();
    assert_eq!(left.items, [ann]);
    let elsewhere = Place::new(catalog);
    let others = catalog.members(&elsewhere.org, MANY, None).await.unwrap();
    assert!(others.items.is_empty());
}

pub(super) async fn builds_and_live_editions_are_found_by_their_slugs(catalog: &dyn Catalog) {
    let (place, product) = Place::with_product(catalog).await;
    let build = place.build(&product, "b-1").await;
    let edition = place.edition(&product, "v1.0").await;
    place
        .commit(vec![
            Change::CreateBuild(build.clone()),
            Change::CreateEdition(edition.clone()),
        ])
        .await;
    let org = &place.org;
    let found = catalog
        .build_with_slug(org, &product.slug, &build.slug)
        .await
        .unwrap();
    assert_eq!(found.map(|found| found.id), Some(build.id));
    let none = catalog
        .build_with_slug(org, &product.slug, &parsed("b-2"))
        .await
        .unwrap();
    assert_eq!(none, None);
    let by_slug = || catalog.edition_with_slug(org, &product.slug, &edition.slug);
    let found = by_slug().await.unwrap().expect("it is live");
    assert_eq!(found.id, edition.id);
    let (other, without) = (place.product("other"), place.product("without"));
    let of_other = place.edition(&other, "v1.0").await;
    place
        .commit(vec![
            Change::CreateProduct(other.clone()),
            Change::CreateProduct(without.clone()),
            Change::CreateEdition(of_other.clone()),
        ])
        .await;
    let products = [other.slug, without.slug, product.slug.clone(), parsed("nothing")];
    let of_several = || catalog.editions_with_slug(org, &products, &edition.slug);
    let mut ids: Vec<_> = of_several().await.unwrap().iter().map(|one| one.id).collect();
    ids.sort();
    assert_eq!(ids, [edition.id, of_other.id]);
    let of_none = catalog.editions_with_slug(org, &[], &edition.slug);
    assert_eq!(of_none.await.unwrap(), []);
    place.commit(vec![Change::EndEdition(found.end(NOON))]).await;
    assert_eq!(by_slug().await.unwrap(), None);
    let left: Vec<_> = of_several().await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(left, [of_other.id]);
    let successor = place.edition(&product, "v1.0").await;
    place.commit(vec![Change::CreateEdition(successor.clone())]).await;
    let found = by_slug().await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(successor.id));
}
