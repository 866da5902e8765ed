//! Where artifacts are found in an upload, and where editions show them.

use crate::artifact::Format;
use crate::key::SitePath;
use crate::manifest::{File, Source};
use crate::slug::ProductSlug;

/// The directory of an uploaded tree in which artifacts are found, and of an edition in which they are shown.
pub const FOUND_IN: &str = "_artifacts/";

/// The file name of an artifact that is one file; none for those that are many.
pub fn download_name(product: &ProductSlug, format: Format) -> Option<String> {
    match format {
        Format::HtmlZip => Some(format!("{product}.zip")),
        Format::Pdf => Some(format!("{product}.pdf")),
        Format::Epub => Some(format!("{product}.epub")),
        Format::Json => Some("search.json".to_owned()),
        Format::Html | Format::Search | Format::Markdown => None,
    }
}

/// Where an edition shows an artifact that is one file.
pub fn published_path(product: &ProductSlug, format: Format) -> Option<SitePath> {
    let name = download_name(product, format)?;
    format!("{FOUND_IN}{name}").parse().ok()
}

/// The format of a file that an upload brings in the directory of artifacts; none when it is another file of the site.
pub fn found(path: &SitePath) -> Option<Format> {
    let name = path.as_str().strip_prefix(FOUND_IN)?;
    if name.contains('/') {
        return None;
    }
    of_name(name)
}

fn of_name(name: &str) -> Option<Format> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "zip" => Some(Format::HtmlZip),
        "pdf" => Some(Format::Pdf),
        "epub" => Some(Format::Epub),
        "json" => Some(Format::Json),
        _ => None,
    }
}

/// To which format a file of an edition belongs.
pub fn format_of(file: &File) -> Format {
    let path = file.path.as_str();
    match &file.source {
        Source::Build => Format::Html,
        Source::Object(_) | Source::Bundle { .. } => {
            if let Some(name) = path.strip_prefix(FOUND_IN) {
                return of_name(name).unwrap_or(Format::Html);
            }
            match &file.source {
                // The pages of an earlier build.
                Source::Build | Source::Object(_) => Format::Html,
                Source::Bundle { .. } if path.ends_with(".md") || path == "llms.txt" => Format::Markdown,
                Source::Bundle { .. } => Format::Search,
            }
        }
    }
}
