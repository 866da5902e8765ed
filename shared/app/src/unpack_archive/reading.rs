//! Reading an archive from its first byte to its last, a piece ahead of whoever uses it.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use sha2::{Digest, Sha256};

use imprint_archive::{Kind, Progress, Sink, Summary, TAIL_BYTES, Unpacker, ZipDirectory, ZipIndex, kind};
use imprint_domain::build::Build;
use imprint_domain::key::{ObjectKey, SitePath};
use imprint_domain::task::FailureCode;
use imprint_domain::upload::ArchiveDigest;

use crate::env::Env;
use crate::pace::patiently;
use crate::ports::{Listed, StoreError};
use crate::step::StepError;

/// What is read at a time: an archive of 2 GB is 256 requests, twice.
pub(super) const PIECE: u64 = 8 * 1024 * 1024;
/// Pieces that are asked for and not used yet.
const AHEAD: usize = 2;

/// Why an archive was not read to its end.
pub(super) enum Unread {
    /// It is to be refused: the code and the sentence.
    Refused(FailureCode, String),
    /// It is not there any more.
    Missing,
    /// The step fails as any other.
    Step(StepError),
}

impl From<StepError> for Unread {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

/// Another archive was put in the place of the one that is being read. The next try reads that one.
pub(super) fn changed() -> Unread {
    let source = "the archive was replaced while it was read".into();
    Unread::Step(StepError::Retry {
        code: FailureCode::ObjectStore,
        source,
    })
}

/// The pieces of an archive, in order.
pub(super) struct Reading<'a> {
    env: &'a Env,
    key: ObjectKey,
    size: u64,
    asked: u64,
    under_way: FuturesOrdered<BoxFuture<'a, Result<Bytes, Unread>>>,
    digest: Sha256,
}

impl<'a> Reading<'a> {
    /// From the first byte on.
    pub(super) fn of(env: &'a Env, archive: &Listed) -> Self {
        Self {
            env,
            key: archive.key.clone(),
            size: archive.size,
            asked: 0,
            under_way: FuturesOrdered::new(),
            digest: Sha256::new(),
        }
    }

    /// The next piece; none after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Unread> {
        while self.under_way.len() < AHEAD && self.asked < self.size {
            let length = PIECE.min(self.size - self.asked);
            let piece = part(self.env, self.key.clone(), self.asked, length);
            self.under_way.push_back(Box::pin(piece));
            self.asked += length;
        }
        let Some(piece) = self.under_way.next().await.transpose()? else {
            return Ok(None);
        };
        self.digest.update(&piece);
        Ok(Some(piece))
    }

    /// The digest of all that was read.
    pub(super) fn digest(self) -> ArchiveDigest {
        ArchiveDigest::new(self.digest.finalize().into())
    }
}

async fn part(env: &Env, key: ObjectKey, from: u64, length: u64) -> Result<Bytes, Unread> {
    let (_, read) = patiently(|| env.inbox.read_part(&key, from, length)).await;
    let bytes = read.map_err(StepError::objects)?.ok_or(Unread::Missing)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(changed())
    }
}

/// What will take the archive's bytes. A zip's directory, which is at its end, is read before.
pub(super) async fn unpacker(env: &Env, build: &Build, archive: &Listed) -> Result<Unpacker, Unread> {
    let (size, prefix) = (archive.size, build.prefix().as_str().len());
    let begin = match size {
        0 => Bytes::new(),
        size => part(env, archive.key.clone(), 0, size.min(4)).await?,
    };
    match kind(&begin, size)? {
        Kind::TarGz => Ok(Unpacker::tar_gz(size, prefix)),
        Kind::Zip => {
            let tail = size.min(TAIL_BYTES);
            let tail = part(env, archive.key.clone(), size - tail, tail).await?;
            let directory = ZipDirectory::find(&tail, size)?;
            let mut listed = BytesMut::new();
            while (listed.len() as u64) < directory.length {
                let from = listed.len() as u64;
                let length = PIECE.min(directory.length - from);
                let piece = part(env, archive.key.clone(), directory.from + from, length).await?;
                listed.extend_from_slice(&piece);
            }
            Ok(Unpacker::zip(size, ZipIndex::read(directory, &listed, prefix)?))
        }
    }
}

/// Nobody wants the files yet.
struct Nobody;

impl Sink for Nobody {
    fn file(&mut self, _path: &SitePath, _bytes: u64) {}
    fn data(&mut self, _bytes: &[u8]) {}
    fn end(&mut self) {}
}

/// Unpacked bytes after which others get their turn.
const STEPS_AT_A_TIME: u32 = 64;

/// Reads all of it, and says what is in it.
pub(super) async fn check(
    env: &Env,
    build: &Build,
    archive: &Listed,
) -> Result<(Summary, ArchiveDigest), Unread> {
    let mut unpacker = unpacker(env, build, archive).await?;
    let mut reading = Reading::of(env, archive);
    let mut steps = 0_u32;
    while let Some(piece) = reading.next().await? {
        let mut piece = &piece[..];
        while unpacker.feed(&mut piece, &mut Nobody)? == Progress::More {
            steps += 1;
            if steps.is_multiple_of(STEPS_AT_A_TIME) {
                tokio::task::yield_now().await;
            }
        }
    }
    let summary = unpacker.finish()?;
    Ok((summary, reading.digest()))
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Self::Step(StepError::objects(error))
    }
}
