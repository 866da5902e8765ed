//! What it costs to compare two builds.

use imprint_app::diff::{Compared, compare};
use imprint_domain::diff::ComparedBy;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_testing::Site;
use imprint_testing::samples::parsed;

use crate::installation::Installation;

async fn compared(here: &Installation, before: &str, after: &str) -> Compared {
    let found = compare(&here.env, &parsed("alpha"), &parsed(before), &parsed(after)).await;
    found.unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_builds_are_compared_in_nine_requests_however_many_files_they_have() {
    for pages in [1, 3_000] {
        let here = Installation::new().await;
        let site = Site::of_pages(pages);
        let (before, _) = here.publish(&site, "main").await;
        let changed = site.clone().file("index.html", "changed").file("new.html", "new");
        let (after, _) = here.publish(&changed, "main").await;
        let counts = here.world.counts();
        counts.reset();
        let found = compared(&here, before.slug.as_str(), after.slug.as_str()).await;
        let of = |method| counts.of(method);
        // A build is found by its slug and then read; of each its files and what its pages say.
        assert_eq!((of("catalog.product"), of("catalog.build_with_slug")), (1, 4));
        assert_eq!((of("objects.read"), counts.total()), (4, 9), "{:?}", counts.all());
        let diff = found.diff();
        assert_eq!(diff.compared_by, ComparedBy::Bytes);
        let paths = |entries: &[imprint_domain::diff::Entry<'_>]| -> Vec<String> {
            entries
                .iter()
                .map(|entry| entry.path.as_str().to_owned())
                .collect()
        };
        assert_eq!(
            (paths(&diff.added), paths(&diff.removed).len()),
            (vec!["new.html".to_owned()], 0)
        );
        assert_eq!(paths(&diff.changed), ["index.html"]);
        counts.reset();
        compared(&here, &before.slug.to_string(), &after.slug.to_string()).await;
        assert_eq!(counts.total(), 9);
    }
}

#[tokio::test(start_paused = true)]
async fn what_pages_say_is_read_where_it_was_stored() {
    let here = Installation::new().await;
    let mut slugs = Vec::new();
    for body in ["<p>one 1", "<p>one 2"] {
        let (build, _) = here.publish(&Site::new().file("index.html", body), "main").await;
        let build = here.env.catalog.build(build.id).await.unwrap().unwrap();
        let site = build.artifacts.site.clone().or(build.manifest.clone()).unwrap();
        let key = ObjectKey::page_digests(build.id, &site);
        let body = r#"{"pages": {"index.html": {"digest": "0a", "title": "Home"}}}"#;
        here.world.objects.put(key.as_str(), body, Headers::default());
        slugs.push(build.slug.to_string());
    }
    let found = compared(&here, &slugs[0], &slugs[1]).await;
    let diff = found.diff();
    assert_eq!(
        (diff.compared_by, diff.changed_markup_only),
        (ComparedBy::Content, 1)
    );
    assert!(diff.changed.is_empty());
}
