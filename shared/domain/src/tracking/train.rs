//! Trains of the release registry: the channels in which a component's versions come out.

use crate::git::{GitRef, GitRefs};
use crate::rules::Trains;
use crate::text::checked_text;

use super::Standing;

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a train is component/train, such as handbook/stable: letters, digits and . _ + ~ -, at most 64 and 24 characters"
)]
pub struct TrainError;

/// The registry's limits of a component's and a train's name.
const MAX_COMPONENT: usize = 64;
const MAX_TRAIN: usize = 24;

fn check(raw: &str) -> Result<(), TrainError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._+~-".contains(&b);
    let fits = |name: &str, max: usize| (1..=max).contains(&name.len()) && name.bytes().all(allowed);
    match raw.split_once('/') {
        Some((component, train)) if fits(component, MAX_COMPONENT) && fits(train, MAX_TRAIN) => Ok(()),
        Some(_) | None => Err(TrainError),
    }
}

checked_text!(
    /// A component's train: `handbook/stable`. It is what an edition tracks instead of a ref.
    TrainName, TrainError, check
);

/// The train that these tracked refs name.
pub(super) fn tracked(refs: Option<&GitRefs>) -> Option<TrainName> {
    let refs = refs.filter(|refs| refs.iter().count() == 1)?;
    refs.first().as_str().parse().ok()
}

/// Follows builds of exactly the version that the train is at. Of a train of which that is not known it follows nothing,
/// so the edition stays where it is: unknown is not empty.
pub(super) fn standing(
    trains: &Trains,
    refs: Option<&GitRefs>,
    current: Option<&GitRefs>,
    candidate: &GitRefs,
) -> Standing {
    let at: Option<&GitRef> = tracked(refs).and_then(|train| trains.get(&train));
    match at {
        Some(version) if candidate.first() == version => {
            if current.map(GitRefs::first) == Some(version) {
                Standing::Same
            } else {
                Standing::Higher
            }
        }
        Some(_) | None => Standing::Foreign,
    }
}
