//! The HTML of a build's pages, for what is made of what they say.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use imprint_domain::build::Build;
use imprint_domain::key::SitePath;
use imprint_domain::manifest::{File, Manifest};

use super::Unmade;
use super::reading::Reading;
use crate::env::Env;

/// Names of left-out pages that a note lists.
const NAMED_PAGES: usize = 10;

/// The pages of a build that are read one after the other.
pub(super) struct Pages<'a> {
    reading: Reading<'a>,
    most_bytes: usize,
    pub(super) left_out: LeftOut,
}

/// Which pages are worth reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Of a site. One with more is declined.
    pub(super) most_pages: usize,
    /// Of a page. A larger one is left out.
    pub(super) most_bytes: usize,
}

/// Whether a file is a page that somebody reads.
pub(super) fn is_page(file: &File) -> bool {
    file.path.is_page() && !file.headers.is_redirect() && file.size > 0
}

impl<'a> Pages<'a> {
    /// The pages of a build, unless they are too many.
    pub(super) fn of(
        env: &'a Env,
        build: &Build,
        site: &'a Manifest,
        bounds: Bounds,
    ) -> Result<Self, Unmade> {
        let pages: Vec<&File> = site.files().iter().filter(|file| is_page(file)).collect();
        if pages.is_empty() {
            return Err(Unmade::Declined("the build has no HTML pages".to_owned()));
        }
        if pages.len() > bounds.most_pages {
            return Err(Unmade::Declined(format!(
                "the build has {} pages, and it is made of at most {}",
                pages.len(),
                bounds.most_pages
            )));
        }
        let mut left_out = LeftOut::default();
        let readable = |file: &&File| {
            let is_readable = file.size <= bounds.most_bytes as u64;
            if !is_readable {
                left_out.add(&file.path, &too_large(bounds.most_bytes));
            }
            is_readable
        };
        let pages: Vec<&File> = pages.into_iter().filter(readable).collect();
        Ok(Self {
            reading: Reading::of(env, build, pages, bounds.most_bytes as u64),
            most_bytes: bounds.most_bytes,
            left_out,
        })
    }

    /// The next page as HTML; none after the last one. Pages that cannot be read are left out.
    pub(super) async fn next(&mut self) -> Result<Option<(&'a SitePath, Bytes)>, Unmade> {
        while let Some(piece) = self.reading.next().await? {
            let path = &piece.file.path;
            match decoded(piece.file, piece.body, self.most_bytes) {
                Ok(html) => return Ok(Some((path, html))),
                Err(why) => self.left_out.add(path, &why),
            }
        }
        Ok(None)
    }
}

/// The bytes of a file as a browser sees them.
fn decoded(file: &File, body: Bytes, most: usize) -> Result<Bytes, String> {
    let encoding = file.headers.content_encoding.as_deref().unwrap_or_default();
    match encoding.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" if body.starts_with(b"\x1f\x8b") => {
            let mut html = Vec::new();
            let mut decoder = MultiGzDecoder::new(&*body).take(most as u64 + 1);
            decoder
                .read_to_end(&mut html)
                .map_err(|_| "its gzip is broken".to_owned())?;
            if html.len() > most {
                return Err(too_large(most));
            }
            Ok(html.into())
        }
        "" | "identity" | "gzip" | "x-gzip" => Ok(body),
        other => Err(format!("its content encoding is {}", shortened(other))),
    }
}

fn too_large(most: usize) -> String {
    format!("it has more than {most} bytes")
}

fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

/// What a format lacks, for people.
#[derive(Debug, Clone, Default)]
pub(super) struct LeftOut {
    count: usize,
    named: Vec<String>,
}

impl LeftOut {
    /// A page that is left out, and why.
    pub(super) fn add(&mut self, path: &SitePath, why: &str) {
        self.count += 1;
        if self.named.len() < NAMED_PAGES {
            self.named.push(format!("{} ({why})", path.as_str()));
        }
    }

    /// The sentence; none when nothing is left out.
    pub(super) fn note(&self) -> Option<String> {
        let more = self.count - self.named.len();
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        (self.count > 0).then(|| format!("left out: {}{more}", self.named.join(", ")))
    }
}
