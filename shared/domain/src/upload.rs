//! In which form a client sends a build.

use serde::{Deserialize, Serialize};

use crate::id::TaskId;

/// In which form a client sends a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Upload {
    /// Each file by itself.
    #[default]
    Files,
    /// All files in one archive.
    Archive {
        /// What the client says of its bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<ArchiveDigest>,
        /// Whether its files are those of the build. From then on no other archive is taken.
        unpacked: bool,
        /// What watches the newest one that was there, also after it was refused and deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskId>,
    },
}

impl Upload {
    /// In an archive that is not there yet.
    pub fn archive(digest: Option<ArchiveDigest>) -> Self {
        Self::Archive {
            digest,
            unpacked: false,
            task: None,
        }
    }

    /// Whether each file comes by itself, which need not be stored.
    pub fn is_files(&self) -> bool {
        *self == Self::Files
    }

    /// Whether an archive has to be unpacked before there are files.
    pub fn awaits_archive(&self) -> bool {
        match self {
            Self::Files => false,
            Self::Archive { unpacked, .. } => !unpacked,
        }
    }

    /// The same once the files of the archive are there.
    pub fn unpacked(self) -> Self {
        match self {
            Self::Files => Self::Files,
            Self::Archive { digest, task, .. } => Self::Archive {
                digest,
                unpacked: true,
                task,
            },
        }
    }

    /// The same with an archive that a task watches.
    pub fn watched_by(self, task: &TaskId) -> Self {
        match self {
            Self::Files => Self::Files,
            Self::Archive { digest, unpacked, .. } => Self::Archive {
                digest,
                unpacked,
                task: Some(task.clone()),
            },
        }
    }

    /// What watches the archive.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Files => None,
            Self::Archive { task, .. } => task.as_ref(),
        }
    }
}

/// The SHA-256 of an archive. Its text is `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArchiveDigest([u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no digest; it should be `sha256:` and 64 hexadecimal digits")]
pub struct NoDigest(String);

impl ArchiveDigest {
    /// What was computed.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::str::FromStr for ArchiveDigest {
    type Err = NoDigest;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let refused = || NoDigest(raw.chars().take(80).collect());
        let digits = raw.strip_prefix("sha256:").ok_or_else(refused)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| refused())?;
        Ok(Self(bytes))
    }
}
impl TryFrom<String> for ArchiveDigest {
    type Error = NoDigest;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<ArchiveDigest> for String {
    fn from(digest: ArchiveDigest) -> Self {
        digest.to_string()
    }
}
impl std::fmt::Display for ArchiveDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_its_own_text_and_nothing_else() {
        let digest = ArchiveDigest::new([0xab; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.to_string().replace("ab", "AB").parse(), Ok(digest));
        for wrong in [
            "",
            "sha256:",
            "sha256:ab",
            "md5:ab",
            &"ab".repeat(32),
            &format!("{digest}00"),
        ] {
            assert!(wrong.parse::<ArchiveDigest>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_archive_is_awaited_until_it_is_unpacked() {
        let archive = Upload::archive(None);
        assert!(archive.awaits_archive() && !archive.is_files());
        assert!(!archive.unpacked().awaits_archive());
        assert!(!Upload::Files.awaits_archive() && Upload::Files.unpacked().is_files());
    }
}
