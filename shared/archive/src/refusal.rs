use crate::{
    MAX_ARCHIVE_BYTES, MAX_DEPTH, MAX_DIRECTORY_BYTES, MAX_ENTRIES, MAX_FILE_BYTES, MAX_NAME_BYTES,
    MAX_RATIO, MAX_UNPACKED_BYTES,
};

/// Why an archive is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Its first bytes are those of something else.
    #[error("it is neither a .tar.gz nor a .zip archive")]
    UnknownKind,
    /// There is no file in it.
    #[error("it has no files")]
    Empty,
    /// The whole is too large.
    #[error("it has more than {MAX_ARCHIVE_BYTES} bytes")]
    ArchiveTooLarge,
    /// There is too much in it.
    #[error("it has more than {MAX_ENTRIES} files and folders")]
    TooManyEntries,
    /// A zip's directory is larger than one of so many entries has to be.
    #[error("its directory has more than {MAX_DIRECTORY_BYTES} bytes")]
    DirectoryTooLarge,
    /// It would become too large.
    #[error("it has more than {MAX_UNPACKED_BYTES} bytes when it is unpacked")]
    UnpackedTooLarge,
    /// One file is too large.
    #[error("a file has more than {MAX_FILE_BYTES} bytes")]
    FileTooLarge,
    /// It becomes so much larger that it is taken for an attack.
    #[error("it becomes more than {MAX_RATIO} times as large when it is unpacked")]
    Ratio,
    /// The name's bytes are no UTF-8.
    #[error("a name is not UTF-8")]
    NotUtf8,
    /// The name is too long.
    #[error("a name has more than {MAX_NAME_BYTES} bytes, those of the build's own place included")]
    NameTooLong,
    /// Too many folders within each other.
    #[error("a name has more than {MAX_DEPTH} folders")]
    TooDeep,
    /// The name begins at the root of a file system.
    #[error("a name is absolute")]
    Absolute,
    /// The name leads out of the archive.
    #[error("a name has the part `..`")]
    Parent,
    /// The name is empty, or nothing but dots and slashes.
    #[error("a file has no name")]
    NoName,
    /// The name has a NUL.
    #[error("a name has a NUL")]
    Nul,
    /// The name has a backslash.
    #[error("a name has a backslash")]
    Backslash,
    /// The name has another control character.
    #[error("a name has a control character")]
    Control,
    /// Two names are one, or differ in case or in how letters are composed only, or a file is also a folder.
    #[error(
        "a name is there twice, or differs from another one only in case or in how its letters are composed"
    )]
    Collision,
    /// A symbolic or hard link.
    #[error("an entry is a link")]
    Link,
    /// A device, a pipe or a socket.
    #[error("an entry is a device, a pipe or a socket")]
    Device,
    /// A file of which only parts are stored.
    #[error("an entry is a sparse file")]
    Sparse,
    /// An entry of a type that is neither file nor folder.
    #[error("an entry is neither a file nor a folder")]
    UnknownType,
    /// It can be read with a password only.
    #[error("it is encrypted")]
    Encrypted,
    /// It is packed by a method that is neither `stored` nor `deflate`.
    #[error("an entry is packed by another method than deflate")]
    Method,
    /// Two entries share their bytes.
    #[error("two entries share their bytes")]
    Overlap,
    /// It ends too early.
    #[error("it ends too early")]
    Truncated,
    /// It contradicts itself, or a checksum is wrong.
    #[error("it is corrupt: {0}")]
    Corrupt(&'static str),
    /// Something follows its end.
    #[error("something follows its end")]
    TrailingGarbage,
}

/// A refused archive: why, and the entry that it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", named(.entry.as_deref()))]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The name of the entry, escaped and shortened; none when it is about the whole.
    pub entry: Option<String>,
}

/// A refusal shows at most so many characters of a name.
const SHOWN: usize = 120;

fn named(entry: Option<&str>) -> String {
    entry.map_or_else(String::new, |entry| format!(": \"{entry}\""))
}

impl Reason {
    /// About an entry, which may have any name.
    pub(crate) fn of(self, name: &[u8]) -> Refusal {
        let text = String::from_utf8_lossy(name);
        // Whatever cannot be seen or steers a terminal is escaped, letters of all languages are not.
        let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        if text.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        Refusal {
            reason: self,
            entry: Some(shown),
        }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, entry: None }
    }
}
