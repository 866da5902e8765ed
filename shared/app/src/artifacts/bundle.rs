//! Many small files in one object: a thousand cost one request to write, and a copy reads them with one.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

use imprint_domain::key::{ObjectKey, SitePath};
use imprint_domain::manifest::{File, Headers, Source};

use crate::env::Env;
use crate::step::StepError;

/// A file that was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) path: SitePath,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// Whether the object is written when it is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// It costs no more to write it than to ask.
    Always,
    /// Most builds share it.
    OnlyWhenMissing,
}

/// Puts files into one object, sorted by path, and says where each is. `key` names the object after its content, so that
/// two runs never write different bytes to one.
pub(super) async fn bundle(
    env: &Env,
    mut files: Vec<Made>,
    key: impl FnOnce(&str) -> ObjectKey,
    rewrite: Rewrite,
) -> Result<Vec<File>, StepError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut whole = BytesMut::with_capacity(files.iter().map(|file| file.body.len()).sum());
    let mut begins = Vec::with_capacity(files.len());
    for file in &files {
        begins.push(whole.len() as u64);
        whole.extend_from_slice(&file.body);
    }
    let whole = whole.freeze();
    let key = Arc::new(key(&digest(&whole)));
    let headers = typed("application/octet-stream");
    let is_there = match rewrite {
        Rewrite::Always => false,
        Rewrite::OnlyWhenMissing => {
            let there = env.objects.headers(&key).await;
            there.map_err(StepError::objects)?.is_some()
        }
    };
    if !is_there {
        let written = env.objects.write(&key, whole, &headers).await;
        written.map_err(StepError::objects)?;
    }
    let file = |(file, offset): (Made, u64)| File {
        size: file.body.len() as u64,
        etag: digest(&file.body).into(),
        headers: Arc::new(typed(&file.content_type)),
        source: Source::Bundle {
            key: key.clone(),
            offset,
        },
        path: file.path,
    };
    Ok(files.into_iter().zip(begins).map(file).collect())
}

/// The ETag of an object with these bytes.
pub(super) fn digest(body: &[u8]) -> String {
    hex::encode(Md5::digest(body))
}

fn typed(content_type: &str) -> Headers {
    Headers {
        content_type: Some(content_type.to_owned()),
        ..Headers::default()
    }
}
