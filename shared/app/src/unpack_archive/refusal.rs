//! What a refused archive is to the people who made it.

use imprint_archive::{Reason, Refusal};
use imprint_domain::task::FailureCode;

use super::reading::Unread;

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(code(refusal.reason), format!("the archive is refused: {refusal}"))
    }
}

fn code(reason: Reason) -> FailureCode {
    match reason {
        Reason::UnknownKind | Reason::Empty | Reason::Method => FailureCode::ArchiveUnsupported,
        Reason::NotUtf8
        | Reason::NameTooLong
        | Reason::TooDeep
        | Reason::Absolute
        | Reason::Parent
        | Reason::NoName
        | Reason::Nul
        | Reason::Backslash
        | Reason::Control => FailureCode::ArchiveBadName,
        Reason::Collision => FailureCode::ArchiveCollision,
        Reason::Link | Reason::Device | Reason::Sparse | Reason::UnknownType => FailureCode::ArchiveBadEntry,
        Reason::ArchiveTooLarge
        | Reason::TooManyEntries
        | Reason::DirectoryTooLarge
        | Reason::UnpackedTooLarge
        | Reason::FileTooLarge
        | Reason::Ratio => FailureCode::ArchiveTooLarge,
        Reason::Overlap | Reason::Truncated | Reason::Corrupt(_) | Reason::TrailingGarbage => {
            FailureCode::ArchiveCorrupt
        }
        Reason::Encrypted => FailureCode::ArchiveEncrypted,
    }
}
