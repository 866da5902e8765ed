//! A renderer that shows what it was given, and counts.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use imprint_app::ports::{Draft, Files, Renderer};
use imprint_domain::document::{ErrorCode, OutputName, RenderingError, Warning, WarningCode};

/// Makes of each draft a text with all that it was given. What says `warn` has a warning, of what says `impossible`
/// nothing can be made.
#[derive(Debug)]
pub struct Press {
    rendered: AtomicU64,
    /// What it calls itself.
    pub engine: &'static str,
    /// What was rendered, in order.
    pub said: Mutex<Vec<String>>,
}

impl Default for Press {
    fn default() -> Self {
        Self {
            rendered: AtomicU64::new(0),
            engine: "press 1",
            said: Mutex::default(),
        }
    }
}

impl Press {
    /// How often something was rendered.
    pub fn count(&self) -> u64 {
        self.rendered.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Renderer for Press {
    fn engine(&self) -> &str {
        self.engine
    }

    async fn render(&self, draft: Draft) -> Result<Files, RenderingError> {
        self.rendered.fetch_add(1, Ordering::SeqCst);
        // Others go on meanwhile.
        tokio::task::yield_now().await;
        let images: Vec<String> = draft
            .images
            .iter()
            .map(|(name, (media_type, bytes))| {
                format!("{name}: {} of {} bytes", media_type.as_str(), bytes.len())
            })
            .collect();
        let text = format!(
            "{} {} {} {} {images:?}",
            draft.document.title, draft.version.number, draft.version.status, draft.content
        );
        self.said
            .lock()
            .expect("nothing panics while it notes")
            .push(text.clone());
        if text.contains("impossible") {
            return Err(RenderingError {
                code: ErrorCode::Template,
                path: "/document/introduction".into(),
                message: "nothing can be made of it".into(),
                snippet: "impossible".into(),
            });
        }
        let warning = Warning {
            code: WarningCode::Equation,
            path: "/document/introduction/children/0".into(),
            node_id: None,
            message: "it cannot be set".into(),
            snippet: "warn".into(),
        };
        let file = |name: OutputName| (name, output(name, &text));
        Ok(Files {
            outputs: OutputName::ALL.map(file).into_iter().collect::<BTreeMap<_, _>>(),
            warnings: text.contains("warn").then_some(warning).into_iter().collect(),
        })
    }
}

/// As much of a file as shows in which format it is.
fn output(name: OutputName, text: &str) -> Vec<u8> {
    match name {
        OutputName::DocumentPdf | OutputName::JournalPdf => {
            format!("%PDF-1.7\n{name}: {text}\n%%EOF\n").into_bytes()
        }
        OutputName::Epub => {
            let mut begin = b"PK\x03\x04".to_vec();
            begin.resize(30, 0);
            [begin, format!("mimetypeapplication/epub+zip{text}").into_bytes()].concat()
        }
        OutputName::Search => serde_json::json!({ "text": text }).to_string().into_bytes(),
        OutputName::Page | OutputName::Latex | OutputName::Bibliography => {
            format!("{name}: {text}").into_bytes()
        }
    }
}
