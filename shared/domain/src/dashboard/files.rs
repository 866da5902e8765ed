//! What themes and crawlers read of a product.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Dashboard, EditionView};

/// One entry of `switcher.json`, as pydata-sphinx-theme reads it
/// (<https://pydata-sphinx-theme.readthedocs.io/en/stable/user_guide/version-dropdown.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitcherEntry {
    /// What the menu shows.
    pub name: String,
    /// What a site's `version_match` is compared with. No two entries have the same.
    pub version: String,
    /// The edition's URL with a final slash: the theme puts the page's path behind it.
    pub url: String,
    /// Whether other versions point here. At most one entry says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub preferred: bool,
}

/// One entry of `versions.json`, as mike's themes read it (<https://github.com/jimporter/mike>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestOfMike {
    /// The directory beside the file: the edition's slug.
    pub version: String,
    /// What the menu shows.
    pub title: String,
    /// Other directories with the same version. There are none.
    pub aliases: Vec<String>,
}

/// One entry of `sitemap.xml` (<https://www.sitemaps.org/protocol.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The URL.
    pub url: String,
    /// The day of the last change.
    pub changed: String,
}

impl Dashboard {
    fn url_of(&self, edition: &EditionView) -> String {
        format!("{}{}", self.url, edition.path)
    }

    /// The version that an edition's pages call themselves: that of the tag they were built from, else the slug.
    fn version_of(edition: &EditionView) -> String {
        let shown = edition.refs.first().map(|git_ref| git_ref.name.as_str());
        let is_version = |name: &&str| super::Version::read(name).is_some();
        shown.filter(is_version).unwrap_or(&edition.slug).to_owned()
    }

    /// `switcher.json`: the main edition, then the releases. The main edition is known by the version that it shows, and
    /// a release that shows the same is not listed again.
    pub fn switcher(&self) -> Vec<SwitcherEntry> {
        let mut entries: Vec<SwitcherEntry> = Vec::new();
        for edition in self.main.iter().chain(&self.releases) {
            let version = Self::version_of(edition);
            if entries.iter().all(|entry| entry.version != version) {
                let name = if edition.title == version {
                    version.clone()
                } else {
                    format!("{} ({version})", edition.title)
                };
                entries.push(SwitcherEntry {
                    name,
                    version,
                    url: self.url_of(edition),
                    preferred: false,
                });
            }
        }
        // The theme compares versions with the preferred one, so it has to be a finished version: the main edition's,
        // else the highest release.
        let is_finished = |entry: &&mut SwitcherEntry| {
            super::Version::read(&entry.version).is_some_and(|version| !version.is_earlier())
        };
        if let Some(entry) = entries.iter_mut().find(is_finished) {
            entry.preferred = true;
        }
        entries
    }

    /// `versions.json`: every edition by the directory that it lies in.
    pub fn versions(&self) -> Vec<ManifestOfMike> {
        let editions = self.main.iter().chain(&self.releases).chain(&self.drafts);
        let entries = editions.map(|edition| ManifestOfMike {
            version: edition.slug.clone(),
            title: edition.title.clone(),
            aliases: Vec::new(),
        });
        entries.collect()
    }

    /// `sitemap.xml`: the main edition and the releases.
    pub fn locations(&self) -> Vec<Location> {
        let editions = self.main.iter().chain(&self.releases);
        let locations = editions.map(|edition| Location {
            url: self.url_of(edition),
            changed: edition.updated.day.clone(),
        });
        locations.collect()
    }

    /// `robots.txt`: the main edition and the releases may be indexed. Everything else may not, also what is not listed
    /// any more, because an ended edition's files are still there.
    pub fn robots(&self) -> String {
        let after_scheme = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let base = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
        let mut robots = format!("User-agent: *\nDisallow: {base}v/\nDisallow: {base}builds/\n");
        for release in &self.releases {
            // Writing to a String cannot fail. The longest rule wins (RFC 9309, 2.2.2).
            let _written = writeln!(robots, "Allow: {base}{}", release.path);
        }
        let _written = writeln!(robots, "Sitemap: {}v/sitemap.xml", self.url);
        robots
    }
}
