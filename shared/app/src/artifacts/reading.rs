//! Reading the files of a site one after the other, a few ahead of whoever uses them.
//!
//! What was asked for and is not used yet is bounded in bytes, so that a site of any size is read in the same memory.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;

use imprint_domain::build::Build;
use imprint_domain::key::{KeyPrefix, ObjectKey};
use imprint_domain::manifest::{File, Source};
use imprint_domain::task::FailureCode;

use super::Unmade;
use crate::env::Env;
use crate::ports::StoreError;
use crate::step::StepError;

/// Requests at a time. S3 serves 5,500 a second and prefix, each in 20 to 100 ms.
const AT_A_TIME: usize = 64;
/// Bytes that are asked for and not used yet; more only when a single piece has more.
const AHEAD: u64 = 16 * 1024 * 1024;
/// Large files are read in pieces of so many bytes.
pub(super) const PIECE: u64 = 2 * 1024 * 1024;

/// A piece of a file, with its bytes.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) file: &'a File,
    /// Where in the file it begins.
    pub(super) from: u64,
    pub(super) body: Bytes,
}

impl Piece<'_> {
    /// Whether the file ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.from + self.body.len() as u64 >= self.file.size
    }
}

/// A piece that was asked for.
struct Asked<'a> {
    file: &'a File,
    from: u64,
    length: u64,
    read: Result<Option<Bytes>, StoreError>,
}

/// The files of a build, in order.
pub(super) struct Reading<'a> {
    env: &'a Env,
    prefix: KeyPrefix,
    files: VecDeque<&'a File>,
    /// How far the first of them is asked for.
    asked: u64,
    piece: u64,
    under_way: FuturesOrdered<BoxFuture<'a, Asked<'a>>>,
    bytes: u64,
}

impl<'a> Reading<'a> {
    /// Reads files in pieces of at most `piece` bytes.
    pub(super) fn of(
        env: &'a Env,
        build: &Build,
        files: impl IntoIterator<Item = &'a File>,
        piece: u64,
    ) -> Self {
        Self {
            env,
            prefix: build.prefix(),
            files: files.into_iter().collect(),
            asked: 0,
            piece: piece.max(1),
            under_way: FuturesOrdered::new(),
            bytes: 0,
        }
    }

    /// The next piece; none after the last one of the last file.
    ///
    /// # Errors
    /// When a file is not there as it was when the build was registered.
    pub(super) async fn next(&mut self) -> Result<Option<Piece<'a>>, Unmade> {
        self.ask();
        let Some(asked) = self.under_way.next().await else {
            return Ok(None);
        };
        self.bytes -= asked.length;
        let Asked {
            file, from, length, ..
        } = asked;
        let body = asked.read.map_err(StepError::objects)?;
        match body.filter(|body| body.len() as u64 == length) {
            Some(body) => Ok(Some(Piece { file, from, body })),
            None => Err(Unmade::Failed(
                FailureCode::FilesMissing,
                format!("{} is not there any more as it was uploaded", file.path.as_str()),
            )),
        }
    }

    /// Asks for as much as may be under way, and for one piece whatever its size.
    fn ask(&mut self) {
        while let Some(file) = self.files.front().copied() {
            let length = (file.size - self.asked).min(self.piece);
            let is_bearable = self.under_way.len() < AT_A_TIME && self.bytes + length <= AHEAD;
            if !is_bearable && !self.under_way.is_empty() {
                return;
            }
            let from = self.asked;
            self.bytes += length;
            self.under_way.push_back(self.request(file, from, length));
            self.asked += length;
            if self.asked == file.size {
                self.files.pop_front();
                self.asked = 0;
            }
        }
    }

    fn request(&self, file: &'a File, from: u64, length: u64) -> BoxFuture<'a, Asked<'a>> {
        let (key, offset) = self.place(file);
        let env = self.env;
        Box::pin(async move {
            let read = match length {
                0 => Ok(Some(Bytes::new())),
                _ => env.objects.read_part(&key, offset + from, length).await,
            };
            Asked {
                file,
                from,
                length,
                read,
            }
        })
    }

    /// The object with a file's bytes, and where they begin in it.
    fn place(&self, file: &File) -> (ObjectKey, u64) {
        match &file.source {
            Source::Build => (self.prefix.key(&file.path), 0),
            Source::Object(key) => (key.clone(), 0),
            Source::Bundle { key, offset } => ((**key).clone(), *offset),
        }
    }
}
