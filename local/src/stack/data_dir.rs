//! The directory that keeps a stack's data: one stack at a time, and nothing deleted that is not ours.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Says that a directory is ours. A directory without it is never emptied.
const MARKER: &str = "imprint-data";
const MARKER_TEXT: &str =
    "This directory keeps the data of a local Imprint stack. `imprint-local up --fresh` empties it.\n";
const LOCK: &str = "lock";

/// What happens to the data of the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Everything is found again.
    Everything,
    /// The stack starts from nothing.
    Nothing,
}

/// Who uses a data directory.
#[derive(Debug)]
pub(super) enum InUse {
    /// A stack that runs.
    ByAnother,
    /// Nobody, until this is dropped.
    ByNobody(DataDir),
}

/// A data directory that no other stack uses while this lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    /// The operating system lets go of the lock with the file, even when the process is killed.
    _lock: File,
}

impl DataDir {
    /// Takes the directory, making it when it is not there.
    pub(super) fn open(path: &Path, keep: Keep) -> anyhow::Result<Self> {
        let place = path.display();
        std::fs::create_dir_all(path).with_context(|| format!("making the data directory {place}"))?;
        let marker = path.join(MARKER);
        if !marker.exists() {
            if std::fs::read_dir(path)
                .with_context(|| format!("reading {place}"))?
                .next()
                .is_some()
            {
                bail!("{place} has files in it that are not Imprint's; name an empty directory with --data");
            }
            std::fs::write(&marker, MARKER_TEXT).with_context(|| format!("writing to {place}"))?;
        }
        let InUse::ByNobody(directory) = Self::lock(path)? else {
            bail!("another stack uses {place}; stop it, or name another directory with --data")
        };
        if keep == Keep::Nothing {
            empty(path).with_context(|| format!("emptying {place}"))?;
        }
        Ok(directory)
    }

    /// Takes the directory of a stack that has ended, to look at what is in it.
    pub(super) fn of_stack(path: &Path) -> anyhow::Result<InUse> {
        if !path.join(MARKER).exists() {
            bail!(
                "no stack keeps its data in {}; name its directory with --data",
                path.display()
            );
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> anyhow::Result<InUse> {
        let place = path.display();
        let lock = File::create(path.join(LOCK)).with_context(|| format!("writing to {place}"))?;
        match lock.try_lock() {
            Ok(()) => Ok(InUse::ByNobody(Self {
                path: path.to_owned(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(InUse::ByAnother),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {place}")),
        }
    }

    /// Where the stand-ins keep what they have.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn empty(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARKER || entry.file_name() == LOCK {
            continue;
        }
        // A link is removed, what it leads to is not.
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_start_empties_our_own_directory() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/data");
        drop(DataDir::open(&path, Keep::Nothing).unwrap());
        std::fs::create_dir(path.join("s3")).unwrap();
        std::fs::write(path.join("s3/object"), "x").unwrap();
        std::fs::write(path.join("dynamodb.sqlite"), "x").unwrap();
        drop(DataDir::open(&path, Keep::Everything).unwrap());
        assert!(path.join("s3/object").exists());
        drop(DataDir::open(&path, Keep::Nothing).unwrap());
        assert!(!path.join("s3").exists() && !path.join("dynamodb.sqlite").exists());
    }

    #[test]
    fn a_directory_of_somebody_else_is_left_alone() {
        let theirs = tempfile::tempdir().unwrap();
        std::fs::write(theirs.path().join("thesis.tex"), "x").unwrap();
        for keep in [Keep::Everything, Keep::Nothing] {
            let refusal = DataDir::open(theirs.path(), keep).unwrap_err().to_string();
            assert!(refusal.contains("not Imprint's"), "{refusal}");
        }
        assert!(theirs.path().join("thesis.tex").exists());
        assert_eq!(std::fs::read_dir(theirs.path()).unwrap().count(), 1);
    }

    #[test]
    fn two_stacks_never_share_a_directory() {
        let data = tempfile::tempdir().unwrap();
        let first = DataDir::open(data.path(), Keep::Everything).unwrap();
        std::fs::write(data.path().join("dynamodb.sqlite"), "x").unwrap();
        let refusal = DataDir::open(data.path(), Keep::Nothing).unwrap_err().to_string();
        assert!(refusal.contains("another stack uses"), "{refusal}");
        assert!(data.path().join("dynamodb.sqlite").exists());
        drop(first);
        DataDir::open(data.path(), Keep::Nothing).unwrap();
    }
}
