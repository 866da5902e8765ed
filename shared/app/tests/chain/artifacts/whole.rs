//! What readers find when nothing goes wrong, and what it costs.

use std::collections::BTreeSet;
use std::io::Write;

use imprint_domain::artifact::Format;
use imprint_domain::manifest::Headers;
use imprint_domain::task::{Registration, TaskStatus};
use imprint_testing::{Mutation, Site};
use serde_json::Value;

use super::{derivations, docs, formats, notes, page, states, unzipped};
use crate::installation::{Installation, Objects, expected};

/// Paths of an index that do not depend on what the pages say.
fn without_fragments(shown: &Objects) -> Vec<&str> {
    let paths = shown.keys().map(String::as_str);
    paths
        .filter(|path| !path.starts_with("pagefind/fragment/"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_edition_shows_its_pages_and_everything_that_is_made_of_them() {
    let here = Installation::deriving(Format::DERIVED).await;
    let (build, task) = here.publish(&docs(), "main").await;
    assert_eq!(task.status(), TaskStatus::Success);
    let shown = here.shown("main");
    assert_eq!(
        without_fragments(&shown),
        [
            "_artifacts/alpha.zip",
            "_artifacts/search.json",
            "_search/index.html",
            "guide",
            "guide/summer.html",
            "guide/summer.md",
            "guide/winter.html",
            "guide/winter.md",
            "img",
            "img/a.png",
            "index.html",
            "index.md",
            "llms.txt",
            "pagefind/entry.json",
            "pagefind/pagefind.js",
        ]
    );
    assert_eq!(shown.len(), 15 + 3);
    let ready: Vec<_> = states(&here, build.id).into_values().collect();
    assert_eq!(ready, [Ok("ready"); 5]);
    assert_eq!(formats(&here).into_values().collect::<Vec<_>>(), [build.id.0; 5]);
    assert_eq!(
        here.edition("main").generation.0,
        1,
        "all of it came with one move"
    );
    let Registration::Done { files, .. } = task.registration else {
        panic!("{task:?}")
    };
    assert_eq!(files, 6, "the pages, the picture, and two directories");
}

#[tokio::test(start_paused = true)]
async fn each_format_says_what_the_pages_say() {
    let here = Installation::deriving(Format::DERIVED).await;
    let site = docs();
    let (build, _) = here.publish(&site, "main").await;
    let shown = here.shown("main");
    let text = |path: &str| String::from_utf8(shown[path].to_vec()).unwrap();
    assert_eq!(text("guide/winter.md").trim(), "# Winter\n\nIt is cold.");
    assert!(text("llms.txt").starts_with("# Alpha\n"), "{}", text("llms.txt"));
    assert!(text("llms.txt").contains("guide/summer.md"));
    assert_eq!(text("_search/index.html"), "<title>Search Alpha</title>");

    let search: Value = serde_json::from_str(&text("_artifacts/search.json")).unwrap();
    assert_eq!(search["pages"][1]["path"], "guide/winter.html");
    assert_eq!(search["pages"][1]["title"], "Winter");
    let site_id = here.build(build.id).unwrap().artifacts.site.unwrap();
    let digests = here
        .world
        .objects
        .get(&format!("_imprint/builds/{}/{site_id}.pages.json", build.id))
        .unwrap();
    let digests: Value = serde_json::from_slice(&digests.body).unwrap();
    assert_eq!(digests["pages"]["guide/winter.html"]["title"], "Winter");
    assert_eq!(
        digests["pages"]["index.html"]["digest"].as_str().unwrap().len(),
        32
    );

    let bodies = site.bodies().into_iter();
    let in_folder: Objects = bodies
        .map(|(path, body)| (format!("alpha/{path}"), body))
        .collect();
    assert_eq!(unzipped(&shown["_artifacts/alpha.zip"]), in_folder);
}

#[tokio::test(start_paused = true)]
async fn every_format_has_the_headers_that_its_readers_need() {
    let here = Installation::deriving(Format::DERIVED).await;
    here.publish(&docs(), "main").await;
    let key = here.edition("main").surrogate_key;
    for (path, content_type, disposition) in [
        (
            "_artifacts/alpha.zip",
            "application/zip",
            Some("attachment; filename=\"alpha.zip\""),
        ),
        (
            "_artifacts/search.json",
            "application/json",
            Some("inline; filename=\"search.json\""),
        ),
        ("llms.txt", "text/plain; charset=utf-8", None),
        ("index.md", "text/markdown; charset=utf-8", None),
        ("_search/index.html", "text/html; charset=utf-8", None),
        ("pagefind/pagefind.js", "text/javascript; charset=utf-8", None),
    ] {
        let headers = here
            .world
            .objects
            .get(&format!("alpha/v/main/{path}"))
            .unwrap()
            .headers;
        assert_eq!(headers.content_type.as_deref(), Some(content_type), "{path}");
        assert_eq!(headers.content_disposition.as_deref(), disposition, "{path}");
        assert_eq!(headers.metadata["surrogate-key"], key.as_str(), "{path}");
    }
}

/// What was done below the edition since the history was forgotten.
fn changed(here: &Installation) -> (BTreeSet<String>, usize) {
    let (mut written, mut deleted) = (BTreeSet::new(), 0);
    for mutation in here.world.objects.history() {
        let Some(path) = mutation.key().as_str().strip_prefix("alpha/v/main/") else {
            continue;
        };
        match mutation {
            Mutation::Written { .. } | Mutation::Copied { .. } => drop(written.insert(path.to_owned())),
            Mutation::Deleted { .. } => deleted += 1,
        }
    }
    (written, deleted)
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_with_one_changed_page_writes_only_what_changed() {
    let here = Installation::deriving(Format::DERIVED).await;
    let pages = (0..40).fold(docs(), |site, n| {
        site.file(
            &format!("p/{n}.html"),
            page(&format!("Page {n}"), "Says something."),
        )
    });
    here.publish(&pages, "main").await;
    here.world.objects.forget_history();
    here.world.counts().reset();
    here.publish(
        &pages.clone().file("p/7.html", page("Page 7", "Says more.")),
        "main",
    )
    .await;
    let (written, deleted) = changed(&here);
    let fragments = written
        .iter()
        .filter(|path| path.starts_with("pagefind/fragment/"));
    assert_eq!(
        (fragments.count(), deleted),
        (1, 1),
        "the page's part of the index"
    );
    let others: Vec<&str> = written
        .iter()
        .map(String::as_str)
        .filter(|path| !path.starts_with("pagefind/fragment/"))
        .collect();
    assert_eq!(
        others,
        [
            "_artifacts/alpha.zip",
            "_artifacts/search.json",
            "p/7.html",
            "p/7.md",
            "pagefind/entry.json",
        ]
    );
    let counts = here.world.counts();
    // Each of four formats reads the 43 pages, and the archive the picture as well; the bundle of Markdown and that of the
    // index are read by the copy.
    assert_eq!(counts.of("objects.read_part"), 4 * 43 + 1);
    // The page, the archive and the texts.
    assert_eq!(counts.of("objects.copy"), 3);
    let history = here.world.objects.history();
    let written = |prefix| {
        history
            .iter()
            .filter(move |done| done.key().as_str().starts_with(prefix))
            .count()
    };
    // An object for each format.
    assert_eq!(written("alpha/artifacts/"), 4);
    // A manifest for the pages, for each format and for the edition, and the digests of the pages.
    assert_eq!(written("_imprint/builds/"), 7);
    assert!(counts.of("objects.read") <= 16, "{:?}", counts.all());
}

#[tokio::test(start_paused = true)]
async fn the_same_site_is_made_into_the_same_bytes() {
    let here = Installation::deriving(Format::DERIVED).await;
    here.publish(&docs(), "main").await;
    here.world.objects.forget_history();
    let (_, task) = here.publish(&docs(), "main").await;
    assert_eq!(changed(&here), (BTreeSet::new(), 0), "{task:?}");
    assert_eq!(here.published("main"), Some(2));
}

#[tokio::test(start_paused = true)]
async fn files_that_all_indexes_share_are_stored_once() {
    let here = Installation::deriving([Format::Search]).await;
    here.publish(&docs(), "main").await;
    here.publish(&docs().file("new.html", page("New", "New.")), "main")
        .await;
    assert_eq!(here.world.objects.keys("_imprint/search/").len(), 1);
    let history = here.world.objects.history();
    let written = history
        .iter()
        .filter(|done| done.key().as_str().starts_with("_imprint/search/"));
    assert_eq!(written.count(), 1);
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn packed() -> Headers {
    Headers {
        content_type: Some("text/html; charset=utf-8".to_owned()),
        content_encoding: Some("gzip".to_owned()),
        ..Headers::default()
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_packed_for_browsers_are_read_and_archived_unpacked() {
    let here = Installation::deriving(Format::DERIVED).await;
    let html = page("Packed", "Nobody sees it.");
    let cut = gzipped(&html);
    let cut = cut[..cut.len() / 2].to_vec();
    let site = docs()
        .file_with("packed.html", gzipped(&html), packed())
        .file_with("said-to-be.html", page("Plain", "It is not."), packed())
        .file_with("cut.html", cut, packed());
    let (build, _) = here.publish(&site, "main").await;
    let shown = here.shown("main");
    assert!(shown["packed.md"].starts_with(b"# Packed"));
    assert!(shown["said-to-be.md"].starts_with(b"# Plain"));
    assert!(!shown.contains_key("cut.md"));
    let archive = unzipped(&shown["_artifacts/alpha.zip"]);
    assert_eq!(archive["alpha/packed.html"], html);
    assert_eq!(archive["alpha/said-to-be.html"], page("Plain", "It is not."));
    assert_eq!(
        notes(&here, build.id, Format::HtmlZip),
        ["cut.html ends where its gzip is broken"]
    );
    assert_eq!(
        notes(&here, build.id, Format::Markdown),
        ["left out: cut.html (its gzip is broken)"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_unpacks_to_a_thousand_times_its_size_is_left_out() {
    let here = Installation::deriving([Format::Json, Format::Markdown]).await;
    let bomb = gzipped(&"<p>".repeat(2_000_000));
    let site = docs()
        .file_with("bomb.html", bomb, packed())
        .file("none.html", "no element");
    let (build, _) = here.publish(&site, "main").await;
    for format in [Format::Json, Format::Markdown] {
        let [note] = &notes(&here, build.id, format)[..] else {
            panic!("{format}")
        };
        assert!(
            note.starts_with("left out: bomb.html (it has more than 4194304 bytes)"),
            "{note}"
        );
        assert!(note.contains("none.html (the file is not HTML)"), "{note}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_made_of_a_site_says_why_and_nobody_waits_for_it() {
    let here = Installation::deriving(Format::DERIVED).await;
    let many = (0..101).fold(Site::new(), |site, n| {
        site.file(&format!("{n}.html"), page("P", "T"))
    });
    for (site, declined, why) in [
        (
            docs().file("pagefind/x.js", "own"),
            vec![Format::Search],
            "its own pagefind/",
        ),
        (
            docs().file("_search/index.html", "own"),
            vec![Format::Search],
            "its own _search/",
        ),
        (many, vec![Format::Search], "at most 100"),
        (
            Site::new().file("data.csv", "1,2"),
            vec![Format::Json, Format::Search, Format::Markdown],
            "no HTML pages",
        ),
    ] {
        let (build, task) = here.publish(&site, "main").await;
        assert_eq!(task.status(), TaskStatus::Success);
        let states = states(&here, build.id);
        for (format, state) in states {
            let wanted = if declined.contains(&format) {
                "declined"
            } else {
                "ready"
            };
            assert_eq!(state, Ok(wanted), "{format} {why}");
        }
        for format in declined {
            let said = notes(&here, build.id, format).concat();
            assert!(said.contains(why), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_own_search_of_a_site_is_what_its_readers_get() {
    let here = Installation::deriving(Format::DERIVED).await;
    let site = docs()
        .file("pagefind/x.js", "own")
        .file("llms.txt", "own")
        .file("index.md", "own");
    here.publish(&site, "main").await;
    let shown = here.shown("main");
    for (path, body) in expected(&site) {
        assert_eq!(shown[&path], body, "{path}");
    }
    assert!(!shown.contains_key("pagefind/entry.json"));
}

#[tokio::test(start_paused = true)]
async fn without_a_rule_nothing_is_made_and_the_way_is_as_short_as_before() {
    let here = Installation::new().await;
    let build = here.upload(&docs(), "main").await;
    here.confirm(&build).await.unwrap();
    assert!(derivations(&here).await.is_empty());
    here.assert_shows("main", &docs());
}
