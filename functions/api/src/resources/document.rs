use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::documents::{Problem, Review, Seen};
use imprint_app::ports::PresignedPost;
use imprint_domain::document::{
    Document, Drafts, Image, ImageName, Picture, Reader, Rendering, RenderingError, RenderingState, Version,
    Warning,
};

use super::build::UploadForm;
use super::{Moment, word};
use crate::extract::DocumentUrls;

/// Structured text that is made into pages and PDFs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
pub(crate) struct DocumentResource {
    /// Its own URL, which never changes.
    self_url: String,
    /// Its versions.
    versions_url: String,
    /// The URL of the product whose builds its renderings become; null when it has none.
    product_url: Option<String>,
    /// Its number.
    #[schema(example = 42)]
    id: u64,
    /// Its title.
    title: String,
    /// Its name in URLs.
    alias: Option<String>,
    /// Names that it had, which still lead to it.
    former_aliases: Vec<String>,
    /// `public` when drafts become builds of its product, too, or `private`.
    #[schema(value_type = String, example = "public")]
    drafts: &'static str,
    /// Its newest version that the caller may see.
    newest_version: Option<String>,
    /// The URL of that.
    newest_version_url: Option<String>,
    /// Its greatest version that is published.
    published_version: Option<String>,
    /// The URL of that.
    published_version_url: Option<String>,
    /// When it was created.
    date_created: Moment,
    /// Who did; only for editors.
    created_by: Option<String>,
}

/// Documents in the order of creation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentList {
    /// The documents.
    pub(crate) documents: Vec<DocumentResource>,
}

/// A version of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentVersion)]
pub(crate) struct VersionOfDocument {
    /// Its own URL.
    self_url: String,
    /// The URL of its document.
    document_url: String,
    /// Where to read and write what it says.
    content_url: String,
    /// Where to upload its images.
    images_url: String,
    /// How far its rendering has got.
    status_url: String,
    /// Its number.
    version: String,
    /// Where it is on its way to publication.
    status: String,
    /// In which form it is written, `tree` or `markdown`; null until it is.
    form: Option<String>,
    /// The size of what it says, as JSON.
    bytes: Option<u64>,
    /// Its images, and those that it shows and nobody has uploaded.
    images: Vec<ImageResource>,
    /// How often it was written.
    revision: u64,
    /// How many changes it had that a rendering shows.
    edit: u64,
    /// When it was created.
    date_created: Moment,
    /// When it was changed last.
    date_updated: Moment,
    /// When somebody last wanted it rendered anew although nothing had changed.
    date_touched: Option<Moment>,
    /// Who changed it last; only for editors.
    updated_by: Option<String>,
    /// That it is published; null until it is.
    publication: Option<PublicationResource>,
    /// How far its newest rendering has got; only for editors, and null in lists.
    rendering: Option<RenderingResource>,
    /// Its PDF for readers.
    pdf_url: String,
    /// Its PDF for a journal.
    journal_pdf_url: String,
    /// Its page.
    html_url: String,
    /// Its EPUB.
    epub_url: String,
    /// Its LaTeX source.
    latex_url: String,
    /// The bibliography of that.
    bibliography_url: String,
    /// What a search reads.
    search_url: String,
}

/// Versions in the order of their numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// The versions.
    pub(crate) versions: Vec<VersionOfDocument>,
}

/// That a version is published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Publication)]
struct PublicationResource {
    /// When.
    date: Moment,
    /// By whom; only for editors.
    by: Option<String>,
    /// The document's title then, which its files go on saying.
    title: String,
    /// Its alias then.
    alias: Option<String>,
}

/// An image of a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentImage)]
pub(crate) struct ImageResource {
    /// Its name.
    #[schema(example = "fullmoon.jpg")]
    name: String,
    /// `good`, `bad` when it cannot be shown, or `missing` when the content shows it and nobody has uploaded it.
    #[schema(value_type = String, example = "good")]
    state: &'static str,
    /// Whether the content shows it.
    is_shown: bool,
    /// What it is.
    #[schema(example = "image/jpeg")]
    media_type: Option<String>,
    /// Its width in pixels.
    #[schema(example = 1200)]
    width: Option<u32>,
    /// Its height in pixels.
    #[schema(example = 800)]
    height: Option<u32>,
    /// Its size.
    #[schema(example = 564_000)]
    bytes: Option<u64>,
    /// SHA-256 of its bytes.
    sha256: Option<String>,
    /// Why it cannot be shown.
    problem: Option<String>,
}

/// Images in the order of their names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageList {
    /// The images.
    pub(crate) images: Vec<ImageResource>,
}

/// Forms to upload images with, good for an hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageForms<'a> {
    /// The forms by the images' names.
    #[schema(value_type = BTreeMap<String, UploadForm>)]
    forms: BTreeMap<&'a str, UploadForm<'a>>,
}

/// How far the rendering of a version's newest state has got.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rendering)]
struct RenderingResource {
    /// `queued`, `running`, `succeeded` or `failed`.
    #[schema(value_type = String, example = "succeeded")]
    state: &'static str,
    /// Its name; null until it is begun.
    checksum: Option<String>,
    /// The name of the one that files are served of: the newest that succeeded; null until one has.
    served: Option<String>,
    /// How many warnings it has.
    warnings_count: usize,
    /// What is not as its author meant it.
    warnings: Vec<WarningResource>,
    /// Why it failed.
    error: Option<RenderingErrorResource>,
}

/// Something that is not as its author meant it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenderingWarning)]
pub(crate) struct WarningResource {
    /// What kind of thing it is: `equation`, `image_missing`, `image_bad`, `reference`, `link`, `node` or `glyph`.
    #[schema(example = "equation")]
    code: String,
    /// Where it comes from: a JSON pointer into the content, or `/markdown:17` for a line.
    #[schema(example = "/document/mathematical_theory/children/4")]
    path: String,
    /// The id of the node, where it has one.
    node_id: Option<String>,
    /// The sentence.
    message: String,
    /// The piece of the source.
    snippet: String,
}

/// Why a rendering failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RenderingError)]
pub(crate) struct RenderingErrorResource {
    /// What kind of thing it is: `schema`, `limit`, `equation`, `image_missing`, `image_bad`, `reference`, `template`,
    /// `storage` or `internal`.
    #[schema(example = "limit")]
    code: String,
    /// Where it comes from, as in a warning; empty where it is no place of the content.
    path: String,
    /// The sentence.
    message: String,
    /// The piece of the source.
    snippet: String,
}

/// Something that a content is refused for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemResource {
    /// A JSON pointer to the value.
    #[schema(example = "/document/introduction/children/2")]
    path: String,
    /// `schema` when it has not the shape that it must have, `limit` when it is too much of something.
    #[schema(example = "schema")]
    code: String,
    /// The sentence, which says what would be right.
    message: String,
}

/// What is known of a content that nobody has stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContentReview)]
pub(crate) struct ReviewResource {
    /// What it would be refused for.
    problems: Vec<ProblemResource>,
    /// What would be printed, and not as its author meant it. Images are not looked for.
    warnings: Vec<WarningResource>,
}

impl DocumentResource {
    /// A document as far as a reader may know it.
    pub(crate) fn new(urls: &DocumentUrls, document: &Document, reader: Reader) -> Self {
        let self_url = urls.document(document.id);
        let (newest, created_by) = match reader {
            Reader::Editor => (Some(document.newest), document.created_by.as_ref()),
            Reader::Public => (document.published, None),
        };
        let url = |number| urls.version(document.id, number);
        Self {
            versions_url: format!("{self_url}/versions"),
            self_url,
            product_url: document.product.as_ref().map(|slug| urls.product(slug)),
            id: document.id.0,
            title: document.title.to_string(),
            alias: document.alias.as_ref().map(ToString::to_string),
            former_aliases: document.former_aliases.iter().map(ToString::to_string).collect(),
            drafts: match document.drafts {
                Drafts::Public => "public",
                Drafts::Private => "private",
            },
            newest_version: newest.map(|number| number.to_string()),
            newest_version_url: newest.map(url),
            published_version: document.published.map(|number| number.to_string()),
            published_version_url: document.published.map(url),
            date_created: Moment(document.created_at),
            created_by: created_by.map(ToString::to_string),
        }
    }
}

impl VersionOfDocument {
    /// A version as far as a reader may know it, without its rendering.
    pub(crate) fn new(urls: &DocumentUrls, version: &Version, reader: Reader) -> Self {
        let url = urls.version(version.document, version.number);
        let below = |name: &str| format!("{url}/{name}");
        let by = |user: Option<&imprint_domain::access::UserName>| match reader {
            Reader::Editor => user.map(ToString::to_string),
            Reader::Public => None,
        };
        let publication = version
            .publication
            .as_ref()
            .map(|publication| PublicationResource {
                date: Moment(publication.at),
                by: by(publication.by.as_ref()),
                title: publication.title.to_string(),
                alias: publication.alias.as_ref().map(ToString::to_string),
            });
        Self {
            document_url: urls.document(version.document),
            content_url: below("content"),
            images_url: below("images"),
            status_url: below("status"),
            version: version.number.to_string(),
            status: version.status.to_string(),
            form: version.content.as_ref().map(|content| word(&content.form)),
            bytes: version.content.as_ref().map(|content| content.bytes),
            images: ImageResource::all(version, reader),
            revision: version.revision.0,
            edit: version.edit,
            date_created: Moment(version.created_at),
            date_updated: Moment(version.updated_at),
            date_touched: version.touched_at.map(Moment),
            updated_by: by(version.updated_by.as_ref()),
            publication,
            rendering: None,
            pdf_url: below("pdf"),
            journal_pdf_url: below("pdf?journal=true"),
            html_url: below("html"),
            epub_url: below("epub"),
            latex_url: below("latex"),
            bibliography_url: below("bibliography"),
            search_url: below("search"),
            self_url: url,
        }
    }

    /// The same with its rendering.
    pub(crate) fn rendered(self, seen: &Seen) -> Self {
        Self {
            rendering: RenderingResource::of(seen),
            ..self
        }
    }
}

impl RenderingResource {
    fn of(seen: &Seen) -> Option<Self> {
        let current = seen.current.as_ref().filter(|_| !seen.is_queued);
        let served = seen.served.as_ref().map(|served| served.checksum.to_string());
        if current.is_none() && !seen.is_queued {
            return None;
        }
        let warnings = current.map_or(&[][..], |current| &current.warnings);
        Some(Self {
            state: current.map_or("queued", state_of),
            checksum: current.map(|current| current.checksum.to_string()),
            served,
            warnings_count: warnings.len(),
            warnings: warnings.iter().map(WarningResource::new).collect(),
            error: current.and_then(error_of).map(RenderingErrorResource::new),
        })
    }
}

/// The word for where a rendering is.
pub(super) fn state_of(rendering: &Rendering) -> &'static str {
    match rendering.state {
        RenderingState::Running { .. } => "running",
        RenderingState::Succeeded => "succeeded",
        RenderingState::Failed { .. } => "failed",
    }
}

/// Why a rendering failed, if it did.
pub(super) fn error_of(rendering: &Rendering) -> Option<&RenderingError> {
    match &rendering.state {
        RenderingState::Failed { error } => Some(error),
        RenderingState::Running { .. } | RenderingState::Succeeded => None,
    }
}

impl ImageResource {
    /// The images of a version, those that are missing included, in the order of their names. What it does not show is for
    /// editors.
    pub(crate) fn all(version: &Version, reader: Reader) -> Vec<Self> {
        let stored = version.images.iter().map(|(name, image)| (name, Some(image)));
        let all: BTreeMap<&ImageName, Option<&Image>> = version.shown_images().chain(stored).collect();
        let shown = version.content.as_ref().map(|content| &content.images);
        let is_shown = |name| shown.is_some_and(|shown| shown.contains(name));
        all.into_iter()
            .map(|(name, image)| Self::new(name, image, is_shown(name)))
            .filter(|image| image.is_shown || reader == Reader::Editor)
            .collect()
    }

    fn new(name: &ImageName, image: Option<&Image>, is_shown: bool) -> Self {
        let missing = Self {
            name: name.to_string(),
            state: "missing",
            is_shown,
            media_type: None,
            width: None,
            height: None,
            bytes: image.map(|image| image.bytes),
            sha256: image.map(|image| image.sha256.clone()),
            problem: None,
        };
        match image.map(|image| &image.picture) {
            None => missing,
            Some(Picture::Good {
                media_type,
                width,
                height,
            }) => Self {
                state: "good",
                media_type: Some(media_type.as_str().to_owned()),
                width: Some(*width),
                height: Some(*height),
                ..missing
            },
            Some(Picture::Bad { problem }) => Self {
                state: "bad",
                problem: Some(problem.clone()),
                ..missing
            },
        }
    }
}

impl<'a> ImageForms<'a> {
    pub(crate) fn new(forms: &'a BTreeMap<ImageName, PresignedPost>) -> Self {
        let forms = forms
            .iter()
            .map(|(name, form)| (name.as_str(), UploadForm::new(form)));
        Self {
            forms: forms.collect(),
        }
    }
}

impl WarningResource {
    pub(crate) fn new(warning: &Warning) -> Self {
        Self {
            code: word(&warning.code),
            path: warning.path.clone(),
            node_id: warning.node_id.clone(),
            message: warning.message.clone(),
            snippet: warning.snippet.clone(),
        }
    }
}

impl RenderingErrorResource {
    pub(crate) fn new(error: &RenderingError) -> Self {
        Self {
            code: word(&error.code),
            path: error.path.clone(),
            message: error.message.clone(),
            snippet: error.snippet.clone(),
        }
    }
}

impl ProblemResource {
    pub(crate) fn new(problem: &Problem) -> Self {
        Self {
            path: problem.path.clone(),
            code: word(&problem.code),
            message: problem.message.clone(),
        }
    }
}

impl ReviewResource {
    pub(crate) fn new(review: &Review) -> Self {
        Self {
            problems: review.problems.iter().map(ProblemResource::new).collect(),
            warnings: review.warnings.iter().map(WarningResource::new).collect(),
        }
    }
}
