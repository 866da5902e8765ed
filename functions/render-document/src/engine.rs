//! What makes the files of a rendering: one manuscript for each form, and everything from these.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use imprint_app::ports::{Draft, Files, Renderer};
use imprint_domain::document::{ErrorCode, OutputName, Picture, RenderingError};
use imprint_manuscript::content::About;
use imprint_manuscript::{Content, Manuscript, Variant};
use imprint_rendering::{Image, Images};

/// Part of each checksum, so that what is not published is made anew when it would come out differently. A test holds the
/// numbers to that.
static ENGINE: LazyLock<String> = LazyLock::new(|| format!("{} / pages {PAGES}", imprint_typeset::ENGINE));

/// Grows when a page, an EPUB, LaTeX or the search's file comes out differently.
const PAGES: u32 = 1;

/// Makes everything in this process, from what is compiled in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Engine;

#[async_trait::async_trait]
impl Renderer for Engine {
    fn engine(&self) -> &str {
        &ENGINE
    }

    async fn render(&self, draft: Draft) -> Result<Files, RenderingError> {
        // It computes for as long as it takes, and others wait for answers of the stores meanwhile.
        let made = tokio::task::spawn_blocking(move || make(&draft)).await;
        made.unwrap_or_else(|error| {
            Err(failed(
                ErrorCode::Internal,
                format!("the engine stopped: {error}"),
            ))
        })
    }
}

fn make(draft: &Draft) -> Result<Files, RenderingError> {
    let (content, mut warnings) = Content::read_stored(&draft.content);
    let about = about(draft);
    let pictures: BTreeMap<String, Picture> = draft
        .version
        .images
        .iter()
        .map(|(name, image)| (name.to_string(), image.picture.clone()))
        .collect();
    let images: Images = draft
        .images
        .iter()
        .map(|(name, (media_type, bytes))| {
            let image = Image {
                media_type: media_type.as_str(),
                bytes: Arc::clone(bytes),
            };
            (name.to_string(), image)
        })
        .collect();
    let manuscript = |variant| content.manuscript(&about, &pictures, variant);
    let (document, journal) = (manuscript(Variant::Document), manuscript(Variant::Journal));
    // Where there are two processors the two PDFs take the time of one.
    let (texts, pdfs) = std::thread::scope(|scope| {
        let journal = scope.spawn(|| imprint_typeset::pdf(&journal, &images));
        let texts = texts(&document, &images);
        let pdf = imprint_typeset::pdf(&document, &images);
        (
            texts,
            [
                (OutputName::DocumentPdf, Ok(pdf)),
                (OutputName::JournalPdf, journal.join()),
            ],
        )
    });
    let mut outputs = BTreeMap::from(texts);
    for (name, pdf) in pdfs {
        let pdf = pdf.map_err(|_| failed(ErrorCode::Internal, "the engine stopped".to_owned()))?;
        let pdf = pdf.map_err(|error| failed(ErrorCode::Template, error.to_string()))?;
        outputs.insert(name, pdf.bytes);
        warnings.extend(pdf.warnings);
    }
    warnings.extend(document.warnings);
    warnings.extend(journal.warnings);
    Ok(Files { outputs, warnings })
}

fn texts(document: &Manuscript, images: &Images) -> [(OutputName, Vec<u8>); 5] {
    let (tex, bib) = imprint_rendering::latex(document);
    [
        (OutputName::Page, imprint_rendering::html(document).into_bytes()),
        (OutputName::Epub, imprint_rendering::epub(document, images)),
        (OutputName::Latex, tex.into_bytes()),
        (OutputName::Bibliography, bib.into_bytes()),
        (
            OutputName::Search,
            imprint_rendering::search(document).into_bytes(),
        ),
    ]
}

/// What is published goes on saying what its document was called then.
fn about(draft: &Draft) -> About {
    let publication = draft.version.publication.as_ref();
    let title = publication.map_or(&draft.document.title, |publication| &publication.title);
    About {
        title: title.to_string(),
        version: draft.version.number.to_string(),
        published: publication.map(|publication| publication.at.strftime("%Y-%m-%d").to_string()),
    }
}

fn failed(code: ErrorCode, message: String) -> RenderingError {
    RenderingError {
        code,
        path: String::new(),
        message,
        snippet: String::new(),
    }
}
