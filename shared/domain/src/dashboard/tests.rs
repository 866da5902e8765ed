use super::*;
use crate::artifact::{Origin, State};
use crate::edition::{Pointer, Reached, Tracking};
use crate::git::GitRefs;
use crate::id::{BuildId, EditionId, Generation, ManifestId, Revision, SurrogateKey};
use crate::organization::Layout;
use crate::task::{Failure, FailureCode};

fn organization() -> Organization {
    Organization {
        slug: "default".parse().unwrap(),
        title: "Example".parse().unwrap(),
        layout: Layout::Path,
        domain: "www.example.org".into(),
        path_prefix: "/docs".into(),
        scheme: "https".into(),
        bucket: "docs".into(),
        fastly_domain: String::new(),
        fastly_service: None,
        fastly_key: None,
        ticket_url: Some("https://tickets.example.org/".parse().unwrap()),
        default_edition: "__main".parse().unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
        policy: crate::organization::Policy::default(),
        revision: Revision::NEW,
    }
}

fn product() -> Product {
    Product {
        organization: "default".parse().unwrap(),
        slug: "alpha".parse().unwrap(),
        title: "Alpha".parse().unwrap(),
        doc_repo: "https://github.com/org/alpha.git".parse().unwrap(),
        root_domain: None,
        root_fastly_domain: None,
        surrogate_key: SurrogateKey::from_bytes([0; 16]),
        created_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        next_build_slug: 1,
        policy: crate::product::ProductPolicy::default(),
        doom: None,
        revision: Revision::NEW,
    }
}

/// An edition that follows `tracked` and shows a build of `shown`, published on a day of March.
fn edition(slug: &str, tracked: &str, shown: &str, day: u8) -> Edition {
    let at: Timestamp = format!("2026-03-{day:02}T10:00:00Z").parse().unwrap();
    let mut edition = product().default_edition(
        &organization(),
        TrackingMode::GitRefs,
        EditionId(1),
        SurrogateKey::from_bytes([1; 16]),
    );
    edition.slug = slug.parse().unwrap();
    edition.title = slug.parse().unwrap();
    edition.tracking = Tracking {
        mode: TrackingMode::GitRefs,
        refs: Some(GitRefs::parse(&[tracked]).unwrap()),
        alternate: None,
    };
    edition.published = Some(Reached {
        pointer: Pointer {
            build: BuildId(1),
            build_slug: "1".parse().unwrap(),
            manifest: "0".repeat(32).parse::<ManifestId>().unwrap(),
            git_refs: GitRefs::parse(&[shown]).unwrap(),
            generation: Generation(1),
            formats: std::collections::BTreeMap::new(),
        },
        at,
    });
    edition
}

fn plain(slug: &str, day: u8) -> Edition {
    edition(slug, slug, slug, day)
}

fn dashboard(editions: &[Edition]) -> Dashboard {
    Dashboard::of(&organization(), &product(), editions, &[], &Population::new())
}

fn slugs(views: &[EditionView]) -> Vec<&str> {
    views.iter().map(|view| view.slug.as_str()).collect()
}

#[test]
fn d17_releases_come_in_the_order_of_versions_and_drafts_by_date() {
    let main = edition("__main", "main", "main", 1);
    let dashboard = dashboard(&[
        plain("1.9.0", 2),
        plain("old-draft", 3),
        plain("10.0.0", 4),
        main,
        plain("9.0.0", 5),
        plain("new-draft", 6),
        plain("10.0.0-rc.2", 7),
        plain("10.0.0-rc.10", 7),
        plain("w_2026_10", 1),
    ]);
    assert_eq!(dashboard.main.as_ref().unwrap().path, "");
    assert_eq!(
        slugs(&dashboard.releases),
        ["10.0.0", "10.0.0-rc.10", "10.0.0-rc.2", "9.0.0", "1.9.0"]
    );
    assert_eq!(slugs(&dashboard.drafts), ["new-draft", "old-draft", "w_2026_10"]);
    assert_eq!(dashboard.releases[0].path, "v/10.0.0/");
    assert_eq!(dashboard.drafts[0].updated.day, "2026-03-06");
}

#[test]
fn each_edition_says_how_many_installations_run_what_it_shows() {
    let population: Population = [("2.0", 1), ("1.0", 1_234_567), ("0.9", 0), ("main", 7)]
        .map(|(version, count)| (version.parse().unwrap(), count))
        .into();
    let main = edition("__main", "main", "v2.0", 1);
    let mut documented = edition("latest", "main", "v1.0", 1);
    documented.published.as_mut().unwrap().pointer.build = BuildId(7);
    let build = Build {
        id: BuildId(7),
        documents: Some(crate::registry::Documented {
            train: "stable".parse().unwrap(),
            version: "v2.0".parse().unwrap(),
        }),
        ..build("7", BuildState::Uploading)
    };
    let editions = [main, plain("v1.0", 1), plain("0.9", 1), plain("x", 1), documented];
    let dashboard = Dashboard::of(&organization(), &product(), &editions, &[build], &population);
    let text = |view: &EditionView| view.installed.as_ref().map(|installed| installed.text.clone());
    assert_eq!(
        text(dashboard.main.as_ref().unwrap()).as_deref(),
        Some("1 installation runs this")
    );
    assert_eq!(slugs(&dashboard.releases), ["v1.0", "0.9"]);
    assert_eq!(
        text(&dashboard.releases[0]).as_deref(),
        Some("1,234,567 installations run this")
    );
    assert_eq!(text(&dashboard.releases[1]), None);
    // What a build says that it documents counts, and not the ref that it was built from.
    let drafts: Vec<Option<String>> = dashboard.drafts.iter().map(text).collect();
    assert_eq!(drafts, [Some("1 installation runs this".to_owned()), None]);
}

fn build(slug: &str, state: BuildState) -> Build {
    Build {
        id: BuildId(1),
        organization: "default".parse().unwrap(),
        product: "alpha".parse().unwrap(),
        slug: slug.parse().unwrap(),
        git_refs: GitRefs::parse(&["tickets/DM-7"]).unwrap(),
        alternate: None,
        documents: None,
        github_requester: None,
        surrogate_key: SurrogateKey::from_bytes([1; 16]),
        created_at: Timestamp::UNIX_EPOCH,
        state,
        manifest: None,
        artifacts: crate::artifact::Artifacts::default(),
        upload: crate::upload::Upload::Files,
        doom: None,
        revision: Revision::NEW,
    }
}

#[test]
fn d10_what_has_ended_or_was_never_published_is_not_listed() {
    let ended = plain("1.0", 1).end(Timestamp::UNIX_EPOCH);
    let mut waiting = plain("2.0", 1);
    waiting.published = None;
    let dashboard = dashboard(&[ended, waiting]);
    assert_eq!(dashboard.main, None);
    assert!(dashboard.releases.is_empty() && dashboard.drafts.is_empty());
    assert!(dashboard.switcher().is_empty() && dashboard.versions().is_empty());
    assert!(dashboard.locations().is_empty());
}

#[test]
fn only_uploaded_builds_are_listed_with_the_editions_that_show_them() {
    let at = Timestamp::UNIX_EPOCH;
    let builds = [
        build("4", BuildState::Uploading),
        build(
            "3",
            BuildState::Ended {
                at,
                uploaded_at: Some(at),
            },
        ),
        build("2", BuildState::Uploaded { at }),
        build("1", BuildState::Uploaded { at }),
    ];
    let dashboard = Dashboard::of(
        &organization(),
        &product(),
        &[plain("x", 1)],
        &builds,
        &Population::new(),
    );
    let listed: Vec<(&str, usize)> = dashboard
        .builds
        .iter()
        .map(|build| (build.slug.as_str(), build.shown_by.len()))
        .collect();
    assert_eq!(listed, [("2", 0), ("1", 1)]);
    let git_ref = &dashboard.builds[0].refs[0];
    assert_eq!(
        git_ref.source.as_deref(),
        Some("https://github.com/org/alpha/tree/tickets/DM-7")
    );
    assert_eq!(
        git_ref.ticket.as_ref().unwrap().url,
        "https://tickets.example.org/DM-7"
    );
}

/// pydata's contract: `preferred` on one entry at most, and the main edition is matched by a real version.
#[test]
fn the_switcher_prefers_one_finished_version() {
    let entries = |main_shows: &str| {
        let main = edition("__main", "main", main_shows, 1);
        dashboard(&[
            main,
            plain("v1.0", 1),
            plain("v2.0", 1),
            plain("v3.0-rc1", 1),
            plain("x", 1),
        ])
        .switcher()
    };
    let told = |entries: &[SwitcherEntry]| -> Vec<(String, bool)> {
        let entries = entries.iter();
        entries
            .map(|entry| (entry.version.clone(), entry.preferred))
            .collect()
    };
    let of = |pairs: &[(&str, bool)]| -> Vec<(String, bool)> {
        pairs
            .iter()
            .map(|(version, preferred)| ((*version).to_owned(), *preferred))
            .collect()
    };
    let branch = entries("main");
    assert_eq!(
        told(&branch),
        of(&[
            ("__main", false),
            ("v3.0-rc1", false),
            ("v2.0", true),
            ("v1.0", false)
        ])
    );
    assert_eq!(branch[2].url, "https://www.example.org/docs/alpha/v/v2.0/");
    let tag = entries("v1.0");
    assert_eq!(
        told(&tag),
        of(&[("v1.0", true), ("v3.0-rc1", false), ("v2.0", false)])
    );
    assert_eq!(tag[0].url, "https://www.example.org/docs/alpha/");
    let json = serde_json::to_value(&tag).unwrap();
    assert_eq!(json[0]["preferred"], true);
    assert!(json[1].get("preferred").is_none());
}

#[test]
fn crawlers_are_told_of_releases_only() {
    let main = edition("__main", "main", "main", 1);
    let dashboard = dashboard(&[main, plain("v1.0", 2), plain("draft", 3)]);
    assert_eq!(
        dashboard.robots(),
        "User-agent: *\nDisallow: /docs/alpha/v/\nDisallow: /docs/alpha/builds/\nAllow: /docs/alpha/v/v1.0/\n\
         Sitemap: https://www.example.org/docs/alpha/v/sitemap.xml\n"
    );
    let urls: Vec<String> = dashboard
        .locations()
        .into_iter()
        .map(|location| location.url)
        .collect();
    assert_eq!(
        urls,
        [
            "https://www.example.org/docs/alpha/",
            "https://www.example.org/docs/alpha/v/v1.0/"
        ]
    );
    assert_eq!(dashboard.versions().len(), 3);
}

/// A build whose formats have got to different places.
fn mixed(slug: &str, id: u64) -> Build {
    let failure = Failure {
        code: FailureCode::BadFile,
        message: "tidepool.pdf is no PDF".to_owned(),
        remedy: "upload it again".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    let ready = |notes: &[&str]| State::Ready {
        manifest: "0".repeat(32).parse().unwrap(),
        files: 1,
        bytes: 7,
        origin: Origin::Derived,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        at: Timestamp::UNIX_EPOCH,
    };
    let since = Timestamp::UNIX_EPOCH;
    let reason = "there are too many pages".to_owned();
    let states = [
        (Format::Html, ready(&[])),
        (Format::HtmlZip, State::Pending { since }),
        (Format::Pdf, State::Failed(failure)),
        (Format::Epub, State::Expected),
        (
            Format::Json,
            ready(&["One page has no text.", "Another is empty."]),
        ),
        (Format::Search, State::Declined { reason }),
        (Format::Markdown, ready(&[])),
    ];
    let mut build = Build {
        id: BuildId(id),
        ..build(
            slug,
            BuildState::Uploaded {
                at: Timestamp::UNIX_EPOCH,
            },
        )
    };
    build.artifacts.states = states.into();
    build
}

fn showing(mut edition: Edition, formats: &[(Format, u64)]) -> Edition {
    let formats = formats.iter().map(|(format, of)| (*format, BuildId(*of)));
    edition.published.as_mut().unwrap().pointer.formats = formats.collect();
    edition
}

#[test]
fn an_edition_offers_the_files_of_its_build_and_says_which_are_of_an_earlier_one() {
    let formats = [
        (Format::Html, 1),
        (Format::HtmlZip, 1),
        (Format::Pdf, 7),
        (Format::Epub, 8),
        (Format::Json, 1),
        (Format::Search, 1),
    ];
    let main = showing(edition("__main", "main", "main", 1), &formats);
    let bare = showing(plain("v1.0", 1), &[(Format::Html, 1)]);
    let earlier = mixed("seven", 7);
    let of = Dashboard::of(
        &organization(),
        &product(),
        &[main, bare],
        &[earlier],
        &Population::new(),
    );
    let main = of.main.as_ref().unwrap();
    let told: Vec<(&str, &str, Option<&str>)> = main
        .downloads
        .iter()
        .map(|one| {
            (
                &*one.name,
                &*one.path,
                one.older.as_ref().map(|older| &*older.text),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("PDF", "_downloads/__main/alpha.pdf", Some("of build seven")),
            (
                "EPUB",
                "_downloads/__main/alpha.epub",
                Some("of an earlier build")
            ),
            ("ZIP", "_downloads/__main/alpha.zip", None),
        ]
    );
    assert_eq!(
        main.downloads[0].older.as_ref().unwrap().title,
        "Build 1 has no good PDF of its own: this one is of build seven."
    );
    assert_eq!(main.search.as_deref(), Some("_search/"));
    assert_eq!(of.search_box.as_deref(), Some("_search/box.js"));
    assert!(of.releases[0].downloads.is_empty() && of.releases[0].search.is_none());
}

#[test]
fn only_an_index_of_the_main_edition_makes_a_search_field() {
    let searched = [(Format::Html, 1), (Format::Search, 1)];
    let of = dashboard(&[
        edition("__main", "main", "main", 1),
        showing(plain("v1.0", 1), &searched),
    ]);
    assert_eq!(of.search_box, None);
    assert_eq!(of.releases[0].search.as_deref(), Some("v/v1.0/_search/"));
}

#[test]
fn a_build_says_where_each_format_has_got_to_and_why_one_is_missing() {
    let of = Dashboard::of(
        &organization(),
        &product(),
        &[],
        &[mixed("1", 1)],
        &Population::new(),
    );
    let told: Vec<String> = of.builds[0]
        .formats
        .iter()
        .map(|view| {
            let sentence = view.sentence.as_deref().unwrap_or("-");
            format!("{} {}: {sentence}", view.name, view.state)
        })
        .collect();
    assert_eq!(
        told,
        [
            "ZIP pending: It is being made.",
            "PDF failed: tidepool.pdf is no PDF",
            "EPUB expected: It has not been uploaded yet.",
            "JSON ready: One page has no text. Another is empty.",
            "search declined: there are too many pages",
            "Markdown ready: -",
        ]
    );
}
