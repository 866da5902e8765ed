use std::collections::BTreeMap;

use imprint_app::ports::RegistryChange;
use imprint_domain::registry::{ComponentName, Population};

use super::{Place, Store};
use crate::samples::parsed;

fn put(place: &Place<'_>, component: &str, population: Population) -> RegistryChange {
    RegistryChange::PutPopulation {
        organization: place.org.clone(),
        component: parsed(component),
        population,
    }
}

fn population(versions: &[(&str, u64)]) -> Population {
    let versions = versions.iter().map(|(version, count)| (parsed(version), *count));
    versions.collect()
}

async fn of(place: &Place<'_>, component: &str) -> Option<Population> {
    place
        .registry
        .population(&place.org, &parsed(component))
        .await
        .unwrap()
}

async fn all(place: &Place<'_>) -> BTreeMap<ComponentName, Population> {
    place.registry.populations(&place.org).await.unwrap()
}

pub(super) async fn a_population_is_the_one_that_was_put_last(store: Store<'_>) {
    let place = Place::new(store);
    assert_eq!(
        (of(&place, "handbook").await, all(&place).await),
        (None, BTreeMap::new())
    );
    let many = (0..500).map(|n| (parsed(&format!("{n}.0-{}", "x".repeat(50))), u64::MAX - n));
    let many: Population = many.collect();
    let first = population(&[("1.0", 7), ("2.0+~_x", 1)]);
    // The very same once more is no conflict either.
    for _ in 0..2 {
        let both = [
            put(&place, "handbook", first.clone()),
            put(&place, "hand", many.clone()),
        ];
        place.commit(both).await;
    }
    assert_eq!(of(&place, "handbook").await, Some(first.clone()));
    assert_eq!(of(&place, "hand").await, Some(many.clone()));
    let expected = [(parsed("hand"), many.clone()), (parsed("handbook"), first)];
    assert_eq!(all(&place).await, expected.into());

    let second = population(&[("3.0", 2)]);
    place.commit([put(&place, "handbook", second.clone())]).await;
    assert_eq!(of(&place, "handbook").await, Some(second));
    for _ in 0..2 {
        place.commit([put(&place, "handbook", Population::new())]).await;
    }
    assert_eq!(of(&place, "handbook").await, None);
    assert_eq!(all(&place).await, [(parsed("hand"), many)].into());
}

pub(super) async fn an_organization_never_sees_anothers_populations(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    place
        .commit([put(&place, "handbook", population(&[("1.0", 1)]))])
        .await;
    assert_eq!((of(&other, "handbook").await, all(&other).await.len()), (None, 0));
}
