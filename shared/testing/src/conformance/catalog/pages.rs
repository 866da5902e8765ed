use imprint_app::ports::{Catalog, Change};
use imprint_domain::dashboard::IndexEntry;
use imprint_domain::id::OutboxId;
use imprint_domain::task::{FailureCode, PagesOf, PagesStep, TaskPages};

use super::{Place, half_past};
use crate::samples::{self, NOON, parsed};

fn rendered() -> PagesStep {
    PagesStep::Rendered { at: half_past(NOON) }
}

fn not_rendered() -> PagesStep {
    PagesStep::Failed(FailureCode::ObjectStore.because("the bucket is away", NOON))
}

/// A stored task, and pages of a product and of its organization that it waits for.
async fn waiting(place: &Place<'_>) -> (imprint_domain::id::TaskId, [TaskPages; 2]) {
    let build = samples::build_of(&place.product("alpha"), 3, "main");
    let mut task = samples::task("t", &build);
    task.id = place.task_id("t");
    let pages = [PagesOf::Organization, PagesOf::Product(parsed("alpha"))];
    let pages = pages.map(|of| TaskPages::wanted(of, place.outbox_id("this"), half_past(NOON)));
    let mut changes = vec![Change::CreateTask(task.clone())];
    changes.extend(
        pages
            .iter()
            .rev()
            .map(|pages| Change::PutTaskPages(task.id.clone(), pages.clone())),
    );
    place.commit(changes).await;
    (task.id, pages)
}

pub(super) async fn a_task_comes_with_its_pages_and_the_last_wish_counts(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, pages) = waiting(&place).await;
    let stored = catalog.task(&task).await.unwrap().unwrap();
    assert_eq!(stored.pages, pages);
    assert_eq!(stored.editions, []);
    let later = TaskPages {
        entry: place.outbox_id("later"),
        ..pages[1].clone()
    };
    place
        .commit(vec![Change::PutTaskPages(task.clone(), later.clone())])
        .await;
    let stored = catalog.task(&task).await.unwrap().unwrap();
    assert_eq!(stored.pages, [pages[0].clone(), later]);
}

pub(super) async fn only_the_rendering_that_is_waited_for_is_noted(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, pages) = waiting(&place).await;
    let [index, product] = &pages;
    let (this, other) = (place.outbox_id("this"), place.outbox_id("other"));
    let note = async |entries: &[OutboxId], step: PagesStep| {
        catalog
            .note_pages(&task, &product.of, entries, &step)
            .await
            .unwrap();
        let stored = catalog.task(&task).await.unwrap().unwrap();
        assert_eq!(stored.pages[0], *index, "the other pages stay as they are");
        assert_eq!(stored.pages[1].entry, this);
        stored.pages[1].step.clone()
    };
    assert_eq!(
        note(std::slice::from_ref(&other), rendered()).await,
        PagesStep::Wanted
    );
    assert_eq!(note(&[], rendered()).await, PagesStep::Wanted);
    assert_eq!(
        note(std::slice::from_ref(&this), not_rendered()).await,
        not_rendered()
    );
    assert_eq!(
        note(&[other.clone(), this.clone()], rendered()).await,
        rendered(),
        "a later success heals"
    );
    assert_eq!(
        note(std::slice::from_ref(&this), not_rendered()).await,
        rendered(),
        "and stays"
    );
}

pub(super) async fn noting_pages_of_a_task_that_waits_for_none_changes_nothing(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, of) = (place.task_id("nobody's"), PagesOf::Organization);
    let (entries, step) = ([place.outbox_id("this")], rendered());
    catalog.note_pages(&task, &of, &entries, &step).await.unwrap();
    assert_eq!(catalog.task(&task).await.unwrap(), None);
}

pub(super) async fn an_index_is_read_as_it_was_entered_and_has_no_others_products(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    assert_eq!(catalog.index(&place.org).await.unwrap(), []);
    let full = IndexEntry {
        title: parsed("Späße & <b>\"more\"</b>"),
        root_domain: Some("docs.example.com".to_owned()),
        ..samples::index_entry(&place.product("beta"))
    };
    let bare = IndexEntry {
        newest: None,
        updated: None,
        ..samples::index_entry(&place.product("alpha"))
    };
    let put = |entry: &IndexEntry| Change::PutIndexEntry(entry.clone());
    place.commit(vec![put(&full), put(&bare)]).await;
    assert_eq!(
        catalog.index(&place.org).await.unwrap(),
        [bare.clone(), full.clone()]
    );
    let one = catalog.index_entry(&place.org, &full.product).await.unwrap();
    assert_eq!(one, Some(full.clone()));
    let elsewhere = Place::new(catalog);
    assert_eq!(catalog.index(&elsewhere.org).await.unwrap(), []);

    let newer = IndexEntry {
        updated: Some("2026-02-01".to_owned()),
        ..bare
    };
    for _ in 0..2 {
        let gone = Change::RemoveIndexEntry(place.org.clone(), full.product.clone());
        place.commit(vec![put(&newer), gone]).await;
    }
    assert_eq!(catalog.index(&place.org).await.unwrap(), [newer]);
    assert_eq!(
        catalog.index_entry(&place.org, &full.product).await.unwrap(),
        None
    );
}
