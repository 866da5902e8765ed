//! What an edition has besides its pages, wherever it is served: by the docs port, or by any server of an exported folder.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::reader::{Read, Reader};

/// Pages whose links are followed.
const FOLLOWED: [&str; 2] = ["index.html", "_search/index.html"];

/// Checks every format of an edition at the paths where it lies in the edition itself: the files, the search, the texts for
/// agents, and that the links of its home and search pages lead somewhere.
///
/// # Errors
/// Names the first that does not hold.
pub async fn has_formats(edition: &Reader, product: &str) -> anyhow::Result<()> {
    for (format, begins) in [
        ("pdf", &b"%PDF-"[..]),
        ("epub", b"PK\x03\x04"),
        ("zip", b"PK\x03\x04"),
    ] {
        let path = format!("_artifacts/{product}.{format}");
        let file = found(edition, &path).await?;
        ensure!(file.body.starts_with(begins), "{path} is no {format}");
    }
    let zip = found(edition, &format!("_artifacts/{product}.zip")).await?;
    has_the_pages(edition, &zip.body).await.context("the archive")?;
    let search: Value = serde_json::from_slice(&found(edition, "_artifacts/search.json").await?.body)?;
    ensure!(
        search.to_string().contains("\"sections\""),
        "search.json has no sections"
    );
    for (path, says) in [
        ("_search/index.html", "<script"),
        ("_search/box.js", "data-imprint-search"),
        ("pagefind/pagefind.js", "pagefind"),
        ("llms.txt", "index.md"),
        ("index.md", "# "),
    ] {
        let text = text(&found(edition, path).await?);
        ensure!(text.contains(says), "{path} does not say {says:?}");
    }
    for page in FOLLOWED {
        leads_somewhere(edition, page).await?;
    }
    Ok(())
}

/// Checks that the archive has the home page as it is served, below one folder or none.
async fn has_the_pages(edition: &Reader, archive: &Bytes) -> anyhow::Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive.clone()))?;
    let names: Vec<String> = archive
        .file_names()
        .map(|name| Ok(name?.into_owned()))
        .collect::<anyhow::Result<_>>()?;
    // The one that lies highest: below a folder for the whole archive, or below none.
    let homes = names
        .iter()
        .filter(|name| *name == "index.html" || name.ends_with("/index.html"));
    let home = homes
        .min_by_key(|name| name.matches('/').count())
        .context("no index.html in it")?;
    let mut page = Vec::new();
    archive.by_name(home)?.read_to_end(&mut page)?;
    let served = found(edition, "index.html").await?;
    ensure!(
        served.body == page,
        "its index.html is not the one that is served"
    );
    Ok(())
}

/// Reads what the links of a page lead to within its site.
async fn leads_somewhere(edition: &Reader, page: &str) -> anyhow::Result<()> {
    let html = text(&found(edition, page).await?);
    let directory = page.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut followed = 0;
    for link in links(&html) {
        let Some(path) = within(directory, &link) else {
            continue;
        };
        let read = edition.read(&path).await?;
        ensure!(
            read.status == StatusCode::OK,
            "{page}: {link} answers {}",
            read.status
        );
        followed += 1;
    }
    ensure!(followed > 0, "{page} has no links");
    Ok(())
}

/// What `href` and `src` of a page say, in double quotes as the demo's pages have them.
fn links(html: &str) -> BTreeSet<String> {
    let attributes = ["href=\"", "src=\""];
    let values = attributes
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next());
    values
        .map(|value| value.replace("&amp;", "&").replace("&#x2f;", "/"))
        .collect()
}

/// A link's path below the site's root, decoded; nothing for one that leads out of the site or into the page itself.
fn within(directory: &str, link: &str) -> Option<String> {
    let path = link.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() || path.starts_with('/') || path.contains(':') {
        return None;
    }
    let path = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .ok()?
        .into_owned();
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    let ends_in_slash = path.ends_with('/') || path.ends_with("..") || path.ends_with('.');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(match ends_in_slash && !joined.is_empty() {
        true => format!("{joined}/"),
        false => joined,
    })
}

async fn found(edition: &Reader, path: &str) -> anyhow::Result<Read> {
    let read = edition.read(path).await?;
    ensure!(read.status == StatusCode::OK, "{path}: {}", read.status);
    Ok(read)
}

fn text(read: &Read) -> String {
    String::from_utf8_lossy(&read.body).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_as_a_browser_would_below_the_site() {
        for (directory, link, path) in [
            ("", "a.html", Some("a.html")),
            ("", "a%20b/#x", Some("a b/")),
            ("a/b", "../c.css?v=1", Some("a/c.css")),
            ("a", "../", Some("")),
            ("a/b", "..", Some("a/")),
            ("a", "./", Some("a/")),
            ("a", "../../x", None),
            ("", "#top", None),
            ("", "/x", None),
            ("", "https://example.org/", None),
            ("", "mailto:x@example.org", None),
        ] {
            assert_eq!(within(directory, link).as_deref(), path, "{directory} {link}");
        }
        let html = r#"<a href="a.html">x</a><img src="b.png"><a href="a.html">"#;
        assert_eq!(links(html).into_iter().collect::<Vec<_>>(), ["a.html", "b.png"]);
    }
}
