//! What an edition or a build has besides its pages, in words for people.

use serde::Serialize;

use crate::artifact::{Artifacts, Format, State};
use crate::build::Build;
use crate::edition::Pointer;
use crate::id::BuildId;
use crate::layout;
use crate::organization::Organization;
use crate::product::Product;
use crate::slug::EditionSlug;

/// What is offered to take away, in the order in which it is shown.
const OFFERED: [Format; 3] = [Format::Pdf, Format::Epub, Format::HtmlZip];

/// A file of an edition that readers can take with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Download {
    /// The format's name in the API.
    pub format: String,
    /// The same for people: `PDF`.
    pub name: String,
    /// Where it is below the product's URL.
    pub path: String,
    /// That it is not of the build that the edition shows.
    pub older: Option<Older>,
}

/// What to say of a file that an earlier build left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Older {
    /// `of build 3`
    pub text: String,
    /// The sentence that says why.
    pub title: String,
}

/// A format of a build, and where it has got to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormatView {
    /// Its name in the API.
    pub format: String,
    /// The same for people.
    pub name: String,
    /// `expected`, `pending`, `ready`, `failed` or `declined`.
    pub state: &'static str,
    /// The sentence that says why it is not there.
    pub sentence: Option<String>,
}

impl Download {
    /// Those of an edition that shows this.
    pub(super) fn all(
        organization: &Organization,
        product: &Product,
        edition: &EditionSlug,
        shown: &Pointer,
        builds: &[Build],
    ) -> Vec<Self> {
        let offered = OFFERED.into_iter().filter_map(|format| {
            let of = *shown.formats.get(&format)?;
            Some(Self {
                format: format.to_string(),
                name: name(format).to_owned(),
                path: path(organization, product, edition, format)?,
                older: (of != shown.build).then(|| Older::of(format, of, shown, builds)),
            })
        });
        offered.collect()
    }
}

/// Where a format of an edition is below the product's URL.
pub(super) fn path(
    organization: &Organization,
    product: &Product,
    edition: &EditionSlug,
    format: Format,
) -> Option<String> {
    let root = layout::product_url(organization, product);
    let url = layout::download_url(organization, product, edition, format)?;
    url.strip_prefix(&root)?.strip_prefix('/').map(str::to_owned)
}

impl Older {
    /// The build's slug is known when it is among the newest, which are at hand.
    fn of(format: Format, of: BuildId, shown: &Pointer, builds: &[Build]) -> Self {
        let build = match builds.iter().find(|build| build.id == of) {
            Some(build) => format!("build {}", build.slug),
            None => "an earlier build".to_owned(),
        };
        let title = format!(
            "Build {} has no good {} of its own: this one is of {build}.",
            shown.build_slug,
            name(format)
        );
        Self {
            text: format!("of {build}"),
            title,
        }
    }
}

impl FormatView {
    /// Those of a build. Its pages are what all the rest is beside.
    pub(super) fn all(artifacts: &Artifacts) -> Vec<Self> {
        let besides = artifacts
            .states
            .iter()
            .filter(|(format, state)| **format != Format::Html || !matches!(state, State::Ready { .. }));
        besides.map(|(format, state)| Self::of(*format, state)).collect()
    }

    fn of(format: Format, state: &State) -> Self {
        let (state, sentence) = match state {
            State::Expected => ("expected", Some("It has not been uploaded yet.".to_owned())),
            State::Pending { .. } => ("pending", Some("It is being made.".to_owned())),
            State::Ready { notes, .. } => ("ready", (!notes.is_empty()).then(|| notes.join(" "))),
            State::Failed(failure) => ("failed", Some(failure.message.clone())),
            State::Declined { reason } => ("declined", Some(reason.clone())),
        };
        Self {
            format: format.to_string(),
            name: name(format).to_owned(),
            state,
            sentence,
        }
    }
}

/// A format's name for people.
pub(super) fn name(format: Format) -> &'static str {
    match format {
        Format::Html => "HTML",
        Format::HtmlZip => "ZIP",
        Format::Pdf => "PDF",
        Format::Epub => "EPUB",
        Format::Json => "JSON",
        Format::Search => "search",
        Format::Markdown => "Markdown",
    }
}
