//! The files of a book that say what the others are.

use std::borrow::Cow;

use imprint_manuscript::manuscript::Front;

use crate::Image;
use crate::html::language;
use crate::markup::escape;
use crate::references::anchors::slug;

use super::archive::File;

/// An XHTML file.
pub(super) struct Document {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) has_math: bool,
    pub(super) text: String,
}

/// What is in the book.
pub(super) struct Package<'a> {
    pub(super) front: &'a Front,
    pub(super) title: &'a str,
    /// Depth, URL and name of each item.
    pub(super) contents: &'a [(usize, String, String)],
    pub(super) documents: &'a [Document],
    /// File and image.
    pub(super) pictures: &'a [(&'a str, &'a Image)],
    pub(super) style: &'a str,
}

/// All files, in the order of the archive.
pub(super) fn files<'a>(package: &Package<'a>) -> Vec<File<'a>> {
    let text = |name: &str, text: String| File {
        name: name.to_owned(),
        bytes: Cow::Owned(text.into_bytes()),
    };
    let mut files = vec![
        text("mimetype", "application/epub+zip".to_owned()),
        text("META-INF/container.xml", container()),
        text("EPUB/package.opf", opf(package)),
        text("EPUB/nav.xhtml", nav(package)),
        text("EPUB/style.css", package.style.to_owned()),
    ];
    for document in package.documents {
        let bytes = Cow::Borrowed(document.text.as_bytes());
        files.push(File {
            name: format!("EPUB/{}", document.file),
            bytes,
        });
    }
    for (file, image) in package.pictures {
        files.push(File {
            name: format!("EPUB/{file}"),
            bytes: Cow::Borrowed(&image.bytes[..]),
        });
    }
    files
}

fn container() -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
     <container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\">\n<rootfiles>\n\
     <rootfile full-path=\"EPUB/package.opf\" media-type=\"application/oebps-package+xml\"/>\n\
     </rootfiles>\n</container>\n"
        .to_owned()
}

/// `2026-04-11`, or nothing.
fn day(published: Option<&str>) -> Option<&str> {
    published.filter(|day| {
        day.len() == 10
            && day.bytes().enumerate().all(|(n, b)| {
                if n == 4 || n == 7 {
                    b == b'-'
                } else {
                    b.is_ascii_digit()
                }
            })
    })
}

fn metadata(package: &Package<'_>) -> String {
    let front = package.front;
    let name = slug(package.title);
    let name = if name.is_empty() { "untitled" } else { &name };
    let version = if front.version.is_empty() {
        "0"
    } else {
        &front.version
    };
    let mut out = format!(
        "<dc:identifier id=\"book-id\">urn:imprint:{name}:{}</dc:identifier>\n",
        escape(version)
    );
    out.push_str(&format!("<dc:title>{}</dc:title>\n", escape(package.title)));
    out.push_str(&format!(
        "<dc:language>{}</dc:language>\n",
        language(&front.language)
    ));
    for author in front
        .authors
        .iter()
        .filter(|author| !author.name.trim().is_empty())
    {
        out.push_str(&format!("<dc:creator>{}</dc:creator>\n", escape(&author.name)));
    }
    for keyword in front.keywords.iter().filter(|keyword| !keyword.trim().is_empty()) {
        out.push_str(&format!("<dc:subject>{}</dc:subject>\n", escape(keyword)));
    }
    let published = day(front.published.as_deref());
    if let Some(day) = published {
        out.push_str(&format!("<dc:date>{day}</dc:date>\n"));
    }
    // The time of writing would make other bytes of the same document each time.
    let modified = published.unwrap_or("1980-01-01");
    out.push_str(&format!(
        "<meta property=\"dcterms:modified\">{modified}T00:00:00Z</meta>\n"
    ));
    out.push_str("<meta property=\"schema:accessMode\">textual</meta>\n");
    if !package.pictures.is_empty() {
        out.push_str("<meta property=\"schema:accessMode\">visual</meta>\n");
    }
    for feature in [
        "structuralNavigation",
        "tableOfContents",
        "alternativeText",
        "MathML",
    ] {
        out.push_str(&format!(
            "<meta property=\"schema:accessibilityFeature\">{feature}</meta>\n"
        ));
    }
    out.push_str("<meta property=\"schema:accessibilityHazard\">none</meta>\n");
    out
}

fn opf(package: &Package<'_>) -> String {
    let mut manifest = String::from(
        "<item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>\n\
         <item id=\"style\" href=\"style.css\" media-type=\"text/css\"/>\n",
    );
    let mut spine = String::new();
    for (number, document) in package.documents.iter().enumerate() {
        let properties = if document.has_math {
            " properties=\"mathml\""
        } else {
            ""
        };
        manifest.push_str(&format!(
            "<item id=\"text-{number}\" href=\"{}\" media-type=\"application/xhtml+xml\"{properties}/>\n",
            document.file
        ));
        spine.push_str(&format!("<itemref idref=\"text-{number}\"/>\n"));
    }
    for (number, (file, image)) in package.pictures.iter().enumerate() {
        let media_type = escape(image.media_type);
        manifest.push_str(&format!(
            "<item id=\"image-{number}\" href=\"{file}\" media-type=\"{media_type}\"/>\n"
        ));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" unique-identifier=\"book-id\" xml:lang=\"{}\">\n\
         <metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n{}</metadata>\n\
         <manifest>\n{manifest}</manifest>\n<spine>\n{spine}</spine>\n</package>\n",
        language(&package.front.language),
        metadata(package)
    )
}

fn nav(package: &Package<'_>) -> String {
    let mut items = String::new();
    let mut open = 0;
    for (depth, url, name) in package.contents {
        let deeper = open < *depth;
        while open >= *depth {
            items.push_str("</li>\n");
            open -= 1;
            if open >= *depth {
                items.push_str("</ol>\n");
            }
        }
        if deeper && open > 0 {
            items.push_str("\n<ol>\n");
        }
        open += 1;
        items.push_str(&format!("<li><a href=\"{}\">{}</a>", escape(url), escape(name)));
    }
    for level in (0..open).rev() {
        items.push_str(if level > 0 { "</li>\n</ol>\n" } else { "</li>\n" });
    }
    let language = language(&package.front.language);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html>\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:epub=\"http://www.idpf.org/2007/ops\" \
         lang=\"{language}\" xml:lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\"/>\n</head>\n<body>\n\
         <nav epub:type=\"toc\" role=\"doc-toc\" aria-label=\"Contents\">\n<h1>Contents</h1>\n<ol>\n{items}</ol>\n</nav>\n\
         </body>\n</html>\n",
        title = escape(package.title)
    )
}
