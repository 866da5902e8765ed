//! Media types of files by the endings of their names.

/// The media type of a file, as upload clients guess it (Python's `mimetypes`), for what documentation sites have.
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("html" | "htm") => "text/html",
        Some("xhtml") => "application/xhtml+xml",
        Some("css") => "text/css",
        Some("js" | "mjs") => "text/javascript",
        Some("json" | "map" | "ipynb") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("xml") => "text/xml",
        Some("xsl" | "rdf" | "wsdl") => "application/xml",
        Some(
            "txt" | "rst" | "inc" | "log" | "py" | "c" | "h" | "rs" | "toml" | "yaml" | "yml" | "cfg" | "ini",
        ) => "text/plain",
        Some("md" | "markdown") => "text/markdown",
        Some("csv") => "text/csv",
        Some("tsv") => "text/tab-separated-values",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("bmp") => "image/bmp",
        Some("tif" | "tiff") => "image/tiff",
        Some("ico") => "image/vnd.microsoft.icon",
        Some("woff") => "font/woff",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        Some("otf") => "font/otf",
        Some("eot") => "application/vnd.ms-fontobject",
        Some("pdf") => "application/pdf",
        Some("ps" | "eps") => "application/postscript",
        Some("epub") => "application/epub+zip",
        Some("zip" | "whl") => "application/zip",
        Some("gz" | "tgz") => "application/gzip",
        Some("tar") => "application/x-tar",
        Some("wasm") => "application/wasm",
        Some("mp4" | "m4v") => "video/mp4",
        Some("webm") => "video/webm",
        Some("ogv") => "video/ogg",
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "oga") => "audio/ogg",
        Some("wav") => "audio/x-wav",
        Some("bib" | "tex") => "application/x-tex",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ending_of_the_name_decides() {
        for (path, expected) in [
            ("a/index.html", "text/html"),
            ("INDEX.HTML", "text/html"),
            ("a.b/style.min.css", "text/css"),
            ("a.html/objects", "application/octet-stream"),
            ("objects.inv", "application/octet-stream"),
            ("x.tar.gz", "application/gzip"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(media_type(path), expected, "{path}");
        }
    }
}
