//! A renderer that shows what it was given.

use async_trait::async_trait;
use imprint_app::ports::{Draft, Files, Renderer};
use imprint_domain::document::{ErrorCode, OutputName, RenderingError, Warning, WarningCode};

/// What is too large to be answered by a function.
pub(super) const LARGE: usize = 4 * 1024 * 1024 + 1;

/// Makes of each draft a text with all that it was given. What says `warn` has a warning, of what says `impossible`
/// nothing can be made, what says `large` has a PDF of [`LARGE`] bytes, what says `wide` one of one less, what says `long` a
/// page of half a megabyte.
#[derive(Debug)]
pub(crate) struct Press;

#[async_trait]
impl Renderer for Press {
    fn engine(&self) -> &str {
        "press 1"
    }

    async fn render(&self, draft: Draft) -> Result<Files, RenderingError> {
        let images: Vec<&str> = draft.images.keys().map(|name| name.as_str()).collect();
        let (document, version) = (&draft.document, &draft.version);
        let text = format!(
            "{} {} {} {images:?}",
            document.title, version.number, draft.content
        );
        if text.contains("impossible") {
            return Err(RenderingError {
                code: ErrorCode::Template,
                path: "/document/introduction".into(),
                message: "nothing can be made of it".into(),
                snippet: "impossible".into(),
            });
        }
        let warning = Warning {
            code: WarningCode::Glyph,
            path: "/document/introduction/children/0".into(),
            node_id: None,
            message: "no font has it".into(),
            snippet: "warn".into(),
        };
        let file = |name: OutputName| {
            let mut bytes = format!("{name}: {text}").into_bytes();
            match name {
                OutputName::DocumentPdf if text.contains("large") => bytes.resize(LARGE, b'x'),
                // Neither text nor compressible.
                OutputName::DocumentPdf if text.contains("wide") => bytes.resize(LARGE - 1, 0xff),
                OutputName::Page if text.contains("long") => bytes.resize(512 * 1024, b'x'),
                _ => {}
            }
            (name, bytes)
        };
        Ok(Files {
            outputs: OutputName::ALL.map(file).into_iter().collect(),
            warnings: text.contains("warn").then_some(warning).into_iter().collect(),
        })
    }
}
