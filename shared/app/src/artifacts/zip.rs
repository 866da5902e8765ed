//! The pages in one archive to read offline: streamed from the bucket into the bucket, in the same memory whatever the
//! site's size. The same site gives the same bytes.

use std::sync::Arc;

use bytes::Bytes;
use md5::{Digest, Md5};

use imprint_domain::artifact::{Format, download_name, published_path};
use imprint_domain::build::Build;
use imprint_domain::id::ManifestId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::{File, Headers, MAX_FILE_BYTES, Manifest, Source};
use imprint_domain::task::FailureCode;

use self::archive::Archive;
use super::reading::{PIECE, Reading};
use super::{Derived, Unmade, headers_of_download};
use crate::env::Env;
use crate::outgoing::Chain;
use crate::ports::StoreError;
use crate::step::StepError;

mod archive;

/// What is written at a time. An archive of 5 GB has 640 parts of 10,000 that S3 allows.
const PART: usize = 8 * 1024 * 1024;

/// Makes the archive of a build's pages.
pub(super) async fn archive(
    env: &Env,
    build: &Build,
    site: &ManifestId,
    pages: &Manifest,
) -> Result<Derived, Unmade> {
    let (Some(path), Some(name)) = (
        published_path(&build.product, Format::HtmlZip),
        download_name(&build.product, Format::HtmlZip),
    ) else {
        let why = "the archive has no name".to_owned();
        return Err(Unmade::Failed(FailureCode::NotDerived, why));
    };
    let headers = headers_of_download(Format::HtmlZip, &name);
    let key = ObjectKey::artifact(build.artifact_place(), Format::HtmlZip, &format!("{site}.zip"));
    let mut sink = Sink::new(env, &key, &headers);
    let notes = match fill(env, build, pages, &mut sink).await {
        Ok(notes) => notes,
        Err(error) => {
            sink.abandon().await;
            return Err(error);
        }
    };
    let file = File {
        path,
        size: sink.bytes,
        etag: hex::encode(sink.digest.finalize()).into(),
        headers: Arc::new(headers.clone()),
        source: Source::Object(key.clone()),
    };
    Ok(Derived {
        files: vec![file],
        notes,
    })
}

/// Writes everything, and says what people may want to know of it.
async fn fill(
    env: &Env,
    build: &Build,
    pages: &Manifest,
    sink: &mut Sink<'_>,
) -> Result<Vec<String>, Unmade> {
    let mut archive = Archive::new(&build.product);
    let files = pages.files().iter().filter(|file| !file.headers.is_redirect());
    let mut reading = Reading::of(env, build, files, PIECE);
    while let Some(piece) = reading.next().await? {
        let mut rest = piece.body.clone();
        archive.begin(&piece)?;
        while !rest.is_empty() {
            archive.take(&mut rest)?;
            while let Some(part) = archive.full_part(PART) {
                sink.part(part).await?;
            }
        }
        archive.end(&piece)?;
    }
    let (mut rest, notes) = archive.finish()?;
    while rest.len() > PART {
        sink.part(rest.split_to(PART)).await?;
    }
    sink.finish(rest).await?;
    Ok(notes)
}

/// The object that is written: in parts when it has more than one.
struct Sink<'a> {
    env: &'a Env,
    key: &'a ObjectKey,
    headers: &'a Headers,
    upload: Option<String>,
    etags: Vec<String>,
    /// Of all bytes: a copy of an object in parts has it as its ETag, and so is recognized later.
    digest: Md5,
    bytes: u64,
}

impl<'a> Sink<'a> {
    fn new(env: &'a Env, key: &'a ObjectKey, headers: &'a Headers) -> Self {
        Self {
            env,
            key,
            headers,
            upload: None,
            etags: Vec::new(),
            digest: Md5::new(),
            bytes: 0,
        }
    }

    fn note(&mut self, body: &Bytes) -> Result<(), Unmade> {
        self.digest.update(body);
        self.bytes += body.len() as u64;
        if self.bytes > MAX_FILE_BYTES {
            return Err(Unmade::Declined(format!(
                "the archive would have more than {MAX_FILE_BYTES} bytes, which is the most that can be published"
            )));
        }
        Ok(())
    }

    async fn part(&mut self, body: Bytes) -> Result<(), Unmade> {
        self.note(&body)?;
        let objects = &self.env.objects;
        let upload = match &self.upload {
            Some(upload) => upload,
            None => {
                let begun = objects.begin_parts(self.key, self.headers).await;
                self.upload.insert(begun.map_err(StepError::objects)?)
            }
        };
        let number = self.etags.len() as u32 + 1;
        let written = objects.write_part(self.key, upload, number, body).await;
        self.etags.push(written.map_err(StepError::objects)?);
        Ok(())
    }

    /// Writes the last part, or the whole when there was none before.
    async fn finish(&mut self, rest: Bytes) -> Result<(), Unmade> {
        if self.upload.is_none() {
            self.note(&rest)?;
            let written = self.env.objects.write(self.key, rest, self.headers).await;
            return Ok(written.map_err(StepError::objects)?);
        }
        self.part(rest).await?;
        let Some(upload) = &self.upload else {
            return Ok(());
        };
        let finished = self.env.objects.finish_parts(self.key, upload, &self.etags).await;
        Ok(finished.map_err(StepError::objects)?)
    }

    /// What is not abandoned because the store does not answer, the bucket forgets after a day.
    async fn abandon(&self) {
        let Some(upload) = &self.upload else {
            return;
        };
        let abandoned: Result<(), StoreError> = self.env.objects.abandon_parts(self.key, upload).await;
        if let Err(error) = abandoned {
            tracing::warn!(key = %self.key, error = %Chain(&error), "parts of an archive were not abandoned");
        }
    }
}
