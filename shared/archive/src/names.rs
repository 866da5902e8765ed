//! Names of entries: what they may be, and that no two are the same to any file system.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use imprint_domain::key::SitePath;
use unicode_normalization::UnicodeNormalization;

use crate::{MAX_DEPTH, MAX_ENTRIES, MAX_NAME_BYTES, Reason, Refusal};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    File,
    Folder,
}

/// The names so far, as fingerprints: the names of a hundred thousand files would take a hundred megabytes.
#[derive(Debug)]
pub(crate) struct Names {
    /// How many bytes a path may have.
    room: usize,
    files: HashSet<u128>,
    folders: HashSet<u128>,
}

impl Names {
    /// `prefix` is how many bytes lie before each path in its object's key.
    pub(crate) fn new(prefix: usize) -> Self {
        Self {
            room: MAX_NAME_BYTES.saturating_sub(prefix),
            files: HashSet::new(),
            folders: HashSet::new(),
        }
    }

    /// The path of a file, or nothing for a folder.
    pub(crate) fn take(&mut self, raw: &[u8], entry: Entry) -> Result<Option<SitePath>, Refusal> {
        let name = std::str::from_utf8(raw).map_err(|_| Reason::NotUtf8.of(raw))?;
        let refuse = |reason: Reason| reason.of(raw);
        let path = normalized(name).map_err(refuse)?;
        if path.is_empty() {
            return match entry {
                Entry::Folder => Ok(None),
                Entry::File => Err(refuse(Reason::NoName)),
            };
        }
        if path.len() > self.room {
            return Err(refuse(Reason::NameTooLong));
        }
        self.note(&path, entry).map_err(refuse)?;
        if self.files.len() as u64 + self.folders.len() as u64 > MAX_ENTRIES {
            return Err(Reason::TooManyEntries.into());
        }
        match entry {
            Entry::Folder => Ok(None),
            // The rules above are those of a path and more.
            Entry::File => path.parse().map(Some).map_err(|_| refuse(Reason::NoName)),
        }
    }

    fn note(&mut self, path: &str, entry: Entry) -> Result<(), Reason> {
        let folded = folded(path);
        let mut depth = 0;
        for (at, _) in folded.match_indices('/') {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(Reason::TooDeep);
            }
            self.folder(&folded[..at])?;
        }
        match entry {
            Entry::Folder => self.folder(&folded),
            Entry::File => {
                let print = fingerprint(&folded);
                if self.folders.contains(&print) || !self.files.insert(print) {
                    return Err(Reason::Collision);
                }
                Ok(())
            }
        }
    }

    fn folder(&mut self, folded: &str) -> Result<(), Reason> {
        let print = fingerprint(folded);
        if self.files.contains(&print) {
            return Err(Reason::Collision);
        }
        self.folders.insert(print);
        Ok(())
    }
}

/// The path without parts that mean nothing: `./a//b/` is `a/b`. Empty for the archive's own folder.
fn normalized(name: &str) -> Result<String, Reason> {
    if name.len() > MAX_NAME_BYTES {
        return Err(Reason::NameTooLong);
    }
    for character in name.chars() {
        match character {
            '\0' => return Err(Reason::Nul),
            '\\' => return Err(Reason::Backslash),
            control if control.is_control() => return Err(Reason::Control),
            _ => {}
        }
    }
    let drive = name.as_bytes();
    let has_drive = drive.len() > 2 && drive[0].is_ascii_alphabetic() && &drive[1..3] == b":/";
    if name.starts_with('/') || has_drive {
        return Err(Reason::Absolute);
    }
    if name.split('/').any(|part| part == "..") {
        return Err(Reason::Parent);
    }
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    Ok(parts.collect::<Vec<_>>().join("/"))
}

/// The same text for names that some file system takes for one: composed, and in no case. Upper case first, because `ß` and
/// `SS` are one to some.
fn folded(path: &str) -> String {
    let upper: String = path.nfc().flat_map(char::to_uppercase).collect();
    upper.chars().flat_map(char::to_lowercase).nfc().collect()
}

/// 128 bits: among a hundred thousand names no two have the same by chance.
pub(crate) fn fingerprint(name: impl Hash) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        name.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(names: &[&str]) -> Result<Vec<String>, Reason> {
        let mut known = Names::new(20);
        let take = |name: &&str| {
            let entry = if name.ends_with('/') {
                Entry::Folder
            } else {
                Entry::File
            };
            known
                .take(name.as_bytes(), entry)
                .map_err(|refusal| refusal.reason)
        };
        let paths = names.iter().map(take).collect::<Result<Vec<_>, _>>()?;
        Ok(paths.into_iter().flatten().map(String::from).collect())
    }

    #[test]
    fn what_means_nothing_is_left_out_of_a_name() {
        let names = [
            "./",
            "./a.html",
            "b//c/./d.css",
            "b/",
            "ü/x y+z.png",
            "...",
            "b/c..d",
        ];
        let paths = ["a.html", "b/c/d.css", "ü/x y+z.png", "...", "b/c..d"];
        assert_eq!(taken(&names), Ok(paths.map(str::to_owned).to_vec()));
    }

    #[test]
    fn names_that_no_site_needs_are_refused() {
        let long = "x".repeat(1005);
        let longer = "x".repeat(1025);
        let deep = "d/".repeat(65) + "x";
        for (name, reason) in [
            ("/etc/passwd", Reason::Absolute),
            ("//host/x", Reason::Absolute),
            ("C:/x", Reason::Absolute),
            ("..", Reason::Parent),
            ("a/../../b", Reason::Parent),
            ("./..", Reason::Parent),
            ("a\0b", Reason::Nul),
            ("a\\b", Reason::Backslash),
            ("a\nb", Reason::Control),
            ("a\u{7f}", Reason::Control),
            ("a\u{85}", Reason::Control),
            ("", Reason::NoName),
            (".", Reason::NoName),
            (long.as_str(), Reason::NameTooLong),
            (longer.as_str(), Reason::NameTooLong),
            (deep.as_str(), Reason::TooDeep),
        ] {
            assert_eq!(taken(&[name]), Err(reason), "{name:?}");
        }
        let mut names = Names::new(0);
        let refused = names.take(b"a\xff", Entry::File);
        assert_eq!(refused, Err(Reason::NotUtf8.of(b"a\xff")));
        assert!(taken(&["x".repeat(1004).as_str()]).is_ok());
    }

    #[test]
    fn names_that_are_one_to_some_file_system_are_refused() {
        for pair in [
            ["a", "a"],
            ["a", "./a"],
            ["A/b.HTML", "a/B.html"],
            ["ü", "u\u{308}"],
            ["Ü", "u\u{308}"],
            ["straße", "STRASSE"],
            ["a", "a/b"],
            ["a/b", "A"],
            ["a/", "A"],
            ["a", "A/"],
        ] {
            assert_eq!(taken(&pair), Err(Reason::Collision), "{pair:?}");
        }
        assert!(taken(&["a/x", "A/y", "a/", "A/"]).is_ok());
    }

    #[test]
    fn what_is_shown_of_a_name_steers_no_terminal_and_is_short() {
        let refusal = Reason::Control.of(format!("ü\u{1b}[2J\"{}", "x".repeat(999)).as_bytes());
        let sentence = refusal.to_string();
        assert!(
            sentence.starts_with(r#"a name has a control character: "ü\u{1b}[2J\"xx"#),
            "{sentence}"
        );
        assert!(sentence.len() < 250 && sentence.ends_with("…\""));
    }
}
