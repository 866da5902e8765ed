//! Copies the files of a build from the keeper's bucket into Imprint's, through the forms that Imprint signs.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::multipart::{self, Part};
use reqwest::{Body, StatusCode};

use super::tree::Tree;
use crate::bucket::{Bucket, BucketError, Object};
use crate::http::{ApiError, chain, quoted};
use crate::imprint::{Form, Imprint};

/// How often a file is sent before its build is given up.
const TRIES: u32 = 5;
/// Directories to ask forms for at a time: about 2.5 kB of answer each.
const DIRECTORIES_AT_A_TIME: usize = 400;
/// A file of 5 GB at 2 MB a second.
const FILE_TIMEOUT: Duration = Duration::from_secs(45 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a build was not copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CopyError {
    /// The API did not do its part.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The keeper's bucket did not.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// Imprint's bucket did not.
    #[error("{path} was not taken by Imprint's bucket: {reason}")]
    Upload {
        /// The file.
        path: String,
        /// What happened last.
        reason: String,
    },
    /// A form is not there.
    #[error("the API made no upload form for {0:?}")]
    NoForm(String),
}

/// What came of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// What could not be taken: its name and why.
    pub(crate) left_out: Vec<(String, String)>,
}

/// What a single file came to.
enum One {
    Copied(u64),
    /// It is no file after all.
    Redirect,
    LeftOut(String, String),
}

/// A client that puts files into Imprint's bucket. It knows no token: the forms are all it needs.
#[derive(Debug, Clone)]
pub(crate) struct Copier {
    http: reqwest::Client,
    jobs: usize,
    pause: Duration,
}

/// Where a build comes from.
pub(crate) struct Source<'a> {
    pub(crate) bucket: &'a Bucket,
    /// Ends in a slash.
    pub(crate) prefix: &'a str,
}

impl Copier {
    /// One that copies so many files at a time.
    ///
    /// # Errors
    /// When this machine cannot make TLS connections.
    pub(crate) fn new(jobs: usize, pause: Duration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(FILE_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, jobs, pause })
    }

    /// Copies all files of a build, then makes the objects at the names of its directories. May run any number of times: what
    /// is there already is written again.
    pub(crate) async fn copy(
        &self,
        imprint: &Imprint<'_>,
        build: u64,
        source: &Source<'_>,
        tree: &Tree,
        on_file: &(dyn Fn(u64) + Sync),
    ) -> Result<Copied, CopyError> {
        let root = imprint.forms(build, &["/"]).await?;
        let form = root
            .files
            .get("/")
            .ok_or_else(|| CopyError::NoForm("/".to_owned()))?;
        let copies = tree.files.iter().map(|file| self.copy_file(form, source, file));
        // Collected first: a lazy map over borrowed files makes the whole future one that no thread can be given.
        let copies: Vec<_> = copies.collect();
        let mut copied = Copied {
            left_out: tree.left_out.clone(),
            ..Copied::default()
        };
        let mut copies = stream::iter(copies).buffer_unordered(self.jobs);
        while let Some(one) = copies.try_next().await? {
            match one {
                One::Copied(bytes) => {
                    copied.files += 1;
                    copied.bytes = copied.bytes.saturating_add(bytes);
                    on_file(bytes);
                }
                One::Redirect => {}
                One::LeftOut(path, reason) => copied.left_out.push((path, reason)),
            }
        }
        let directories: Vec<&str> = tree.directories.iter().map(String::as_str).collect();
        for some in directories.chunks(DIRECTORIES_AT_A_TIME) {
            let forms = imprint.forms(build, some).await?;
            let made = some.iter().map(|directory| {
                let form = forms.directories.get(*directory);
                async move {
                    let form = form.ok_or_else(|| CopyError::NoForm((*directory).to_owned()))?;
                    self.make_directory(form, directory).await
                }
            });
            let made: Vec<_> = made.collect();
            stream::iter(made)
                .buffer_unordered(self.jobs)
                .try_collect::<Vec<()>>()
                .await?;
        }
        Ok(copied)
    }

    async fn copy_file(&self, form: &Form, source: &Source<'_>, file: &Object) -> Result<One, CopyError> {
        let mut last = String::new();
        for nth in 0..TRIES {
            // Read anew for each try: what was sent of a stream is gone.
            let opened = match source
                .bucket
                .open(&format!("{}{}", source.prefix, file.path))
                .await
            {
                Ok(opened) => opened,
                Err(error @ BucketError::Refused { .. }) => return Err(error.into()),
                Err(error @ BucketError::Failed { .. }) if nth + 1 == TRIES => return Err(error.into()),
                Err(BucketError::Failed { .. }) => {
                    tokio::time::sleep(self.pause * 2_u32.pow(nth)).await;
                    continue;
                }
            };
            if opened.is_redirect && opened.size == 0 {
                return Ok(One::Redirect);
            }
            if let Some(encoding) = opened
                .content_encoding
                .as_deref()
                .filter(|encoding| !encoding.is_empty())
            {
                let reason = format!(
                    "it is stored with Content-Encoding {}, which no upload form takes",
                    quoted(encoding)
                );
                return Ok(One::LeftOut(quoted(&file.path), reason));
            }
            let (size, content_type) = (opened.size, opened.content_type.clone());
            let body = Body::wrap_stream(opened.bytes());
            let key = key_of(form, &file.path);
            match self.post(form, Some(key), content_type, body, size).await {
                Ok(()) => return Ok(One::Copied(size)),
                Err(Refusal::Final(reason)) => return Err(upload_error(&file.path, reason)),
                Err(Refusal::Passing(reason)) => last = reason,
            }
            tokio::time::sleep(self.pause * 2_u32.pow(nth)).await;
        }
        Err(upload_error(&file.path, last))
    }

    async fn make_directory(&self, form: &Form, directory: &str) -> Result<(), CopyError> {
        let mut last = String::new();
        for nth in 0..TRIES {
            match self.post(form, None, None, Body::from(""), 0).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Final(reason)) => return Err(upload_error(directory, reason)),
                Err(Refusal::Passing(reason)) => last = reason,
            }
            tokio::time::sleep(self.pause * 2_u32.pow(nth)).await;
        }
        Err(upload_error(directory, last))
    }

    async fn post(
        &self,
        form: &Form,
        key: Option<String>,
        content_type: Option<String>,
        body: Body,
        size: u64,
    ) -> Result<(), Refusal> {
        // Names go out as they are: percent signs would become part of the key.
        let mut multipart = multipart::Form::new().percent_encode_noop();
        for (name, value) in &form.fields {
            let own = (name == "key").then(|| key.clone()).flatten();
            multipart = multipart.text(name.clone(), own.unwrap_or_else(|| value.clone()));
        }
        if key.is_some() {
            let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
            multipart = multipart.text("Content-Type", content_type);
        }
        // S3 reads no field behind the file, and takes no file of unknown length.
        let file = Part::stream_with_length(body, size).file_name("file");
        let request = self.http.post(&form.url).multipart(multipart.part("file", file));
        let response = request
            .send()
            .await
            .map_err(|error| Refusal::Passing(chain(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let reason = response.text().await.unwrap_or_default();
        let reason = format!("{status}: {}", quoted(&reason));
        let passes = status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status)
            || reason.contains("RequestTimeout");
        Err(if passes {
            Refusal::Passing(reason)
        } else {
            Refusal::Final(reason)
        })
    }
}

/// Why a form was not accepted.
enum Refusal {
    Passing(String),
    Final(String),
}

fn upload_error(path: &str, reason: String) -> CopyError {
    let path = quoted(path);
    CopyError::Upload { path, reason }
}

/// The key of a file below the prefix that the form of the site's root is good for.
fn key_of(form: &Form, path: &str) -> String {
    let pattern = form.fields.get("key").map(String::as_str).unwrap_or_default();
    let prefix = pattern.strip_suffix("${filename}").unwrap_or(pattern);
    format!("{prefix}{path}")
}
