//! Requests are the unit of cost.

use imprint_app::builds::{self, Confirmation};
use imprint_testing::{Site, Step};

use crate::installation::{Installation, expected};

/// Delivers a build's messages up to the copy, counts the copy alone, and returns (copies, heads, deletes, others).
async fn cost_of_copy(here: &Installation, site: &Site) -> (u64, u64, u64, u64) {
    let build = here.upload(site, "main").await;
    here.confirm(&build).await.unwrap();
    let register = here.world.queue.take(Step::RegisterBuild).unwrap();
    here.deliver(&register, 1).await;
    let copy = here.world.queue.take(Step::CopyEdition).unwrap();
    let counts = here.world.counts();
    counts.reset();
    here.deliver(&copy, 1).await;
    let of = |method| counts.of(method);
    let named = ["objects.copy", "objects.headers", "objects.delete"];
    let cost = (
        of(named[0]),
        of(named[1]),
        of(named[2]),
        counts.total_except(&named),
    );
    here.settle().await;
    here.assert_shows("main", site);
    cost
}

#[tokio::test(start_paused = true)]
async fn a_full_copy_is_one_request_a_file_and_at_most_ten_others() {
    for pages in [1, 50, 3000] {
        let here = Installation::new().await;
        let site = Site::of_pages(pages);
        let (copies, heads, deletes, others) = cost_of_copy(&here, &site).await;
        assert_eq!((copies, heads, deletes), (expected(&site).len() as u64, 0, 0));
        assert!(others <= 10, "{others}: {:?}", here.world.counts().all());
    }
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_is_one_request_a_changed_file_one_a_thousand_deletions_and_at_most_ten_others() {
    let here = Installation::new().await;
    let old = Site::of_pages(4000);
    cost_of_copy(&here, &old).await;
    let mut new = old.clone();
    for page in 1..=80 {
        new = new.file(&format!("part{}/page{page}.html", page % 7), "changed");
    }
    for page in 2000..3500 {
        new = new.without(&format!("part{}/page{page}.html", page % 7));
    }
    let (copies, heads, deletes, others) = cost_of_copy(&here, &new).await;
    assert_eq!((copies, heads, deletes), (80, 0, 2));
    assert!(others <= 10, "{others}: {:?}", here.world.counts().all());
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_that_changes_nothing_is_at_most_ten_requests() {
    let here = Installation::new().await;
    let site = Site::of_pages(500);
    cost_of_copy(&here, &site).await;
    let (copies, heads, deletes, others) = cost_of_copy(&here, &site).await;
    assert_eq!((copies, heads, deletes), (0, 0, 0));
    assert!(others <= 10, "{others}: {:?}", here.world.counts().all());
}

#[tokio::test(start_paused = true)]
async fn headers_are_asked_for_once_a_new_file_and_never_again() {
    let here = Installation::new().await;
    let site = Site::of_pages(300);
    let register = async |site: &Site| {
        let build = here.upload(site, "main").await;
        here.confirm(&build).await.unwrap();
        here.world.counts().reset();
        here.settle().await;
        here.world.counts().of("objects.headers")
    };
    assert_eq!(register(&site).await, expected(&site).len() as u64);
    assert_eq!(register(&site).await, 0);
    assert_eq!(
        register(
            &site
                .clone()
                .file("part1/page1.html", "changed")
                .file("new.css", "new")
        )
        .await,
        2
    );
}

/// An empty file where a directory was has the ETag of the directory's redirect, and is something else all the same.
#[tokio::test(start_paused = true)]
async fn an_empty_file_in_the_place_of_a_directory_is_not_taken_for_its_redirect() {
    let here = Installation::new().await;
    here.publish(&Site::new().file("index.html", "x").file("a/b.html", "b"), "main")
        .await;
    here.publish(&Site::new().file("index.html", "x").file("a", ""), "main")
        .await;
    let object = here.world.objects.get("alpha/v/main/a").unwrap();
    assert!(!object.headers.is_redirect());
}

#[tokio::test(start_paused = true)]
async fn confirming_an_upload_is_at_most_six_requests_to_the_table() {
    let here = Installation::new().await;
    let build = here.upload(&Site::of_pages(3), "main").await;
    here.world.counts().reset();
    builds::confirm_upload(&here.env, build.id, &Confirmation::Request)
        .await
        .unwrap();
    // One more is the token's, which the API reads.
    assert!(
        here.world.counts().port("catalog") < 6,
        "{:?}",
        here.world.counts().all()
    );
}
