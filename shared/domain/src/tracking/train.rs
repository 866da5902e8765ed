//! Trains of the release registry: an edition follows the latest release of one.

use crate::build::Build;
use crate::edition::Verdict;
use crate::git::GitRefs;
use crate::registry::{TrainAt, TrainName, Trains};

use super::Standing;

/// The train that these tracked refs name.
pub(crate) fn tracked(refs: Option<&GitRefs>) -> Option<TrainName> {
    let refs = refs.filter(|refs| refs.iter().count() == 1)?;
    refs.first().as_str().parse().ok()
}

/// Where the train is that these refs name. Of a train of which that is not known an edition follows nothing, so it stays
/// where it is: unknown is not empty.
fn at<'a>(trains: &'a Trains, refs: Option<&GitRefs>) -> Option<&'a TrainAt> {
    tracked(refs).and_then(|train| trains.get(&train))
}

/// How builds of these refs stand to it: those that name the version are followed.
pub(super) fn standing(
    trains: &Trains,
    refs: Option<&GitRefs>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    match at(trains, refs) {
        Some(TrainAt { version, .. }) if version.is_named_by(candidate.first()) => {
            if current.is_some_and(|refs| version.is_named_by(refs.first())) {
                Standing::Same
            } else {
                Standing::Higher
            }
        }
        Some(_) | None => Standing::Foreign,
    }
}

/// What becomes of a build: the one that the registry knows as the documentation of the latest release is followed, from
/// wherever the edition is, because a train may go back. Where it knows none, one that names the version is.
pub(crate) fn verdict(trains: &Trains, refs: Option<&GitRefs>, build: &Build) -> Verdict {
    let Some(TrainAt {
        version,
        build: known,
    }) = at(trains, refs)
    else {
        return Verdict::NotTracked;
    };
    let is_named = version.is_named_by(build.git_refs.first());
    match known {
        Some(known) if *known == build.id => Verdict::Moves,
        Some(_) if is_named => Verdict::Older,
        None if is_named => Verdict::Moves,
        Some(_) | None => Verdict::NotTracked,
    }
}
