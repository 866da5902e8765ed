use super::*;
use crate::registry::{CheckIn, ClusterToken, Report, Reported};
use crate::slug::OrganizationSlug;

fn at(raw: &str) -> Timestamp {
    format!("{raw}T12:00:00Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-01")
}

fn shown(version: &str, day: &str) -> Shown {
    Shown {
        version: version.parse().unwrap(),
        released: at(day),
        note: None,
        docs: Some("7".parse().unwrap()),
    }
}

/// A train whose releases are given with the newest first.
fn train(name: &str, releases: &[(&str, &str)]) -> TrainSeen {
    let releases: Vec<Shown> = releases
        .iter()
        .map(|(version, day)| shown(version, day))
        .collect();
    TrainSeen {
        row: RowOfTrain {
            train: name.parse().unwrap(),
            version: releases[0].version.clone(),
            released: releases[0].released,
            description: Some(format!("what {name} is").parse().unwrap()),
            kind: None,
        },
        releases,
        history: History::Whole,
    }
}

/// Installations of `handbook`: how many run which version.
fn census(runs: &[(&str, usize)]) -> Census {
    let mut census = Census::new(now());
    for (version, count) in runs {
        let reported = Reported {
            name: "handbook".to_owned(),
            version: (*version).to_owned(),
            ..Reported::default()
        };
        let check_in = CheckIn {
            id: "c".parse().unwrap(),
            report: Report::new(vec![reported]).unwrap(),
            token: None,
            at: now(),
        };
        let cluster = check_in.first(OrganizationSlug::default(), &ClusterToken::from_bytes([0; 32]));
        for _ in 0..*count {
            census.add(&cluster);
        }
    }
    census
}

fn gathered(trains: Vec<TrainSeen>, census: Census) -> Gathered {
    Gathered {
        at: now(),
        trains,
        has_more: false,
        census,
        products: BTreeMap::from([(
            "handbook".parse().unwrap(),
            "https://handbook.example.org".to_owned(),
        )]),
    }
}

fn overview(trains: Vec<TrainSeen>, runs: &[(&str, usize)]) -> Overview {
    Overview::of(&gathered(trains, census(runs)))
}

fn bars(standing: &Standing) -> Vec<(&str, u64, f64)> {
    let bars = standing.bars.iter();
    bars.map(|bar| (bar.version.as_str(), bar.installations, bar.share))
        .collect()
}

#[test]
fn components_and_their_trains_come_with_the_newest_release_first() {
    let page = overview(
        vec![
            train("anvil/stable", &[("1.0", "2025-01-01")]),
            train(
                "handbook/beta",
                &[("3.0-beta", "2026-02-20"), ("2.0-beta", "2025-02-20")],
            ),
            train("handbook/stable", &[("2.0", "2026-01-01")]),
            train("tutorial/stable", &[("0.1", "2026-02-01")]),
        ],
        &[],
    );
    let names: Vec<&str> = page
        .components
        .iter()
        .map(|component| component.name.as_str())
        .collect();
    assert_eq!(names, ["handbook", "tutorial", "anvil"]);
    let handbook = &page.components[0];
    let labels: Vec<&str> = handbook.trains.iter().map(|train| train.label.as_str()).collect();
    assert_eq!(labels, ["beta", "stable"]);
    assert_eq!(handbook.description.as_deref(), Some("what handbook/beta is"));
    assert_eq!(
        (
            handbook.trains[0].latest.version.as_str(),
            handbook.trains[0].releases.len()
        ),
        ("3.0-beta", 2)
    );
    assert_eq!(handbook.trains[0].latest.released.ago, "9 days ago");
    assert_eq!(page.left_out, LeftOut::default());
}

/// A component that is no product (any more) has releases without a place.
#[test]
fn documentation_is_linked_where_the_component_is_a_product() {
    let page = overview(
        vec![
            train("anvil/stable", &[("1.0", "2025-01-01")]),
            train("handbook/stable", &[("2.0", "2026-01-01")]),
        ],
        &[],
    );
    let [handbook, anvil] = &page.components[..] else {
        panic!("{page:?}")
    };
    assert_eq!(
        handbook.documentation.as_deref(),
        Some("https://handbook.example.org/")
    );
    assert_eq!(
        handbook.trains[0].latest.docs.as_deref(),
        Some("https://handbook.example.org/builds/7/")
    );
    assert_eq!(
        (&anvil.documentation, &anvil.trains[0].latest.docs),
        (&None, &None)
    );
}

#[test]
fn nothing_published_is_an_empty_page_with_figures() {
    let page = overview(Vec::new(), &[("1.0", 3)]);
    assert!(page.components.is_empty());
    assert_eq!(
        (
            page.figures.installations,
            page.figures.seen_in_a_day,
            page.figures.appeared
        ),
        (3, 3, [3; 3])
    );
    assert_eq!(page.left_out.unpublished, 1);
}

#[test]
fn a_train_whose_last_release_was_withdrawn_meanwhile_is_not_shown() {
    let empty = TrainSeen {
        releases: Vec::new(),
        ..train("handbook/stable", &[("1.0", "2026-01-01")])
    };
    assert!(overview(vec![empty], &[]).components.is_empty());
}

#[test]
fn what_is_left_out_is_counted() {
    let of = |name: &str, history| TrainSeen {
        history,
        ..train(name, &[("1.0", "2026-01-01")])
    };
    let trains = vec![
        of("a/x", History::Latest),
        of("b/x", History::Newest),
        of("b/y", History::Whole),
    ];
    let page = Overview::of(&Gathered {
        has_more: true,
        ..gathered(trains, census(&[("1.0", 1)]))
    });
    let left_out = LeftOut {
        components: true,
        histories: 1,
        releases: 1,
        unpublished: 0,
        versions: 0,
    };
    assert_eq!(page.left_out, left_out);
    let timelines: Vec<bool> = page
        .components
        .iter()
        .map(|one| one.trains[0].timeline.is_some())
        .collect();
    assert_eq!(timelines, [false, true]);
}

#[test]
fn installations_stand_where_they_are_newest_first_with_the_latest_marked() {
    let page = overview(
        vec![
            train("handbook/beta", &[("3.0.0-rc.1", "2026-02-20")]),
            train(
                "handbook/stable",
                &[
                    ("v2.10.0", "2026-02-01"),
                    ("2.9.0", "2026-01-01"),
                    ("nightly", "2020-01-01"),
                ],
            ),
        ],
        &[("2.9.0", 60), ("v2.10.0", 30), ("0.1-own", 9), ("nightly", 1)],
    );
    let standing = page.components[0].standing.as_ref().unwrap();
    assert_eq!(
        bars(standing),
        [
            ("3.0.0-rc.1", 0, 0.0),
            ("2.10.0", 30, 30.0),
            ("2.9.0", 60, 60.0),
            ("0.1-own", 9, 9.0),
            ("nightly", 1, 1.0)
        ]
    );
    // Against the latest of `stable`, although `beta` is newer.
    assert_eq!(
        (standing.installations, standing.on_latest, standing.share),
        (100, 30, 30.0)
    );
    assert_eq!(
        (standing.train.as_str(), standing.latest.as_str()),
        ("stable", "v2.10.0")
    );
    let marks: Vec<&[String]> = standing.bars.iter().map(|bar| &bar.latest_of[..]).collect();
    assert_eq!(marks[0], ["beta"]);
    assert_eq!(marks[1], ["stable"]);
    assert!(marks[2].is_empty());
    let widths: Vec<f64> = standing.bars.iter().map(|bar| bar.width).collect();
    assert_eq!(widths, [0.0, 50.0, 100.0, 15.0, 1.7]);
    let unpublished: Vec<bool> = standing.bars.iter().map(|bar| bar.is_unpublished).collect();
    assert_eq!(unpublished, [false, false, false, true, false]);
}

#[test]
fn whether_a_version_was_published_is_not_said_where_older_releases_are_unknown() {
    let newest = TrainSeen {
        history: History::Newest,
        ..train("handbook/stable", &[("2.0", "2026-02-01")])
    };
    let page = overview(vec![newest], &[("1.0", 1)]);
    assert!(!page.components[0].standing.as_ref().unwrap().bars[1].is_unpublished);
}

#[test]
fn nobody_runs_it_is_no_chart() {
    let page = overview(
        vec![train("anvil/stable", &[("1.0", "2025-01-01")])],
        &[("1.0", 3)],
    );
    assert_eq!(page.components[0].standing, None);
}

/// An installation costs nothing to invent; the ones that are there must stay on the page.
#[test]
fn invented_versions_do_not_push_the_frequent_ones_off_the_page() {
    let invented: Vec<String> = (0..200).map(|n| format!("{}.0.0", 900 + n)).collect();
    let mut runs: Vec<(&str, usize)> = invented.iter().map(|version| (version.as_str(), 1)).collect();
    runs.extend([("1.0.0", 5), ("1.1.0", 4)]);
    let page = overview(
        vec![train(
            "handbook/stable",
            &[("2.0.0", "2026-02-01"), ("1.1.0", "2026-01-01")],
        )],
        &runs,
    );
    let standing = page.components[0].standing.as_ref().unwrap();
    let versions: Vec<&str> = standing.bars.iter().map(|bar| bar.version.as_str()).collect();
    assert_eq!(versions.len(), 10);
    assert_eq!(versions[7..], ["2.0.0", "1.1.0", "1.0.0"]);
    assert_eq!((standing.others.len(), standing.more), (90, 103));
    assert_eq!(standing.on_others, 209 - 9 - 7);
}

fn timeline(releases: &[(&str, &str)]) -> Timeline {
    let page = overview(vec![train("handbook/stable", releases)], &[]);
    page.components[0].trains[0].timeline.clone().unwrap()
}

fn ticks(timeline: &Timeline) -> Vec<&str> {
    timeline.ticks.iter().map(|tick| tick.text.as_str()).collect()
}

#[test]
fn a_timeline_goes_from_the_first_release_to_today() {
    let line = timeline(&[
        ("1.2", "2026-03-01"),
        ("1.1", "2026-02-01"),
        ("1.0", "2026-01-04"),
    ]);
    let xs: Vec<f64> = line.dots.iter().map(|dot| dot.x).collect();
    assert_eq!(xs, [2.0, 50.0, 98.0]);
    let latest: Vec<bool> = line.dots.iter().map(|dot| dot.is_latest).collect();
    assert_eq!(latest, [false, false, true]);
    let anchors: Vec<&str> = line.dots.iter().map(|dot| dot.anchor).collect();
    assert_eq!(anchors, ["start", "middle", "end"]);
    assert_eq!(
        line.words,
        "3 releases from 1.0 on 2026-01-04 to 1.2 on 2026-03-01."
    );
    assert_eq!(ticks(&line), ["18 Jan", "1 Feb", "15 Feb", "today"]);
}

#[test]
fn all_trains_of_a_component_have_one_scale() {
    let page = overview(
        vec![
            train("handbook/beta", &[("2.0", "2026-03-01")]),
            train("handbook/stable", &[("1.0", "2024-03-01")]),
        ],
        &[],
    );
    let x = |train: usize| page.components[0].trains[train].timeline.as_ref().unwrap().dots[0].x;
    assert_eq!((x(0), x(1)), (98.0, 2.0));
}

#[test]
fn an_axis_says_what_fits_whatever_it_spans() {
    for (first, marks) in [
        ("2026-03-01", &["13 Feb", "today"][..]),
        ("2025-09-15", &["Oct 2025", "Jan 2026", "today"]),
        ("2023-05-01", &["2024", "2025", "today"]),
        ("2016-05-01", &["2018", "2024", "today"]),
        ("0001-01-01", &["1000", "today"]),
    ] {
        let line = timeline(&[("1", first)]);
        let told = ticks(&line);
        assert!(told.len() <= 6, "{told:?}");
        for mark in marks {
            assert!(told.contains(mark), "{first}: {mark} in {told:?}");
        }
        let xs: Vec<f64> = line.ticks.iter().map(|tick| tick.x).collect();
        assert!(
            xs.is_sorted() && xs.iter().all(|x| (0.0..=100.0).contains(x)),
            "{xs:?}"
        );
    }
}

/// What is announced lies behind today.
#[test]
fn a_release_of_the_future_is_on_its_axis_too() {
    let line = timeline(&[("2.0", "2026-12-31"), ("1.0", "2026-01-01")]);
    assert_eq!(line.dots[1].x, 98.0);
    let today = line.ticks.last().unwrap();
    assert!(today.text == "today" && today.x < 30.0, "{today:?}");
    let far = timeline(&[("2.0", "9999-12-30")]);
    assert_eq!(far.ticks.last().unwrap().x, 2.0);
}

#[test]
fn labels_never_lie_upon_each_other_and_the_newest_has_one() {
    let days: Vec<String> = (1..=28).map(|day| format!("2026-02-{day:02}")).collect();
    let versions: Vec<String> = (1..=28).map(|n| format!("1.{n}.0-a-long-suffix")).collect();
    let all = versions.iter().zip(&days).rev();
    let releases: Vec<(&str, &str)> = all
        .map(|(version, day)| (version.as_str(), day.as_str()))
        .collect();
    let line = timeline(&releases);
    let count = |has: fn(&Dot) -> bool| line.dots.iter().filter(|dot| has(dot)).count();
    let (window, phone) = (count(|dot| dot.has_room), count(|dot| dot.has_room_on_a_phone));
    assert!(
        (4..=7).contains(&window) && (2..=3).contains(&phone),
        "{window} {phone}"
    );
    let newest = line.dots.last().unwrap();
    assert!(newest.has_room && newest.has_room_on_a_phone);
    assert_eq!(newest.label, "1.28.0-a-long…");
}

#[test]
fn what_a_publisher_says_is_shortened() {
    let release = |note: serde_json::Value| Release {
        organization: OrganizationSlug::default(),
        train: "handbook/stable".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        released: now(),
        data: serde_json::from_value(serde_json::json!({ "description": note })).unwrap(),
        description: None,
        kind: None,
        published_at: now(),
        published_by: None,
        docs: None,
    };
    let note = |note: serde_json::Value| Shown::of(&release(note)).note;
    assert_eq!(note("  new\n".into()).as_deref(), Some("new"));
    assert_eq!(
        note("ü".repeat(500).into()).unwrap().chars().count(),
        MAX_NOTE + 1
    );
    assert_eq!((note("  ".into()), note(7.into())), (None, None));
}
