//! What has to be written, as it comes out of an archive.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

use imprint_archive::Sink;
use imprint_domain::build::Build;
use imprint_domain::id::SurrogateKey;
use imprint_domain::key::{KeyPrefix, ObjectKey, SitePath};
use imprint_domain::manifest::Headers;
use imprint_domain::media::media_type;

use super::Present;

/// Larger files are written in parts of so many bytes. One of 5 GB has 640 parts of 10,000 that S3 allows.
pub(super) const PART: usize = 8 * 1024 * 1024;

/// Something to write.
pub(super) enum Write {
    /// An object.
    Whole(Arc<Target>, Bytes),
    /// A part of one, and whether it is the last.
    Part(Arc<Target>, Bytes, Last),
}

/// Whether a part is the last of its object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Yes,
    No,
}

/// What is written.
pub(super) struct Target {
    pub(super) key: ObjectKey,
    pub(super) headers: Headers,
}

/// Turns what comes out of an archive into what has to be written.
pub(super) struct Files {
    prefix: KeyPrefix,
    surrogate_key: SurrogateKey,
    present: Present,
    /// Those whose redirects were met, as fingerprints: of so many names themselves memory would be short.
    directories: HashSet<[u8; 32]>,
    waiting: VecDeque<Write>,
    file: Option<Open>,
    /// Files that are written, or are there already.
    pub(super) met: u64,
}

/// A file whose bytes are coming.
struct Open {
    target: Arc<Target>,
    left: u64,
    body: BytesMut,
    in_parts: bool,
}

impl Files {
    pub(super) fn new(build: &Build, present: Present) -> Self {
        Self {
            prefix: build.prefix(),
            surrogate_key: build.surrogate_key.clone(),
            present,
            directories: HashSet::new(),
            waiting: VecDeque::new(),
            file: None,
            met: 0,
        }
    }

    /// The redirect of the build itself. It lies beside the build's prefix, where nobody looks whether it is there: written last,
    /// and again by a run that comes to its end once more.
    pub(super) fn own_redirect(&self) -> Write {
        let headers = Headers::redirect_of_upload(&self.surrogate_key);
        let key = self.prefix.directory_key();
        Write::Whole(Arc::new(Target { key, headers }), Bytes::new())
    }

    /// The next thing to write.
    pub(super) fn next(&mut self) -> Option<Write> {
        self.waiting.pop_front()
    }

    /// What is there and was not in the archive.
    pub(super) fn strays(self) -> Vec<ObjectKey> {
        self.present.objects.into_keys().collect()
    }

    /// The empty object that redirects a directory's URL without slash.
    fn redirect(&mut self, key: ObjectKey) {
        if !self.present.has(&key, 0) {
            let headers = Headers::redirect_of_upload(&self.surrogate_key);
            let target = Arc::new(Target { key, headers });
            self.waiting.push_back(Write::Whole(target, Bytes::new()));
        }
    }

    fn redirects_above(&mut self, path: &str) {
        // From below: where one was met, those above it were.
        for (at, _) in path.rmatch_indices('/') {
            if !self.directories.insert(Sha256::digest(&path[..at]).into()) {
                return;
            }
            let key = ObjectKey::new(format!("{}{}", self.prefix, &path[..at]));
            self.redirect(key);
        }
    }
}

impl Sink for Files {
    fn file(&mut self, path: &SitePath, bytes: u64) {
        self.redirects_above(path.as_str());
        let key = self.prefix.key(path);
        self.file = (!self.present.has(&key, bytes)).then(|| {
            let headers = Headers::of_upload(media_type(path.as_str()), &self.surrogate_key);
            Open {
                target: Arc::new(Target { key, headers }),
                left: bytes,
                body: BytesMut::new(),
                in_parts: bytes > PART as u64,
            }
        });
    }

    fn data(&mut self, mut bytes: &[u8]) {
        let Some(open) = &mut self.file else {
            return;
        };
        while !bytes.is_empty() {
            let room = PART - open.body.len();
            let (some, rest) = bytes.split_at(room.min(bytes.len()));
            open.body.extend_from_slice(some);
            open.left = open.left.saturating_sub(some.len() as u64);
            bytes = rest;
            // The last part waits for the end.
            if open.body.len() == PART && open.left > 0 {
                let body = std::mem::take(&mut open.body).freeze();
                let part = Write::Part(open.target.clone(), body, Last::No);
                self.waiting.push_back(part);
            }
        }
    }

    fn end(&mut self) {
        self.met += 1;
        let Some(open) = self.file.take() else {
            return;
        };
        let body = open.body.freeze();
        self.waiting.push_back(if open.in_parts {
            Write::Part(open.target, body, Last::Yes)
        } else {
            Write::Whole(open.target, body)
        });
    }
}
