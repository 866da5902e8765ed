//! The history of an edition: every decision to show a build, who made it and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::UserName;
use crate::edition::{Cause, Edition, Pointer};
use crate::id::EditionId;

/// One move of an edition. Its generation tells it from the others, and orders them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The edition.
    pub edition: EditionId,
    /// Where it was pointed.
    #[serde(flatten)]
    pub pointer: Pointer,
    /// Why.
    pub cause: Cause,
    /// Who asked for it; none when nobody did and the edition followed what it tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserName>,
    /// When.
    pub at: Timestamp,
}

impl Moved {
    /// The move that has just re-pointed this edition; none when it was never pointed anywhere.
    pub fn of(edition: &Edition, cause: Cause, by: Option<UserName>, at: Timestamp) -> Option<Self> {
        Some(Self {
            edition: edition.id,
            pointer: edition.desired.clone()?,
            cause,
            by,
            at,
        })
    }
}
