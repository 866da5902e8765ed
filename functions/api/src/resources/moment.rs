use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A time in UTC and whole seconds: LTD's dashboard reads no other form (D13).
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-01T12:00:00Z")]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_a_moment_has_whole_seconds_and_is_utc() {
        let moment: Timestamp = "2026-01-01T13:00:00.987654+01:00".parse().unwrap();
        assert_eq!(
            serde_json::to_string(&Moment(moment)).unwrap(),
            r#""2026-01-01T12:00:00Z""#
        );
    }
}
