use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Checksum, Rendering, Version};
use crate::retention::Doom;

/// How old a rendering or a file is that nobody needs before it goes.
pub const UNUSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is to be done with the renderings of a document that nobody needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Garbage {
    /// To be marked: out of use, and whole.
    pub mark: Vec<Rendering>,
    /// Marked, and needed again.
    pub spare: Vec<Rendering>,
    /// Marked long enough: to be deleted.
    pub delete: Vec<Rendering>,
}

/// How long a mark stands before the deletion: whoever began to use the rendering before it has ended by then.
const MARKED_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Decides which renderings of a document go. All its versions and renderings have to be known.
///
/// A rendering is needed as long as it is the current, the newest good or the published one of any version.
pub fn garbage(versions: &[Version], renderings: Vec<Rendering>, now: Timestamp) -> Garbage {
    let needed: BTreeSet<&Checksum> = versions.iter().flat_map(Version::renderings).collect();
    let mut garbage = Garbage::default();
    for rendering in renderings {
        let is_needed = needed.contains(&rendering.checksum);
        let age = now.duration_since(rendering.finished_at.unwrap_or(rendering.started_at));
        match rendering.doom {
            None if !is_needed && age >= UNUSED_FOR => garbage.mark.push(Rendering {
                doom: Some(Doom::Marked { at: now }),
                ..rendering
            }),
            None => {}
            Some(Doom::Marked { .. }) if is_needed => garbage.spare.push(Rendering {
                doom: None,
                ..rendering
            }),
            Some(Doom::Marked { at }) if now.duration_since(at) >= MARKED_FOR => {
                garbage.delete.push(Rendering {
                    doom: Some(Doom::Deleting { at: now }),
                    ..rendering
                })
            }
            Some(Doom::Marked { .. }) => {}
            // A run that died goes on: some of it may be gone.
            Some(Doom::Deleting { .. }) => garbage.delete.push(rendering),
        }
    }
    garbage
}
