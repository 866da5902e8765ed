use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::diff::{Compared, Side};
use imprint_domain::diff::{ComparedBy, Diff, Entry, Moved};
use imprint_domain::key::SitePath;
use imprint_domain::layout;
use imprint_domain::organization::Organization;

use crate::extract::Named;

mod summary;

pub(crate) use summary::summary;

/// Files that a list names at most.
const MAX_FILES: usize = 1_000;
/// Bytes that the names and URLs of a list have at most, so that four lists of the longest paths can be delivered.
const MAX_BYTES: usize = 512 * 1024;
/// Characters of a title that are shown.
const MAX_TITLE: usize = 255;

/// What is different between two builds: in each list pages first, then other files, by path. Redirects of directories and
/// artifacts are no files here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BuildDiff)]
pub(crate) struct DiffResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/products/pipelines/builds/16/diff/17")]
    self_url: String,
    /// The URL of the product.
    #[schema(example = "https://keeper.example.org/products/pipelines")]
    product_url: String,
    /// The build that is compared with: the first of the path.
    before: ComparedBuild,
    /// The build that is compared: the second of the path.
    after: ComparedBuild,
    /// `content`: pages differ when their main content does, whatever else of them changed. `bytes`: that is not known of one
    /// of the builds, so every byte counts.
    #[schema(value_type = String, example = "content")]
    compared_by: &'static str,
    /// How many files there are of each sort.
    totals: DiffTotals,
    /// Files that are new.
    added: Vec<DiffFile>,
    /// Files that are gone.
    removed: Vec<DiffFile>,
    /// Files that say something else.
    changed: Vec<DiffFile>,
    /// Files that say the same at another path.
    moved: Vec<DiffFile>,
    /// Whether a list does not name all: it has at most 1,000 files, fewer of very long names. The totals count all.
    truncated: bool,
    /// The same in Markdown, to post to a pull request.
    #[schema(example = "### Documentation: 1 page changed\n")]
    summary: String,
}

/// One of the builds that are compared.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedBuild {
    /// Its URL.
    #[schema(example = "https://keeper.example.org/builds/42")]
    build_url: String,
    /// Its name in URLs.
    #[schema(example = "17")]
    slug: String,
    /// What it was built from.
    #[schema(example = json!(["main"]))]
    git_refs: Vec<String>,
    /// Where it is published.
    #[schema(example = "https://pipelines.example.org/builds/17")]
    published_url: String,
}

/// How many files there are of each sort.
#[derive(Debug, Serialize, ToSchema)]
struct DiffTotals {
    /// That are new.
    added: usize,
    /// That are gone.
    removed: usize,
    /// That say something else.
    changed: usize,
    /// That say the same at another path.
    moved: usize,
    /// Pages with other bytes that say the same: only their surroundings changed, such as a date in the footer.
    changed_markup_only: u64,
    /// That are the same.
    unchanged: u64,
}

/// A file that is not as it was.
#[derive(Debug, Serialize, ToSchema)]
struct DiffFile {
    /// Its path in the build that has it, of both in the second one.
    #[schema(example = "guide/intro.html")]
    path: String,
    /// The title of the page, where it is one and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Introduction")]
    title: Option<String>,
    /// Its path in the first build, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "intro.html")]
    moved_from: Option<String>,
    /// Where it is published with the second build; absent when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://pipelines.example.org/builds/17/guide/intro.html"
    )]
    url: Option<String>,
    /// Where it is published with the first build; absent when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://pipelines.example.org/builds/16/intro.html"
    )]
    before_url: Option<String>,
}

/// Where the files of the two builds are published.
pub(super) struct Published {
    before: String,
    after: String,
}

impl Published {
    fn new(organization: &Organization, compared: &Compared) -> Self {
        let url = |side: &Side| layout::build_url(organization, &compared.product, &side.build.slug);
        Self {
            before: url(&compared.before),
            after: url(&compared.after),
        }
    }

    fn before(&self, path: &SitePath) -> String {
        format!("{}/{}", self.before, in_url(path))
    }

    fn after(&self, path: &SitePath) -> String {
        format!("{}/{}", self.after, in_url(path))
    }
}

/// A path as it stands in a URL, and in a link of Markdown.
fn in_url(path: &SitePath) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(path.as_str(), PLAIN).to_string()
}

impl DiffResource {
    pub(crate) fn new(named: &Named, organization: &Organization, compared: &Compared) -> Self {
        let diff = compared.diff();
        let published = Published::new(organization, compared);
        let (before, after) = (&compared.before.build, &compared.after.build);
        let mut all = Lists {
            published: &published,
            truncated: false,
        };
        let added = all.of(&diff.added, |at, entry| at.entry(entry, Has::After));
        let removed = all.of(&diff.removed, |at, entry| at.entry(entry, Has::Before));
        let changed = all.of(&diff.changed, |at, entry| at.entry(entry, Has::Both));
        let moved = all.of(&diff.moved, Published::moved);
        Self {
            self_url: format!("{}/builds/{}/diff/{}", named.url(), before.slug, after.slug),
            product_url: named.url().to_owned(),
            before: ComparedBuild::new(named, &compared.before, &published.before),
            after: ComparedBuild::new(named, &compared.after, &published.after),
            compared_by: match diff.compared_by {
                ComparedBy::Content => "content",
                ComparedBy::Bytes => "bytes",
            },
            totals: DiffTotals::new(&diff),
            added,
            removed,
            changed,
            moved,
            truncated: all.truncated,
            summary: summary(organization, compared, &diff),
        }
    }
}

impl ComparedBuild {
    fn new(named: &Named, side: &Side, published: &str) -> Self {
        let build = &side.build;
        Self {
            build_url: named.build(build.id, &build.slug),
            slug: build.slug.to_string(),
            git_refs: build.git_refs.iter().map(ToString::to_string).collect(),
            published_url: published.to_owned(),
        }
    }
}

impl DiffTotals {
    fn new(diff: &Diff<'_>) -> Self {
        Self {
            added: diff.added.len(),
            removed: diff.removed.len(),
            changed: diff.changed.len(),
            moved: diff.moved.len(),
            changed_markup_only: diff.changed_markup_only,
            unchanged: diff.unchanged,
        }
    }
}

/// Which of the builds has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    Before,
    After,
    Both,
}

impl Published {
    fn entry(&self, entry: &Entry<'_>, has: Has) -> DiffFile {
        DiffFile {
            path: entry.path.as_str().to_owned(),
            title: entry.title.map(|title| title.chars().take(MAX_TITLE).collect()),
            moved_from: None,
            url: (has != Has::Before).then(|| self.after(entry.path)),
            before_url: (has != Has::After).then(|| self.before(entry.path)),
        }
    }

    fn moved(&self, moved: &Moved<'_>) -> DiffFile {
        DiffFile {
            moved_from: Some(moved.from.as_str().to_owned()),
            before_url: Some(self.before(moved.from)),
            ..self.entry(&moved.to, Has::After)
        }
    }
}

/// The lists, as far as they can be delivered.
struct Lists<'a> {
    published: &'a Published,
    truncated: bool,
}

impl Lists<'_> {
    fn of<T>(&mut self, entries: &[T], file: impl Fn(&Published, &T) -> DiffFile) -> Vec<DiffFile> {
        let mut left = MAX_BYTES;
        let fits = |file: &DiffFile| {
            let rest = left.checked_sub(file.bytes());
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let some = entries.iter().take(MAX_FILES);
        let files: Vec<DiffFile> = some
            .map(|entry| file(self.published, entry))
            .take_while(fits)
            .collect();
        self.truncated |= files.len() < entries.len();
        files
    }
}

impl DiffFile {
    fn bytes(&self) -> usize {
        let texts = [&self.title, &self.moved_from, &self.url, &self.before_url];
        let texts = texts.into_iter().flatten();
        self.path.len() + texts.map(String::len).sum::<usize>()
    }
}
