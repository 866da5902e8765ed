use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::names::{ClusterId, ComponentName, TrainLabel, TrainName, VersionName};
use super::{STABLE, order};
use crate::id::Revision;
use crate::slug::OrganizationSlug;

/// Entries of one report that are kept.
pub const MAX_REPORTED: usize = 200;
/// What a report may be as JSON. The whole item is written by each check-in, so this is also what one costs.
pub const MAX_REPORT_BYTES: usize = 64 * 1024;

/// How often a check-in notes anew that its versions are in use. A note counts for that much longer, so that what is not
/// written anew at each check-in still protects for the whole time.
pub const USE_WRITTEN_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long after a cluster's last check-in the versions that it runs are in use.
pub const IN_USE_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A component as a cluster reports it: opaque texts, because a report with one odd entry is still a report. Absent is
/// empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The component's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What kind of component it is: `Deployment`.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The train that it follows; clients say none and mean `stable`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub train: String,
    /// The version that is installed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// When that came out, as the cluster says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub released: String,
    /// What the cluster says of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}

impl Reported {
    /// The component and version that are installed, where they can be names.
    pub fn installed(&self) -> Option<(ComponentName, VersionName)> {
        Some((self.name.parse().ok()?, self.version.parse().ok()?))
    }

    /// The latest version of its train, when that is news to it.
    pub fn update_to<'a>(&self, latest: &'a VersionName) -> Option<&'a VersionName> {
        order::is_newer(latest.as_str(), &self.version).then_some(latest)
    }

    /// The train whose latest version is news to it.
    pub fn train(&self) -> Option<TrainName> {
        let label = if self.train.is_empty() {
            STABLE
        } else {
            &self.train
        };
        Some(TrainName {
            component: self.name.parse().ok()?,
            label: label.parse::<TrainLabel>().ok()?,
        })
    }
}

/// Why a report was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// More components than are kept.
    #[error("components in body should have at most {MAX_REPORTED} items")]
    TooMany,
    /// More text than is kept.
    #[error("components in body should have at most {MAX_REPORT_BYTES} bytes")]
    TooLarge,
}

/// What a cluster runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Report(Vec<Reported>);

impl Report {
    /// Checks the size.
    ///
    /// # Errors
    /// When it is larger than what is kept.
    pub fn new(components: Vec<Reported>) -> Result<Self, ReportError> {
        if components.len() > MAX_REPORTED {
            return Err(ReportError::TooMany);
        }
        let report = Self(components);
        if report.json().len() > MAX_REPORT_BYTES {
            return Err(ReportError::TooLarge);
        }
        Ok(report)
    }

    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What tells one report from another.
    pub fn digest(&self) -> String {
        hex::encode(&Sha256::digest(self.json())[..16])
    }

    /// Its entries, in the order of the report.
    pub fn components(&self) -> &[Reported] {
        &self.0
    }

    /// The versions that are installed, each once, in their canonical spelling.
    pub fn versions(&self) -> BTreeSet<(ComponentName, VersionName)> {
        let installed = self.0.iter().filter_map(Reported::installed);
        installed
            .map(|(component, version)| (component, version.canonical()))
            .collect()
    }
}

/// What a cluster proves by that it is the one that it says. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterToken(String);

impl ClusterToken {
    /// A new one of 256 random bits.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(hex::encode(bytes))
    }

    /// One that somebody sent.
    pub fn given(raw: &str) -> Self {
        Self(raw.to_owned())
    }

    /// The text, for the cluster itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }
}

/// Why a label was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label has 1 to 32 characters from a-z 0-9 -")]
pub struct LabelError;

crate::text::checked_text!(
    /// What administrators say of a cluster, such as `staff`, `ci` or `test`.
    Label, LabelError, |raw| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=32).contains(&raw.len()) && raw.bytes().all(allowed) { Ok(()) } else { Err(LabelError) }
    }
);

/// An installation that checks in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The tenant.
    pub organization: OrganizationSlug,
    /// What it calls itself.
    pub id: ClusterId,
    /// What it last reported.
    pub report: Report,
    /// When it checked in first.
    pub first_seen: Timestamp,
    /// When it checked in last.
    pub last_seen: Timestamp,
    /// How often it checked in.
    pub checkins: u64,
    /// The hash of its token.
    pub token_hash: String,
    /// Whether it proved to have the token. From then on it always has to.
    pub is_verified: bool,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub labels: BTreeSet<Label>,
    /// When the versions that it runs were noted to be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// How often it was written.
    pub revision: Revision,
}

/// Whether it is known that a cluster is the one that it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// It has shown its token.
    Verified,
    /// Anybody could have sent it.
    Unverified,
}

/// A check-in that is taken for somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("X-Cluster-Token is missing or not the one of this cluster")]
pub struct Refused;

/// A check-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckIn {
    /// Whose.
    pub id: ClusterId,
    /// What it runs.
    pub report: Report,
    /// What it proves by that it is itself.
    pub token: Option<ClusterToken>,
    /// When.
    pub at: Timestamp,
}

impl CheckIn {
    /// The cluster that checks in for the first time. Its token is for the reply and nowhere else.
    pub fn first(&self, organization: OrganizationSlug, token: &ClusterToken) -> Cluster {
        Cluster {
            organization,
            id: self.id.clone(),
            report: self.report.clone(),
            first_seen: self.at,
            last_seen: self.at,
            checkins: 1,
            token_hash: token.hash(),
            is_verified: false,
            labels: BTreeSet::new(),
            used_at: None,
            revision: Revision::NEW,
        }
    }

    /// What becomes of a cluster that is known. The whole rule; most check-ins are a single write that holds to it.
    ///
    /// # Errors
    /// When the token is wrong, or missing where the cluster has shown it before.
    pub fn again(&self, cluster: Cluster) -> Result<Cluster, Refused> {
        let is_verified = match &self.token {
            Some(token) if token.hash() == cluster.token_hash => true,
            Some(_) => return Err(Refused),
            None if cluster.is_verified => return Err(Refused),
            None => false,
        };
        let is_late = self.at < cluster.last_seen;
        Ok(Cluster {
            // One that comes late knows less.
            report: if is_late {
                cluster.report
            } else {
                self.report.clone()
            },
            last_seen: self.at.max(cluster.last_seen),
            checkins: cluster.checkins + 1,
            is_verified,
            ..cluster
        })
    }
}

impl Cluster {
    /// Whether it is known to be itself.
    pub fn trust(&self) -> Trust {
        if self.is_verified {
            Trust::Verified
        } else {
            Trust::Unverified
        }
    }

    /// Whether it has to be noted (again) that the versions it runs are in use, `before` being what it was.
    pub fn needs_use(&self, before: Option<&Self>) -> bool {
        let is_new = before
            .is_none_or(|before| before.report != self.report || before.is_verified != self.is_verified);
        let is_old = self
            .used_at
            .is_none_or(|at| self.last_seen.duration_since(at) >= USE_WRITTEN_EVERY);
        is_new || is_old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn check_in(second: i64, token: Option<&ClusterToken>) -> CheckIn {
        CheckIn {
            id: "c1".parse().unwrap(),
            report: Report::default(),
            token: token.cloned(),
            at: at(second),
        }
    }

    fn known(token: &ClusterToken) -> Cluster {
        check_in(100, None).first(OrganizationSlug::default(), token)
    }

    #[test]
    fn d11_the_first_time_stays_and_the_last_never_goes_back() {
        let token = ClusterToken::from_bytes([1; 32]);
        let cluster = check_in(160, None).again(known(&token)).unwrap();
        let cluster = check_in(130, None).again(cluster).unwrap();
        assert_eq!(
            (cluster.first_seen, cluster.last_seen, cluster.checkins),
            (at(100), at(160), 3)
        );
    }

    #[test]
    fn d25_who_has_shown_the_token_must_show_it_from_then_on() {
        let (token, other) = (
            ClusterToken::from_bytes([1; 32]),
            ClusterToken::from_bytes([2; 32]),
        );
        let cluster = known(&token);
        let legacy = check_in(101, None).again(cluster.clone()).unwrap();
        assert!(!legacy.is_verified);
        assert_eq!(check_in(101, Some(&other)).again(cluster.clone()), Err(Refused));
        let verified = check_in(101, Some(&token)).again(cluster).unwrap();
        assert!(verified.is_verified);
        assert_eq!(check_in(102, None).again(verified.clone()), Err(Refused));
        assert_eq!(check_in(102, Some(&other)).again(verified.clone()), Err(Refused));
        assert!(
            check_in(102, Some(&ClusterToken::given(token.as_str())))
                .again(verified)
                .is_ok()
        );
    }

    #[test]
    fn a_report_is_limited_in_entries_and_bytes() {
        let one = |name: String| Reported {
            name,
            ..Reported::default()
        };
        assert!(Report::new(vec![one("x".to_owned()); MAX_REPORTED]).is_ok());
        assert_eq!(
            Report::new(vec![one("x".to_owned()); MAX_REPORTED + 1]),
            Err(ReportError::TooMany)
        );
        assert_eq!(
            Report::new(vec![one("x".repeat(MAX_REPORT_BYTES))]),
            Err(ReportError::TooLarge)
        );
    }

    #[test]
    fn d15_an_update_is_the_latest_of_the_train_when_it_is_newer() {
        let reported = |version: &str| Reported {
            name: "handbook".to_owned(),
            version: version.to_owned(),
            ..Reported::default()
        };
        let latest = "2.10.0".parse().unwrap();
        assert_eq!(reported("v2.9.0").update_to(&latest), Some(&latest));
        for version in ["2.10.0", "2.11.0", "", "nightly"] {
            assert_eq!(reported(version).update_to(&latest), None, "{version}");
        }
        assert_eq!(reported("1").train().unwrap().to_string(), "handbook/stable");
        assert_eq!(
            Reported {
                name: "a b".to_owned(),
                ..Reported::default()
            }
            .train(),
            None
        );
    }
}
