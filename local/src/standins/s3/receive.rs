//! Takes a body in: counts, digests, and puts it into a file.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};

use super::bodies::{Bodies, Staged};
use super::checksums::Checksums;

/// Bodies up to this size are written at once, greater ones piece by piece.
const AT_HAND: usize = 1024 * 1024;

/// A body that was taken in whole.
#[derive(Debug)]
pub(crate) struct Received {
    /// The body's file; `None` for an empty body.
    pub(crate) staged: Option<Staged>,
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
}

/// What a body must turn out to be.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// `Content-MD5`, in base64.
    pub(crate) md5: Option<String>,
    /// Checksums from headers.
    pub(crate) checksums: Checksums,
    /// Checksums that follow the body.
    pub(crate) trailers: Option<TrailingHeaders>,
}

/// Reads the body to its end. Every answer waits for that: one that came before would meet a client which
/// is still sending.
pub(crate) async fn receive(
    bodies: &Bodies,
    body: Option<StreamingBlob>,
    mut sums: ChecksumHasher,
    expected: &Expected,
) -> S3Result<Received> {
    let mut digest = Md5::new();
    let mut size = 0;
    let mut pending = Vec::new();
    let mut spilled: Option<(Staged, std::fs::File)> = None;
    if let Some(mut body) = body {
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| s3_error!(InvalidRequest, "the body was not read: {error}"))?;
            digest.update(&piece);
            sums.update(&piece);
            size += piece.len() as u64;
            pending.extend_from_slice(&piece);
            if pending.len() >= AT_HAND {
                let (_, file) = match &mut spilled {
                    Some(open) => open,
                    none => {
                        let staged = bodies.stage();
                        let file = std::fs::File::create(staged.path()).map_err(S3Error::internal_error)?;
                        none.insert((staged, file))
                    }
                };
                file.write_all(&pending).map_err(S3Error::internal_error)?;
                pending.clear();
            }
        }
    }
    let staged = finish(bodies, &pending, spilled).map_err(S3Error::internal_error)?;
    let received = Received {
        staged,
        size,
        md5: digest.finalize().into(),
        checksums: sums.finalize().into(),
    };
    received.check(expected)?;
    Ok(received)
}

fn finish(
    bodies: &Bodies,
    pending: &[u8],
    spilled: Option<(Staged, std::fs::File)>,
) -> std::io::Result<Option<Staged>> {
    match spilled {
        Some((staged, mut file)) => {
            file.write_all(pending)?;
            Ok(Some(staged))
        }
        None if pending.is_empty() => Ok(None),
        None => {
            let staged = bodies.stage();
            staged.write(pending)?;
            Ok(Some(staged))
        }
    }
}

impl Received {
    /// The entity tag of a body that came in one piece.
    pub(crate) fn etag(&self) -> String {
        hex::encode(self.md5)
    }

    fn check(&self, expected: &Expected) -> S3Result<()> {
        if let Some(given) = &expected.md5 {
            let given = BASE64
                .decode(given)
                .map_err(|_| S3Error::new(S3ErrorCode::InvalidDigest))?;
            if given != self.md5 {
                return Err(s3_error!(
                    BadDigest,
                    "The Content-MD5 you specified did not match what we received."
                ));
            }
        }
        self.checksums.check(&expected.checksums)?;
        match expected
            .trailers
            .as_ref()
            .and_then(|trailers| trailers.read(Checksums::from_trailers))
        {
            Some(given) => self.checksums.check(&given),
            None => Ok(()),
        }
    }
}
