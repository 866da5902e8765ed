use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use imprint_domain::retention::RetentionRules;

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::invalid;

const NOUN: &str = "Retention";

/// What ends and what is deleted. A rule that is null never applies; one that is absent is as by default. Other fields are
/// refused, because a misspelled rule would be one that nobody made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutRetention {
    /// Drafts end so many days after their last new build. By default never.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 30, minimum = 1, maximum = 36500)]
    end_drafts_after_days: Given,
    /// Builds that no edition, history or pin refers to are deleted so many days after their upload. By default never.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 90, minimum = 1, maximum = 36500)]
    delete_unreferenced_builds_after_days: Given,
    /// So many of the newest uploaded builds stay in any case. By default 10.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, nullable = false, example = 10)]
    keep_newest_builds: Given,
    /// Builds that were registered and never uploaded are deleted after so many days, at least 2. By default 7.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 7, minimum = 2, maximum = 36500)]
    delete_never_uploaded_after_days: Given,
    /// Deleted editions and builds are removed for good after so many days, at least 30: until then a deletion can be
    /// undone. By default 30.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 30, minimum = 30, maximum = 36500)]
    delete_ended_after_days: Given,
    /// Moves in an edition's history protect their builds for so many days. With neither this nor the next rule, all do,
    /// for ever; with both, either is enough.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 365, minimum = 1, maximum = 36500)]
    history_protects_days: Given,
    /// So many of an edition's newest moves protect their builds.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 20)]
    history_protects_moves: Given,
    /// Versions that a verified installation ran protect their builds and editions for so many days after its last
    /// check-in. By default 90; null: use protects nothing.
    #[serde(default, skip_serializing_if = "Given::is_absent")]
    #[schema(value_type = Option<u32>, example = 90, minimum = 1, maximum = 365)]
    use_protects_days: Given,
    /// Whether installations that nobody has verified protect too, a few versions a day and source. By default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = false)]
    unverified_use_protects: Option<bool>,
}

/// A number, null, or nothing.
#[derive(Debug, Clone, Copy, Default)]
enum Given {
    Is(Option<u32>),
    #[default]
    Absent,
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Is(number) => number.serialize(serializer),
            Self::Absent => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Is)
    }
}

impl Given {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl RequestBody for PutRetention {
    const NOUN: &'static str = NOUN;
}

impl PutRetention {
    pub(crate) fn parse(self) -> Result<RetentionRules, ApiError> {
        let rules = serde_json::to_value(self).and_then(serde_json::from_value);
        rules.map_err(|error| invalid(NOUN, error))
    }
}
