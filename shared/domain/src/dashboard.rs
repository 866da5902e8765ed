//! What a product's own pages say: its editions and builds in the order of readers, with links.
//!
//! Only what readers can open is listed: editions that have been published, builds that were uploaded, and neither when
//! ended (D10). Everything here is text from outside; escaping is the business of who makes a page of it.

mod files;
mod formats;
mod index;
mod installed;
mod refs;
mod sample;
mod version;

use jiff::Timestamp;
use serde::Serialize;

use crate::artifact::Format;
use crate::build::{Build, BuildState};
use crate::edition::Edition;
use crate::kind;
use crate::layout;
use crate::organization::Organization;
use crate::product::Product;
use crate::registry::Population;
use crate::rules::Rules;
use crate::slug::{BuildSlug, EditionSlug};
use crate::tracking::TrackingMode;

pub use files::{Location, ManifestOfMike, SwitcherEntry};
pub use formats::{Download, FormatView, Older};
pub use index::{Index, IndexEntry, IndexedProduct, NewestRelease, index_key};
pub use installed::Installed;
pub use refs::{RefView, Ticket};
use version::Version;

/// How many builds a page lists, the newest first.
pub const BUILDS: usize = 100;

/// A product's pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dashboard {
    /// The product's title.
    pub title: String,
    /// The product's URL with a final slash.
    pub url: String,
    /// Where the source lives, for people: without `.git`.
    pub source: String,
    /// The script below the product's URL that shows a search field of the main edition; none when that has no index.
    pub search_box: Option<String>,
    /// The edition at the product's URL.
    pub main: Option<EditionView>,
    /// The highest version first.
    pub releases: Vec<EditionView>,
    /// The newest first.
    pub drafts: Vec<EditionView>,
    /// The newest first, at most [`BUILDS`].
    pub builds: Vec<BuildView>,
}

/// An edition that readers can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditionView {
    /// Its name in URLs.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Where it is below the product's URL: empty, or with a final slash.
    pub path: String,
    /// What the shown build was built from.
    pub refs: Vec<RefView>,
    /// The shown build.
    pub build: String,
    /// When readers got it.
    pub updated: Moment,
    /// What readers can take with them, one file for each format.
    pub downloads: Vec<Download>,
    /// Its search page below the product's URL; none when it has no index.
    pub search: Option<String>,
    /// How many installations run the version that it shows; none when nobody is known to.
    pub installed: Option<Installed>,
    #[serde(skip)]
    version: Option<Version>,
}

/// A build that readers can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildView {
    /// Its name in URLs.
    pub slug: String,
    /// Where it is below the product's URL, with a final slash.
    pub path: String,
    /// What it was built from.
    pub refs: Vec<RefView>,
    /// Who asked for it.
    pub requester: Option<String>,
    /// When it was uploaded.
    pub uploaded: Moment,
    /// The editions that show it.
    pub shown_by: Vec<String>,
    /// What it has besides its pages, and where each has got to.
    pub formats: Vec<FormatView>,
}

/// A time for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// `2026-03-01`
    pub day: String,
    /// `2026-03-01T10:21:27Z`
    pub exact: String,
}

impl Moment {
    fn of(at: Timestamp) -> Self {
        Self {
            day: at.strftime("%Y-%m-%d").to_string(),
            exact: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// What an edition is to a reader.
enum Kind {
    Main,
    Release,
    Draft,
}

impl Dashboard {
    /// Puts a product's editions and newest builds into the order of readers. `population` is who runs what of it.
    pub fn of(
        organization: &Organization,
        product: &Product,
        editions: &[Edition],
        builds: &[Build],
        population: &Population,
    ) -> Self {
        let mut dashboard = Self {
            title: product.title.to_string(),
            url: format!("{}/", layout::product_url(organization, product)),
            source: refs::repository(&product.doc_repo).to_owned(),
            search_box: None,
            main: None,
            releases: Vec::new(),
            drafts: Vec::new(),
            builds: builds_of(organization, product, editions, builds),
        };
        let mut drafts: Vec<(Timestamp, EditionView)> = Vec::new();
        for edition in editions.iter().filter(|edition| edition.ended_at.is_none()) {
            let Some(published) = &edition.published else {
                continue;
            };
            let installed = Installed::of(population, &published.pointer, builds);
            let view = EditionView {
                installed,
                downloads: Download::all(organization, product, &edition.slug, &published.pointer, builds),
                ..EditionView::of(organization, product, edition, published)
            };
            match kind(organization, edition, &view) {
                Kind::Main => dashboard.main = Some(view),
                Kind::Release => dashboard.releases.push(view),
                Kind::Draft => drafts.push((published.at, view)),
            }
        }
        dashboard.search_box = dashboard
            .main
            .as_ref()
            .and_then(|main| main.search.as_ref())
            .map(|search| format!("{search}box.js"));
        // Equal versions and times in the order of slugs, so that the same state always gives the same page.
        dashboard.releases.sort_by(|a, b| {
            let by_version = b.version.cmp(&a.version);
            by_version.then_with(|| a.slug.cmp(&b.slug))
        });
        drafts.sort_by(|(a_at, a), (b_at, b)| b_at.cmp(a_at).then_with(|| a.slug.cmp(&b.slug)));
        dashboard.drafts = drafts.into_iter().map(|(_, view)| view).collect();
        dashboard
    }
}

impl EditionView {
    fn of(
        organization: &Organization,
        product: &Product,
        edition: &Edition,
        published: &crate::edition::Reached,
    ) -> Self {
        let has_search = published.pointer.formats.contains_key(&Format::Search);
        let search = || formats::path(organization, product, &edition.slug, Format::Search);
        Self {
            slug: edition.slug.to_string(),
            title: edition.title.to_string(),
            downloads: Vec::new(),
            search: has_search.then(search).flatten(),
            path: edition_path(organization, &edition.slug),
            refs: RefView::all(organization, product, &published.pointer.git_refs),
            build: published.pointer.build_slug.to_string(),
            updated: Moment::of(published.at),
            installed: None,
            version: version(edition, published),
        }
    }
}

/// The version that an edition stands for: of the ref it follows, of the build it shows, or of its own name.
fn version(edition: &Edition, published: &crate::edition::Reached) -> Option<Version> {
    let tracked = edition.tracking.refs.as_ref().map(|refs| refs.first().as_str());
    match edition.tracking.mode {
        TrackingMode::GitRefs | TrackingMode::GitRef | TrackingMode::AlternateGitRef => {
            Version::read(tracked?)
        }
        TrackingMode::LsstDoc
        | TrackingMode::EupsMajorRelease
        | TrackingMode::EupsWeeklyRelease
        | TrackingMode::EupsDailyRelease
        | TrackingMode::SemverRelease
        | TrackingMode::SemverMajor
        | TrackingMode::SemverMinor
        | TrackingMode::Train => Version::read(published.pointer.git_refs.first().as_str()),
        TrackingMode::Manual => Version::read(edition.slug.as_str()),
    }
}

fn kind(organization: &Organization, edition: &Edition, view: &EditionView) -> Kind {
    if edition.slug == organization.default_edition {
        Kind::Main
    } else if view.version.is_some() {
        Kind::Release
    } else {
        Kind::Draft
    }
}

/// Whether an edition is neither a release nor one that a person points: it comes and goes with a branch. What somebody
/// says it is counts, and so does a version in its name: retention ends drafts.
pub(crate) fn is_draft(rules: &Rules, edition: &Edition) -> bool {
    let by_tracking = || kind::Kind::of(&rules.default_edition, &edition.slug, &edition.tracking);
    if edition.kind.unwrap_or_else(by_tracking) != kind::Kind::Draft {
        return false;
    }
    let tracked = edition.tracking.refs.as_ref().map(|refs| refs.first().as_str());
    match edition.tracking.mode {
        TrackingMode::GitRefs | TrackingMode::GitRef | TrackingMode::AlternateGitRef => {
            tracked.and_then(Version::read).is_none()
        }
        TrackingMode::LsstDoc
        | TrackingMode::EupsMajorRelease
        | TrackingMode::EupsWeeklyRelease
        | TrackingMode::EupsDailyRelease
        | TrackingMode::SemverRelease
        | TrackingMode::SemverMajor
        | TrackingMode::SemverMinor
        | TrackingMode::Train
        | TrackingMode::Manual => false,
    }
}

fn edition_path(organization: &Organization, slug: &EditionSlug) -> String {
    if *slug == organization.default_edition {
        String::new()
    } else {
        format!("v/{slug}/")
    }
}

fn builds_of(
    organization: &Organization,
    product: &Product,
    editions: &[Edition],
    builds: &[Build],
) -> Vec<BuildView> {
    let shown_by = |slug: &BuildSlug| {
        let shows = |edition: &&Edition| {
            let published = edition.published.as_ref();
            edition.ended_at.is_none() && published.is_some_and(|reached| reached.pointer.build_slug == *slug)
        };
        let editions = editions.iter().filter(shows);
        editions.map(|edition| edition.slug.to_string()).collect()
    };
    let views = builds.iter().filter_map(|build| match &build.state {
        BuildState::Uploaded { at } if build.doom.is_none() => Some(BuildView {
            slug: build.slug.to_string(),
            path: format!("builds/{}/", build.slug),
            refs: RefView::all(organization, product, &build.git_refs),
            requester: build.github_requester.as_ref().map(ToString::to_string),
            uploaded: Moment::of(*at),
            shown_by: shown_by(&build.slug),
            formats: FormatView::all(&build.artifacts),
        }),
        BuildState::Uploaded { .. } | BuildState::Uploading | BuildState::Ended { .. } => None,
    });
    views.take(BUILDS).collect()
}

#[cfg(test)]
mod tests;
