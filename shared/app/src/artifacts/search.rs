//! The full-text index of the pages, with a page to search in.

use bytes::Bytes;

use imprint_domain::artifact::Format;
use imprint_domain::build::Build;
use imprint_domain::key::{ObjectKey, SitePath};
use imprint_domain::manifest::{File, Manifest};
use imprint_domain::product::Product;
use imprint_domain::task::FailureCode;

use super::bundle::{Made, Rewrite, bundle};
use super::pages::{Bounds, Pages, is_page};
use super::{Derived, Unmade};
use crate::env::Env;
use crate::ports::{IndexError, IndexFile, IndexLimits, Indexer};

/// Where an index lies. A site that brings one of these has a search of its own.
const DIRECTORIES: [&str; 2] = ["pagefind/", "_search/"];

/// Makes the index.
pub(super) async fn index(
    env: &Env,
    build: &Build,
    product: &Product,
    site: &Manifest,
    indexer: &dyn Indexer,
) -> Result<Derived, Unmade> {
    let limits = indexer.limits();
    check(site, limits)?;
    let bounds = Bounds {
        most_pages: limits.pages,
        most_bytes: limits.page_bytes,
    };
    let mut reading = Pages::of(env, build, site, bounds)?;
    let mut pages: Vec<(SitePath, Bytes)> = Vec::new();
    let mut bytes = 0;
    while let Some((path, html)) = reading.next().await? {
        bytes += html.len();
        if bytes > limits.bytes {
            return Err(too_large(limits));
        }
        pages.push((path.clone(), html));
    }
    let index = indexer.index(product.title.as_str(), pages).await;
    let index = index.map_err(|error| match error {
        IndexError::Declined(reason) => Unmade::Declined(reason),
        IndexError::Failed(why) => Unmade::Failed(FailureCode::NotDerived, why),
    })?;
    let (shared, own): (Vec<IndexFile>, Vec<IndexFile>) =
        index.files.into_iter().partition(|file| file.shared);
    let mut files = bundle(
        env,
        made(shared),
        ObjectKey::search_engine,
        Rewrite::OnlyWhenMissing,
    )
    .await?;
    let key = |digest: &str| ObjectKey::artifact(build.artifact_place(), Format::Search, digest);
    files.extend(bundle(env, made(own), key, Rewrite::Always).await?);
    let mut notes: Vec<String> = reading.left_out.note().into_iter().collect();
    notes.extend(index.notes);
    Ok(Derived { files, notes })
}

/// Whether an index is to be made of a site, as far as its manifest says.
fn check(site: &Manifest, limits: IndexLimits) -> Result<(), Unmade> {
    let files = site.files();
    let own = DIRECTORIES.iter().find(|directory| {
        let has_it = |file: &File| file.path.as_str().starts_with(**directory);
        files.iter().any(has_it)
    });
    if let Some(own) = own {
        return Err(Unmade::Declined(format!("the site brings its own {own}")));
    }
    let pages = files
        .iter()
        .filter(|file| is_page(file) && file.size <= limits.page_bytes as u64);
    let bytes: u64 = pages.map(|file| file.size).sum();
    if bytes > limits.bytes as u64 {
        return Err(too_large(limits));
    }
    Ok(())
}

fn too_large(limits: IndexLimits) -> Unmade {
    Unmade::Declined(format!(
        "the pages have more than {} bytes of HTML, and a search is made of at most that: publish parts of the site as \
         products of their own, or bring an index with the build",
        limits.bytes
    ))
}

fn made(files: Vec<IndexFile>) -> Vec<Made> {
    let made = |file: IndexFile| Made {
        path: file.path,
        content_type: file.content_type,
        body: file.body,
    };
    files.into_iter().map(made).collect()
}
