//! Object keys and prefixes. A prefix is not a string: it always ends in `/`, so that `p/v/1/` never covers `p/v/10/`.

use serde::{Deserialize, Serialize};

use crate::document::{Alias, Checksum, ContentRef, Image};
use crate::id::{BuildId, DocumentId, EditionId, ManifestId};
use crate::registry::DoctorReport;
use crate::slug::{BuildSlug, EditionSlug, OrganizationSlug, ProductSlug};
use crate::template::TemplateName;

/// S3 keys have at most 1,024 bytes of UTF-8
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
pub const MAX_KEY_BYTES: usize = 1024;

/// Everything below this prefix is Imprint's own bookkeeping and is never served. No product can be named so.
const OWN: &str = "_imprint/";

/// Below this prefix every organization but the default one has its own. No product can be named so.
const ORGANIZATIONS: &str = "_orgs/";

/// What an organization's keys begin with. The default organization has LTD's layout, because its CDN's configuration
/// depends on it; the others' keys are apart even in one bucket.
fn root(organization: &OrganizationSlug) -> String {
    if organization.is_default() {
        String::new()
    } else {
        format!("{ORGANIZATIONS}{organization}/")
    }
}

/// Why a key or a path was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Longer than S3 allows.
    #[error("the key would have {0} bytes, S3 allows {MAX_KEY_BYTES}")]
    TooLong(usize),
    /// Empty, absolute, or with an empty, `.` or `..` part.
    #[error("{0:?} is not a relative path")]
    NotRelative(String),
    /// NUL, another control character, or a backslash.
    #[error("{0:?} contains a character that no path of a site needs")]
    Character(String),
}

/// The key of one object in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes a key as the object store names it.
    pub fn new(raw: impl Into<String>) -> Self {
        Self(raw.into())
    }

    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A page of an organization itself, such as `index.html`.
    pub fn of_organization(organization: &OrganizationSlug, page: &str) -> Self {
        Self(format!("{}{page}", root(organization)))
    }

    /// Where uploaders put an empty object to say that a build's files are all there.
    pub fn completion_marker(build: BuildId) -> Self {
        Self(format!("{OWN}uploads/{build}/complete"))
    }

    /// Where the archive of a build is put, if its files come in one.
    pub fn archive(build: BuildId) -> Self {
        Self(format!("{OWN}uploads/{build}/archive"))
    }

    /// What says which archive's files are being written: its own time of writing tells these from older ones.
    pub fn unpacking(build: BuildId) -> Self {
        KeyPrefix::manifests(build).file("unpacking.json")
    }

    /// The build whose completion marker this key is, if it is one.
    pub fn completed_build(&self) -> Option<BuildId> {
        self.uploaded_as("/complete")
    }

    /// The build whose archive this key is, if it is one.
    pub fn archived_build(&self) -> Option<BuildId> {
        self.uploaded_as("/archive")
    }

    fn uploaded_as(&self, name: &str) -> Option<BuildId> {
        let rest = self.0.strip_prefix(OWN)?.strip_prefix("uploads/")?;
        let digits = rest.strip_suffix(name)?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if plain { digits.parse().ok() } else { None }
    }

    /// Where a build's manifest lies. It names the content, so it is written once and never changed.
    pub fn manifest(build: BuildId, manifest: &ManifestId) -> Self {
        Self(format!("{OWN}builds/{build}/{manifest}.json"))
    }

    /// Where the digests of a build's pages lie, by which builds are compared.
    pub fn page_digests(build: BuildId, site: &ManifestId) -> Self {
        Self(format!("{OWN}builds/{build}/{site}.pages.json"))
    }

    /// Where files lie that the search of every site has, named after their content.
    pub fn search_engine(digest: &str) -> Self {
        Self(format!("{OWN}search/{digest}"))
    }

    /// Where the content of a cluster's report lies. It is named after the content, so two reports that claim one identity
    /// never overwrite each other.
    pub fn doctor_report(report: &DoctorReport) -> Self {
        let DoctorReport {
            organization,
            id,
            digest,
            ..
        } = report;
        Self(format!("{OWN}doctor/{organization}/{id}/{digest}.json"))
    }

    /// Something that was put into the bucket for documents to take.
    pub(crate) fn incoming(path: &str) -> Self {
        Self(format!("{OWN}incoming/{path}"))
    }

    /// What [`incoming`](Self::incoming) made it of.
    pub(crate) fn incoming_path(&self) -> Option<&str> {
        self.0.strip_prefix(OWN)?.strip_prefix("incoming/")
    }

    /// Where the content of a document's version lies. Each write has its own object, which never changes.
    pub fn document_content(document: DocumentId, content: &ContentRef) -> Self {
        KeyPrefix::document(document).file(&format!("content/{}.json", content.object))
    }

    /// Where an image of a document lies. Each upload has its own object, which never changes.
    pub fn document_image(document: DocumentId, image: &Image) -> Self {
        KeyPrefix::document(document).file(&format!("images/{}", image.object))
    }

    /// What became of a document that a batch put into the bucket.
    pub fn import_report(organization: &OrganizationSlug, alias: &Alias) -> Self {
        Self(format!("{OWN}imports/{organization}/{alias}.json"))
    }

    /// The object that marks by its own time of writing when the newest copy of an edition began.
    pub fn copy_journal(edition: EditionId) -> Self {
        KeyPrefix::copy_journal(edition).file("copy.json")
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A "directory" of keys: never empty, always ends in `/`, never starts with one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// Everything of a product.
    pub fn product(organization: &OrganizationSlug, product: &ProductSlug) -> Self {
        Self(format!("{}{product}/", root(organization)))
    }

    /// The immutable files of a build.
    pub fn build(organization: &OrganizationSlug, product: &ProductSlug, build: &BuildSlug) -> Self {
        Self(format!("{}{product}/builds/{build}/", root(organization)))
    }

    /// The files of an edition.
    pub fn edition(organization: &OrganizationSlug, product: &ProductSlug, edition: &EditionSlug) -> Self {
        Self(format!("{}{product}/v/{edition}/", root(organization)))
    }

    /// The artifacts of a build, as far as they are not among its own files.
    pub fn artifacts(organization: &OrganizationSlug, product: &ProductSlug, build: &BuildSlug) -> Self {
        Self(format!("{}{product}/artifacts/{build}/", root(organization)))
    }

    /// Where an organization's own templates of a name are uploaded.
    pub fn templates(organization: &OrganizationSlug, name: &TemplateName) -> Self {
        Self(format!("{OWN}templates/{organization}/{name}/"))
    }

    /// Where templates are kept that were tried.
    pub(crate) fn tried_templates(organization: &OrganizationSlug) -> Self {
        Self(format!("{OWN}tried-templates/{organization}/"))
    }

    /// Where all manifests of a build lie.
    pub fn manifests(build: BuildId) -> Self {
        Self(format!("{OWN}builds/{build}/"))
    }

    /// Where the completion marker and the archive of a build lie.
    pub fn uploads(build: BuildId) -> Self {
        Self(format!("{OWN}uploads/{build}/"))
    }

    /// Where completion markers and archives lie.
    pub fn completion_markers() -> Self {
        Self(format!("{OWN}uploads/"))
    }

    /// Where [what documents take](crate::document::Incoming) is put.
    pub fn incoming() -> Self {
        Self(format!("{OWN}incoming/"))
    }

    /// Everything of a document.
    pub fn document(document: DocumentId) -> Self {
        Self(format!("{OWN}documents/{document}/"))
    }

    /// Where the contents and the images of a document lie.
    pub fn document_sources(document: DocumentId) -> [Self; 2] {
        let sources = |kind| Self(format!("{OWN}documents/{document}/{kind}/"));
        [sources("content"), sources("images")]
    }

    /// Where the files of a rendering lie.
    pub fn rendering(document: DocumentId, checksum: &Checksum) -> Self {
        Self(format!("{OWN}documents/{document}/renderings/{checksum}/"))
    }

    /// Where an edition's [copy journal](ObjectKey::copy_journal) lies, to list it with its time of writing.
    pub fn copy_journal(edition: EditionId) -> Self {
        Self(format!("{OWN}editions/{edition}/"))
    }

    /// The key of a file of Imprint's own below this prefix.
    pub fn file(&self, name: &str) -> ObjectKey {
        ObjectKey(format!("{}{name}", self.0))
    }

    /// The prefix itself, with its final slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix without its slash: the key of the directory's redirect object, and LTD's `bucket_root_dir`.
    pub fn directory_key(&self) -> ObjectKey {
        ObjectKey(self.0.trim_end_matches('/').to_owned())
    }

    /// The key of a path below this prefix.
    pub fn key(&self, path: &SitePath) -> ObjectKey {
        ObjectKey(format!("{}{}", self.0, path.as_str()))
    }

    /// What remains of a key below this prefix, or nothing when it lies elsewhere.
    pub fn strip<'a>(&self, key: &'a ObjectKey) -> Option<&'a str> {
        key.0.strip_prefix(&self.0).filter(|rest| !rest.is_empty())
    }

    /// The prefix of a directory below this one. `directory` is normalized: `/` is the prefix itself.
    pub fn directory(&self, directory: &SiteDirectory) -> Self {
        Self(format!("{}{}", self.0, directory.relative()))
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = KeyError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let inner = raw
            .strip_suffix('/')
            .ok_or_else(|| KeyError::NotRelative(shortened(&raw)))?;
        check_relative(inner)?;
        Ok(Self(raw))
    }
}
impl From<KeyPrefix> for String {
    fn from(prefix: KeyPrefix) -> String {
        prefix.0
    }
}
impl std::fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn shortened(raw: &str) -> String {
    raw.chars().take(80).collect()
}

fn check_relative(raw: &str) -> Result<(), KeyError> {
    if raw.len() > MAX_KEY_BYTES {
        return Err(KeyError::TooLong(raw.len()));
    }
    if raw.chars().any(|c| c.is_control() || c == '\\') {
        return Err(KeyError::Character(shortened(raw)));
    }
    if raw.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(KeyError::NotRelative(shortened(raw)));
    }
    Ok(())
}

/// The path of a file within a site: relative, no empty, `.` or `..` part, no control character, no backslash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SitePath(Box<str>);

impl SitePath {
    /// The path itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many directories lie above the file.
    pub fn depth(&self) -> usize {
        self.0.bytes().filter(|b| *b == b'/').count()
    }

    /// Whether browsers open this file as a page.
    pub fn is_page(&self) -> bool {
        let name = self.0.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        name.ends_with(".html") || name.ends_with(".htm")
    }
}

impl std::str::FromStr for SitePath {
    type Err = KeyError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        check_relative(raw)?;
        Ok(Self(raw.into()))
    }
}
impl TryFrom<String> for SitePath {
    type Error = KeyError;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}
impl From<SitePath> for String {
    fn from(path: SitePath) -> String {
        path.0.into()
    }
}

/// A directory of a site as upload clients name it: `/` or `a/b/`, kept in the client's spelling with a final slash.
///
/// The response's maps use the spelling, the object keys the relative form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteDirectory(String);

impl SiteDirectory {
    /// The client's spelling with a final slash: the key of the response's maps.
    pub fn spelling(&self) -> &str {
        &self.0
    }

    /// Without a leading slash: empty for the root, else ends in `/`.
    pub fn relative(&self) -> &str {
        self.0.strip_prefix('/').unwrap_or(&self.0)
    }
}

impl std::str::FromStr for SiteDirectory {
    type Err = KeyError;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let mut spelling = raw.trim().to_owned();
        if !spelling.ends_with('/') {
            spelling.push('/');
        }
        let directory = Self(spelling);
        let relative = directory.relative();
        if !relative.is_empty() {
            check_relative(&relative[..relative.len() - 1])?;
        }
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edition(slug: &str) -> KeyPrefix {
        KeyPrefix::edition(
            &OrganizationSlug::default(),
            &"alpha".parse().unwrap(),
            &slug.parse().unwrap(),
        )
    }

    #[test]
    fn another_organizations_keys_are_apart_from_every_product_of_the_default_one() {
        let (acme, product) = ("acme".parse().unwrap(), "alpha".parse().unwrap());
        let prefix = KeyPrefix::edition(&acme, &product, &"main".parse().unwrap());
        assert_eq!(prefix.as_str(), "_orgs/acme/alpha/v/main/");
        let own = KeyPrefix::product(&OrganizationSlug::default(), &product);
        assert_eq!(own.as_str(), "alpha/");
        assert!("_orgs".parse::<ProductSlug>().is_err());
        let index = ObjectKey::of_organization(&acme, "index.html");
        assert_eq!(index.as_str(), "_orgs/acme/index.html");
    }

    /// Invariant 7, and the ground of D1: a prefix covers its own keys only.
    #[test]
    fn a_prefix_never_covers_its_siblings() {
        let v1 = edition("v1");
        for other in ["v1.0", "v10", "v1-old"] {
            let key = edition(other).key(&"index.html".parse().unwrap());
            assert_eq!(v1.strip(&key), None, "{other}");
        }
        assert_eq!(v1.strip(&ObjectKey::new("alpha/v/v1")), None);
        assert_eq!(v1.strip(&ObjectKey::new("alpha/v/v1/a/b")), Some("a/b"));
    }

    #[test]
    fn directories_are_normalized_as_the_contract_says() {
        let base = KeyPrefix::try_from("base/prefix/".to_owned()).unwrap();
        for (directory, prefix) in [
            ("a", "base/prefix/a/"),
            ("a/", "base/prefix/a/"),
            ("/a/", "base/prefix/a/"),
            ("a/b", "base/prefix/a/b/"),
            ("/", "base/prefix/"),
            ("", "base/prefix/"),
            (" dir with space/ ", "base/prefix/dir with space/"),
        ] {
            assert_eq!(
                base.directory(&directory.parse().unwrap()).as_str(),
                prefix,
                "{directory:?}"
            );
        }
    }

    #[test]
    fn hostile_paths_are_refused() {
        for bad in [
            "", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b", "a\\b", "a\nb", "//",
        ] {
            assert!(bad.parse::<SitePath>().is_err(), "{bad:?}");
        }
        assert!("ä".repeat(513).parse::<SitePath>().is_err());
        for bad in ["../", "a/../../b", "//", "a//"] {
            assert!(bad.parse::<SiteDirectory>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_a_completion_marker_names_a_build() {
        assert_eq!(
            ObjectKey::completion_marker(BuildId(17)).completed_build(),
            Some(BuildId(17))
        );
        for other in [
            "_imprint/uploads/17",
            "_imprint/uploads/x/complete",
            "_imprint/uploads/+1/complete",
            "alpha/17/complete",
        ] {
            assert_eq!(ObjectKey::new(other).completed_build(), None, "{other}");
        }
        let archive = ObjectKey::archive(BuildId(17));
        assert_eq!(archive.archived_build(), Some(BuildId(17)));
        assert_eq!(archive.completed_build(), None);
        assert!(KeyPrefix::uploads(BuildId(17)).strip(&archive).is_some());
        assert!(KeyPrefix::uploads(BuildId(1)).strip(&archive).is_none());
    }

    proptest! {
        #[test]
        fn every_accepted_path_stays_below_its_prefix(raw in "[a-c./\\\\ ü]{0,12}") {
            if let Ok(path) = raw.parse::<SitePath>() {
                let prefix = edition("v1");
                let key = prefix.key(&path);
                prop_assert_eq!(prefix.strip(&key), Some(path.as_str()));
                prop_assert!(!key.as_str().split('/').any(|part| part == ".." || part.is_empty()));
            }
        }
    }
}
