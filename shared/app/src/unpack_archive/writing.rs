//! Writing the files of an archive, many at a time and few bytes ahead.

mod files;
mod requests;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::time::Instant;

use imprint_archive::Progress;
use imprint_domain::build::Build;
use imprint_domain::key::ObjectKey;

use self::files::Files;
use self::requests::Requests;
use super::reading::{Reading, Unread, changed, unpacker};
use super::{Bounds, Journal};
use crate::env::Env;
use crate::pace::Ran;
use crate::ports::Listed;
use crate::removal::delete_all;

/// What is there already below the build's prefix.
pub(super) struct Present {
    /// Not yet met in the archive.
    objects: BTreeMap<ObjectKey, Listed>,
    /// What is younger was written for this archive.
    trusted_after: Option<Timestamp>,
}

impl Present {
    /// Whether an object of so many bytes need not be written. It belongs to the archive from now on.
    fn has(&mut self, key: &ObjectKey, bytes: u64) -> bool {
        let found = self.objects.remove(key);
        found
            .zip(self.trusted_after)
            .is_some_and(|(object, after)| object.size == bytes && object.written_at > after)
    }
}

/// Writes what the archive has and is not there, then deletes what is there and the archive does not have.
pub(super) async fn write(
    env: &Env,
    build: &Build,
    archive: &Listed,
    journal: &Journal,
    (present, trusted_after): (Vec<Listed>, Option<Timestamp>),
    bounds: Bounds,
    progress: &super::Progress,
) -> Result<Ran, Unread> {
    let present = Present {
        objects: present
            .into_iter()
            .map(|object| (object.key.clone(), object))
            .collect(),
        trusted_after,
    };
    let mut files = Files::new(build, present);
    let mut requests = Requests::new(env, bounds.pace);
    let mut unpacker = unpacker(env, build, archive).await?;
    let mut reading = Reading::of(env, archive);
    while let Some(piece) = reading.next().await? {
        let mut piece = &piece[..];
        loop {
            let fed = unpacker.feed(&mut piece, &mut files)?;
            while let Some(write) = files.next() {
                requests.begin(write).await?;
                progress.done.store(files.met, Ordering::Relaxed);
                // At least one file is written whatever the time, so that a run that is handed on always gets further.
                let is_late = bounds.deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if is_late && requests.is_between_files() {
                    requests.finish().await?;
                    return Ok(Ran::OutOfTime);
                }
            }
            if fed == Progress::Hungry {
                break;
            }
        }
    }
    let summary = unpacker.finish()?;
    requests.begin(files.own_redirect()).await?;
    requests.finish().await?;
    if summary != journal.summary() || reading.digest() != journal.digest {
        return Err(changed());
    }
    let strays: Vec<ObjectKey> = files.strays();
    delete_all(env, &strays).await?;
    Ok(Ran::Completely)
}
