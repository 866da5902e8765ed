use futures_util::future::join_all;
use imprint_app::ports::{Installed, RegistryChange, Used};
use imprint_domain::registry::{ComponentName, DoctorReport, Gone, Trust};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::{NANOSECOND, Place, Store, half_past};
use crate::samples::{NOON, after_noon, parsed};

const TODAY: Date = date(2026, 1, 1);

fn installed(component: &str, version: &str) -> Installed {
    (parsed(component), parsed(version))
}

async fn note(place: &Place<'_>, versions: &[Installed], trust: Trust, at: Timestamp) {
    place
        .registry
        .note_use(&place.org, versions, trust, at)
        .await
        .unwrap();
}

async fn in_use(place: &Place<'_>, component: &str, since: Timestamp) -> Vec<Used> {
    let component: ComponentName = parsed(component);
    let mut uses = place
        .registry
        .in_use(&place.org, &component, since)
        .await
        .unwrap();
    uses.sort();
    uses
}

fn used(version: &str, trust: Trust, at: Timestamp) -> Used {
    Used {
        version: parsed(version),
        trust,
        at,
    }
}

pub(super) async fn a_use_is_noted_with_its_latest_time_and_by_who_said_so(store: Store<'_>) {
    let place = Place::new(store);
    assert_eq!(in_use(&place, "handbook", Timestamp::UNIX_EPOCH).await, []);
    let many: Vec<Installed> = (0..20).map(|n| installed("other", &format!("1.{n}"))).collect();
    note(&place, &many, Trust::Verified, NOON).await;
    note(&place, &[], Trust::Verified, NOON).await;
    let one = installed("handbook", "1.0");
    let two = installed("handbook", "1.0-U+~_x");
    note(&place, &[one.clone(), two], Trust::Unverified, half_past(NOON)).await;
    // Later, earlier, and at the same time.
    for at in [NOON, half_past(NOON), NOON + NANOSECOND, half_past(NOON)] {
        note(&place, std::slice::from_ref(&one), Trust::Verified, at).await;
    }
    note(&place, std::slice::from_ref(&one), Trust::Unverified, NOON).await;
    let verified = used("1.0", Trust::Verified, half_past(NOON));
    let unverified = ["1.0", "1.0-U+~_x"].map(|version| used(version, Trust::Unverified, half_past(NOON)));
    let expected = [vec![verified], unverified.to_vec()].concat();
    assert_eq!(in_use(&place, "handbook", Timestamp::UNIX_EPOCH).await, expected);
    assert_eq!(in_use(&place, "handbook", half_past(NOON)).await, expected);
    assert_eq!(in_use(&place, "handbook", half_past(NOON) + NANOSECOND).await, []);
    note(&place, &[one], Trust::Verified, after_noon(1)).await;
    let newer = used("1.0", Trust::Verified, after_noon(1));
    assert_eq!(
        in_use(&place, "handbook", half_past(NOON) + NANOSECOND).await,
        [newer]
    );
    assert_eq!(in_use(&place, "other", NOON).await.len(), 20);
    assert_eq!(in_use(&place, "hand", NOON).await, []);
}

pub(super) async fn a_source_takes_no_more_than_its_share(store: Store<'_>) {
    let place = Place::new(store);
    let spend = async |source: &str, day: Date, thing: &str, most: u64| {
        place
            .registry
            .spend(&place.org, source, day, thing, most)
            .await
            .unwrap()
    };
    assert!(!spend("a", TODAY, "x", 0).await);
    assert!(spend("a", TODAY, "x", 2).await);
    assert!(spend("a", TODAY, "y#1", 2).await);
    assert!(!spend("a", TODAY, "z", 2).await);
    assert!(spend("a", TODAY, "x", 2).await, "the same again takes none");
    assert!(spend("a", TODAY, "y#1", 1).await, "also when less may be taken");
    assert!(spend("a", TODAY, "z", 3).await);
    assert!(spend("b", TODAY, "z", 1).await);
    assert!(spend("a#b", TODAY, "z", 1).await);
    assert!(spend("a", date(2026, 1, 2), "z", 1).await);
    assert!(!spend("a", TODAY, "more", 3).await);
}

pub(super) async fn of_many_takers_at_once_no_more_than_the_share_succeed(store: Store<'_>) {
    let place = Place::new(store);
    let things: Vec<String> = (0..20).map(|n| format!("thing {n}")).collect();
    let takers = things
        .iter()
        .map(|thing| place.registry.spend(&place.org, "a", TODAY, thing, 7));
    let taken = join_all(takers).await;
    assert_eq!(
        taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(),
        7
    );
}

async fn gone_of(place: &Place<'_>, versions: &[Installed]) -> Vec<Installed> {
    let mut gone = place.registry.news(&place.org, &[], versions).await.unwrap().gone;
    gone.sort();
    gone
}

pub(super) async fn documentation_is_gone_until_it_is_there_again(store: Store<'_>) {
    let place = Place::new(store);
    let gone = |component: &str, version: &str| Gone {
        organization: place.org.clone(),
        component: parsed(component),
        version: parsed(version),
    };
    let (one, two) = (gone("handbook", "1.0"), gone("handbook", "2.0"));
    for _ in 0..2 {
        let put = [one.clone(), two.clone()].map(RegistryChange::PutGone);
        place.commit(put).await;
    }
    let mut asked = vec![installed("handbook", "1.0"), installed("handbook", "2.0")];
    asked.extend(["1", "1.0.0", "v1.0", "HEAD"].map(|version| installed("handbook", version)));
    asked.push(installed("other", "1.0"));
    assert_eq!(gone_of(&place, &asked).await, asked[..2]);
    assert_eq!(gone_of(&place, &asked[1..]).await, asked[1..2]);
    for _ in 0..2 {
        place.commit([RegistryChange::RemoveGone(one.clone())]).await;
    }
    assert_eq!(gone_of(&place, &asked).await, asked[1..2]);

    // Heads are asked for at the same time, and more than fit into one request.
    place
        .publish(&place.release("handbook/stable", "2.0", NOON))
        .await;
    let train = parsed("handbook/stable");
    asked.extend((0..150).map(|n| installed("other", &format!("2.{n}"))));
    let news = place.registry.news(&place.org, &[train], &asked).await.unwrap();
    assert_eq!((news.heads.len(), news.gone.as_slice()), (1, &asked[1..2]));
}

pub(super) async fn the_first_report_of_an_identity_stays(store: Store<'_>) {
    let place = Place::new(store);
    let id = "7e57d004-2b97-4e7a-b45f-5387367791cd";
    let first = DoctorReport::of(place.org.clone(), parsed(id), b"first", half_past(NOON));
    assert_eq!(
        place.registry.doctor_report(&place.org, &first.id).await.unwrap(),
        None
    );
    let create = |report: &DoctorReport| [RegistryChange::CreateDoctorReport(report.clone())];
    place.commit(create(&first)).await;
    let other = DoctorReport::of(place.org.clone(), parsed(id), b"other", after_noon(1));
    for report in [&first, &other] {
        place.conflict(create(report)).await;
        let stored = place
            .registry
            .doctor_report(&place.org, &report.id)
            .await
            .unwrap();
        assert_eq!(stored.as_ref(), Some(&first));
    }
}

pub(super) async fn an_organization_never_sees_anothers_notes(store: Store<'_>) {
    let (place, other) = (Place::new(store), Place::new(store));
    let version = installed("handbook", "1.0");
    note(&place, std::slice::from_ref(&version), Trust::Verified, NOON).await;
    let gone = Gone {
        organization: place.org.clone(),
        component: version.0.clone(),
        version: version.1.clone(),
    };
    let id = parsed("7e57d004-2b97-4e7a-b45f-5387367791cd");
    let report = DoctorReport::of(place.org.clone(), id, b"report", NOON);
    place
        .commit([
            RegistryChange::PutGone(gone),
            RegistryChange::CreateDoctorReport(report.clone()),
        ])
        .await;
    assert!(
        place
            .registry
            .spend(&place.org, "a", TODAY, "x", 1)
            .await
            .unwrap()
    );

    assert_eq!(in_use(&other, "handbook", NOON).await, []);
    assert_eq!(gone_of(&other, &[version]).await, []);
    assert_eq!(
        other
            .registry
            .doctor_report(&other.org, &report.id)
            .await
            .unwrap(),
        None
    );
    assert!(
        other
            .registry
            .spend(&other.org, "a", TODAY, "y", 1)
            .await
            .unwrap()
    );
    let others = DoctorReport {
        organization: other.org.clone(),
        ..report
    };
    other.commit([RegistryChange::CreateDoctorReport(others)]).await;
}
