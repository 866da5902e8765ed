//! The files of renderings. Each lies under the checksum of what it is made of, so none ever changes.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use jiff::SignedDuration;

use imprint_app::documents;
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::document::{Checksum, Document, ImageName, OutputName, Picture, Reader, VersionNumber};
use imprint_domain::key::ObjectKey;

use crate::delivery::{AsItIs, located};
use crate::error::ApiError;
use crate::extract::{IfNoneMatch, OfDocument, Part, etag_of};

use super::with;

/// Larger files are got from the bucket: a function may answer six megabytes, and what is no text grows by a third on the way.
const MAX_BODY: u64 = 4 * 1024 * 1024;
/// How long the address of one is good.
const DOWNLOAD_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Read a file of a rendering
///
/// It never changes. One of more than 4 MB is got from where this leads to.
#[utoipa::path(get, path = "/documents/{document}/renderings/{checksum}/{name}", tag = "documents",
    operation_id = "read_rendering",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("checksum" = String, Path, description = "The name of the rendering"),
        ("name" = String, Path, description = "`index.html`, `document.pdf`, `journal.pdf`, `document.epub`, `document.tex`, \
            `references.bib` or `search.json`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of what the reader has", example = "\"0123\"")),
    responses((status = 200, description = "The file", content(
            (String = "application/pdf", example = "%PDF-1.7 …"), (String = "text/html", example = "<!doctype html> …"),
            (String = "application/epub+zip", example = "PK…"), (String = "application/x-tex", example = "\\documentclass…"),
            (String = "application/x-bibtex", example = "@article…"), (Object = "application/json")),
            headers(("ETag" = String, description = "SHA-256 of its bytes"))),
        (status = 302, description = "Where it is got", headers(("Location" = String, description = "An address for five minutes"))),
        (status = 304, description = "The reader has it")))]
pub(crate) async fn read(
    of: OfDocument,
    Part(checksum): Part<Checksum>,
    Part(name): Part<OutputName>,
    has: IfNoneMatch,
) -> Result<Response, ApiError> {
    let (env, document) = (&of.api.env, &of.document);
    let read = |reader| documents::output(env, document, (&checksum, name), reader);
    let ((number, output), audience) = for_whom(of.reader, read).await?;
    let file = File {
        key: output.key,
        bytes: output.bytes,
        sha256: output.sha256,
        headers: vec![
            (header::CONTENT_TYPE, name.content_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition(document, number, name)),
        ],
        audience,
    };
    let answer = file.answer(env, &has).await?;
    Ok(match name {
        OutputName::Page => with(
            answer,
            header::CONTENT_SECURITY_POLICY,
            &policy(env, document, &checksum),
        ),
        OutputName::DocumentPdf | OutputName::JournalPdf | OutputName::Epub => as_it_is(answer),
        OutputName::Latex | OutputName::Bibliography | OutputName::Search => answer,
    })
}

/// Read an image that the page of a rendering shows
///
/// One of more than 4 MB is got from where this leads to.
#[utoipa::path(get, path = "/documents/{document}/renderings/{checksum}/images/{name}", tag = "documents",
    operation_id = "read_rendering_image",
    params(("document" = String, Path, description = "The document's number or alias, also one that it had"),
        ("checksum" = String, Path, description = "The name of the rendering"),
        ("name" = String, Path, description = "The image's name"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of what the reader has", example = "\"0123\"")),
    responses((status = 200, description = "The image", content(
            (String = "image/png", example = "PNG…"), (String = "image/jpeg", example = "JFIF…"),
            (String = "image/gif", example = "GIF89a…")),
            headers(("ETag" = String, description = "SHA-256 of its bytes"))),
        (status = 302, description = "Where it is got", headers(("Location" = String, description = "An address for five minutes"))),
        (status = 304, description = "The reader has it")))]
pub(crate) async fn image(
    of: OfDocument,
    Part(checksum): Part<Checksum>,
    Part(name): Part<ImageName>,
    has: IfNoneMatch,
) -> Result<Response, ApiError> {
    let (env, document) = (&of.api.env, &of.document);
    let read = |reader| documents::image(env, document, (&checksum, &name), reader);
    let ((key, image), audience) = for_whom(of.reader, read).await?;
    let media_type = match image.picture {
        Picture::Good { media_type, .. } => media_type.as_str(),
        Picture::Bad { .. } => return Err(ApiError::NotFound),
    };
    let file = File {
        key,
        bytes: image.bytes,
        sha256: image.sha256,
        headers: vec![(header::CONTENT_TYPE, media_type.to_owned())],
        audience: match audience {
            Audience::Everybody => Audience::Everybody,
            // Another upload of the same name takes its place here.
            Audience::Editors | Audience::EditorsForNow => Audience::EditorsForNow,
        },
    };
    Ok(as_it_is(file.answer(env, &has).await?))
}

/// Who may keep a file, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everybody, for ever.
    Everybody,
    /// Editors, for ever.
    Editors,
    /// Editors, until they ask again.
    EditorsForNow,
}

impl Audience {
    fn kept(self) -> &'static str {
        match self {
            Self::Everybody => "public, max-age=31536000, immutable",
            Self::Editors => "private, max-age=31536000, immutable",
            Self::EditorsForNow => "private, no-cache",
        }
    }
}

/// What somebody reads, and who else may: what everybody may is tried first.
async fn for_whom<T, F>(reader: Reader, read: impl Fn(Reader) -> F) -> Result<(T, Audience), AppError>
where
    F: Future<Output = Result<T, AppError>>,
{
    match (read(Reader::Public).await, reader) {
        (Ok(found), _) => Ok((found, Audience::Everybody)),
        (Err(AppError::NotFound), Reader::Editor) => Ok((read(reader).await?, Audience::Editors)),
        (Err(error), _) => Err(error),
    }
}

/// Something in the bucket that is read here.
struct File {
    key: ObjectKey,
    bytes: u64,
    sha256: String,
    headers: Vec<(HeaderName, String)>,
    audience: Audience,
}

impl File {
    async fn answer(self, env: &Env, has: &IfNoneMatch) -> Result<Response, ApiError> {
        let answer = if has.has(&self.sha256) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if self.bytes > MAX_BODY {
            let url = env
                .uploads
                .presign_download(&self.key, env.clock.now(), DOWNLOAD_LIFE);
            let answer = StatusCode::FOUND.into_response();
            let answer = located(answer, &url.map_err(AppError::from)?);
            return Ok(with(answer, header::CACHE_CONTROL, "no-store"));
        } else {
            let body = self.read(env).await?;
            let headers = self.headers.into_iter();
            headers.fold(Response::new(body.into()), |answer, (name, value)| {
                with(answer, name, &value)
            })
        };
        let answer = with(answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        let answer = with(answer, header::CACHE_CONTROL, self.audience.kept());
        Ok(with(answer, header::ETAG, &etag_of(&self.sha256)))
    }

    /// What is collected between two reads is not there any more.
    async fn read(&self, env: &Env) -> Result<Bytes, ApiError> {
        let stored = env.objects.read(&self.key).await.map_err(AppError::from)?;
        Ok(stored.ok_or(ApiError::NotFound)?.body)
    }
}

fn as_it_is(mut answer: Response) -> Response {
    answer.extensions_mut().insert(AsItIs);
    answer
}

/// How a file is called where it is kept.
fn disposition(document: &Document, number: VersionNumber, name: OutputName) -> String {
    let of = match &document.alias {
        Some(alias) => alias.to_string(),
        None => format!("document-{}", document.id),
    };
    let (how, ending) = match name {
        OutputName::Page | OutputName::Search => return "inline".to_owned(),
        OutputName::DocumentPdf => ("inline", ".pdf"),
        OutputName::JournalPdf => ("inline", "-journal.pdf"),
        OutputName::Epub => ("attachment", ".epub"),
        OutputName::Latex => ("attachment", ".tex"),
        OutputName::Bibliography => ("attachment", ".bib"),
    };
    format!("{how}; filename=\"{of}-v{number}{ending}\"")
}

/// What a page may load: its images, of which large ones come from the bucket.
fn policy(env: &Env, document: &Document, checksum: &Checksum) -> String {
    let key = imprint_domain::key::KeyPrefix::rendering(document.id, checksum).file("image");
    let address = env
        .uploads
        .presign_download(&key, env.clock.now(), DOWNLOAD_LIFE)
        .ok();
    let origin = address.and_then(|address| url::Url::parse(&address).ok());
    let bucket = origin
        .map(|url| format!(" {}", url.origin().ascii_serialization()))
        .unwrap_or_default();
    format!(
        "default-src 'none'; img-src 'self'{bucket}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
