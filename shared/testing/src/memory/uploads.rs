//! Upload forms that look like signed ones.

use std::sync::{Mutex, MutexGuard};

use imprint_app::ports::{PresignError, PresignedPost, UploadSlot, Uploads};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::gate::{Call, Gate, Trouble};

/// Signs forms with nothing. The same slot, time and life give the same form.
///
/// It can be made to fail with `faults().once("uploads.presign", ...)`.
#[derive(Debug)]
pub struct MemoryUploads {
    gate: Gate,
    slots: Mutex<Vec<UploadSlot>>,
}

impl MemoryUploads {
    /// One behind a gate.
    pub fn new(gate: Gate) -> Self {
        Self {
            gate,
            slots: Mutex::default(),
        }
    }

    /// What it signed, in order.
    pub fn slots(&self) -> Vec<UploadSlot> {
        self.state().clone()
    }

    fn state(&self) -> MutexGuard<'_, Vec<UploadSlot>> {
        self.slots.lock().expect("nothing panics while it signs")
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
        self.state().push(slot.clone());
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
            UploadSlot::Marker { key } => fields_of(key.as_str(), None),
        };
        fields.insert("x-expires".to_owned(), (now + life).to_string().into());
        Ok(PresignedPost {
            url: "https://docs.s3.example.org/".to_owned(),
            fields,
        })
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
