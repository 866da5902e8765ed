use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::edition::{Blueprint, CopyOrder, Pointer, Tracking};
use crate::id::{BuildId, Generation, ManifestId};
use crate::kind::{Kind, Retention};
use crate::organization::Layout;
use crate::product::Product;
use crate::tracking::TrackingMode;

fn organization() -> Organization {
    Organization {
        slug: crate::slug::OrganizationSlug::default(),
        title: "Example".parse().unwrap(),
        layout: Layout::Path,
        domain: "example.org".into(),
        path_prefix: String::new(),
        scheme: "https".into(),
        bucket: "docs".into(),
        fastly_domain: String::new(),
        fastly_service: None,
        fastly_key: None,
        ticket_url: None,
        default_edition: "main".parse().unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
        policy: crate::organization::Policy::default(),
        revision: crate::id::Revision::NEW,
    }
}

fn slug(raw: &str) -> EditionSlug {
    raw.parse().unwrap()
}

/// An edition that shows a build.
fn edition(id: u64, name: &str) -> Edition {
    let product = Product {
        organization: "default".parse().unwrap(),
        slug: "alpha".parse().unwrap(),
        title: "Alpha".parse().unwrap(),
        doc_repo: "https://example.org/alpha".parse().unwrap(),
        root_domain: None,
        root_fastly_domain: None,
        surrogate_key: SurrogateKey::from_bytes([0; 16]),
        created_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        next_build_slug: 1,
        policy: crate::product::ProductPolicy::default(),
        doom: None,
        revision: crate::id::Revision::NEW,
    };
    let tracking = Tracking {
        mode: TrackingMode::Manual,
        refs: None,
        alternate: None,
    };
    let key = SurrogateKey::from_bytes([id as u8; 16]);
    let at = Timestamp::UNIX_EPOCH;
    let blueprint = Blueprint {
        slug: slug(name),
        title: "x".parse().unwrap(),
        tracking,
        kind: Kind::Draft,
        retention: Retention::default(),
    };
    let edition = product.edition(EditionId(id), blueprint, key, at);
    let pointer = Pointer {
        build: BuildId(1),
        build_slug: "1".parse().unwrap(),
        manifest: ManifestId::from_bytes([1; 16]),
        git_refs: crate::git::GitRefs::parse(&["x"]).unwrap(),
        generation: Generation(1),
        formats: std::collections::BTreeMap::new(),
    };
    Edition {
        generation: Generation(1),
        desired: Some(pointer.clone()),
        ..edition
    }
    .finish_copy(&pointer, at)
    .finish_purge(&pointer, at)
}

fn renaming(to: &str) -> Renaming {
    Renaming {
        to: slug(to),
        task: TaskId::from_bytes([9; 16]),
    }
}

fn renamed(edition: Edition, to: &str) -> Edition {
    let edition = edition.begin_rename(renaming(to), Vec::new()).republish();
    let pointer = edition.desired.clone().unwrap();
    edition.finish_copy(&pointer, Timestamp::UNIX_EPOCH).arrive()
}

#[test]
fn an_edition_may_have_a_free_name_that_is_nobodys_own() {
    let on_its_way = edition(3, "c").begin_rename(renaming("d"), Vec::new());
    let mut there = edition(7, "usdf--main");
    there.tracking.alternate = Some("usdf".parse().unwrap());
    let all = [
        edition(1, "main"),
        edition(2, "b"),
        on_its_way.clone(),
        edition(4, "gone").end(Timestamp::UNIX_EPOCH),
        renamed(edition(5, "had"), "has"),
        there.clone(),
    ];
    let outside = RenameError::OutsideAlternate("usdf".parse().unwrap());
    let may = |edition: &Edition, to: &str| edition.may_be_named(&slug(to), &organization(), &all);
    let b = &all[1];
    for (edition, to, expected) in [
        (&all[0], "x", Err(RenameError::OfDefault(slug("main")))),
        (b, "main", Err(RenameError::ToDefault(slug("main")))),
        (b, "c", Err(RenameError::Taken(slug("c")))),
        (b, "d", Err(RenameError::Taken(slug("d")))),
        (b, "has", Err(RenameError::Taken(slug("has")))),
        (b, "had", Ok(())),
        (b, "gone", Ok(())),
        (b, "b.1", Ok(())),
        (&there, "usdf--x", Ok(())),
        (&there, "usdf-dev--x", Err(outside.clone())),
        (&there, "x", Err(outside)),
        (&all[3], "x", Err(RenameError::Ended(slug("gone")))),
        (
            &on_its_way,
            "x",
            Err(RenameError::UnderWay {
                from: slug("c"),
                to: slug("d"),
            }),
        ),
    ] {
        assert_eq!(may(edition, to), expected, "{} to {to}", edition.slug);
    }
    let mut often = edition(6, "e");
    for n in 0..MAX_FORMER {
        often = renamed(often, &format!("e{n}"));
    }
    assert_eq!(may(&often, "x"), Err(RenameError::TooOften(often.slug.clone())));
    assert_eq!(may(&often, "e3"), Ok(()), "back to one of its own");
}

#[test]
fn a_rename_is_a_move_to_another_place_that_trusts_nothing_there() {
    let before = edition(1, "v1");
    let begun = before
        .clone()
        .begin_rename(renaming("v1-new"), Vec::new())
        .republish();
    assert_eq!(
        (begun.slug.as_str(), begun.place().as_str()),
        ("v1", "alpha/v/v1-new/")
    );
    assert_eq!(begun.published, before.published);
    assert!(begun.is_pending() && begun.copied.is_none());
    assert_eq!(begun.copy_order(Generation(1)), CopyOrder::Superseded);
    assert_eq!(begun.copy_order(Generation(2)), CopyOrder::Start);
    let arrived = begun.arrive();
    assert_eq!(arrived.place(), arrived.prefix());
    assert_eq!(
        (arrived.slug.as_str(), arrived.former),
        ("v1-new", vec![slug("v1")])
    );
}

#[test]
fn a_former_name_leads_to_its_edition_until_somebody_takes_it() {
    let moved = renamed(renamed(edition(1, "a"), "b"), "c");
    assert_eq!(moved.former, [slug("b"), slug("a")]);
    let all = [moved.clone(), edition(2, "x")];
    for name in ["a", "b"] {
        let becomes = retirement(&all, EditionId(1), &slug(name));
        assert_eq!(becomes, Retirement::Redirect(slug("c")), "{name}");
    }
    assert_eq!(retirement(&all, EditionId(1), &slug("z")), Retirement::Leave);

    let yielded = giving_way(&all, EditionId(2), &slug("a"));
    assert_eq!(yielded.len(), 1);
    assert_eq!(yielded[0].former, [slug("b")]);
    let empty = Edition {
        published: None,
        copied: None,
        ..edition(2, "a")
    };
    let has = |taker: &Edition| retirement(&[yielded[0].clone(), taker.clone()], EditionId(1), &slug("a"));
    assert_eq!(has(&empty), Retirement::Empty);
    assert_eq!(has(&edition(2, "a")), Retirement::Leave);
    assert_eq!(
        has(&edition(2, "a").end(Timestamp::UNIX_EPOCH)),
        Retirement::Leave
    );
    // Going away from it, its files are still there.
    let leaving = edition(2, "a").begin_rename(renaming("z"), Vec::new());
    assert_eq!(has(&leaving), Retirement::Leave);
    let coming = edition(2, "y").begin_rename(renaming("a"), Vec::new());
    assert_eq!(has(&coming), Retirement::Empty);
}

#[test]
fn what_the_cdn_may_hold_of_others_is_forgotten_once() {
    let all = [
        edition(1, "v1"),
        edition(2, "v2").end(Timestamp::UNIX_EPOCH),
        renamed(edition(3, "v2"), "x"),
        edition(4, "y"),
    ];
    let stale = stale_keys(&all, &all[0], &slug("v2"));
    assert_eq!(
        stale,
        [&all[1], &all[2]].map(|edition| edition.surrogate_key.clone())
    );
    let begun = all[0]
        .clone()
        .begin_rename(renaming("v2"), stale.clone())
        .republish();
    let late = begun.clone().forget_stale(Generation(1), &stale);
    assert_eq!(late.stale_keys, stale, "an older purge came before the copy");
    assert!(begun.forget_stale(Generation(2), &stale).stale_keys.is_empty());
}

proptest! {
    /// Whatever is renamed, taken and deleted: a name has at most one owner or redirect, and every redirect leads to a name
    /// that its edition has.
    #[test]
    fn a_name_belongs_to_one_edition(steps in proptest::collection::vec((0usize..4, 0usize..6, 0u8..5), 0..40)) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let mut all: Vec<Edition> = (0..4).map(|n| edition(n as u64 + 1, names[n])).collect();
        for (at, to, what) in steps {
            match what {
                0..=2 => {
                    let to = slug(names[to]);
                    if all[at].slug == to || all[at].may_be_named(&to, &organization(), &all).is_err() {
                        continue;
                    }
                    let id = all[at].id;
                    for yielded in giving_way(&all, id, &to) {
                        let place = all.iter().position(|edition| edition.id == yielded.id).unwrap();
                        all[place] = yielded;
                    }
                    let begun = all[at].clone().begin_rename(renaming(to.as_str()), Vec::new());
                    all[at] = if what == 2 { begun } else { begun.arrive() };
                }
                3 => all[at] = all[at].clone().arrive(),
                _ => all[at] = all[at].clone().end(Timestamp::UNIX_EPOCH).abandon_rename(),
            }
            for name in names {
                let name = slug(name);
                let owners = all.iter().filter(|edition| edition.holds(&name)).count();
                let leading = all.iter().filter(|edition| edition.former.contains(&name)).count();
                prop_assert!(owners <= 1 && leading <= 1 && owners + leading <= 1, "{name}: {owners}, {leading}");
            }
        }
    }
}
