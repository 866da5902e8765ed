use proptest::prelude::*;
use serde::de::DeserializeOwned;

use super::*;

fn build(number: u64, git_ref: &str) -> keeper::Build {
    keeper::Build {
        number,
        slug: number.to_string(),
        git_refs: vec![git_ref.to_owned()],
        github_requester: None,
        is_uploaded: true,
        has_ended: false,
        bucket: Some("lsst-the-docs".to_owned()),
    }
}

fn edition(slug: &str, shows: Shows) -> keeper::Edition {
    keeper::Edition {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        mode: "git_refs".to_owned(),
        tracked_refs: Some(vec![slug.to_owned()]),
        shows,
        published_url: format!("https://pipelines.example.org/v/{slug}"),
        has_ended: false,
    }
}

fn site(builds: Vec<keeper::Build>, editions: Vec<keeper::Edition>) -> Site {
    Site {
        product: keeper::Product {
            title: "Pipelines".to_owned(),
            doc_repo: "https://github.com/example/pipelines".to_owned(),
            root_domain: "example.org".to_owned(),
            root_fastly_domain: "global.ssl.fastly.net".to_owned(),
            published_url: "https://pipelines.example.org".to_owned(),
        },
        builds,
        editions,
        unread: Vec::new(),
    }
}

fn parsed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn build_here(number: u64, slug: &str, git_ref: &str, more: Value) -> imprint::Build {
    let mut here = json!({"self_url": format!("https://i.example.org/builds/{number}"), "slug": slug,
        "git_refs": [git_ref], "uploaded": true, "date_ended": null});
    here.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    parsed(here)
}

fn edition_here(slug: &str, more: Value) -> imprint::Edition {
    let mut here = json!({"self_url": "https://i.example.org/editions/1", "slug": slug, "title": slug,
        "mode": "git_refs", "tracked_refs": [slug], "build_url": null, "kind": "draft",
        "pending_rebuild": false, "failure": null, "queue_url": null});
    here.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    parsed(here)
}

fn verdicts(plans: &[BuildPlan]) -> Vec<(u64, &Verdict)> {
    plans.iter().map(|plan| (plan.number, &plan.verdict)).collect()
}

fn created(plans: &[BuildPlan]) -> Vec<u64> {
    let created = plans.iter().filter(|plan| plan.verdict == Verdict::Create);
    created.map(|plan| plan.number).collect()
}

fn refusal(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Refuse(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn builds_are_taken_as_they_are_asked_for() {
    let mut builds: Vec<keeper::Build> = (1..=6).map(|number| build(number, "main")).collect();
    builds[1].has_ended = true;
    builds[4].is_uploaded = false;
    let site = site(builds, vec![edition("v1", Shows::Build(3))]);
    for (wanted, numbers) in [
        ("all", &[1, 3, 4, 6][..]),
        ("current", &[3]),
        ("1", &[3, 6]),
        ("2", &[3, 4, 6]),
        ("0", &[3]),
    ] {
        let plans = super::builds(&site, &[], wanted.parse().unwrap());
        assert_eq!(created(&plans), numbers, "{wanted}");
    }
    assert!("some".parse::<Wanted>().is_err());
}

#[test]
fn a_deleted_build_is_taken_while_an_edition_shows_it() {
    let mut builds = vec![build(1, "main"), build(2, "main")];
    builds.iter_mut().for_each(|build| build.has_ended = true);
    let mut gone = edition("old", Shows::Build(2));
    gone.has_ended = true;
    let site = site(builds, vec![edition("main", Shows::Build(1)), gone]);
    assert_eq!(created(&super::builds(&site, &[], Wanted::All)), [1]);
}

#[test]
fn a_build_is_known_by_its_slug_and_its_refs() {
    let site = site((1..=5).map(|number| build(number, "main")).collect(), vec![]);
    let here = [
        build_here(11, "1", "main", json!({})),
        build_here(12, "2", "main", json!({"uploaded": false})),
        build_here(13, "3", "other", json!({})),
        build_here(14, "4", "main", json!({"date_ended": "2026-01-01T00:00:00Z"})),
    ];
    let plans = super::builds(&site, &here, Wanted::All);
    let verdicts: Vec<&Verdict> = verdicts(&plans).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!((verdicts[0], plans[0].here), (&Verdict::Present, Some(11)));
    assert_eq!((verdicts[1], plans[1].here), (&Verdict::Resume, Some(12)));
    assert!(refusal(verdicts[2]).contains("another build has its slug here, one of other"));
    assert!(refusal(verdicts[3]).contains("deleted here"));
    assert_eq!(verdicts[4], &Verdict::Create);
}

#[test]
fn what_imprint_would_refuse_is_refused_before_anything_is_sent() {
    let odd = |slug: &str, refs: &[&str]| keeper::Build {
        slug: slug.to_owned(),
        git_refs: refs.iter().map(|one| (*one).to_owned()).collect(),
        ..build(1, "main")
    };
    let long = "x".repeat(300);
    for (slug, refs, said) in [
        ("..", &["main"][..], "no such slugs"),
        ("b\n", &["main"], "no such slugs"),
        ("index.html", &["main"], "no such slugs"),
        ("b", &[], "git_refs"),
        ("b", &[long.as_str()], "git_refs"),
    ] {
        let plans = super::builds(&site(vec![odd(slug, refs)], vec![]), &[], Wanted::All);
        assert!(refusal(&plans[0].verdict).contains(said), "{slug} {refs:?}");
    }
    let twice = vec![
        odd("b", &["main"]),
        keeper::Build {
            number: 2,
            ..odd("b", &["main"])
        },
    ];
    let plans = super::builds(&site(twice, vec![]), &[], Wanted::All);
    assert!(refusal(&plans[1].verdict).contains("same slug"));
}

#[test]
fn a_product_waits_with_its_default_edition_and_keeps_its_domain_only_when_asked() {
    let site = site(vec![], vec![]);
    let new = product("pipelines", &site, None, Domains::Installation);
    assert_eq!(new.verdict, Verdict::Create);
    assert_eq!(
        new.body,
        json!({"slug": "pipelines", "title": "Pipelines", "doc_repo": "https://github.com/example/pipelines",
            "main_mode": "manual"})
    );
    let kept = product("pipelines", &site, None, Domains::Keep);
    assert_eq!(kept.body["root_domain"], "example.org");

    let here = |title: &str, ended: Option<&str>| {
        parsed(
            json!({"title": title, "doc_repo": "https://github.com/example/pipelines", "date_ended": ended}),
        )
    };
    let of = |here: imprint::Product| product("pipelines", &site, Some(&here), Domains::Keep).verdict;
    assert_eq!(of(here("Pipelines", None)), Verdict::Present);
    assert_eq!(of(here("Other", None)), Verdict::Update(vec!["title"]));
    assert!(refusal(&of(here("Other", Some("2026-01-01T00:00:00Z")))).contains("/restore"));
    let mut broken = site.clone();
    broken.product.doc_repo = "git@github.com:example/pipelines".to_owned();
    let verdict = product("pipelines", &broken, None, Domains::Keep).verdict;
    assert!(refusal(&verdict).contains("doc_repo"), "{verdict:?}");
}

fn planned(site: &Site, here: &[imprint::Edition], builds_here: &[imprint::Build]) -> Vec<EditionPlan> {
    let plans = super::builds(site, builds_here, Wanted::All);
    editions(site, here, builds_here, &targets(&plans))
}

#[test]
fn the_edition_at_the_root_becomes_the_one_at_the_root_whatever_its_name() {
    let root = keeper::Edition {
        published_url: "https://pipelines.example.org/".to_owned(),
        tracked_refs: Some(vec!["main".to_owned()]),
        ..edition("__main", Shows::Nothing)
    };
    let branch = edition("main", Shows::Nothing);
    let site = site(vec![], vec![branch, root.clone()]);
    let here = [edition_here(
        "main",
        json!({"kind": "main", "mode": "manual", "tracked_refs": null}),
    )];
    let plans = planned(&site, &here, &[]);
    assert!(
        refusal(&plans[0].verdict).contains("DefaultEdition=__main"),
        "{plans:?}"
    );
    assert_eq!((plans[1].slug.as_str(), plans[1].here), ("main", Some(1)));
    // Where the installation calls it as the keeper does, both are there.
    let here = [edition_here("__main", json!({"kind": "main"}))];
    let plans = planned(&site, &here, &[]);
    assert_eq!(plans[0].verdict, Verdict::Create);
    assert_eq!(plans[1].slug, "__main");
    // One without an address is known by its name.
    let nameless = keeper::Edition {
        published_url: String::new(),
        ..root
    };
    let site = Site {
        editions: vec![nameless],
        ..site
    };
    assert_eq!(planned(&site, &[], &[])[0].slug, "main");
}

#[test]
fn an_edition_is_mended_where_it_differs_and_left_alone_where_not() {
    let site = site(vec![build(7, "v1")], vec![edition("v1", Shows::Build(7))]);
    let builds = [
        build_here(3, "7", "v1", json!({})),
        build_here(4, "8", "v1", json!({})),
    ];
    for (here, fields, moves) in [
        (json!({"build_url": "http://inside/builds/3"}), &[][..], None),
        (
            json!({"build_url": "http://inside/builds/4"}),
            &["build"],
            Some(3),
        ),
        (json!({"title": "x", "build_url": "/builds/3"}), &["title"], None),
        (
            json!({"mode": "manual", "tracked_refs": null}),
            &["mode", "tracked_refs", "build"],
            Some(3),
        ),
        (
            json!({"tracked_refs": ["v2"], "build_url": "/builds/3"}),
            &["tracked_refs"],
            None,
        ),
    ] {
        let plan = planned(&site, &[edition_here("v1", here)], &builds).remove(0);
        let expected = match fields {
            [] => Verdict::Present,
            some => Verdict::Update(some.to_vec()),
        };
        assert_eq!((plan.verdict, plan.move_to), (expected, moves), "{fields:?}");
    }
}

#[test]
fn an_edition_without_its_build_is_taken_and_told() {
    let mut lost = build(5, "main");
    lost.is_uploaded = false;
    for (shows, said) in [
        (Shows::Build(99), "the keeper has no build 99"),
        (Shows::Unnamed("nowhere".to_owned()), "nowhere names no build"),
        (Shows::Build(5), "build 5: it was never uploaded"),
    ] {
        let site = site(vec![lost.clone()], vec![edition("v1", shows)]);
        let plan = planned(&site, &[], &[]).remove(0);
        assert_eq!(plan.verdict, Verdict::Create);
        assert_eq!(plan.without_build.as_deref(), Some(said));
    }
    let site = site(vec![], vec![edition("v1", Shows::Nothing)]);
    assert_eq!(planned(&site, &[], &[]).remove(0).without_build, None);
}

#[test]
fn an_edition_that_would_follow_nothing_is_refused() {
    let of = |mode: &str, refs: Option<&[&str]>| {
        let refs = refs.map(|refs| refs.iter().map(|one| (*one).to_owned()).collect());
        let edition = keeper::Edition {
            mode: mode.to_owned(),
            tracked_refs: refs,
            ..edition("v1", Shows::Nothing)
        };
        planned(&site(vec![], vec![edition]), &[], &[]).remove(0)
    };
    assert!(refusal(&of("git_refs", None).verdict).contains("tracked_refs"));
    assert!(refusal(&of("git_refs", Some(&[])).verdict).contains("tracked_refs"));
    assert!(refusal(&of("telepathy", None).verdict).contains("unknown"));
    for mode in [
        "lsst_doc",
        "eups_major_release",
        "eups_weekly_release",
        "eups_daily_release",
        "manual",
    ] {
        let plan = of(mode, Some(&["x"]));
        assert_eq!(
            (plan.verdict, plan.body.get("tracked_refs")),
            (Verdict::Create, None),
            "{mode}"
        );
    }
}

/// What is there when a plan has been carried out.
fn carried_out(site: &Site) -> (Vec<imprint::Build>, Vec<imprint::Edition>) {
    let plans = super::builds(site, &[], Wanted::All);
    let made = plans.iter().filter(|plan| plan.verdict == Verdict::Create);
    let builds: Vec<imprint::Build> = made
        .enumerate()
        .map(|(at, plan)| build_here(at as u64 + 100, &plan.slug, &plan.git_refs[0], json!({})))
        .collect();
    let default = [edition_here(
        "main",
        json!({"kind": "main", "mode": "manual", "tracked_refs": null}),
    )];
    let known = super::builds(site, &builds, Wanted::All);
    let editions = editions(site, &default, &builds, &targets(&known));
    let made = editions
        .iter()
        .filter(|plan| !matches!(plan.verdict, Verdict::Refuse(_)));
    let made = made.map(|plan| {
        let mut more = plan.body.clone();
        more["kind"] = json!(if plan.slug == "main" { "main" } else { "draft" });
        more["build_url"] = json!(plan.move_to.map(|number| format!("/builds/{number}")));
        if more.get("tracked_refs").is_none() {
            more["tracked_refs"] = Value::Null;
        }
        edition_here(&plan.slug, more)
    });
    let mut editions: Vec<imprint::Edition> = made.collect();
    if !editions.iter().any(imprint::Edition::is_default) {
        editions.extend(default);
    }
    (builds, editions)
}

fn any_site() -> impl Strategy<Value = Site> {
    let builds = (any::<bool>(), any::<bool>(), "[a-b.]{1,2}", "main|v1|");
    let editions = (
        "main|__main|v1|v2|[.]{1,2}",
        "git_refs|git_ref|lsst_doc|manual|other",
        0_u64..6,
        any::<bool>(),
        proptest::option::of("main|v1"),
    );
    let builds = proptest::collection::vec(builds, 0..5);
    (builds, proptest::collection::vec(editions, 0..5)).prop_map(|(builds, editions)| {
        let builds = builds
            .into_iter()
            .zip(1..)
            .map(|((ended, uploaded, slug, git_ref), number)| keeper::Build {
                slug,
                has_ended: ended,
                is_uploaded: uploaded,
                ..build(number, &git_ref)
            });
        let editions = editions
            .into_iter()
            .map(|(slug, mode, shows, ended, refs)| keeper::Edition {
                mode,
                has_ended: ended,
                tracked_refs: refs.map(|one| vec![one]),
                ..edition(
                    &slug,
                    if shows == 0 {
                        Shows::Nothing
                    } else {
                        Shows::Build(shows)
                    },
                )
            });
        site(builds.collect(), editions.collect())
    })
}

proptest! {
    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(site in any_site()) {
        let (builds_here, here) = carried_out(&site);
        let plans = super::builds(&site, &builds_here, Wanted::All);
        for plan in &plans {
            let is_still = matches!(plan.verdict, Verdict::Present | Verdict::Skip(_) | Verdict::Refuse(_));
            prop_assert!(is_still, "{plan:?}");
        }
        for plan in editions(&site, &here, &builds_here, &targets(&plans)) {
            let is_still = matches!(plan.verdict, Verdict::Present | Verdict::Refuse(_));
            prop_assert!(is_still, "{plan:?}");
        }
    }

    #[test]
    fn of_whatever_a_keeper_has_each_thing_is_judged_once(site in any_site()) {
        let plans = super::builds(&site, &[], Wanted::All);
        prop_assert_eq!(plans.len(), site.builds.len());
        let live = site.editions.iter().filter(|edition| !edition.has_ended).count();
        prop_assert_eq!(editions(&site, &[], &[], &targets(&plans)).len(), live);
    }
}
