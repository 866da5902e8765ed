//! What the pages say: section by section for search engines, and as Markdown for agents.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use imprint_domain::artifact::{Format, download_name, published_path};
use imprint_domain::build::Build;
use imprint_domain::id::ManifestId;
use imprint_domain::key::{ObjectKey, SitePath};
use imprint_domain::manifest::{File, Headers, Manifest, Source};
use imprint_domain::product::Product;
use imprint_domain::task::FailureCode;
use imprint_extract::{ContentDigest, Entry, Extracted, MAX_HTML_BYTES, Page, extract};

use super::bundle::{Made, Rewrite, bundle, digest};
use super::pages::{Bounds, Pages};
use super::{Derived, Unmade, headers_of_download};
use crate::env::Env;
use crate::step::StepError;

/// Pages of a site. A thousand take a second or two.
const MAX_PAGES: usize = 20_000;
/// Bytes of what is made, which is held in memory. The texts of a thousand pages have two to five megabytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Pages with what they say.
struct Said<'a> {
    pages: Vec<(&'a SitePath, Page)>,
    notes: Vec<String>,
}

/// Reads the pages and keeps of each what `slim` leaves of it. The HTML is gone when the next page is read.
async fn said<'a>(
    env: &'a Env,
    build: &Build,
    site: &'a Manifest,
    slim: fn(&mut Page),
) -> Result<Said<'a>, Unmade> {
    let bounds = Bounds {
        most_pages: MAX_PAGES,
        most_bytes: MAX_HTML_BYTES,
    };
    let mut reading = Pages::of(env, build, site, bounds)?;
    let mut pages = Vec::new();
    let mut bytes = 0;
    while let Some((path, html)) = reading.next().await? {
        match extract(path.as_str(), &html) {
            Ok(Extracted::Page(mut page)) => {
                slim(&mut page);
                bytes += size(&page);
                if bytes > MAX_BYTES {
                    return Err(too_large());
                }
                pages.push((path, page));
            }
            // Whatever it leads to is read as itself.
            Ok(Extracted::Redirect { .. }) => {}
            Err(error) => reading.left_out.add(path, &error.to_string()),
        }
    }
    Ok(Said {
        pages,
        notes: reading.left_out.note().into_iter().collect(),
    })
}

fn too_large() -> Unmade {
    Unmade::Declined(format!("the pages say more than {MAX_BYTES} bytes"))
}

/// About what a page takes of memory, and of the output.
fn size(page: &Page) -> usize {
    let sections = page.sections.iter();
    let sections: usize = sections
        .map(|section| section.id.len() + section.title.len() + section.text.len())
        .sum();
    let description = page.description.as_ref().map_or(0, String::len);
    page.title.len() + description + page.markdown.len() + sections
}

/// Makes `search.json`, and stores beside the manifest by what pages of two builds are compared.
pub(super) async fn json(
    env: &Env,
    build: &Build,
    site: &ManifestId,
    manifest: &Manifest,
) -> Result<Derived, Unmade> {
    let said = said(env, build, manifest, |page| page.markdown = String::new()).await?;
    let (Some(path), Some(name)) = (
        published_path(&build.product, Format::Json),
        download_name(&build.product, Format::Json),
    ) else {
        let why = "search.json has no name".to_owned();
        return Err(Unmade::Failed(FailureCode::NotDerived, why));
    };
    let digests = Digests {
        pages: said
            .pages
            .iter()
            .map(|(path, page)| digest_of(path, page))
            .collect(),
    };
    let digests = serde_json::to_vec(&digests).map_err(|error| unwritten(&error))?;
    write_json(env, &ObjectKey::page_digests(build.id, site), digests.into()).await?;
    let pages = said.pages.iter().map(|(path, page)| (path.as_str(), page));
    let body: Bytes = imprint_extract::search_json(pages).into();
    if body.len() > MAX_BYTES {
        return Err(too_large());
    }
    let etag = digest(&body);
    // Named after its content: a form of the client's writes to `search.json`.
    let key = ObjectKey::artifact(build.artifact_place(), Format::Json, &format!("{etag}.json"));
    let size = body.len() as u64;
    write_json(env, &key, body).await?;
    let file = File {
        path,
        size,
        etag: etag.into(),
        headers: Arc::new(headers_of_download(Format::Json, &name)),
        source: Source::Object(key),
    };
    Ok(Derived {
        files: vec![file],
        notes: said.notes,
    })
}

/// By what pages of two builds are compared.
#[derive(Serialize)]
struct Digests<'a> {
    pages: BTreeMap<&'a str, PageDigest<'a>>,
}

#[derive(Serialize)]
struct PageDigest<'a> {
    digest: ContentDigest,
    title: &'a str,
}

fn digest_of<'a>(path: &'a SitePath, page: &'a Page) -> (&'a str, PageDigest<'a>) {
    let of = PageDigest {
        digest: page.digest,
        title: &page.title,
    };
    (path.as_str(), of)
}

async fn write_json(env: &Env, key: &ObjectKey, body: Bytes) -> Result<(), Unmade> {
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let written = env.objects.write(key, body, &headers).await;
    Ok(written.map_err(StepError::objects)?)
}

fn unwritten(error: &serde_json::Error) -> Unmade {
    Unmade::Failed(
        FailureCode::NotDerived,
        format!("the digests could not be written: {error}"),
    )
}

/// Makes a Markdown twin of each page, and `llms.txt`, which lists them.
pub(super) async fn markdown(
    env: &Env,
    build: &Build,
    product: &Product,
    manifest: &Manifest,
) -> Result<Derived, Unmade> {
    let said = said(env, build, manifest, |page| page.sections = Vec::new()).await?;
    let entries = said
        .pages
        .iter()
        .map(|(path, page)| Entry::from((path.as_str(), page)));
    let list = imprint_extract::llms_txt(product.title.as_str(), None, entries);
    let mut twins: BTreeMap<SitePath, Bytes> = BTreeMap::new();
    for (path, page) in said.pages {
        let twin = imprint_extract::markdown_path(path.as_str()).and_then(|twin| twin.parse().ok());
        if let Some(twin) = twin {
            twins.insert(twin, page.markdown.into());
        }
    }
    let twin = |(path, body)| Made {
        path,
        content_type: "text/markdown; charset=utf-8".to_owned(),
        body,
    };
    let mut files: Vec<Made> = twins.into_iter().map(twin).collect();
    if let Ok(path) = "llms.txt".parse() {
        files.push(Made {
            path,
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: list.into(),
        });
    }
    let key = |digest: &str| ObjectKey::artifact(build.artifact_place(), Format::Markdown, digest);
    Ok(Derived {
        files: bundle(env, files, key, Rewrite::Always).await?,
        notes: said.notes,
    })
}
