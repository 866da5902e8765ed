//! The checksums that clients ask S3 to keep, and to check.

use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::Checksum;
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde::{Deserialize, Serialize};

/// Checksums by algorithm, in base64.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

/// Reads the checksums that a request of s3s gives.
macro_rules! checksums_of {
    ($input:expr) => {
        $crate::standins::s3::checksums::Checksums {
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
        }
    };
}
pub(crate) use checksums_of;

impl Checksums {
    fn pairs(&self) -> [(&'static str, &Option<String>); 5] {
        [
            ("CRC32", &self.crc32),
            ("CRC32C", &self.crc32c),
            ("CRC64NVME", &self.crc64nvme),
            ("SHA1", &self.sha1),
            ("SHA256", &self.sha256),
        ]
    }

    /// What trailers of a chunked upload give.
    pub(crate) fn from_trailers(trailers: &HeaderMap) -> Self {
        let read = |name: &str| {
            trailers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Self {
            crc32: read("x-amz-checksum-crc32"),
            crc32c: read("x-amz-checksum-crc32c"),
            crc64nvme: read("x-amz-checksum-crc64nvme"),
            sha1: read("x-amz-checksum-sha1"),
            sha256: read("x-amz-checksum-sha256"),
        }
    }

    /// Refuses a body whose checksums are not the ones that were `given`.
    pub(crate) fn check(&self, given: &Self) -> S3Result<()> {
        for ((algorithm, computed), (_, given)) in self.pairs().into_iter().zip(given.pairs()) {
            if given.is_some() && given != computed {
                let message = format!("The {algorithm} you specified did not match the calculated checksum.");
                return Err(S3Error::with_message(S3ErrorCode::BadDigest, message));
            }
        }
        Ok(())
    }
}

impl From<Checksum> for Checksums {
    fn from(sums: Checksum) -> Self {
        checksums_of!(sums)
    }
}

/// A hasher for what the request gives, announces as a trailer, or only asks for.
pub(crate) fn hasher(given: &Checksums, headers: &HeaderMap, asked: Option<&str>) -> ChecksumHasher {
    let announced = |algorithm: &str| {
        let trailers = headers
            .get_all("x-amz-trailer")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let wanted = format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase());
        trailers
            .flat_map(|names| names.split(','))
            .any(|name| name.trim().eq_ignore_ascii_case(&wanted))
    };
    let wanted = |algorithm: &str, given: &Option<String>| {
        given.is_some() || asked == Some(algorithm) || announced(algorithm)
    };
    ChecksumHasher {
        crc32: wanted("CRC32", &given.crc32).then(Crc32::new),
        crc32c: wanted("CRC32C", &given.crc32c).then(Crc32c::new),
        sha1: wanted("SHA1", &given.sha1).then(Sha1::new),
        sha256: wanted("SHA256", &given.sha256).then(Sha256::new),
        crc64nvme: wanted("CRC64NVME", &given.crc64nvme).then(Crc64Nvme::new),
    }
}
