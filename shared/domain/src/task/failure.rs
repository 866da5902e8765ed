//! How a step fails for good: a code for machines, and what to do for people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What went wrong, as a code for machines and two sentences for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word, such as `purge_refused`.
    pub code: FailureCode,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// When.
    pub at: Timestamp,
}

/// Every way a step can fail for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The build has no files.
    EmptyBuild,
    /// The build was deleted before it was registered.
    BuildEnded,
    /// The product was deleted.
    ProductEnded,
    /// The build, product or edition is not there any more.
    Gone,
    /// An uploaded file has a name or size that cannot be published.
    BadFile,
    /// A file of the build vanished, or a manifest cannot be read.
    FilesMissing,
    /// The object store refused or did not answer.
    ObjectStore,
    /// The table refused or did not answer.
    Catalog,
    /// The CDN refused the purge.
    PurgeRefused,
    /// The DNS refused or did not answer.
    Dns,
    /// The receiver of a webhook did not take a delivery.
    WebhookNotTaken,
    /// An artifact that the client announced was not uploaded.
    ArtifactMissing,
    /// What was uploaded as an artifact is not in its format.
    ArtifactUnfit,
    /// An artifact, or what it is made of, is larger than its format allows.
    ArtifactTooLarge,
    /// A format could not be made of the pages.
    NotDerived,
    /// The archive that the build's files are to come in is not there.
    ArchiveMissing,
    /// What was uploaded is no archive of a kind that is taken, or has no files.
    ArchiveUnsupported,
    /// A name in the archive cannot be that of a file.
    ArchiveBadName,
    /// Two names in the archive are one, or are one to some file systems.
    ArchiveCollision,
    /// The archive has a link, a device or something else that is no file.
    ArchiveBadEntry,
    /// The archive, or what is in it, is larger than allowed.
    ArchiveTooLarge,
    /// The archive is cut off, broken, or contradicts itself.
    ArchiveCorrupt,
    /// The archive asks for a password.
    ArchiveEncrypted,
    /// The archive is not the one whose digest was announced.
    ArchiveWrongDigest,
    /// The step died each time it was tried.
    GaveUp,
}

impl FailureCode {
    /// Every code.
    pub const ALL: [Self; 25] = [
        Self::EmptyBuild,
        Self::BuildEnded,
        Self::ProductEnded,
        Self::Gone,
        Self::BadFile,
        Self::FilesMissing,
        Self::ObjectStore,
        Self::Catalog,
        Self::PurgeRefused,
        Self::Dns,
        Self::WebhookNotTaken,
        Self::ArtifactMissing,
        Self::ArtifactUnfit,
        Self::ArtifactTooLarge,
        Self::NotDerived,
        Self::ArchiveMissing,
        Self::ArchiveUnsupported,
        Self::ArchiveBadName,
        Self::ArchiveCollision,
        Self::ArchiveBadEntry,
        Self::ArchiveTooLarge,
        Self::ArchiveCorrupt,
        Self::ArchiveEncrypted,
        Self::ArchiveWrongDigest,
        Self::GaveUp,
    ];

    /// The stable word, as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyBuild => "empty_build",
            Self::BuildEnded => "build_ended",
            Self::ProductEnded => "product_ended",
            Self::Gone => "gone",
            Self::BadFile => "bad_file",
            Self::FilesMissing => "files_missing",
            Self::ObjectStore => "object_store",
            Self::Catalog => "catalog",
            Self::PurgeRefused => "purge_refused",
            Self::Dns => "dns",
            Self::WebhookNotTaken => "webhook_not_taken",
            Self::ArtifactMissing => "artifact_missing",
            Self::ArtifactUnfit => "artifact_unfit",
            Self::ArtifactTooLarge => "artifact_too_large",
            Self::NotDerived => "not_derived",
            Self::ArchiveMissing => "archive_missing",
            Self::ArchiveUnsupported => "archive_unsupported",
            Self::ArchiveBadName => "archive_bad_name",
            Self::ArchiveCollision => "archive_collision",
            Self::ArchiveBadEntry => "archive_bad_entry",
            Self::ArchiveTooLarge => "archive_too_large",
            Self::ArchiveCorrupt => "archive_corrupt",
            Self::ArchiveEncrypted => "archive_encrypted",
            Self::ArchiveWrongDigest => "archive_wrong_digest",
            Self::GaveUp => "gave_up",
        }
    }

    /// What a person can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::EmptyBuild => "upload at least one file, then confirm the upload again",
            Self::BuildEnded => "register a new build",
            Self::ProductEnded => "restore the product, then confirm the upload again",
            Self::Gone => "check that the product, build and edition still exist, then register a new build",
            Self::BadFile => "rename or remove the file, then register a new build",
            Self::FilesMissing => "upload the site as a new build",
            Self::ObjectStore => {
                "confirm the upload again; if it fails again, check the bucket and its permissions"
            }
            Self::Catalog => "confirm the upload again; if it fails again, check the table and its limits",
            Self::PurgeRefused => {
                "check the CDN service id and key, then PATCH the edition with pending_rebuild: false to try again"
            }
            Self::Dns => "check the hosted zones and what update-dns may do with them",
            Self::WebhookNotTaken => {
                "look at the webhook's deliveries, and replay them when the receiver is mended"
            }
            Self::ArtifactMissing => "upload the file with its form, then confirm the upload again",
            Self::ArtifactUnfit => "upload a file of that format, then confirm the upload again",
            Self::ArtifactTooLarge => "make it smaller, or leave the format out",
            Self::NotDerived => "confirm the upload again; if it fails again, look at the function's log",
            Self::ArchiveMissing => {
                "PUT the archive to the address in archive_upload; nothing else is needed"
            }
            Self::ArchiveUnsupported => {
                "pack the site's files as .tar.gz or as .zip (deflated or stored), then PUT the archive again"
            }
            Self::ArchiveBadName => {
                "pack the site from within its folder, with plain relative names in UTF-8, then PUT the archive again"
            }
            Self::ArchiveCollision => "rename one of the two, then PUT the archive again",
            Self::ArchiveBadEntry => {
                "leave it out, or have the file itself packed (tar --dereference), then PUT the archive again"
            }
            Self::ArchiveTooLarge => "leave out what is not published, or upload the files one by one",
            Self::ArchiveCorrupt => "PUT the archive again; if it is refused again, pack it again",
            Self::ArchiveEncrypted => "pack the site without a password, then PUT the archive again",
            Self::ArchiveWrongDigest => {
                "PUT the archive again; if it was packed again since, register a build with its digest"
            }
            Self::GaveUp => "look at the function's log and dead-letter queue, then confirm the upload again",
        }
    }

    /// Whether an archive was read and refused: it is of no more use.
    pub fn refuses_archive(self) -> bool {
        match self {
            Self::ArchiveUnsupported
            | Self::ArchiveBadName
            | Self::ArchiveCollision
            | Self::ArchiveBadEntry
            | Self::ArchiveTooLarge
            | Self::ArchiveCorrupt
            | Self::ArchiveEncrypted
            | Self::ArchiveWrongDigest => true,
            Self::ArchiveMissing
            | Self::EmptyBuild
            | Self::BuildEnded
            | Self::ProductEnded
            | Self::Gone
            | Self::BadFile
            | Self::FilesMissing
            | Self::ObjectStore
            | Self::Catalog
            | Self::PurgeRefused
            | Self::Dns
            | Self::WebhookNotTaken
            | Self::ArtifactMissing
            | Self::ArtifactUnfit
            | Self::ArtifactTooLarge
            | Self::NotDerived
            | Self::GaveUp => false,
        }
    }

    /// A failure with this code's remedy.
    pub fn because(self, message: impl Into<String>, at: Timestamp) -> Failure {
        Failure {
            code: self,
            message: message.into(),
            remedy: self.remedy().to_owned(),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_called_as_they_are_stored() {
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
