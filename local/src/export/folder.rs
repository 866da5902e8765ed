//! A folder that files are written to, and nothing outside of it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::write::MultiGzDecoder;
use imprint_domain::key::SitePath;

/// Whether a folder that has something in it may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupied {
    /// It may not.
    Refused,
    /// It may: files of the same name are replaced, others stay.
    Allowed,
}

/// The folder has something in it.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not empty: name another folder, or say --force to replace what has the same name")]
pub struct NotEmpty(String);

/// Where an edition is written to.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// How the bytes of a file come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As readers see them.
    Plain,
    /// Compressed: readers see what comes out.
    Gzip,
}

impl Folder {
    /// Takes the folder, making it when it is not there.
    pub(super) fn open(path: &Path, occupied: Occupied) -> anyhow::Result<Self> {
        let place = path.display();
        fs::create_dir_all(path).with_context(|| format!("making the folder {place}"))?;
        let mut entries = fs::read_dir(path).with_context(|| format!("reading the folder {place}"))?;
        if entries.next().is_some() && occupied == Occupied::Refused {
            anyhow::bail!(NotEmpty(place.to_string()));
        }
        let root = fs::canonicalize(path).with_context(|| format!("looking for the folder {place}"))?;
        Ok(Self { root })
    }

    /// Its absolute path.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Begins a file. Nobody sees it before it is finished.
    pub(super) fn begin(&self, path: &SitePath, coding: Coding) -> io::Result<Draft> {
        let target = self.place(path)?;
        // Beside its place, so that moving it there is one step.
        let draft = tempfile::Builder::new()
            .prefix(".imprint-export-")
            .permissions(readable())
            .tempfile_in(target.parent().unwrap_or(&self.root))?;
        let (file, written) = draft.into_parts();
        Ok(Draft {
            sink: match coding {
                Coding::Plain => Sink::Plain(file),
                Coding::Gzip => Sink::Gzip(Box::new(MultiGzDecoder::new(file))),
            },
            written,
            target,
        })
    }

    /// The place of a file, with the directories above it. A site's paths have no `..`; what is left to lead out of the folder
    /// are links that were there before, and these are not followed.
    fn place(&self, path: &SitePath) -> io::Result<PathBuf> {
        let mut place = self.root.clone();
        let (directories, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        for part in directories.split('/').filter(|part| !part.is_empty()) {
            place.push(part);
            match fs::create_dir(&place) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made?,
            }
            if !fs::symlink_metadata(&place)?.is_dir() {
                return Err(ErrorKind::NotADirectory.into());
            }
        }
        place.push(name);
        Ok(place)
    }
}

/// What servers of other users can read, as `cp` would make it.
fn readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}

/// A file that is being written. Dropped before its end it leaves nothing.
pub(super) struct Draft {
    sink: Sink,
    written: tempfile::TempPath,
    target: PathBuf,
}

enum Sink {
    Plain(File),
    Gzip(Box<MultiGzDecoder<File>>),
}

impl Draft {
    /// Writes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Sink::Plain(file) => file.write_all(bytes),
            Sink::Gzip(decoder) => decoder.write_all(bytes),
        }
    }

    /// Puts the file in its place and gives its size in bytes. A link that has its name is replaced, not followed.
    pub(super) fn finish(self) -> io::Result<u64> {
        let file = match self.sink {
            Sink::Plain(file) => file,
            Sink::Gzip(decoder) => decoder.finish()?,
        };
        let size = file.metadata()?.len();
        self.written.persist(&self.target).map_err(|error| error.error)?;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Folder, path: &str, bytes: &[u8], coding: Coding) -> io::Result<u64> {
        let mut draft = folder.begin(&path.parse().unwrap(), coding)?;
        draft.write(bytes)?;
        draft.finish()
    }

    fn names(of: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(of)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_lie_where_their_paths_say_and_are_as_they_were() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("new/site");
        let folder = Folder::open(&root, Occupied::Refused).unwrap();
        for path in ["index.html", "a/Über uns.html", "a/b/…", "a/ b"] {
            assert_eq!(
                write(&folder, path, path.as_bytes(), Coding::Plain).unwrap(),
                path.len() as u64
            );
            assert_eq!(fs::read_to_string(root.join(path)).unwrap(), path);
        }
        assert_eq!(names(&root), ["a", "index.html"]);
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(root.join("index.html"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }

    #[test]
    fn what_is_compressed_is_not_any_more_and_what_only_says_so_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path(), Occupied::Refused).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"hello ").unwrap();
        let mut bytes = encoder.finish().unwrap();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"world").unwrap();
        bytes.extend(encoder.finish().unwrap());
        assert_eq!(write(&folder, "a.js", &bytes, Coding::Gzip).unwrap(), 11);
        assert_eq!(
            fs::read_to_string(root.path().join("a.js")).unwrap(),
            "hello world"
        );
        for bad in [&b"plain"[..], &bytes[..bytes.len() - 9]] {
            assert!(write(&folder, "b.js", bad, Coding::Gzip).is_err());
        }
        assert_eq!(names(root.path()), ["a.js"]);
    }

    #[test]
    fn nothing_is_written_outside_and_nothing_is_removed() {
        let (outside, inside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = inside.path();
        fs::write(outside.path().join("secret"), "theirs").unwrap();
        fs::write(root.join("mine"), "mine").unwrap();
        fs::create_dir(root.join("taken")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("a")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), root.join("b")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("c")).unwrap();
        let refusal = Folder::open(root, Occupied::Refused).unwrap_err();
        assert!(refusal.to_string().contains("--force"), "{refusal}");
        let folder = Folder::open(root, Occupied::Allowed).unwrap();
        for refused in ["a/x", "a/b/x", "c/x", "mine/x", "taken"] {
            assert!(write(&folder, refused, b"x", Coding::Plain).is_err(), "{refused}");
        }
        write(&folder, "b", b"new", Coding::Plain).unwrap();
        assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "new");
        assert_eq!(names(outside.path()), ["secret"]);
        assert_eq!(
            fs::read_to_string(outside.path().join("secret")).unwrap(),
            "theirs"
        );
        assert_eq!(names(root), ["a", "b", "c", "mine", "taken"]);
        assert_eq!(fs::read_to_string(root.join("mine")).unwrap(), "mine");
    }

    #[test]
    fn no_path_of_a_site_can_leave_its_folder() {
        for path in ["../x", "a/../../x", "/etc/x", "a//x", "./x", "a\\..\\x", "a/\0"] {
            assert!(path.parse::<SitePath>().is_err(), "{path:?}");
        }
    }
}
