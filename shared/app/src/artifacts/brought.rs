//! What a client brought beside its pages: uploaded with a form of its own, or put into the tree.
//!
//! It is looked at before anybody sees it: a file that is not in its format is that format's failure, and nobody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use imprint_domain::artifact::{Format, Origin, State, download_name, found, published_path};
use imprint_domain::build::Build;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::{File, MAX_FILE_BYTES, Manifest, Source};
use imprint_domain::slug::ProductSlug;
use imprint_domain::task::FailureCode;

use super::{failed, headers_of_download};
use crate::env::Env;
use crate::ports::Listed;
use crate::register_build::{Named, list_all, store};
use crate::step::StepError;

/// The formats that came with an upload.
pub(crate) type Brought = BTreeMap<Format, State>;

/// `search.json` is read whole before it is shown.
const MAX_JSON_BYTES: u64 = 64 * 1024 * 1024;
/// A PDF begins with its mark within so many bytes and ends with another one
/// (ISO 32000-1, annex H, implementation notes 13 and 18).
const PDF_MARK_WITHIN: u64 = 1024;

/// Looks at what came with an upload. `found_in_tree` are the files below the tree's directory of artifacts.
///
/// Costs a listing when the client announced something, and for each artifact one or two reads of a kilobyte and a write.
pub(crate) async fn brought(env: &Env, build: &Build, found_in_tree: Named) -> Result<Brought, StepError> {
    let mut brought = Brought::new();
    for (format, object) in one_each(&build.product, found_in_tree) {
        let state = match object {
            Ok(object) => looked_at(env, build, format, &object).await?,
            Err(why) => failed(FailureCode::ArtifactUnfit, why, env.clock.now()),
        };
        brought.insert(format, state);
    }
    if build.artifacts.announced.is_empty() {
        return Ok(brought);
    }
    let uploaded = list_all(env, &build.artifact_place().prefix()).await?;
    for format in &build.artifacts.announced {
        let place = format_place(build, *format);
        let object = place.and_then(|key| uploaded.iter().find(|object| object.key == key));
        let state = match object {
            Some(object) => looked_at(env, build, *format, object).await?,
            None if brought.contains_key(format) => continue,
            None => {
                let why = format!(
                    "build {} was announced with {format}, which was not uploaded",
                    build.slug
                );
                failed(FailureCode::ArtifactMissing, why, env.clock.now())
            }
        };
        brought.insert(*format, state);
    }
    Ok(brought)
}

/// Where a client uploads a format with its own form.
pub(crate) fn format_place(build: &Build, format: Format) -> Option<ObjectKey> {
    let name = download_name(&build.product, format)?;
    Some(ObjectKey::artifact(build.artifact_place(), format, &name))
}

/// The one file of each format: of several the one that is named after the product.
fn one_each(product: &ProductSlug, files: Named) -> BTreeMap<Format, Result<Listed, String>> {
    let mut of_format: BTreeMap<Format, Named> = BTreeMap::new();
    for (path, object) in files {
        if let Some(format) = found(&path) {
            of_format.entry(format).or_default().push((path, object));
        }
    }
    let one = |(format, mut files): (Format, Named)| {
        let own = published_path(product, format);
        let count = files.len();
        let chosen = match files.iter().position(|(path, _)| Some(path) == own.as_ref()) {
            Some(at) => Ok(files.swap_remove(at).1),
            None if count == 1 => Ok(files.swap_remove(0).1),
            None => Err(format!(
                "{count} files could be the {format}; name one {}",
                own.map_or_else(String::new, |own| own.as_str().to_owned())
            )),
        };
        (format, chosen)
    };
    of_format.into_iter().map(one).collect()
}

async fn looked_at(env: &Env, build: &Build, format: Format, object: &Listed) -> Result<State, StepError> {
    let now = env.clock.now();
    if object.size > MAX_FILE_BYTES {
        let why = format!(
            "it has {} bytes, at most {MAX_FILE_BYTES} can be published",
            object.size
        );
        return Ok(failed(FailureCode::ArtifactTooLarge, why, now));
    }
    if let Some(why) = unfit(env, format, object).await? {
        return Ok(failed(FailureCode::ArtifactUnfit, why, now));
    }
    let (Some(path), Some(name)) = (
        published_path(&build.product, format),
        download_name(&build.product, format),
    ) else {
        let why = format!("{format} cannot be uploaded as one file");
        return Ok(failed(FailureCode::ArtifactUnfit, why, now));
    };
    let file = File {
        path,
        size: object.size,
        etag: object.etag.as_str().into(),
        headers: Arc::new(headers_of_download(format, &name)),
        source: Source::Object(object.key.clone()),
    };
    Ok(State::Ready {
        manifest: store(env, build.id, &Manifest::of([file])).await?,
        files: 1,
        bytes: object.size,
        origin: Origin::Uploaded,
        notes: Vec::new(),
        at: now,
    })
}

/// Why an object is not what its format says; none when it looks right.
async fn unfit(env: &Env, format: Format, object: &Listed) -> Result<Option<String>, StepError> {
    let part = async |from: u64, length: u64| -> Result<Bytes, StepError> {
        let read = env.objects.read_part(&object.key, from, length).await;
        Ok(read.map_err(StepError::objects)?.unwrap_or_default())
    };
    let begin = part(0, PDF_MARK_WITHIN).await?;
    Ok(match format {
        Format::Pdf => {
            let has_mark = begin.windows(5).any(|five| five == b"%PDF-");
            let end = part(object.size.saturating_sub(PDF_MARK_WITHIN), PDF_MARK_WITHIN).await?;
            let is_whole = end.windows(5).any(|five| five == b"%%EOF");
            match (has_mark, is_whole) {
                (true, true) => None,
                (false, _) => Some("it is no PDF: it does not begin with %PDF-".to_owned()),
                (true, false) => Some("the PDF is cut off: it does not end with %%EOF".to_owned()),
            }
        }
        Format::Epub => (!is_epub(&begin)).then(|| {
            "it is no EPUB: its first entry must be a stored mimetype that says application/epub+zip"
                .to_owned()
        }),
        Format::HtmlZip => (!begin.starts_with(b"PK\x03\x04")).then(|| "it is no zip archive".to_owned()),
        Format::Json if object.size > MAX_JSON_BYTES => Some(format!(
            "search.json has {} bytes, at most {MAX_JSON_BYTES} can be searched",
            object.size
        )),
        Format::Json => {
            let whole = part(0, object.size).await?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&whole)
                .err()
                .map(|error| format!("it is no JSON: {error}"))
        }
        Format::Html | Format::Search | Format::Markdown => Some("it cannot be uploaded".to_owned()),
    })
}

/// The first entry of an EPUB is at a fixed place (EPUB OCF 3.3, section 4.3).
fn is_epub(begin: &[u8]) -> bool {
    begin.starts_with(b"PK\x03\x04") && begin.get(30..58) == Some(b"mimetypeapplication/epub+zip".as_slice())
}
