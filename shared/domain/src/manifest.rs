//! Manifests: the files of a build, with everything that copying them needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{ManifestId, SurrogateKey};
use crate::key::{ObjectKey, SitePath};
use crate::slug::EditionSlug;

/// CopyObject and a single PUT take at most 5 GB
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>).
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

const SURROGATE_KEY: &str = "surrogate-key";
const SURROGATE_CONTROL: &str = "surrogate-control";
const DIR_REDIRECT: &str = "dir-redirect";
/// On the object at a name that an edition gave up: the slug to redirect to.
pub const EDITION_REDIRECT: &str = "edition-redirect";

/// Fastly keeps an edition a year, or until it is purged.
const EDITION_SURROGATE_CONTROL: &str = "max-age=31536000";
/// What browsers may keep of a build, which never changes: a year.
pub const BUILD_CACHE_CONTROL: &str = "max-age=31536000";
/// Browsers ask again each time, by ETag.
const EDITION_CACHE_CONTROL: &str = "no-cache";

/// The headers and metadata of an object. A copy forgets every one that is not sent again.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Headers {
    /// `Content-Type`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Content-Encoding`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Disposition`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Content-Language`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Expires`, as the text it was set to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// `Cache-Control`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `x-amz-meta-*`, names without the prefix, in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Headers {
    /// What a manifest keeps: everything but what an edition replaces anyway, so that equal files stay equal.
    pub fn of_content(mut self) -> Self {
        self.cache_control = None;
        self.metadata.remove(SURROGATE_KEY);
        self.metadata.remove(SURROGATE_CONTROL);
        self
    }

    /// What the edition's object gets: the content's headers and the edition's caching.
    pub fn for_edition(&self, key: &SurrogateKey) -> Self {
        let mut headers = self.clone();
        headers.cache_control = Some(EDITION_CACHE_CONTROL.to_owned());
        headers.metadata.insert(SURROGATE_KEY.to_owned(), key.to_string());
        headers
            .metadata
            .insert(SURROGATE_CONTROL.to_owned(), EDITION_SURROGATE_CONTROL.to_owned());
        headers
    }

    /// The headers of a build's file as upload clients send them.
    pub fn of_upload(content_type: &str, key: &SurrogateKey) -> Self {
        Self {
            content_type: Some(content_type.to_owned()),
            cache_control: Some(BUILD_CACHE_CONTROL.to_owned()),
            metadata: BTreeMap::from([(SURROGATE_KEY.to_owned(), key.to_string())]),
            ..Self::default()
        }
    }

    /// The headers of the empty object that redirects a directory of a build, as upload clients send them.
    pub fn redirect_of_upload(key: &SurrogateKey) -> Self {
        let mut headers = Self::of_upload("binary/octet-stream", key);
        headers
            .metadata
            .insert(DIR_REDIRECT.to_owned(), "true".to_owned());
        headers
    }

    /// The headers of the empty object that redirects a directory without slash (D11: it carries the key, too).
    pub fn redirect_of_edition(key: &SurrogateKey) -> Self {
        let metadata = BTreeMap::from([(DIR_REDIRECT.to_owned(), "true".to_owned())]);
        Self {
            metadata,
            ..Self::default()
        }
        .for_edition(key)
    }

    /// The headers of the one object that stays at a name that an edition gave up: whatever is missing below it is
    /// below the edition's present slug.
    pub fn redirect_to_edition(key: &SurrogateKey, slug: &EditionSlug) -> Self {
        let mut headers = Self::redirect_of_edition(key);
        headers
            .metadata
            .insert(EDITION_REDIRECT.to_owned(), slug.to_string());
        headers
    }

    /// Whether the object redirects a directory.
    pub fn is_redirect(&self) -> bool {
        self.metadata
            .get(DIR_REDIRECT)
            .is_some_and(|value| value == "true")
    }
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Below the build's prefix, at the file's path.
    #[default]
    Build,
    /// In an object of its own.
    Object(ObjectKey),
    /// In an object with many files: a thousand small files cost one request to write and one to read.
    Bundle {
        /// The object.
        key: Arc<ObjectKey>,
        /// Where in it the file begins, in bytes.
        offset: u64,
    },
}

/// One file of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the build's prefix.
    pub path: SitePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag without quotes. Equal ETag and size mean equal bytes; different ETags mean nothing.
    pub etag: Box<str>,
    /// Its content headers, shared by the files that have the same.
    pub headers: Arc<Headers>,
    /// Where its bytes are.
    pub source: Source,
}

impl File {
    /// Whether the other has the same bytes and headers.
    pub fn same_content(&self, other: &Self) -> bool {
        self.size == other.size && self.etag == other.etag && self.headers == other.headers
    }
}

/// The files of a build, sorted by path, each path once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    files: Vec<File>,
}

/// Why stored bytes are no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not the JSON that Imprint writes.
    #[error("the manifest cannot be read")]
    Json(#[from] serde_json::Error),
    /// The files are not sorted, or one is there twice.
    #[error("the manifest's files are out of order at {0:?}")]
    Order(String),
    /// A file names headers that are not there.
    #[error("the manifest names headers {0}, which it does not have")]
    Headers(usize),
    /// A place is named for a file that is not there.
    #[error("the manifest names file {0}, which it does not have")]
    File(usize),
}

/// The stored form: headers once, files as rows (path, size, ETag, number of the headers). About 100 bytes a file.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    version: u32,
    headers: Vec<std::borrow::Cow<'a, Headers>>,
    files: Vec<Row<'a>>,
    /// Where the bytes of those files are that do not lie below the build's prefix, by the file's number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<(usize, Source)>,
}

type Row<'a> = (
    std::borrow::Cow<'a, SitePath>,
    u64,
    std::borrow::Cow<'a, str>,
    usize,
);

impl Manifest {
    /// Sorts files into a manifest. Of two with one path the later is kept.
    pub fn of(files: impl IntoIterator<Item = File>) -> Self {
        let mut files: Vec<File> = files.into_iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.reverse();
        files.dedup_by(|a, b| a.path == b.path);
        files.reverse();
        let mut shared: std::collections::BTreeSet<Arc<Headers>> = std::collections::BTreeSet::new();
        for file in &mut files {
            match shared.get(&file.headers) {
                Some(known) => file.headers = known.clone(),
                None => {
                    shared.insert(file.headers.clone());
                }
            }
        }
        Self { files }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file with this path.
    pub fn get(&self, path: &SitePath) -> Option<&File> {
        self.files
            .binary_search_by(|file| file.path.cmp(path))
            .ok()
            .map(|at| &self.files[at])
    }

    /// The size of all files in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The stored form, and the identity that follows from it.
    pub fn store(&self) -> (ManifestId, Vec<u8>) {
        let mut headers: Vec<std::borrow::Cow<'_, Headers>> = Vec::new();
        let mut numbers: BTreeMap<&Headers, usize> = BTreeMap::new();
        let mut files = Vec::with_capacity(self.files.len());
        let mut elsewhere = Vec::new();
        for (nth, file) in self.files.iter().enumerate() {
            if file.source != Source::Build {
                elsewhere.push((nth, file.source.clone()));
            }
            let number = *numbers.entry(&file.headers).or_insert_with(|| {
                headers.push(std::borrow::Cow::Borrowed(&file.headers));
                headers.len() - 1
            });
            files.push((
                std::borrow::Cow::Borrowed(&file.path),
                file.size,
                (&*file.etag).into(),
                number,
            ));
        }
        let json = serde_json::to_vec(&Stored {
            version: 1,
            headers,
            files,
            elsewhere,
        })
        .expect("texts and numbers can always be written as JSON");
        let digest = Sha256::digest(&json);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        (ManifestId::from_bytes(id), json)
    }

    /// Reads the stored form back.
    ///
    /// # Errors
    /// When the bytes are not what [`Manifest::store`] writes.
    pub fn read(json: &[u8]) -> Result<Self, ManifestError> {
        let stored: Stored<'_> = serde_json::from_slice(json)?;
        let headers: Vec<Arc<Headers>> = stored
            .headers
            .into_iter()
            .map(|headers| Arc::new(headers.into_owned()))
            .collect();
        let mut files: Vec<File> = Vec::with_capacity(stored.files.len());
        for (path, size, etag, number) in stored.files {
            let path = path.into_owned();
            if files.last().is_some_and(|last| last.path >= path) {
                return Err(ManifestError::Order(path.into()));
            }
            let headers = headers.get(number).ok_or(ManifestError::Headers(number))?.clone();
            files.push(File {
                path,
                size,
                etag: etag.into(),
                headers,
                source: Source::Build,
            });
        }
        for (nth, source) in stored.elsewhere {
            files.get_mut(nth).ok_or(ManifestError::File(nth))?.source = source;
        }
        Ok(Self { files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, etag: &str, content_type: &str) -> File {
        let headers = Headers {
            content_type: Some(content_type.into()),
            ..Headers::default()
        };
        File {
            path: path.parse().unwrap(),
            size: 3,
            etag: etag.into(),
            headers: Arc::new(headers),
            source: Source::Build,
        }
    }

    #[test]
    fn a_manifest_remembers_where_the_bytes_of_its_files_are() {
        let key = ObjectKey::new("alpha/artifacts/1/markdown/pages");
        let bundled = File {
            source: Source::Bundle {
                key: Arc::new(key.clone()),
                offset: 17,
            },
            ..file("a.md", "1", "text/markdown")
        };
        let own = File {
            source: Source::Object(key),
            ..file("b.pdf", "2", "application/pdf")
        };
        let one = Manifest::of([file("a.html", "1", "text/html"), bundled, own]);
        let (id, json) = one.store();
        assert_eq!(Manifest::read(&json).unwrap(), one);
        let plain = one.files().iter().map(|file| File {
            source: Source::Build,
            ..file.clone()
        });
        assert_ne!(Manifest::of(plain).store().0, id);
    }

    #[test]
    fn a_manifest_reads_back_and_the_same_files_have_the_same_identity() {
        let a = file("a.html", "1", "text/html");
        let b = file("b/ü.css", "2", "text/css");
        let one = Manifest::of([b.clone(), a.clone()]);
        let (id, json) = one.store();
        assert_eq!(Manifest::read(&json).unwrap(), one);
        assert_eq!(Manifest::of([a.clone(), b]).store().0, id);
        assert_ne!(Manifest::of([a]).store().0, id);
    }

    #[test]
    fn stored_manifests_are_checked_like_any_input() {
        for bad in [
            r#"{"version":1,"headers":[{}],"files":[["b",1,"x",0],["a",1,"x",0]]}"#,
            r#"{"version":1,"headers":[{}],"files":[["a",1,"x",0],["a",1,"x",0]]}"#,
            r#"{"version":1,"headers":[{}],"files":[["../a",1,"x",0]]}"#,
            r#"{"version":1,"headers":[{}],"files":[["a",1,"x",1]]}"#,
            r#"{"version":1,"headers":[{}],"files":[["a",1,"x",0]],"elsewhere":[[1,"build"]]}"#,
            "[]",
        ] {
            assert!(Manifest::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// LTD lost Content-Encoding, -Disposition, -Language and Expires (contract 4.2), and D12 leaked Cache-Control.
    #[test]
    fn an_edition_replaces_its_caching_and_keeps_every_other_header() {
        let key = SurrogateKey::from_bytes([9; 16]);
        let metadata = BTreeMap::from([
            ("surrogate-key".into(), "b".into()),
            ("author".into(), "x".into()),
        ]);
        let built = Headers {
            content_type: Some("text/html".into()),
            content_encoding: Some("gzip".into()),
            content_disposition: Some("inline".into()),
            content_language: Some("de".into()),
            expires: Some("Thu, 01 Jan 2099 00:00:00 GMT".into()),
            cache_control: Some("max-age=31536000".into()),
            metadata,
        };
        let edition = built.clone().of_content().for_edition(&key);
        assert_eq!(edition.cache_control.as_deref(), Some("no-cache"));
        assert_eq!(edition.metadata["surrogate-key"], key.as_str());
        assert_eq!(edition.metadata["surrogate-control"], "max-age=31536000");
        assert_eq!(edition.metadata["author"], "x");
        assert_eq!(
            Headers {
                cache_control: None,
                metadata: built.metadata.clone(),
                ..edition.clone()
            },
            Headers {
                cache_control: None,
                ..built
            }
        );
    }

    /// D11: the root redirect of an edition carried no surrogate key, so it was never purged.
    #[test]
    fn d11_a_redirect_object_carries_the_surrogate_key() {
        let key = SurrogateKey::from_bytes([9; 16]);
        let headers = Headers::redirect_of_edition(&key);
        assert!(headers.is_redirect());
        assert_eq!(headers.metadata["surrogate-key"], key.as_str());
    }
}
