//! Upload forms that look like signed ones.

use std::sync::{Mutex, MutexGuard};

use imprint_app::ports::{PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
use imprint_domain::key::ObjectKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::gate::{Call, Gate, Trouble};

/// Where the bucket would be.
const BUCKET: &str = "https://docs.s3.example.org/";

/// Signs forms and addresses with nothing. The same slot or key, time and life give the same one.
///
/// It can be made to fail with `faults().once("uploads.presign", ...)`, or `uploads.presign_put`, or
/// `uploads.presign_download`.
#[derive(Debug)]
pub struct MemoryUploads {
    gate: Gate,
    signed: Mutex<Signed>,
}

#[derive(Debug, Default)]
struct Signed {
    slots: Vec<UploadSlot>,
    downloads: Vec<ObjectKey>,
}

impl MemoryUploads {
    /// One behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            signed: Mutex::default(),
        }
    }

    /// What it signed forms for, in order.
    pub fn slots(&self) -> Vec<UploadSlot> {
        self.state().slots.clone()
    }

    /// What it signed addresses of, in order.
    pub fn downloads(&self) -> Vec<ObjectKey> {
        self.state().downloads.clone()
    }

    fn state(&self) -> MutexGuard<'_, Signed> {
        self.signed.lock().expect("nothing panics while it signs")
    }
}

impl Uploads for MemoryUploads {
    fn presign(
        &self,
        slot: &UploadSlot,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        let call = Call {
            method: "uploads.presign",
            requests: 0,
        };
        self.gate.pass_now(call).map_err(Trouble::presign)?;
        self.state().slots.push(slot.clone());
        let mut fields = match slot {
            UploadSlot::Files {
                prefix,
                surrogate_key,
            } => fields_of(&format!("{prefix}${{filename}}"), Some(surrogate_key.as_str())),
            UploadSlot::Directory { key, surrogate_key } => {
                let mut fields = fields_of(key.as_str(), Some(surrogate_key.as_str()));
                fields.insert("x-amz-meta-dir-redirect".to_owned(), "true".into());
                fields
            }
            UploadSlot::Image { key } | UploadSlot::Artifact { key } | UploadSlot::Marker { key } => {
                fields_of(key.as_str(), None)
            }
        };
        fields.insert("x-expires".to_owned(), (now + life).to_string().into());
        Ok(PresignedPost {
            url: BUCKET.to_owned(),
            fields,
        })
    }

    fn presign_put(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        let call = Call {
            method: "uploads.presign_put",
            requests: 0,
        };
        self.gate.pass_now(call).map_err(Trouble::presign)?;
        let expires = now + life;
        Ok(PresignedPut {
            url: format!("{BUCKET}{key}?x-put-expires={expires}"),
            expires,
        })
    }

    fn presign_download(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String, PresignError> {
        let call = Call {
            method: "uploads.presign_download",
            requests: 0,
        };
        self.gate.pass_now(call).map_err(Trouble::presign)?;
        self.state().downloads.push(key.clone());
        Ok(format!("{BUCKET}{key}?x-expires={}", now + life))
    }
}

fn fields_of(key: &str, surrogate_key: Option<&str>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("key".to_owned(), key.into());
    if let Some(surrogate_key) = surrogate_key {
        fields.insert("Cache-Control".to_owned(), "max-age=31536000".into());
        fields.insert("x-amz-meta-surrogate-key".to_owned(), surrogate_key.into());
    }
    fields.insert("success_action_status".to_owned(), "204".into());
    fields
}
