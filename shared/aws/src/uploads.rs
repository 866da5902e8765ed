//! Upload forms, and addresses to upload to and to download from, signed with AWS's signature version 4. The forms are POST policies
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>), which the SDK does not sign; the
//! addresses it does, but only for a client, later, and by its own clock.

mod address;

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::Region;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imprint_app::ports::{PresignError, PresignedPost, PresignedPut, UploadSlot, Uploads};
use imprint_domain::document::MAX_IMAGE_BYTES;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::{BUILD_CACHE_CONTROL, MAX_FILE_BYTES};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::settings::AwsSettings;

/// How everything is signed.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A marker says what it says by being there.
const MAX_MARKER_BYTES: u64 = 1024;

/// Signs forms and addresses for one bucket, and forms for what the installation's own bucket tells of.
pub(crate) struct S3Uploads {
    endpoint: Option<String>,
    bucket: String,
    /// The bucket that tells of the markers and images in it.
    inbox: String,
    region: Region,
    credentials: Credentials,
    /// The key of the day that was signed for last. A build of many directories signs thousands of forms in one day.
    signing_key: Mutex<Option<SigningKey>>,
}

#[derive(Clone)]
struct SigningKey {
    day: String,
    bytes: Vec<u8>,
}

impl S3Uploads {
    pub(crate) fn new(aws: &AwsSettings, bucket: String, inbox: String) -> Self {
        Self {
            endpoint: aws.s3.clone(),
            bucket,
            inbox,
            region: aws.region.clone(),
            credentials: aws.credentials.clone(),
            signing_key: Mutex::new(None),
        }
    }

    fn url(&self, bucket: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => {
                let region = &self.region;
                // The partition of China has its own domain; every other region is under this one.
                let tail = if region.as_ref().starts_with("cn-") {
                    ".cn"
                } else {
                    ""
                };
                format!("https://{bucket}.s3.{region}.amazonaws.com{tail}/")
            }
        }
    }

    /// What the key of a day is good for.
    fn scope(&self, day: &str) -> String {
        format!("{day}/{}/s3/aws4_request", self.region)
    }

    /// Who signs, and with what.
    fn credential(&self, day: &str) -> String {
        format!("{}/{}", self.credentials.access_key_id(), self.scope(day))
    }

    fn sign(&self, text: &str, now: Timestamp, day: &str) -> String {
        // A key that a panicking thread left behind is a key or none, never half a one.
        let mut kept = self.signing_key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match kept.take().filter(|key| key.day == day) {
            Some(key) => key,
            None => {
                let secret = self.credentials.secret_access_key();
                let key = generate_signing_key(secret, SystemTime::from(now), self.region.as_ref(), "s3");
                SigningKey {
                    day: day.to_owned(),
                    bytes: key.as_ref().to_vec(),
                }
            }
        };
        let signature = calculate_signature(&key.bytes, text.as_bytes());
        *kept = Some(key);
        signature
    }
}

impl Uploads for S3Uploads {
    fn presign(
        &self,
        slot: &UploadSlot,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPost, PresignError> {
        let expires = now
            .checked_add(life)
            .map_err(|error| PresignError(Box::new(error)))?;
        let (day, time) = date(now);
        let mut form = Form::of(slot);
        form.exact("x-amz-algorithm", ALGORITHM);
        form.exact("x-amz-credential", &self.credential(&day));
        form.exact("x-amz-date", &time);
        if let Some(token) = self.credentials.session_token() {
            form.exact("x-amz-security-token", token);
        }
        let bucket = match slot {
            UploadSlot::Files { .. } | UploadSlot::Directory { .. } | UploadSlot::Artifact { .. } => {
                &self.bucket
            }
            UploadSlot::Image { .. } | UploadSlot::Marker { .. } => &self.inbox,
        };
        form.conditions.push(json!({ "bucket": bucket }));
        let policy = json!({
            "expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "conditions": form.conditions,
        });
        let policy = STANDARD.encode(policy.to_string());
        let signature = self.sign(&policy, now, &day);
        form.field("policy", &policy);
        form.field("x-amz-signature", &signature);
        Ok(PresignedPost {
            url: self.url(bucket),
            fields: form.fields,
        })
    }

    fn presign_put(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<PresignedPut, PresignError> {
        let expires = now
            .checked_add(life)
            .map_err(|error| PresignError(Box::new(error)))?;
        let url = self
            .sign_address("PUT", &self.url(&self.inbox), key, now, life)
            .map_err(|unusable| PresignError(Box::new(unusable)))?;
        Ok(PresignedPut { url, expires })
    }

    fn presign_download(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String, PresignError> {
        self.sign_address("GET", &self.url(&self.bucket), key, now, life)
            .map_err(|unusable| PresignError(Box::new(unusable)))
    }
}

/// The day and the time, as signatures have them.
fn date(now: Timestamp) -> (String, String) {
    (
        now.strftime("%Y%m%d").to_string(),
        now.strftime("%Y%m%dT%H%M%SZ").to_string(),
    )
}

/// The fields of a form and what its policy says of them. S3 refuses a field that the policy does not name.
struct Form {
    fields: Map<String, Value>,
    conditions: Vec<Value>,
}

impl Form {
    fn of(slot: &UploadSlot) -> Self {
        let mut form = Self {
            fields: Map::new(),
            conditions: Vec::new(),
        };
        match slot {
            UploadSlot::Files {
                prefix,
                surrogate_key,
            } => {
                form.of_build(surrogate_key.as_str());
                form.field("key", &format!("{prefix}${{filename}}"));
                form.conditions.push(json!(["starts-with", "$key", prefix]));
                form.conditions.push(json!(["starts-with", "$Content-Type", ""]));
                form.size(0, MAX_FILE_BYTES);
            }
            UploadSlot::Directory { key, surrogate_key } => {
                form.of_build(surrogate_key.as_str());
                form.exact("x-amz-meta-dir-redirect", "true");
                form.exact("key", key.as_str());
                form.size(0, 0);
            }
            UploadSlot::Image { key } => {
                form.exact("key", key.as_str());
                form.conditions
                    .push(json!(["starts-with", "$Content-Type", "image/"]));
                form.size(1, MAX_IMAGE_BYTES);
            }
            UploadSlot::Artifact { key } => {
                form.exact("key", key.as_str());
                form.conditions.push(json!(["starts-with", "$Content-Type", ""]));
                form.size(1, MAX_FILE_BYTES);
            }
            UploadSlot::Marker { key } => {
                form.exact("key", key.as_str());
                form.size(0, MAX_MARKER_BYTES);
            }
        }
        form.exact("success_action_status", "204");
        form
    }

    /// What every object of a build carries.
    fn of_build(&mut self, surrogate_key: &str) {
        self.exact("Cache-Control", BUILD_CACHE_CONTROL);
        self.exact("x-amz-meta-surrogate-key", surrogate_key);
    }

    fn field(&mut self, name: &str, value: &str) {
        self.fields.insert(name.to_owned(), Value::from(value));
    }

    /// A field that must be sent as it is.
    fn exact(&mut self, name: &str, value: &str) {
        self.field(name, value);
        self.conditions.push(json!({ name: value }));
    }

    fn size(&mut self, min: u64, max: u64) {
        self.conditions.push(json!(["content-length-range", min, max]));
    }
}

#[cfg(test)]
mod tests;
