//! Bodies as plain files.
//!
//! A file is written aside and renamed into place, never changed in place: readers keep the body they
//! opened, and copies can be hard links.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::object::{Place, nanoseconds};

/// File systems take 255 bytes a name.
const MAX_NAME: usize = 255;
/// Directories of our own start with a dot, which no bucket name does.
const STAGING: &str = ".staging";
const ASIDE: &str = ".aside";

/// The directory of bodies.
#[derive(Debug)]
pub(crate) struct Bodies {
    root: PathBuf,
    staging: PathBuf,
    next: AtomicU64,
    /// The file system takes `A` and `a` for one name.
    folds_case: bool,
}

impl Bodies {
    /// Opens or creates the directory; what an earlier process staged and never settled is removed.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let staging = root.join(STAGING);
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&staging)?,
        }
        File::create(staging.join("case"))?;
        let folds_case = staging.join("CASE").exists();
        Ok(Self {
            root: root.to_owned(),
            staging,
            next: AtomicU64::new(0),
            folds_case,
        })
    }

    /// A new file for a body on its way in.
    pub(crate) fn stage(&self) -> Staged {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Staged {
            path: self.staging.join(number.to_string()),
            settled: false,
        }
    }

    /// A body that shares the bytes of `source`.
    pub(crate) fn stage_copy(&self, source: &Path) -> io::Result<Staged> {
        let staged = self.stage();
        match fs::hard_link(source, &staged.path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
            // Too many links to one file, or a file system without links.
            Err(_) => {
                fs::copy(source, &staged.path)?;
            }
        }
        Ok(staged)
    }

    /// Moves a staged body to where the key's body belongs.
    pub(crate) fn settle(&self, bucket: &str, key: &str, mut staged: Staged) -> io::Result<Place> {
        if self.nameable(key) {
            let target = self.plain(bucket, key);
            match rename(&staged.path, &target) {
                Ok(()) => {
                    staged.settled = true;
                    return Ok(Place::Plain);
                }
                Err(error) if name_is_taken(error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
        rename(&staged.path, &self.aside(bucket, key))?;
        staged.settled = true;
        Ok(Place::Aside)
    }

    /// The file of a body; `None` for an empty one.
    pub(crate) fn path(&self, bucket: &str, key: &str, place: Place) -> Option<PathBuf> {
        match place {
            Place::Empty => None,
            Place::Plain => Some(self.plain(bucket, key)),
            Place::Aside => Some(self.aside(bucket, key)),
        }
    }

    /// Removes a body and the directories that it leaves empty.
    pub(crate) fn remove(&self, bucket: &str, key: &str, place: Place) {
        let Some(path) = self.path(bucket, key, place) else {
            return;
        };
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a body was not removed");
        }
        let bucket = self.root.join(bucket);
        let inside = path
            .ancestors()
            .skip(1)
            .take_while(|dir| dir.starts_with(&bucket) && **dir != *bucket);
        for directory in inside {
            // Refused as soon as one is not empty.
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }

    fn plain(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(key)
    }

    fn aside(&self, bucket: &str, key: &str) -> PathBuf {
        self.root
            .join(ASIDE)
            .join(bucket)
            .join(hex::encode(Sha256::digest(key)))
    }

    /// Whether a file can have this name without meaning another one.
    fn nameable(&self, key: &str) -> bool {
        let strange = |c: char| c == '\0' || (cfg!(windows) && r#"<>:"\|?*"#.contains(c));
        // Such file systems normalise letters outside ASCII as well.
        let folded = self.folds_case && key.chars().any(|c| c.is_uppercase() || !c.is_ascii());
        let segment = |name: &str| !matches!(name, "" | "." | "..") && name.len() <= MAX_NAME;
        !folded && !key.contains(strange) && key.split('/').all(segment)
    }
}

/// A file on its way in; gone when dropped before it is settled.
#[derive(Debug)]
pub(crate) struct Staged {
    path: PathBuf,
    settled: bool,
}

impl Staged {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a body that is at hand.
    pub(crate) fn write(&self, body: &[u8]) -> io::Result<()> {
        File::create(&self.path)?.write_all(body)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.settled
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "a staged body was not removed");
        }
    }
}

/// The modification time of a file, in nanoseconds since 1970.
pub(crate) fn file_time(path: &Path) -> io::Result<i64> {
    fs::metadata(path)?.modified().map(nanoseconds)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(to.parent().unwrap_or(to))?;
            fs::rename(from, to)?;
        }
        done => done?,
    }
    // POSIX: renaming one link of a file onto another does nothing, and leaves both.
    match fs::remove_file(from) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Another object's file or directory is in the way, or the name is too long.
fn name_is_taken(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::InvalidFilename
    )
}
