use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::slug::OrganizationSlug;
use crate::text::checked_text;

/// The longest report that is taken, in bytes. Real ones have hundreds of kilobytes to some megabytes.
pub const MAX_REPORT: usize = 5 * 1024 * 1024;

/// How long a report is kept.
pub const REPORT_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The identity is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it should be a UUID, such as 7e57d004-2b97-4e7a-b45f-5387367791cd")]
pub struct NotReportId;

checked_text!(
    /// What a cluster calls its report: a UUID in lower case, since two spellings of one are one.
    ReportId, NotReportId, |raw| {
        let fits = |(at, b): (usize, u8)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        };
        if raw.len() == 36 && raw.bytes().enumerate().all(fits) { Ok(()) } else { Err(NotReportId) }
    }
);

/// Where a report of a cluster's doctor is: its content is an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// What the cluster calls it.
    pub id: ReportId,
    /// The SHA-256 of its content in hexadecimal digits: a repeated report is told from another one by it.
    pub digest: String,
    /// The length of its content.
    pub bytes: u64,
    /// When it came.
    pub at: Timestamp,
}

impl DoctorReport {
    /// What is noted of a report.
    pub fn of(organization: OrganizationSlug, id: ReportId, content: &[u8], at: Timestamp) -> Self {
        Self {
            organization,
            id,
            digest: hex::encode(Sha256::digest(content)),
            bytes: content.len() as u64,
            at,
        }
    }

    /// When it is forgotten. The store may take days to remove it, so whoever reads it asks this.
    pub fn expires_at(&self) -> Timestamp {
        self.at + REPORT_LIFE
    }
}
