//! Addresses to download from and to upload to: the signature is in the query
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>).

use imprint_domain::key::ObjectKey;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::{ALGORITHM, S3Uploads, date};
use crate::call::Unusable;

/// Everything but what is never encoded, as the signature has it.
const QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// A key's slashes stay.
const PATH: AsciiSet = QUERY.remove(b'/');

/// S3 takes no longer life than a week.
const MAX_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

impl S3Uploads {
    /// Signs the address of an object in the bucket at `bucket` for one method. Credentials of a role end it earlier when they
    /// end. Of the headers only `Host` is signed: whoever uploads sends what the client at hand sends.
    pub(super) fn sign_address(
        &self,
        method: &str,
        bucket: &str,
        key: &ObjectKey,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String, Unusable> {
        if life < SignedDuration::from_secs(1) || life > MAX_LIFE {
            return Err(Unusable(format!(
                "an address is good for a second at least and a week at most, not for {life}"
            )));
        }
        let (origin, host, base) = parts(bucket);
        let path = format!("{base}/{}", utf8_percent_encode(key.as_str(), &PATH));
        if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(Unusable(format!(
                "clients would shorten the address of {key:?}, which breaks its signature"
            )));
        }
        let (day, time) = date(now);
        let query = self.query(&day, &time, life);
        let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        let digest = hex::encode(Sha256::digest(request));
        let text = format!("{ALGORITHM}\n{time}\n{}\n{digest}", self.scope(&day));
        let signature = self.sign(&text, now, &day);
        Ok(format!("{origin}{path}?{query}&X-Amz-Signature={signature}"))
    }

    /// Everything that is signed of the query, in the order of the names.
    fn query(&self, day: &str, time: &str, life: SignedDuration) -> String {
        let credential = self.credential(day);
        let life = life.as_secs().to_string();
        let fields = [
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(credential.as_str())),
            ("X-Amz-Date", Some(time)),
            ("X-Amz-Expires", Some(life.as_str())),
            ("X-Amz-Security-Token", self.credentials.session_token()),
            ("X-Amz-SignedHeaders", Some("host")),
        ];
        let fields = fields
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", utf8_percent_encode((*value)?, &QUERY))));
        fields.collect::<Vec<_>>().join("&")
    }
}

/// A bucket's address as where it is (`http://127.0.0.1:9000`), what a client calls that in its `Host` header, and the path
/// (`/docs`, or nothing).
fn parts(bucket: &str) -> (&str, &str, &str) {
    let bucket = bucket.trim_end_matches('/');
    let begins = bucket.find("://").map_or(0, |at| at + 3);
    let ends = bucket[begins..].find('/').map_or(bucket.len(), |at| begins + at);
    (&bucket[..ends], &bucket[begins..ends], &bucket[ends..])
}
