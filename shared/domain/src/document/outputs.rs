use serde::{Deserialize, Serialize};

/// A file that a rendering makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutputName {
    /// The page.
    #[serde(rename = "index.html")]
    Page,
    /// The PDF for readers.
    #[serde(rename = "document.pdf")]
    DocumentPdf,
    /// The PDF for a journal.
    #[serde(rename = "journal.pdf")]
    JournalPdf,
    /// The EPUB.
    #[serde(rename = "document.epub")]
    Epub,
    /// The LaTeX source.
    #[serde(rename = "document.tex")]
    Latex,
    /// Its bibliography.
    #[serde(rename = "references.bib")]
    Bibliography,
    /// What a search reads.
    #[serde(rename = "search.json")]
    Search,
}

/// A name that no rendering has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such output; there are index.html, document.pdf, journal.pdf, document.epub, document.tex, \
     references.bib and search.json"
)]
pub struct UnknownOutput;

impl OutputName {
    /// Every output, in the order in which they are written.
    pub const ALL: [Self; 7] = [
        Self::DocumentPdf,
        Self::JournalPdf,
        Self::Page,
        Self::Epub,
        Self::Latex,
        Self::Bibliography,
        Self::Search,
    ];

    /// The file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "index.html",
            Self::DocumentPdf => "document.pdf",
            Self::JournalPdf => "journal.pdf",
            Self::Epub => "document.epub",
            Self::Latex => "document.tex",
            Self::Bibliography => "references.bib",
            Self::Search => "search.json",
        }
    }

    /// Its `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::DocumentPdf | Self::JournalPdf => "application/pdf",
            Self::Epub => "application/epub+zip",
            Self::Latex => "application/x-tex",
            Self::Bibliography => "application/x-bibtex",
            Self::Search => "application/json",
        }
    }
}

impl std::fmt::Display for OutputName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for OutputName {
    type Err = UnknownOutput;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let named = |name: &Self| name.as_str() == raw;
        Self::ALL.into_iter().find(named).ok_or(UnknownOutput)
    }
}

/// An output that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its key.
    pub key: crate::key::ObjectKey,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal digits: its strong ETag.
    pub sha256: String,
    /// Its `Content-Type`.
    pub content_type: String,
}
