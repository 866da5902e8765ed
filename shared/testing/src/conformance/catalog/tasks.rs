use imprint_app::ports::{Catalog, Change};
use imprint_domain::edition::Edition;
use imprint_domain::id::TaskId;
use imprint_domain::task::{
    CopyReport, EditionStep, FailureCode, Note, NoteCode, Registration, Task, TaskEdition,
};
use jiff::{SignedDuration, Timestamp};

use super::{LONG_AGO, MANY, Place, ascending, half_past};
use crate::samples::{self, NOON};

/// A task that is not stored, and two editions to go with it.
async fn task(place: &Place<'_>, name: &str) -> (Task, Vec<Edition>) {
    let product = place.product("alpha");
    let mut editions = Vec::new();
    for slug in ["a", "b"] {
        editions.push(place.edition(&product, slug).await);
    }
    let task = Task {
        id: place.task_id(name),
        ..samples::task(name, &samples::build_of(&product, 3, "main"))
    };
    (task, editions)
}

fn stored(task: Task) -> Task {
    Task {
        revision: task.revision.next(),
        ..task
    }
}

fn part(task: &Task, edition: &Edition, step: EditionStep) -> TaskEdition {
    samples::task_edition(edition, task.build.unwrap(), step)
}

fn put(task: &Task, edition: &TaskEdition) -> Change {
    Change::PutTaskEdition(task.id.clone(), edition.clone())
}

pub(super) async fn a_task_is_read_with_its_editions(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, editions) = task(&place, "t").await;
    assert_eq!(catalog.task(&task.id).await.unwrap(), None);
    let task = Task {
        registration: Registration::Done {
            at: half_past(NOON),
            files: 3000,
            bytes: 5_000_000_000,
        },
        notes: vec![Note {
            code: NoteCode::EditionHasNewer,
            message: "edition \"v1\" stays".to_owned(),
        }],
        ..task
    };
    let published = EditionStep::Published { at: half_past(NOON) };
    let mut first = part(&task, &editions[0], published);
    first.report = Some(CopyReport {
        copied: 1,
        deleted: 2,
        unchanged: 3,
    });
    let failed = EditionStep::Failed(FailureCode::ObjectStore.because("the bucket is away", NOON));
    let second = part(&task, &editions[1], failed);
    place
        .commit(vec![
            Change::CreateTask(task.clone()),
            put(&task, &second),
            put(&task, &first),
        ])
        .await;
    let whole = Task {
        editions: vec![first, second],
        ..stored(task.clone())
    };
    assert_eq!(catalog.task(&task.id).await.unwrap(), Some(whole));
    place.conflict(vec![Change::CreateTask(task)]).await;
}

pub(super) async fn an_update_of_a_task_needs_its_revision_and_keeps_its_editions(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (new, editions) = task(&place, "t").await;
    let queued = part(&new, &editions[0], EditionStep::Queued);
    place
        .commit(vec![Change::CreateTask(new.clone()), put(&new, &queued)])
        .await;
    place.conflict(vec![Change::UpdateTask(new.clone())]).await;

    // An edition's progress is no write of the task.
    let purging = part(&new, &editions[0], EditionStep::Purging);
    place.commit(vec![put(&new, &purging)]).await;
    let no_files = FailureCode::EmptyBuild.because("no files", half_past(NOON));
    let failed = Task {
        registration: Registration::Failed(no_files),
        ..stored(new.clone())
    };
    place.commit(vec![Change::UpdateTask(failed.clone())]).await;
    let whole = Task {
        editions: vec![purging],
        ..stored(failed)
    };
    assert_eq!(catalog.task(&new.id).await.unwrap(), Some(whole));
    let unknown = Task {
        id: place.task_id("unknown"),
        ..new
    };
    place.conflict(vec![Change::UpdateTask(unknown)]).await;
}

pub(super) async fn an_edition_of_a_task_is_overwritten(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, editions) = task(&place, "t").await;
    let steps = [
        EditionStep::Queued,
        EditionStep::Copying { done: 1, total: 2 },
        EditionStep::Purging,
        EditionStep::Superseded,
    ];
    place.commit(vec![Change::CreateTask(task.clone())]).await;
    for (seconds, step) in (0..).zip(steps) {
        let mut edition = part(&task, &editions[0], step);
        edition.updated_at = samples::after_noon(seconds);
        place.commit(vec![put(&task, &edition)]).await;
        assert_eq!(parts(catalog, &task.id).await, [edition]);
    }
}

pub(super) async fn progress_is_noted_only_while_copying(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (task, editions) = task(&place, "t").await;
    let copying = part(&task, &editions[0], EditionStep::Copying { done: 0, total: 9 });
    let neighbour = part(&task, &editions[1], EditionStep::Copying { done: 0, total: 8 });
    place
        .commit(vec![
            Change::CreateTask(task.clone()),
            put(&task, &copying),
            put(&task, &neighbour),
        ])
        .await;
    let later = samples::after_noon(5);
    let note = |done| catalog.note_progress(&task.id, copying.edition, done, 10, later);
    note(4).await.unwrap();
    let noted = parts(catalog, &task.id).await;
    assert_eq!(noted[0].step, EditionStep::Copying { done: 4, total: 10 });
    assert_eq!(noted[0].updated_at, later);
    assert_eq!(noted[1], neighbour);

    let others = [
        EditionStep::Queued,
        EditionStep::Purging,
        EditionStep::Published { at: NOON },
        EditionStep::Superseded,
        EditionStep::Failed(FailureCode::GaveUp.because("it died", NOON)),
    ];
    for other in others {
        let there = part(&task, &editions[0], other);
        place.commit(vec![put(&task, &there)]).await;
        note(5).await.unwrap();
        assert_eq!(parts(catalog, &task.id).await[0], there);
    }
    let unknown = place.task_id("unknown");
    let noted = catalog.note_progress(&unknown, copying.edition, 1, 2, later);
    noted.await.unwrap();
    assert_eq!(catalog.task(&unknown).await.unwrap(), None);
}

pub(super) async fn open_tasks_are_listed_oldest_first_until_they_are_closed(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let times = ascending(LONG_AGO);
    let mut ids = Vec::new();
    for (n, created_at) in times.into_iter().enumerate() {
        let (task, _) = task(&place, &n.to_string()).await;
        ids.push(task.id.clone());
        let task = Task { created_at, ..task };
        place.commit(vec![Change::CreateTask(task)]).await;
    }
    let end = times[4] + SignedDuration::from_secs(1);
    assert_eq!(open(&place, &ids, end, MANY).await, ids);
    assert_eq!(open(&place, &ids, times[3], MANY).await, ids[..3]);
    assert_eq!(open(&place, &ids, end, 2).await, ids[..2]);

    for _ in 0..2 {
        place.commit(vec![Change::CloseTask(ids[1].clone())]).await;
    }
    assert_eq!(open(&place, &ids, end, 2).await, [ids[0].clone(), ids[2].clone()]);
    let closed = catalog.task(&ids[1]).await.unwrap();
    assert!(closed.is_some(), "closed, not removed");

    let close = ids.iter().cloned().map(Change::CloseTask);
    place.commit(close.collect()).await;
    assert_eq!(open(&place, &ids, end, MANY).await, []);
}

pub(super) async fn a_task_is_updated_and_closed_in_one_commit(catalog: &dyn Catalog) {
    let place = Place::new(catalog);
    let (new, editions) = task(&place, "t").await;
    let ids = [new.id.clone()];
    let soon = samples::after_noon(1);
    place.commit(vec![Change::CreateTask(new.clone())]).await;
    assert_eq!(open(&place, &ids, soon, MANY).await, ids);

    let seen = stored(new.clone());
    let close = || Change::CloseTask(new.id.clone());
    place
        .conflict(vec![Change::UpdateTask(new.clone()), close()])
        .await;
    assert_eq!(
        open(&place, &ids, soon, MANY).await,
        ids,
        "a conflict closes nothing"
    );

    let published = part(&new, &editions[0], EditionStep::Published { at: NOON });
    place
        .commit(vec![
            Change::UpdateTask(seen.clone()),
            put(&new, &published),
            close(),
        ])
        .await;
    assert_eq!(open(&place, &ids, soon, MANY).await, []);
    let whole = Task {
        editions: vec![published.clone()],
        ..stored(seen)
    };
    assert_eq!(catalog.task(&new.id).await.unwrap(), Some(whole));

    place.commit(vec![put(&new, &published)]).await;
    let opened = open(&place, &ids, soon, MANY).await;
    assert_eq!(opened, [], "a late write opens nothing");
}

async fn parts(catalog: &dyn Catalog, task: &TaskId) -> Vec<TaskEdition> {
    catalog.task(task).await.unwrap().unwrap().editions
}

/// The open tasks among `ids`. With a small limit only right where nothing older is open.
async fn open(place: &Place<'_>, ids: &[TaskId], before: Timestamp, limit: usize) -> Vec<TaskId> {
    let open = place.catalog.open_tasks(before, limit).await.unwrap();
    assert!(open.len() <= limit);
    open.into_iter().filter(|id| ids.contains(id)).collect()
}
