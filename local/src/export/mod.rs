//! `imprint-local export`: an edition as a folder that any static server can serve.

mod folder;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::ports::Listed;
use imprint_app::{editions, organizations, products};
use imprint_domain::edition::Edition;
use imprint_domain::key::{KeyPrefix, SitePath};
use imprint_domain::manifest::Headers;
use imprint_domain::slug::{EditionSlug, OrganizationSlug, ProductSlug};
use serde::Serialize;

use crate::stack::Kept;

pub use self::folder::{NotEmpty, Occupied};

use self::folder::{Coding, Folder};

/// Files that are read at a time.
const AT_A_TIME: usize = 8;
/// What is read of a file at a time, in bytes, and what is read of it in one request.
const PART: u64 = 8 * 1024 * 1024;
/// Between two lines that say how far it is.
const BETWEEN_LINES: Duration = Duration::from_secs(1);
/// Names that a message lists when the wanted one is not there.
const NAMED: usize = 20;

/// What to write, and where to.
#[derive(Debug, Clone)]
pub struct Order {
    /// The organization.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The edition; the one at the product's root when none.
    pub edition: Option<EditionSlug>,
    /// The folder.
    pub directory: PathBuf,
    /// Whether there may be something in it.
    pub occupied: Occupied,
}

/// What was written: the line that `--json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The organization.
    pub organization: OrganizationSlug,
    /// The product.
    pub product: ProductSlug,
    /// The edition.
    pub edition: EditionSlug,
    /// The build that the edition shows.
    pub build: String,
    /// The folder's absolute path.
    pub directory: PathBuf,
    /// How many files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// What no file could be made of.
    pub skipped: Vec<Skipped>,
}

/// Something that is not in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its path below the edition.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What was asked for is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Absent(String);

/// What became of an object.
enum Became {
    File(u64),
    /// It redirects a directory, which static servers do by themselves.
    Nothing,
    Skipped(Skipped),
}

/// Writes an edition of what a stack keeps. `say` hears how far it is.
///
/// # Errors
/// [`Absent`] and [`NotEmpty`]; and whatever else stops it.
pub async fn export(kept: &Kept, order: &Order, say: impl Fn(&str)) -> anyhow::Result<Exported> {
    let env = organization(kept, &order.organization).await?;
    let edition = edition(&env, order).await?;
    let published = edition.published.as_ref().ok_or_else(|| {
        let slug = &edition.slug;
        Absent(format!(
            "the edition {slug} of {} has not been published yet",
            order.product
        ))
    })?;
    let folder = Folder::open(&order.directory, order.occupied)?;
    let place = KeyPrefix::edition(&env.organization.slug, &edition.product, &edition.slug);
    let objects = list(&env, &place).await?;
    let mut exported = Exported {
        organization: env.organization.slug.clone(),
        product: edition.product.clone(),
        edition: edition.slug.clone(),
        build: published.pointer.build_slug.to_string(),
        directory: folder.root().to_owned(),
        files: 0,
        bytes: 0,
        skipped: Vec::new(),
    };
    let (total, mut done, mut said) = (objects.len(), 0, Instant::now());
    let fetched = objects.iter().map(|object| fetch(&env, object));
    let mut fetched = futures_util::stream::iter(fetched).buffered(AT_A_TIME);
    while let Some(fetched) = fetched.try_next().await? {
        // One after the other, in the order of paths: of a file and files below it the file is there first.
        match write(&env, &place, fetched, &folder).await? {
            Became::File(size) => {
                exported.files += 1;
                exported.bytes += size;
            }
            Became::Nothing => {}
            Became::Skipped(skipped) => exported.skipped.push(skipped),
        }
        done += 1;
        if said.elapsed() >= BETWEEN_LINES {
            said = Instant::now();
            say(&format!("{done} of {total} objects"));
        }
    }
    Ok(exported)
}

async fn organization(kept: &Kept, slug: &OrganizationSlug) -> anyhow::Result<Env> {
    match kept.tenants().of(slug).await {
        Err(AppError::NotFound) => {
            let all = organizations::all(kept.tenants()).await?;
            let names = all.iter().map(|one| one.slug.to_string());
            Err(absent(format!("there is no organization {slug}"), names))
        }
        found => Ok(found?),
    }
}

async fn edition(env: &Env, order: &Order) -> anyhow::Result<Edition> {
    let slug = order
        .edition
        .as_ref()
        .unwrap_or(&env.organization.default_edition);
    let editions = match editions::list(env, &order.product).await {
        Err(AppError::NotFound) => {
            let some = products::list(env, NAMED + 1, None).await?.items;
            let names = some.iter().map(|one| one.slug.to_string());
            return Err(absent(format!("there is no product {}", order.product), names));
        }
        found => found?.1,
    };
    let live = editions.iter().filter(|edition| edition.ended_at.is_none());
    match live.clone().find(|edition| edition.slug == *slug) {
        Some(edition) => Ok(edition.clone()),
        None => {
            let what = format!("the product {} has no edition {slug}", order.product);
            Err(absent(what, live.map(|edition| edition.slug.to_string())))
        }
    }
}

fn absent(what: String, names: impl Iterator<Item = String>) -> anyhow::Error {
    let mut names: Vec<String> = names.take(NAMED + 1).collect();
    if names.len() > NAMED {
        names[NAMED] = "and more".to_owned();
    }
    let there = match names.as_slice() {
        [] => "there is none".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    Absent(format!("{what}; {there}")).into()
}

async fn list(env: &Env, place: &KeyPrefix) -> anyhow::Result<Vec<Listed>> {
    let mut objects = Vec::new();
    let mut after = None;
    loop {
        let page = env.objects.list(place, after.as_deref()).await?;
        objects.extend(page.objects);
        after = page.next;
        if after.is_none() {
            return Ok(objects);
        }
    }
}

/// An object, and its body unless that is large.
struct Fetched<'a> {
    object: &'a Listed,
    headers: Headers,
    body: Option<Bytes>,
}

async fn fetch<'a>(env: &Env, object: &'a Listed) -> anyhow::Result<Fetched<'a>> {
    let gone = || format!("{} went away meanwhile; run it again", object.key);
    let (headers, body) = match object.size {
        0..=PART => {
            let stored = env.objects.read(&object.key).await?.with_context(gone)?;
            (stored.headers, Some(stored.body))
        }
        _ => (env.objects.headers(&object.key).await?.with_context(gone)?, None),
    };
    Ok(Fetched {
        object,
        headers,
        body,
    })
}

async fn write(
    env: &Env,
    place: &KeyPrefix,
    fetched: Fetched<'_>,
    folder: &Folder,
) -> anyhow::Result<Became> {
    let below = place.strip(&fetched.object.key).unwrap_or_default();
    let skipped = |reason: String| {
        Became::Skipped(Skipped {
            path: below.to_owned(),
            reason,
        })
    };
    let path: SitePath = match below.parse() {
        Ok(path) => path,
        Err(error) => return Ok(skipped(format!("{error}"))),
    };
    if fetched.headers.is_redirect() {
        return Ok(Became::Nothing);
    }
    let coding = match coding(&fetched.headers) {
        Ok(coding) => coding,
        Err(reason) => return Ok(skipped(reason)),
    };
    match transfer(env, &fetched, folder, &path, coding).await {
        Ok(size) => Ok(Became::File(size)),
        // What a disk that is full says is not a matter of this one file.
        Err(error) => match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(
                ErrorKind::NotADirectory
                | ErrorKind::IsADirectory
                | ErrorKind::InvalidFilename
                | ErrorKind::InvalidInput
                | ErrorKind::InvalidData
                | ErrorKind::UnexpectedEof,
            ) => Ok(skipped(format!("{error:#}"))),
            Some(_) | None => Err(error.context(format!("writing {below}"))),
        },
    }
}

/// What readers get when they have taken off what the object was sent in.
fn coding(headers: &Headers) -> Result<Coding, String> {
    let encoding = headers.content_encoding.as_deref().unwrap_or_default().trim();
    match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Coding::Plain),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        _ => Err(format!(
            "it is compressed with {encoding}, which only browsers undo"
        )),
    }
}

async fn transfer(
    env: &Env,
    fetched: &Fetched<'_>,
    folder: &Folder,
    path: &SitePath,
    coding: Coding,
) -> anyhow::Result<u64> {
    let mut draft = folder.begin(path, coding)?;
    if let Some(body) = &fetched.body {
        draft.write(body)?;
        return Ok(draft.finish()?);
    }
    let object = fetched.object;
    let mut read = 0;
    while read < object.size {
        let part = env.objects.read_part(&object.key, read, PART).await?;
        let part = part.filter(|part| !part.is_empty());
        let part = part.with_context(|| format!("{} changed meanwhile; run it again", object.key))?;
        read += part.len() as u64;
        draft.write(&part)?;
    }
    ensure!(
        read == object.size,
        "{} changed meanwhile; run it again",
        object.key
    );
    Ok(draft.finish()?)
}
