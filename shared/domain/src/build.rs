//! Builds: immutable uploads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alternate::AlternateName;
use crate::artifact::{ArtifactPlace, Artifacts, Format, State};
use crate::git::GitRefs;
use crate::id::{BuildId, ManifestId, Revision, SurrogateKey};
use crate::key::KeyPrefix;
use crate::registry::{self, Documented, VersionName};
use crate::retention::Doom;
use crate::slug::{BuildSlug, OrganizationSlug, ProductSlug};
use crate::text::Title;
use crate::upload::Upload;

/// Where a build is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BuildState {
    /// Registered; the client is sending files.
    Uploading,
    /// The client has said that every file is there.
    Uploaded {
        /// When it said so first.
        at: Timestamp,
    },
    /// Deleted by a user: no edition may move to it any more.
    Ended {
        /// When it was ended.
        at: Timestamp,
        /// When it had been uploaded, if ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uploaded_at: Option<Timestamp>,
    },
}

/// One upload of a product's site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its number.
    pub id: BuildId,
    /// The tenant it belongs to.
    pub organization: OrganizationSlug,
    /// The product it belongs to.
    pub product: ProductSlug,
    /// Its name in URLs and keys.
    pub slug: BuildSlug,
    /// What it was built from.
    pub git_refs: GitRefs,
    /// The deployment that it is for; none when it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate: Option<AlternateName>,
    /// The release that it documents, as the client says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Documented>,
    /// Who asked for it, as the client says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github_requester: Option<Title>,
    /// The key its own URLs are purged by.
    pub surrogate_key: SurrogateKey,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Where it is in its life.
    #[serde(flatten)]
    pub state: BuildState,
    /// Its newest manifest, once it has been registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestId>,
    /// What it has besides its pages.
    #[serde(default, skip_serializing_if = "Artifacts::is_empty")]
    pub artifacts: Artifacts,
    /// In which form its files come.
    #[serde(default, skip_serializing_if = "Upload::is_files")]
    pub upload: Upload,
    /// That retention is about to delete it. It is out of use from the mark on, whatever its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doom: Option<Doom>,
    /// How often it was written.
    pub revision: Revision,
}

/// Why a build cannot be used as asked. The sentences are LTD's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Its upload was never confirmed.
    #[error("Build has not been uploaded: {0}")]
    NotUploaded(BuildSlug),
    /// It was deleted.
    #[error("Build was deprecated: {0}")]
    Ended(BuildSlug),
}

impl Build {
    /// The prefix of its files.
    pub fn prefix(&self) -> KeyPrefix {
        KeyPrefix::build(&self.organization, &self.product, &self.slug)
    }

    /// Where its artifacts lie.
    pub fn artifact_place(&self) -> ArtifactPlace<'_> {
        ArtifactPlace {
            organization: &self.organization,
            product: &self.product,
            build: &self.slug,
        }
    }

    /// The formats that it is published in.
    pub fn formats(&self) -> BTreeMap<Format, BuildId> {
        let ready = self.artifacts.states.iter();
        let ready = ready.filter(|(_, state)| matches!(state, State::Ready { .. }));
        ready.map(|(format, _)| (*format, self.id)).collect()
    }

    /// The version that it documents: as the client said, or as its first ref says by its looks.
    pub fn version(&self) -> Option<VersionName> {
        match &self.documents {
            Some(documented) => Some(documented.version.clone()),
            None => {
                let git_ref = self.git_refs.first().as_str();
                registry::is_version(git_ref)
                    .then(|| git_ref.parse().ok())
                    .flatten()
            }
        }
    }

    /// Whether the client has confirmed the upload, also when the build was ended later.
    pub fn is_uploaded(&self) -> bool {
        match &self.state {
            BuildState::Uploading => false,
            BuildState::Uploaded { .. } => true,
            BuildState::Ended { uploaded_at, .. } => uploaded_at.is_some(),
        }
    }

    /// When it was ended, by somebody or by retention.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match (&self.state, self.doom) {
            (BuildState::Ended { at, .. }, _) => Some(*at),
            (_, Some(Doom::Marked { at } | Doom::Deleting { at })) => Some(at),
            (BuildState::Uploading | BuildState::Uploaded { .. }, None) => None,
        }
    }

    /// Checks that an edition may be moved to it.
    ///
    /// # Errors
    /// When it is not uploaded or has ended.
    pub fn publishable(&self) -> Result<(), BuildError> {
        self.in_use()?;
        match &self.state {
            BuildState::Uploading => Err(BuildError::NotUploaded(self.slug.clone())),
            BuildState::Uploaded { .. } => Ok(()),
            BuildState::Ended { .. } => Err(BuildError::Ended(self.slug.clone())),
        }
    }

    /// Checks that retention has not marked it: no copy may begin of files that are about to go.
    fn in_use(&self) -> Result<(), BuildError> {
        match self.doom {
            None => Ok(()),
            Some(Doom::Marked { .. } | Doom::Deleting { .. }) => Err(BuildError::Ended(self.slug.clone())),
        }
    }

    /// Takes the client's word that every file is there. Saying it again changes nothing. What retention has marked because
    /// nobody had said so is spared.
    ///
    /// # Errors
    /// When the build has ended or is being deleted.
    pub fn confirm_upload(mut self, now: Timestamp) -> Result<Self, BuildError> {
        match (&self.state, self.doom) {
            (BuildState::Uploading, Some(Doom::Marked { .. })) => self.doom = None,
            (_, _) => self.in_use()?,
        }
        self.state = match self.state {
            BuildState::Uploading => BuildState::Uploaded { at: now },
            state @ BuildState::Uploaded { .. } => state,
            BuildState::Ended { .. } => return Err(BuildError::Ended(self.slug)),
        };
        Ok(self)
    }

    /// Ends it. Ending it again keeps the first time.
    pub fn end(mut self, now: Timestamp) -> Self {
        self.state = match self.state {
            BuildState::Uploading => BuildState::Ended {
                at: now,
                uploaded_at: None,
            },
            BuildState::Uploaded { at } => BuildState::Ended {
                at: now,
                uploaded_at: Some(at),
            },
            state @ BuildState::Ended { .. } => state,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_that_is_confirmed_late_is_spared_unless_it_is_being_deleted() {
        let at = Timestamp::UNIX_EPOCH;
        let marked = Build {
            doom: Some(Doom::Marked { at }),
            ..build()
        };
        let confirmed = marked.clone().confirm_upload(at).unwrap();
        assert!(confirmed.doom.is_none() && confirmed.is_uploaded());
        let deleting = Build {
            doom: Some(Doom::Deleting { at }),
            ..marked
        };
        assert!(deleting.confirm_upload(at).is_err());
        // One that was uploaded is marked for another reason.
        let unused = Build {
            doom: Some(Doom::Marked { at }),
            ..confirmed
        };
        assert!(unused.confirm_upload(at).is_err());
    }

    fn build() -> Build {
        Build {
            id: BuildId(1),
            organization: "default".parse().unwrap(),
            product: "alpha".parse().unwrap(),
            slug: "1".parse().unwrap(),
            git_refs: GitRefs::parse(&["main"]).unwrap(),
            alternate: None,
            documents: None,
            github_requester: None,
            surrogate_key: SurrogateKey::from_bytes([1; 16]),
            created_at: Timestamp::UNIX_EPOCH,
            state: BuildState::Uploading,
            manifest: None,
            artifacts: Artifacts::default(),
            upload: Upload::Files,
            doom: None,
            revision: Revision::NEW,
        }
    }

    #[test]
    fn confirming_twice_keeps_the_first_time() {
        let later: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let once = build().confirm_upload(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(once.clone().confirm_upload(later).unwrap(), once);
    }

    #[test]
    fn an_ended_build_is_neither_confirmed_nor_published() {
        let ended = build().end(Timestamp::UNIX_EPOCH);
        assert!(ended.publishable().is_err());
        assert!(ended.clone().confirm_upload(Timestamp::UNIX_EPOCH).is_err());
        assert!(!ended.is_uploaded());
    }

    #[test]
    fn a_marked_build_is_out_of_use_and_whole_again_when_it_is_spared() {
        let whole = build().confirm_upload(Timestamp::UNIX_EPOCH).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        for doom in [Doom::Marked { at }, Doom::Deleting { at }] {
            let doomed = Build {
                doom: Some(doom),
                ..whole.clone()
            };
            assert!(doomed.publishable().is_err());
            assert!(doomed.clone().confirm_upload(at).is_err());
            assert_eq!(doomed.ended_at(), Some(at));
            let spared = Build { doom: None, ..doomed };
            assert!(spared.publishable().is_ok());
        }
    }

    #[test]
    fn a_build_reads_back_as_it_was_stored() {
        let digest = crate::upload::ArchiveDigest::new([7; 32]);
        let task = crate::id::TaskId::from_bytes([3; 16]);
        let archive = Upload::archive(Some(digest)).watched_by(&task).unpacked();
        for stored in [
            build(),
            Build {
                upload: archive,
                ..build()
            },
            build().confirm_upload(Timestamp::UNIX_EPOCH).unwrap(),
            build().end(Timestamp::UNIX_EPOCH),
        ] {
            let json = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Build>(&json).unwrap(), stored);
        }
    }
}
